/* Hard links of a layer to files of lower layers. */
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "tree/merge.h"

#define NONE LAM_NODE_NONE
#define ROOT LAM_NODE_ROOT

/* Where a path leads in what is merged so far; its last component is not followed. */
static int find_below(struct lam_merge *m, const char *path, size_t path_len,
		      uint32_t *out, struct lam_error *err)
{
	LAM_CLEANUP(lam_buf_fini)
	struct lam_buf rest = LAM_BUF((size_t)LAM_MAX_TAR_HEADER * (LAM_MAX_LINKS + 2));
	size_t at = 0;
	uint32_t here = ROOT;
	int links = 0;

	*out = NONE;
	if (lam_buf_append(&rest, path, path_len, err) < 0)
		return err->code;
	while (at < rest.len) {
		const char *name = rest.data + at,
			   *slash = memchr(name, '/', rest.len - at);
		size_t len = slash ? (size_t)(slash - name) : rest.len - at;
		uint32_t next;

		at += len + (slash ? 1 : 0);
		if (len == 0 || (len == 1 && name[0] == '.'))
			continue;
		if (len == 2 && name[0] == '.' && name[1] == '.') {
			here = m->tree->nodes[here].parent;
			continue;
		}
		if (m->tree->nodes[here].kind != LAM_KIND_DIR)
			return 0;
		next = lam_twig_find(m, here, name, len);
		if (next == NONE)
			return 0;
		const struct lam_layer *holder;
		const struct lam_inode *inode = lam_twig_inode(m, next, &holder);

		if (inode && m->tree->nodes[next].kind == LAM_KIND_SYMLINK &&
		    at < rest.len) {
			struct lam_str target = lam_layer_target(holder, inode);
			struct lam_buf joined = LAM_BUF(rest.max);

			if (++links > LAM_MAX_LINKS)
				return 0;
			if (lam_buf_append(&joined, target.bytes, target.len, err) < 0 ||
			    lam_buf_append_char(&joined, '/', err) < 0 ||
			    lam_buf_append(&joined, rest.data + at, rest.len - at, err) <
				    0) {
				lam_buf_fini(&joined);
				return err->code;
			}
			if (target.len && target.bytes[0] == '/')
				here = ROOT;
			lam_buf_fini(&rest);
			rest = joined;
			at = 0;
			continue;
		}
		here = next;
	}
	*out = here;
	return 0;
}

int lam_merge_links(struct lam_merge *m, struct lam_error *err)
{
	const struct lam_layer *layer = m->layer;

	m->below_count = 0;
	for (uint32_t n = 0; n < layer->node_count; n++) {
		struct lam_str target;
		struct lam_ref ref = { 0, NONE };
		uint32_t at;

		if (layer->nodes[n].mark != LAM_MARK_LINK)
			continue;
		const struct lam_layer *holder;
		const struct lam_inode *inode =
			lam_layer_inode(layer, layer->nodes[n].inode, &holder);

		target = lam_layer_target(holder, inode);
		if (find_below(m, target.bytes, target.len, &at, err) < 0 ||
		    LAM_GROW(m->below, m->below_count, m->below_cap, err) < 0)
			return err->code;
		if (at != NONE && m->tree->nodes[at].kind != LAM_KIND_DIR) {
			const struct lam_version *v =
				&m->tree->versions[m->tree->nodes[at].version];

			ref = (struct lam_ref){ v->inode_layer, v->inode };
		}
		m->below[m->below_count++] = ref;
	}
	return 0;
}
