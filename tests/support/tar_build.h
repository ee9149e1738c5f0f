/* Tars for tests, member by member, right or wrong on purpose. */
#ifndef TAR_BUILD_H
#define TAR_BUILD_H

#include "base/buf.h"

enum tar_magic { TAR_USTAR, TAR_GNU, TAR_V7 };
#define TAR_NUL '@' /* type flag '\0' */

struct tar_member {
	const char *name;
	char flag; /* 0: '0' */
	const char *link, *prefix;
	const char *size;   /* the field's text; NULL: of the body */
	const char *sparse; /* a map in front of the body, padded to a block */
	const char *body;
	size_t body_len;
	enum tar_magic magic;
	bool bad_sum;
};

void tar_append(struct lam_buf *out, const struct tar_member *member);
void tar_append_end(struct lam_buf *out);

#endif
