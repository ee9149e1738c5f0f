/* Search: a text or a regular expression in the names, or the paths, of a tree; and what
 * a plan's pattern is about. */
#include "editor/find/search.h"

#include <regex.h>
#include <stdlib.h>
#include <string.h>

#include <lamina/glob.h>
#include <lamina/layout.h>
#include <lamina/packages.h>

#include "base/buf.h"
#include "base/memory.h"
#include "base/stop.h"
#include "editor/find/names.h"

/* Longer names are looked at in front alone: a regular expression may take time that
 * grows with the square of its text. */
#define MOST_REGEX_TEXT 4096

struct search {
	char *text;
	size_t len;
	bool is_regex, is_path, without_case;
	regex_t regex;
};

/* glibc's take time without bound. */
static bool has_back_reference(const char *pattern)
{
	for (; *pattern; pattern++) {
		if (*pattern != '\\')
			continue;
		if (pattern[1] >= '1' && pattern[1] <= '9')
			return true;
		if (pattern[1])
			pattern++;
	}
	return false;
}

static int parse_regex(struct search *s, const char *pattern, struct lam_error *err)
{
	int flags = REG_EXTENDED | (s->without_case ? REG_ICASE : 0), code;
	char why[128];

	if (has_back_reference(pattern))
		return lam_fail(err, LAM_EUSAGE,
				"a back reference like \\1 is not taken in a search");
	code = regcomp(&s->regex, pattern, flags);
	if (code == REG_ESPACE)
		return lam_fail_memory(err);
	if (code) {
		regerror(code, NULL, why, sizeof why);
		return lam_fail(err, LAM_EUSAGE, "the regular expression: %s", why);
	}
	s->is_regex = true;
	return 0;
}

int search_parse(struct search **out, const char *pattern, struct lam_error *err)
{
	bool is_regex = strncmp(pattern, "\\v", 2) == 0;
	struct search *s;

	*out = NULL;
	pattern += is_regex ? 2 : 0;
	if (!*pattern)
		return lam_fail(err, LAM_EUSAGE, "nothing to search for");
	s = lam_xcalloc(1, sizeof *s);
	*s = (struct search){ .text = lam_xstrdup(pattern),
			      .len = strlen(pattern),
			      .is_path = strchr(pattern, '/'),
			      .without_case = !names_has_capital(pattern) };
	if (is_regex && parse_regex(s, pattern, err) < 0) {
		search_free(s);
		return err->code;
	}
	*out = s;
	return 0;
}

void search_free(struct search *s)
{
	if (!s)
		return;
	if (s->is_regex)
		regfree(&s->regex);
	free(s->text);
	free(s);
}

static bool regex_in(const struct search *s, const char *text, size_t len,
		     regmatch_t *match)
{
	char front[MOST_REGEX_TEXT + 1];

	len = len < MOST_REGEX_TEXT ? len : MOST_REGEX_TEXT;
	memcpy(front, text, len);
	front[len] = '\0';
	return regexec(&s->regex, front, 1, match, 0) == 0;
}

static bool is_in(const struct search *s, const char *text, size_t len)
{
	regmatch_t match;

	if (s->is_regex)
		return regex_in(s, text, len, &match);
	return names_find(text, len, s->text, s->len, s->without_case) != SIZE_MAX;
}

bool search_in(const struct search *s, const char *text, size_t *out_from,
	       size_t *out_len)
{
	size_t len = strlen(text);
	regmatch_t match;

	if (!s->is_regex) {
		*out_from = names_find(text, len, s->text, s->len, s->without_case);
		*out_len = s->len;
		return *out_from != SIZE_MAX;
	}
	if (!regex_in(s, text, len, &match))
		return false;
	*out_from = (size_t)match.rm_so;
	*out_len = (size_t)(match.rm_eo - match.rm_so);
	return true;
}

/* Many */

struct run {
	const struct search *search;
	const struct facts *facts;
	struct lam_buf scratch;
	struct names_paths paths;
	struct bits known, hit; /* of each name */
};

static bool run_init(struct run *r, const struct search *search,
		     const struct facts *facts)
{
	uint32_t most = 0;

	*r = (struct run){ .search = search, .facts = facts, .scratch = LAM_TEXT };
	names_paths_init(&r->paths, facts, true);
	for (uint32_t n = 0; n < facts->count; n++) {
		uint32_t name = lam_tree_node(facts->tree, n)->name;

		most = name > most ? name : most;
	}
	return bits_init(&r->known, most + 1) && bits_init(&r->hit, most + 1);
}

static void run_fini(struct run *r)
{
	lam_buf_fini(&r->scratch);
	names_paths_fini(&r->paths);
	bits_fini(&r->known);
	bits_fini(&r->hit);
}

static bool is_hit(struct run *r, uint32_t n)
{
	uint32_t name = lam_tree_node(r->facts->tree, n)->name;
	const char *text;
	size_t len;

	if (r->search->is_path) {
		text = names_path(&r->paths, n, &len);
		return is_in(r->search, text, len);
	}
	if (!bits_get(&r->known, name)) {
		text = names_of(r->facts, n, &r->scratch, &len);
		bits_set(&r->known, name, true);
		bits_set(&r->hit, name, is_in(r->search, text, len));
	}
	return bits_get(&r->hit, name);
}

static bool is_below(const struct order *order, uint32_t root, uint32_t n)
{
	uint32_t place = order->place[n] - order->place[root];

	return n != root && place < order->span[root];
}

static int find_places(struct run *r, const struct order *order, uint32_t root,
		       bool ghosts, struct hits *hits, const atomic_bool *stop,
		       struct lam_error *err)
{
	for (uint32_t n = root + 1; n < r->facts->count; n++) {
		/* a regular expression may take long over a name */
		if (lam_stops(stop, (uint64_t)n << 4))
			return lam_fail_stopped(err);
		if (!is_below(order, root, n) ||
		    (!ghosts && (r->facts->flags[n] & FACT_DEAD)) || !is_hit(r, n))
			continue;
		bits_set(&hits->places, order->place[n], true);
		hits->count++;
	}
	return 0;
}

static int list_nodes(struct hits *hits, const struct order *order, struct lam_error *err)
{
	size_t count = 0;

	hits->nodes = malloc((hits->count + 1) * sizeof *hits->nodes);
	if (!hits->nodes)
		return lam_fail_memory(err);
	for (uint32_t w = 0; w <= hits->places.count / 64; w++) {
		for (uint64_t word = hits->places.words[w]; word; word &= word - 1)
			hits->nodes[count++] =
				order->walk[w * 64 + (uint32_t)__builtin_ctzll(word)];
	}
	return 0;
}

int search_run(const struct search *search, const struct facts *facts,
	       const struct order *order, uint32_t root, bool ghosts,
	       const atomic_bool *stop, struct hits **out, struct lam_error *err)
{
	LAM_CLEANUP(run_fini) struct run r;
	struct hits *hits = lam_xcalloc(1, sizeof *hits);

	*out = NULL;
	if (!run_init(&r, search, facts) || !bits_init(&hits->places, facts->count))
		(void)lam_fail_memory(err);
	else if (find_places(&r, order, root, ghosts, hits, stop, err) == 0 &&
		 list_nodes(hits, order, err) == 0)
		*out = hits;
	if (*out)
		return 0;
	hits_free(hits);
	return err->code;
}

void hits_free(struct hits *hits)
{
	if (!hits)
		return;
	free(hits->nodes);
	bits_fini(&hits->places);
	free(hits);
}

void hits_reorder(struct hits *hits, const struct order *order)
{
	memset(hits->places.words, 0,
	       ((size_t)hits->places.count / 64 + 1) * sizeof *hits->places.words);
	for (size_t i = 0; i < hits->count; i++)
		bits_set(&hits->places, order->place[hits->nodes[i]], true);
}

/* How many hits stand before a place. */
static size_t hits_before(const struct hits *hits, uint32_t place)
{
	uint64_t below = (UINT64_C(1) << (place % 64)) - 1;
	size_t count = 0;

	for (uint32_t w = 0; w < place / 64; w++)
		count += (size_t)__builtin_popcountll(hits->places.words[w]);
	return count +
	       (size_t)__builtin_popcountll(hits->places.words[place / 64] & below);
}

/* The place of the hit with a number. */
static uint32_t hits_place(const struct hits *hits, size_t number)
{
	const uint64_t *words = hits->places.words;
	uint64_t word;
	uint32_t w = 0;

	for (size_t own; number >= (own = (size_t)__builtin_popcountll(words[w])); w++)
		number -= own;
	for (word = words[w]; number > 0; number--)
		word &= word - 1;
	return w * 64 + (uint32_t)__builtin_ctzll(word);
}

uint32_t hits_next(const struct hits *hits, const struct order *order, uint32_t from,
		   bool backwards, size_t *out_number)
{
	uint32_t place = order->place[from];
	size_t number;

	if (hits->count == 0)
		return LAM_NODE_NONE;
	if (backwards)
		number = (hits_before(hits, place) + hits->count - 1) % hits->count;
	else
		number = hits_before(hits, place + 1) % hits->count;
	*out_number = number;
	return order->walk[hits_place(hits, number)];
}

/* A pattern of a plan */

static void count_entry(struct pattern_sum *out, const struct facts *facts, uint32_t node,
			bool moves)
{
	uint32_t origin = lam_tree_origin(facts->tree, node);

	out->entries++;
	if (!moves)
		return;
	out->several =
		out->several || (out->origin != LAM_TARGET_NONE && out->origin != origin);
	out->origin = out->several ? LAM_TARGET_NONE : origin;
}

static int count_matches(struct pattern_sum *out, const struct lam_glob *glob,
			 struct names_paths *paths, struct bits *within,
			 const atomic_bool *stop, struct lam_error *err)
{
	for (uint32_t n = 0; n < paths->facts->count; n++) {
		const struct lam_node *node = lam_tree_node(paths->facts->tree, n);
		const char *path;
		size_t len;

		if (lam_stops(stop, (uint64_t)n << 2))
			return lam_fail_stopped(err);
		if (!node->live)
			continue;
		if (n != LAM_NODE_ROOT && bits_get(within, node->parent)) {
			bits_set(within, n, true);
			count_entry(out, paths->facts, n, true);
			continue;
		}
		path = names_path(paths, n, &len);
		if (!lam_glob_match(glob, path, len))
			continue;
		bits_set(within, n, true);
		count_entry(out, paths->facts, n, true);
		out->bytes += node->live_bytes;
	}
	return 0;
}

/* What the packages own that it means: of directories what is in them. */
static int count_packages(struct pattern_sum *out, const char *text,
			  const struct facts *facts, const atomic_bool *stop,
			  struct lam_error *err)
{
	LAM_CLEANUP(lam_free_ptr) char *pattern = lam_xprintf("/%s", text);
	const struct lam_packages *packages;
	struct lam_glob *glob;

	if (lam_packages_of(&packages, facts->image, stop, err) < 0 ||
	    lam_glob_new(&glob, pattern, err) < 0)
		return err->code;
	for (size_t i = 0; i < lam_packages_count(packages); i++) {
		const struct lam_package *p = lam_packages_get(packages, i);
		LAM_CLEANUP(lam_free_ptr)
		char *name = lam_xprintf("/%s:%s", p->kind, p->name);
		size_t count;
		const uint32_t *nodes = lam_packages_nodes(packages, i, &count);

		if (!lam_glob_match(glob, name, strlen(name)))
			continue;
		for (size_t k = 0; k < count; k++) {
			const struct lam_node *node =
				lam_tree_node(facts->tree, nodes[k]);

			if (!node->live)
				continue;
			/* a directory that others are in too stays */
			count_entry(out, facts, nodes[k], node->kind != LAM_KIND_DIR);
			out->bytes += node->kind != LAM_KIND_DIR ? node->live_bytes : 0;
		}
	}
	lam_glob_free(glob);
	return 0;
}

int pattern_count(struct pattern_sum *out, const char *text, const struct facts *facts,
		  const atomic_bool *stop, struct lam_error *err)
{
	LAM_CLEANUP(bits_fini) struct bits within = { 0 };
	LAM_CLEANUP(names_paths_fini) struct names_paths paths;
	struct lam_glob *glob;
	int code;

	*out = (struct pattern_sum){ .origin = LAM_TARGET_NONE };
	names_paths_init(&paths, facts, false);
	if (lam_package_is_named(text))
		return count_packages(out, text, facts, stop, err);
	if (lam_glob_new(&glob, text, err) < 0)
		return err->code;
	code = bits_init(&within, facts->count)
		       ? count_matches(out, glob, &paths, &within, stop, err)
		       : lam_fail_memory(err);
	lam_glob_free(glob);
	return code;
}
