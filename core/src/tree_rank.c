/* The order of names as bytes, eight bytes at a time: names that are alike so far are
 * sorted by their next eight, so the time is that of reading each name once, whatever
 * they have in common. */
#include <stdlib.h>
#include <string.h>

#include "stream.h"
#include "tree_merge.h"

#define KEY 8u
/* Below this many, comparing is faster than counting. */
#define FEW 1024u

struct item {
	uint64_t key;
	uint32_t name;
	uint32_t len; /* of the name */
};

struct run { /* of items that are alike so far */
	uint32_t begin, end;
};

struct ranking {
	const struct lam_names *names;
	const struct lam_progress *progress;
	struct item *items, *spare;
	struct run *runs, *next;
	size_t run_count, next_count, next_cap;
};

static int by_key(const void *a, const void *b)
{
	const struct item *x = a, *y = b;

	if (x->key != y->key)
		return x->key < y->key ? -1 : 1;
	return (x->len > y->len) - (x->len < y->len);
}

/* Big-endian, with zeros behind the name's end. */
static uint64_t key_at(const struct lam_names *names, uint32_t name, size_t depth)
{
	unsigned char bytes[KEY] = { 0 };
	size_t len;
	const char *text = lam_names_get(names, name, &len);
	uint64_t key = 0;

	if (depth < len)
		memcpy(bytes, text + depth, len - depth < KEY ? len - depth : KEY);
	for (size_t i = 0; i < KEY; i++)
		key = key << 8 | bytes[i];
	return key;
}

/* One byte of the keys, least significant first; keeps the order of what is equal.
 * Returns whether anything moved. */
static bool count_sort(const struct item *from, struct item *to, uint32_t count,
		       unsigned shift)
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

static int sort_run(struct ranking *r, struct run run, size_t depth,
		    struct lam_error *err)
{
	struct item *items = r->items + run.begin, *spare = r->spare + run.begin;
	uint32_t count = run.end - run.begin;

	for (uint32_t i = 0; i < count; i++)
		items[i].key = key_at(r->names, items[i].name, depth);
	if (count < FEW) {
		qsort(items, count, sizeof *items, by_key);
		return 0;
	}
	for (unsigned shift = 0; shift < 64; shift += 8) {
		if (lam_progress_stopped(r->progress))
			return lam_fail(err, LAM_ESTOPPED, "stopped");
		if (count_sort(items, spare, count, shift))
			memcpy(items, spare, count * sizeof *items);
	}
	return 0;
}

/* What is still alike in a sorted run is a run of the next depth. */
static int split_run(struct ranking *r, struct run run, size_t depth,
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
		r->next[r->next_count++] = (struct run){ begin, end };
	}
	return 0;
}

static int rank_all(struct ranking *r, struct lam_error *err)
{
	for (size_t depth = 0; r->run_count; depth += KEY) {
		r->next_count = r->next_cap = 0;
		for (size_t i = 0; i < r->run_count; i++) {
			if (sort_run(r, r->runs[i], depth, err) < 0 ||
			    split_run(r, r->runs[i], depth, err) < 0)
				return err->code;
		}
		free(r->runs);
		r->runs = r->next;
		r->run_count = r->next_count;
		r->next = NULL;
	}
	return 0;
}

static int start(struct ranking *r, uint32_t count, struct lam_error *err)
{
	r->items = malloc(count * sizeof *r->items);
	r->spare = malloc(count * sizeof *r->spare);
	r->runs = malloc(sizeof *r->runs);
	if (!r->items || !r->spare || !r->runs)
		return lam_fail_memory(err);
	for (uint32_t i = 0; i < count; i++) {
		size_t len;

		lam_names_get(r->names, i, &len);
		r->items[i] = (struct item){ .name = i, .len = (uint32_t)len };
	}
	r->runs[0] = (struct run){ 0, count };
	r->run_count = 1;
	return 0;
}

uint32_t *lam_names_rank(const struct lam_names *names,
			 const struct lam_progress *progress, struct lam_error *err)
{
	struct ranking r = { .names = names, .progress = progress };
	uint32_t *rank = NULL;

	if (start(&r, names->count, err) == 0 && rank_all(&r, err) == 0) {
		/* before more is asked for: memory is at its highest here */
		free(r.spare);
		r.spare = NULL;
		rank = malloc(names->count * sizeof *rank);
		for (uint32_t i = 0; rank && i < names->count; i++)
			rank[r.items[i].name] = i;
		if (!rank)
			(void)lam_fail_memory(err);
	}
	free(r.items);
	free(r.spare);
	free(r.runs);
	free(r.next);
	return rank;
}
