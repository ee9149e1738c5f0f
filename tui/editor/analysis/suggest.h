/* Ways to cut a layer or an image, as rules that the user sees before they are taken. */
#ifndef MODEL_SUGGEST_H
#define MODEL_SUGGEST_H

#include "editor/analysis/effect.h"

enum suggest_how {
	SUGGEST_DIRECTORY, /* each large directory a layer: the fewest that hold most */
	SUGGEST_SIZE,      /* parts of at most `size` bytes, whole directories together */
	SUGGEST_PACKAGE,   /* each large package a layer; the small ones stay */
	SUGGEST_WASTE,     /* caches of package managers are left out */
};

struct suggestion {
	char *name; /* of the layer; NULL: left out of the image */
	enum lam_rule_kind kind;
	char **patterns; /* of its rules */
	size_t pattern_count;
	uint64_t bytes;
	uint32_t files;
};
struct suggestions {
	struct suggestion *items;
	size_t count;
};

/* For the paths that `target` holds now; TARGET_SEVERAL: for the whole image. */
int suggest_new(struct suggestions **out, const struct effect *effect,
		const struct facts *facts, enum suggest_how how, uint32_t target,
		uint64_t size, const atomic_bool *stop, struct lam_error *err);
void suggest_free(struct suggestions *suggestions);

#endif
