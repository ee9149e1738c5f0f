/* A merge sort, from runs of one item on. */
#include "base/sort.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/stop.h"

struct sort {
	size_t count, size;
	int (*compare)(const void *a, const void *b, void *context);
	void *context;
	const atomic_bool *stop;
	uint64_t steps;
};

/* Two runs that stand together, [begin, middle) and [middle, end), to the same place in
 * `to`; false where it was stopped. */
static bool merge(struct sort *s, const char *from, char *to, size_t begin, size_t middle,
		  size_t end)
{
	size_t a = begin, b = middle;

	for (size_t at = begin; at < end; at++) {
		bool first = a < middle && (b == end || s->compare(from + a * s->size,
								   from + b * s->size,
								   s->context) <= 0);

		if (lam_stops(s->stop, s->steps++))
			return false;
		memcpy(to + at * s->size, from + (first ? a++ : b++) * s->size, s->size);
	}
	return true;
}

static bool merge_all(struct sort *s, const char *from, char *to, size_t run)
{
	for (size_t begin = 0; begin < s->count; begin += 2 * run) {
		size_t left = s->count - begin,
		       middle = begin + (left < run ? left : run),
		       end = begin + (left < 2 * run ? left : 2 * run);

		if (!merge(s, from, to, begin, middle, end))
			return false;
	}
	return true;
}

int lam_sort(void *items, size_t count, size_t size,
	     int (*compare)(const void *a, const void *b, void *context), void *context,
	     const atomic_bool *stop, struct lam_error *err)
{
	struct sort s = { count, size, compare, context, stop, 0 };
	LAM_CLEANUP(lam_free_ptr) char *spare = NULL;
	char *from = items, *to;

	if (count < 2)
		return 0;
	to = spare = malloc(count * size);
	if (!spare)
		return lam_fail_memory(err);
	for (size_t run = 1; run < count; run *= 2) {
		char *sorted = to;

		if (!merge_all(&s, from, to, run)) {
			if (from != items)
				memcpy(items, from, count * size);
			return lam_fail_stopped(err);
		}
		to = from;
		from = sorted;
	}
	if (from != items)
		memcpy(items, from, count * size);
	return 0;
}
