/* A layer while it is made. Entries are played into a folder of places (layer_place,
 * layer_walk), what they say of files goes to inodes (layer_inode), and in the end the
 * places that are left become the layer's nodes (layer_finish). */
#ifndef LAM_LAYER_BUILD_H
#define LAM_LAYER_BUILD_H

#include "base/buf.h"
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
	uint32_t parent, name;
	uint32_t first_child, next_sibling; /* newest first */
	uint32_t inode;
	uint8_t state; /* enum lam_place_state */
	uint8_t kind;
	bool whiteout; /* ".wh.NAME" stands in this layer */
	bool opaque;
	bool weak; /* a directory that only whiteouts in it imply */
};

struct lam_layer_builder {
	struct lam_layer *layer;
	struct lam_place *places;
	size_t place_count, place_cap;
	uint32_t *slots; /* (parent, name) -> place + 1 */
	size_t slot_count;
	enum lam_kind last_extra_kind; /* of the inode that the last extra is for */
	uint32_t own_count;            /* inodes that are stored here */
	size_t ref_cap, inode_cap, extra_cap, record_cap, extent_cap, text_cap;
	struct lam_buf path, target, rest, next; /* scratch */
	struct lam_buf last_parent; /* the parent of the entry before, and its place */
	uint32_t last_place;        /* NONE: not known any more */
};

/* About the path at hand. */
int lam_layer_note(struct lam_layer_builder *b, enum lam_layer_rule rule,
		   struct lam_error *err);

/* layer_place.c: NONE where the name has not been mentioned there. */
uint32_t lam_place_find(const struct lam_layer_builder *b, uint32_t parent,
			const char *name, size_t len);
int lam_place_get(struct lam_layer_builder *b, uint32_t parent, const char *name,
		  size_t len, uint32_t *out, struct lam_error *err);
bool lam_place_is_dir(const struct lam_place *place);
/* Everything below a place goes, as if removed from the folder. */
void lam_place_clear_below(struct lam_layer_builder *b, uint32_t top);

/* layer_walk.c: the directory that a path leads to, symlinks of the layer followed. What
 * is missing on the way is made, unless it is only looked for. Notes what is odd, but for
 * FIND. */
enum lam_walk { LAM_WALK_FIND, LAM_WALK_IMPLY, LAM_WALK_IMPLY_WEAKLY };
enum lam_walked { LAM_WALKED, LAM_NOT_THERE, LAM_NOT_A_DIRECTORY, LAM_WALK_LOOP };
int lam_layer_walk(struct lam_layer_builder *b, const char *path, size_t len,
		   enum lam_walk how, uint32_t *out, enum lam_walked *out_how,
		   struct lam_error *err);

/* layer_inode.c */
int lam_layer_add_inode(struct lam_layer_builder *b, const struct lam_entry *entry,
			uint64_t offset, struct lam_str target, uint32_t *out,
			struct lam_error *err);
/* A link's header speaks for the inode, as unpackers set it on the link's name. */
int lam_layer_link_metadata(struct lam_layer_builder *b, uint32_t inode,
			    const struct lam_entry *entry, struct lam_error *err);

#endif
