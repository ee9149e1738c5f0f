/* What speaks of an image and stands beside it in a registry, which lists it or keeps it
 * under tags that are made of the image's digest. */
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "base/memory.h"
#include "store/registry.h"

struct asking {
	struct lam_registry *registry;
	const struct lam_digest *of;
	enum lam_referrer_fate fate;
	struct lam_referrers *all;
	const atomic_bool *stop;
};

/* Whatever it says of itself: it was found by the image's digest. */
static void add(struct asking *a, struct lam_index_entry *e,
		const struct lam_blob_reader *reader)
{
	struct lam_referrer found;

	e->artifact = true;
	lam_referrer_read(&found, e, reader);
	lam_digest_format(a->of, found.of);
	lam_referrers_copy(a->all, &found, a->fate);
	lam_referrer_fini(&found);
}

/* What does not parse lists nothing. */
static void add_list(struct asking *a, const struct lam_buf *bytes)
{
	LAM_CLEANUP(lam_index_fini) struct lam_index index = { 0 };
	struct lam_error hidden;

	if (lam_index_parse(&index, bytes->data ? bytes->data : "", bytes->len,
			    "referrers", LAM_MT_OCI_INDEX, &hidden) < 0)
		return;
	for (size_t i = 0; i < index.count; i++)
		add(a, &index.entries[i], NULL);
}

static int read_again(const void *document, const struct lam_descriptor *d,
		      struct lam_buf *out, struct lam_error *err)
{
	const struct lam_registry_document *got = document;

	(void)d;
	return lam_buf_append(out, got->bytes.data, got->bytes.len, err);
}

/* list: it is no referrer, and names them. */
static int add_tag(struct asking *a, const char *tag, bool list, struct lam_error *err)
{
	LAM_CLEANUP(lam_registry_document_fini) struct lam_registry_document d = { 0 };
	const struct lam_blob_reader reader = { read_again, &d };
	struct lam_index_entry e = { .ref_name = tag };
	int code = lam_registry_get_manifest(a->registry, tag, &d, a->stop, err);

	if (code < 0)
		return code == LAM_ENOTFOUND ? 0 : code;
	e.descriptor = (struct lam_descriptor){ .media_type = d.media_type,
						.digest = d.digest,
						.size = (int64_t)d.bytes.len };
	if (list)
		add_list(a, &d.bytes);
	else
		add(a, &e, &reader);
	return 0;
}

int lam_registry_add_referrers(struct lam_registry *r, const struct lam_digest *of,
			       enum lam_referrer_fate fate, struct lam_referrers *out,
			       const atomic_bool *stop, struct lam_error *err)
{
	static const char *const ends[] = { "", ".sig", ".att", ".sbom" };
	LAM_CLEANUP(lam_registry_lists_fini) struct lam_registry_lists lists = { 0 };
	struct asking a = { r, of, fate, out, stop };
	char front[LAM_DIGEST_TEXT];
	bool there[4];

	/* "sha256-HEX"; what is longer is cut: distribution-spec, "Referrers Tag Schema" */
	lam_digest_format(of, front);
	front[6] = '-';
	front[7 + 64] = '\0';
	if (lam_registry_list_referrers(r, of, &lists, stop, err) < 0 ||
	    lam_registry_find_tags(r, front, ends, there, 4, stop, err) < 0)
		return err->code;
	for (size_t i = 0; i < lists.count; i++)
		add_list(&a, &lists.items[i]);
	for (size_t i = lists.count ? 1 : 0; i < 4; i++) {
		LAM_CLEANUP(lam_free_ptr) char *tag = lam_xprintf("%s%s", front, ends[i]);

		if (there[i] && add_tag(&a, tag, i == 0, err) < 0)
			return err->code;
	}
	return 0;
}
