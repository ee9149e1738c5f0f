/* What a plan does, for the screen: the layout, which target each path goes to, and sums.
 * Made away from the screen's thread; a value once made, with a copy of its plan. */
#ifndef MODEL_EFFECT_H
#define MODEL_EFFECT_H

#include "editor/analysis/targets.h"

struct effect_layer {
	uint64_t now;  /* bytes of the tars of the originals that it names; 0: none */
	uint64_t plan; /* bytes of its tar */
	uint64_t blob; /* compressed: exact for kept ones, else an estimate */
	bool blob_exact;
	uint32_t originals; /* that it names */
	uint32_t files_in,
		files_out; /* files that come from other layers, that go to others */
	uint64_t bytes_in, bytes_out;
};

struct effect {
	struct lam_plan *plan;
	struct lam_layout *layout; /* NULL: the plan does not fit: see errors */
	struct lam_plan_errors errors;
	struct targets targets;       /* of all nodes; kept also where the layout is NULL:
					 then by rules and origins alone, or empty */
	struct effect_layer *layers;  /* one a layer of the plan */
	uint64_t now, plan_bytes;     /* tars in sum, before and after */
	uint64_t blob_now, blob_plan; /* compressed; the latter partly estimated */
	uint64_t kept_bytes, rewritten_bytes, new_bytes; /* tars */
	size_t kept, rewritten, fresh, empty;            /* layers */
	uint64_t waste_gone; /* bytes of files that are not visible, shipped now and not
				then */
	uint64_t fetch; /* compressed bytes that a client with the image as it is fetches;
			   partly estimated */
	uint64_t fetch_against;          /* one with the old image, if there is one */
	uint32_t dropped, dropped_files; /* live paths that the plan leaves out */
	uint64_t dropped_bytes;
	uint32_t clamped;  /* paths whose time is set back */
	uint32_t dangling; /* symlinks that lead nowhere now, and are not left out */
	uint32_t entries;  /* live paths of the result */
};

/* Takes plan over, also on failure. old: another image that clients have, or NULL. A plan that does not fit is no failure. */
int effect_new(struct effect **out, const struct facts *facts, struct lam_plan *plan,
	       const struct lam_image *old, const atomic_bool *stop,
	       struct lam_error *err);
void effect_free(struct effect *effect);
/* "REMOVES 4 live files and 3 directories, 900K"; the caller's. */
char *effect_removes(const struct effect *effect);

/* Files and directories that go from one original to another layer than by default, by
 * (from, to), most bytes first: what the list of moves shows. */
struct move {
	uint32_t from, to; /* an original; a target or LAM_TARGET_NONE: left out */
	uint32_t files;
	uint64_t bytes;
	uint32_t top; /* the directory that holds all of them; the path where it is one */
};
int effect_moves(const struct effect *effect, const struct facts *facts,
		 struct move **out, size_t *out_count, struct lam_error *err);

#endif
