/* What a written layer holds, in canonical order: the directories above an entry first,
 * each once; marks right behind their directory; names as bytes by component (design,
 * section 5). */
#include <stdlib.h>
#include <string.h>

#include "layout/layout.h"

struct list {
	const struct lam_layout *layout;
	uint32_t target;
	struct lam_layout_mark *marks; /* of this target, by directory, then by name */
	size_t mark_count, next_mark;
	bool *done; /* directories that have their entry */
	struct lam_item *items;
	size_t item_count, item_cap;
};

static uint32_t mark_dir(const struct lam_layout *l, const struct lam_layout_mark *mark)
{
	return mark->kind == LAM_ITEM_OPAQUE ? mark->node
					     : l->tree->nodes[mark->node].parent;
}

static int compare_marks(const void *a, const void *b, void *context)
{
	const struct lam_layout *l = context;
	const struct lam_layout_mark *x = a, *y = b;
	int order = lam_tree_compare(l->tree, mark_dir(l, x), mark_dir(l, y));

	return order ? order : lam_tree_compare(l->tree, x->node, y->node);
}

static void collect_marks(struct list *list, bool *marked)
{
	const struct lam_layout *l = list->layout;
	/* qsort_r wants it so; it is not written to */
	void *context = (void *)(uintptr_t)l;

	for (size_t i = 0; i < l->mark_count; i++) {
		if (l->marks[i].target != list->target)
			continue;
		list->marks[list->mark_count++] = l->marks[i];
		marked[mark_dir(l, &l->marks[i])] = true;
	}
	if (list->mark_count)
		qsort_r(list->marks, list->mark_count, sizeof *list->marks, compare_marks,
			context);
}

static int add_item(struct list *list, uint32_t node, uint32_t first,
		    enum lam_item_kind kind, struct lam_error *err)
{
	if (LAM_GROW(list->items, list->item_count, list->item_cap, err) < 0)
		return err->code;
	list->items[list->item_count++] = (struct lam_item){ node, first, (uint8_t)kind };
	return 0;
}

static int add_marks(struct list *list, uint32_t dir, struct lam_error *err)
{
	while (list->next_mark < list->mark_count) {
		const struct lam_layout_mark *mark = &list->marks[list->next_mark];

		if (mark_dir(list->layout, mark) != dir)
			break;
		if (add_item(list, mark->node, mark->node, mark->kind, err) < 0)
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
	if (stands && add_item(list, dir, dir, LAM_ITEM_ENTRY, err) < 0)
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
	first = lam_tree_first_left(l->tree, node, l->gone, &names);
	return add_item(list, node, first, first == node ? LAM_ITEM_ENTRY : LAM_ITEM_LINK,
			err);
}

/* In depth-first order; dead nodes too, as directories of marks can be. */
static uint32_t next_node(const struct lam_tree *tree, uint32_t node)
{
	if (tree->nodes[node].child_count)
		return tree->nodes[node].first_child;
	for (; node != LAM_NODE_ROOT; node = tree->nodes[node].parent) {
		const struct lam_node *parent = &tree->nodes[tree->nodes[node].parent];

		if (node + 1 < parent->first_child + parent->child_count)
			return node + 1;
	}
	return LAM_NODE_NONE;
}

/* Nodes that are assigned to the target, and directories with marks. */
static int collect(struct list *list, const bool *marked, struct lam_error *err)
{
	const struct lam_layout *l = list->layout;
	size_t steps = 0;

	for (uint32_t n = LAM_NODE_ROOT; n != LAM_NODE_NONE; n = next_node(l->tree, n)) {
		if (lam_stops(l->stop, steps++))
			return lam_fail_stopped(err);
		if ((marked[n] || (!l->gone[n] && l->targets[n] == list->target)) &&
		    add_entry(list, n, err) < 0)
			return err->code;
	}
	return 0;
}

int lam_layout_items(const struct lam_layout *l, uint32_t target, struct lam_item **out,
		     size_t *out_count, struct lam_error *err)
{
	size_t nodes = l->tree->node_count;
	struct list list = { .layout = l,
			     .target = target,
			     .marks = malloc((l->mark_count + 1) * sizeof *list.marks),
			     .done = calloc(nodes, sizeof *list.done) };
	bool *marked = calloc(nodes, sizeof *marked);
	int code = list.marks && list.done && marked ? 0 : lam_fail_memory(err);

	if (code == 0) {
		collect_marks(&list, marked);
		code = collect(&list, marked, err);
	}
	free(marked);
	free(list.marks);
	free(list.done);
	if (code < 0) {
		free(list.items);
		return code;
	}
	*out = list.items;
	*out_count = list.item_count;
	return 0;
}
