#include "editor/analysis/suggest_set.h"

#include <stdio.h>
#include <string.h>

#include <lamina/edit.h>

#include "base/memory.h"

static bool is_in(const struct suggest_set *set, uint32_t n)
{
	uint32_t to = set->effect->targets.to[n];

	return set->target == TARGET_SEVERAL ? to != LAM_TARGET_NONE : to == set->target;
}

static int sum_up(struct suggest_set *set, struct lam_error *err)
{
	const struct lam_tree *tree = set->facts->tree;

	for (uint32_t n = set->facts->count; n-- > 0;) {
		const struct lam_node *node = lam_tree_node(tree, n);

		if (stop_at(set->stop, n))
			return stop_fail(err);
		if (!node->live)
			continue;
		if (node->kind != LAM_KIND_DIR) {
			bool in = is_in(set, n);

			set->bytes[n] = in ? node->live_bytes : 0;
			set->inside[n] = in;
			set->outside[n] = !in;
		}
		if (n == LAM_NODE_ROOT)
			continue;
		set->bytes[node->parent] += set->bytes[n];
		set->inside[node->parent] += set->inside[n];
		set->outside[node->parent] += set->outside[n];
	}
	return 0;
}

int suggest_set_init(struct suggest_set *set, const struct effect *effect,
		     const struct facts *facts, uint32_t target, const atomic_bool *stop,
		     struct lam_error *err)
{
	*set = (struct suggest_set){
		.effect = effect, .facts = facts, .stop = stop, .target = target
	};
	set->bytes = calloc(facts->count, sizeof *set->bytes);
	set->inside = calloc(facts->count, sizeof *set->inside);
	set->outside = calloc(facts->count, sizeof *set->outside);
	set->out = calloc(1, sizeof *set->out);
	if (!set->bytes || !set->inside || !set->outside || !set->out)
		return lam_fail_memory(err);
	return effect->targets.to ? sum_up(set, err) : 0;
}

void suggest_set_fini(struct suggest_set *set)
{
	free(set->bytes);
	free(set->inside);
	free(set->outside);
	suggest_free(set->out);
}

static bool is_taken(const struct suggestions *s, const char *name)
{
	for (size_t i = 0; i < s->count; i++) {
		if (s->items[i].name && strcmp(s->items[i].name, name) == 0)
			return true;
	}
	return false;
}

/* A name that neither the plan has nor another suggestion. */
static char *free_name(const struct suggest_set *set, const char *wish)
{
	char *base = lam_plan_free_name(set->effect->plan, wish), numbered[300];
	char *name = lam_xstrdup(base);

	for (unsigned n = 2; is_taken(set->out, name); n++) {
		snprintf(numbered, sizeof numbered, "%.240s-%u", base, n);
		free(name);
		name = lam_plan_free_name(set->effect->plan, numbered);
	}
	free(base);
	return name;
}

int suggest_begin(struct suggest_set *set, const char *wish, struct lam_error *err)
{
	struct suggestions *s = set->out;
	struct suggestion *items = realloc(s->items, (s->count + 1) * sizeof *items);
	char *name = NULL;

	if (!items)
		return lam_fail_memory(err);
	s->items = items;
	if (wish)
		name = free_name(set, wish);
	items[s->count++] = (struct suggestion){ .name = name };
	return 0;
}

int suggest_add(struct suggest_set *set, uint32_t node, struct lam_error *err)
{
	struct suggestion *s = &set->out->items[set->out->count - 1];
	char **paths;

	if (++set->path_count > SUGGEST_MOST_PATHS)
		return lam_fail(err, LAM_EPLAN,
				"that would need more than %d rules: larger parts need "
				"fewer",
				SUGGEST_MOST_PATHS);
	paths = realloc(s->paths, (s->path_count + 1) * sizeof *paths);
	if (!paths)
		return lam_fail_memory(err);
	s->paths = paths;
	paths[s->path_count] = lam_tree_path_text(set->facts->tree, node);
	if (!paths[s->path_count])
		return lam_fail_memory(err);
	s->path_count++;
	s->bytes += set->bytes[node];
	s->files += set->inside[node];
	return 0;
}

void suggest_free(struct suggestions *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->count; i++) {
		for (size_t k = 0; k < s->items[i].path_count; k++)
			free(s->items[i].paths[k]);
		free(s->items[i].paths);
		free(s->items[i].name);
	}
	free(s->items);
	free(s);
}
