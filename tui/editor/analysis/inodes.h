/* The inodes of all layers as one set of numbers: which of them a live path shows, and
 * which have been met already. Bytes that several names share count once that way. */
#ifndef MODEL_INODES_H
#define MODEL_INODES_H

#include <stdatomic.h>

#include <lamina/image.h>

#include "editor/list/bits.h"

struct inodes {
	uint32_t *begin; /* of each layer's numbers */
	size_t layer_count;
	struct bits live, met;
};

/* On failure too it must be fini'd. */
int inodes_init(struct inodes *inodes, const struct lam_image *image,
		const atomic_bool *stop, struct lam_error *err);
void inodes_fini(struct inodes *inodes);

static inline uint32_t inodes_number(const struct inodes *inodes,
				     const struct lam_version *version)
{
	return inodes->begin[version->inode_layer] + version->inode;
}

/* Whether no live path shows what a version holds, asked for the first time; false for
 * versions that hold nothing. */
bool inodes_meet_dead(struct inodes *inodes, const struct lam_version *version);

#endif
