/* Edits of the documents: what changes is replaced, all other bytes stay. */
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "oci/manifest.h"

#define REF_NAME "org.opencontainers.image.ref.name"

static int append_string(struct lam_buf *out, const char *text, struct lam_error *err)
{
	return lam_json_append_string(out, text, strlen(text), err);
}

static int append_comma(struct lam_buf *out, char open, struct lam_error *err)
{
	return out->len && out->data[out->len - 1] != open
		       ? lam_buf_append_char(out, ',', err)
		       : 0;
}

static int append_raw(struct lam_buf *out, const struct lam_doc *doc, size_t begin,
		      size_t end, struct lam_error *err)
{
	size_t len;

	return lam_buf_append(out, lam_doc_bytes(doc, &len) + begin, end - begin, err);
}

static int append_value(struct lam_buf *out, const struct lam_doc *doc,
			const struct lam_json *value, struct lam_error *err)
{
	size_t begin, end;

	lam_json_span(value, &begin, &end);
	return append_raw(out, doc, begin, end, err);
}

static int append_member(struct lam_buf *out, const struct lam_doc *doc,
			 const struct lam_json *member, struct lam_error *err)
{
	size_t begin, end;

	lam_json_span(member, &begin, &end);
	return append_raw(out, doc, lam_json_member_begin(member), end, err);
}

static int append_digest(struct lam_buf *out, const struct lam_digest *digest,
			 struct lam_error *err)
{
	char text[LAM_DIGEST_TEXT];

	return append_string(out, lam_digest_format(digest, text), err);
}

static int append_descriptor(struct lam_buf *out, const char *media_type,
			     const struct lam_digest *digest, int64_t size,
			     struct lam_error *err)
{
	if (lam_buf_append_text(out, "{\"mediaType\":", err) < 0 ||
	    append_string(out, media_type, err) < 0 ||
	    lam_buf_append_text(out, ",\"digest\":", err) < 0 ||
	    append_digest(out, digest, err) < 0)
		return err->code;
	return lam_buf_printf(out, err, ",\"size\":%lld}", (long long)size);
}

static int append_platform(struct lam_buf *out, const struct lam_platform *p,
			   struct lam_error *err)
{
	if (!p || !p->os || !p->architecture)
		return 0;
	if (lam_buf_append_text(out, ",\"platform\":{\"architecture\":", err) < 0 ||
	    append_string(out, p->architecture, err) < 0 ||
	    lam_buf_append_text(out, ",\"os\":", err) < 0 ||
	    append_string(out, p->os, err) < 0)
		return err->code;
	if (p->variant && (lam_buf_append_text(out, ",\"variant\":", err) < 0 ||
			   append_string(out, p->variant, err) < 0))
		return err->code;
	return lam_buf_append_char(out, '}', err);
}

/* A descriptor that points elsewhere now; what nobody here knows stays, embedded data
 * cannot. platform NULL: it stays too. */
static int append_redirected(struct lam_buf *out, const struct lam_doc *doc,
			     const struct lam_json *json, const char *media_type,
			     const struct lam_digest *digest, int64_t size,
			     const struct lam_platform *platform, struct lam_error *err)
{
	if (lam_buf_append_char(out, '{', err) < 0)
		return err->code;
	for (const struct lam_json *m = lam_json_first(json); m; m = lam_json_next(m)) {
		const char *key = lam_json_key(m);
		int code;

		if (strcmp(key, "data") == 0 ||
		    (platform && strcmp(key, "platform") == 0))
			continue;
		if (append_comma(out, '{', err) < 0)
			return err->code;
		if (strcmp(key, "mediaType") == 0 && media_type)
			code = lam_buf_append_text(out, "\"mediaType\":", err) < 0
				       ? err->code
				       : append_string(out, media_type, err);
		else if (strcmp(key, "digest") == 0)
			code = lam_buf_append_text(out, "\"digest\":", err) < 0
				       ? err->code
				       : append_digest(out, digest, err);
		else if (strcmp(key, "size") == 0)
			code = lam_buf_printf(out, err, "\"size\":%lld", (long long)size);
		else
			code = append_member(out, doc, m, err);
		if (code < 0)
			return code;
	}
	if (append_platform(out, platform, err) < 0)
		return err->code;
	return lam_buf_append_char(out, '}', err);
}

static struct lam_splice replace(const struct lam_json *value, const struct lam_buf *with)
{
	struct lam_splice s = { .bytes = with->data, .len = with->len };

	lam_json_span(value, &s.begin, &s.end);
	return s;
}

static int compare_splices(const void *a, const void *b)
{
	const struct lam_splice *x = a, *y = b;

	return (x->begin > y->begin) - (x->begin < y->begin);
}

/* Behind the last member of an object. */
static struct lam_splice insert_at_end(const struct lam_json *object,
				       const struct lam_buf *member)
{
	struct lam_splice s = { .bytes = member->data, .len = member->len };
	size_t begin, end;

	lam_json_span(object, &begin, &end);
	s.begin = s.end = end - 1;
	for (const struct lam_json *m = lam_json_first(object); m; m = lam_json_next(m)) {
		lam_json_span(m, &begin, &end);
		s.begin = s.end = end;
	}
	return s;
}

/* Configs */

static bool is_identity(const struct lam_config *config,
			const struct lam_stack_layer *layers, size_t count,
			const char *created)
{
	bool same = !created && count == config->diff_id_count;

	for (size_t i = 0; i < count && same; i++)
		same = layers[i].kept && layers[i].original == i;
	return same;
}

struct history {
	const struct lam_config *config;
	const struct lam_stack_layer *layers;
	size_t count;
	const char *created;
	size_t *of_layer; /* original -> its entry */
	struct lam_buf *out;
};

static int add_written(struct history *h, const struct lam_stack_layer *layer,
		       struct lam_error *err)
{
	if (append_comma(h->out, '[', err) < 0 ||
	    lam_buf_append_char(h->out, '{', err) < 0)
		return err->code;
	if (h->created && (lam_buf_append_text(h->out, "\"created\":", err) < 0 ||
			   append_string(h->out, h->created, err) < 0 ||
			   lam_buf_append_char(h->out, ',', err) < 0))
		return err->code;
	if (lam_buf_append_text(h->out, "\"created_by\":", err) < 0 ||
	    append_string(h->out, layer->created_by, err) < 0)
		return err->code;
	if (layer->comment && layer->comment[0] &&
	    (lam_buf_append_text(h->out, ",\"comment\":", err) < 0 ||
	     append_string(h->out, layer->comment, err) < 0))
		return err->code;
	return lam_buf_append_char(h->out, '}', err);
}

static int add_old(struct history *h, size_t entry, struct lam_error *err)
{
	if (append_comma(h->out, '[', err) < 0)
		return err->code;
	return append_raw(h->out, h->config->doc, h->config->history[entry].begin,
			  h->config->history[entry].end, err);
}

/* The place in the new stack that an original's empty entries stand behind: its own, else
 * that of the nearest below it, else the last. */
static size_t place_of(const struct history *h, size_t original)
{
	for (size_t i = original + 1; i-- > 0;) {
		for (size_t n = 0; n < h->count; n++) {
			if (h->layers[n].original == i)
				return n;
		}
	}
	return h->count - 1;
}

/* Empty entries behind the original `behind`; SIZE_MAX: those before the first. */
static int add_empty(struct history *h, size_t behind, struct lam_error *err)
{
	size_t layer = SIZE_MAX;

	for (size_t i = 0; i < h->config->history_count; i++) {
		if (!h->config->history[i].empty_layer)
			layer++;
		else if (layer == behind && add_old(h, i, err) < 0)
			return err->code;
	}
	return 0;
}

static int add_entries(struct history *h, struct lam_error *err)
{
	if (add_empty(h, SIZE_MAX, err) < 0)
		return err->code;
	for (size_t n = 0; n < h->count; n++) {
		const struct lam_stack_layer *layer = &h->layers[n];

		if ((layer->kept ? add_old(h, h->of_layer[layer->original], err)
				 : add_written(h, layer, err)) < 0)
			return err->code;
		for (size_t i = 0; i < h->config->diff_id_count; i++) {
			if (place_of(h, i) == n && add_empty(h, i, err) < 0)
				return err->code;
		}
	}
	return 0;
}

/* A history that does not tell which entry is which layer's stays, and what is new goes
 * behind it. */
static int add_to_odd(struct history *h, struct lam_error *err)
{
	for (size_t i = 0; i < h->config->history_count; i++) {
		if (add_old(h, i, err) < 0)
			return err->code;
	}
	for (size_t n = 0; n < h->count; n++) {
		if (!h->layers[n].kept && add_written(h, &h->layers[n], err) < 0)
			return err->code;
	}
	return 0;
}

static int edit_history(struct history *h, struct lam_error *err)
{
	size_t with_layer = 0;
	int code;

	for (size_t i = 0; i < h->config->history_count; i++)
		with_layer += !h->config->history[i].empty_layer;
	h->of_layer = malloc((h->config->diff_id_count + 1) * sizeof *h->of_layer);
	if (!h->of_layer)
		return lam_fail_memory(err);
	lam_config_layer_history(h->config, h->config->diff_id_count, h->of_layer);
	code = lam_buf_append_char(h->out, '[', err);
	if (code == 0)
		code = with_layer == h->config->diff_id_count ? add_entries(h, err)
							      : add_to_odd(h, err);
	if (code == 0)
		code = lam_buf_append_char(h->out, ']', err);
	free(h->of_layer);
	return code;
}

static int edit_diff_ids(const struct lam_stack_layer *layers, size_t count,
			 struct lam_buf *out, struct lam_error *err)
{
	if (lam_buf_append_char(out, '[', err) < 0)
		return err->code;
	for (size_t n = 0; n < count; n++) {
		if (append_comma(out, '[', err) < 0 ||
		    append_digest(out, &layers[n].diff_id, err) < 0)
			return err->code;
	}
	return lam_buf_append_char(out, ']', err);
}

int lam_config_edit(const struct lam_config *config, const struct lam_stack_layer *layers,
		    size_t count, const char *created, struct lam_buf *out,
		    struct lam_error *err)
{
	LAM_CLEANUP(lam_buf_fini) struct lam_buf ids = LAM_BUF(LAM_MAX_CONFIG);
	LAM_CLEANUP(lam_buf_fini) struct lam_buf history = LAM_BUF(LAM_MAX_CONFIG);
	LAM_CLEANUP(lam_buf_fini) struct lam_buf time = LAM_BUF(LAM_MAX_CONFIG);
	const struct lam_json *root = lam_doc_root(config->doc),
			      *old_history = lam_json_get(root, "history");
	const struct lam_json *old_created = lam_json_get(root, "created");
	struct history h = { config, layers,  count, created ? created : config->created,
			     NULL,   &history };
	struct lam_splice splices[3];
	size_t used = 0;

	if (is_identity(config, layers, count, created))
		return lam_doc_splice(config->doc, NULL, 0, out, err);
	if (edit_diff_ids(layers, count, &ids, err) < 0)
		return err->code;
	splices[used++] =
		replace(lam_json_get(lam_json_get(root, "rootfs"), "diff_ids"), &ids);
	if (old_history) {
		if (edit_history(&h, err) < 0)
			return err->code;
		splices[used++] = replace(old_history, &history);
	}
	if (created) {
		if ((!old_created &&
		     lam_buf_append_text(&time, ",\"created\":", err) < 0) ||
		    append_string(&time, created, err) < 0)
			return err->code;
		splices[used++] = old_created ? replace(old_created, &time)
					      : insert_at_end(root, &time);
	}
	qsort(splices, used, sizeof *splices, compare_splices);
	return lam_doc_splice(config->doc, splices, used, out, err);
}

/* Manifests */

static int edit_layers(const struct lam_manifest *m, const struct lam_stack_layer *layers,
		       size_t count, struct lam_buf *out, struct lam_error *err)
{
	if (lam_buf_append_char(out, '[', err) < 0)
		return err->code;
	for (size_t n = 0; n < count; n++) {
		const struct lam_stack_layer *l = &layers[n];

		if (append_comma(out, '[', err) < 0)
			return err->code;
		if ((l->kept ? append_value(out, m->doc, m->layers[l->original].json, err)
			     : append_descriptor(out, l->media_type, &l->digest, l->size,
						 err)) < 0)
			return err->code;
	}
	return lam_buf_append_char(out, ']', err);
}

static const struct lam_annotation *
find_annotation(const struct lam_annotation *annotations, size_t count, const char *key)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(annotations[i].key, key) == 0)
			return &annotations[i];
	}
	return NULL;
}

static int edit_annotations(const struct lam_doc *doc, const struct lam_json *old,
			    const struct lam_annotation *annotations, size_t count,
			    struct lam_buf *out, struct lam_error *err)
{
	if (lam_buf_append_char(out, '{', err) < 0)
		return err->code;
	for (const struct lam_json *m = old ? lam_json_first(old) : NULL; m;
	     m = lam_json_next(m)) {
		if (find_annotation(annotations, count, lam_json_key(m)))
			continue;
		if (append_comma(out, '{', err) < 0 ||
		    append_member(out, doc, m, err) < 0)
			return err->code;
	}
	for (size_t i = 0; i < count; i++) {
		if (append_comma(out, '{', err) < 0 ||
		    append_string(out, annotations[i].key, err) < 0 ||
		    lam_buf_append_char(out, ':', err) < 0 ||
		    append_string(out, annotations[i].value, err) < 0)
			return err->code;
	}
	return lam_buf_append_char(out, '}', err);
}

int lam_manifest_edit(const struct lam_manifest *m, const struct lam_stack_layer *layers,
		      size_t count, const struct lam_digest *config_digest,
		      int64_t config_size, const struct lam_annotation *annotations,
		      size_t annotation_count, struct lam_buf *out, struct lam_error *err)
{
	LAM_CLEANUP(lam_buf_fini) struct lam_buf stack = LAM_BUF(LAM_MAX_MANIFEST);
	LAM_CLEANUP(lam_buf_fini) struct lam_buf config = LAM_BUF(LAM_MAX_MANIFEST);
	LAM_CLEANUP(lam_buf_fini) struct lam_buf notes = LAM_BUF(LAM_MAX_MANIFEST);
	const struct lam_json *root = lam_doc_root(m->doc),
			      *old = lam_json_get(root, "annotations");
	bool same = count == m->layer_count &&
		    lam_digest_equal(config_digest, &m->config.digest);
	struct lam_splice splices[3];
	size_t used = 0;

	for (size_t n = 0; n < count && same; n++)
		same = layers[n].kept && layers[n].original == n;
	if (!same) {
		if (edit_layers(m, layers, count, &stack, err) < 0 ||
		    append_redirected(&config, m->doc, m->config.json, NULL,
				      config_digest, config_size, NULL, err) < 0)
			return err->code;
		splices[used++] = replace(lam_json_get(root, "layers"), &stack);
		splices[used++] = replace(m->config.json, &config);
	}
	if (annotation_count) {
		if (!old && lam_buf_append_text(&notes, ",\"annotations\":", err) < 0)
			return err->code;
		if (edit_annotations(m->doc, old, annotations, annotation_count, &notes,
				     err) < 0)
			return err->code;
		splices[used++] =
			old ? replace(old, &notes) : insert_at_end(root, &notes);
	}
	qsort(splices, used, sizeof *splices, compare_splices);
	return lam_doc_splice(m->doc, splices, used, out, err);
}

int lam_manifest_make(const struct lam_digest *config_digest, int64_t config_size,
		      const struct lam_stack_layer *layers, size_t count,
		      struct lam_buf *out, struct lam_error *err)
{
	if (lam_buf_append_text(
		    out,
		    "{\"schemaVersion\":2,\"mediaType\":\"" LAM_MT_OCI_MANIFEST
		    "\",\"config\":",
		    err) < 0 ||
	    append_descriptor(out, LAM_MT_OCI_CONFIG, config_digest, config_size, err) <
		    0 ||
	    lam_buf_append_text(out, ",\"layers\":[", err) < 0)
		return err->code;
	for (size_t n = 0; n < count; n++) {
		if (append_comma(out, '[', err) < 0 ||
		    append_descriptor(out, layers[n].media_type, &layers[n].digest,
				      layers[n].size, err) < 0)
			return err->code;
	}
	return lam_buf_append_text(out, "]}", err);
}

/* Indexes */

static int append_image(struct lam_buf *out, const char *media_type,
			const struct lam_digest *digest, int64_t size,
			const struct lam_platform *platform, const char *ref_name,
			struct lam_error *err)
{
	if (append_descriptor(out, media_type, digest, size, err) < 0)
		return err->code;
	out->len--; /* its closing brace */
	if (append_platform(out, platform, err) < 0)
		return err->code;
	if (ref_name &&
	    (lam_buf_append_text(out, ",\"annotations\":{\"" REF_NAME "\":", err) < 0 ||
	     append_string(out, ref_name, err) < 0 ||
	     lam_buf_append_char(out, '}', err) < 0))
		return err->code;
	return lam_buf_append_char(out, '}', err);
}

bool lam_index_is_replaced(const struct lam_index *index,
			   const struct lam_index_entry *entry, const char *ref_name)
{
	if (ref_name)
		return entry->ref_name && strcmp(entry->ref_name, ref_name) == 0;
	return !entry->ref_name && lam_index_entry_is_image(entry) &&
	       lam_index_image_count(index) == 1;
}

static bool same_text(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

/* A platform that says the same stays, with what else it says (os.version). */
static bool is_same_platform(const struct lam_platform *a, const struct lam_platform *b)
{
	return same_text(a->os, b->os) && same_text(a->architecture, b->architecture) &&
	       same_text(a->variant, b->variant);
}

static int append_replaced(struct lam_buf *out, const struct lam_index *index,
			   const struct lam_index_entry *entry, const char *media_type,
			   const struct lam_digest *digest, int64_t size,
			   const struct lam_platform *platform, struct lam_error *err)
{
	bool stays = platform && is_same_platform(&entry->platform, platform);

	return append_redirected(out, index->doc, entry->descriptor.json, media_type,
				 digest, size, stays ? NULL : platform, err);
}

static int edit_manifests(const struct lam_index *index, const char *media_type,
			  const struct lam_digest *digest, int64_t size,
			  const struct lam_platform *platform, const char *ref_name,
			  struct lam_buf *out, struct lam_error *err)
{
	bool done = false;

	if (lam_buf_append_char(out, '[', err) < 0)
		return err->code;
	for (size_t i = 0; i < index->count; i++) {
		const struct lam_index_entry *e = &index->entries[i];
		bool replaced = lam_index_is_replaced(index, e, ref_name);

		if (replaced && done)
			continue;
		if (append_comma(out, '[', err) < 0)
			return err->code;
		if ((replaced ? append_replaced(out, index, e, media_type, digest, size,
						platform, err)
			      : append_value(out, index->doc, e->descriptor.json, err)) <
		    0)
			return err->code;
		done = done || replaced;
	}
	if (!done &&
	    (append_comma(out, '[', err) < 0 ||
	     append_image(out, media_type, digest, size, platform, ref_name, err) < 0))
		return err->code;
	return lam_buf_append_char(out, ']', err);
}

int lam_index_edit(const char *bytes, size_t len, const char *media_type,
		   const struct lam_digest *digest, int64_t size,
		   const struct lam_platform *platform, const char *ref_name,
		   struct lam_buf *out, struct lam_error *err)
{
	static const char empty[] =
		"{\"schemaVersion\":2,\"mediaType\":\"" LAM_MT_OCI_INDEX
		"\",\"manifests\":[]}";
	LAM_CLEANUP(lam_buf_fini) struct lam_buf manifests = LAM_BUF(LAM_MAX_INDEX);
	LAM_CLEANUP(lam_buf_fini) struct lam_buf member = LAM_BUF(LAM_MAX_INDEX);
	const struct lam_json *old, *any;
	struct lam_index index;
	struct lam_splice splice;
	int code;

	if (lam_index_parse(&index, len ? bytes : empty, len ? len : sizeof empty - 1,
			    "index.json", NULL, err) < 0)
		return err->code;
	code = edit_manifests(&index, media_type, digest, size, platform, ref_name,
			      &manifests, err);
	old = lam_json_get(lam_doc_root(index.doc), "manifests");
	/* "manifests": null is a member all the same */
	for (any = lam_json_first(lam_doc_root(index.doc)); any && !old;
	     any = lam_json_next(any)) {
		if (strcmp(lam_json_key(any), "manifests") == 0)
			old = any;
	}
	if (code == 0 && old) {
		splice = replace(old, &manifests);
	} else if (code == 0) {
		code = lam_buf_append_text(&member, ",\"manifests\":", err);
		if (code == 0)
			code = lam_buf_append(&member, manifests.data, manifests.len,
					      err);
		splice = insert_at_end(lam_doc_root(index.doc), &member);
	}
	if (code == 0)
		code = lam_doc_splice(index.doc, &splice, 1, out, err);
	lam_index_fini(&index);
	return code;
}
