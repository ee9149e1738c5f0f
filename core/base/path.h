/* Paths inside an image: bytes, no meaning but '/' and '\0'. The canonical form has no
 * leading slash, no empty, "." or ".." component and no trailing slash; the root is "".
 * The text form is how paths stand on screens, in listings, in messages and in plans. */
#ifndef LAM_PATH_H
#define LAM_PATH_H

#include <lamina/path.h>

#include "base/buf.h"

/* Appends the canonical form of a name as an archive has it. *out_clamped tells that ".."
 * would have left the root. Fails with LAM_EFORMAT where the result is longer than
 * LAM_MAX_PATH or a name holds '\0'. */
int lam_path_clean(const char *name, size_t len, struct lam_buf *out, bool *out_clamped,
		   struct lam_error *err);

/* What a base name means in a layer (image-spec, layer.md, whiteouts). */
enum lam_wh {
	LAM_WH_NONE,     /* an ordinary name */
	LAM_WH_DELETE,   /* ".wh.NAME": NAME is *out_name */
	LAM_WH_OPAQUE,   /* ".wh..wh..opq" */
	LAM_WH_INVALID,  /* ".wh." alone, ".wh..", ".wh...": names nothing */
	LAM_WH_RESERVED, /* any other ".wh..wh.*": metadata of AUFS */
};
enum lam_wh lam_wh_classify(const char *base, size_t len, const char **out_name,
			    size_t *out_len);

/* Appends the text form (lam_path_escape of the public header) to a LAM_TEXT. */
void lam_path_append_escaped(struct lam_buf *text, const char *bytes, size_t len);

/* Whether text may be shown as it is: the text form would write nothing out but
 * backslashes, which text that is made of escaped names holds. And how many bytes of it,
 * from its begin. */
bool lam_path_may_show(const char *text, size_t len);
size_t lam_path_shown_run(const char *text, size_t len);

/* Bytes of a text form; fails with LAM_EPLAN on a bad escape (text: what is wrong,
 * without the path). */
int lam_path_append_unescaped(struct lam_buf *out, const char *text, size_t len,
			      struct lam_error *err);

/* For messages; long paths are cut in the middle with "...". absolute: a '/' is put before
 * a canonical path.
 *
 *	char text[LAM_PATH_TEXT];
 *	lam_fail(err, LAM_EFORMAT, "%s: ...", lam_path_text(text, bytes, len, true)); */
#define LAM_PATH_TEXT 512
const char *lam_path_text(char out[LAM_PATH_TEXT], const char *bytes, size_t len,
			  bool absolute);

#endif
