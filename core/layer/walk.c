/* The walk along a path, symlinks followed. */
#include "layer/walk.h"

#include <string.h>

#include "base/buf.h"
#include "base/limits.h"

/* What is left to walk becomes a symlink's target and then what was left. False where that
 * was too much already. */
static bool follow(struct lam_walk *w, uint32_t link, struct lam_buf *rest,
		   struct lam_str *left)
{
	struct lam_str target = w->ops->target(w->tree, link);
	struct lam_buf joined = LAM_TEXT;

	w->text += target.len;
	if (w->text > LAM_MAX_LINK_TEXT)
		return false;
	if (target.len && target.bytes[0] == '/')
		w->at = 0;
	lam_text_add(&joined, target.bytes, target.len);
	lam_text_putc(&joined, '/');
	lam_text_add(&joined, left->bytes, left->len);
	lam_buf_fini(rest);
	*rest = joined;
	*left = (struct lam_str){ rest->data, rest->len };
	return true;
}

static struct lam_str next_name(struct lam_str *left)
{
	const char *slash = memchr(left->bytes, '/', left->len);
	struct lam_str name = { left->bytes,
				slash ? (size_t)(slash - left->bytes) : left->len };
	size_t used = name.len + (slash ? 1 : 0);

	left->bytes += used;
	left->len -= used;
	return name;
}

static void walk_up(struct lam_walk *w)
{
	w->above |= w->at == 0;
	w->at = w->ops->parent(w->tree, w->at);
}

enum lam_walk_end lam_walk(struct lam_walk *w, const char *path, size_t len)
{
	LAM_CLEANUP(lam_buf_fini) struct lam_buf rest = LAM_TEXT;
	struct lam_str left = { path, len };

	while (left.len) {
		struct lam_str name = next_name(&left);

		if (w->ops->kind(w->tree, w->at) != LAM_KIND_DIR)
			return LAM_WALK_IN_FILE;
		if (name.len == 0 || (name.len == 1 && name.bytes[0] == '.'))
			continue;
		if (name.len == 2 && memcmp(name.bytes, "..", 2) == 0) {
			walk_up(w);
			continue;
		}
		uint32_t next = w->ops->child(w->tree, w->at, name.bytes, name.len);

		if (next == LAM_WALK_NONE)
			return LAM_WALK_MISSING;
		if (w->ops->kind(w->tree, next) != LAM_KIND_SYMLINK ||
		    (left.len == 0 && !w->follow)) {
			w->at = next;
			continue;
		}
		if (++w->links > LAM_MAX_LINKS || !follow(w, next, &rest, &left))
			return LAM_WALK_LOOP;
	}
	return LAM_WALK_FOUND;
}
