/* From a tar's entries to a layer: the tar is played into an empty folder of places, as
 * unpackers do, and what is left in the end becomes the layer's nodes (nodes.c). */
#include "layer/build.h"

#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/memory.h"
#include "base/path.h"
#include "layer/walk.h"

#define NONE LAM_PLACE_NONE
#define ROOT LAM_PLACE_ROOT

void lam_layer_note(struct lam_layer_builder *b, enum lam_odd odd)
{
	lam_notes_add(&b->layer->notes, odd, b->layer->number,
		      b->path.data ? b->path.data : "", b->path.len);
}

void lam_layer_builder_note(struct lam_layer_builder *b, enum lam_odd odd)
{
	lam_notes_add(&b->layer->notes, odd, b->layer->number, NULL, 0);
}

/* Places */

/* Among its parent's children, newest first. */
static void list(struct lam_layer_builder *b, uint32_t at)
{
	struct lam_place *p = &b->places[at], *parent = &b->places[p->parent];

	if (p->listed)
		return;
	p->listed = true;
	p->next_sibling = parent->first_child;
	parent->first_child = at;
}

static uint32_t find_place(const struct lam_layer_builder *b, uint32_t parent,
			   const char *name, size_t len)
{
	uint32_t number = lam_names_find(&b->layer->names, name, len),
		 at = number == UINT32_MAX
			      ? NONE
			      : lam_dentries_find(&b->dentries, b->places,
						  sizeof *b->places, parent, number);

	return at != NONE && b->places[at].state == LAM_PLACE_ABSENT ? NONE : at;
}

static int get_place(struct lam_layer_builder *b, uint32_t parent, const char *name,
		     size_t len, uint32_t *out, struct lam_error *err)
{
	struct lam_dentry dentry = { .parent = parent };
	bool is_new;

	if (lam_names_add(&b->layer->names, name, len, &dentry.name, err) < 0 ||
	    lam_dentries_reserve(&b->dentries, 1, err) < 0 ||
	    LAM_GROW(b->places, b->place_count, b->place_cap, err) < 0)
		return err->code;
	if (b->place_count >= LAM_MAX_ENTRIES)
		return lam_fail(err, LAM_EFORMAT, "more than %u names", LAM_MAX_ENTRIES);
	*out = lam_dentries_get(&b->dentries, b->places, sizeof *b->places, dentry,
				(uint32_t)b->place_count, &is_new);
	if (is_new) {
		b->place_count++;
		b->places[*out] = (struct lam_place){ .parent = parent,
						      .name = dentry.name,
						      .first_child = NONE,
						      .inode = NONE };
	}
	list(b, *out);
	return 0;
}

static void clear(struct lam_place *p)
{
	p->state = LAM_PLACE_ABSENT;
	p->whiteout = p->opaque = p->fresh = p->weak = false;
	p->inode = NONE;
}

/* Everything below a place goes, as if removed from the folder: each is taken off its
 * list, so that going through what was there once is paid for once. */
static void clear_below(struct lam_layer_builder *b, uint32_t top)
{
	b->last_place = NONE;
	for (uint32_t at = top;;) {
		uint32_t child = b->places[at].first_child;

		if (child != NONE) {
			b->places[at].first_child = b->places[child].next_sibling;
			b->places[child].listed = false;
			clear(&b->places[child]);
			at = child;
		} else if (at == top) {
			return;
		} else {
			at = b->places[at].parent;
		}
	}
}

/* Ways through the folder, along its own symlinks. What is missing on the way is made,
 * unless it is only looked for. */

enum way { FIND, IMPLY, IMPLY_WEAKLY };

struct playing {
	struct lam_layer_builder *builder;
	enum way way;
	int *code;
	struct lam_error *err;
};

static uint32_t imply(const struct playing *p, uint32_t dir, const char *name, size_t len)
{
	struct lam_layer_builder *b = p->builder;
	struct lam_place *place;
	uint32_t at;

	*p->code = get_place(b, dir, name, len, &at, p->err);
	if (*p->code < 0)
		return NONE;
	place = &b->places[at];
	if (place->state == LAM_PLACE_ABSENT) {
		place->state = LAM_PLACE_PRESENT;
		place->kind = LAM_KIND_DIR;
		place->inode = NONE;
		place->opaque = place->fresh = false;
		place->weak = true;
	}
	if (lam_place_is_dir(place) && place->weak && p->way == IMPLY) {
		place->weak = false;
		place->fresh = place->whiteout;
	}
	return at;
}

static uint32_t walk_child(const void *tree, uint32_t dir, const char *name, size_t len)
{
	const struct playing *p = tree;

	return p->way == FIND ? find_place(p->builder, dir, name, len)
			      : imply(p, dir, name, len);
}

static uint32_t walk_parent(const void *tree, uint32_t at)
{
	return ((const struct playing *)tree)->builder->places[at].parent;
}

static unsigned walk_kind(const void *tree, uint32_t at)
{
	const struct lam_place *p = &((const struct playing *)tree)->builder->places[at];

	return p->state == LAM_PLACE_PRESENT ? p->kind : LAM_KIND_BELOW;
}

static struct lam_str walk_target(const void *tree, uint32_t symlink)
{
	const struct lam_layer_builder *b = ((const struct playing *)tree)->builder;
	const struct lam_layer *holder;
	const struct lam_inode *inode =
		lam_layer_inode(b->layer, b->places[symlink].inode, &holder);

	return lam_layer_target(holder, inode);
}

/* To a directory; *out is NONE where there cannot be one, which is noted unless it was
 * only looked for. */
static int walk(struct lam_layer_builder *b, const char *path, size_t len, enum way way,
		uint32_t *out, struct lam_error *err)
{
	static const struct lam_walk_ops ops = { walk_child, walk_parent, walk_kind,
						 walk_target };
	int code = 0;
	const struct playing playing = { b, way, &code, err };
	struct lam_walk walk = { .ops = &ops, .tree = &playing, .follow = true };
	enum lam_walk_end end;

	*out = b->last_place;
	if (way == IMPLY && *out != NONE && len == b->last_parent.len &&
	    memcmp(path, b->last_parent.data, len) == 0)
		return 0;
	end = lam_walk(&walk, path, len);
	if (code < 0)
		return code;
	*out = end == LAM_WALK_FOUND && lam_place_is_dir(&b->places[walk.at]) ? walk.at
									      : NONE;
	if (way == FIND)
		return 0;
	if (walk.links)
		lam_layer_note(b, LAM_ODD_THROUGH_LINK);
	if (*out == NONE)
		lam_layer_note(b, end == LAM_WALK_LOOP ? LAM_ODD_LINK_LOOP
						       : LAM_ODD_CHILD_OF_FILE);
	else if (way == IMPLY && walk.links == 0 && len) {
		lam_buf_clear(&b->last_parent);
		lam_text_add(&b->last_parent, path, len);
		b->last_place = *out;
	}
	return 0;
}

/* Entries */

/* A path's directory and its last name. */
struct parts {
	const char *dir, *name;
	size_t dir_len, name_len;
};

static struct parts split(const struct lam_buf *path)
{
	const char *bytes = path->data ? path->data : "",
		   *slash = memrchr(bytes, '/', path->len);
	size_t dir_len = slash ? (size_t)(slash - bytes) : 0,
	       skip = slash ? dir_len + 1 : 0;

	return (struct parts){ bytes, bytes + skip, dir_len, path->len - skip };
}

static int add_whiteout(struct lam_layer_builder *b, const struct parts *parts,
			const char *name, size_t len, struct lam_error *err)
{
	uint32_t dir, at;

	b->layer->whiteout_count++;
	if (walk(b, parts->dir, parts->dir_len, IMPLY_WEAKLY, &dir, err) < 0)
		return err->code;
	if (dir == NONE)
		return 0;
	if (get_place(b, dir, name, len, &at, err) < 0)
		return err->code;
	if (b->places[at].whiteout)
		lam_layer_note(b, LAM_ODD_WH_TWICE);
	b->places[at].whiteout = true;
	return 0;
}

static int add_opaque(struct lam_layer_builder *b, const struct parts *parts,
		      struct lam_error *err)
{
	uint32_t dir;

	b->layer->whiteout_count++;
	if (walk(b, parts->dir, parts->dir_len, IMPLY_WEAKLY, &dir, err) < 0)
		return err->code;
	if (dir == ROOT)
		lam_layer_note(b, LAM_ODD_OPAQUE_ROOT);
	else if (dir != NONE)
		b->places[dir].opaque = true;
	return 0;
}

/* The inode that a hard link names: one of this layer, or a new one that says which path
 * below. NONE: no such link can be. */
static int link_inode(struct lam_layer_builder *b, const struct lam_entry *entry,
		      uint32_t *out, uint8_t *out_state, struct lam_error *err)
{
	uint32_t dir, at = NONE;
	bool clamped;

	*out = NONE;
	*out_state = LAM_PLACE_PRESENT;
	lam_buf_clear(&b->target);
	if (lam_path_clean(entry->target.bytes, entry->target.len, &b->target, &clamped,
			   err) < 0)
		return lam_wrap(err, "hard link target");
	const struct parts parts = split(&b->target);

	if (walk(b, parts.dir, parts.dir_len, FIND, &dir, err) < 0)
		return err->code;
	if (dir != NONE && b->target.len)
		at = find_place(b, dir, parts.name, parts.name_len);
	if (b->target.len == 0 || (at != NONE && lam_place_is_dir(&b->places[at]))) {
		lam_layer_note(b, LAM_ODD_LINK_DIRECTORY);
		return 0;
	}
	if (at == NONE) {
		*out_state = LAM_PLACE_BELOW;
		return lam_layer_add_inode(b, entry, 0,
					   (struct lam_str){ parts.dir, b->target.len },
					   out, err);
	}
	*out = b->places[at].inode;
	*out_state = b->places[at].state;
	return *out_state == LAM_PLACE_BELOW
		       ? 0
		       : lam_layer_link_metadata(b, *out, entry, err);
}

static int set_root(struct lam_layer_builder *b, const struct lam_entry *entry,
		    uint32_t *out_inode, struct lam_error *err)
{
	if (entry->type != LAM_TYPE_DIR) {
		lam_layer_note(b, LAM_ODD_ROOT_KIND);
		return 0;
	}
	if (b->places[ROOT].inode != NONE)
		lam_layer_note(b, LAM_ODD_DUPLICATE);
	if ((entry->mode & 07777) != 0755 || entry->uid || entry->gid)
		lam_layer_note(b, LAM_ODD_ROOT);
	if (lam_layer_add_inode(b, entry, 0, (struct lam_str){ 0 }, out_inode, err) < 0)
		return err->code;
	b->places[ROOT].inode = *out_inode;
	return 0;
}

/* Makes room for an entry: what stands there goes, unless a directory meets a directory.
 * A whiteout goes where a directory takes its place, as on overlayfs: that is a file which
 * makes way. */
static void make_room(struct lam_layer_builder *b, uint32_t at, bool dir)
{
	struct lam_place *p = &b->places[at];
	bool whiteout = p->whiteout;

	if (p->state == LAM_PLACE_ABSENT) {
		p->whiteout = whiteout && !dir;
		if (whiteout && dir)
			lam_layer_note(b, LAM_ODD_WH_THEN_DIR);
		return;
	}
	if (p->inode != NONE)
		lam_layer_note(b, LAM_ODD_DUPLICATE);
	if (dir && lam_place_is_dir(p))
		return;
	clear_below(b, at);
	clear(p);
	p->whiteout = whiteout;
}

static int add_named(struct lam_layer_builder *b, const struct lam_entry *entry,
		     const struct parts *parts, uint64_t offset, uint32_t *out_inode,
		     struct lam_error *err)
{
	uint8_t state = LAM_PLACE_PRESENT;
	uint32_t dir, at, inode;

	if (parts->name_len > 255)
		lam_layer_note(b, LAM_ODD_NAME_LONG);
	if (walk(b, parts->dir, parts->dir_len, IMPLY, &dir, err) < 0)
		return err->code;
	if (dir == NONE)
		return 0;
	if (get_place(b, dir, parts->name, parts->name_len, &at, err) < 0)
		return err->code;
	make_room(b, at, entry->type == LAM_TYPE_DIR);
	if (entry->type == LAM_TYPE_LINK) {
		if (link_inode(b, entry, &inode, &state, err) < 0)
			return err->code;
		if (inode == NONE)
			return 0;
	} else {
		if (lam_layer_add_inode(b, entry, offset, entry->target, &inode, err) < 0)
			return err->code;
		*out_inode = inode;
	}
	struct lam_place *p = &b->places[at];
	const struct lam_layer *holder;

	p->state = state;
	p->kind = lam_layer_inode(b->layer, inode, &holder)->kind;
	p->inode = inode;
	p->weak = false;
	if (p->kind == LAM_KIND_SYMLINK)
		b->last_place = NONE;
	return 0;
}

static int add_path(struct lam_layer_builder *b, const struct lam_entry *entry,
		    uint64_t offset, uint32_t *out_inode, struct lam_error *err)
{
	const struct parts parts = split(&b->path);
	const char *name;
	size_t len;

	switch (lam_wh_classify(parts.name, parts.name_len, &name, &len)) {
	case LAM_WH_DELETE: return add_whiteout(b, &parts, name, len, err);
	case LAM_WH_OPAQUE: return add_opaque(b, &parts, err);
	case LAM_WH_INVALID: lam_layer_note(b, LAM_ODD_WH_INVALID); return 0;
	case LAM_WH_RESERVED: lam_layer_note(b, LAM_ODD_WH_RESERVED); return 0;
	case LAM_WH_NONE: break;
	}
	if (entry->type == LAM_TYPE_CHAR && entry->dev_major == 0 &&
	    entry->dev_minor == 0) {
		lam_layer_note(b, LAM_ODD_DEVICE_0);
		return add_whiteout(b, &parts, parts.name, parts.name_len, err);
	}
	if (entry->flag == '7')
		lam_layer_note(b, LAM_ODD_CONTIGUOUS);
	return add_named(b, entry, &parts, offset, out_inode, err);
}

int lam_layer_check_held(const struct lam_layer *layer, struct lam_error *err)
{
	uint64_t most = LAM_MAX_HELD + (uint64_t)LAM_MAX_HELD_ENTRY * layer->entry_count;

	if (lam_layer_held(layer) <= most)
		return 0;
	return lam_fail(err, LAM_EFORMAT,
			"names, link targets and attributes of more than %llu MiB in a "
			"layer of %u entries",
			(unsigned long long)(most >> 20), layer->entry_count);
}

int lam_layer_builder_add(struct lam_layer_builder *b, const struct lam_entry *entry,
			  uint64_t offset, uint32_t *out_inode, struct lam_error *err)
{
	bool clamped = false;

	*out_inode = NONE;
	b->layer->entry_count++;
	lam_buf_clear(&b->path);
	if (lam_path_clean(entry->path.bytes, entry->path.len, &b->path, &clamped, err) <
	    0)
		return err->code;
	if (entry->type == LAM_TYPE_GLOBAL || entry->type == LAM_TYPE_UNKNOWN) {
		lam_layer_note(b, entry->type == LAM_TYPE_GLOBAL ? LAM_ODD_GLOBAL
								 : LAM_ODD_UNKNOWN);
		return 0;
	}
	if (clamped)
		lam_layer_note(b, LAM_ODD_CLAMPED);
	if (entry->empty_path)
		lam_layer_note(b, LAM_ODD_PATH_EMPTY);
	if (entry->repeated)
		lam_layer_note(b, LAM_ODD_HEADER_TWICE);
	if (entry->type == LAM_TYPE_FILE)
		b->layer->file_bytes += entry->size;
	if (lam_layer_check_held(b->layer, err) < 0)
		return err->code;
	if (b->path.len == 0)
		return set_root(b, entry, out_inode, err);
	return add_path(b, entry, offset, out_inode, err);
}

/* The builder */

int lam_layer_builder_content(struct lam_layer_builder *b, uint32_t inode,
			      const uint8_t content[LAM_CONTENT], struct lam_error *err)
{
	struct lam_layer *layer = b->layer;
	uint32_t number;

	if (lam_names_add(&layer->contents, (const char *)content, LAM_CONTENT, &number,
			  err) < 0)
		return err->code;
	layer->inodes[inode].content = number + 1;
	return 0;
}

int lam_layer_builder_new(struct lam_layer_builder **out, uint32_t number,
			  struct lam_error *err)
{
	struct lam_layer_builder *b = lam_xcalloc(1, sizeof *b);

	b->layer = lam_xcalloc(1, sizeof *b->layer);
	b->layer->number = number;
	b->path = b->target = LAM_BUF(LAM_MAX_PATH);
	b->last_parent = LAM_TEXT;
	b->last_place = NONE;
	b->places = lam_xcalloc(1, sizeof *b->places);
	b->place_count = b->place_cap = 1;
	b->places[ROOT] = (struct lam_place){ .first_child = NONE,
					      .inode = NONE,
					      .state = LAM_PLACE_PRESENT,
					      .kind = LAM_KIND_DIR };
	if (lam_dentries_reserve(&b->dentries, 1, err) < 0 ||
	    lam_names_add(&b->layer->names, "", 0, &b->places[ROOT].name, err) < 0) {
		lam_layer_builder_free(b);
		return err->code;
	}
	*out = b;
	return 0;
}

void lam_layer_builder_free(struct lam_layer_builder *b)
{
	if (!b)
		return;
	lam_layer_free(b->layer);
	free(b->places);
	lam_dentries_fini(&b->dentries);
	lam_buf_fini(&b->path);
	lam_buf_fini(&b->target);
	lam_buf_fini(&b->last_parent);
	free(b);
}
