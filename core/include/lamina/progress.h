/* Progress and stopping: long calls take a struct lam_progress of the caller, which may
 * be NULL.
 *
 * `report` is called from any thread, but never from two at once, at most every few dozen
 * milliseconds for each stage, and once with done == total at a stage's end. `stop` is
 * looked at after every piece of work (1 MiB at the most); once it is true the call ends
 * with LAM_ESTOPPED, having undone what it had begun. A signal handler may set it. */
#ifndef LAMINA_PROGRESS_H
#define LAMINA_PROGRESS_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

enum lam_stage {
	LAM_STAGE_READ,   /* a layer of the source is read; bytes of its blob */
	LAM_STAGE_WRITE,  /* a target layer is written; bytes of its tar */
	LAM_STAGE_VERIFY, /* a written layer is read back; bytes of its tar */
	LAM_STAGE_SEND,   /* a blob is sent to a registry; its bytes. Kept ones are sent
			     while others are written, so what is to be sent grows */
	LAM_STAGE_PUBLISH /* blobs are synced and put in place; layers */
};

struct lam_step {
	enum lam_stage stage;
	size_t layer; /* of the source for READ, of the target stack otherwise */
	size_t layer_count;
	uint64_t done, total; /* of this layer; total is 0 where it is not known */
};

struct lam_progress {
	void (*report)(void *context, const struct lam_step *step); /* NULL: no reports */
	void *context;
	const atomic_bool *stop; /* NULL: never */
};

#endif
