#include "editor/find/search.h"

#include <regex.h>
#include <stdlib.h>
#include <string.h>

#include "editor/find/names.h"
#include "editor/list/bits.h"
#include "editor/list/stop.h"

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
	int code = 0;

	*out = NULL;
	pattern += is_regex ? 2 : 0;
	if (!*pattern)
		return lam_fail(err, LAM_EUSAGE, "nothing to search for");
	s = calloc(1, sizeof *s);
	if (!s)
		return lam_fail_memory(err);
	s->without_case = !names_has_capital(pattern);
	s->is_path = strchr(pattern, '/');
	s->text = strdup(pattern);
	s->len = strlen(pattern);
	if (!s->text)
		code = lam_fail_memory(err);
	if (code == 0 && is_regex)
		code = parse_regex(s, pattern, err);
	if (code < 0)
		search_free(s);
	else
		*out = s;
	return code;
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
	struct names_text scratch;
	struct names_paths paths;
	struct bits known, hit; /* of each name */
};

static int run_init(struct run *r, const struct search *search, const struct facts *facts,
		    struct lam_error *err)
{
	uint32_t most = 0;

	*r = (struct run){ .search = search, .facts = facts };
	names_paths_init(&r->paths, facts, true);
	for (uint32_t n = 0; n < facts->count; n++) {
		uint32_t name = lam_tree_node(facts->tree, n)->name;

		most = name > most ? name : most;
	}
	if (bits_init(&r->known, most + 1) && bits_init(&r->hit, most + 1))
		return 0;
	return lam_fail_memory(err);
}

static void run_fini(struct run *r)
{
	names_text_fini(&r->scratch);
	names_paths_fini(&r->paths);
	bits_fini(&r->known);
	bits_fini(&r->hit);
}

/* False on no memory. */
static bool look_at(struct run *r, uint32_t n, bool *out)
{
	uint32_t name = lam_tree_node(r->facts->tree, n)->name;
	const char *text;
	size_t len;

	if (r->search->is_path) {
		text = names_path(&r->paths, n, &len);
		*out = text && is_in(r->search, text, len);
		return text;
	}
	if (!bits_get(&r->known, name)) {
		text = names_of(r->facts, n, &r->scratch, &len);
		if (!text)
			return false;
		bits_set(&r->known, name, true);
		bits_set(&r->hit, name, is_in(r->search, text, len));
	}
	*out = bits_get(&r->hit, name);
	return true;
}

static bool is_below(const struct order *order, uint32_t root, uint32_t n)
{
	uint32_t place = order->place[n] - order->place[root];

	return n != root && place < order->span[root];
}

/* Places of what was found, as bits: that sorts them. */
static int find_places(struct run *r, const struct order *order, uint32_t root,
		       bool ghosts, struct bits *places, size_t *out_count,
		       const atomic_bool *stop, struct lam_error *err)
{
	for (uint32_t n = root + 1; n < r->facts->count; n++) {
		bool hit;

		if ((n & 255) == 0 && stop_is_set(stop))
			return stop_fail(err);
		if (!is_below(order, root, n) ||
		    (!ghosts && (r->facts->flags[n] & FACT_DEAD)))
			continue;
		if (!look_at(r, n, &hit))
			return lam_fail_memory(err);
		if (!hit)
			continue;
		bits_set(places, order->place[n], true);
		(*out_count)++;
	}
	return 0;
}

static void list_places(uint32_t *out, const struct bits *places)
{
	size_t count = 0;

	for (uint32_t w = 0; w <= places->count / 64; w++) {
		for (uint64_t word = places->words[w]; word; word &= word - 1)
			out[count++] = w * 64 + (uint32_t)__builtin_ctzll(word);
	}
}

static struct hits *hits_new(const struct bits *places, size_t count,
			     const struct order *order)
{
	struct hits *hits = calloc(1, sizeof *hits);

	if (!hits)
		return NULL;
	hits->count = count;
	hits->nodes = malloc((count + 1) * sizeof *hits->nodes);
	hits->places = malloc((count + 1) * sizeof *hits->places);
	if (!hits->nodes || !hits->places) {
		hits_free(hits);
		return NULL;
	}
	list_places(hits->places, places);
	for (size_t i = 0; i < count; i++)
		hits->nodes[i] = order->walk[hits->places[i]];
	return hits;
}

int search_run(const struct search *search, const struct facts *facts,
	       const struct order *order, uint32_t root, bool ghosts,
	       const atomic_bool *stop, struct hits **out, struct lam_error *err)
{
	struct bits places = { 0 };
	struct run r;
	size_t count = 0;
	int code = run_init(&r, search, facts, err);

	*out = NULL;
	if (code == 0 && !bits_init(&places, facts->count))
		code = lam_fail_memory(err);
	if (code == 0)
		code = find_places(&r, order, root, ghosts, &places, &count, stop, err);
	if (code == 0) {
		*out = hits_new(&places, count, order);
		code = *out ? 0 : lam_fail_memory(err);
	}
	bits_fini(&places);
	run_fini(&r);
	return code;
}

void hits_free(struct hits *hits)
{
	if (!hits)
		return;
	free(hits->nodes);
	free(hits->places);
	free(hits);
}

static int compare_places(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

void hits_reorder(struct hits *hits, const struct order *order)
{
	uint32_t most = 0;
	struct bits places;

	for (size_t i = 0; i < hits->count; i++) {
		hits->places[i] = order->place[hits->nodes[i]];
		most = hits->places[i] > most ? hits->places[i] : most;
	}
	if (!bits_init(&places, most + 1)) {
		qsort(hits->places, hits->count, sizeof *hits->places, compare_places);
		return;
	}
	for (size_t i = 0; i < hits->count; i++)
		bits_set(&places, hits->places[i], true);
	list_places(hits->places, &places);
	bits_fini(&places);
}

/* How many hits stand before a place. */
static size_t hits_before(const struct hits *hits, uint32_t place)
{
	size_t low = 0, high = hits->count;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (hits->places[mid] < place)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
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
	return order->walk[hits->places[number]];
}
