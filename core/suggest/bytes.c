/* How many bytes of a compressed layer each path makes. */
#include <stdlib.h>

#include <lamina/estimate.h>

#include "base/buf.h"
#include "suggest/parts.h"
#include "tree/tree.h"

#define HEADER 512

static double entry_bytes(const struct lam_image *image, uint32_t n,
			  struct lam_compression compression)
{
	const struct lam_tree *tree = lam_image_tree(image);
	const struct lam_node *node = &tree->nodes[n];
	const struct lam_version *version;
	double ratio;

	if (!node->live)
		return 0;
	if (node->kind == LAM_KIND_DIR || !node->live_bytes)
		return (double)lam_estimate_blob(HEADER, 0, compression);
	version = &tree->versions[node->version];
	ratio = lam_estimate_packed(lam_image_layer(image, version->inode_layer),
				    lam_image_packed(image, version));
	return (double)(lam_estimate_blob(HEADER, 0, compression) +
			lam_estimate_blob(node->live_bytes, ratio, compression));
}

int lam_entry_bytes(float **out, const struct lam_image *image,
		    struct lam_compression compression, const atomic_bool *stop,
		    struct lam_error *err)
{
	uint32_t count = lam_image_tree(image)->node_count;

	*out = malloc(count * sizeof **out);
	if (!*out)
		return lam_fail_memory(err);
	for (uint32_t n = 0; n < count; n++) {
		if (lam_stops(stop, n))
			return lam_fail_stopped(err);
		(*out)[n] = (float)entry_bytes(image, n, compression);
	}
	return 0;
}
