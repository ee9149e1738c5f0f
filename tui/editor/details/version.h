/* What layers did to a path. */
#ifndef APP_VIEW_VERSION_H
#define APP_VIEW_VERSION_H

#include "editor/frame/view.h"

extern const char
	*const VERSION_CHANGES[]; /* "added", "changed", ...: of enum lam_change */

size_t version_count(const struct lam_tree *tree, uint32_t node);
/* The version that `back` others follow. */
const struct lam_version *version_at(const struct lam_tree *tree, uint32_t node,
				     size_t back);
const char *version_kind(enum lam_kind kind);
/* "2024-01-31 12:00:00 UTC" */
const char *version_time(int64_t seconds, char out[40]);

#endif
