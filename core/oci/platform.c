/* Platforms, as containerd normalises them. */
#include "oci/platform.h"

#include <string.h>

static bool same(const char *a, const char *b)
{
	return strcmp(a ? a : "", b ? b : "") == 0;
}

void lam_platform_normalise(struct lam_platform *p)
{
	static const char *const names[][2] = {
		{ "x86_64", "amd64" }, { "x86-64", "amd64" }, { "aarch64", "arm64" },
		{ "armhf", "arm" },    { "armv7l", "arm" },   { "i386", "386" },
		{ "i686", "386" }
	};
	static const struct {
		const char *architecture, *variant, *normal;
	} variants[] = { { "arm64", NULL, "v8" }, { "arm64", "8", "v8" },
			 { "arm", NULL, "v7" },   { "arm", "7", "v7" },
			 { "arm", "6", "v6" },    { "arm", "5", "v5" },
			 { "amd64", "v1", NULL } };

	if (same(p->os, "macos"))
		p->os = "darwin";
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		if (same(p->architecture, names[i][0]))
			p->architecture = names[i][1];
	}
	for (size_t i = 0; i < sizeof variants / sizeof *variants; i++) {
		if (same(p->architecture, variants[i].architecture) &&
		    same(p->variant, variants[i].variant)) {
			p->variant = variants[i].normal;
			return;
		}
	}
}

bool lam_platform_fits(struct lam_platform have, const struct lam_platform *want,
		       bool exactly)
{
	lam_platform_normalise(&have);
	return same(have.os, want->os) && same(have.architecture, want->architecture) &&
	       (!exactly || same(have.variant, want->variant));
}

void lam_platform_text(struct lam_buf *text, const struct lam_platform *p)
{
	lam_text_printf(text, "%.60s/%.60s", p->os, p->architecture);
	if (p->variant)
		lam_text_printf(text, "/%.60s", p->variant);
}

bool lam_platform_is_same(const struct lam_platform *a, const struct lam_platform *b)
{
	struct lam_platform want = *b;

	lam_platform_normalise(&want);
	return a->os && a->architecture && lam_platform_fits(*a, &want, true) &&
	       (!a->os_version || !b->os_version || same(a->os_version, b->os_version));
}

int lam_platform_read(struct lam_platform *out, const struct lam_json *json,
		      struct lam_error *err)
{
	static const char *const fields[] = { "tos",         "tarchitecture", "tvariant",
					      "tos.version", "los.features",  NULL };

	*out = (struct lam_platform){ 0 };
	if (lam_doc_check_fields(json, fields, err) < 0 ||
	    lam_json_get_text(json, "os", false, &out->os, err) < 0 ||
	    lam_json_get_text(json, "architecture", false, &out->architecture, err) < 0)
		return err->code;
	if (json_is_array(json_object_get(json->value, "os.features")))
		out->os_features = json_object_get(json->value, "os.features");
	if (lam_json_get_text(json, "os.version", false, &out->os_version, err) < 0)
		return err->code;
	return lam_json_get_text(json, "variant", false, &out->variant, err);
}
