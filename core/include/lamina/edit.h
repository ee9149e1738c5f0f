/* Editing a plan, and taking it back. An edit changes a plan in place and leaves it valid
 * as a plan (plan.h); whether it fits an image is the layout's to say. A failed edit
 * leaves the plan as it was. A history is a list of named states of a plan, with a place
 * in it: undo and redo move that place, a new edit cuts off what was undone.
 *
 *	lam_history_new(&history, plan, &err);
 *	lam_plan_copy(&next, lam_history_plan(history), &err);
 *	lam_edit_assign(next, &rule, 1, "opt", &err);
 *	lam_history_push(history, "/opt to opt", next, &err);
 */
#ifndef LAMINA_EDIT_H
#define LAMINA_EDIT_H

#include <lamina/plan.h>

int lam_plan_copy(struct lam_plan **out, const struct lam_plan *plan,
		  struct lam_error *err);
bool lam_plan_equal(const struct lam_plan *a, const struct lam_plan *b);

/* A layer's name that no layer has: `wish`, made valid, with "-2" and so on behind it
 * where it is taken. A new string of the caller's. */
int lam_plan_free_name(char **out, const struct lam_plan *plan, const char *wish,
		       struct lam_error *err);

/* What a rule would match, as the screen's user gives it. */
struct lam_edit_rule {
	const char *pattern; /* text form, absolute; need not be canonical */
	bool is_glob;
};

/* Puts rules behind all others, so that they win; older rules that now never can are
 * taken out (as saving does). to: a layer's name, or NULL: left out of the image.
 * LAM_EPLAN for a bad pattern or a layer that is not there. */
int lam_edit_assign(struct lam_plan *plan, const struct lam_edit_rule *rules,
		    size_t count, const char *to, struct lam_error *err);
/* Takes out the rules that stand at one of the paths (text form), or with `below` at it
 * or at a path below it; globs go where they are named as they stand. *out_count: how
 * many went. */
int lam_edit_clear(struct lam_plan *plan, const char *const *patterns, size_t count,
		   bool below, size_t *out_count, struct lam_error *err);
int lam_edit_rule_remove(struct lam_plan *plan, size_t rule, struct lam_error *err);

/* Layers, by their place in the stack. LAM_EPLAN for a name that is taken or no name. */
int lam_edit_layer_add(struct lam_plan *plan, size_t at, const char *name,
		       struct lam_error *err);
int lam_edit_layer_rename(struct lam_plan *plan, size_t at, const char *name,
			  struct lam_error *err); /* rules go along */
int lam_edit_layer_move(struct lam_plan *plan, size_t at, size_t to,
			struct lam_error *err);
/* All that `at` has (originals, "rest", rules) goes to `into`, and `at` goes. */
int lam_edit_layer_merge(struct lam_plan *plan, size_t at, size_t into,
			 struct lam_error *err);
/* The layer goes, and the rules to it: its paths go back to where they are by default.
 * Originals that it was made of go to the layer below (above, for the lowest). LAM_EPLAN
 * for the last layer. */
int lam_edit_layer_delete(struct lam_plan *plan, size_t at, struct lam_error *err);
int lam_edit_layer_keep(struct lam_plan *plan, size_t at, bool keep,
			struct lam_error *err);
/* compression NULL: the plan's default. */
int lam_edit_layer_compression(struct lam_plan *plan, size_t at,
			       const struct lam_compression *compression,
			       struct lam_error *err);
/* Appends another plan: its layers that this one does not have by name, on top, without
 * their originals; then its rules. */
int lam_edit_append(struct lam_plan *plan, const struct lam_plan *other,
		    struct lam_error *err);

/* How many rules a plan may have on the screen: lam_edit_assign refuses more. */
#define LAM_EDIT_MAX_RULES 100000

struct lam_history;

/* Takes plan over, also on failure. */
int lam_history_new(struct lam_history **out, struct lam_plan *plan,
		    struct lam_error *err);
void lam_history_free(struct lam_history *history); /* NULL is fine */
/* What stands now; it lives until the next push, undo or redo. */
const struct lam_plan *lam_history_plan(const struct lam_history *history);
/* Takes plan over, also on failure; the name is copied. A plan that is equal to the one
 * that stands is no step: returns 0 all the same. At most 1,000 steps are kept; the
 * oldest go. */
int lam_history_push(struct lam_history *history, const char *name, struct lam_plan *plan,
		     struct lam_error *err);
/* The name of what was undone or redone; NULL where there is nothing. */
const char *lam_history_undo(struct lam_history *history);
const char *lam_history_redo(struct lam_history *history);
size_t lam_history_undo_count(const struct lam_history *history);
size_t lam_history_redo_count(const struct lam_history *history);
/* The name of the n-th step that undo would take back, 0 the next; NULL past the end. */
const char *lam_history_name(const struct lam_history *history, size_t n);
/* That what stands now is saved (the first plan is, to begin with); and how many steps
 * what stands is away from that (0: it is saved; SIZE_MAX: that state is not in the list
 * any more). */
void lam_history_set_saved(struct lam_history *history);
size_t lam_history_unsaved(const struct lam_history *history);

#endif
