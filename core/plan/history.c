#include <stdlib.h>
#include <string.h>

#include <lamina/edit.h>

#include "base/arena.h"

#define MOST_STEPS 1000
/* A plan of very many rules is large; a thousand of these would be all of the memory. */
#define MOST_BYTES ((size_t)256 << 20)

struct state {
	char *name; /* of the step that led to it; of the first NULL */
	struct lam_plan *plan;
	size_t bytes; /* about */
};

struct lam_history {
	struct state *states;
	size_t count, cap;
	size_t at;    /* what stands */
	size_t saved; /* SIZE_MAX: not in the list any more */
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
	return size;
}

static void drop_state(struct lam_history *h, size_t n)
{
	h->bytes -= h->states[n].bytes;
	free(h->states[n].name);
	lam_plan_free(h->states[n].plan);
}

/* What was undone can be redone no more. */
static void cut_redo(struct lam_history *h)
{
	while (h->count > h->at + 1)
		drop_state(h, --h->count);
	if (h->saved != SIZE_MAX && h->saved > h->at)
		h->saved = SIZE_MAX;
}

static void drop_oldest(struct lam_history *h)
{
	size_t gone = 0;

	/* one step can always be taken back */
	while (h->count - gone > 2 &&
	       (h->count - gone > MOST_STEPS + 1 || h->bytes > MOST_BYTES))
		drop_state(h, gone++);
	if (!gone)
		return;
	h->count -= gone;
	memmove(h->states, h->states + gone, h->count * sizeof *h->states);
	h->at -= gone;
	if (h->saved != SIZE_MAX)
		h->saved = h->saved < gone ? SIZE_MAX : h->saved - gone;
}

/* Takes name and plan over. */
static int add_state(struct lam_history *h, char *name, struct lam_plan *plan,
		     struct lam_error *err)
{
	size_t count = h->count ? h->at + 1 : 0;

	if (LAM_GROW(h->states, count, h->cap, err) < 0) {
		free(name);
		lam_plan_free(plan);
		return err->code;
	}
	if (h->count)
		cut_redo(h);
	h->states[count] = (struct state){ name, plan, size_plan(plan) };
	h->bytes += h->states[count].bytes;
	h->at = count;
	h->count = count + 1;
	drop_oldest(h);
	return 0;
}

int lam_history_new(struct lam_history **out, struct lam_plan *plan,
		    struct lam_error *err)
{
	struct lam_history *h = calloc(1, sizeof *h);

	*out = NULL;
	if (!h) {
		lam_plan_free(plan);
		return lam_fail_memory(err);
	}
	if (add_state(h, NULL, plan, err) < 0) {
		free(h);
		return err->code;
	}
	*out = h;
	return 0;
}

void lam_history_free(struct lam_history *h)
{
	if (!h)
		return;
	while (h->count)
		drop_state(h, --h->count);
	free(h->states);
	free(h);
}

const struct lam_plan *lam_history_plan(const struct lam_history *h)
{
	return h->states[h->at].plan;
}

int lam_history_push(struct lam_history *h, const char *name, struct lam_plan *plan,
		     struct lam_error *err)
{
	char *copy;

	if (lam_plan_equal(plan, h->states[h->at].plan)) {
		lam_plan_free(plan);
		return 0;
	}
	copy = strdup(name);
	if (!copy) {
		lam_plan_free(plan);
		return lam_fail_memory(err);
	}
	return add_state(h, copy, plan, err);
}

const char *lam_history_undo(struct lam_history *h)
{
	if (h->at == 0)
		return NULL;
	h->at--;
	return h->states[h->at + 1].name;
}

const char *lam_history_redo(struct lam_history *h)
{
	if (h->at + 1 == h->count)
		return NULL;
	h->at++;
	return h->states[h->at].name;
}

size_t lam_history_undo_count(const struct lam_history *h)
{
	return h->at;
}

size_t lam_history_redo_count(const struct lam_history *h)
{
	return h->count - 1 - h->at;
}

const char *lam_history_name(const struct lam_history *h, size_t n)
{
	return n < h->at ? h->states[h->at - n].name : NULL;
}

void lam_history_set_saved(struct lam_history *h)
{
	h->saved = h->at;
}

size_t lam_history_unsaved(const struct lam_history *h)
{
	if (h->saved == SIZE_MAX)
		return SIZE_MAX;
	return h->saved > h->at ? h->saved - h->at : h->at - h->saved;
}
