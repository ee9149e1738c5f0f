/* Annotations and labels that another stack makes untrue. */
#include "oci/claims.h"

#include <string.h>

#include "base/text.h"

static const struct row {
	const char *key;
	bool prefix, true_still; /* of what a longer row's prefix would take */
	const char *says;
} ROWS[] = {
	/* image-spec, annotations.md; which layers are the base's is said nowhere */
	{ "org.opencontainers.image.base.", true, false,
	  "which image its first layers are" },
	/* the lifecycle's list of layers, which `pack rebase` goes by */
	{ "io.buildpacks.lifecycle.metadata", false, false,
	  "which layers the buildpacks made" },
	{ "io.buildpacks.rebasable", false, false,
	  "that its layers can be put on another base" },
	/* ostree-rs-ext: the layer that its commit ends with, and what is in the others */
	{ "ostree.bootable", false, true, NULL },
	{ "ostree.", true, false, "which layers hold its commit" },
	{ "com.amazon.soci.index-digest", false, false,
	  "where the table of its blobs is" },
	/* of layers' descriptors; a written layer has a new one */
	{ "containerd.io/snapshot/stargz/", true, false,
	  "where the table of an eStargz is" },
	{ "io.containers.estargz.", true, false, "how long an eStargz is" },
	{ "io.github.containers.zstd-chunked.", true, false,
	  "where the table of a zstd:chunked layer is" },
};

static const struct row *row_of(const char *key)
{
	for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
		const struct row *r = &ROWS[i];

		if (r->prefix ? lam_text_behind(key, r->key) != NULL
			      : strcmp(key, r->key) == 0)
			return r->true_still ? NULL : r;
	}
	return NULL;
}

void lam_claims_each(const json_t *map,
		     void (*tell)(void *context, const char *key, const char *says),
		     void *context)
{
	json_t *all = (json_t *)(uintptr_t)map, *value;
	const char *key;

	json_object_foreach(all, key, value)
	{
		const struct row *r = row_of(key);

		if (r)
			tell(context, key, r->says);
	}
}

void lam_claims_drop(json_t *object, const char *member)
{
	json_t *map = json_object_get(object, member), *left, *value;
	const char *key;
	bool any = false;

	json_object_foreach(map, key, value) any = any || row_of(key);
	if (!any)
		return;
	left = json_object();
	json_object_foreach(map, key, value)
	{
		if (!row_of(key))
			json_object_set(left, key, value);
	}
	json_object_set_new(object, member, left);
}
