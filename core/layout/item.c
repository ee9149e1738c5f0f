#include "layout/item.h"

#include <stdlib.h>
#include <string.h>

static const uint8_t TYPE_OF[] = {
	[LAM_KIND_FILE] = LAM_TYPE_FILE, [LAM_KIND_SYMLINK] = LAM_TYPE_SYMLINK,
	[LAM_KIND_CHAR] = LAM_TYPE_CHAR, [LAM_KIND_BLOCK] = LAM_TYPE_BLOCK,
	[LAM_KIND_DIR] = LAM_TYPE_DIR,   [LAM_KIND_FIFO] = LAM_TYPE_FIFO,
};

void lam_item_scratch_fini(struct lam_item_scratch *scratch)
{
	lam_buf_fini(&scratch->path);
	lam_buf_fini(&scratch->target);
	free(scratch->records);
}

static struct lam_str text_of(const struct lam_buf *buf)
{
	return (struct lam_str){ buf->data ? buf->data : "", buf->len };
}

/* ".wh.NAME" or ".wh..wh..opq", where it belongs. */
static int mark_path(const struct lam_tree *tree, const struct lam_item *item,
		     struct lam_buf *path, struct lam_error *err)
{
	bool opaque = item->kind == LAM_ITEM_OPAQUE;
	uint32_t dir = opaque ? item->node : tree->nodes[item->node].parent;
	size_t len;
	const char *name = lam_tree_name(tree, item->node, &len);

	if (lam_tree_append_path(tree, dir, path, err) < 0 ||
	    (dir != LAM_NODE_ROOT && lam_buf_append_char(path, '/', err) < 0))
		return err->code;
	if (opaque)
		return lam_buf_append_text(path, ".wh..wh..opq", err);
	return lam_buf_append_text(path, ".wh.", err) < 0
		       ? err->code
		       : lam_buf_append(path, name, len, err);
}

static int set_records(struct lam_item_scratch *scratch, const struct lam_stat *stat,
		       struct lam_entry *out, struct lam_error *err)
{
	while (scratch->record_cap < stat->attribute_count) {
		if (LAM_GROW(scratch->records, scratch->record_cap, scratch->record_cap,
			     err) < 0)
			return err->code;
	}
	for (size_t i = 0; i < stat->attribute_count; i++) {
		const struct lam_attribute *a = &stat->attributes[i];

		scratch->records[i] = (struct lam_record){ { a->key, a->key_len },
							   { a->value, a->value_len } };
	}
	out->records = scratch->records;
	out->record_count = stat->attribute_count;
	return 0;
}

int lam_item_entry(const struct lam_tree *tree, const struct lam_item *item,
		   struct lam_item_scratch *scratch, struct lam_entry *out,
		   struct lam_error *err)
{
	struct lam_stat stat;

	lam_buf_clear(&scratch->path);
	*out = (struct lam_entry){ .type = LAM_TYPE_FILE, .flag = '0', .mode = 0644 };
	if (item->kind == LAM_ITEM_WHITEOUT || item->kind == LAM_ITEM_OPAQUE) {
		if (mark_path(tree, item, &scratch->path, err) < 0)
			return err->code;
		out->path = text_of(&scratch->path);
		return 0;
	}
	lam_tree_stat(tree, item->node, &stat);
	if (lam_tree_append_path(tree, item->node, &scratch->path, err) < 0)
		return err->code;
	*out = (struct lam_entry){ .type = TYPE_OF[stat.kind],
				   .mode = stat.mode,
				   .uid = stat.uid,
				   .gid = stat.gid,
				   .mtime_s = stat.mtime_s,
				   .mtime_ns = stat.mtime_ns,
				   .dev_major = stat.dev_major,
				   .dev_minor = stat.dev_minor };
	out->path = text_of(&scratch->path);
	if (item->kind == LAM_ITEM_LINK) {
		lam_buf_clear(&scratch->target);
		if (lam_tree_append_path(tree, item->first, &scratch->target, err) < 0)
			return err->code;
		out->type = LAM_TYPE_LINK;
		out->target = text_of(&scratch->target);
	} else if (stat.kind == LAM_KIND_SYMLINK) {
		out->target = (struct lam_str){ stat.target, stat.target_len };
	} else if (stat.kind == LAM_KIND_FILE) {
		out->size = out->stored = stat.size;
	}
	return set_records(scratch, &stat, out, err);
}
