/* Filters: words that are asked of many nodes. */
#include <stdlib.h>
#include <string.h>

#include <lamina/glob.h>
#include <lamina/packages.h>
#include <lamina/path.h>

#include "base/buf.h"
#include "base/limits.h"
#include "base/memory.h"
#include "base/stop.h"
#include "editor/find/filter_impl.h"
#include "editor/find/names.h"

bool filter_asks_targets(const struct filter *f)
{
	for (size_t i = 0; i < f->count; i++) {
		if (f->words[i].kind == WORD_TO || f->words[i].kind == WORD_RULE)
			return true;
	}
	return false;
}

bool filter_asks_dead(const struct filter *f)
{
	for (size_t i = 0; i < f->count; i++) {
		if (f->words[i].kind == WORD_FLAG && f->words[i].flags == FACT_DEAD &&
		    !f->words[i].is_not)
			return true;
	}
	return false;
}

/* Matching */

/* What is worked out once for many nodes. */
struct asking {
	const struct filter *filter;
	const struct facts *facts;
	const struct targets *targets;       /* NULL: not known */
	const struct bits *marks;            /* NULL: none */
	const struct lam_packages *packages; /* NULL: no word asks */
	struct bits *owners; /* of each word: the packages that it means */
	uint32_t *to;        /* of each word: the target that it means; TO_NOBODY: none */
	struct lam_buf scratch, name;
	struct names_paths paths;
};
#define TO_NOBODY (UINT32_MAX - 2)

static uint32_t find_target(const struct word *w, const struct targets *targets)
{
	size_t found;

	if (w->kind != WORD_TO || !targets || !targets->plan)
		return TO_NOBODY;
	if (strcmp(w->text, "-") == 0)
		return LAM_TARGET_NONE;
	if (strcmp(w->text, "*") == 0)
		return TARGET_SEVERAL;
	found = target_parse(targets->plan, w->text);
	return found == SIZE_MAX ? TO_NOBODY : (uint32_t)found;
}

static void asking_init(struct asking *a, const struct filter *filter,
			const struct facts *facts, const struct targets *targets,
			const struct bits *marks)
{
	*a = (struct asking){ .filter = filter,
			      .facts = facts,
			      .targets = targets,
			      .marks = marks,
			      .owners = lam_xcalloc(filter->count, sizeof *a->owners),
			      .to = lam_xcalloc(filter->count, sizeof *a->to),
			      .scratch = LAM_TEXT,
			      .name = LAM_TEXT };
	names_paths_init(&a->paths, facts, false);
	for (size_t i = 0; i < filter->count; i++)
		a->to[i] = find_target(&filter->words[i], targets);
}

/* As the globs of a plan's rules are matched: a slash, and bytes. */
static bool is_meant(const struct word *w, const struct lam_package *p)
{
	bool full = lam_package_is_named(w->text);
	LAM_CLEANUP(lam_free_ptr)
	char *text =
		lam_xprintf("/%s%s%s", full ? p->kind : "", full ? ":" : "", p->name);
	LAM_CLEANUP(lam_free_ptr) char *bytes = NULL;
	struct lam_error err;
	size_t len;

	return lam_path_unescape(&bytes, &len, text, &err) == 0 &&
	       lam_glob_match(w->glob, bytes, len);
}

static int find_packages(struct asking *a, const atomic_bool *stop, struct lam_error *err)
{
	for (size_t i = 0; i < a->filter->count; i++) {
		const struct word *w = &a->filter->words[i];
		uint32_t count;

		if (w->kind != WORD_PACKAGE)
			continue;
		if (lam_packages_of(&a->packages, a->facts->image, stop, err) < 0)
			return err->code;
		count = (uint32_t)lam_packages_count(a->packages);
		if (!bits_init(&a->owners[i], count))
			return lam_fail_memory(err);
		for (uint32_t p = 0; w->glob && p < count; p++)
			bits_set(&a->owners[i], p,
				 is_meant(w, lam_packages_get(a->packages, p)));
	}
	return 0;
}

static void asking_fini(struct asking *a)
{
	for (size_t i = 0; i < a->filter->count; i++)
		bits_fini(&a->owners[i]);
	free(a->owners);
	free(a->to);
	lam_buf_fini(&a->scratch);
	lam_buf_fini(&a->name);
	names_paths_fini(&a->paths);
}

static bool match_size(const struct word *w, const struct lam_stat *stat)
{
	if (stat->kind != LAM_KIND_FILE)
		return false;
	switch (w->relation) {
	case '<': return stat->size < w->number;
	case '>': return stat->size > w->number;
	case 'l': return stat->size <= w->number;
	case 'g': return stat->size >= w->number;
	default: return stat->size == w->number;
	}
}

static bool match_stat(const struct word *w, const struct lam_tree *tree, uint32_t n)
{
	struct lam_stat stat;

	lam_tree_stat(tree, n, &stat);
	switch ((int)w->kind) {
	case WORD_SIZE: return match_size(w, &stat);
	case WORD_UID: return stat.uid == w->value;
	case WORD_GID: return stat.gid == w->value;
	case WORD_MODE: return (stat.mode & w->number) == w->number;
	case WORD_NEWER: return stat.mtime_s >= w->value;
	default: return stat.mtime_s < w->value;
	}
}

static bool match_part(struct asking *a, const struct word *w, uint32_t n)
{
	size_t len;
	const char *text = names_of(a->facts, n, &a->scratch, &len);

	return names_find(text, len, w->text, strlen(w->text), w->without_case) !=
	       SIZE_MAX;
}

static bool match_glob(struct asking *a, const struct word *w, uint32_t n)
{
	const char *text;
	size_t len;

	if (w->kind == WORD_PATH_GLOB) {
		text = names_path(&a->paths, n, &len);
		return lam_glob_match(w->glob, text, len);
	}
	text = lam_tree_name(a->facts->tree, n, &len);
	lam_buf_clear(&a->name);
	lam_text_putc(&a->name, '/');
	lam_text_add(&a->name, text, len);
	return lam_glob_match(w->glob, a->name.data, a->name.len);
}

static bool match_to(const struct asking *a, uint32_t to, uint32_t n)
{
	return to != TO_NOBODY && a->targets->to && a->targets->to[n] == to &&
	       !(a->facts->flags[n] & FACT_DEAD);
}

static bool match_package(const struct asking *a, size_t number, uint32_t n)
{
	uint32_t owner = lam_packages_owner(a->packages, n);

	if (!a->filter->words[number].glob)
		return owner == LAM_PACKAGE_NONE;
	return owner != LAM_PACKAGE_NONE && bits_get(&a->owners[number], owner);
}

static bool match_word(struct asking *a, size_t number, uint32_t n)
{
	const struct word *w = &a->filter->words[number];
	const struct lam_tree *tree = a->facts->tree;
	uint32_t origin;

	switch (w->kind) {
	case WORD_FLAG: return a->facts->flags[n] & w->flags;
	case WORD_TYPE: return w->flags >> lam_tree_node(tree, n)->kind & 1;
	case WORD_RULE: return a->targets && bits_get(&a->targets->ruled, n);
	case WORD_MARKED: return a->marks && bits_get(a->marks, n);
	case WORD_TO: return match_to(a, a->to[number], n);
	case WORD_FROM:
		origin = lam_tree_origin(tree, n);
		return origin < LAM_MAX_LAYERS && bits_get(&w->layers, origin);
	case WORD_SIZE:
	case WORD_UID:
	case WORD_GID:
	case WORD_MODE:
	case WORD_NEWER:
	case WORD_OLDER: return match_stat(w, tree, n);
	case WORD_PACKAGE: return match_package(a, number, n);
	case WORD_PART: return match_part(a, w, n);
	case WORD_NAME_GLOB:
	case WORD_PATH_GLOB: break;
	}
	return match_glob(a, w, n);
}

static bool match_all(struct asking *a, uint32_t n)
{
	for (size_t i = 0; i < a->filter->count; i++) {
		if (match_word(a, i, n) == a->filter->words[i].is_not)
			return false;
	}
	return true;
}

/* Many */

static uint64_t bytes_of(const struct facts *facts, uint32_t n)
{
	const struct lam_node *node = lam_tree_node(facts->tree, n);
	struct lam_stat stat;

	if (node->kind != LAM_KIND_FILE)
		return 0;
	if (node->live)
		return node->live_bytes;
	lam_tree_stat(facts->tree, n, &stat);
	return stat.size;
}

/* below: nodes at and below the root, as numbers go up. */
static int match_nodes(struct asking *a, struct filter_result *r, uint32_t root,
		       struct bits *below, bool ghosts, const atomic_bool *stop,
		       struct lam_error *err)
{
	bits_set(below, root, true);
	for (uint32_t n = root + 1; n < a->facts->count; n++) {
		if (lam_stops(stop, (uint64_t)n << 2))
			return lam_fail_stopped(err);
		if (!bits_get(below, lam_tree_node(a->facts->tree, n)->parent))
			continue;
		bits_set(below, n, true);
		if ((!ghosts && (a->facts->flags[n] & FACT_DEAD)) || !match_all(a, n))
			continue;
		bits_set(&r->match, n, true);
		r->match_count++;
		r->match_bytes += bytes_of(a->facts, n);
	}
	return 0;
}

static void show_parents(struct filter_result *r, const struct lam_tree *tree)
{
	memcpy(r->shown.words, r->match.words,
	       ((size_t)r->match.count / 64 + 1) * sizeof *r->match.words);
	for (uint32_t n = r->shown.count; n-- > 1;) {
		if (bits_get(&r->shown, n))
			bits_set(&r->shown, lam_tree_node(tree, n)->parent, true);
	}
}

int filter_run(const struct filter *filter, const struct facts *facts,
	       const struct targets *targets, const struct bits *marks, uint32_t root,
	       bool ghosts, const atomic_bool *stop, struct filter_result **out,
	       struct lam_error *err)
{
	struct filter_result *r = lam_xcalloc(1, sizeof *r);
	LAM_CLEANUP(bits_fini) struct bits below = { 0 };
	LAM_CLEANUP(asking_fini) struct asking a;
	int code;

	*out = NULL;
	asking_init(&a, filter, facts, targets, marks);
	code = find_packages(&a, stop, err);
	if (code == 0 &&
	    (!bits_init(&r->match, facts->count) || !bits_init(&r->shown, facts->count) ||
	     !bits_init(&below, facts->count)))
		code = lam_fail_memory(err);
	if (code == 0)
		code = match_nodes(&a, r, root, &below, ghosts, stop, err);
	if (code < 0) {
		filter_result_free(r);
		return code;
	}
	show_parents(r, facts->tree);
	*out = r;
	return 0;
}

void filter_result_free(struct filter_result *result)
{
	if (!result)
		return;
	bits_fini(&result->match);
	bits_fini(&result->shown);
	free(result);
}
