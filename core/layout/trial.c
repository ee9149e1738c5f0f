/* A trial of a stack: what its layers merge to, and where that is not what is wanted. */
#include "layout/trial.h"

#include <stdlib.h>
#include <string.h>

#include <lamina/progress.h>

#include "base/memory.h"
#include "base/stop.h"

#define NONE LAM_NODE_NONE

#define MAX_WRONG 65536
#define MAX_LINKS 256 /* each is looked at with all its names */

void lam_made_fini(struct lam_made *made)
{
	lam_layer_free(made->layer);
	free(made->members);
	free(made->marks);
	*made = (struct lam_made){ 0 };
}

void lam_trial_fini(struct lam_trial *t)
{
	lam_tree_free(t->tree);
	free(t->layers);
	free(t->wrong);
	free(t->shown);
}

/* Layers */

/* Whether the layer of the last round would come out the same. */
static bool is_same(const struct lam_made *old, const struct lam_made *new)
{
	if (!old->layer || old->kept != new->kept || old->mark_count != new->mark_count)
		return false;
	for (size_t i = 0; i < new->mark_count; i++) {
		if (old->marks[i].node != new->marks[i].node ||
		    old->marks[i].kind != new->marks[i].kind)
			return false;
	}
	return true;
}

static int make_again(const struct lam_layout *l, uint32_t target, struct lam_made *made,
		      struct lam_error *err)
{
	struct lam_made new = { .marks =
					lam_xcalloc(l->mark_count + 1, sizeof *new.marks),
				.kept = lam_layout_count_kept(l) };

	for (size_t i = 0; i < l->mark_count; i++) {
		if (l->marks[i].target == target)
			new.marks[new.mark_count++] = l->marks[i];
	}
	if (is_same(made, &new)) {
		lam_made_fini(&new);
		return 0;
	}
	lam_made_fini(made);
	*made = new;
	return lam_layout_members(l, target, &made->members, &made->member_count, err) < 0
		       ? err->code
		       : lam_made_index(l, target, made, err);
}

/* Differences */

static bool is_shown_already(const struct lam_trial *t, uint32_t node)
{
	for (; node != LAM_NODE_ROOT; node = t->tree->nodes[node].parent) {
		if (node == t->last_shown)
			return true;
	}
	return false;
}

static uint32_t find(const struct lam_tree *from, uint32_t node,
		     const struct lam_tree *in)
{
	LAM_CLEANUP(lam_buf_fini) struct lam_buf path = LAM_TEXT;

	lam_tree_append_path(from, node, &path);
	return lam_tree_find(in, path.data ? path.data : "", path.len);
}

uint32_t lam_trial_node(const struct lam_trial *t, uint32_t source_node)
{
	return find(t->layout->tree, source_node, t->tree);
}

uint32_t lam_trial_source(const struct lam_trial *t, uint32_t node)
{
	return find(t->tree, node, t->layout->tree);
}

static int found(void *context, uint32_t a, uint32_t b, unsigned what)
{
	struct lam_trial *t = context;
	struct lam_wrong wrong = { a, b, what };

	if (a == NONE) {
		if (t->last_shown != NONE && is_shown_already(t, b))
			return 0;
		t->last_shown = b;
		wrong.node = lam_trial_source(t, b);
		if (LAM_GROW(t->shown, t->shown_count, t->shown_cap, t->err) < 0)
			return t->err->code;
		t->shown[t->shown_count++] = wrong;
	} else if (t->wrong_count < (what == LAM_DIFF_LINKS ? MAX_LINKS : MAX_WRONG)) {
		LAM_XGROW(t->wrong, t->wrong_count, t->wrong_cap);
		t->wrong[t->wrong_count++] = wrong;
	}
	return 0;
}

int lam_trial_run(struct lam_trial *t, struct lam_layout *l, struct lam_made *made,
		  struct lam_error *err)
{
	const struct lam_progress progress = { .stop = l->stop };
	const struct lam_diff_options meant = { .gone = l->gone,
						.clamp_a = l->plan->times,
						.stop = l->stop };

	*t = (struct lam_trial){ .layout = l, .err = err, .last_shown = NONE };
	t->layers = lam_xcalloc(l->target_count, sizeof *t->layers);
	for (uint32_t i = 0; i < l->target_count; i++) {
		if (!l->stack[i].kept && make_again(l, i, &made[i], err) < 0)
			return err->code;
		t->layers[i] = l->stack[i].kept ? l->image->indexes[l->stack[i].original]
						: made[i].layer;
	}
	/* a hard link that led nowhere can lead somewhere now: that is another path */
	if (lam_tree_merge_like(&t->tree, l->tree, t->layers, l->target_count, &progress,
				err) < 0 ||
	    (!t->tree && lam_tree_merge(&t->tree, t->layers, l->target_count, NULL,
					&progress, err) < 0))
		return err->code;
	return lam_tree_diff_as(l->tree, t->tree, &meant, found, t, err);
}
