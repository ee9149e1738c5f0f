/* Which originals stay as they are, and which marks the written layers need: the stack is
 * tried, and what is not as the wanted tree says what to change, until all is. Each round
 * takes `kept` from an original or adds marks, so it ends; where nothing is kept there is
 * nothing that could differ. */
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/memory.h"
#include "base/path.h"
#include "base/sort.h"
#include "base/stop.h"
#include "layout/trial.h"

#define NONE LAM_NODE_NONE

/* Wanted paths that are wrong: who covers them */

static uint32_t last_layer(const struct lam_trial *t, uint32_t node)
{
	uint32_t version = t->tree->nodes[node].version;

	return version == NONE ? NONE : t->tree->versions[version].layer;
}

/* The kept target whose doing it is that a wanted path is missing: the one that changed
 * the nearest path above it last, of those that any layer has. */
static uint32_t who_hides(const struct lam_trial *t, uint32_t node)
{
	for (;; node = t->layout->tree->nodes[node].parent) {
		uint32_t at = lam_trial_node(t, node);

		if (at != NONE && (at == LAM_NODE_ROOT || last_layer(t, at) != NONE))
			return last_layer(t, at);
	}
}

/* Names of one file that are not together: every kept original that has one of them. */
static int part_links(struct lam_trial *t, uint32_t node, bool in_trial,
		      struct lam_error *err)
{
	struct lam_layout *l = t->layout;
	uint32_t at = in_trial ? lam_trial_node(t, node) : node;
	LAM_CLEANUP(lam_free_ptr) uint32_t *names = NULL;
	size_t count = 0;
	char path[LAM_PATH_TEXT];

	if (at == NONE)
		return 0;
	if (lam_tree_links(in_trial ? t->tree : l->tree, at, &names, &count, err) < 0)
		return err->code;
	for (size_t i = 0; i < count; i++) {
		uint32_t target =
			in_trial ? last_layer(t, names[i]) : l->targets[names[i]];

		if (target != NONE && l->stack[target].kept &&
		    lam_layout_unkeep(l, target, err,
				      "%s and its hard links would not be one file",
				      lam_layout_path(l, node, path)) < 0)
			return err->code;
	}
	return 0;
}

static bool was_kept(const struct lam_trial *t, uint32_t target)
{
	const struct lam_layout_target *s = &t->layout->stack[target];

	return s->original != NONE &&
	       t->layers[target] == t->layout->image->indexes[s->original];
}

/* As the source has it. */
static bool is_right(const struct lam_trial *t, uint32_t node,
		     const struct lam_version *version)
{
	const struct lam_clamp times = t->layout->plan->times;
	struct lam_stat meant, is;

	if (version->change == LAM_CHANGE_DELETED)
		return false;
	lam_tree_stat(t->layout->tree, node, &meant);
	lam_tree_stat_version(t->tree, version, &is);
	lam_clamp_time(times, &meant.mtime_s, &meant.mtime_ns);
	return lam_stat_compare(&meant, &is) == 0;
}

/* What no original does is that of the path's own layer. */
static int mend_hidden(struct lam_trial *t, const struct lam_wrong *w,
		       struct lam_error *err)
{
	struct lam_layout *l = t->layout;
	uint32_t culprit = who_hides(t, w->node), own = l->targets[w->node];
	char path[LAM_PATH_TEXT];

	if (culprit == NONE || !was_kept(t, culprit))
		culprit = own;
	if (!l->stack[culprit].kept)
		return 0;
	return lam_layout_unkeep(
		l, culprit, err, "it would hide %s, which is now in layer %s",
		lam_layout_path(l, w->node, path), l->stack[own].info.name);
}

/* All originals from the top down to one that has it right. */
static int mend_covered(struct lam_trial *t, const struct lam_wrong *w,
			struct lam_error *err)
{
	struct lam_layout *l = t->layout;
	uint32_t own = l->targets[w->node], v = t->tree->nodes[w->trial].version,
		 culprit = last_layer(t, w->trial);
	char path[LAM_PATH_TEXT];

	if (culprit == NONE || !was_kept(t, culprit))
		culprit = own;
	for (;;) {
		if (l->stack[culprit].kept &&
		    lam_layout_unkeep(l, culprit, err,
				      "its older %s would cover that of layer %s",
				      lam_layout_path(l, w->node, path),
				      l->stack[own].info.name) < 0)
			return err->code;
		if (culprit <= own || (v = t->tree->versions[v].previous) == NONE)
			return 0;
		culprit = t->tree->versions[v].layer;
		if (culprit <= own || !was_kept(t, culprit) ||
		    is_right(t, w->node, &t->tree->versions[v]))
			return 0;
	}
}

static int mend_wrong(struct lam_trial *t, const struct lam_wrong *w,
		      struct lam_error *err)
{
	if (w->what == LAM_DIFF_LINKS)
		return part_links(t, w->node, false, err) < 0
			       ? err->code
			       : part_links(t, w->node, true, err);
	return w->trial == NONE ? mend_hidden(t, w, err) : mend_covered(t, w, err);
}

/* A hard link whose file is in a layer below, and that a layer above deletes: the tree is
 * right without the file, but what unpacks the layers one by one fails there. */
static int mend_lost_links(const struct lam_trial *t, struct lam_error *err)
{
	struct lam_layout *l = t->layout;

	for (uint32_t i = 0; i < l->target_count; i++) {
		const struct lam_layout_target *target = &l->stack[i];

		if (target->kept &&
		    t->tree->lost_links[i] > l->tree->lost_links[target->original] &&
		    lam_layout_unkeep(l, i, err,
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
	uint32_t highest = 0;

	for (uint32_t n = top; n != NONE; n = lam_layout_next(tree, n, top)) {
		for (uint32_t v = tree->nodes[n].version; v != NONE;
		     v = tree->versions[v].previous) {
			if (tree->versions[v].change != LAM_CHANGE_DELETED &&
			    tree->versions[v].layer > highest)
				highest = tree->versions[v].layer;
		}
	}
	return highest;
}

/* The lowest written target above another. */
static uint32_t written_above(const struct lam_layout *l, uint32_t target)
{
	for (uint32_t i = target + 1; i < l->target_count; i++) {
		if (!l->stack[i].kept)
			return i;
	}
	return NONE;
}

/* No written layer can hide it: an original must give way, rather one above that is free
 * than one that the plan keeps. */
static int make_way(struct lam_trial *t, const struct lam_wrong *w, uint32_t culprit,
		    struct lam_error *err)
{
	struct lam_layout *l = t->layout;
	char path[LAM_PATH_TEXT] = "/?";

	if (w->node != NONE)
		lam_layout_path(l, w->node, path);
	for (uint32_t i = culprit + 1;
	     i < l->target_count && l->stack[culprit].info.keep && w->node != NONE; i++) {
		if (l->stack[i].kept && !l->stack[i].info.keep)
			return lam_layout_unkeep(l, i, err,
						 "it must hide %s, which layer %s shows",
						 path, l->stack[culprit].info.name);
	}
	return lam_layout_unkeep(l, culprit, err, "it shows %s, which must be hidden",
				 path);
}

static int hide(struct lam_trial *t, const struct lam_wrong *w, struct lam_error *err)
{
	struct lam_layout *l = t->layout;
	uint32_t highest = highest_below(t->tree, w->trial),
		 above = written_above(l, highest);

	if (above == NONE || w->node == NONE)
		return make_way(t, w, highest, err);
	if (LAM_GROW(l->marks, l->mark_count, l->mark_cap, err) < 0)
		return err->code;
	l->marks[l->mark_count++] =
		(struct lam_layout_mark){ above, w->node, LAM_MEMBER_WHITEOUT };
	return 0;
}

/* Whether anything that is wanted in a directory comes from below a place in the stack.
 */
static bool needs_below(const struct lam_trial *t, uint32_t dir, uint32_t target)
{
	const struct lam_layout *l = t->layout;

	for (uint32_t n = lam_tree_next(l->tree, dir, dir); n != NONE;
	     n = lam_tree_next(l->tree, n, dir)) {
		if (!l->gone[n] && l->targets[n] < target)
			return true;
	}
	return false;
}

static int compare_marks(const void *a, const void *b, void *layout)
{
	const struct lam_layout_mark *x = a, *y = b;
	uint32_t p = lam_layout_mark_dir(layout, x), q = lam_layout_mark_dir(layout, y);

	if (x->target != y->target)
		return x->target < y->target ? -1 : 1;
	if (p != q)
		return p < q ? -1 : 1;
	return (x->node > y->node) - (x->node < y->node);
}

/* A directory of which nothing from below is wanted is opaque; that says all its
 * whiteouts in one. */
static int make_opaque(struct lam_trial *t, struct lam_error *err)
{
	struct lam_layout *l = t->layout;
	size_t out = 0;

	if (lam_sort(l->marks, l->mark_count, sizeof *l->marks, compare_marks, l, l->stop,
		     err) < 0)
		return err->code;
	for (size_t i = 0, end; i < l->mark_count; i = end) {
		struct lam_layout_mark mark = l->marks[i];
		uint32_t dir = lam_layout_mark_dir(l, &mark);

		for (end = i + 1; end < l->mark_count &&
				  l->marks[end].target == mark.target &&
				  l->marks[end].kind == LAM_MEMBER_WHITEOUT &&
				  lam_layout_mark_dir(l, &l->marks[end]) == dir;)
			end++;
		if (mark.kind == LAM_MEMBER_OPAQUE ||
		    (dir != LAM_NODE_ROOT && !needs_below(t, dir, mark.target))) {
			l->marks[out++] = (struct lam_layout_mark){ mark.target, dir,
								    LAM_MEMBER_OPAQUE };
			continue;
		}
		memmove(l->marks + out, l->marks + i, (end - i) * sizeof *l->marks);
		out += end - i;
	}
	l->mark_count = out;
	return 0;
}

/* Whiteouts that would be listed */

/* A kept blob with whiteouts that overlayfs would list, and did not in the source. */
static int mend_ghosts(struct lam_trial *t, const struct lam_ghosts *source,
		       const struct lam_ghosts *ghosts, struct lam_error *err)
{
	struct lam_layout *l = t->layout;
	uint32_t node = NONE, dir = NONE;

	for (size_t i = 0; i < ghosts->count; i++) {
		const struct lam_ghost *g = &ghosts->items[i];
		LAM_CLEANUP(lam_buf_fini) struct lam_buf path = LAM_TEXT;
		char shown[LAM_PATH_TEXT], above[LAM_PATH_TEXT];

		if (g->dir != node)
			dir = lam_trial_source(t, g->dir);
		node = g->dir;
		if (!l->stack[g->layer].kept || lam_ghosts_have(source, dir, g->name))
			continue;
		lam_tree_append_path(t->tree, node, &path);
		lam_path_text(above, path.data, path.len, true);
		lam_text_putc(&path, '/');
		lam_text_add(&path, g->name.bytes, g->name.len);
		if (lam_layout_unkeep(
			    l, g->layer, err,
			    "its whiteout of %s would show, as no layer below has %s",
			    lam_path_text(shown, path.data, path.len, true), above) < 0)
			return err->code;
	}
	return 0;
}

static int lay_ghosts(struct lam_trial *t, struct lam_error *err)
{
	LAM_CLEANUP(lam_ghosts_fini) struct lam_ghosts source = { 0 };
	LAM_CLEANUP(lam_ghosts_fini) struct lam_ghosts ghosts = { 0 };

	if (lam_ghosts_find(&ghosts, t->tree, t->layout->stop, err) < 0)
		return err->code;
	if (!ghosts.count)
		return 0;
	if (lam_ghosts_find(&source, t->layout->tree, t->layout->stop, err) < 0)
		return err->code;
	return mend_ghosts(t, &source, &ghosts, err);
}

/* Rounds */

static int bad_layout(const struct lam_trial *t, struct lam_error *err)
{
	const struct lam_layout *l = t->layout;
	const struct lam_wrong *w = t->wrong_count ? &t->wrong[0] : &t->shown[0];
	char path[LAM_PATH_TEXT] = "/?";

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

/* What a written layer would say and no reader takes: a path that is longer than any entry's
 * is made through symlinks. */
static int check_paths(const struct lam_layout *l, struct lam_error *err)
{
	const struct lam_tree *tree = l->tree;
	LAM_CLEANUP(lam_free_ptr)
	uint32_t *lengths = lam_alloc_large(tree->node_count * sizeof *lengths);
	uint64_t total = 0;

	if (!lengths)
		return lam_fail_memory(err);
	lengths[LAM_NODE_ROOT] = 0;
	for (uint32_t n = 1; n < tree->node_count; n++) {
		size_t len;

		lam_tree_name(tree, n, &len);
		lengths[n] = lengths[tree->nodes[n].parent] + (uint32_t)len + 1;
		if (l->gone[n] || l->stack[l->targets[n]].kept)
			continue;
		if (lengths[n] > LAM_MAX_PATH + 1)
			return lam_fail(
				err, LAM_EFORMAT,
				"layer \"%s\" has a path of %u bytes: one of more "
				"than %u can stay in a layer that is kept as it is, and "
				"not be written",
				l->stack[l->targets[n]].info.name, lengths[n] - 1,
				LAM_MAX_PATH);
		if (tree->nodes[n].implied)
			total += lengths[n];
	}
	/* entries for directories that had none */
	if (total <= LAM_MAX_IMPLIED_PATHS)
		return 0;
	return lam_fail(err, LAM_EFORMAT,
			"directories that no entry describes have paths of more than "
			"%u MiB together: a layer with them can be kept as it is, and "
			"not be written",
			LAM_MAX_IMPLIED_PATHS >> 20);
}

/* What is covered is mended first, then what is lost; what is shown is hidden where
 * nothing is covered, and what would be listed is looked for where all else is right. */
static int mend(struct lam_trial *t, struct lam_error *err)
{
	size_t wrong = 0;

	if (lam_trial_unkeep_hiders(t, err) < 0)
		return err->code;
	for (size_t i = 0; i < t->wrong_count; i++) {
		/* with a name too many, which is hidden first */
		if (t->wrong[i].what == LAM_DIFF_LINKS && t->shown_count)
			continue;
		wrong++;
		if (mend_wrong(t, &t->wrong[i], err) < 0)
			return err->code;
	}
	if (mend_lost_links(t, err) < 0)
		return err->code;
	if (!t->wrong_count && !t->shown_count)
		return lay_ghosts(t, err);
	for (size_t i = 0; wrong == 0 && i < t->shown_count; i++) {
		if (hide(t, &t->shown[i], err) < 0)
			return err->code;
	}
	return 0;
}

/* One round: *out_done where the stack shows what is wanted. */
static int run_round(struct lam_layout *l, struct lam_made *made, bool *out_done,
		     struct lam_error *err)
{
	size_t kept = lam_layout_count_kept(l), marks = l->mark_count;
	LAM_CLEANUP(lam_trial_fini) struct lam_trial t;

	if (lam_trial_run(&t, l, made, err) < 0 || mend(&t, err) < 0)
		return err->code;
	if (lam_layout_count_kept(l) != kept) {
		l->mark_count = 0; /* others may be needed now, or none */
		return 0;
	}
	*out_done = !t.wrong_count && !t.shown_count;
	if (!*out_done && l->mark_count == marks)
		return bad_layout(&t, err);
	return l->mark_count > marks ? make_opaque(&t, err) : 0;
}

static int run_rounds(struct lam_layout *l, struct lam_made *made, struct lam_error *err)
{
	/* marks on marks: each round hides at least one more path for good, and few
	 * images need more than three */
	const size_t most = 4 * l->target_count + 64;
	bool done = false;

	for (size_t i = 0; i < most && !done; i++) {
		if (lam_layout_settle(l, err) < 0)
			return err->code;
		done = is_source(l);
		if (!done &&
		    (check_paths(l, err) < 0 || run_round(l, made, &done, err) < 0))
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
	struct lam_made *made = lam_xcalloc(l->target_count, sizeof *made);
	int code = run_rounds(l, made, err);

	/* where all blobs stay, so do those that are all waste: it is the image as it was */
	if (code == 0 && !is_source(l))
		code = lam_layout_drop_waste(l, made, err);
	for (size_t i = 0; i < l->target_count; i++) {
		if (code == 0 && made[i].layer && !l->stack[i].kept) {
			l->stack[i].members = LAM_STEAL(made[i].members);
			l->stack[i].member_count = made[i].member_count;
			l->stack[i].layer = LAM_STEAL(made[i].layer);
		}
		lam_made_fini(&made[i]);
	}
	free(made);
	return code;
}
