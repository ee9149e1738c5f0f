/* What a client that has other images fetches of a stack of layers: the compressed blobs
 * alone, as manifest and config are a few kilobytes. */
#ifndef LAMINA_PULL_H
#define LAMINA_PULL_H

#include <lamina/image.h>

struct lam_pull_layer {
	const char *digest; /* NULL: of no blob that is known */
	uint64_t size;
	bool none; /* there is no such layer: what else is said here counts for nothing */
};

struct lam_pull {
	bool *had;     /* by layer: its blob is in one of the other images */
	size_t count;  /* of all layers that there are */
	size_t layers; /* that are fetched, where blobs are known by their digests:
			  containerd, Podman, and Docker with containerd's store; a blob
			  that is there twice is fetched once */
	uint64_t bytes;
	size_t chain_layers; /* the same for Docker's own store, which knows a layer by all
				that are below it (findings/docker-fetches-what-it-has.sh) */
	uint64_t chain_bytes;
};

/* To be given to lam_pull_fini(). */
void lam_pull_count(struct lam_pull *out, const struct lam_pull_layer *layers,
		    size_t count, const struct lam_image *const *olds, size_t old_count);
void lam_pull_fini(struct lam_pull *pull);

#endif
