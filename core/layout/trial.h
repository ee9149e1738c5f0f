/* A trial of a stack: the layers as they would be written, put through the reader's own
 * merge, and what of that is not as it should be. */
#ifndef LAM_LAYOUT_TRIAL_H
#define LAM_LAYOUT_TRIAL_H

#include "layout/ghosts.h"
#include "layout/layout.h"

struct lam_wrong {
	uint32_t node;  /* of the source's tree; LAM_NODE_NONE: not there at all */
	uint32_t trial; /* of the trial's tree, or LAM_NODE_NONE */
	unsigned what;  /* bits of enum lam_difference */
};

/* A written layer as it was in the last round, and the marks in it. */
struct lam_made {
	struct lam_member *members;
	size_t member_count;
	struct lam_layer *layer;
	struct lam_layout_mark *marks;
	size_t mark_count;
	size_t kept; /* how many originals were: where fewer are, paths go elsewhere */
};
void lam_made_fini(struct lam_made *made);
/* made.c: the layer, from the members. */
int lam_made_index(const struct lam_layout *layout, uint32_t target,
		   struct lam_made *made, struct lam_error *err);

struct lam_trial {
	struct lam_layout *layout;
	const struct lam_layer **layers; /* of each target: kept ones are the source's */
	struct lam_tree *tree;
	struct lam_wrong *wrong; /* wanted paths that are not as they should be: the first
				    many say enough */
	size_t wrong_count, wrong_cap;
	struct lam_wrong *shown; /* paths that must be hidden, topmost alone */
	size_t shown_count, shown_cap;
	uint32_t last_shown;
	struct lam_error *err;
};

/* made: of each target, kept from round to round. What there is must be freed also after a
 * failure. */
int lam_trial_run(struct lam_trial *trial, struct lam_layout *layout,
		  struct lam_made *made, struct lam_error *err);
void lam_trial_fini(struct lam_trial *trial);

/* hiders.c: takes `kept` from all that hide wanted paths of wrong[]. */
int lam_trial_unkeep_hiders(struct lam_trial *trial, struct lam_error *err);

/* waste.c: takes the layers out that are all waste, where the stack shows the same without
 * them and no other has to be written for it. */
int lam_layout_drop_waste(struct lam_layout *layout, struct lam_made *made,
			  struct lam_error *err);

/* A node of one tree in the other; LAM_NODE_NONE where its path is not there. */
uint32_t lam_trial_node(const struct lam_trial *trial, uint32_t source_node);
uint32_t lam_trial_source(const struct lam_trial *trial, uint32_t node);

#endif
