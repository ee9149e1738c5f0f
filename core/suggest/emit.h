/* Making plans of parts. */
#ifndef LAM_SUGGEST_EMIT_H
#define LAM_SUGGEST_EMIT_H

#include "suggest/parts.h"

/* A plan that keeps some layers and has all else in one, "rest". */
int lam_emit_flat(struct lam_plan **out, const struct lam_image *image, size_t keep,
		  struct lam_error *err);
/* A layer more, at a place in the stack; its name is near to the wish. */
struct lam_plan_layer *lam_emit_layer(struct lam_plan *plan, size_t at, const char *wish);
/* A rule behind all others. */
int lam_emit_path(struct lam_plan *plan, const struct lam_tree *tree, uint32_t node,
		  const char *to, struct lam_error *err);
int lam_emit_package(struct lam_plan *plan, const struct lam_package *package,
		     const char *to, struct lam_error *err);
/* "dpkg:libc6", "/opt/app", "": what a rule for a part says. The caller's. */
char *lam_emit_name(const struct lam_parts *parts, const struct lam_part *part);
/* The same, short, for a layer. */
char *lam_emit_layer_name(const struct lam_parts *parts, const struct lam_part *part);

/* sizes.c: gives layers with a part that is too large a max_size, so that no blob of theirs
 * is expected to have more than most_bytes; raises those that a layer cannot have, and counts
 * what is written. Fails as lam_layout_new does. */
int lam_suggest_settle_sizes(struct lam_suggestion *suggestion,
			     const struct lam_image *image, uint64_t most_bytes,
			     const atomic_bool *stop, struct lam_error *err);

#endif
