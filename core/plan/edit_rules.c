/* Edits of the rules. */
#include <stdlib.h>
#include <string.h>

#include <lamina/glob.h>

#include "base/path.h"
#include "plan/edit.h"

static void free_rules(struct lam_plan_rule *rules, size_t count)
{
	for (size_t i = 0; rules && i < count; i++)
		lam_edit_free_rule(&rules[i]);
	free(rules);
}

static int check_glob(const char *text, struct lam_error *err)
{
	struct lam_glob *glob;

	if (lam_glob_new(&glob, text, err) < 0)
		return err->code;
	lam_glob_free(glob);
	return 0;
}

/* A pattern comes from a prompt, or was made from an image's name: its text is shown. */
static int clean_pattern(char **out, const char *pattern, bool is_glob,
			 struct lam_error *err)
{
	int code = is_glob ? lam_plan_clean_glob(out, pattern, err)
			   : lam_plan_clean_path(out, NULL, pattern, err);
	char shown[LAM_PATH_TEXT];

	if (code == 0 && is_glob)
		code = check_glob(*out, err);
	if (code == 0 || code == LAM_ENOMEM)
		return code;
	free(*out);
	*out = NULL;
	return lam_wrap(err, "%s", lam_path_text(shown, pattern, strlen(pattern), false));
}

int lam_edit_make_rule(struct lam_plan_rule *out, const char *pattern, bool is_glob,
		       const char *to, struct lam_error *err)
{
	*out = (struct lam_plan_rule){ .is_glob = is_glob };
	if (clean_pattern(&out->pattern, pattern, is_glob, err) < 0)
		return err->code;
	if (lam_edit_copy_text(&out->to, to))
		return 0;
	lam_edit_free_rule(out);
	return lam_fail_memory(err);
}

void lam_edit_drop_rules(struct lam_plan *plan, const bool *gone)
{
	size_t kept = 0;

	for (size_t i = 0; i < plan->rule_count; i++) {
		if (gone[i])
			lam_edit_free_rule(&plan->rules[i]);
		else
			plan->rules[kept++] = plan->rules[i];
	}
	plan->rule_count = kept;
}

/* Counts what would be left. */
static int check_count(const bool *dead, size_t count, struct lam_error *err)
{
	size_t left = 0;

	for (size_t i = 0; i < count; i++)
		left += !dead[i];
	if (left <= LAM_EDIT_MAX_RULES)
		return 0;
	return lam_fail(err, LAM_EPLAN,
			"that would make %zu rules, and a plan may have %d here; use a "
			"pattern, or the directory above",
			left, LAM_EDIT_MAX_RULES);
}

int lam_edit_append_rules(struct lam_plan *plan, struct lam_plan_rule *fresh,
			  size_t count, struct lam_error *err)
{
	size_t total = plan->rule_count + count;
	struct lam_plan next = *plan;
	bool *dead = calloc(total + 1, sizeof *dead);
	int code;

	next.rules = malloc((total + 1) * sizeof *next.rules);
	next.rule_count = total;
	if (!dead || !next.rules) {
		free(dead);
		free(next.rules);
		return lam_fail_memory(err);
	}
	if (plan->rule_count)
		memcpy(next.rules, plan->rules, plan->rule_count * sizeof *next.rules);
	if (count)
		memcpy(next.rules + plan->rule_count, fresh, count * sizeof *next.rules);
	code = lam_plan_find_dead(&next, dead, err);
	if (code == 0)
		code = check_count(dead, total, err);
	if (code == 0) {
		free(plan->rules);
		plan->rules = next.rules;
		plan->rule_count = total;
		lam_edit_drop_rules(plan, dead);
		if (count)
			memset(fresh, 0, count * sizeof *fresh);
	} else {
		free(next.rules);
	}
	free(dead);
	return code;
}

int lam_edit_assign(struct lam_plan *plan, const struct lam_edit_rule *rules,
		    size_t count, const char *to, struct lam_error *err)
{
	struct lam_plan_rule *fresh;
	char shown[LAM_PATH_TEXT];
	int code = 0;

	if (to && lam_edit_find_layer(plan, to) == SIZE_MAX)
		return lam_fail(err, LAM_EPLAN, "no layer \"%s\"",
				lam_path_text(shown, to, strlen(to), false));
	if (count > LAM_EDIT_MAX_RULES)
		return lam_fail(err, LAM_EPLAN,
				"%zu rules at once, and a plan may have %d here; use a "
				"pattern, or the directory above",
				count, LAM_EDIT_MAX_RULES);
	fresh = calloc(count + 1, sizeof *fresh);
	if (!fresh)
		return lam_fail_memory(err);
	for (size_t i = 0; i < count && code == 0; i++)
		code = lam_edit_make_rule(&fresh[i], rules[i].pattern, rules[i].is_glob,
					  to, err);
	if (code == 0)
		code = lam_edit_append_rules(plan, fresh, count, err);
	free_rules(fresh, count);
	return code;
}

int lam_edit_rule_remove(struct lam_plan *plan, size_t rule, struct lam_error *err)
{
	if (rule >= plan->rule_count)
		return lam_fail(err, LAM_EPLAN, "no rule %zu; there are %zu", rule,
				plan->rule_count);
	lam_edit_free_rule(&plan->rules[rule]);
	plan->rule_count--;
	memmove(plan->rules + rule, plan->rules + rule + 1,
		(plan->rule_count - rule) * sizeof *plan->rules);
	return 0;
}

/* Clearing */

struct cleared {
	char **paths, **globs; /* sorted; globs may have fewer */
	size_t path_count, glob_count;
	char *scratch; /* a path that is cut shorter and shorter */
};

static void cleared_fini(struct cleared *c)
{
	for (size_t i = 0; i < c->path_count; i++)
		free(c->paths[i]);
	for (size_t i = 0; i < c->glob_count; i++)
		free(c->globs[i]);
	free(c->paths);
	free(c->globs);
	free(c->scratch);
}

static int compare_texts(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool has_text(char *const *texts, size_t count, const char *text)
{
	return bsearch(&text, texts, count, sizeof *texts, compare_texts);
}

static int cleared_init(struct cleared *c, const char *const *patterns, size_t count,
			struct lam_error *err)
{
	*c = (struct cleared){ .paths = calloc(count + 1, sizeof *c->paths),
			       .globs = calloc(count + 1, sizeof *c->globs) };
	if (!c->paths || !c->globs)
		return lam_fail_memory(err);
	for (size_t i = 0; i < count; i++) {
		struct lam_error why;

		if (clean_pattern(&c->paths[c->path_count], patterns[i], false, err) < 0)
			return err->code;
		c->path_count++;
		/* what is no glob names none */
		if (clean_pattern(&c->globs[c->glob_count], patterns[i], true, &why) == 0)
			c->glob_count++;
		else if (why.code == LAM_ENOMEM)
			return lam_fail_memory(err);
	}
	qsort(c->paths, c->path_count, sizeof *c->paths, compare_texts);
	qsort(c->globs, c->glob_count, sizeof *c->globs, compare_texts);
	return 0;
}

/* Whether a path, or with `below` something above it, was named. An escape has no slash
 * in it, so the text form can be cut at slashes. */
static int is_cleared(struct cleared *c, const struct lam_plan_rule *rule, bool below,
		      bool *out, struct lam_error *err)
{
	char *slash;

	*out = rule->is_glob ? has_text(c->globs, c->glob_count, rule->pattern)
			     : has_text(c->paths, c->path_count, rule->pattern);
	if (*out || rule->is_glob || !below)
		return 0;
	free(c->scratch);
	c->scratch = strdup(rule->pattern);
	if (!c->scratch)
		return lam_fail_memory(err);
	while (!*out && (slash = strrchr(c->scratch, '/'))) {
		*slash = '\0';
		*out = has_text(c->paths, c->path_count, *c->scratch ? c->scratch : "/");
	}
	return 0;
}

int lam_edit_clear(struct lam_plan *plan, const char *const *patterns, size_t count,
		   bool below, size_t *out_count, struct lam_error *err)
{
	bool *gone = calloc(plan->rule_count + 1, sizeof *gone);
	size_t before = plan->rule_count;
	struct cleared c;
	int code;

	*out_count = 0;
	if (!gone)
		return lam_fail_memory(err);
	code = cleared_init(&c, patterns, count, err);
	for (size_t i = 0; i < plan->rule_count && code == 0; i++)
		code = is_cleared(&c, &plan->rules[i], below, &gone[i], err);
	if (code == 0) {
		lam_edit_drop_rules(plan, gone);
		*out_count = before - plan->rule_count;
	}
	cleared_fini(&c);
	free(gone);
	return code;
}
