/* What the layers' pane is. */
#ifndef LAYERS_STATE_H
#define LAYERS_STATE_H

#include <stdint.h>

#include "ui/list.h"

struct layers {
	struct list list;
	uint64_t marks; /* of the first 64 */
};

#endif
