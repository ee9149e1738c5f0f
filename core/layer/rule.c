#include "layer/rule.h"

#include <string.h>

static const struct {
	const char *name, *text;
} RULES[LAM_RULE_COUNT] = {
	[LAM_RULE_CLAMPED] = { "above-root",
			       "its name climbs above the root with \"..\"; read as a name below the root" },
	[LAM_RULE_THROUGH_LINK] = { "through-symlink",
				    "stands below a symlink of its own layer; read at the link's target, as containerd "
				    "does; Docker and Podman fail where the target is not in this layer" },
	[LAM_RULE_DUPLICATE] = { "duplicate",
				 "stands twice in its layer; the last entry is read; Docker and Podman refuse such a "
				 "layer" },
	[LAM_RULE_CHILD_OF_FILE] = { "child-of-file",
				     "stands below something of its own layer that is no directory; left out, as "
				     "unpackers fail there" },
	[LAM_RULE_WH_INVALID] = { "whiteout-invalid",
				  "a whiteout that names nothing; left out; unpackers fail there" },
	[LAM_RULE_WH_RESERVED] = { "whiteout-reserved",
				   "a reserved name (AUFS); left out" },
	[LAM_RULE_WH_AND_ENTRY] = { "whiteout-and-entry",
				    "deleted and stored in one layer; what is stored is read, above nothing; "
				    "runtimes differ by the order in the tar, or fail" },
	[LAM_RULE_OPAQUE_ROOT] = { "opaque-root",
				   "an opaque marker for the root; without effect, as on overlayfs; umoci and plain "
				   "folders hide everything below" },
	[LAM_RULE_DEVICE_0] = { "device-0-0",
				"a character device 0:0; overlayfs takes it for a whiteout, and so it is read; plain "
				"folders show a device" },
	[LAM_RULE_UNKNOWN] = { "unknown-type",
			       "an entry of a type that nobody knows; left out; runtimes refuse the layer" },
	[LAM_RULE_GLOBAL] = { "global-header",
			      "a global PAX header; without effect; umoci fails, containerd and Podman make an "
			      "empty folder for it" },
	[LAM_RULE_CONTIGUOUS] = { "contiguous",
				  "a contiguous file (type 7); read as a file; runtimes refuse the layer" },
	[LAM_RULE_SPARSE] = { "sparse",
			      "a sparse file; read with its holes as zeros; runtimes refuse old GNU sparse files" },
	[LAM_RULE_LINK_METADATA] = { "link-metadata",
				     "a hard link with another owner, mode or time than its file; the link's counts for "
				     "both; umoci takes the file's" },
	[LAM_RULE_LINK_DIRECTORY] = { "link-to-directory",
				      "a hard link to a directory; left out, as unpackers fail there" },
	[LAM_RULE_XATTR_OVERLAY] = { "overlay-attribute",
				     "an attribute of overlayfs itself; left out" },
	[LAM_RULE_XATTR_USER] = { "user-attribute",
				  "a user.* attribute on something that cannot have one; left out; umoci and Podman "
				  "fail there" },
	[LAM_RULE_XATTR_TRUSTED] = { "trusted-attribute",
				     "a trusted.* attribute; containerd leaves it out" },
	[LAM_RULE_XATTR_SELINUX] = { "selinux-attribute",
				     "a SELinux label in the layer; Podman and umoci leave it out" },
	[LAM_RULE_BEFORE_1970] = { "before-1970",
				   "a time before 1970; it is kept, and umoci sets it; Docker, containerd and Podman "
				   "set 1970" },
	[LAM_RULE_ROOT] = { "root-entry",
			    "sets owner or mode of the root; it is kept, and umoci sets it; on overlayfs the root "
			    "is the runtime's" },
	[LAM_RULE_LINK_LOOP] = { "symlink-loop",
				 "stands below a symlink that leads in a circle; left out, as unpackers fail there" },
	[LAM_RULE_NAME_LONG] = { "long-name",
				 "a name of more than 255 bytes; Linux cannot unpack it" },
	[LAM_RULE_WH_NESTED] = { "whiteout-nested",
				 "a whiteout inside of a directory that the same layer deletes; without effect; "
				 "some runtimes fail there or keep an empty directory" },
	[LAM_RULE_TRAILER] = { "trailer",
			       "bytes stand behind the end of the tar; without meaning, and kept only where the "
			       "layer is" },
};

const char *lam_layer_rule_name(enum lam_layer_rule rule)
{
	return RULES[rule].name;
}

const char *lam_layer_rule_text(enum lam_layer_rule rule)
{
	return RULES[rule].text;
}

enum lam_layer_rule lam_layer_rule_find(const char *name)
{
	int rule = 0;

	while (rule < LAM_RULE_COUNT && strcmp(RULES[rule].name, name) != 0)
		rule++;
	return (enum lam_layer_rule)rule;
}
