/* The records of a PAX extended header. */
#ifndef LAM_TAR_PAX_H
#define LAM_TAR_PAX_H

#include "base/buf.h"
#include "tar/entry.h"

struct lam_pax {
	struct lam_buf body;        /* what the records point into */
	struct lam_record *records; /* all, in order; a later one of a key wins */
	size_t count, cap;
	bool present;
	bool repeated; /* a key twice, with two values */
};

void lam_pax_fini(struct lam_pax *pax);
/* Records of pax->body. LAM_EFORMAT for what Go's reader refuses, and for two sizes or
 * maps of sparse files, by which readers find other entries behind this one. */
int lam_pax_parse(struct lam_pax *pax, struct lam_error *err);
/* The last record of a key, or NULL. */
const struct lam_record *lam_pax_find(const struct lam_pax *pax, const char *key);
/* Only those that entries carry (entry.h), sorted, each key once: moved to the front,
 * *out_count of them. */
void lam_pax_carry(struct lam_pax *pax, size_t *out_count);
/* path, linkpath, uid, gid, size and times of the entry; empty values change nothing. */
int lam_pax_apply(const struct lam_pax *pax, struct lam_entry *entry, int64_t *size,
		  struct lam_error *err);

#endif
