#include "editor/find/pattern.h"

#include <lamina/glob.h>

#include "editor/find/names.h"
#include "editor/list/bits.h"
#include "editor/list/stop.h"

static int count_matches(struct pattern_sum *out, const struct lam_glob *glob,
			 struct names_paths *paths, struct bits *within,
			 const atomic_bool *stop, struct lam_error *err)
{
	const struct lam_tree *tree = paths->facts->tree;

	for (uint32_t n = 0; n < paths->facts->count; n++) {
		const struct lam_node *node = lam_tree_node(tree, n);
		const char *path;
		size_t len;

		if ((n & 1023) == 0 && stop_is_set(stop))
			return stop_fail(err);
		if (!node->live)
			continue;
		if (n != LAM_NODE_ROOT && bits_get(within, node->parent)) {
			bits_set(within, n, true);
			continue;
		}
		path = names_path(paths, n, &len);
		if (!path)
			return lam_fail_memory(err);
		if (!lam_glob_match(glob, path, len))
			continue;
		bits_set(within, n, true);
		out->entries += node->live_count;
		out->bytes += node->live_bytes;
	}
	return 0;
}

int pattern_count(struct pattern_sum *out, const char *text, const struct facts *facts,
		  const atomic_bool *stop, struct lam_error *err)
{
	struct bits within = { 0 };
	struct names_paths paths;
	struct lam_glob *glob;
	int code;

	*out = (struct pattern_sum){ 0 };
	if (lam_glob_new(&glob, text, err) < 0)
		return err->code;
	names_paths_init(&paths, facts, false);
	code = bits_init(&within, facts->count)
		       ? count_matches(out, glob, &paths, &within, stop, err)
		       : lam_fail_memory(err);
	bits_fini(&within);
	names_paths_fini(&paths);
	lam_glob_free(glob);
	return code;
}
