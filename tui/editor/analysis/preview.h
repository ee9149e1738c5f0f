/* The beginning of a file, to be looked at. */
#ifndef MODEL_PREVIEW_H
#define MODEL_PREVIEW_H

#include <stdatomic.h>

#include <lamina/image.h>

#include "base/buf.h"

#define PREVIEW_MAX     (256u << 10) /* bytes that are read */
#define PREVIEW_COLUMNS 4000         /* of one line */
#define PREVIEW_HEX_MAX 96

struct preview {
	uint32_t node;
	char *bytes;
	size_t len;
	bool cut;     /* the file is longer */
	bool binary;  /* it holds a zero byte, or much that is no text: lines are a hex
			 dump  with offsets */
	char **lines; /* text form, but for backslashes, which stand as they are; tabs as
			 blanks; at most PREVIEW_COLUMNS each */
	uint16_t *columns; /* of each line */
	size_t line_count;
	uint64_t size;        /* of the whole file */
	struct lam_error err; /* code LAM_OK: it could be read */
};

/* Symlinks are followed inside the image; what is no file has no bytes and one line that
 * says what it is. A file that cannot be read is no failure: err in the preview says why.
 */
int preview_new(struct preview **out, const struct lam_image *image, uint32_t node,
		const atomic_bool *stop, struct lam_error *err);
void preview_free(struct preview *preview);
/* The first out->max bytes of a file, or of one version of it; what is behind is not
 * read. stop may be NULL. */
int preview_read(struct lam_buf *out, const struct lam_image *image, uint32_t node,
		 const struct lam_version *version, const atomic_bool *stop,
		 struct lam_error *err);
/* A line in the text form, but for tabs, which are blanks, and backslashes, which stand: of
 * `most` columns or few more. The caller's. */
char *preview_line(const char *bytes, size_t len, size_t most);
/* "00000010  7f 45 4c 46  |.ELF|": `each` bytes (at most 16) of bytes[len], from `at` on.
 */
const char *preview_hex(const char *bytes, size_t len, size_t at, size_t each,
			char out[PREVIEW_HEX_MAX]);

#endif
