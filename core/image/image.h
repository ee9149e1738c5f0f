/* An opened image, inside. */
#ifndef LAM_IMAGE_H
#define LAM_IMAGE_H

#include <pthread.h>

#include <lamina/image.h>

#include "io/spool.h"
#include "layer/blob.h"
#include "layer/cache.h"
#include "oci/manifest.h"
#include "store/store.h"
#include "tree/tree.h"

struct lam_image_layer {
	struct lam_layer_info info;
	struct lam_descriptor
		descriptor; /* as the manifest has it; digest and size always set */
	struct lam_digest diff_id;
	struct lam_spool *spool; /* its tar; NULL: not asked for, or the index was cached
				  */
	char digest_text[LAM_DIGEST_TEXT], diff_id_text[LAM_DIGEST_TEXT];
};

/* What a higher floor has made of an image, as long as it is open: made once, by whichever
 * thread asks first. */
struct lam_image_kept {
	pthread_mutex_t lock;
	void *value; /* NULL: not made yet */
	void (*free)(void *value);
};

struct lam_image {
	char *reference;
	struct lam_source *source;
	struct lam_manifest manifest; /* doc NULL where the source had none; then
					 made_manifest is what it would be */
	struct lam_digest manifest_digest, config_digest;
	struct lam_config config;
	struct lam_settings settings; /* of both documents */
	struct lam_image_layer *layers;
	const struct lam_layer **indexes; /* of each layer */
	size_t layer_count;
	struct lam_tree *tree;
	struct lam_notes notes;
	struct lam_image_kept *packages;
	char manifest_text[LAM_DIGEST_TEXT], config_text[LAM_DIGEST_TEXT], platform[256];
};

struct lam_image_set {
	struct lam_source *source; /* with no image of its own: for what is beside them */
	struct lam_source_set all;
};

/* Opens the place that is named with the options. */
int lam_image_open_source(struct lam_source **out, const char *reference,
			  const struct lam_open_options *options,
			  struct lam_source_set *set, struct lam_error *err);

/* layers.c: each layer from the cache, or read and checked, side by side. Fills indexes
 * and the layers' info; descriptors and diff_ids are there. An error names the layer. */
int lam_image_read_layers(struct lam_image *image, const struct lam_open_options *options,
			  struct lam_error *err);

/* The content of an inode, holes as zeros, in pieces of at most 1 MiB. From the spool
 * where there is one. */
int lam_image_read_inode(const struct lam_image *image, uint32_t layer, uint32_t inode,
			 int (*write)(void *context, const void *bytes, size_t len,
				      struct lam_error *err),
			 void *context, const atomic_bool *stop, struct lam_error *err);

#endif
