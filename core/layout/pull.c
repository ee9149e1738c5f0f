/* A layout as blobs: how large they will be, and which of them other images have. */
#include <stdlib.h>
#include <string.h>

#include <lamina/estimate.h>

#include "base/memory.h"
#include "base/stop.h"
#include "layer/same.h"
#include "layout/layout.h"

/* Of one target: the bytes of its files, and what gzip:6 would make of these. */
struct content {
	double packed;
	uint64_t bytes;
};

/* Names of one file count once each, as few files have several. */
static void add_file(const struct lam_layout *l, uint32_t n, struct content *content)
{
	const struct lam_node *node = &l->tree->nodes[n];
	const struct lam_version *version;
	double ratio;

	if (node->kind == LAM_KIND_DIR || node->live_bytes == 0)
		return;
	version = lam_tree_version(l->tree, node->version);
	ratio = lam_estimate_packed(lam_image_layer(l->image, version->inode_layer),
				    lam_image_packed(l->image, version));
	content->bytes += node->live_bytes;
	content->packed += (double)node->live_bytes * ratio;
}

static uint64_t size_of(const struct lam_target *t, const struct content *content)
{
	double ratio = content->bytes ? content->packed / (double)content->bytes : 0;

	if (t->fate == LAM_FATE_EMPTY)
		return 0;
	return t->fate == LAM_FATE_KEPT
		       ? t->blob_size
		       : lam_estimate_blob(t->tar_size, ratio, t->compression);
}

int lam_layout_blob_sizes(const struct lam_layout *l, uint64_t *out,
			  const atomic_bool *stop, struct lam_error *err)
{
	LAM_CLEANUP(lam_free_ptr)
	struct content *contents = lam_xcalloc(l->target_count + 1, sizeof *contents);

	for (uint32_t n = 0; n < l->tree->node_count; n++) {
		if (lam_stops(stop, n))
			return lam_fail_stopped(err);
		if (!l->gone[n])
			add_file(l, n, &contents[l->targets[n]]);
	}
	for (size_t t = 0; t < l->target_count; t++)
		out[t] = size_of(&l->stack[t].info, &contents[t]);
	return 0;
}

bool lam_layout_size_is_exact(const struct lam_target *t)
{
	return t->fate == LAM_FATE_KEPT || t->fate == LAM_FATE_EMPTY ||
	       t->compression.codec == LAM_CODEC_NONE;
}

/* Whether a written layer will be a blob that an image has, as far as can be told before
 * it is there: the same entries in the same order, in a tar of that size, compressed in that
 * way. */
static bool is_blob(const struct lam_layout_target *t, const struct lam_image *image,
		    size_t n)
{
	const struct lam_layer_info *info = lam_image_layer(image, n);

	return t->layer && !info->missing && info->tar_size == t->info.tar_size &&
	       info->codec == t->info.compression.codec &&
	       lam_layer_same(t->layer, image->indexes[n]);
}

static const char *find_blob(const struct lam_layout_target *t,
			     const struct lam_image *const *olds, size_t old_count)
{
	for (size_t o = 0; o < old_count; o++) {
		for (size_t n = 0; n < lam_image_layer_count(olds[o]); n++) {
			if (is_blob(t, olds[o], n))
				return lam_image_layer(olds[o], n)->digest;
		}
	}
	return NULL;
}

int lam_layout_pull(struct lam_pull *out, const struct lam_layout *l,
		    const uint64_t *sizes, const struct lam_image *const *olds,
		    size_t old_count, const atomic_bool *stop, struct lam_error *err)
{
	LAM_CLEANUP(lam_free_ptr)
	struct lam_pull_layer *layers = lam_xcalloc(l->target_count + 1, sizeof *layers);

	*out = (struct lam_pull){ 0 };
	for (size_t t = 0; t < l->target_count; t++) {
		const struct lam_layout_target *target = &l->stack[t];

		if (lam_stops(stop, 0))
			return lam_fail_stopped(err);
		layers[t] = (struct lam_pull_layer){
			.size = sizes[t], .none = target->info.fate == LAM_FATE_EMPTY
		};
		layers[t].digest =
			target->info.fate == LAM_FATE_KEPT
				? lam_image_layer(l->image, target->original)->digest
				: find_blob(target, olds, old_count);
	}
	lam_pull_count(out, layers, l->target_count, olds, old_count);
	return 0;
}
