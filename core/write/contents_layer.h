/* What written layers need of one layer of the source: its blob is inflated once, from
 * its begin to its end, and every byte of its tar that is needed is needed once. What is
 * asked for in the order of the tar comes straight from the stream; what is passed over
 * and still needed goes into a spool, one after the other: a file with holes would have
 * an extent for each, and take seconds to be freed. */
#ifndef LAM_CONTENTS_LAYER_H
#define LAM_CONTENTS_LAYER_H

#include <pthread.h>

#include "image/image.h"
#include "io/spool.h"

struct lam_span { /* of the tar */
	uint64_t from, to;
};

struct lam_kept { /* bytes [from, to) of the tar, in the spool from `at` on */
	uint64_t from, to, at;
};

struct lam_contents_layer {
	/* the caller's: */
	const struct lam_image *image;
	const struct lam_progress *progress;
	uint32_t number;
	struct lam_span *ranges; /* that are needed: ascending, apart; they stay as they
				    are while it is open */
	size_t count, cap;
	struct lam_spool *spool; /* owned */
	/* this module's: */
	pthread_mutex_t lock;
	struct lam_reader *stream;
	struct lam_hash blob_hash;
	uint64_t blob_size;
	size_t next;           /* range that has not passed wholly */
	uint64_t at;           /* what passes next, in that range; UINT64_MAX
					    behind the last */
	struct lam_kept *kept; /* ascending, apart */
	size_t kept_count, kept_cap;
	char *chunk;                         /* on its way to the spool */
	struct lam_progress quiet;           /* can stop it, and is told nothing */
	const struct lam_progress *reported; /* that, or the caller's */
	struct lam_error failed;             /* why it cannot be read, or LAM_OK */
};

void lam_contents_layer_init(struct lam_contents_layer *c);
void lam_contents_layer_fini(struct lam_contents_layer *c);

/* chunks: buffers of `size` bytes in which a thread reads ahead; 0 for none. reports:
 * says how far it is as LAM_STAGE_READ; it can be stopped in any case. Errors are kept as
 * below.
 */
int lam_contents_layer_open(struct lam_contents_layer *c, unsigned chunks, size_t size,
			    bool reports, struct lam_error *err);
/* Exactly len bytes of the tar from offset on, which are needed, and not yet read. Any
 * thread. LAM_ESTOPPED where reading failed, now or before: `failed` says why. */
int lam_contents_layer_read(struct lam_contents_layer *c, uint64_t offset, void *buf,
			    size_t len, struct lam_error *err);
/* Reads on, keeping what is still needed, and checks size and digest of the blob.
 * Whatever went wrong with this layer, now or before: LAM_EREAD, LAM_EFORMAT, LAM_EWRITE
 * (the spool's folder is full), with the layer's number and digest; LAM_ESTOPPED. */
int lam_contents_layer_finish(struct lam_contents_layer *c, struct lam_error *err);

#endif
