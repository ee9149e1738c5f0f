/* What can be odd in a layer's tar, each with the sentence that is always the same.
 * Cached indexes name rules by number: who changes the order changes the version of the
 * cache. */
#ifndef LAM_LAYER_RULE_H
#define LAM_LAYER_RULE_H

enum lam_layer_rule {
	LAM_RULE_CLAMPED,
	LAM_RULE_THROUGH_LINK,
	LAM_RULE_DUPLICATE,
	LAM_RULE_CHILD_OF_FILE,
	LAM_RULE_WH_INVALID,
	LAM_RULE_WH_RESERVED,
	LAM_RULE_WH_AND_ENTRY,
	LAM_RULE_OPAQUE_ROOT,
	LAM_RULE_DEVICE_0,
	LAM_RULE_UNKNOWN,
	LAM_RULE_GLOBAL,
	LAM_RULE_CONTIGUOUS,
	LAM_RULE_SPARSE,
	LAM_RULE_LINK_METADATA,
	LAM_RULE_LINK_DIRECTORY,
	LAM_RULE_XATTR_OVERLAY,
	LAM_RULE_XATTR_USER,
	LAM_RULE_XATTR_TRUSTED,
	LAM_RULE_XATTR_SELINUX,
	LAM_RULE_BEFORE_1970,
	LAM_RULE_ROOT,
	LAM_RULE_LINK_LOOP,
	LAM_RULE_NAME_LONG,
	LAM_RULE_WH_NESTED,
	LAM_RULE_TRAILER,
	LAM_RULE_COUNT,
};

const char *lam_layer_rule_name(enum lam_layer_rule rule);
const char *lam_layer_rule_text(enum lam_layer_rule rule);
/* LAM_RULE_COUNT where no rule has the name. */
enum lam_layer_rule lam_layer_rule_find(const char *name);

#endif
