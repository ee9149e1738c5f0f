/* What a written layer holds, in canonical order, and each of it as an entry of a tar: the
 * directories above an entry first, each once; marks right behind their directory; names
 * as bytes by component (core/DESIGN.md, section 5). */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/sort.h"
#include "base/stop.h"
#include "layout/layout.h"
#include "tar/write.h"

/* A member as an entry */

static const uint8_t TYPE_OF[] = {
	[LAM_KIND_FILE] = LAM_TYPE_FILE, [LAM_KIND_SYMLINK] = LAM_TYPE_SYMLINK,
	[LAM_KIND_CHAR] = LAM_TYPE_CHAR, [LAM_KIND_BLOCK] = LAM_TYPE_BLOCK,
	[LAM_KIND_DIR] = LAM_TYPE_DIR,   [LAM_KIND_FIFO] = LAM_TYPE_FIFO,
};

void lam_member_scratch_fini(struct lam_member_scratch *scratch)
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
static void mark_path(const struct lam_tree *tree, const struct lam_member *member,
		      struct lam_buf *path)
{
	bool opaque = member->kind == LAM_MEMBER_OPAQUE;
	uint32_t dir = opaque ? member->node : tree->nodes[member->node].parent;
	size_t len;
	const char *name = lam_tree_name(tree, member->node, &len);

	lam_tree_append_path(tree, dir, path);
	if (dir != LAM_NODE_ROOT)
		lam_text_putc(path, '/');
	lam_text_puts(path, opaque ? ".wh..wh..opq" : ".wh.");
	if (!opaque)
		lam_text_add(path, name, len);
}

static void set_records(struct lam_member_scratch *scratch, const struct lam_stat *stat,
			struct lam_entry *out)
{
	while (scratch->record_cap < stat->attribute_count)
		LAM_XGROW(scratch->records, scratch->record_cap, scratch->record_cap);
	for (size_t i = 0; i < stat->attribute_count; i++) {
		const struct lam_attribute *a = &stat->attributes[i];

		scratch->records[i] = (struct lam_record){ { a->key, a->key_len },
							   { a->value, a->value_len } };
	}
	out->records = scratch->records;
	out->record_count = stat->attribute_count;
}

void lam_member_entry(const struct lam_tree *tree, struct lam_clamp times,
		      const struct lam_member *member, struct lam_member_scratch *scratch,
		      struct lam_entry *out)
{
	struct lam_stat stat;

	lam_buf_clear(&scratch->path);
	*out = (struct lam_entry){ .type = LAM_TYPE_FILE, .flag = '0', .mode = 0644 };
	if (member->kind == LAM_MEMBER_WHITEOUT || member->kind == LAM_MEMBER_OPAQUE) {
		mark_path(tree, member, &scratch->path);
		out->path = text_of(&scratch->path);
		return;
	}
	lam_tree_stat(tree, member->node, &stat);
	lam_tree_append_path(tree, member->node, &scratch->path);
	*out = (struct lam_entry){ .type = TYPE_OF[stat.kind],
				   .mode = stat.mode,
				   .uid = stat.uid,
				   .gid = stat.gid,
				   .mtime_s = stat.mtime_s,
				   .mtime_ns = stat.mtime_ns,
				   .dev_major = stat.dev_major,
				   .dev_minor = stat.dev_minor };
	lam_clamp_time(times, &out->mtime_s, &out->mtime_ns);
	out->path = text_of(&scratch->path);
	if (member->kind == LAM_MEMBER_LINK) {
		lam_buf_clear(&scratch->target);
		lam_tree_append_path(tree, member->first, &scratch->target);
		out->type = LAM_TYPE_LINK;
		out->target = text_of(&scratch->target);
	} else if (stat.kind == LAM_KIND_SYMLINK) {
		out->target = (struct lam_str){ stat.target, stat.target_len };
	} else if (stat.kind == LAM_KIND_FILE) {
		out->size = out->stored = stat.size;
	}
	set_records(scratch, &stat, out);
}

/* All members of a layer */

struct list {
	const struct lam_layout *layout;
	uint32_t target;
	struct lam_layout_mark *marks; /* of this target, by directory, then by name */
	size_t mark_count, next_mark;
	bool *done; /* directories that have their entry */
	struct lam_member *members;
	size_t member_count, member_cap;
};

uint32_t lam_layout_mark_dir(const struct lam_layout *l,
			     const struct lam_layout_mark *mark)
{
	return mark->kind == LAM_MEMBER_OPAQUE ? mark->node
					       : l->tree->nodes[mark->node].parent;
}

static int compare_marks(const void *a, const void *b, void *context)
{
	const struct lam_layout *l = context;
	const struct lam_layout_mark *x = a, *y = b;
	int order = lam_tree_compare(l->tree, lam_layout_mark_dir(l, x),
				     lam_layout_mark_dir(l, y));

	return order ? order : lam_tree_compare(l->tree, x->node, y->node);
}

static int collect_marks(struct list *list, bool *marked, struct lam_error *err)
{
	const struct lam_layout *l = list->layout;
	/* lam_sort wants it so; it is not written to */
	void *context = (void *)(uintptr_t)l;

	for (size_t i = 0; i < l->mark_count; i++) {
		if (l->marks[i].target != list->target)
			continue;
		list->marks[list->mark_count++] = l->marks[i];
		marked[lam_layout_mark_dir(l, &l->marks[i])] = true;
	}
	return lam_sort(list->marks, list->mark_count, sizeof *list->marks, compare_marks,
			context, l->stop, err);
}

static int add_member(struct list *list, uint32_t node, uint32_t first,
		      enum lam_member_kind kind, struct lam_error *err)
{
	if (LAM_GROW(list->members, list->member_count, list->member_cap, err) < 0)
		return err->code;
	list->members[list->member_count++] =
		(struct lam_member){ node, first, (uint8_t)kind };
	return 0;
}

static int add_marks(struct list *list, uint32_t dir, struct lam_error *err)
{
	while (list->next_mark < list->mark_count) {
		const struct lam_layout_mark *mark = &list->marks[list->next_mark];

		if (lam_layout_mark_dir(list->layout, mark) != dir)
			break;
		if (add_member(list, mark->node, mark->node, mark->kind, err) < 0)
			return err->code;
		list->next_mark++;
	}
	return 0;
}

/* A directory whose name is that of a whiteout can be implied, and in no other way be. */
static bool can_stand(const struct lam_tree *tree, uint32_t dir)
{
	size_t len;
	const char *name = lam_tree_name(tree, dir, &len);

	return len < 4 || memcmp(name, ".wh.", 4) != 0;
}

static int add_dir(struct list *list, uint32_t dir, struct lam_error *err)
{
	const struct lam_layout *l = list->layout;
	bool root = dir == LAM_NODE_ROOT;
	/* the root exists everywhere: its entry stands in its own target alone, if a
	 * layer describes it */
	bool stands =
		root ? l->targets[dir] == list->target && !l->tree->nodes[dir].implied
		     : can_stand(l->tree, dir);

	if (list->done[dir])
		return 0;
	list->done[dir] = true;
	if (stands && add_member(list, dir, dir, LAM_MEMBER_ENTRY, err) < 0)
		return err->code;
	return add_marks(list, dir, err);
}

static int add_parents(struct list *list, uint32_t node, struct lam_error *err)
{
	uint32_t top;

	/* from the highest that is missing down; each step is one entry, so this is
	 * linear in what comes out */
	while (!list->done[list->layout->tree->nodes[node].parent]) {
		top = list->layout->tree->nodes[node].parent;
		while (top != LAM_NODE_ROOT &&
		       !list->done[list->layout->tree->nodes[top].parent])
			top = list->layout->tree->nodes[top].parent;
		if (add_dir(list, top, err) < 0)
			return err->code;
	}
	return 0;
}

static int add_entry(struct list *list, uint32_t node, struct lam_error *err)
{
	const struct lam_layout *l = list->layout;
	size_t names;
	uint32_t first;

	if (node != LAM_NODE_ROOT && add_parents(list, node, err) < 0)
		return err->code;
	if (l->tree->nodes[node].kind == LAM_KIND_DIR)
		return add_dir(list, node, err);
	first = lam_left_first(&l->left, node, &names);
	return add_member(list, node, first,
			  first == node ? LAM_MEMBER_ENTRY : LAM_MEMBER_LINK, err);
}

/* Nodes that are assigned to the target, and directories with marks. */
static int collect(struct list *list, const bool *marked, struct lam_error *err)
{
	const struct lam_layout *l = list->layout;
	size_t steps = 0;

	for (uint32_t n = LAM_NODE_ROOT; n != LAM_NODE_NONE;
	     n = lam_layout_next(l->tree, n, LAM_NODE_ROOT)) {
		if (lam_stops(l->stop, steps++))
			return lam_fail_stopped(err);
		if ((marked[n] || (!l->gone[n] && l->targets[n] == list->target)) &&
		    add_entry(list, n, err) < 0)
			return err->code;
	}
	return 0;
}

int lam_layout_members(const struct lam_layout *l, uint32_t target,
		       struct lam_member **out, size_t *out_count, struct lam_error *err)
{
	size_t nodes = l->tree->node_count;
	struct list list = { .layout = l,
			     .target = target,
			     .marks = lam_xcalloc(l->mark_count + 1, sizeof *list.marks),
			     .done = calloc(nodes, sizeof *list.done) };
	bool *marked = calloc(nodes, sizeof *marked);
	int code = list.done && marked ? 0 : lam_fail_memory(err);

	if (code == 0)
		code = collect_marks(&list, marked, err);
	if (code == 0)
		code = collect(&list, marked, err);
	free(marked);
	free(list.marks);
	free(list.done);
	*out = list.members;
	*out_count = list.member_count;
	return code;
}

/* How large they are */

static int size_member(const struct lam_layout *l, const struct lam_member *member,
		       struct lam_member_scratch *scratch, struct lam_buf *header,
		       struct lam_layout_target *t, struct lam_error *err)
{
	struct lam_target *info = &t->info;
	uint64_t head = LAM_TAR_BLOCK;
	struct lam_entry entry;

	lam_buf_clear(header);
	lam_member_entry(l->tree, l->plan->times, member, scratch, &entry);
	if (!lam_tar_is_plain(&entry) && lam_tar_append_header(header, &entry, err) < 0) {
		char path[LAM_PATH_TEXT];

		return lam_wrap(err, "%s", lam_layout_path(l, member->node, path));
	}
	if (header->len)
		head = header->len;
	info->tar_size += head + entry.size + lam_tar_padding(entry.size);
	if (member->kind == LAM_MEMBER_WHITEOUT || member->kind == LAM_MEMBER_OPAQUE) {
		info->whiteout_count++;
		t->mark_bytes += head;
	}
	return 0;
}

int lam_layout_size_members(const struct lam_layout *l, struct lam_layout_target *t,
			    struct lam_error *err)
{
	LAM_CLEANUP(lam_member_scratch_fini)
	struct lam_member_scratch scratch = LAM_MEMBER_SCRATCH;
	LAM_CLEANUP(lam_buf_fini) struct lam_buf header = LAM_BUF(SIZE_MAX / 2);

	t->info.tar_size = LAM_TAR_END;
	t->info.whiteout_count = 0;
	t->mark_bytes = 0;
	for (size_t i = 0; i < t->member_count; i++) {
		if (lam_stops(l->stop, i))
			return lam_fail_stopped(err);
		if (size_member(l, &t->members[i], &scratch, &header, t, err) < 0)
			return err->code;
	}
	return 0;
}
