/* Editing a plan, and taking it back. An edit changes a plan in place and leaves it valid
 * as a plan (plan.h); whether it fits an image is the layout's to say. A failed edit
 * leaves the plan as it was. Undo is a list of named states of a plan, with a place in it:
 * back and again move that place, a new edit cuts off what was taken back.
 *
 *	struct lam_undo *undo = lam_undo_new(plan);
 *	next = lam_plan_copy(lam_undo_plan(undo));
 *	lam_edit_assign(next, &rule, 1, "opt", &err);
 *	lam_undo_push(undo, "/opt to opt", next);
 */
#ifndef LAMINA_EDIT_H
#define LAMINA_EDIT_H

#include <lamina/plan.h>

/* A layer's name that no layer has: `wish`, made valid, with "-2" and so on behind it
 * where it is taken. A new string of the caller's. */
char *lam_plan_free_name(const struct lam_plan *plan, const char *wish);

/* What a rule would match, as the screen's user gives it. */
struct lam_edit_rule {
	const char *pattern; /* text form, absolute; need not be canonical */
	enum lam_rule_kind kind;
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
/* Makes `into` the layer of all originals that no layer names which is to be kept ("from":
 * "rest"), so that the plan fits an image with more of them: the others are merged into it;
 * layers that rules alone give something to stay. Where it is then is in *into. LAM_EPLAN where it
 * is to be kept. */
int lam_edit_flatten(struct lam_plan *plan, size_t *into, struct lam_error *err);
/* The layer goes, and the rules to it: its paths go back to where they are by default.
 * Originals that it was made of go to the layer below (above, for the lowest). LAM_EPLAN
 * for the last layer. */
int lam_edit_layer_delete(struct lam_plan *plan, size_t at, struct lam_error *err);
int lam_edit_layer_keep(struct lam_plan *plan, size_t at, bool keep,
			struct lam_error *err);
/* Written anew even where its blob could stay; this and keep exclude each other. */
int lam_edit_layer_rewrite(struct lam_plan *plan, size_t at, bool rewrite,
			   struct lam_error *err);
int lam_edit_layer_note(struct lam_plan *plan, size_t at, const char *note,
			struct lam_error *err); /* NULL: none */
/* compression NULL: the plan's default. */
int lam_edit_layer_compression(struct lam_plan *plan, size_t at,
			       const struct lam_compression *compression,
			       struct lam_error *err);
/* most NULL: it is not split. */
int lam_edit_layer_max_size(struct lam_plan *plan, size_t at, const uint64_t *most,
			    struct lam_error *err);
/* Sets what the image is to say: value is text as it is, or a string of JSON's in quotes; of a
 * list ["a", "b"], or one word; NULL: it goes. key NULL where the kind has none. LAM_EPLAN for a key or a value that
 * cannot be. */
int lam_edit_setting(struct lam_plan *plan, enum lam_setting_kind kind, const char *key,
		     const char *value, struct lam_error *err);
/* It stays what it is in the image. */
void lam_edit_setting_clear(struct lam_plan *plan, enum lam_setting_kind kind,
			    const char *key);
/* Appends another plan: its layers that this one does not have by name, on top, without
 * their originals; then its rules; what it sets is set. */
int lam_edit_append(struct lam_plan *plan, const struct lam_plan *other,
		    struct lam_error *err);

/* How many rules a plan may have on the screen: lam_edit_assign refuses more. */
#define LAM_EDIT_MAX_RULES 100000

struct lam_undo;

struct lam_undo *lam_undo_new(struct lam_plan *plan); /* takes plan over */
void lam_undo_free(struct lam_undo *undo);            /* NULL is fine */
/* What stands now; it lives until the next push, back or again. */
const struct lam_plan *lam_undo_plan(const struct lam_undo *undo);
/* Takes plan over; the name is copied. A plan that is equal to the one that stands is no
 * step. At most 1,000 steps are kept; the oldest go. */
void lam_undo_push(struct lam_undo *undo, const char *name, struct lam_plan *plan);
/* The name of what was taken back or done again; NULL where there is nothing. */
const char *lam_undo_back(struct lam_undo *undo);
const char *lam_undo_again(struct lam_undo *undo);
size_t lam_undo_back_count(const struct lam_undo *undo);
size_t lam_undo_again_count(const struct lam_undo *undo);
/* That what stands now is saved (the first plan is, to begin with); and how many steps
 * what stands is away from that (0: it is the same plan, by whatever steps; SIZE_MAX: that
 * state is not in the list any more). */
void lam_undo_set_saved(struct lam_undo *undo);
size_t lam_undo_unsaved(const struct lam_undo *undo);
/* What stands is the plan that it began with, by whatever steps. */
bool lam_undo_is_first(const struct lam_undo *undo);

#endif
