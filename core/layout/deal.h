/* A layer that is larger than the plan lets it be, in parts (core/DESIGN.md, section 5). */
#ifndef LAM_LAYOUT_DEAL_H
#define LAM_LAYOUT_DEAL_H

#include "layout/layout.h"

#define LAM_DEAL_NONE UINT32_MAX

struct lam_deal {
	uint32_t *of;   /* node -> its part, from 0, of each that goes to the target */
	uint32_t count; /* 1: there is nothing that could be apart */
	bool fits;      /* as one: all are in part 0 */
	uint64_t
		again; /* bytes of the directories that the parts have above them; once it
			   is more than LAM_MAX_SPLIT_DIRS, nothing else is right */
};

/* most: bytes of the entries of a part, directories above them included. Whatever is more by
 * itself (a file; names of one file together) is a part of its own. LAM_EFORMAT, LAM_ENOMEM;
 * LAM_ESTOPPED by the layout's stop. */
int lam_deal_make(struct lam_deal *out, const struct lam_layout *layout, uint32_t target,
		  uint64_t most, struct lam_error *err);
void lam_deal_fini(struct lam_deal *deal);

#endif
