/* A cursor in a list that scrolls to it. */
#include "ui/list.h"

#include <stdint.h>

#define FAR ((long)(SIZE_MAX / 2)) /* more rows than there can be */

static size_t clamped(size_t at, long by, size_t most)
{
	size_t distance = by < 0 ? (size_t) - (by + 1) + 1 : (size_t)by;

	if (by < 0)
		return distance > at ? 0 : at - distance;
	return at > most || distance > most - at ? most : at + distance;
}

static size_t last(size_t count, size_t shown)
{
	return count > shown ? count - shown : 0;
}

void list_fit(struct list *list, size_t count, size_t height)
{
	list->count = count;
	list->height = height;
	if (list->cursor > last(count, 1))
		list->cursor = last(count, 1);
	if (list->top > list->cursor)
		list->top = list->cursor;
	if (height == 0)
		return;
	if (list->cursor - list->top >= height)
		list->top = list->cursor - height + 1;
	if (list->top > last(count, height))
		list->top = last(count, height);
}

void list_go(struct list *list, size_t row)
{
	list->cursor = row;
	list_fit(list, list->count, list->height);
}

void list_move(struct list *list, long by)
{
	list_go(list, clamped(list->cursor, by, last(list->count, 1)));
}

void list_page(struct list *list, long pages, bool half)
{
	/* One row of what was seen stays in view. */
	size_t step = half ? list->height / 2 : last(list->height, 1);
	long by;

	if (step == 0)
		step = 1;
	if (__builtin_mul_overflow(pages, (long)step, &by))
		by = pages < 0 ? -FAR : FAR;
	list->top = clamped(list->top, by, last(list->count, list->height));
	list_move(list, by);
}
