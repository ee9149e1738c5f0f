/* What a client that has other images fetches of one, and the limits that a build may set
 * for it. */
#ifndef CLI_PULL_H
#define CLI_PULL_H

#include "cli/print.h"

struct pull_limits {
	uint64_t most_pull, most_waste; /* bytes; UINT64_MAX: no limit */
	double waste_share;             /* of the tars' bytes; more than 1: no limit */
};

/* Of one image, and of its compressed layers alone: manifest and config are a few
 * kilobytes. */
struct pull {
	size_t old_count; /* images that the client has */
	bool *had;        /* by layer: its blob is in one of them */
	size_t layers;    /* that are fetched, where blobs are known by their digests:
			     containerd, Podman, and Docker with containerd's store */
	uint64_t bytes;
	size_t chain_layers; /* the same for Docker's own store, which knows a layer by all
				that are below it (findings/docker-fetches-what-it-has.sh) */
	uint64_t chain_bytes;
};

/* Before images are opened: 0, or EXIT_USAGE with the reason told. */
int pull_read_limits(struct call *call, struct pull_limits *out);
/* Opens the images that --against names. 0, or an exit code with the reason told; to be
 * given to pull_fini() either way. */
int pull_count(struct call *call, const struct lam_image *image, struct pull *out);
void pull_fini(struct pull *pull);
void pull_print(const struct lam_image *image, const struct pull *pull);
json_t *pull_json(const struct pull *pull);
/* EXIT_DIFFERENT where there is more than the limits take, which is told. */
int pull_check(struct call *call, const struct lam_image *image, const struct pull *pull,
	       const struct pull_limits *limits);

extern const struct option PULL_OPTIONS[];

#endif
