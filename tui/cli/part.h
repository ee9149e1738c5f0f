/* What a plan makes of an image, told as a table and as JSON. */
#ifndef CLI_PART_H
#define CLI_PART_H

#include <lamina/write.h>

#include "cli/pull.h"

struct part {
	struct lam_image *image;
	struct lam_layout *layout;
	bool *there; /* of each target in a dry run: it was written before; or NULL */
	struct pull pull;
};

void part_print(const struct part *part, FILE *out, bool color);
/* result: NULL before it is written. */
json_t *part_json(const struct part *part, const struct lam_write_result *result);

#endif
