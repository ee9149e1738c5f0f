/* What a plan means for one image (core/DESIGN.md, section 5): for each target layer its entries,
 * in order, and why. A pure value: nothing is written, and nothing read but the image's
 * databases of packages, once, where a rule is about these. The layout has been
 * checked: the stack it describes, run through the reader's own merge, gives the source's
 * tree, with the plan's times and less what was left out. It borrows the image and the plan, which must outlive it
 * and stay as they are. */
#ifndef LAMINA_LAYOUT_H
#define LAMINA_LAYOUT_H

#include <stdatomic.h>

#include <lamina/plan.h>
#include <lamina/pull.h>

#define LAM_RULE_NONE UINT32_MAX

enum lam_fate {
	LAM_FATE_KEPT,      /* an original blob, byte for byte */
	LAM_FATE_REWRITTEN, /* an original with entries moved in or out, or waste removed
			     */
	LAM_FATE_NEW,       /* no single original is its base */
	LAM_FATE_EMPTY,     /* nothing is left in it, or nobody sees or needs anything of
			       it: not written */
};

struct lam_target {
	const char *name;
	uint32_t layer; /* of the plan */
	uint32_t part,
		parts; /* of a layer that its max_size splits: which, from 1, and of
				 how many; else 1 of 1 */
	enum lam_fate fate;
	uint32_t original;  /* of KEPT and REWRITTEN */
	const char *reason; /* one line: "nothing moved out of it", "/opt/app moved to
			       py-deps", "its whiteout of /a would hide /a, which is now
			       in layer base" */
	const char
		*from; /* where its files came from, text: "layers 0-3, 5"; "" for none */
	struct lam_compression compression; /* of what is written */
	bool keep;                          /* the plan demands KEPT */
	uint32_t entry_count;               /* that it will hold, whiteouts included */
	uint32_t whiteout_count;            /* and opaque markers */
	uint32_t file_count;                /* files assigned to it */
	uint64_t file_bytes;                /* their contents */
	uint64_t tar_size;                  /* bytes of its tar, exact */
	uint64_t blob_size;                 /* of KEPT: exact; else 0 */
};

/* "py-deps", and of a part "py-deps 2/3". */
#define LAM_TARGET_TEXT 300
const char *lam_target_text(const struct lam_target *target, char out[LAM_TARGET_TEXT]);

struct lam_layout;

/* LAM_EPLAN: an original in no target, a number that the image does not have, a broken
 * `keep: true` (with the path that broke it). All of these are in errors (which may be
 * NULL), the first in err. `stop` (NULL: never) is looked at every few milliseconds:
 * LAM_ESTOPPED. */
int lam_layout_new(struct lam_layout **out, const struct lam_image *image,
		   const struct lam_plan *plan, struct lam_plan_errors *errors,
		   const atomic_bool *stop, struct lam_error *err);
void lam_layout_free(struct lam_layout *layout);

/* Where rules and origins alone send each node (as lam_layout_target_of and
 * lam_layout_rule_of), whether or not blobs that must stay can and hard links stay
 * together: for showing a plan that does not fit. Arrays of lam_tree_count, the caller's
 * (free()). LAM_EPLAN where an original is in no target or in two. */
int lam_layout_assignment(uint32_t **out_targets, uint32_t **out_rules,
			  const struct lam_image *image, const struct lam_plan *plan,
			  const atomic_bool *stop, struct lam_error *err);

const struct lam_image *lam_layout_image(const struct lam_layout *layout);
const struct lam_plan *lam_layout_plan(const struct lam_layout *layout);
/* What is written, base first: a target for each layer of the plan, EMPTY ones too, and for
 * each further part of one that is split. */
size_t lam_layout_target_count(const struct lam_layout *layout);
const struct lam_target *lam_layout_target(const struct lam_layout *layout, size_t n);
/* A layer of the plan: its target, or its first part with the sums of all. */
const struct lam_target *lam_layout_layer(const struct lam_layout *layout, size_t n);
bool lam_layout_is_identity(
	const struct lam_layout *layout); /* the same blobs in the same order, and no
					     change of settings: the manifest stays as
					     it is */

/* Where a node goes, and the rule that decided; LAM_RULE_NONE: the target that names its
 * origin. Dead nodes go nowhere. */
uint32_t lam_layout_target_of(const struct lam_layout *layout, uint32_t node);
uint32_t lam_layout_rule_of(const struct lam_layout *layout, uint32_t node);

/* What is left out of the image by rules to null. */
void lam_layout_dropped(const struct lam_layout *layout, uint32_t *out_entries,
			uint64_t *out_bytes);

/* What of the plan's settings is not so in the image already, in their order. */
struct lam_setting_change {
	enum lam_setting_kind kind;
	const char *key;            /* NULL where the kind has none */
	const char *before, *after; /* as lam_setting.value */
};
size_t lam_layout_change_count(const struct lam_layout *layout);
const struct lam_setting_change *lam_layout_change(const struct lam_layout *layout,
						   size_t n);

/* Paths of the result whose time is set back, as the plan's `times` say. */
uint32_t lam_layout_clamped(const struct lam_layout *layout);

/* Of each target's blob, in out[]: exact, or estimated from what its files took where they
 * were. LAM_ESTOPPED by `stop`, which may be NULL. */
int lam_layout_blob_sizes(const struct lam_layout *layout, uint64_t *out,
			  const atomic_bool *stop, struct lam_error *err);
bool lam_layout_size_is_exact(const struct lam_target *target);
/* What a client that has other images fetches of what would be written, layer by target. A
 * written layer is taken for one of theirs where it will have the same entries in the same
 * order, be of that size as a tar, and be compressed in that way. sizes: of the blobs. To be given to
 * lam_pull_fini(). */
int lam_layout_pull(struct lam_pull *out, const struct lam_layout *layout,
		    const uint64_t *sizes, const struct lam_image *const *olds,
		    size_t old_count, const atomic_bool *stop, struct lam_error *err);

/* Drift and surprises, a line each: rules that matched nothing, new paths at the top that
 * only the catch-all caught, hard-link groups that were kept together, targets that are
 * not written because they are empty. `strict` ones make `apply --strict` fail. */
struct lam_remark {
	const char *text;
	bool strict;
	const char *kind; /* the same pointer for all that say the same of others */
};
size_t lam_layout_remark_count(const struct lam_layout *layout);
const struct lam_remark *lam_layout_remark(const struct lam_layout *layout, size_t n);

#endif
