/* What a registry knows to speak of an image: its list of referrers (distribution-spec 1.1,
 * "Listing Referrers"), and which of some tags it has. Registries without either answer in
 * many ways, so that whatever is no such list is none. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/memory.h"
#include "oci/manifest.h"
#include "registry/impl.h"

#define TAGS  20 /* that are asked for */
#define PAGES 50

/* One document, and where the next is (NULL: nowhere). */
static int get(struct lam_registry *r, const struct lam_registry_request *request,
	       struct lam_buf *out, bool *out_there, char **out_next,
	       struct lam_error *err)
{
	struct lam_http_answer *answer;
	int code = lam_registry_send(&answer, r, request, err);
	const char *link, *end;

	*out_next = NULL;
	*out_there = code == 0 && lam_http_status(answer) == 200;
	/* who may read the image may not have to see this */
	if (code < 0 && code != LAM_ESTOPPED && answer && lam_http_status(answer) == 401)
		code = 0;
	if (*out_there)
		code = lam_http_read(answer, out, err);
	link = code == 0 && *out_there ? lam_http_header(answer, "Link", 0) : NULL;
	end = link ? strchr(link, '>') : NULL;
	if (end && link[0] == '<') {
		LAM_CLEANUP(lam_free_ptr)
		char *next = lam_xmemdup(link + 1, (size_t)(end - link - 1));

		*out_next = lam_http_resolve(lam_http_url(answer), next);
	}
	lam_http_close(answer);
	return code;
}

static bool is_index(const struct lam_buf *bytes)
{
	LAM_CLEANUP(lam_index_fini) struct lam_index index = { 0 };
	struct lam_error hidden;

	return lam_index_parse(&index, bytes->data ? bytes->data : "", bytes->len,
			       "referrers", LAM_MT_OCI_INDEX, &hidden) == 0;
}

int lam_registry_list_referrers(struct lam_registry *r, const struct lam_digest *of,
				struct lam_registry_lists *out, const atomic_bool *stop,
				struct lam_error *err)
{
	static const char *const accept[] = { "Accept: " LAM_MT_OCI_INDEX, NULL };
	char text[LAM_DIGEST_TEXT];
	LAM_CLEANUP(lam_free_ptr)
	char *path = lam_xprintf("referrers/%s", lam_digest_format(of, text)),
	     *url = NULL;
	size_t left = LAM_MAX_INDEX;
	bool there = true;

	*out = (struct lam_registry_lists){ 0 };
	for (unsigned page = 0; there && page < PAGES && (page == 0 || url); page++) {
		const struct lam_registry_request request = {
			.path = path, .url = url, .headers = accept, .stop = stop
		};
		struct lam_buf bytes = LAM_BUF(left);
		char *next;
		int code = get(r, &request, &bytes, &there, &next, err);

		free(url);
		url = next;
		there = there && code == 0 && is_index(&bytes);
		if (there) {
			left -= bytes.len;
			LAM_XGROW(out->items, out->count, out->cap);
			out->items[out->count++] = bytes;
		} else {
			lam_buf_fini(&bytes);
		}
		if (code == 0 && !there && page > 0)
			code = lam_fail(err, LAM_EREAD,
					"%s: breaks off its list of what refers to %s",
					r->name, text);
		if (code < 0)
			return code;
	}
	return 0;
}

void lam_registry_lists_fini(struct lam_registry_lists *lists)
{
	for (size_t i = 0; i < lists->count; i++)
		lam_buf_fini(&lists->items[i]);
	free(lists->items);
	*lists = (struct lam_registry_lists){ 0 };
}

/* Tags */

/* Whether all tags that begin so are in the list. It is whole; or it begins where it was
 * asked to, as the place of its next part shows: some registries know no `last`. */
static bool is_whole(const json_t *tags, const char *last, const char *next)
{
	size_t count = json_array_size(tags);
	const char *end = json_string_value(json_array_get(tags, count - 1));
	LAM_CLEANUP(lam_free_ptr) char *mark = NULL;
	const char *found;

	if (!next)
		return count != TAGS;
	for (size_t i = 0; i < count; i++) {
		const char *tag = json_string_value(json_array_get(tags, i));

		if (!tag || strcmp(tag, last) <= 0)
			return false;
	}
	mark = lam_xprintf("last=%s", end ? end : "");
	found = end ? strstr(next, mark) : NULL;
	return found && strchr("&", found[strlen(mark)]);
}

static bool has_tag(const json_t *tags, const char *tag)
{
	for (size_t i = 0; i < json_array_size(tags); i++) {
		const char *one = json_string_value(json_array_get(tags, i));

		if (one && strcmp(one, tag) == 0)
			return true;
	}
	return false;
}

int lam_registry_find_tags(struct lam_registry *r, const char *front,
			   const char *const *ends, bool *out, size_t count,
			   const atomic_bool *stop, struct lam_error *err)
{
	LAM_CLEANUP(lam_buf_fini) struct lam_buf bytes = LAM_BUF(LAM_MAX_INDEX);
	LAM_CLEANUP(lam_doc_fini) struct lam_doc doc = { 0 };
	LAM_CLEANUP(lam_free_ptr)
	char *last = lam_xmemdup(front, strlen(front) - 1), *next = NULL;
	LAM_CLEANUP(lam_free_ptr)
	char *path = lam_xprintf("tags/list?n=%d&last=%s", TAGS, last);
	const struct lam_registry_request request = { .path = path, .stop = stop };
	struct lam_error hidden;
	const json_t *tags = NULL;
	bool there;
	int code = get(r, &request, &bytes, &there, &next, err);

	if (code == 0 && there &&
	    lam_doc_parse(&doc, bytes.data ? bytes.data : "", bytes.len, LAM_MAX_INDEX,
			  "tags", &hidden) == 0)
		tags = json_object_get(doc.root, "tags");
	there = json_is_array(tags) && is_whole(tags, last, next);
	for (size_t i = 0; i < count; i++) {
		LAM_CLEANUP(lam_free_ptr) char *tag = lam_xprintf("%s%s", front, ends[i]);

		out[i] = !there || has_tag(tags, tag);
	}
	return code;
}
