/* One layer, indexed: what its tar makes of an empty folder, with whiteouts as marks.
 * Immutable once made. This is where the order of the tar stops to matter: names are
 * clean, parents that are symlinks of this same layer have been followed, of several
 * entries for a name the last is there, a whiteout and an entry of one name have become
 * an opaque directory or just the entry.
 *
 * Nodes are numbered from 0, the root, breadth first: parents before children, the
 * children of one node next to each other, in the order of their parents. */
#ifndef LAM_LAYER_H
#define LAM_LAYER_H

#include <string.h>

#include <lamina/error.h>
#include <lamina/stat.h>

#include "base/arena.h"
#include "base/names.h"
#include "base/stop.h"
#include "codec/checkpoint.h"
#include "layer/note.h"
#include "tar/entry.h"

#define LAM_INODE_NONE UINT32_MAX

enum lam_layer_mark {
	LAM_MARK_ENTRY, /* an entry, or a directory that one implies; kind is lam_inode's
			 */
	LAM_MARK_WHITEOUT, /* hides the name below */
	LAM_MARK_LINK,     /* a hard link to a file of a lower layer: the inode holds its
			      target alone */
};

enum lam_opaque {
	LAM_OPAQUE_NOT,
	LAM_OPAQUE,     /* hides what is in it below */
	LAM_OPAQUE_NEW, /* hides the lower directory itself, too; it has no inode */
};

struct lam_layer_node {
	uint32_t parent;
	uint32_t name;  /* in the layer's names */
	uint32_t inode; /* LAM_INODE_NONE: a whiteout, or an implied directory */
	uint8_t mark;   /* enum lam_layer_mark */
	uint8_t kind;   /* enum lam_kind, for ENTRY */
	uint8_t opaque; /* enum lam_opaque, for directories */
	uint8_t unused;
};

/* The kind of the inode of a LAM_MARK_LINK, beside enum lam_kind. */
#define LAM_KIND_BELOW 6

/* There are millions of these: what few have stands in tables beside them. */
struct lam_inode {
	int64_t mtime_s;
	uint64_t size;   /* of a FILE; of devices: major << 32 | minor; of SYMLINK and
			    BELOW: of the target */
	uint64_t offset; /* of a FILE's stored bytes in the tar; of SYMLINK and BELOW: of
			    the target, a clean path for BELOW, in the layer's text */
	uint32_t mtime_ns;
	uint32_t owner;   /* in the layer's owners */
	uint32_t extra;   /* in the layer's extras + 1; 0: none */
	uint32_t content; /* of a FILE: in the layer's contents + 1; 0: not known yet */
	uint16_t mode;
	uint8_t kind;
	uint8_t unused[5];
};

/* Where an inode stands, for layers that are made to be compared with others: what another
 * layer has already is not stored again. */
struct lam_inode_ref {
	uint32_t layer; /* of the others, or LAM_LAYER_OWN */
	uint32_t inode; /* in its inodes */
};
#define LAM_LAYER_OWN UINT32_MAX

struct lam_owner {
	int64_t uid, gid;
};

#define LAM_CONTENT 32u /* bytes of a SHA-256 */

struct lam_extra {
	uint32_t records, record_count; /* in the layer's records */
	uint32_t extents,
		extent_count; /* in the layer's extents; 0 of them: not sparse */
};

struct lam_layer {
	struct lam_names names;
	struct lam_names owners;   /* struct lam_owner, as bytes */
	struct lam_names contents; /* SHA-256 of files, as bytes */
	struct lam_layer_node *nodes;
	uint32_t node_count;
	struct lam_inode *inodes;
	uint32_t inode_count;
	struct lam_inode_ref *refs; /* of each inode; NULL: all are in `inodes` */
	const struct lam_layer *const *others; /* borrowed */
	struct lam_clamp times;                /* set back here, of whatever inode */
	char *text;                            /* link targets */
	size_t text_len;
	struct lam_extra *extras;
	uint32_t extra_count;
	struct lam_attribute *records;
	size_t record_count;
	uint64_t record_bytes;
	struct lam_extent *extents;
	size_t extent_count;
	struct lam_arena arena; /* records' bytes */
	struct lam_checkpoints points;
	struct lam_notes notes;
	uint32_t number;                      /* its place in the stack, for notes */
	uint32_t entry_count, whiteout_count; /* of the tar */
	uint64_t file_bytes;
	void *block; /* of a stored index: what the arrays are parts of */
};

static inline struct lam_owner lam_layer_owner(const struct lam_layer *layer,
					       const struct lam_inode *inode)
{
	struct lam_owner owner;

	memcpy(&owner, layer->owners.text + inode->owner * sizeof owner, sizeof owner);
	return owner;
}

/* Of a FILE; zeros as long as that is not known. */
static inline const void *lam_layer_content(const struct lam_layer *layer,
					    const struct lam_inode *inode)
{
	static const char none[LAM_CONTENT];

	return inode->content
		       ? layer->contents.text + (size_t)(inode->content - 1) * LAM_CONTENT
		       : none;
}

/* How many of its entries, dead ones too, have a time that is set back. */
size_t lam_layer_count_later(const struct lam_layer *layer, struct lam_clamp times);

/* An inode by its number; its owner, target and extra are the holder's. */
static inline const struct lam_inode *lam_layer_inode(const struct lam_layer *layer,
						      uint32_t inode,
						      const struct lam_layer **out_holder)
{
	*out_holder = layer;
	if (layer->refs) {
		const struct lam_inode_ref *ref = &layer->refs[inode];

		inode = ref->inode;
		if (ref->layer != LAM_LAYER_OWN)
			*out_holder = layer->others[ref->layer];
	}
	return &(*out_holder)->inodes[inode];
}

/* Of a SYMLINK, or of what a LAM_MARK_LINK names. */
static inline struct lam_str lam_layer_target(const struct lam_layer *layer,
					      const struct lam_inode *inode)
{
	return (struct lam_str){ inode->size ? layer->text + inode->offset : "",
				 (size_t)inode->size };
}

/* NULL where there is none. */
static inline const struct lam_extra *lam_layer_extra(const struct lam_layer *layer,
						      const struct lam_inode *inode)
{
	return inode->extra ? &layer->extras[inode->extra - 1] : NULL;
}

/* Where a FILE's stored bytes belong in it; *whole is for the one of a dense file. */
static inline const struct lam_extent *lam_layer_extents(const struct lam_layer *layer,
							 const struct lam_inode *inode,
							 struct lam_extent *whole,
							 size_t *out_count)
{
	const struct lam_extra *extra = lam_layer_extra(layer, inode);

	*whole = (struct lam_extent){ 0, inode->size };
	*out_count = 1;
	if (!extra || extra->extent_count == 0)
		return whole;
	*out_count = extra->extent_count;
	return layer->extents + extra->extents;
}

/* Bytes of names, targets and records; names that another lends are its. */
static inline uint64_t lam_layer_held(const struct lam_layer *layer)
{
	return (layer->names.lent ? 0 : layer->names.text_len) + layer->text_len +
	       layer->record_bytes;
}

/* LAM_EFORMAT where that is more than a reader takes. */
int lam_layer_check_held(const struct lam_layer *layer, struct lam_error *err);

void lam_layer_free(struct lam_layer *layer);

/* Made by adding entries in the order of the tar. */
struct lam_layer_builder;
int lam_layer_builder_new(struct lam_layer_builder **out, uint32_t number,
			  struct lam_error *err);
void lam_layer_builder_free(struct lam_layer_builder *builder);
/* offset: of the stored bytes. *out_inode: what the entry became, for
 * lam_layer_builder_content; LAM_INODE_NONE where nothing did. */
int lam_layer_builder_add(struct lam_layer_builder *builder,
			  const struct lam_entry *entry, uint64_t offset,
			  uint32_t *out_inode, struct lam_error *err);
int lam_layer_builder_content(struct lam_layer_builder *builder, uint32_t inode,
			      const uint8_t content[LAM_CONTENT], struct lam_error *err);
void lam_layer_builder_note(struct lam_layer_builder *builder, enum lam_odd odd);
/* Gives the layer, and empties the builder (free it all the same). */
int lam_layer_builder_finish(struct lam_layer_builder *builder, struct lam_layer **out,
			     struct lam_error *err);

struct lam_reader;
struct lam_hash;
/* Reads a tar to its end, hashing it (hash may be NULL) and the contents of its files.
 * stop may be NULL. */
int lam_layer_read(struct lam_layer **out, struct lam_reader *tar, uint32_t number,
		   struct lam_hash *hash, const atomic_bool *stop, struct lam_error *err);

/* What an inode is, for those who look from outside. The attributes point into the layer.
 */
void lam_layer_stat(const struct lam_layer *layer, uint32_t inode, struct lam_stat *out);

#endif
