/* Arenas, and arrays that grow or are large. */
#include "base/arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/memory.h"

/* Linux 5.14; older ones refuse it, and the C library's headers may be older still. */
#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

#define BLOCK (64u << 10)
/* On x86-64, and elsewhere with pages of 4 KiB. */
#define HUGE_PAGE (2u << 20)
#define PAGE      (4u << 10)
#define FAULTS    16 /* from so many on, one call for all of them is cheaper */

struct lam_arena_block {
	struct lam_arena_block *previous;
	size_t size;
	alignas(max_align_t) char bytes[];
};

void lam_arena_fini(struct lam_arena *arena)
{
	while (arena->last) {
		struct lam_arena_block *block = arena->last;

		arena->last = block->previous;
		free(block);
	}
	*arena = (struct lam_arena){ 0 };
}

void *lam_arena_alloc(struct lam_arena *arena, size_t size)
{
	size_t align = size >= sizeof(max_align_t) ? alignof(max_align_t) : 1;
	size_t used = (arena->used + align - 1) & ~(align - 1);
	struct lam_arena_block *block = arena->last;

	if (!block || used > block->size || size > block->size - used) {
		size_t want = size > BLOCK / 4 ? size : BLOCK - sizeof *block;

		if (size > SIZE_MAX - sizeof *block)
			lam_out_of_memory();
		block = lam_xmalloc(sizeof *block + want);
		block->size = want;
		block->previous = arena->last;
		arena->last = block;
		used = 0;
	}
	arena->used = used + size;
	arena->total += size;
	return block->bytes + used;
}

char *lam_arena_copy(struct lam_arena *arena, const char *bytes, size_t len)
{
	char *copy = lam_arena_alloc(arena, len + 1);

	if (len)
		memcpy(copy, bytes, len);
	copy[len] = '\0';
	return copy;
}

void *lam_alloc_large(size_t size)
{
	size_t page = size < HUGE_PAGE ? PAGE : HUGE_PAGE, whole = size / page * page;
	void *out;

	if (size < FAULTS * PAGE)
		return malloc(size);
	if (posix_memalign(&out, page, size) != 0)
		return NULL;
	/* faster; no more than that */
	(void)madvise(out, whole, page == PAGE ? MADV_POPULATE_WRITE : MADV_HUGEPAGE);
	return out;
}

void *lam_zeroed_large(size_t count, size_t size)
{
	void *out;

	if (count > SIZE_MAX / size || count * size < FAULTS * PAGE)
		return calloc(count, size);
	out = lam_alloc_large(count * size);
	if (out)
		memset(out, 0, count * size);
	return out;
}

int lam_grow(void **array, size_t count, size_t *cap, size_t size, struct lam_error *err)
{
	size_t more = *cap ? *cap + *cap / 2 + 1 : 8;
	void *grown;

	if (count < *cap)
		return 0;
	if (more > SIZE_MAX / size)
		return lam_fail_memory(err);
	grown = realloc(*array, more * size);
	if (!grown)
		return lam_fail_memory(err);
	*array = grown;
	*cap = more;
	return 0;
}
