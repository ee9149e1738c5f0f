/* What the targets share. A target is a file fuzz_NAME.c with LLVMFuzzerTestOneInput():
 * libFuzzer calls it with inputs that it makes up (`make fuzz`), and replay.c with those
 * in corpus/NAME (`make check`). */
#ifndef FUZZ_H
#define FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <lamina/image.h>

#include "base/buf.h"
#include "io/stream.h"
#include "layer/store.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What must be so, whatever the input. */
#define NEED(fact)                                                                 \
	do {                                                                       \
		if (!(fact)) {                                                     \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #fact); \
			abort();                                                   \
		}                                                                  \
	} while (0)
/* A call that must succeed; `err` is in scope. */
#define MUST(call)                                                                    \
	do {                                                                          \
		if ((call) < 0) {                                                     \
			fprintf(stderr, "%s:%d: %s: %s\n", __FILE__, __LINE__, #call, \
				err.text);                                            \
			abort();                                                      \
		}                                                                     \
	} while (0)
/* An error has a text. */
void need_error(int code, const struct lam_error *err);

/* An input, used up from its begin. */
struct fuzz {
	const uint8_t *at;
	size_t left;
};
unsigned fuzz_byte(struct fuzz *fuzz); /* 0 at the end */
unsigned fuzz_below(struct fuzz *fuzz, unsigned count);
/* Up to the next '\n', which goes too; *out_len bytes. */
const char *fuzz_line(struct fuzz *fuzz, size_t *out_len);
/* The next of the members of which an input is made, one after another as
 *
 *	\n--NAME\n CONTENT
 *
 * false: there is none. */
bool fuzz_member(struct fuzz *fuzz, struct lam_str *out_name,
		 struct lam_str *out_content);

/* Gives what another reader has in pieces of at most `most` bytes, which end elsewhere
 * each time; owns it. */
struct lam_reader *fuzz_pieces(struct lam_reader *inner, size_t most);

/* A folder of this process below $TMPDIR, made at the first call and removed when it
 * ends; and a file in it, of the name that lives until the next call. */
const char *fuzz_folder(void);
const char *fuzz_put(const char *name, const void *bytes, size_t len);

/* An image of two layers that is built once, and its folder. */
char *fuzz_image_folder(void);
const struct lam_image *fuzz_image(void);

/* The layer over a small one and under another, merged, all looked at; text is what
 * tree_dump.h makes of it. False where it has a name twice, which none has that was read
 * from a tar. */
bool fuzz_look(const struct lam_layer *layer, struct lam_buf *text);
/* Its index can be stored, and loaded again: it looks as it was `seen` then. */
void fuzz_store(const struct lam_layer *layer, const struct lam_layer_reading *reading,
		const struct lam_layer_key *key, const struct lam_buf *seen);

#endif
