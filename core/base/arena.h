/* Memory that lives and dies with an image, a layer or a plan, and arrays as large as an
 * image. */
#ifndef LAM_ARENA_H
#define LAM_ARENA_H

#include <stddef.h>

#include <lamina/error.h>

struct lam_arena_block;

struct lam_arena {
	struct lam_arena_block *last;
	size_t used;  /* in the last block */
	size_t total; /* bytes handed out, for memory accounts */
};

/* All-zero is an empty arena. */
void lam_arena_fini(struct lam_arena *arena);
/* Aligned to max_align_t for sizes >= 16, below that not at all. Not zeroed. Never NULL
 * (memory.h). */
void *lam_arena_alloc(struct lam_arena *arena, size_t size);
/* A copy with a closing '\0'; the bytes may hold others. */
char *lam_arena_copy(struct lam_arena *arena, const char *bytes, size_t len);

/* As malloc(), and free() frees it. The kernel is asked for huge pages where whole ones
 * are filled, and below that for all pages at once: one small page after another costs
 * more to be touched first than what is done with it. What nobody touches of 2 MiB and
 * more is no memory, so room may be asked for freely. */
void *lam_alloc_large(size_t size);
/* The same, as calloc(). */
void *lam_zeroed_large(size_t count, size_t size);

/* A growing array of fixed-size things: `LAM_GROW(layer->nodes, layer->node_count,
 * layer->node_cap, err)` makes room for one more, doubling; returns 0 or LAM_ENOMEM. */
int lam_grow(void **array, size_t count, size_t *cap, size_t size, struct lam_error *err);
#define LAM_GROW(array, count, cap, err) \
	lam_grow((void **)&(array), (count), &(cap), sizeof *(array), (err))

#endif
