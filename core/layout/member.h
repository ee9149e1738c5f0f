/* One member of a layer that is written: a node of the source's tree as an entry, or a
 * mark that hides what is below. */
#ifndef LAM_MEMBER_H
#define LAM_MEMBER_H

#include "base/buf.h"
#include "tar/entry.h"
#include "tree/tree.h"

enum lam_member_kind {
	LAM_MEMBER_ENTRY,
	LAM_MEMBER_LINK,     /* a hard link to `first` */
	LAM_MEMBER_WHITEOUT, /* of the node's name */
	LAM_MEMBER_OPAQUE,   /* in the node, a directory */
};

struct lam_member {
	uint32_t node, first;
	uint8_t kind;
};

/* Memory for one entry at a time; all-zero to begin with. */
struct lam_member_scratch {
	struct lam_buf path, target;
	struct lam_record *records;
	size_t record_cap;
};
#define LAM_MEMBER_SCRATCH \
	((struct lam_member_scratch){ .path = LAM_TEXT, .target = LAM_TEXT })
void lam_member_scratch_fini(struct lam_member_scratch *scratch);

/* The entry of a member: canonical path, final metadata, clamped time; whiteouts are empty files 0644
 * 0:0 of time 0. It lives until the next call. */
void lam_member_entry(const struct lam_tree *tree, struct lam_clamp times,
		      const struct lam_member *member, struct lam_member_scratch *scratch,
		      struct lam_entry *out);

#endif
