#include "layer/store.h"

#include <isa-l/crc64.h>
#include <string.h>

#include "base/buf.h"
#include "base/limits.h"

_Static_assert(sizeof(struct lam_layer_node) == 16, "stored as it is, without gaps");
_Static_assert(sizeof(struct lam_inode) == 56, "stored as it is, without gaps");
_Static_assert(sizeof(struct lam_checkpoint) == 40, "stored as it is, without gaps");
_Static_assert(sizeof(struct lam_store_header) % 8 == 0, "what follows is aligned");

size_t lam_store_item_size(enum lam_store_section section)
{
	static const size_t sizes[LAM_STORE_SECTIONS] = {
		[LAM_STORE_OFFSETS] = sizeof(uint32_t),
		[LAM_STORE_NAMES] = 1,
		[LAM_STORE_NODES] = sizeof(struct lam_layer_node),
		[LAM_STORE_INODES] = sizeof(struct lam_inode),
		[LAM_STORE_OWNERS] = sizeof(struct lam_owner),
		[LAM_STORE_TEXT] = 1,
		[LAM_STORE_EXTRAS] = sizeof(struct lam_extra),
		[LAM_STORE_RECORDS] = sizeof(struct lam_store_record),
		[LAM_STORE_RECORD_TEXT] = 1,
		[LAM_STORE_EXTENTS] = sizeof(struct lam_extent),
		[LAM_STORE_NOTES] = sizeof(struct lam_store_note),
		[LAM_STORE_NOTE_TEXT] = 1,
		[LAM_STORE_POINTS] = sizeof(struct lam_checkpoint),
		[LAM_STORE_WINDOWS] = 1,
	};

	return sizes[section];
}

struct saving {
	struct lam_store_header header;
	const void *sections[LAM_STORE_SECTIONS];
	struct lam_buf records, record_text, notes, note_text;
};

static void set(struct saving *s, enum lam_store_section section, const void *items,
		size_t count)
{
	s->sections[section] = items;
	s->header.counts[section] = count;
}

static int pack_records(struct saving *s, const struct lam_layer *layer,
			struct lam_error *err)
{
	for (size_t i = 0; i < layer->record_count; i++) {
		const struct lam_attribute *a = &layer->records[i];
		struct lam_store_record record = { s->record_text.len,
						   (uint32_t)a->key_len,
						   (uint32_t)a->value_len };

		if (lam_buf_append(&s->records, &record, sizeof record, err) < 0 ||
		    lam_buf_append(&s->record_text, a->key, a->key_len, err) < 0 ||
		    lam_buf_append(&s->record_text, a->value, a->value_len, err) < 0)
			return err->code;
	}
	set(s, LAM_STORE_RECORDS, s->records.data, layer->record_count);
	set(s, LAM_STORE_RECORD_TEXT, s->record_text.data, s->record_text.len);
	return 0;
}

static int pack_notes(struct saving *s, const struct lam_layer *layer,
		      struct lam_error *err)
{
	for (size_t i = 0; i < layer->notes.count; i++) {
		const struct lam_note *n = &layer->notes.items[i];
		size_t len = n->path ? strlen(n->path) : 0;
		struct lam_store_note note = { (uint32_t)s->note_text.len, (uint32_t)len,
					       lam_odd_find(n->rule) };

		if (lam_buf_append(&s->notes, &note, sizeof note, err) < 0 ||
		    (len && lam_buf_append(&s->note_text, n->path, len, err) < 0))
			return err->code;
	}
	set(s, LAM_STORE_NOTES, s->notes.data, layer->notes.count);
	set(s, LAM_STORE_NOTE_TEXT, s->note_text.data, s->note_text.len);
	return 0;
}

static void set_header(struct lam_store_header *h, const struct lam_layer *layer,
		       const struct lam_layer_reading *reading)
{
	memcpy(h->magic, LAM_STORE_MAGIC, sizeof h->magic);
	h->version = LAM_STORE_VERSION;
	h->order = LAM_STORE_ORDER;
	h->blob_size = reading->blob_size;
	h->tar_size = reading->tar_size;
	h->file_bytes = layer->file_bytes;
	h->note_total = layer->notes.total;
	h->codec = reading->codec;
	h->entry_count = layer->entry_count;
	h->whiteout_count = layer->whiteout_count;
	h->digest_algorithm = reading->digest.algorithm;
	h->diff_id_algorithm = reading->diff_id.algorithm;
	memcpy(h->digest, reading->digest.bytes, sizeof h->digest);
	memcpy(h->diff_id, reading->diff_id.bytes, sizeof h->diff_id);
}

static void set_sections(struct saving *s, const struct lam_layer *layer)
{
	set(s, LAM_STORE_OFFSETS, layer->names.offsets, (size_t)layer->names.count + 1);
	set(s, LAM_STORE_NAMES, layer->names.text, layer->names.text_len);
	set(s, LAM_STORE_NODES, layer->nodes, layer->node_count);
	set(s, LAM_STORE_INODES, layer->inodes, layer->inode_count);
	set(s, LAM_STORE_OWNERS, layer->owners.text, layer->owners.count);
	set(s, LAM_STORE_TEXT, layer->text, layer->text_len);
	set(s, LAM_STORE_EXTRAS, layer->extras, layer->extra_count);
	set(s, LAM_STORE_EXTENTS, layer->extents, layer->extent_count);
	set(s, LAM_STORE_POINTS, layer->points.items, layer->points.count);
	set(s, LAM_STORE_WINDOWS, layer->points.windows, layer->points.windows_len);
}

static const char ZEROS[8];

/* Gives the sections to a checksum (to NULL), or to a writer. */
static int put_sections(const struct saving *s, uint64_t *crc, struct lam_writer *to,
			struct lam_error *err)
{
	for (int i = 0; i < LAM_STORE_SECTIONS; i++) {
		size_t len = (size_t)s->header.counts[i] *
			     lam_store_item_size((enum lam_store_section)i);
		size_t pad = -len & 7;

		if (crc && len)
			*crc = crc64_ecma_refl(*crc, s->sections[i], len);
		if (crc && pad)
			*crc = crc64_ecma_refl(*crc, (const unsigned char *)ZEROS, pad);
		if (to && (lam_write(to, s->sections[i], len, err) < 0 ||
			   lam_write(to, ZEROS, pad, err) < 0))
			return err->code;
	}
	return 0;
}

static void close_header(struct saving *s, struct lam_error *err)
{
	struct lam_store_header *h = &s->header;

	h->size = sizeof *h;
	for (int i = 0; i < LAM_STORE_SECTIONS; i++) {
		uint64_t len =
			h->counts[i] * lam_store_item_size((enum lam_store_section)i);

		h->size += (len + 7) & ~UINT64_C(7);
	}
	h->checksum = crc64_ecma_refl(0, (const unsigned char *)h + LAM_STORE_CHECKED,
				      sizeof *h - LAM_STORE_CHECKED);
	put_sections(s, &h->checksum, NULL, err);
}

int lam_layer_save(const struct lam_layer *layer, const struct lam_layer_reading *reading,
		   struct lam_writer *to, struct lam_error *err)
{
	struct saving s = { .records = LAM_BUF(SIZE_MAX / 2),
			    .record_text = LAM_BUF(SIZE_MAX / 2),
			    .notes = LAM_BUF(SIZE_MAX / 2),
			    .note_text = LAM_BUF(UINT32_MAX) };
	int code = pack_records(&s, layer, err);

	if (code == 0)
		code = pack_notes(&s, layer, err);
	if (code == 0) {
		set_header(&s.header, layer, reading);
		set_sections(&s, layer);
		close_header(&s, err);
		code = lam_write(to, &s.header, sizeof s.header, err);
	}
	if (code == 0)
		code = put_sections(&s, NULL, to, err);
	lam_buf_fini(&s.records);
	lam_buf_fini(&s.record_text);
	lam_buf_fini(&s.notes);
	lam_buf_fini(&s.note_text);
	return code;
}
