/* The layers of an image that is opened: each from the cache, or read and checked, side
 * by side. */
#ifndef LAM_IMAGE_LAYERS_H
#define LAM_IMAGE_LAYERS_H

#include "image/image.h"

/* Fills image->indexes and the layers' info; descriptors and diff_ids are there. An error
 * names the layer. */
int lam_image_read_layers(struct lam_image *image, const struct lam_open_options *options,
			  struct lam_error *err);

#endif
