/* Rules that can never win: all that they can match is in the path of a later rule, or
 * they stand again later. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/path.h"
#include "plan/plan.h"
#include "plan/rule.h"

struct cover {
	size_t rule;
	char *bytes; /* the path, or what all matches of the glob are in */
	size_t len;
	bool is_glob; /* or a package's rule */
	bool below;   /* a glob that takes all below its path and nothing else */
};

struct covers {
	struct cover *items;
	size_t count;
};

/* What rules on the way down win against: the latest of those at or above, plus one. */
struct level {
	const struct cover *at;
	size_t whole, below;
};

static void free_covers(struct covers *covers)
{
	for (size_t i = 0; i < covers->count; i++)
		free(covers->items[i].bytes);
	free(covers->items);
}

static bool is_all_below(const char *text, const char *dir)
{
	size_t len = strlen(dir);

	if (len == 0)
		return strcmp(text, "/**") == 0;
	return text[0] == '/' && strncmp(text + 1, dir, len) == 0 &&
	       strcmp(text + 1 + len, "/**") == 0;
}

static void cover_glob(struct cover *cover, const struct lam_plan_rule *rule)
{
	const char *base = lam_glob_base(rule->glob, &cover->len);
	char *dir = lam_path_escape(base, cover->len);

	cover->bytes = lam_xmemdup(base, cover->len);
	cover->is_glob = true;
	cover->below = is_all_below(rule->pattern, dir);
	free(dir);
}

static void cover_path(struct cover *cover, const struct lam_plan_rule *rule)
{
	struct lam_error err;

	/* without the slash; canonical text has no bad escape */
	if (lam_path_unescape(&cover->bytes, &cover->len, rule->pattern + 1, &err) < 0)
		lam_out_of_memory();
}

/* What a package has may be anywhere. */
static void cover_package(struct cover *cover, const struct lam_plan_rule *rule)
{
	(void)rule;
	cover->bytes = lam_xmemdup("", 0);
	cover->is_glob = true;
}

static void make_covers(struct covers *covers, const struct lam_plan *plan)
{
	static void (*const covering[LAM_RULE_KIND_COUNT])(
		struct cover *, const struct lam_plan_rule *) = {
		[LAM_RULE_PATH] = cover_path,
		[LAM_RULE_GLOB] = cover_glob,
		[LAM_RULE_PACKAGE] = cover_package,
	};

	covers->items = lam_xcalloc(plan->rule_count + 1, sizeof *covers->items);
	for (size_t i = 0; i < plan->rule_count; i++) {
		const struct lam_plan_rule *rule = &plan->rules[i];
		struct cover *cover = &covers->items[covers->count++];

		cover->rule = i;
		covering[rule->kind](cover, rule);
	}
}

/* Parents before what is in them, and these in one run: a slash comes before all other
 * bytes. */
static int compare_paths(const void *left, const void *right)
{
	const struct cover *a = left, *b = right;
	size_t shared = a->len < b->len ? a->len : b->len, i = 0;

	while (i < shared && a->bytes[i] == b->bytes[i])
		i++;
	if (i == shared)
		return (a->len > b->len) - (a->len < b->len);
	if (a->bytes[i] == '/' || b->bytes[i] == '/')
		return a->bytes[i] == '/' ? -1 : 1;
	return (unsigned char)a->bytes[i] < (unsigned char)b->bytes[i] ? -1 : 1;
}

static bool is_at(const struct cover *a, const struct cover *b)
{
	return a->len == b->len && memcmp(a->bytes, b->bytes, a->len) == 0;
}

static bool is_above(const struct cover *dir, const struct cover *path)
{
	if (dir->len == 0)
		return path->len > 0;
	return dir->len < path->len && path->bytes[dir->len] == '/' &&
	       memcmp(dir->bytes, path->bytes, dir->len) == 0;
}

/* The level of the path that covers[begin] has, below `above` (NULL: none is); *out_end
 * is behind the last with the same path. */
static struct level enter(const struct covers *covers, size_t begin,
			  const struct level *above, size_t *out_end)
{
	struct level level = { &covers->items[begin], 0, 0 };
	size_t end = begin;

	if (above)
		level.whole = above->below > above->whole ? above->below : above->whole;
	level.below = level.whole;
	for (; end < covers->count && is_at(level.at, &covers->items[end]); end++) {
		const struct cover *c = &covers->items[end];

		if (!c->is_glob && c->rule + 1 > level.whole)
			level.whole = c->rule + 1;
		if (c->below && c->rule + 1 > level.below)
			level.below = c->rule + 1;
	}
	*out_end = end;
	return level;
}

static void find_covered(struct covers *covers, bool *dead)
{
	struct level *levels = lam_xcalloc(covers->count + 1, sizeof *levels);
	size_t depth = 0, end;

	qsort(covers->items, covers->count, sizeof *covers->items, compare_paths);
	for (size_t i = 0; i < covers->count; i = end) {
		while (depth && !is_above(levels[depth - 1].at, &covers->items[i]))
			depth--;
		levels[depth] = enter(covers, i, depth ? &levels[depth - 1] : NULL, &end);
		for (size_t k = i; k < end; k++)
			dead[covers->items[k].rule] =
				covers->items[k].rule + 1 < levels[depth].whole;
		depth++;
	}
	free(levels);
}

static int compare_globs(const void *left, const void *right)
{
	const struct lam_plan_rule *const *a = left, *const *b = right;
	int order = strcmp((*a)->pattern, (*b)->pattern);

	return order ? order : (*a > *b) - (*a < *b);
}

static void find_repeated(const struct lam_plan *plan, bool *dead)
{
	const struct lam_plan_rule **globs =
		lam_xcalloc(plan->rule_count + 1, sizeof *globs);
	size_t count = 0;

	for (size_t i = 0; i < plan->rule_count; i++) {
		if (plan->rules[i].glob)
			globs[count++] = &plan->rules[i];
	}
	qsort(globs, count, sizeof *globs, compare_globs);
	for (size_t i = 0; i + 1 < count; i++) {
		if (strcmp(globs[i]->pattern, globs[i + 1]->pattern) == 0)
			dead[globs[i] - plan->rules] = true;
	}
	free(globs);
}

void lam_plan_find_dead(const struct lam_plan *plan, bool *out_dead)
{
	struct covers covers = { NULL, 0 };

	memset(out_dead, 0, plan->rule_count * sizeof *out_dead);
	make_covers(&covers, plan);
	find_covered(&covers, out_dead);
	free_covers(&covers);
	find_repeated(plan, out_dead);
}
