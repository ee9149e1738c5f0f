/* An image as people build them, small: nine layers with links of all kinds, flags, waste
 * and duplicates. */
#ifndef SAMPLE_IMAGE_H
#define SAMPLE_IMAGE_H

#include "image_build.h"

#define SAMPLE_LAYERS 9
extern const struct image_layer SAMPLE[SAMPLE_LAYERS];
/* Six layers of the nine, with rules. */
extern const char SAMPLE_PLAN[];

/* Names that would harm a terminal: escape sequences, newlines, bidirectional marks, one
 * of 4,000 bytes. */
#define HOSTILE_LAYERS 1
extern const struct image_layer HOSTILE[HOSTILE_LAYERS];

#endif
