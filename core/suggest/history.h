/* What changed between versions of an image, told of the paths of the last one. */
#ifndef LAM_HISTORY_H
#define LAM_HISTORY_H

#include <stdatomic.h>

#include <lamina/image.h>

/* Of two versions: which nodes' entries in a written layer are not the same. */
struct lam_changes {
	bool *older, *newer; /* of each node of the trees: its own entry, or that of a
				directory above it */
	uint32_t *same; /* of each node of the older: its path's in the newer, live, or
			   LAM_NODE_NONE */
	uint64_t count, times; /* paths that differ, and of these in their time alone */
};
int lam_changes_find(struct lam_changes *out, const struct lam_tree *older,
		     const struct lam_tree *newer, struct lam_clamp clamp,
		     const atomic_bool *stop, struct lam_error *err);
void lam_changes_fini(struct lam_changes *changes);

/* Of each node of one tree the live node of another that has its path, or LAM_NODE_NONE;
 * an array of the caller's (free()). */
int lam_same_paths(uint32_t **out, const struct lam_tree *from, const struct lam_tree *to,
		   const atomic_bool *stop, struct lam_error *err);

struct lam_history {
	uint64_t *changed; /* of each node of the last version a bit for each pull, oldest
			      first: it changed then, or what stood below a directory and
			      is in no path of the last version did */
	uint64_t count, times; /* as of struct lam_changes, of all pulls */
};
int lam_history_read(struct lam_history *out, const struct lam_image *const *versions,
		     size_t count, struct lam_clamp clamp, const atomic_bool *stop,
		     struct lam_error *err);
void lam_history_fini(struct lam_history *history);

#endif
