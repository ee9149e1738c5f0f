/* Edits, inside: what those of layers and those of rules share. */
#ifndef LAM_EDIT_H
#define LAM_EDIT_H

#include <lamina/edit.h>

#include "plan/plan.h"

/* The layer with a name; SIZE_MAX: none has. */
size_t lam_edit_find_layer(const struct lam_plan *plan, const char *name);

/* What a rule and a layer own. */
void lam_edit_free_rule(struct lam_plan_rule *rule);
void lam_edit_free_layer(struct lam_plan_layer *layer);

/* A copy that is NULL where the text is; false on no memory. */
bool lam_edit_copy_text(char **out, const char *text);
bool lam_edit_copy_layer(struct lam_plan_layer *out, const struct lam_plan_layer *layer);

/* Puts rules behind those of the plan, and takes out those that never can win; `fresh` is
 * emptied where that is done, and stays the caller's otherwise. */
int lam_edit_append_rules(struct lam_plan *plan, struct lam_plan_rule *fresh,
			  size_t count, struct lam_error *err);
/* Takes out rules for which gone[] is true. */
void lam_edit_drop_rules(struct lam_plan *plan, const bool *gone);

/* A rule with the canonical form of a pattern; LAM_EPLAN where it has none. */
int lam_edit_make_rule(struct lam_plan_rule *out, const char *pattern, bool is_glob,
		       const char *to, struct lam_error *err);

#endif
