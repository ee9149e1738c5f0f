/* A layer while it is made: the folder that its entries are played into (build.c), what
 * they say of files (inode.c), and the index that it becomes (nodes.c). */
#ifndef LAM_LAYER_BUILD_H
#define LAM_LAYER_BUILD_H

#include "base/buf.h"
#include "layer/dentry.h"
#include "layer/layer.h"

#define LAM_PLACE_ROOT 0u
#define LAM_PLACE_NONE UINT32_MAX

enum lam_place_state {
	LAM_PLACE_ABSENT,
	LAM_PLACE_PRESENT,
	LAM_PLACE_BELOW, /* a hard link to a lower layer */
};

/* A name that the tar has mentioned. */
struct lam_place {
	uint32_t parent, name;              /* struct lam_dentry */
	uint32_t first_child, next_sibling; /* newest first */
	uint32_t inode;
	uint8_t state; /* enum lam_place_state */
	uint8_t kind;
	bool listed;   /* among its parent's children */
	bool whiteout; /* ".wh.NAME" stands in this layer */
	bool opaque;
	bool fresh; /* a directory that was implied behind its whiteout */
	bool weak;  /* a directory that only whiteouts in it imply */
};

struct lam_layer_builder {
	struct lam_layer *layer;
	struct lam_place *places;
	size_t place_count, place_cap;
	struct lam_dentries dentries;  /* of places */
	enum lam_kind last_extra_kind; /* of the inode that the last extra is for */
	uint64_t hole_bytes;
	size_t inode_cap, extra_cap, record_cap, extent_cap, text_cap;
	struct lam_buf path, target; /* scratch */
	struct lam_buf last_parent;  /* the parent of the entry before, and its place */
	uint32_t last_place;         /* NONE: not known any more */
};

static inline bool lam_place_is_dir(const struct lam_place *p)
{
	return p->state == LAM_PLACE_PRESENT && p->kind == LAM_KIND_DIR;
}

/* About the path at hand. */
void lam_layer_note(struct lam_layer_builder *b, enum lam_odd odd);

int lam_layer_add_inode(struct lam_layer_builder *b, const struct lam_entry *entry,
			uint64_t offset, struct lam_str target, uint32_t *out,
			struct lam_error *err);
/* A link's header speaks for the inode, as unpackers set it on the link's name. */
int lam_layer_link_metadata(struct lam_layer_builder *b, uint32_t inode,
			    const struct lam_entry *entry, struct lam_error *err);

#endif
