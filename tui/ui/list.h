/* A cursor in a list of rows, and which part of the list is shown. Every list of the
 * screen is one of these, so that each scrolls to its cursor at every size. */
#ifndef UI_LIST_H
#define UI_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct list {
	size_t count, cursor, top; /* cursor < count, or 0 */
	size_t height;             /* rows that are shown; 0: not laid out yet */
};

/* Keeps the cursor inside, and in view. Idempotent. */
void list_fit(struct list *list, size_t count, size_t height);
void list_move(struct list *list, long by); /* stops at the ends */
void list_page(struct list *list, long pages, bool half);
void list_go(struct list *list, size_t row);

#endif
