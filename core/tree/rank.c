/* Siblings in the order of their names as bytes, eight bytes at a time: names that are
 * alike so far are sorted by their next eight, so the time is that of reading each name
 * once, whatever they have in common. */
#include <stdlib.h>
#include <string.h>

#include "tree/merge.h"

#define KEY 8u
/* Below this many, comparing is faster than counting. */
#define FEW 1024u

struct lam_ranked {
	uint64_t key;
	uint32_t twig;
	uint32_t len; /* of its name */
};

struct lam_run { /* of items that are alike so far */
	uint32_t begin, end;
};

static int by_key(const void *a, const void *b)
{
	const struct lam_ranked *x = a, *y = b;

	if (x->key != y->key)
		return x->key < y->key ? -1 : 1;
	return (x->len > y->len) - (x->len < y->len);
}

/* Big-endian, with zeros behind the name's end. */
static uint64_t key_at(const struct lam_merge *m, uint32_t twig, size_t depth)
{
	unsigned char bytes[KEY] = { 0 };
	size_t len;
	const char *text =
		lam_names_get(&m->tree->names, m->tree->nodes[twig].name, &len);
	uint64_t key = 0;

	if (depth < len)
		memcpy(bytes, text + depth, len - depth < KEY ? len - depth : KEY);
	for (size_t i = 0; i < KEY; i++)
		key = key << 8 | bytes[i];
	return key;
}

/* One byte of the keys, least significant first; keeps the order of what is equal.
 * Returns whether anything moved. */
static bool count_sort(const struct lam_ranked *from, struct lam_ranked *to,
		       uint32_t count, unsigned shift)
{
	uint32_t begin[256] = { 0 }, sum = 0;

	for (uint32_t i = 0; i < count; i++)
		begin[from[i].key >> shift & 255]++;
	if (begin[from[0].key >> shift & 255] == count)
		return false;
	for (size_t b = 0; b < 256; b++) {
		uint32_t many = begin[b];

		begin[b] = sum;
		sum += many;
	}
	for (uint32_t i = 0; i < count; i++)
		to[begin[from[i].key >> shift & 255]++] = from[i];
	return true;
}

static int sort_run(struct lam_ranking *r, struct lam_run run, size_t depth,
		    struct lam_error *err)
{
	struct lam_ranked *items = r->items + run.begin, *spare = r->spare + run.begin;
	uint32_t count = run.end - run.begin;

	for (uint32_t i = 0; i < count; i++)
		items[i].key = key_at(r->merge, items[i].twig, depth);
	if (count < FEW) {
		qsort(items, count, sizeof *items, by_key);
		return 0;
	}
	for (unsigned shift = 0; shift < 64; shift += 8) {
		if (lam_merge_check(r->merge, err) < 0)
			return err->code;
		if (count_sort(items, spare, count, shift))
			memcpy(items, spare, count * sizeof *items);
	}
	return 0;
}

/* What is still alike in a sorted run is a run of the next depth. */
static int split_run(struct lam_ranking *r, struct lam_run run, size_t depth,
		     struct lam_error *err)
{
	for (uint32_t begin = run.begin, end; begin < run.end; begin = end) {
		uint32_t longest = 0;

		for (end = begin;
		     end < run.end && r->items[end].key == r->items[begin].key; end++) {
			if (r->items[end].len > longest)
				longest = r->items[end].len;
		}
		if (end - begin == 1)
			continue;
		if (longest <= depth + KEY) {
			/* a name, and the same with zero bytes behind it */
			qsort(r->items + begin, end - begin, sizeof *r->items, by_key);
			continue;
		}
		if (LAM_GROW(r->next, r->next_count, r->next_cap, err) < 0)
			return err->code;
		r->next[r->next_count++] = (struct lam_run){ begin, end };
	}
	return 0;
}

static int rank_all(struct lam_ranking *r, struct lam_error *err)
{
	for (size_t depth = 0; r->run_count; depth += KEY) {
		struct lam_run *done = r->runs;
		size_t cap = r->run_cap;

		r->next_count = 0;
		for (size_t i = 0; i < r->run_count; i++) {
			if (sort_run(r, r->runs[i], depth, err) < 0 ||
			    split_run(r, r->runs[i], depth, err) < 0)
				return err->code;
		}
		r->runs = r->next;
		r->run_count = r->next_count;
		r->run_cap = r->next_cap;
		r->next = done;
		r->next_cap = cap;
	}
	return 0;
}

static int reserve(struct lam_ranked **items, size_t *cap, size_t count,
		   struct lam_error *err)
{
	struct lam_ranked *more;

	if (count <= *cap)
		return 0;
	more = realloc(*items, count * sizeof *more);
	if (!more)
		return lam_fail_memory(err);
	*items = more;
	*cap = count;
	return 0;
}

static int start(struct lam_ranking *r, const uint32_t *twigs, uint32_t count,
		 struct lam_error *err)
{
	if (reserve(&r->items, &r->cap, count, err) < 0 ||
	    (count >= FEW && reserve(&r->spare, &r->spare_cap, count, err) < 0) ||
	    LAM_GROW(r->runs, 0, r->run_cap, err) < 0)
		return err->code;
	for (uint32_t i = 0; i < count; i++) {
		size_t len;

		lam_names_get(&r->merge->tree->names,
			      r->merge->tree->nodes[twigs[i]].name, &len);
		r->items[i] =
			(struct lam_ranked){ .twig = twigs[i], .len = (uint32_t)len };
	}
	r->runs[0] = (struct lam_run){ 0, count };
	r->run_count = 1;
	return 0;
}

static bool is_before(const struct lam_merge *m, uint32_t a, uint32_t b)
{
	size_t a_len, b_len;
	const char *x = lam_names_get(&m->tree->names, m->tree->nodes[a].name, &a_len),
		   *y = lam_names_get(&m->tree->names, m->tree->nodes[b].name, &b_len);

	return lam_names_compare(x, a_len, y, b_len) < 0;
}

/* Most tars have siblings in order, and the last one found comes first here. */
static bool turn_round(const struct lam_merge *m, uint32_t *twigs, uint32_t count)
{
	for (uint32_t i = 1; i < count; i++) {
		if (!is_before(m, twigs[i], twigs[i - 1]))
			return false;
	}
	for (uint32_t i = 0; i < count / 2; i++) {
		uint32_t swap = twigs[i];

		twigs[i] = twigs[count - 1 - i];
		twigs[count - 1 - i] = swap;
	}
	return true;
}

int lam_rank(struct lam_ranking *r, uint32_t *twigs, uint32_t count,
	     struct lam_error *err)
{
	if (turn_round(r->merge, twigs, count))
		return 0;
	if (start(r, twigs, count, err) < 0 || rank_all(r, err) < 0)
		return err->code;
	for (uint32_t i = 0; i < count; i++)
		twigs[i] = r->items[i].twig;
	return 0;
}

void lam_ranking_fini(struct lam_ranking *r)
{
	free(r->items);
	free(r->spare);
	free(r->runs);
	free(r->next);
}
