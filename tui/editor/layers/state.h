/* What the layers' pane is. */
#ifndef LAYERS_STATE_H
#define LAYERS_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "ui/list.h"

/* Names of layers. */
struct layer_marks {
	char **names;
	size_t count, cap;
};

struct layers {
	struct list list;
	struct layer_marks marks;
	/* Those that the last merge took, brought back when it is undone: to fewer steps. */
	struct layer_marks merged;
	size_t merged_step;
};

bool layers_is_marked(const struct layers *layers, const char *name);

#endif
