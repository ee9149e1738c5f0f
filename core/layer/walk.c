/* Ways through that folder, along the symlinks of the same layer. */
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/path.h"
#include "layer/build.h"

static void imply(struct lam_layer_builder *b, uint32_t at, enum lam_walk how)
{
	struct lam_place *p = &b->places[at];

	p->state = LAM_PLACE_PRESENT;
	p->kind = LAM_KIND_DIR;
	p->inode = LAM_PLACE_NONE;
	p->opaque = false;
	p->weak = how == LAM_WALK_IMPLY_WEAKLY;
}

/* What is left to walk becomes a symlink's target and then what was left. */
static int follow(struct lam_layer_builder *b, uint32_t link, const char *left,
		  size_t left_len, struct lam_error *err)
{
	struct lam_str target =
		lam_layer_target(b->layer, &b->layer->inodes[b->places[link].inode]);

	lam_buf_clear(&b->next);
	if (lam_buf_append(&b->next, target.bytes, target.len, err) < 0 ||
	    lam_buf_append_char(&b->next, '/', err) < 0 ||
	    lam_buf_append(&b->next, left, left_len, err) < 0)
		return err->code;
	struct lam_buf swap = b->rest;

	b->rest = b->next;
	b->next = swap;
	return 0;
}

/* Follows b->rest, every component a directory; 0 and *out_how, or an error. */
static int walk_rest(struct lam_layer_builder *b, enum lam_walk how, uint32_t *out,
		     enum lam_walked *out_how, bool *out_through, struct lam_error *err)
{
	size_t at = 0;
	uint32_t here = LAM_PLACE_ROOT;
	int links = 0;

	*out_how = LAM_WALKED;
	while (at < b->rest.len) {
		const char *name = b->rest.data + at;
		const char *slash = memchr(name, '/', b->rest.len - at);
		size_t len = slash ? (size_t)(slash - name) : b->rest.len - at;
		uint32_t next;

		at += len + (slash ? 1 : 0);
		if (len == 0 || (len == 1 && name[0] == '.'))
			continue;
		if (len == 2 && name[0] == '.' && name[1] == '.') {
			here = b->places[here].parent;
			continue;
		}
		if (how == LAM_WALK_FIND) {
			next = lam_place_find(b, here, name, len);
			if (next == LAM_PLACE_NONE ||
			    b->places[next].state == LAM_PLACE_ABSENT) {
				*out_how = LAM_NOT_THERE;
				return 0;
			}
		} else if (lam_place_get(b, here, name, len, &next, err) < 0) {
			return err->code;
		}
		struct lam_place *p = &b->places[next];

		if (p->state == LAM_PLACE_ABSENT)
			imply(b, next, how);
		else if (p->state == LAM_PLACE_PRESENT && p->kind == LAM_KIND_SYMLINK) {
			if (++links > LAM_MAX_LINKS) {
				*out_how = LAM_WALK_LOOP;
				return 0;
			}
			struct lam_str target =
				lam_layer_target(b->layer, &b->layer->inodes[p->inode]);

			if (target.len && target.bytes[0] == '/')
				here = LAM_PLACE_ROOT;
			if (follow(b, next, b->rest.data + at, b->rest.len - at, err) < 0)
				return err->code;
			at = 0;
			*out_through = true;
			continue;
		} else if (!lam_place_is_dir(p)) {
			*out_how = LAM_NOT_A_DIRECTORY;
			return 0;
		} else if (how == LAM_WALK_IMPLY) {
			p->weak = false;
		}
		here = next;
	}
	*out = here;
	return 0;
}

int lam_layer_walk(struct lam_layer_builder *b, const char *path, size_t len,
		   enum lam_walk how, uint32_t *out, enum lam_walked *out_how,
		   struct lam_error *err)
{
	bool through = false;

	*out_how = LAM_WALKED;
	if (how == LAM_WALK_IMPLY && b->last_place != LAM_PLACE_NONE &&
	    len == b->last_parent.len && memcmp(path, b->last_parent.data, len) == 0) {
		*out = b->last_place;
		return 0;
	}
	lam_buf_clear(&b->rest);
	if (len == 0) {
		*out = LAM_PLACE_ROOT;
		return 0;
	}
	if (lam_buf_append(&b->rest, path, len, err) < 0 ||
	    walk_rest(b, how, out, out_how, &through, err) < 0)
		return err->code;
	if (how == LAM_WALK_FIND)
		return 0;
	if (through && lam_layer_note(b, LAM_RULE_THROUGH_LINK, err) < 0)
		return err->code;
	if (*out_how != LAM_WALKED)
		return lam_layer_note(b,
				      *out_how == LAM_WALK_LOOP ? LAM_RULE_LINK_LOOP
								: LAM_RULE_CHILD_OF_FILE,
				      err);
	if (how == LAM_WALK_IMPLY && !through) {
		lam_buf_clear(&b->last_parent);
		if (lam_buf_append(&b->last_parent, path, len, err) < 0)
			return err->code;
		b->last_place = *out;
	}
	return 0;
}
