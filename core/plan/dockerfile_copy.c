/* COPY: what comes back to where it was is claimed by the line's layer. */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/memory.h"
#include "base/path.h"
#include "plan/dockerfile_stage.h"
#include "plan/plan.h"

struct copy {
	const struct lam_instruction *at;
	struct lam_words paths, excludes; /* expanded; the last path is the destination */
	char *from;                       /* or NULL */
	bool parents, wrong;
	char *to; /* the destination, clean bytes */
};

static void copy_fini(struct copy *c)
{
	lam_words_fini(&c->paths);
	lam_words_fini(&c->excludes);
	free(c->from);
	free(c->to);
}

__attribute__((format(printf, 3, 4))) static void
refuse(struct lam_stage_making *m, struct copy *c, const char *format, ...)
{
	LAM_CLEANUP(lam_free_ptr) char *text = NULL;
	va_list args;

	va_start(args, format);
	text = lam_xvprintf(format, args);
	va_end(args);
	lam_stage_tell(m, m->errors, c->at->line, "%s", text);
	c->wrong = true;
}

static void push(struct lam_words *to, char *word)
{
	LAM_XGROW(to->items, to->count, to->cap);
	to->items[to->count++] = word;
}

static void read_flag(struct lam_stage_making *m, struct copy *c, const char *flag)
{
	const char *value = strchr(flag, '=');
	size_t len = value ? (size_t)(value - flag) : strlen(flag);
	char *expanded =
		lam_stage_expand(m, &m->local, value ? value + 1 : "", c->at->line);
	bool on = !value || (expanded && strcasecmp(expanded, "true") == 0);

#define IS(name) (len == strlen(name) && memcmp(flag, name, len) == 0)
	c->wrong = c->wrong || !expanded;
	if ((IS("--from") || IS("--exclude")) && (!value || !value[1])) {
		refuse(m, c, "%.*s needs a value: %.*s=...", (int)len, flag, (int)len,
		       flag);
	} else if (IS("--from") && strchr(value, '$')) {
		refuse(m, c, "%s: variables are not expanded in --from", flag);
	} else if (expanded && IS("--from")) {
		free(c->from);
		c->from = LAM_STEAL(expanded);
	} else if (expanded && IS("--exclude")) {
		push(&c->excludes, LAM_STEAL(expanded));
	} else if ((IS("--parents") || IS("--link")) && expanded && !on &&
		   strcasecmp(expanded, "false") != 0) {
		refuse(m, c, "%s: is true or false", flag);
	} else if (IS("--parents")) {
		c->parents = on;
	} else if (!IS("--link")) {
		refuse(m, c,
		       IS("--chown") || IS("--chmod")
			       ? "%.*s: a plan changes no owner and no mode"
			       : "%.*s: there is no such flag of COPY for a plan",
		       (int)len, flag);
	}
#undef IS
	free(expanded);
}

static void read_words(struct lam_stage_making *m, struct copy *c)
{
	LAM_CLEANUP(lam_words_fini) struct lam_words flags = { 0 };
	LAM_CLEANUP(lam_words_fini) struct lam_words words = { 0 };
	const char *at = c->at->rest;

	lam_words_flags(&flags, &at);
	for (size_t i = 0; i < flags.count; i++)
		read_flag(m, c, flags.items[i]);
	if (!lam_words_json(&words, at))
		lam_words_split(&words, at, m->escape, false);
	for (size_t i = 0; i < words.count; i++) {
		char *word = lam_stage_expand(m, &m->local, words.items[i], c->at->line);

		if (word)
			push(&c->paths, word);
		c->wrong = c->wrong || !word;
	}
	if (words.count < 2)
		refuse(m, c, "COPY needs a source and a destination");
}

/* All lines copy from one image: that which the plan is made for. */
static void check_source(struct lam_stage_making *m, struct copy *c)
{
	size_t stage = c->from ? lam_stage_find(m, c->from) : SIZE_MAX;
	const char *name = stage != SIZE_MAX && m->stages[stage].name
				   ? m->stages[stage].name
				   : c->from;

	if (!name) {
		refuse(m, c, "copies from the build's context, which is in no image");
	} else if (!m->source) {
		m->source = lam_xstrdup(name);
		m->source_line = c->at->line;
		lam_stage_tell(m, m->notes, c->at->line, "the image is taken for \"%s\"",
			       name);
	} else if (strcasecmp(m->source, name) != 0) {
		refuse(m, c,
		       "copies from \"%s\", and line %zu from \"%s\": a plan is of one "
		       "image",
		       name, m->source_line, m->source);
	}
}

static bool set_destination(struct lam_stage_making *m, struct copy *c)
{
	const char *to = c->paths.items[c->paths.count - 1];
	LAM_CLEANUP(lam_free_ptr) char *joined = NULL;
	struct lam_error err;

	if (lam_pattern_join(&joined, *to == '/' ? "" : m->workdir, to, &err) < 0) {
		refuse(m, c, "%s: %s", to, err.text);
		return false;
	}
	c->to = lam_pattern_bytes(joined);
	return true;
}

/* Whether what is copied comes to where it was. root: what --parents leaves away. */
static bool comes_back(const struct copy *c, const char *source, const char *root)
{
	LAM_CLEANUP(lam_free_ptr) char *dir = NULL;
	LAM_CLEANUP(lam_free_ptr) char *bytes = NULL;

	dir = root ? lam_xstrdup(root) : lam_pattern_parent(source);
	bytes = lam_pattern_bytes(dir);
	if (!lam_pattern_is_wild(dir) && strcmp(bytes, c->to) == 0)
		return true;
	if (root || lam_pattern_is_wild(source))
		return false;
	free(bytes);
	bytes = lam_pattern_bytes(source);
	return strcmp(bytes, c->to) == 0 && c->paths.count == 2;
}

static void claim(struct lam_stage_making *m, struct copy *c, const char *pattern,
		  bool deep, bool exclude)
{
	struct lam_plan_rule rule;
	struct lam_error err;

	if (lam_pattern_rule(&rule, pattern, deep, &err) < 0)
		refuse(m, c, "%s: %s", pattern, err.text);
	else if ((exclude ? lam_claims_exclude(&m->claims, &rule, &err)
			  : lam_claims_take(&m->claims, &rule, &err)) < 0)
		refuse(m, c, "%s", err.text);
}

/* A path is looked up: a plan has rules for the image's own. */
static void claim_path(struct lam_stage_making *m, struct copy *c, const char *pattern)
{
	LAM_CLEANUP(lam_free_ptr) char *bytes = lam_pattern_bytes(pattern);
	LAM_CLEANUP(lam_free_ptr) char *text = lam_path_escape(bytes, strlen(bytes));
	LAM_CLEANUP(lam_free_ptr) char *found = NULL;
	struct lam_error err;
	uint32_t node;

	if (lam_plan_find_path(m->tree, text, false, &found, &node, &err) < 0)
		refuse(m, c, "%s", err.text);
	else
		claim(m, c, pattern, false, false);
}

/* Below the source, or where it says itself that it is there. */
static void exclude_below(struct lam_stage_making *m, struct copy *c, const char *source,
			  const char *pattern)
{
	size_t len = strcmp(source, "/") == 0 ? 0 : strlen(source);
	LAM_CLEANUP(lam_free_ptr) char *joined = NULL;
	bool absolute;
	struct lam_error err;

	if (*pattern == '!') {
		refuse(m, c, "--exclude=%s: exceptions are not known here", pattern);
		return;
	}
	absolute = *pattern == '/' && strncmp(pattern, source, len) == 0 &&
		   (pattern[len] == '/' || !pattern[len]);
	if (lam_pattern_join(&joined, absolute ? "" : source, pattern, &err) < 0)
		refuse(m, c, "--exclude=%s: %s", pattern, err.text);
	else
		claim(m, c, joined, true, true);
}

static void copy_source(struct lam_stage_making *m, struct copy *c, char *source)
{
	char *pivot = c->parents ? strstr(source, "/./") : NULL;
	LAM_CLEANUP(lam_free_ptr) char *root = NULL;
	LAM_CLEANUP(lam_free_ptr) char *whole = NULL;
	struct lam_error err;

	if (lam_pattern_join(&whole, "", source, &err) < 0) {
		refuse(m, c, "%s: %s", source, err.text);
		return;
	}
	if (pivot)
		*pivot = '\0';
	if (c->parents && lam_pattern_join(&root, "", pivot ? source : "", &err) < 0)
		return;
	if (!comes_back(c, whole, root)) {
		refuse(m, c,
		       "%s would not come to where it was, but to %s: a plan renames "
		       "nothing",
		       whole, c->to);
		return;
	}
	if (lam_pattern_is_wild(whole))
		claim(m, c, whole, c->parents, false);
	else
		claim_path(m, c, whole);
	for (size_t i = 0; i < c->excludes.count && !c->wrong; i++)
		exclude_below(m, c, root ? root : whole, c->excludes.items[i]);
}

/* The name of what is copied first: that of a path, or of the directory of a wildcard. */
static char *name_after(const struct copy *c)
{
	LAM_CLEANUP(lam_free_ptr) char *dir = NULL;
	LAM_CLEANUP(lam_free_ptr) char *bytes = NULL;
	struct lam_error err;
	const char *last;

	if (lam_pattern_join(&dir, "", c->paths.items[0], &err) < 0)
		return lam_xstrdup("copy");
	while (lam_pattern_is_wild(dir)) {
		char *parent = lam_pattern_parent(dir);

		free(dir);
		dir = parent;
	}
	bytes = lam_pattern_bytes(dir);
	last = strrchr(bytes, '/') + 1;
	return *last ? lam_path_escape(last, strlen(last)) : lam_xstrdup("rest");
}

void lam_stage_copy(struct lam_stage_making *m, const struct lam_instruction *i)
{
	LAM_CLEANUP(copy_fini) struct copy c = { .at = i };
	LAM_CLEANUP(lam_free_ptr) char *name = NULL;
	struct lam_error err;

	if (i->heredoc) {
		refuse(m, &c, "a heredoc makes files that are in no image");
		return;
	}
	read_words(m, &c);
	if (c.wrong)
		return;
	check_source(m, &c);
	if (c.wrong || !set_destination(m, &c))
		return;
	name = name_after(&c);
	if (lam_claims_layer(&m->claims, i->line, name, &err) < 0) {
		refuse(m, &c, "%s", err.text);
		return;
	}
	for (size_t n = 0; n + 1 < c.paths.count; n++)
		copy_source(m, &c, c.paths.items[n]);
}
