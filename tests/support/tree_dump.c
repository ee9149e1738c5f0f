#include "tree_dump.h"

static void dump_stat(struct lam_buf *text, const struct lam_stat *s)
{
	lam_text_printf(text, " %d %o %lld:%lld %lld.%u %llu %u,%u", s->kind, s->mode,
			(long long)s->uid, (long long)s->gid, (long long)s->mtime_s,
			s->mtime_ns, (unsigned long long)s->size, s->dev_major,
			s->dev_minor);
	lam_text_add(text, s->target, s->target_len);
	lam_text_add(text, s->content, sizeof s->content);
	for (size_t i = 0; i < s->attribute_count; i++) {
		lam_text_add(text, s->attributes[i].key, s->attributes[i].key_len);
		lam_text_add(text, s->attributes[i].value, s->attributes[i].value_len);
	}
}

static void dump_versions(struct lam_buf *text, const struct lam_tree *tree, uint32_t n)
{
	for (uint32_t v = lam_tree_node(tree, n)->version; v != LAM_NODE_NONE;
	     v = lam_tree_version(tree, v)->previous) {
		const struct lam_version *version = lam_tree_version(tree, v);
		struct lam_stat stat;

		lam_text_printf(text, " %u:%u", version->layer, version->change);
		if (version->change == LAM_CHANGE_DELETED)
			continue;
		lam_tree_stat_version(tree, version, &stat);
		dump_stat(text, &stat);
	}
}

void tree_dump(struct lam_buf *text, const struct lam_tree *tree)
{
	for (uint32_t n = 0; n < lam_tree_count(tree); n++) {
		const struct lam_node *node = lam_tree_node(tree, n);
		uint32_t to = 0;
		size_t len;
		const char *name = lam_tree_name(tree, n, &len);

		lam_text_printf(text, "\n%u %d ", node->parent, node->live);
		lam_text_add(text, name, len);
		dump_versions(text, tree, n);
		if (node->kind == LAM_KIND_SYMLINK)
			lam_text_printf(text, " to %d",
					(int)lam_tree_resolve(tree, n, &to));
	}
}

static void dump_extents(struct lam_buf *text, const struct lam_layer *layer,
			 const struct lam_inode *inode)
{
	struct lam_extent whole;
	size_t count;
	const struct lam_extent *extents =
		lam_layer_extents(layer, inode, &whole, &count);

	for (size_t e = 0; inode->kind == LAM_KIND_FILE && e < count; e++)
		lam_text_printf(text, " %llu+%llu", (unsigned long long)extents[e].offset,
				(unsigned long long)extents[e].length);
}

void layer_dump(struct lam_buf *text, const struct lam_layer *layer)
{
	for (uint32_t i = 0; i < layer->inode_count; i++)
		dump_extents(text, layer, &layer->inodes[i]);
	for (size_t i = 0; i < layer->points.count; i++) {
		const struct lam_checkpoint *point = &layer->points.items[i];
		char window[LAM_CHECKPOINT_WINDOW];
		struct lam_error err;
		size_t len = 0;

		(void)lam_checkpoints_window(&layer->points, point, window, &len, &err);
		lam_text_printf(text, " point %llu", (unsigned long long)point->out);
		lam_text_add(text, window, len);
	}
	lam_text_printf(text, "\n%u entries, %u whiteouts, %llu bytes",
			layer->entry_count, layer->whiteout_count,
			(unsigned long long)layer->file_bytes);
}

void notes_dump(struct lam_buf *text, const struct lam_notes *notes)
{
	for (size_t i = 0; i < notes->count; i++)
		lam_text_printf(text, "\n%s %s %s", notes->items[i].rule,
				notes->items[i].path ? notes->items[i].path : "-",
				notes->items[i].text);
}
