/* Base64 (RFC 4648, section 4): padded, without line breaks. */
#ifndef LAM_BASE64_H
#define LAM_BASE64_H

#include "base/buf.h"

/* text is a LAM_TEXT. */
void lam_base64_encode(struct lam_buf *text, const void *bytes, size_t len);
/* Appends the bytes to a LAM_TEXT; false where text is no base64, and then nothing is
 * appended. */
bool lam_base64_decode(struct lam_buf *out, const char *text, size_t len);

#endif
