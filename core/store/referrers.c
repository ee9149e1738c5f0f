/* What speaks of an image by its digest, as it stands in indexes. */
#include "store/referrers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/memory.h"
#include "base/text.h"

void lam_referrer_fini(struct lam_referrer *r)
{
	free(r->name);
	free(r->type);
	*r = (struct lam_referrer){ 0 };
}

void lam_referrers_fini(struct lam_referrers *all)
{
	for (size_t i = 0; i < all->count; i++)
		lam_referrer_fini(&all->items[i]);
	free(all->items);
	*all = (struct lam_referrers){ 0 };
}

void lam_referrers_add(struct lam_referrers *all, struct lam_referrer r)
{
	LAM_XGROW(all->items, all->count, all->cap);
	all->items[all->count++] = r;
}

void lam_referrers_copy(struct lam_referrers *all, const struct lam_referrer *r,
			enum lam_referrer_fate fate)
{
	struct lam_referrer copy = *r;

	for (size_t i = 0; i < all->count; i++) {
		if (strcmp(all->items[i].digest, r->digest) == 0)
			return;
	}
	copy.name = lam_xcopy(r->name);
	copy.type = lam_xcopy(r->type);
	copy.fate = fate;
	lam_referrers_add(all, copy);
}

bool lam_referrer_speaks_of(const struct lam_referrer *r, const struct lam_digest *digest)
{
	char text[LAM_DIGEST_TEXT];

	return strcmp(r->of, lam_digest_format(digest, text)) == 0;
}

/* Of an entry, or of a manifest; NULL: it has no such text. */
static const char *annotation(const json_t *object, const char *key)
{
	return json_string_value(
		json_object_get(json_object_get(object, "annotations"), key));
}

/* cosign's tags, and what `cosign save` calls the same. */
static const char *kind_of(const struct lam_index_entry *e)
{
	static const char *const kinds[][2] = { { "sig", "signature" },
						{ "att", "attestation" },
						{ "sbom", "sbom" } };
	const char *cosign = annotation(e->descriptor.json, "kind"), *slash, *dot;

	if (e->attestation)
		return "attestation";
	slash = cosign ? strrchr(cosign, '/') : NULL;
	dot = e->ref_name ? strrchr(e->ref_name, '.') : NULL;
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		if ((slash && lam_text_behind(slash + 1, kinds[i][0])) ||
		    (dot && strcmp(dot + 1, kinds[i][0]) == 0))
			return kinds[i][1];
	}
	return "referrer";
}

static void set_of(struct lam_referrer *r, const char *digest)
{
	struct lam_digest parsed;
	struct lam_error err;

	if (digest && !r->of[0] && lam_digest_parse(&parsed, digest, &err) == 0)
		lam_digest_format(&parsed, r->of);
}

/* "sha256-HEX", with whatever behind it. */
static void set_of_tag(struct lam_referrer *r, const char *tag)
{
	char text[80];

	if (!tag || strncmp(tag, "sha256-", 7) != 0 || strlen(tag) < 71)
		return;
	snprintf(text, sizeof text, "sha256:%.64s", tag + 7);
	set_of(r, text);
}

/* What each of the statements says of the image: provenance, an SBOM. */
static void set_predicates(struct lam_referrer *r, const json_t *manifest)
{
	LAM_CLEANUP(lam_buf_fini) struct lam_buf text = LAM_TEXT;
	const json_t *layers = json_object_get(manifest, "layers");

	for (size_t i = 0; i < json_array_size(layers) && text.len < 2000; i++) {
		const char *type = annotation(json_array_get(layers, i),
					      "in-toto.io/predicate-type");

		if (type)
			lam_text_printf(&text, "%s%.200s", text.len ? ", " : "", type);
	}
	if (text.len)
		r->type = lam_text_steal(&text);
}

static void read_manifest(struct lam_referrer *r, const struct lam_index_entry *e,
			  const struct lam_blob_reader *reader)
{
	LAM_CLEANUP(lam_buf_fini) struct lam_buf bytes = LAM_BUF(LAM_MAX_MANIFEST);
	LAM_CLEANUP(lam_doc_fini) struct lam_doc doc = { 0 };
	struct lam_error err;
	const char *type;

	/* what is not there, as in what Docker saves, says nothing more */
	if (reader->read(reader->context, &e->descriptor, &bytes, &err) < 0 ||
	    lam_doc_parse(&doc, bytes.data ? bytes.data : "", bytes.len, LAM_MAX_MANIFEST,
			  "manifest", &err) < 0)
		return;
	set_of(r, json_string_value(json_object_get(json_object_get(doc.root, "subject"),
						    "digest")));
	type = json_string_value(json_object_get(doc.root, "artifactType"));
	if (!r->type && type)
		r->type = lam_xstrdup(type);
	if (!r->type)
		set_predicates(r, doc.root);
}

bool lam_referrer_read(struct lam_referrer *out, const struct lam_index_entry *e,
		       const struct lam_blob_reader *reader)
{
	const json_t *json = e->descriptor.json;
	const char *type = json_string_value(json_object_get(json, "artifactType"));

	*out = (struct lam_referrer){ 0 };
	if (!e->attestation && !e->artifact)
		return false;
	out->kind = kind_of(e);
	lam_digest_format(&e->descriptor.digest, out->digest);
	out->name = lam_xcopy(e->ref_name);
	out->type = lam_xcopy(type);
	set_of(out, annotation(json, "vnd.docker.reference.digest"));
	set_of(out, annotation(json, "com.amazon.soci.image-manifest-digest"));
	set_of_tag(out, e->ref_name);
	if (reader && (!out->of[0] || !out->type))
		read_manifest(out, e, reader);
	return true;
}
