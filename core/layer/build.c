/* From a tar's entries to a layer: the tar is played into an empty folder, as unpackers
 * do. */
#include "layer/build.h"

#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/path.h"

int lam_layer_note(struct lam_layer_builder *b, enum lam_layer_rule rule,
		   struct lam_error *err)
{
	return lam_notes_add(&b->layer->notes, lam_layer_rule_name(rule),
			     b->layer->number, b->path.data ? b->path.data : "",
			     b->path.len, lam_layer_rule_text(rule), err);
}

int lam_layer_builder_note(struct lam_layer_builder *b, enum lam_layer_rule rule,
			   struct lam_error *err)
{
	return lam_notes_add(&b->layer->notes, lam_layer_rule_name(rule),
			     b->layer->number, NULL, 0, lam_layer_rule_text(rule), err);
}

static int add_whiteout(struct lam_layer_builder *b, size_t parent_len, const char *name,
			size_t len, struct lam_error *err)
{
	enum lam_walked how;
	uint32_t dir, at;

	b->layer->whiteout_count++;
	if (lam_layer_walk(b, b->path.data, parent_len, LAM_WALK_IMPLY_WEAKLY, &dir, &how,
			   err) < 0)
		return err->code;
	if (how != LAM_WALKED)
		return 0;
	if (lam_place_get(b, dir, name, len, &at, err) < 0)
		return err->code;
	b->places[at].whiteout = true;
	return 0;
}

static int add_opaque(struct lam_layer_builder *b, size_t parent_len,
		      struct lam_error *err)
{
	enum lam_walked how;
	uint32_t dir;

	b->layer->whiteout_count++;
	if (lam_layer_walk(b, b->path.data, parent_len, LAM_WALK_IMPLY_WEAKLY, &dir, &how,
			   err) < 0)
		return err->code;
	if (how != LAM_WALKED)
		return 0;
	if (dir == LAM_PLACE_ROOT)
		return lam_layer_note(b, LAM_RULE_OPAQUE_ROOT, err);
	b->places[dir].opaque = true;
	return 0;
}

/* The inode that a hard link names: one of this layer, or a new one that says which path
 * below. LAM_PLACE_NONE: no such link can be. */
static int link_inode(struct lam_layer_builder *b, const struct lam_entry *entry,
		      uint32_t *out, uint8_t *out_state, struct lam_error *err)
{
	enum lam_walked how;
	uint32_t dir = LAM_PLACE_NONE, at = LAM_PLACE_NONE;
	bool clamped;

	lam_buf_clear(&b->target);
	if (lam_path_clean(entry->target.bytes, entry->target.len, &b->target, &clamped,
			   err) < 0)
		return lam_wrap(err, "hard link target");
	const char *path = b->target.data ? b->target.data : "";
	const char *slash = memrchr(path, '/', b->target.len);
	size_t parent_len = slash ? (size_t)(slash - path) : 0,
	       skip = slash ? parent_len + 1 : 0;

	*out = LAM_PLACE_NONE;
	*out_state = LAM_PLACE_PRESENT;
	if (b->target.len == 0)
		return lam_layer_note(b, LAM_RULE_LINK_DIRECTORY, err);
	if (lam_layer_walk(b, path, parent_len, LAM_WALK_FIND, &dir, &how, err) < 0)
		return err->code;
	if (how == LAM_WALKED)
		at = lam_place_find(b, dir, path + skip, b->target.len - skip);
	if (at == LAM_PLACE_NONE || b->places[at].state == LAM_PLACE_ABSENT) {
		*out_state = LAM_PLACE_BELOW;
		return lam_layer_add_inode(
			b, entry, 0, (struct lam_str){ path, b->target.len }, out, err);
	}
	if (lam_place_is_dir(&b->places[at]))
		return lam_layer_note(b, LAM_RULE_LINK_DIRECTORY, err);
	*out = b->places[at].inode;
	*out_state = b->places[at].state;
	return *out_state == LAM_PLACE_BELOW
		       ? 0
		       : lam_layer_link_metadata(b, *out, entry, err);
}

static int set_root(struct lam_layer_builder *b, const struct lam_entry *entry,
		    uint32_t *out_inode, struct lam_error *err)
{
	if (entry->type != LAM_TYPE_DIR)
		return lam_fail(err, LAM_EFORMAT,
				"an entry puts something that is no directory in the "
				"place of the root");
	if (b->places[LAM_PLACE_ROOT].inode != LAM_PLACE_NONE &&
	    lam_layer_note(b, LAM_RULE_DUPLICATE, err) < 0)
		return err->code;
	if (((entry->mode & 07777) != 0755 || entry->uid || entry->gid) &&
	    lam_layer_note(b, LAM_RULE_ROOT, err) < 0)
		return err->code;
	if (lam_layer_add_inode(b, entry, 0, (struct lam_str){ 0 }, out_inode, err) < 0)
		return err->code;
	b->places[LAM_PLACE_ROOT].inode = *out_inode;
	return 0;
}

/* Makes room for an entry: what stands there goes, unless a directory meets a directory.
 */
static int make_room(struct lam_layer_builder *b, uint32_t at, bool dir,
		     struct lam_error *err)
{
	struct lam_place *p = &b->places[at];

	if (p->state == LAM_PLACE_ABSENT)
		return 0;
	if (p->inode != LAM_PLACE_NONE && lam_layer_note(b, LAM_RULE_DUPLICATE, err) < 0)
		return err->code;
	if (dir && lam_place_is_dir(p))
		return 0;
	lam_place_clear_below(b, at);
	p->state = LAM_PLACE_ABSENT;
	p->opaque = p->weak = false;
	p->inode = LAM_PLACE_NONE;
	return 0;
}

static int add_named(struct lam_layer_builder *b, const struct lam_entry *entry,
		     uint64_t offset, size_t parent_len, uint32_t *out_inode,
		     struct lam_error *err)
{
	size_t skip = parent_len ? parent_len + 1 : 0;
	const char *name = b->path.data + skip;
	uint8_t state = LAM_PLACE_PRESENT;
	uint32_t dir, at, inode;
	enum lam_walked how;

	if (b->path.len - skip > 255 && lam_layer_note(b, LAM_RULE_NAME_LONG, err) < 0)
		return err->code;
	if (lam_layer_walk(b, b->path.data, parent_len, LAM_WALK_IMPLY, &dir, &how, err) <
	    0)
		return err->code;
	if (how != LAM_WALKED)
		return 0;
	if (lam_place_get(b, dir, name, b->path.len - skip, &at, err) < 0 ||
	    make_room(b, at, entry->type == LAM_TYPE_DIR, err) < 0)
		return err->code;
	if (entry->type == LAM_TYPE_LINK) {
		if (link_inode(b, entry, &inode, &state, err) < 0)
			return err->code;
		if (inode == LAM_PLACE_NONE)
			return 0;
	} else if (lam_layer_add_inode(b, entry, offset, entry->target, &inode, err) <
		   0) {
		return err->code;
	} else {
		*out_inode = inode;
	}
	struct lam_place *p = &b->places[at];
	const struct lam_layer *holder;

	p->state = state;
	p->kind = lam_layer_inode(b->layer, inode, &holder)->kind;
	p->inode = inode;
	p->weak = false;
	if (p->kind == LAM_KIND_SYMLINK)
		b->last_place = LAM_PLACE_NONE;
	return 0;
}

static int add_path(struct lam_layer_builder *b, const struct lam_entry *entry,
		    uint64_t offset, uint32_t *out_inode, struct lam_error *err)
{
	const char *path = b->path.data, *slash = memrchr(path, '/', b->path.len), *name;
	size_t parent_len = slash ? (size_t)(slash - path) : 0,
	       skip = slash ? parent_len + 1 : 0, len;

	switch (lam_wh_classify(path + skip, b->path.len - skip, &name, &len)) {
	case LAM_WH_DELETE: return add_whiteout(b, parent_len, name, len, err);
	case LAM_WH_OPAQUE: return add_opaque(b, parent_len, err);
	case LAM_WH_INVALID: return lam_layer_note(b, LAM_RULE_WH_INVALID, err);
	case LAM_WH_RESERVED: return lam_layer_note(b, LAM_RULE_WH_RESERVED, err);
	case LAM_WH_NONE: break;
	}
	if (entry->type == LAM_TYPE_CHAR && entry->dev_major == 0 &&
	    entry->dev_minor == 0) {
		if (lam_layer_note(b, LAM_RULE_DEVICE_0, err) < 0)
			return err->code;
		return add_whiteout(b, parent_len, path + skip, b->path.len - skip, err);
	}
	if (entry->flag == '7' && lam_layer_note(b, LAM_RULE_CONTIGUOUS, err) < 0)
		return err->code;
	return add_named(b, entry, offset, parent_len, out_inode, err);
}

int lam_layer_builder_add(struct lam_layer_builder *b, const struct lam_entry *entry,
			  uint64_t offset, uint32_t *out_inode, struct lam_error *err)
{
	bool clamped = false;

	*out_inode = LAM_PLACE_NONE;
	b->layer->entry_count++;
	lam_buf_clear(&b->path);
	if (lam_path_clean(entry->path.bytes, entry->path.len, &b->path, &clamped, err) <
	    0)
		return err->code;
	if (entry->type == LAM_TYPE_GLOBAL || entry->type == LAM_TYPE_UNKNOWN)
		return lam_layer_note(b,
				      entry->type == LAM_TYPE_GLOBAL ? LAM_RULE_GLOBAL
								     : LAM_RULE_UNKNOWN,
				      err);
	if (clamped && lam_layer_note(b, LAM_RULE_CLAMPED, err) < 0)
		return err->code;
	if (entry->type == LAM_TYPE_FILE)
		b->layer->file_bytes += entry->size;
	if (b->path.len == 0)
		return set_root(b, entry, out_inode, err);
	return add_path(b, entry, offset, out_inode, err);
}

void lam_layer_builder_content(struct lam_layer_builder *b, uint32_t inode,
			       const uint8_t content[16])
{
	const struct lam_layer *layer = b->layer;

	memcpy(layer->inodes[layer->refs ? layer->refs[inode].inode : inode].content,
	       content, 16);
}

int lam_layer_builder_new(struct lam_layer_builder **out, uint32_t number,
			  struct lam_error *err)
{
	struct lam_layer_builder *b = calloc(1, sizeof *b);
	struct lam_layer *layer = calloc(1, sizeof *layer);
	uint32_t root;

	if (!b || !layer) {
		free(b);
		free(layer);
		return lam_fail_memory(err);
	}
	b->layer = layer;
	layer->number = number;
	b->path = b->target = b->last_parent = LAM_BUF(LAM_MAX_PATH);
	/* each symlink on the way can add a target, LAM_MAX_LINKS times */
	b->rest = b->next = LAM_BUF((size_t)LAM_MAX_TAR_HEADER * (LAM_MAX_LINKS + 2));
	b->last_place = LAM_PLACE_NONE;
	if (LAM_GROW(b->places, 0, b->place_cap, err) < 0 ||
	    lam_names_add(&layer->names, "", 0, &root, err) < 0) {
		lam_layer_builder_free(b);
		return err->code;
	}
	b->places[LAM_PLACE_ROOT] = (struct lam_place){ .first_child = LAM_PLACE_NONE,
							.next_sibling = LAM_PLACE_NONE,
							.inode = LAM_PLACE_NONE,
							.name = root,
							.state = LAM_PLACE_PRESENT,
							.kind = LAM_KIND_DIR };
	b->place_count = 1;
	*out = b;
	return 0;
}

int lam_layer_builder_near(struct lam_layer_builder *b, const struct lam_names *names,
			   const struct lam_layer *const *others, struct lam_error *err)
{
	lam_names_fini(&b->layer->names);
	if (lam_names_lend(&b->layer->names, names, true, err) < 0)
		return err->code;
	b->layer->others = others;
	return lam_names_add(&b->layer->names, "", 0, &b->places[LAM_PLACE_ROOT].name,
			     err);
}

void lam_layer_builder_free(struct lam_layer_builder *b)
{
	if (!b)
		return;
	lam_layer_free(b->layer);
	free(b->places);
	free(b->slots);
	lam_buf_fini(&b->path);
	lam_buf_fini(&b->target);
	lam_buf_fini(&b->rest);
	lam_buf_fini(&b->next);
	lam_buf_fini(&b->last_parent);
	free(b);
}
