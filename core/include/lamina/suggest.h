/* Where to cut an image, by what changed between its versions: a plan whose layers are
 * expected to make the next pull fetch the least; and what a pull fetches under any plan.
 *
 * The parts that are cut are packages (packages.h), and what no package owns by subtrees.
 * A part changed between two versions where any of its entries would be stored otherwise,
 * or one of the directories above them, of which each layer has entries too. What never
 * changed may do so: more likely the higher its layer is and the newer its files are, and
 * packages as often as those of the image did. */
#ifndef LAMINA_SUGGEST_H
#define LAMINA_SUGGEST_H

#include <lamina/plan.h>

#define LAM_SUGGEST_VERSIONS 65 /* at most */
#define LAM_SUGGEST_LAYERS   12 /* where nothing else is asked for */

struct lam_suggest_request {
	const struct lam_image *const
		*versions;      /* oldest first; the plan is for the last */
	size_t version_count;   /* from 1 */
	size_t most_layers;     /* of the plan, kept ones too, each part of one that its
				   max_size splits besides; 0: LAM_SUGGEST_LAYERS */
	uint64_t most_bytes;    /* of a layer that is written, compressed; 0: any */
	size_t keep;            /* so many of the lowest layers stay as they are */
	struct lam_clamp times; /* of the plan; not set: those of `before` */
	const struct lam_plan *before; /* yesterday's plan, from which nothing moves that
					  need not; or NULL. Its compression stays */
	const atomic_bool *stop;       /* or NULL */
};

struct lam_suggested_part {
	const char *name; /* "dpkg:libc6", "/opt/app"; "": what no rule names */
	uint32_t layer;   /* of the plan */
	uint64_t bytes;   /* compressed, estimated */
	uint64_t changed; /* bit n: it had changed at the n-th pull that was seen */
	bool is_package;
	bool is_too_large; /* by itself more than a layer may have */
};

struct lam_suggested_layer {
	const char *name;
	uint64_t bytes;   /* compressed, estimated; of a kept one exact */
	unsigned changes; /* at so many of the pulls that were seen it would be fetched */
	double expected;  /* bytes that a pull is expected to fetch of it */
	size_t written; /* in so many, of which each is a part where max_size splits it */
	bool keep;
	bool raised; /* its max_size, or gone: what is in it cannot be split so */
};

struct lam_suggestion {
	struct lam_plan *plan;
	struct lam_suggested_layer *layers; /* as in the plan */
	size_t layer_count;
	size_t written; /* layers in all, with the parts of those that are split */
	struct lam_suggested_part *parts; /* by layer, largest first */
	size_t part_count;
	unsigned pulls;          /* that were seen: one less than versions */
	uint64_t changed, times; /* paths that differed at these, and of them in their
				    time alone */
	double expected;         /* bytes of a pull */
	double least;            /* no cut of these parts can be expected to fetch less */
	bool exact;              /* no cut of these parts into so many layers is better */
};

/* LAM_EUSAGE for too many versions, or more layers to keep than there are; LAM_EPLAN where
 * `before` does not fit, or the image cannot be had in so many layers of so many bytes.
 * What the package databases cannot say is no failure. */
int lam_suggest(struct lam_suggestion **out, const struct lam_suggest_request *request,
		struct lam_error *err);
void lam_suggestion_free(struct lam_suggestion *suggestion); /* NULL is fine */

/* Cuts to compare with, as plans for an image; LAM_EPLAN where one would have more layers
 * than a plan can. */
enum lam_usual_cut {
	LAM_CUT_ONE,      /* one layer */
	LAM_CUT_FOLDERS,  /* a layer for each folder at the top */
	LAM_CUT_PACKAGES, /* a layer for each package, and one for the rest */
};
int lam_suggest_usual(struct lam_plan **out, const struct lam_image *image,
		      enum lam_usual_cut cut, const atomic_bool *stop,
		      struct lam_error *err);

/* What a client that has an older version, cut by a plan, fetches of a newer one that is
 * cut by the same plan. Which layers stay is exact; sizes are as the plan's compression is
 * estimated to make them of the contents as they are packed now. */
struct lam_suggested_pull {
	size_t layers, fetched;
	uint64_t bytes; /* of those that are fetched */
};
int lam_suggest_pull(struct lam_suggested_pull *out, const struct lam_plan *plan,
		     const struct lam_image *older, const struct lam_image *newer,
		     const atomic_bool *stop, struct lam_error *err);

#endif
