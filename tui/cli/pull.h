/* What a client that has other images fetches of one, and the limits that a build may set
 * for it. */
#ifndef CLI_PULL_H
#define CLI_PULL_H

#include <lamina/pull.h>

#include "cli/print.h"

struct pull_limits {
	uint64_t most_pull, most_waste; /* bytes; UINT64_MAX: no limit */
	double waste_share;             /* of the tars' bytes; more than 1: no limit */
};

struct pull {
	struct lam_image **olds; /* that the client has */
	size_t old_count;
	struct lam_pull of;
	bool planned;   /* of what a plan would write */
	bool estimated; /* some of what is fetched is not there yet */
};

/* Before images are opened: 0, or EXIT_USAGE with the reason told. */
int pull_read_limits(struct call *call, struct pull_limits *out);
/* Opens the images that --against names. 0, or an exit code with the reason told; to be
 * given to pull_fini() either way. */
int pull_open(struct call *call, struct pull *out);
void pull_count(const struct lam_image *image, struct pull *p);
int pull_count_planned(struct call *call, const struct lam_layout *layout,
		       struct pull *p);
void pull_fini(struct pull *pull);
void pull_print(const struct pull *pull);
json_t *pull_json(const struct pull *pull);
/* EXIT_DIFFERENT where there is more than the limits take, which is told. */
int pull_check(struct call *call, const struct lam_image *image, const struct pull *pull,
	       const struct pull_limits *limits);

extern const struct option PULL_OPTIONS[];

#endif
