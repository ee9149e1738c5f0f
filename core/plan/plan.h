/* Plans, inside: what reading, saving, making and editing one share. */
#ifndef LAM_PLAN_H
#define LAM_PLAN_H

#include <lamina/plan.h>

#include "base/buf.h"
#include "base/limits.h"

/* What is wrong with a layer's name; NULL: nothing. */
const char *lam_plan_name_fault(const char *name, size_t len);

/* The canonical text of a path of a rule: absolute, cleaned, escaped. LAM_EPLAN where it
 * is relative, has "..", a bad escape or a zero byte. out_bytes (may be NULL) gets the
 * same as bytes without leading slash. */
int lam_plan_clean_path(char **out, struct lam_buf *out_bytes, const char *text,
			struct lam_error *err);

/* The same for a glob, with what escapes take the meaning from left escaped. Brackets and
 * braces are not looked at: that is lam_glob_new()'s, with the canonical text. */
int lam_plan_clean_glob(char **out, const char *text, struct lam_error *err);

/* The path's canonical text, if the image has it; dead_too: or had it. *out is the
 * caller's. LAM_EPLAN, with where it leads through symlinks. */
int lam_plan_find_path(const struct lam_tree *tree, const char *text, bool dead_too,
		       char **out, uint32_t *out_node, struct lam_error *err);
/* The record of the image that the plan, which has none yet, is made for. */
void lam_plan_add_source(struct lam_plan *plan, const struct lam_image *image);

/* Which rules can never win, whatever the image: rule_count of them. */
void lam_plan_find_dead(const struct lam_plan *plan, bool *out_dead);

/* The layer with a name; SIZE_MAX: none has. */
size_t lam_plan_find_layer(const struct lam_plan *plan, const char *name);
/* All that another plan says beside its cut (notes, compression, times, settings) instead of
 * what this one says; source, layers and rules stay. */
void lam_plan_take_rest(struct lam_plan *plan, const struct lam_plan *other);
/* What a layer holds, copied and freed. */
void lam_plan_copy_layer(struct lam_plan_layer *out, const struct lam_plan_layer *layer);
void lam_plan_free_layer(struct lam_plan_layer *layer);
/* Takes out rules for which gone[] is true. */
void lam_plan_drop_rules(struct lam_plan *plan, const bool *gone);
/* Makes room for more layers on top. LAM_EPLAN: there may not be as many. */
int lam_plan_room(struct lam_plan *plan, size_t more, struct lam_error *err);

#endif
