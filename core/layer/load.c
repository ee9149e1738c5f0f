/* Stored indexes are not trusted: nothing is used before it has been checked, and what
 * does not fit makes the whole useless. */
#include <isa-l/crc64.h>
#include <stdlib.h>
#include <string.h>

#include <lamina/path.h>

#include "base/limits.h"
#include "layer/store.h"

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
	       h->codec <= LAM_CODEC_ZSTD &&
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
		size_t item = lam_store_item_size((enum lam_store_section)i), len;

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

	if (n->kind > LAM_KIND_FIFO || n->opaque > dir)
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
	for (uint32_t i = 1; i < layer->node_count; i++) {
		uint32_t parent = nodes[i].parent;

		if (parent >= i || parent < nodes[i - 1].parent ||
		    nodes[parent].mark != LAM_MARK_ENTRY ||
		    nodes[parent].kind != LAM_KIND_DIR || nodes[i].name == 0 ||
		    nodes[i].name >= layer->names.count || !node_fits(layer, i))
			return false;
	}
	return true;
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
		    n->mode > 07777 || n->mtime_ns > 999999999 ||
		    n->kind > LAM_KIND_BELOW)
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
	layer->records = malloc((layer->record_count + 1) * sizeof *layer->records);
	if (!layer->records)
		return false;
	for (size_t i = 0; i < layer->record_count; i++) {
		const struct lam_store_record *r = &stored[i];
		const char *key;

		if (r->at > text_len || r->key_len == 0 ||
		    (uint64_t)r->key_len + r->value_len > text_len - r->at)
			return false;
		key = text + r->at;
		if (memchr(key, '=', r->key_len) || memchr(key, '\0', r->key_len))
			return false;
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
	uint64_t text_len = l->counts[LAM_STORE_NOTE_TEXT];
	const struct lam_layer *layer = l->layer;
	struct lam_error err;
	char *text, *path = NULL;
	size_t len = 0;
	int code = 0;

	if (n->rule >= LAM_ODD_COUNT || n->at > text_len || n->len > text_len - n->at)
		return false;
	if (n->len) {
		text = strndup(l->sections[LAM_STORE_NOTE_TEXT] + n->at, n->len);
		if (!text)
			return false;
		code = lam_path_unescape(&path, &len, text, &err);
		free(text);
		if (code < 0)
			return false;
	}
	bool fits = len == 0 || path[0] == '/';

	if (fits)
		lam_notes_add(&l->layer->notes, n->rule, layer->number,
			      len ? path + 1 : NULL, len ? len - 1 : 0);
	free(path);
	return fits;
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
	struct loading l = { .header = block, .layer = calloc(1, sizeof *l.layer) };

	*out = NULL;
	if (!l.layer) {
		free(block);
		return false;
	}
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
