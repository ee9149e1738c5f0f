/* A layer's index as bytes: saved as it stands in memory, and loaded. */
#include "layer/store.h"

#include <isa-l/crc64.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/limits.h"
#include "base/memory.h"
#include "base/path.h"
#include "codec/codec.h"

_Static_assert(sizeof(struct lam_layer_node) == 16, "stored as it is, without gaps");
_Static_assert(sizeof(struct lam_inode) == 48, "stored as it is, without gaps");
_Static_assert(sizeof(struct lam_checkpoint) == 40, "stored as it is, without gaps");
_Static_assert(sizeof(struct lam_store_header) % 8 == 0, "what follows is aligned");

static size_t item_size(enum lam_store_section section)
{
	static const size_t sizes[LAM_STORE_SECTIONS] = {
		[LAM_STORE_OFFSETS] = sizeof(uint32_t),
		[LAM_STORE_NAMES] = 1,
		[LAM_STORE_NODES] = sizeof(struct lam_layer_node),
		[LAM_STORE_INODES] = sizeof(struct lam_inode),
		[LAM_STORE_OWNERS] = sizeof(struct lam_owner),
		[LAM_STORE_CONTENTS] = LAM_CONTENT,
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

static void pack_records(struct saving *s, const struct lam_layer *layer)
{
	for (size_t i = 0; i < layer->record_count; i++) {
		const struct lam_attribute *a = &layer->records[i];
		struct lam_store_record record = { s->record_text.len,
						   (uint32_t)a->key_len,
						   (uint32_t)a->value_len };

		lam_text_add(&s->records, &record, sizeof record);
		lam_text_add(&s->record_text, a->key, a->key_len);
		lam_text_add(&s->record_text, a->value, a->value_len);
	}
	set(s, LAM_STORE_RECORDS, s->records.data, layer->record_count);
	set(s, LAM_STORE_RECORD_TEXT, s->record_text.data, s->record_text.len);
}

static void pack_notes(struct saving *s, const struct lam_layer *layer)
{
	for (size_t i = 0; i < layer->notes.count; i++) {
		const struct lam_note *n = &layer->notes.items[i];
		size_t len = n->path ? strlen(n->path) : 0;
		struct lam_store_note note = { (uint32_t)s->note_text.len, (uint32_t)len,
					       lam_odd_find(n->rule) };

		lam_text_add(&s->notes, &note, sizeof note);
		lam_text_add(&s->note_text, n->path, len);
	}
	set(s, LAM_STORE_NOTES, s->notes.data, layer->notes.count);
	set(s, LAM_STORE_NOTE_TEXT, s->note_text.data, s->note_text.len);
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
	set(s, LAM_STORE_CONTENTS, layer->contents.text, layer->contents.count);
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
			     item_size((enum lam_store_section)i);
		size_t pad = -len & 7;

		if (crc && len)
			*crc = crc64_ecma_refl(*crc, s->sections[i], len);
		if (crc && pad)
			*crc = crc64_ecma_refl(*crc, (const unsigned char *)ZEROS, pad);
		if (to && len &&
		    (lam_write(to, s->sections[i], len, err) < 0 ||
		     lam_write(to, ZEROS, pad, err) < 0))
			return err->code;
	}
	return 0;
}

static void close_header(struct saving *s)
{
	struct lam_store_header *h = &s->header;
	struct lam_error unused;

	h->size = sizeof *h;
	for (int i = 0; i < LAM_STORE_SECTIONS; i++) {
		uint64_t len = h->counts[i] * item_size((enum lam_store_section)i);

		h->size += (len + 7) & ~UINT64_C(7);
	}
	h->checksum = crc64_ecma_refl(0, (const unsigned char *)h + LAM_STORE_CHECKED,
				      sizeof *h - LAM_STORE_CHECKED);
	(void)put_sections(s, &h->checksum, NULL, &unused);
}

int lam_layer_save(const struct lam_layer *layer, const struct lam_layer_reading *reading,
		   uint64_t max, struct lam_writer *to, struct lam_error *err)
{
	struct saving s = { .records = LAM_TEXT,
			    .record_text = LAM_TEXT,
			    .notes = LAM_TEXT,
			    .note_text = LAM_TEXT };
	int code;

	pack_records(&s, layer);
	pack_notes(&s, layer);
	set_header(&s.header, layer, reading);
	set_sections(&s, layer);
	close_header(&s);
	code = s.header.size > max
		       ? lam_fail(err, LAM_EWRITE, "an index of more than %llu bytes",
				  (unsigned long long)max)
		       : lam_write(to, &s.header, sizeof s.header, err);
	if (code == 0)
		code = put_sections(&s, NULL, to, err);
	lam_buf_fini(&s.records);
	lam_buf_fini(&s.record_text);
	lam_buf_fini(&s.notes);
	lam_buf_fini(&s.note_text);
	return code;
}

/* Loading: stored indexes are not trusted. Nothing is used before it has been checked, and
 * what does not fit makes the whole useless. */

struct loading {
	const struct lam_store_header *header;
	const char *sections[LAM_STORE_SECTIONS];
	uint64_t counts[LAM_STORE_SECTIONS];
	struct lam_layer *layer;
};

static bool digest_is(const struct lam_digest *want, uint32_t algorithm,
		      const uint8_t bytes[64])
{
	return want->algorithm == algorithm &&
	       memcmp(want->bytes, bytes, sizeof want->bytes) == 0;
}

static bool header_fits(const struct lam_store_header *h, size_t size,
			const struct lam_layer_key *key)
{
	return memcmp(h->magic, LAM_STORE_MAGIC, sizeof h->magic) == 0 &&
	       h->version == LAM_STORE_VERSION && h->order == LAM_STORE_ORDER &&
	       h->size == size && h->blob_size == key->blob_size &&
	       lam_codec_row(h->codec) &&
	       digest_is(&key->digest, h->digest_algorithm, h->digest) &&
	       digest_is(&key->diff_id, h->diff_id_algorithm, h->diff_id) &&
	       h->checksum ==
		       crc64_ecma_refl(0, (const unsigned char *)h + LAM_STORE_CHECKED,
				       size - LAM_STORE_CHECKED);
}

static bool find_sections(struct loading *l, const char *block, size_t size)
{
	size_t at = sizeof *l->header;

	for (int i = 0; i < LAM_STORE_SECTIONS; i++) {
		size_t item = item_size((enum lam_store_section)i), len;

		l->counts[i] = l->header->counts[i];
		if (l->counts[i] > (size - at) / item || l->counts[i] > LAM_MAX_ENTRIES)
			return false;
		len = (size_t)l->counts[i] * item;
		l->sections[i] = block + at;
		len = (len + 7) & ~(size_t)7;
		if (len > size - at)
			return false;
		at += len;
	}
	return at == size;
}

/* The arrays, where they stand in the block. */
#define SECTION(l, name) ((void *)(uintptr_t)(l)->sections[name])

static void set_arrays(struct loading *l)
{
	struct lam_layer *layer = l->layer;

	layer->names.offsets = SECTION(l, LAM_STORE_OFFSETS);
	layer->names.count = (uint32_t)l->counts[LAM_STORE_OFFSETS] - 1;
	layer->names.text = SECTION(l, LAM_STORE_NAMES);
	layer->names.text_len = (size_t)l->counts[LAM_STORE_NAMES];
	layer->owners.text = SECTION(l, LAM_STORE_OWNERS);
	layer->owners.count = (uint32_t)l->counts[LAM_STORE_OWNERS];
	layer->contents.text = SECTION(l, LAM_STORE_CONTENTS);
	layer->contents.count = (uint32_t)l->counts[LAM_STORE_CONTENTS];
	layer->nodes = SECTION(l, LAM_STORE_NODES);
	layer->node_count = (uint32_t)l->counts[LAM_STORE_NODES];
	layer->inodes = SECTION(l, LAM_STORE_INODES);
	layer->inode_count = (uint32_t)l->counts[LAM_STORE_INODES];
	layer->text = SECTION(l, LAM_STORE_TEXT);
	layer->text_len = (size_t)l->counts[LAM_STORE_TEXT];
	layer->extras = SECTION(l, LAM_STORE_EXTRAS);
	layer->extra_count = (uint32_t)l->counts[LAM_STORE_EXTRAS];
	layer->extents = SECTION(l, LAM_STORE_EXTENTS);
	layer->extent_count = (size_t)l->counts[LAM_STORE_EXTENTS];
	layer->points.items = SECTION(l, LAM_STORE_POINTS);
	layer->points.count = (size_t)l->counts[LAM_STORE_POINTS];
	layer->points.windows = SECTION(l, LAM_STORE_WINDOWS);
	layer->points.windows_len = (size_t)l->counts[LAM_STORE_WINDOWS];
	layer->file_bytes = l->header->file_bytes;
	layer->entry_count = l->header->entry_count;
	layer->whiteout_count = l->header->whiteout_count;
}

/* Names: the first is the root's, the others are what a path can be made of. */
static bool names_fit(const struct lam_names *names)
{
	if (names->offsets[0] != 0 || names->offsets[names->count] != names->text_len)
		return false;
	for (uint32_t i = 0; i < names->count; i++) {
		const char *name = names->text + names->offsets[i];
		uint32_t end = names->offsets[i + 1];
		size_t len = (size_t)end - names->offsets[i];

		if (end < names->offsets[i] || end > names->text_len ||
		    len > LAM_MAX_NAME || (i > 0) != (len > 0) ||
		    (len == 1 && name[0] == '.') ||
		    (len == 2 && name[0] == '.' && name[1] == '.'))
			return false;
	}
	return names->count > 0 && !memchr(names->text, '/', names->text_len) &&
	       !memchr(names->text, '\0', names->text_len);
}

static bool entry_fits(const struct lam_layer *layer, const struct lam_layer_node *n)
{
	bool dir = n->kind == LAM_KIND_DIR;

	if (n->kind > LAM_KIND_FIFO ||
	    n->opaque > (dir ? LAM_OPAQUE_NEW : LAM_OPAQUE_NOT) ||
	    (n->opaque == LAM_OPAQUE_NEW && n->inode != LAM_INODE_NONE))
		return false;
	if (n->inode == LAM_INODE_NONE)
		return dir;
	return n->inode < layer->inode_count && layer->inodes[n->inode].kind == n->kind;
}

static bool node_fits(const struct lam_layer *layer, uint32_t number)
{
	const struct lam_layer_node *n = &layer->nodes[number];

	switch (n->mark) {
	case LAM_MARK_ENTRY: return entry_fits(layer, n);
	case LAM_MARK_WHITEOUT: return n->inode == LAM_INODE_NONE;
	case LAM_MARK_LINK:
		return n->inode < layer->inode_count &&
		       layer->inodes[n->inode].kind == LAM_KIND_BELOW;
	default: return false;
	}
}

static bool nodes_fit(const struct lam_layer *layer)
{
	const struct lam_layer_node *nodes = layer->nodes;

	if (layer->node_count == 0 || nodes[0].parent != 0 || nodes[0].name != 0 ||
	    nodes[0].mark != LAM_MARK_ENTRY || nodes[0].kind != LAM_KIND_DIR ||
	    nodes[0].opaque || !node_fits(layer, 0))
		return false;
	/* siblings stand together: a name's last parent tells whether it has stood there */
	LAM_CLEANUP(lam_free_ptr)
	uint32_t *last = lam_zeroed_large(layer->names.count, sizeof *last);

	for (uint32_t i = 1; last && i < layer->node_count; i++) {
		uint32_t parent = nodes[i].parent;

		if (parent >= i || parent < nodes[i - 1].parent ||
		    nodes[parent].mark != LAM_MARK_ENTRY ||
		    nodes[parent].kind != LAM_KIND_DIR || nodes[i].name == 0 ||
		    nodes[i].name >= layer->names.count ||
		    last[nodes[i].name] == parent + 1 || !node_fits(layer, i))
			return false;
		last[nodes[i].name] = parent + 1;
	}
	return last;
}

/* Ascending, within the file, and what is stored within the tar. */
static bool file_fits(const struct lam_layer *layer, const struct lam_inode *inode,
		      uint64_t tar_size)
{
	struct lam_extent whole;
	size_t count;
	const struct lam_extent *extents =
		lam_layer_extents(layer, inode, &whole, &count);
	uint64_t at = 0, stored = 0;

	if (extents != &whole && inode->size > LAM_MAX_SPARSE)
		return false;
	for (size_t i = 0; i < count; i++) {
		if (extents[i].offset < at || extents[i].offset > inode->size ||
		    extents[i].length > inode->size - extents[i].offset)
			return false;
		at = extents[i].offset + extents[i].length;
		stored += extents[i].length;
	}
	return stored == 0 || (stored <= tar_size && inode->offset <= tar_size - stored);
}

static bool inodes_fit(const struct lam_layer *layer, uint64_t tar_size)
{
	for (uint32_t i = 0; i < layer->inode_count; i++) {
		const struct lam_inode *n = &layer->inodes[i];

		if (n->owner >= layer->owners.count || n->extra > layer->extra_count ||
		    n->content > layer->contents.count ||
		    (n->kind == LAM_KIND_FILE && n->content == 0) || n->mode > 07777 ||
		    n->mtime_ns > 999999999 || n->kind > LAM_KIND_BELOW)
			return false;
		if (n->kind == LAM_KIND_FILE && !file_fits(layer, n, tar_size))
			return false;
		if ((n->kind == LAM_KIND_SYMLINK || n->kind == LAM_KIND_BELOW) &&
		    (n->size > layer->text_len || n->offset > layer->text_len - n->size))
			return false;
	}
	return layer->text_len == 0 || !memchr(layer->text, '\0', layer->text_len);
}

static bool extras_fit(const struct lam_layer *layer, uint64_t record_count)
{
	for (uint32_t i = 0; i < layer->extra_count; i++) {
		const struct lam_extra *e = &layer->extras[i];

		if (e->records > record_count ||
		    e->record_count > record_count - e->records ||
		    e->extents > layer->extent_count ||
		    e->extent_count > layer->extent_count - e->extents)
			return false;
	}
	return true;
}

static bool load_records(struct loading *l)
{
	const struct lam_store_record *stored = SECTION(l, LAM_STORE_RECORDS);
	const char *text = l->sections[LAM_STORE_RECORD_TEXT];
	uint64_t text_len = l->counts[LAM_STORE_RECORD_TEXT];
	struct lam_layer *layer = l->layer;

	layer->record_count = (size_t)l->counts[LAM_STORE_RECORDS];
	layer->records = lam_xmalloc(layer->record_count * sizeof *layer->records);
	for (size_t i = 0; i < layer->record_count; i++) {
		const struct lam_store_record *r = &stored[i];
		const char *key;

		if (r->at > text_len || r->key_len == 0 ||
		    (uint64_t)r->key_len + r->value_len > text_len - r->at)
			return false;
		key = text + r->at;
		if (memchr(key, '=', r->key_len) || memchr(key, '\0', r->key_len))
			return false;
		layer->record_bytes += sizeof *layer->records + r->key_len + r->value_len;
		layer->records[i] = (struct lam_attribute){ .key = key,
							    .key_len = r->key_len,
							    .value = key + r->key_len,
							    .value_len = r->value_len };
	}
	return true;
}

/* In each set by key, and no key twice: what is written from it relies on that. */
static bool records_ascend(const struct lam_layer *layer)
{
	for (uint32_t i = 0; i < layer->extra_count; i++) {
		const struct lam_attribute *a = layer->records + layer->extras[i].records;

		for (uint32_t j = 1; j < layer->extras[i].record_count; j++) {
			size_t x = a[j - 1].key_len, y = a[j].key_len;
			int order = memcmp(a[j - 1].key, a[j].key, x < y ? x : y);

			if (order > 0 || (order == 0 && x >= y))
				return false;
		}
	}
	return true;
}

/* Made anew from the path's bytes, so that nothing but text gets out. */
static bool load_note(struct loading *l, const struct lam_store_note *n)
{
	LAM_CLEANUP(lam_buf_fini) struct lam_buf path = LAM_TEXT;
	uint64_t text_len = l->counts[LAM_STORE_NOTE_TEXT];
	struct lam_error err;

	if (n->rule >= LAM_ODD_COUNT || n->at > text_len || n->len > text_len - n->at ||
	    lam_path_append_unescaped(&path, l->sections[LAM_STORE_NOTE_TEXT] + n->at,
				      n->len, &err) < 0 ||
	    (path.len && path.data[0] != '/'))
		return false;
	lam_notes_add(&l->layer->notes, n->rule, l->layer->number,
		      path.len ? path.data + 1 : NULL, path.len ? path.len - 1 : 0);
	return true;
}

static bool load_notes(struct loading *l)
{
	const struct lam_store_note *notes = SECTION(l, LAM_STORE_NOTES);
	uint64_t count = l->counts[LAM_STORE_NOTES], total = l->header->note_total;

	if (count > LAM_MAX_NOTES || total < count)
		return false;
	for (uint64_t i = 0; i < count; i++) {
		if (!load_note(l, &notes[i]))
			return false;
	}
	l->layer->notes.total = total;
	return true;
}

static bool load(struct loading *l, const char *block, size_t size,
		 const struct lam_layer_key *key)
{
	if (size < sizeof *l->header || !header_fits(l->header, size, key) ||
	    !find_sections(l, block, size) || l->counts[LAM_STORE_OFFSETS] == 0)
		return false;
	set_arrays(l);
	return names_fit(&l->layer->names) &&
	       extras_fit(l->layer, l->counts[LAM_STORE_RECORDS]) &&
	       inodes_fit(l->layer, l->header->tar_size) && nodes_fit(l->layer) &&
	       lam_checkpoints_fit(&l->layer->points, l->header->blob_size,
				   l->header->tar_size) &&
	       load_records(l) && records_ascend(l->layer) && load_notes(l);
}

bool lam_layer_load(struct lam_layer **out, struct lam_layer_reading *out_reading,
		    void *block, size_t size, const struct lam_layer_key *key,
		    uint32_t number)
{
	struct loading l = { .header = block, .layer = lam_xcalloc(1, sizeof *l.layer) };

	*out = NULL;
	l.layer->number = number;
	l.layer->block = block;
	if (!load(&l, block, size, key)) {
		lam_layer_free(l.layer);
		return false;
	}
	*out_reading =
		(struct lam_layer_reading){ .digest = key->digest,
					    .diff_id = key->diff_id,
					    .blob_size = l.header->blob_size,
					    .tar_size = l.header->tar_size,
					    .codec = (enum lam_codec)l.header->codec };
	*out = l.layer;
	return true;
}
