/* A layout, inside. Made in this order: assign.c (where each path goes), stack.c (which
 * originals stay, which marks are needed) with trial.c and made.c (what the merge makes of it),
 * waste.c (which of them nobody needs) and members.c (what each written layer holds); split.c
 * with deal.c parts what is too large, and the stack is made again; steps.c does all this, and describes what came
 * out. Until that, and where nothing is split, a target is a layer of the plan. */
#ifndef LAM_LAYOUT_H
#define LAM_LAYOUT_H

#include <lamina/layout.h>

#include "base/path.h"
#include "image/image.h"
#include "layout/member.h"
#include "plan/rule.h"

/* A whiteout or an opaque directory that a written layer needs. */
struct lam_layout_mark {
	uint32_t target, node;
	uint8_t kind; /* LAM_MEMBER_WHITEOUT or LAM_MEMBER_OPAQUE */
};

struct lam_layout_target {
	struct lam_target info;
	bool kept;         /* so far */
	const char *hive;  /* what in its only original makes it one that is kept or
				   refused; NULL: nothing */
	uint32_t original; /* the only one it is made from, or UINT32_MAX */
	struct lam_member *members; /* of a written one */
	size_t member_count;
	struct lam_layer *layer; /* these, as the reader finds them (made.c); it
				    shares names and inodes with the image's */
	uint64_t mark_bytes;     /* of its tar's: whiteouts and opaque marks */
};

struct lam_layout {
	const struct lam_image *image;
	const struct lam_plan *plan;
	const struct lam_tree *tree;
	struct lam_match match;
	uint32_t *owners;     /* original -> target that names it */
	uint32_t *targets;    /* node -> target by rules and origin, with hard-link groups
			      pulled together; LAM_TARGET_NONE: dropped, or dead */
	uint32_t *wanted;     /* the same before that, of each of the tree's links */
	struct lam_left left; /* names of linked files that are not gone */
	bool *gone;           /* nodes that the output does not have: dead or dropped */
	bool *dropped;        /* nodes that a rule to null means, dead ones too */
	struct lam_layout_target *stack;
	size_t target_count;
	struct lam_target *layers; /* of the plan */
	struct lam_layout_mark *marks;
	size_t mark_count, mark_cap;
	uint32_t dropped_count;
	uint64_t dropped_bytes;
	uint32_t clamped; /* paths whose time is later than the plan lets it be */
	struct lam_setting_change *changes;
	size_t change_count;
	struct lam_remark *remarks;
	size_t remark_count, remark_cap;
	struct lam_arena arena; /* reasons and remarks */
	struct lam_plan_errors *errors;
	const atomic_bool *stop; /* or NULL */
};

int lam_layout_assign(struct lam_layout *layout, struct lam_error *err);
/* Layers with changes of Windows' registry stay as they are: each has its own in the same
 * few files, and Windows replays all of them, of which a merged tree has the last alone. */
void lam_layout_pin_hives(struct lam_layout *layout, struct lam_error *err);
/* targets[] and kept: hard-link groups whole, and originals that nothing
 * went out of or into. */
int lam_layout_settle(struct lam_layout *layout, struct lam_error *err);
void lam_layout_remark_hidden(struct lam_layout *layout);
int lam_layout_stack(struct lam_layout *layout, struct lam_error *err);
/* Splits targets that are larger than the plan lets them be, and does not keep their blobs.
 * *again: there were some, and the stack is to be made again. */
int lam_layout_split(struct lam_layout *layout, bool *again, struct lam_error *err);
void lam_layout_remark_sizes(struct lam_layout *layout); /* what could not be split */
void lam_layout_sum_layers(struct lam_layout *layout);
/* tar_size, whiteout_count and mark_bytes of a written target, from its members. */
int lam_layout_size_members(const struct lam_layout *layout, struct lam_layout_target *t,
			    struct lam_error *err);
/* members of one written target, from targets[] and marks; they are the caller's, also after
 * a failure. */
int lam_layout_members(const struct lam_layout *layout, uint32_t target,
		       struct lam_member **out, size_t *out_count, struct lam_error *err);
uint32_t lam_layout_mark_dir(const struct lam_layout *layout,
			     const struct lam_layout_mark *mark);
/* settings.c */
void lam_layout_settle_settings(struct lam_layout *layout);
bool lam_layout_annotates(const struct lam_layout *layout);
/* The same blobs in the same order. */
bool lam_layout_is_same_stack(const struct lam_layout *layout);
/* Whether the manifest is one of Docker's: where the source's is, and where all layers are
 * of kinds that these know, and none of its annotations changes. */
bool lam_layout_is_docker(const struct lam_layout *layout);
/* That of a layer which Docker's manifests cannot have; NULL: of none. */
const struct lam_codec_row *lam_layout_codec_of_oci(const struct lam_layout *layout);
size_t lam_layout_count_kept(const struct lam_layout *layout);
/* The next node in depth-first order below `top`, dead ones too. */
uint32_t lam_layout_next(const struct lam_tree *tree, uint32_t node, uint32_t top);

/* Takes `kept` from a target; the reason is printf's. Fails with LAM_EPLAN where the plan
 * says keep: true. */
int lam_layout_unkeep(struct lam_layout *layout, uint32_t target, struct lam_error *err,
		      const char *format, ...) __attribute__((format(printf, 4, 5)));
/* Adds a line to the plan's errors and sets err where it is the first. */
void lam_layout_error(struct lam_layout *layout, struct lam_error *err,
		      const char *format, ...) __attribute__((format(printf, 3, 4)));
/* remarks.c; groups: of hard links that a rule would have split */
void lam_layout_remark_add(struct lam_layout *layout, bool strict, const char *format,
			   ...) __attribute__((format(printf, 3, 4)));
void lam_layout_remark_groups(struct lam_layout *layout);
void lam_layout_remark_documents(struct lam_layout *layout);
void lam_layout_remark_starts(struct lam_layout *layout); /* starts.c */
/* A text that lives as long as the layout. */
char *lam_layout_copy(struct lam_layout *layout, const char *text);
/* "layers 0-3, 5" of the originals, a flag each; "" for none. The layout's own. */
const char *lam_layout_numbers(struct lam_layout *layout, const bool *which);
/* A node's path for a message. */
const char *lam_layout_path(const struct lam_layout *layout, uint32_t node,
			    char out[LAM_PATH_TEXT]);

#endif
