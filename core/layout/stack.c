/* Which originals stay as they are, and which marks the written layers need: the stack is
 * put through the reader's own merge, and what differs from the wanted tree says what to
 * change, until nothing differs. Each round takes `kept` from an original or adds marks,
 * so it ends; where nothing is kept there is nothing that could differ. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "layout/layout.h"

#define NONE LAM_NODE_NONE

/* Differences that are worth a word; the first few say enough. */
#define MAX_WRONG 256

struct wrong {
	uint32_t node;  /* of the source's tree; NONE: not there at all */
	uint32_t trial; /* of the trial's tree, or NONE */
	unsigned what;
};

/* A written layer as it was in the last round, and the marks in it. */
struct made {
	struct lam_layer *layer;
	struct lam_layout_mark *marks;
	size_t mark_count;
	size_t kept; /* how many originals were: where fewer are, paths go elsewhere */
};

struct trial {
	struct lam_layout *layout;
	const struct lam_layer **layers; /* as written ones are, of the trial; kept ones
					    are the source's */
	struct made *made;               /* of each target; the caller's */
	uint32_t *targets;               /* position in the stack -> target */
	size_t count;
	struct lam_tree *tree;
	struct wrong *wrong; /* wanted paths that are not as they should be */
	size_t wrong_count, wrong_cap;
	struct wrong *shown; /* paths that must be hidden, topmost alone */
	size_t shown_count, shown_cap;
	uint32_t last_shown;
	struct lam_error *err;
};

static void trial_fini(struct trial *t)
{
	lam_tree_free(t->tree);
	free(t->layers);
	free(t->targets);
	free(t->wrong);
	free(t->shown);
}

/* A written layer as the reader would find it. */
static int make_layer(const struct lam_layout *l, uint32_t target, uint32_t number,
		      struct lam_layer **out, struct lam_error *err)
{
	struct lam_item_scratch scratch = LAM_ITEM_SCRATCH;
	struct lam_layer_builder *builder = NULL;
	struct lam_item *items = NULL;
	size_t count = 0;
	int code = lam_layout_items(l, target, &items, &count, err);

	if (code == 0)
		code = lam_layer_builder_new(&builder, number, err);
	if (code == 0)
		code = lam_layer_builder_near(builder, &l->tree->names, l->image->indexes,
					      err);
	for (size_t i = 0; code == 0 && i < count; i++) {
		struct lam_entry entry;
		struct lam_stat stat;
		uint32_t inode = LAM_INODE_NONE;

		if (lam_stops(l->stop, i)) {
			code = lam_fail_stopped(err);
			break;
		}
		code = lam_item_entry(l->tree, &items[i], &scratch, &entry, err);
		if (code == 0)
			code = lam_layer_builder_add(builder, &entry, 0, &inode, err);
		if (code < 0 || inode == LAM_INODE_NONE)
			continue;
		lam_tree_stat(l->tree, items[i].node, &stat);
		if (entry.type == LAM_TYPE_FILE)
			lam_layer_builder_content(builder, inode, stat.content);
		if (stat.inode != LAM_INODE_NONE)
			lam_layer_builder_share(
				builder, inode,
				(struct lam_inode_ref){ stat.layer, stat.inode });
	}
	free(items);
	if (code == 0)
		code = lam_layer_builder_finish(builder, out, err);
	lam_layer_builder_free(builder);
	lam_item_scratch_fini(&scratch);
	return code;
}

static bool is_shown_already(const struct trial *t, uint32_t node)
{
	for (; node != LAM_NODE_ROOT; node = t->tree->nodes[node].parent) {
		if (node == t->last_shown)
			return true;
	}
	return false;
}

static uint32_t source_node(const struct trial *t, uint32_t node)
{
	LAM_CLEANUP(lam_buf_fini) struct lam_buf path = LAM_BUF(SIZE_MAX / 2);
	struct lam_error err;

	if (lam_tree_append_path(t->tree, node, &path, &err) < 0)
		return NONE;
	return lam_tree_find(t->layout->tree, path.data ? path.data : "", path.len);
}

static int found(void *context, uint32_t a, uint32_t b, unsigned what)
{
	struct trial *t = context;
	struct wrong wrong = { a, b, what };

	if (a == NONE) {
		if (t->last_shown != NONE && is_shown_already(t, b))
			return 0;
		t->last_shown = b;
		wrong.node = source_node(t, b);
		if (LAM_GROW(t->shown, t->shown_count, t->shown_cap, t->err) < 0)
			return t->err->code;
		t->shown[t->shown_count++] = wrong;
		return 0;
	}
	if (t->wrong_count >= MAX_WRONG)
		return 0;
	if (LAM_GROW(t->wrong, t->wrong_count, t->wrong_cap, t->err) < 0)
		return t->err->code;
	t->wrong[t->wrong_count++] = wrong;
	return 0;
}

static size_t count_kept(const struct lam_layout *l)
{
	size_t count = 0;

	for (size_t i = 0; i < l->target_count; i++)
		count += l->stack[i].kept;
	return count;
}

static void free_made(struct made *made)
{
	lam_layer_free(made->layer);
	free(made->marks);
	*made = (struct made){ 0 };
}

/* The marks of one target; a new array of the caller's, never NULL but for no memory. */
static struct lam_layout_mark *marks_of(const struct lam_layout *l, uint32_t target,
					size_t *out_count)
{
	struct lam_layout_mark *marks = malloc((l->mark_count + 1) * sizeof *marks);

	*out_count = 0;
	for (size_t i = 0; marks && i < l->mark_count; i++) {
		if (l->marks[i].target == target)
			marks[(*out_count)++] = l->marks[i];
	}
	return marks;
}

static bool same_marks(const struct lam_layout_mark *a, const struct lam_layout_mark *b,
		       size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (a[i].node != b[i].node || a[i].kind != b[i].kind)
			return false;
	}
	return true;
}

/* The layer of the last round, where it would come out the same, or a new one. */
static int make_again(const struct lam_layout *l, uint32_t target, struct made *made,
		      struct lam_error *err)
{
	size_t count, kept = count_kept(l);
	struct lam_layout_mark *marks = marks_of(l, target, &count);

	if (!marks)
		return lam_fail_memory(err);
	if (made->layer && made->kept == kept && made->mark_count == count &&
	    same_marks(made->marks, marks, count)) {
		free(marks);
		return 0;
	}
	free_made(made);
	*made = (struct made){ .marks = marks, .mark_count = count, .kept = kept };
	return make_layer(l, target, target, &made->layer, err);
}

static int run_trial(struct trial *t, struct lam_layout *l, struct made *made,
		     struct lam_error *err)
{
	const struct lam_progress progress = { .stop = l->stop };

	*t = (struct trial){ .layout = l, .made = made, .err = err, .last_shown = NONE };
	t->layers = calloc(l->target_count, sizeof *t->layers);
	t->targets = calloc(l->target_count, sizeof *t->targets);
	if (!t->layers || !t->targets)
		return lam_fail_memory(err);
	for (uint32_t i = 0; i < l->target_count; i++, t->count++) {
		t->targets[t->count] = i;
		if (!l->stack[i].kept && make_again(l, i, &made[i], err) < 0)
			return err->code;
		t->layers[t->count] = l->stack[i].kept
					      ? l->image->indexes[l->stack[i].original]
					      : made[i].layer;
	}
	/* a hard link that led nowhere can lead somewhere now: that is another path */
	if (lam_tree_merge_like(&t->tree, l->tree, t->layers, t->count, &progress, err) <
		    0 ||
	    (!t->tree &&
	     lam_tree_merge(&t->tree, t->layers, t->count, NULL, &progress, err) < 0))
		return err->code;
	return lam_tree_diff_left(l->tree, l->gone, t->tree, found, t, l->stop, err);
}

/* Wanted paths that are wrong: who covers them */

static uint32_t last_layer(const struct trial *t, uint32_t node)
{
	uint32_t version = t->tree->nodes[node].version;

	return version == NONE ? NONE : t->targets[t->tree->versions[version].layer];
}

/* The kept target whose doing it is that a wanted path is missing: the one that changed
 * the nearest path above it last, of those that any layer has. */
static uint32_t who_hides(const struct trial *t, uint32_t node)
{
	LAM_CLEANUP(lam_buf_fini) struct lam_buf path = LAM_BUF(SIZE_MAX / 2);

	for (;; node = t->layout->tree->nodes[node].parent) {
		struct lam_error err;
		uint32_t at;

		lam_buf_clear(&path);
		if (lam_tree_append_path(t->layout->tree, node, &path, &err) < 0)
			return NONE;
		at = lam_tree_find(t->tree, path.data ? path.data : "", path.len);
		if (at != NONE && (at == LAM_NODE_ROOT || last_layer(t, at) != NONE))
			return last_layer(t, at);
	}
}

/* Names of one file that are not together: every kept original that has one of them. */
static int part_links(struct trial *t, uint32_t node, struct lam_error *err)
{
	struct lam_layout *l = t->layout;
	const struct lam_tree *trees[2] = { l->tree, t->tree };
	char path[512];

	for (size_t side = 0; side < 2; side++) {
		uint32_t *names = NULL, at = node;
		size_t count = 0;

		if (side == 1) {
			LAM_CLEANUP(lam_buf_fini)
			struct lam_buf bytes = LAM_BUF(SIZE_MAX / 2);

			if (lam_tree_append_path(l->tree, node, &bytes, err) < 0)
				return err->code;
			at = lam_tree_find(t->tree, bytes.data ? bytes.data : "",
					   bytes.len);
			if (at == NONE)
				continue;
		}
		if (lam_tree_links(trees[side], at, &names, &count, err) < 0)
			return err->code;
		for (size_t i = 0; i < count; i++) {
			uint32_t target = side == 0 ? l->targets[names[i]]
						    : last_layer(t, names[i]);

			if (target != NONE && l->stack[target].kept &&
			    lam_layout_unkeep(
				    l, target, err,
				    "%s and its hard links would not be one file",
				    lam_layout_path(l, node, path)) < 0) {
				free(names);
				return err->code;
			}
		}
		free(names);
	}
	return 0;
}

static int mend_wrong(struct trial *t, const struct wrong *w, struct lam_error *err)
{
	struct lam_layout *l = t->layout;
	uint32_t culprit =
		w->trial == NONE ? who_hides(t, w->node) : last_layer(t, w->trial);
	char path[512];

	lam_layout_path(l, w->node, path);
	if (w->what == LAM_DIFF_LINKS)
		return part_links(t, w->node, err);
	if (culprit == NONE || !l->stack[culprit].kept)
		culprit = l->targets[w->node];
	if (!l->stack[culprit].kept)
		return 0;
	if (w->trial == NONE)
		return lam_layout_unkeep(l, culprit, err,
					 "it would hide %s, which is now in layer %s",
					 path, l->stack[l->targets[w->node]].info.name);
	return lam_layout_unkeep(l, culprit, err,
				 "its older %s would cover that of layer %s", path,
				 l->stack[l->targets[w->node]].info.name);
}

/* A hard link whose file is in a layer below, and that a layer above deletes: the tree is
 * right without the file, but what unpacks the layers one by one fails there. */
static int mend_lost_links(const struct trial *t, struct lam_error *err)
{
	struct lam_layout *l = t->layout;

	for (uint32_t i = 0; i < t->count; i++) {
		const struct lam_layout_target *target = &l->stack[t->targets[i]];

		if (target->kept &&
		    t->tree->lost_links[i] > l->tree->lost_links[target->original] &&
		    lam_layout_unkeep(l, t->targets[i], err,
				      "hard links in it would lead to files that are no "
				      "longer below it") < 0)
			return err->code;
	}
	return 0;
}

/* Paths that must be hidden */

/* The highest place in the stack that put anything at or below a node of the trial. */
static uint32_t highest_below(const struct lam_tree *tree, uint32_t top)
{
	uint32_t highest = 0, node = top;

	for (;;) {
		const struct lam_node *n = &tree->nodes[node];

		for (uint32_t v = n->version; v != NONE; v = tree->versions[v].previous) {
			if (tree->versions[v].change != LAM_CHANGE_DELETED &&
			    tree->versions[v].layer > highest)
				highest = tree->versions[v].layer;
		}
		if (n->child_count) {
			node = n->first_child;
			continue;
		}
		while (node != top) {
			const struct lam_node *parent =
				&tree->nodes[tree->nodes[node].parent];

			if (node + 1 < parent->first_child + parent->child_count)
				break;
			node = tree->nodes[node].parent;
		}
		if (node == top)
			return highest;
		node++;
	}
}

/* The lowest written target above a place in the stack. */
static uint32_t written_above(const struct trial *t, uint32_t place)
{
	for (size_t i = place + 1; i < t->count; i++) {
		if (!t->layout->stack[t->targets[i]].kept)
			return t->targets[i];
	}
	return NONE;
}

/* No written layer can hide it: an original must give way, rather one above that is free
 * than one that the plan keeps. */
static int make_way(struct trial *t, const struct wrong *w, uint32_t place,
		    struct lam_error *err)
{
	struct lam_layout *l = t->layout;
	uint32_t culprit = t->targets[place];
	char path[512] = "/?";

	if (w->node != NONE)
		lam_layout_path(l, w->node, path);
	for (size_t i = place + 1;
	     i < t->count && l->stack[culprit].info.keep && w->node != NONE; i++) {
		uint32_t other = t->targets[i];

		if (l->stack[other].kept && !l->stack[other].info.keep)
			return lam_layout_unkeep(l, other, err,
						 "it must hide %s, which layer %s shows",
						 path, l->stack[culprit].info.name);
	}
	return lam_layout_unkeep(l, culprit, err, "it shows %s, which must be hidden",
				 path);
}

static int add_mark(struct lam_layout *l, uint32_t target, uint32_t node,
		    enum lam_item_kind kind, struct lam_error *err)
{
	if (LAM_GROW(l->marks, l->mark_count, l->mark_cap, err) < 0)
		return err->code;
	l->marks[l->mark_count++] =
		(struct lam_layout_mark){ target, node, (uint8_t)kind };
	return 0;
}

static int hide(struct trial *t, const struct wrong *w, struct lam_error *err)
{
	uint32_t place = highest_below(t->tree, w->trial),
		 above = written_above(t, place);

	if (above == NONE || w->node == NONE)
		return make_way(t, w, place, err);
	return add_mark(t->layout, above, w->node, LAM_ITEM_WHITEOUT, err);
}

/* Whether anything that is wanted in a directory comes from below a place in the stack.
 */
static bool needs_below(const struct trial *t, uint32_t dir, uint32_t target)
{
	const struct lam_layout *l = t->layout;

	for (uint32_t n = lam_tree_next(l->tree, dir, dir); n != NONE;
	     n = lam_tree_next(l->tree, n, dir)) {
		if (!l->gone[n] && l->targets[n] < target)
			return true;
	}
	return false;
}

static int compare_marks(const void *a, const void *b, void *context)
{
	const struct lam_layout *l = context;
	const struct lam_layout_mark *x = a, *y = b;
	uint32_t p, q;

	if (x->target != y->target)
		return x->target < y->target ? -1 : 1;
	p = x->kind == LAM_ITEM_OPAQUE ? x->node : l->tree->nodes[x->node].parent;
	q = y->kind == LAM_ITEM_OPAQUE ? y->node : l->tree->nodes[y->node].parent;
	if (p != q)
		return p < q ? -1 : 1;
	return (x->node > y->node) - (x->node < y->node);
}

/* A directory of which nothing from below is wanted is opaque; that says all its
 * whiteouts in one. */
static void make_opaque(struct trial *t)
{
	struct lam_layout *l = t->layout;
	size_t out = 0;

	qsort_r(l->marks, l->mark_count, sizeof *l->marks, compare_marks, l);
	for (size_t i = 0, end; i < l->mark_count; i = end) {
		struct lam_layout_mark mark = l->marks[i];
		uint32_t dir = mark.kind == LAM_ITEM_OPAQUE
				       ? mark.node
				       : l->tree->nodes[mark.node].parent;

		for (end = i + 1; end < l->mark_count &&
				  l->marks[end].target == mark.target &&
				  l->marks[end].kind == LAM_ITEM_WHITEOUT &&
				  l->tree->nodes[l->marks[end].node].parent == dir;)
			end++;
		if (mark.kind == LAM_ITEM_WHITEOUT &&
		    (dir == LAM_NODE_ROOT || needs_below(t, dir, mark.target))) {
			memmove(l->marks + out, l->marks + i,
				(end - i) * sizeof *l->marks);
			out += end - i;
		} else {
			l->marks[out++] = (struct lam_layout_mark){ mark.target, dir,
								    LAM_ITEM_OPAQUE };
		}
	}
	l->mark_count = out;
}

static int bad_layout(const struct trial *t, struct lam_error *err)
{
	const struct lam_layout *l = t->layout;
	const struct wrong *w = t->wrong_count ? &t->wrong[0] : &t->shown[0];
	char path[512] = "/?";

	if (w->node != NONE)
		lam_layout_path(l, w->node, path);
	return lam_fail(
		err, LAM_EFORMAT,
		"%s: the layout would not show this path as the image does (%#x); nothing was written: "
		"this is a mistake in lamina, please report it",
		path, w->what);
}

/* All originals as they are, in their order, and nothing in other layers: what they merge
 * to is known. */
static bool is_source(const struct lam_layout *l)
{
	uint32_t next = 0;

	for (size_t i = 0; i < l->target_count; i++) {
		if (l->stack[i].kept && l->stack[i].original != next++)
			return false;
	}
	if (next != l->image->layer_count || l->dropped_count)
		return false;
	for (uint32_t n = 0; n < l->tree->node_count; n++) {
		if (!l->gone[n] && !l->stack[l->targets[n]].kept)
			return false;
	}
	return true;
}

/* One round: *out_done where the stack shows what is wanted. */
static int round_of(struct lam_layout *l, struct made *made, bool *out_done,
		    struct lam_error *err)
{
	size_t kept = count_kept(l), marks = l->mark_count, wrong = 0;
	struct trial t;
	int code = run_trial(&t, l, made, err);

	for (size_t i = 0; code == 0 && i < t.wrong_count; i++) {
		/* with a name too many, which is hidden first */
		if (t.wrong[i].what == LAM_DIFF_LINKS && t.shown_count)
			continue;
		wrong++;
		code = mend_wrong(&t, &t.wrong[i], err);
	}
	if (code == 0)
		code = mend_lost_links(&t, err);
	*out_done =
		code == 0 && !t.wrong_count && !t.shown_count && count_kept(l) == kept;
	if (code == 0 && wrong == 0) {
		for (size_t i = 0; code == 0 && i < t.shown_count; i++)
			code = hide(&t, &t.shown[i], err);
		if (code == 0 && l->mark_count > marks)
			make_opaque(&t);
	}
	if (code == 0 && count_kept(l) != kept)
		l->mark_count = 0; /* others may be needed now, or none */
	else if (code == 0 && !*out_done && l->mark_count == marks)
		code = bad_layout(&t, err);
	trial_fini(&t);
	return code;
}

static int run_rounds(struct lam_layout *l, struct made *made, struct lam_error *err)
{
	/* marks on marks: each round hides at least one more path for good, and few
	 * images need more than three */
	const size_t most = 4 * l->target_count + 64;
	bool done = false;

	for (size_t i = 0; i < most && !done; i++) {
		if (lam_layout_settle(l, err) < 0)
			return err->code;
		done = is_source(l);
		if (!done && round_of(l, made, &done, err) < 0)
			return err->code;
	}
	if (done)
		return 0;
	return lam_fail(err, LAM_EFORMAT,
			"the layout does not come to an end: this is a mistake in "
			"lamina, please report it");
}

int lam_layout_stack(struct lam_layout *l, struct lam_error *err)
{
	struct made *made = calloc(l->target_count, sizeof *made);
	int code = made ? run_rounds(l, made, err) : lam_fail_memory(err);

	for (size_t i = 0; made && i < l->target_count; i++)
		free_made(&made[i]);
	free(made);
	return code;
}
