/* Undo: a list of named states of a plan, and which of them stands. */
#include <stdlib.h>
#include <string.h>

#include <lamina/edit.h>

#include "base/memory.h"

#define MOST_STEPS 1000
/* A plan of very many rules is large; a thousand of these would be all of the memory. */
#define MOST_BYTES ((size_t)256 << 20)

struct state {
	char *name; /* of the step that led to it; of the first NULL */
	struct lam_plan *plan;
	size_t bytes; /* about */
};

struct lam_undo {
	struct state *states;
	size_t count, cap;
	size_t at;    /* what stands */
	size_t saved; /* SIZE_MAX: not in the list any more */
	struct lam_plan *saved_plan, *first_plan;
	bool differs; /* what stands, from that which is saved */
	bool is_first;
	size_t bytes;
};

static size_t size_text(const char *text)
{
	return text ? strlen(text) + 16 : 0; /* and what malloc() takes itself */
}

static size_t size_plan(const struct lam_plan *plan)
{
	size_t size = sizeof *plan;

	for (size_t i = 0; i < plan->layer_count; i++)
		size += sizeof plan->layers[i] + size_text(plan->layers[i].name) +
			size_text(plan->layers[i].note) +
			plan->layers[i].from_count * sizeof *plan->layers[i].from;
	for (size_t i = 0; i < plan->rule_count; i++)
		size += sizeof plan->rules[i] + size_text(plan->rules[i].pattern) +
			size_text(plan->rules[i].to) + size_text(plan->rules[i].note);
	for (size_t i = 0; i < plan->settings.count; i++)
		size += sizeof plan->settings.items[i] +
			size_text(plan->settings.items[i].key) +
			size_text(plan->settings.items[i].value);
	return size;
}

static void drop_state(struct lam_undo *u, size_t n)
{
	u->bytes -= u->states[n].bytes;
	free(u->states[n].name);
	lam_plan_free(u->states[n].plan);
}

/* What was undone can be redone no more. */
static void cut_redo(struct lam_undo *u)
{
	while (u->count > u->at + 1)
		drop_state(u, --u->count);
	if (u->saved != SIZE_MAX && u->saved > u->at)
		u->saved = SIZE_MAX;
}

static void drop_oldest(struct lam_undo *u)
{
	size_t gone = 0;

	/* one step can always be taken back */
	while (u->count - gone > 2 &&
	       (u->count - gone > MOST_STEPS + 1 || u->bytes > MOST_BYTES))
		drop_state(u, gone++);
	if (!gone)
		return;
	u->count -= gone;
	memmove(u->states, u->states + gone, u->count * sizeof *u->states);
	u->at -= gone;
	if (u->saved != SIZE_MAX)
		u->saved = u->saved < gone ? SIZE_MAX : u->saved - gone;
}

/* Takes name and plan over. */
static void add_state(struct lam_undo *u, char *name, struct lam_plan *plan)
{
	if (u->count)
		cut_redo(u);
	LAM_XGROW(u->states, u->count, u->cap);
	u->at = u->count++;
	u->states[u->at] = (struct state){ name, plan, size_plan(plan) };
	u->bytes += u->states[u->at].bytes;
	drop_oldest(u);
}

static void compare(struct lam_undo *u)
{
	u->differs = !lam_plan_equal(lam_undo_plan(u), u->saved_plan);
	u->is_first = lam_plan_equal(lam_undo_plan(u), u->first_plan);
}

struct lam_undo *lam_undo_new(struct lam_plan *plan)
{
	struct lam_undo *u = lam_xcalloc(1, sizeof *u);

	add_state(u, NULL, plan);
	u->first_plan = lam_plan_copy(plan);
	u->is_first = true;
	lam_undo_set_saved(u);
	return u;
}

void lam_undo_free(struct lam_undo *u)
{
	if (!u)
		return;
	while (u->count)
		drop_state(u, --u->count);
	free(u->states);
	lam_plan_free(u->saved_plan);
	lam_plan_free(u->first_plan);
	free(u);
}

const struct lam_plan *lam_undo_plan(const struct lam_undo *u)
{
	return u->states[u->at].plan;
}

void lam_undo_push(struct lam_undo *u, const char *name, struct lam_plan *plan)
{
	if (lam_plan_equal(plan, u->states[u->at].plan)) {
		lam_plan_free(plan);
		return;
	}
	add_state(u, lam_xstrdup(name), plan);
	compare(u);
}

const char *lam_undo_back(struct lam_undo *u)
{
	if (u->at == 0)
		return NULL;
	u->at--;
	compare(u);
	return u->states[u->at + 1].name;
}

const char *lam_undo_again(struct lam_undo *u)
{
	if (u->at + 1 == u->count)
		return NULL;
	u->at++;
	compare(u);
	return u->states[u->at].name;
}

size_t lam_undo_back_count(const struct lam_undo *u)
{
	return u->at;
}

size_t lam_undo_again_count(const struct lam_undo *u)
{
	return u->count - 1 - u->at;
}

void lam_undo_set_saved(struct lam_undo *u)
{
	u->saved = u->at;
	lam_plan_free(u->saved_plan);
	u->saved_plan = lam_plan_copy(lam_undo_plan(u));
	u->differs = false;
}

size_t lam_undo_unsaved(const struct lam_undo *u)
{
	if (!u->differs)
		return 0;
	if (u->saved == SIZE_MAX)
		return SIZE_MAX;
	return u->saved > u->at ? u->saved - u->at : u->at - u->saved;
}

bool lam_undo_is_first(const struct lam_undo *u)
{
	return u->is_first;
}
