/* What an entry says of a file: its inode, with records and extents. */
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/path.h"
#include "layer/build.h"

/* Go's time in nanoseconds ends there. */
#define MAX_NANOSECONDS INT64_MAX

static int text_add(struct lam_layer_builder *b, struct lam_str target,
		    struct lam_inode *inode, struct lam_error *err)
{
	struct lam_layer *layer = b->layer;
	size_t len = target.len;

	if (len > LAM_MAX_LAYER_TEXT - layer->text_len)
		return lam_fail(err, LAM_EFORMAT, "link targets of more than %u bytes",
				LAM_MAX_LAYER_TEXT);
	while (layer->text_len + len > b->text_cap) {
		size_t cap = b->text_cap ? b->text_cap * 2 : 4096;
		char *text = realloc(layer->text, cap);

		if (!text)
			return lam_fail_memory(err);
		layer->text = text;
		b->text_cap = cap;
	}
	if (len)
		memcpy(layer->text + layer->text_len, target.bytes, len);
	inode->offset = layer->text_len;
	inode->size = len;
	layer->text_len += len;
	return 0;
}

static bool starts(struct lam_str s, const char *prefix)
{
	size_t len = strlen(prefix);

	return s.len >= len && memcmp(s.bytes, prefix, len) == 0;
}

static bool is_text(struct lam_str s, const char *text)
{
	return s.len == strlen(text) && starts(s, text);
}

/* Whether a record counts; *out_note where it is odd. */
static bool record_counts(struct lam_str key, enum lam_kind kind, int *out_note)
{
	*out_note = -1;
	if (!starts(key, "SCHILY.xattr."))
		return true;
	key.bytes += strlen("SCHILY.xattr.");
	key.len -= strlen("SCHILY.xattr.");
	if (starts(key, "trusted.overlay.")) {
		*out_note = kind == LAM_KIND_DIR && is_text(key, "trusted.overlay.opaque")
				    ? LAM_ODD_OVERLAY_OPAQUE
				    : LAM_ODD_XATTR_OVERLAY;
		return false;
	}
	if (starts(key, "user.") && kind != LAM_KIND_FILE && kind != LAM_KIND_DIR) {
		*out_note = LAM_ODD_XATTR_USER;
		return false;
	}
	if (starts(key, "trusted."))
		*out_note = LAM_ODD_XATTR_TRUSTED;
	else if (is_text(key, "security.selinux"))
		*out_note = LAM_ODD_XATTR_SELINUX;
	return true;
}

static int record_add(struct lam_layer_builder *b, const struct lam_attribute *attribute,
		      struct lam_error *err)
{
	struct lam_layer *layer = b->layer;

	layer->record_bytes +=
		sizeof *attribute + attribute->key_len + attribute->value_len;
	char *key = lam_arena_copy(&layer->arena, attribute->key, attribute->key_len);
	char *value =
		lam_arena_copy(&layer->arena, attribute->value, attribute->value_len);

	if (!key || !value)
		return lam_fail_memory(err);
	if (LAM_GROW(layer->records, layer->record_count, b->record_cap, err) < 0)
		return err->code;
	layer->records[layer->record_count++] =
		(struct lam_attribute){ .key = key,
					.key_len = attribute->key_len,
					.value = value,
					.value_len = attribute->value_len };
	return 0;
}

static int compare_keys(const struct lam_attribute *a, struct lam_str b)
{
	size_t len = a->key_len < b.len ? a->key_len : b.len;
	int order = memcmp(a->key, b.bytes, len);

	return order ? order : (a->key_len > b.len) - (a->key_len < b.len);
}

static bool records_equal(const struct lam_layer *layer, const struct lam_extra *extra,
			  const struct lam_entry *entry)
{
	if ((extra ? extra->record_count : 0) != entry->record_count)
		return false;
	for (size_t i = 0; i < entry->record_count; i++) {
		const struct lam_attribute *a = &layer->records[extra->records + i];
		const struct lam_record *r = &entry->records[i];

		if (compare_keys(a, r->key) != 0 || a->value_len != r->value.len ||
		    memcmp(a->value, r->value.bytes, a->value_len) != 0)
			return false;
	}
	return true;
}

static void records_note(struct lam_layer_builder *b, const struct lam_entry *entry,
			 enum lam_kind kind)
{
	for (size_t i = 0; i < entry->record_count; i++) {
		int odd;

		record_counts(entry->records[i].key, kind, &odd);
		if (odd >= 0)
			lam_layer_note(b, (enum lam_odd)odd);
		else if (entry->records[i].value.len == 0 &&
			 starts(entry->records[i].key, "SCHILY.xattr."))
			lam_layer_note(b, LAM_ODD_XATTR_EMPTY);
	}
}

static int records_add(struct lam_layer_builder *b, const struct lam_entry *entry,
		       enum lam_kind kind, struct lam_extra *extra, struct lam_error *err)
{
	extra->records = (uint32_t)b->layer->record_count;
	for (size_t i = 0; i < entry->record_count; i++) {
		const struct lam_record *r = &entry->records[i];
		struct lam_attribute a = { r->key.bytes, r->key.len, r->value.bytes,
					   r->value.len };
		int odd;

		if (!record_counts(r->key, kind, &odd))
			continue;
		if (record_add(b, &a, err) < 0)
			return err->code;
		extra->record_count++;
	}
	return 0;
}

static int extents_add(struct lam_layer_builder *b, const struct lam_entry *entry,
		       struct lam_extra *extra, struct lam_error *err)
{
	struct lam_layer *layer = b->layer;

	if (!entry->extents)
		return 0;
	if (entry->size > LAM_MAX_SPARSE)
		return lam_fail(
			err, LAM_EFORMAT,
			"a sparse file of %llu bytes: more than %llu are not written out",
			(unsigned long long)entry->size,
			(unsigned long long)LAM_MAX_SPARSE);
	b->hole_bytes += entry->size - entry->stored;
	if (b->hole_bytes > LAM_MAX_HOLES)
		return lam_fail(err, LAM_EFORMAT,
				"sparse files with holes of more than %llu bytes in one "
				"layer",
				(unsigned long long)LAM_MAX_HOLES);
	extra->extents = (uint32_t)layer->extent_count;
	extra->extent_count = (uint32_t)entry->extent_count;
	for (size_t i = 0; i < entry->extent_count; i++) {
		if (LAM_GROW(layer->extents, layer->extent_count, b->extent_cap, err) < 0)
			return err->code;
		layer->extents[layer->extent_count++] = entry->extents[i];
	}
	if (entry->extent_count == 0) {
		/* nothing but a hole: no stored bytes, and still not dense */
		struct lam_extent end = { entry->size, 0 };

		if (LAM_GROW(layer->extents, layer->extent_count, b->extent_cap, err) < 0)
			return err->code;
		layer->extents[layer->extent_count++] = end;
		extra->extent_count = 1;
	}
	if (entry->flag == 'S')
		lam_layer_note(b, LAM_ODD_SPARSE);
	return 0;
}

static int extra_push(struct lam_layer_builder *b, struct lam_extra extra, uint32_t *out,
		      struct lam_error *err)
{
	struct lam_layer *layer = b->layer;

	if (LAM_GROW(layer->extras, (size_t)layer->extra_count, b->extra_cap, err) < 0)
		return err->code;
	layer->extras[layer->extra_count++] = extra;
	*out = layer->extra_count;
	return 0;
}

/* Neighbours mostly have the same attributes, so what is like the last is shared. */
static int extra_add(struct lam_layer_builder *b, const struct lam_entry *entry,
		     enum lam_kind kind, uint32_t *out, struct lam_error *err)
{
	const struct lam_layer *layer = b->layer;
	struct lam_extra extra = { 0 };

	*out = 0;
	if (!entry->record_count && !entry->extents)
		return 0;
	records_note(b, entry, kind);
	if (layer->extra_count && !entry->extents && b->last_extra_kind == kind &&
	    layer->extras[layer->extra_count - 1].extent_count == 0 &&
	    records_equal(layer, &layer->extras[layer->extra_count - 1], entry)) {
		*out = layer->extra_count;
		return 0;
	}
	if (records_add(b, entry, kind, &extra, err) < 0 ||
	    extents_add(b, entry, &extra, err) < 0)
		return err->code;
	if (!extra.record_count && !extra.extent_count)
		return 0;
	b->last_extra_kind = kind;
	return extra_push(b, extra, out, err);
}

static const uint8_t KIND_OF[] = {
	[LAM_TYPE_FILE] = LAM_KIND_FILE,       [LAM_TYPE_LINK] = LAM_KIND_BELOW,
	[LAM_TYPE_SYMLINK] = LAM_KIND_SYMLINK, [LAM_TYPE_CHAR] = LAM_KIND_CHAR,
	[LAM_TYPE_BLOCK] = LAM_KIND_BLOCK,     [LAM_TYPE_DIR] = LAM_KIND_DIR,
	[LAM_TYPE_FIFO] = LAM_KIND_FIFO,
};

static int device_number(const struct lam_entry *entry, uint64_t *out,
			 struct lam_error *err)
{
	if (entry->dev_major < 0 || entry->dev_major > UINT32_MAX ||
	    entry->dev_minor < 0 || entry->dev_minor > UINT32_MAX)
		return lam_fail(err, LAM_EFORMAT,
				"device number %lld:%lld is out of range",
				(long long)entry->dev_major, (long long)entry->dev_minor);
	*out = (uint64_t)entry->dev_major << 32 | (uint32_t)entry->dev_minor;
	return 0;
}

static int owner_add(struct lam_layer_builder *b, int64_t uid, int64_t gid, uint32_t *out,
		     struct lam_error *err)
{
	const struct lam_owner owner = { uid, gid };

	return lam_names_add(&b->layer->owners, (const char *)&owner, sizeof owner, out,
			     err);
}

int lam_layer_add_inode(struct lam_layer_builder *b, const struct lam_entry *entry,
			uint64_t offset, struct lam_str target, uint32_t *out,
			struct lam_error *err)
{
	struct lam_layer *layer = b->layer;
	struct lam_inode inode = { .mtime_s = entry->mtime_s,
				   .mtime_ns = entry->mtime_ns,
				   .mode = (uint16_t)(entry->mode & 07777),
				   .kind = KIND_OF[entry->type],
				   .offset = offset };

	if (entry->type == LAM_TYPE_FILE)
		inode.size = entry->size;
	if ((entry->type == LAM_TYPE_CHAR || entry->type == LAM_TYPE_BLOCK) &&
	    device_number(entry, &inode.size, err) < 0)
		return err->code;
	if ((entry->type == LAM_TYPE_SYMLINK || entry->type == LAM_TYPE_LINK) &&
	    text_add(b, target, &inode, err) < 0)
		return err->code;
	if (owner_add(b, entry->uid, entry->gid, &inode.owner, err) < 0 ||
	    extra_add(b, entry, inode.kind, &inode.extra, err) < 0)
		return err->code;
	if (inode.mtime_s < 0)
		lam_layer_note(b, LAM_ODD_BEFORE_1970);
	if (inode.mtime_s > MAX_NANOSECONDS / 1000000000)
		lam_layer_note(b, LAM_ODD_AFTER_2262);
	if (LAM_GROW(layer->inodes, (size_t)layer->inode_count, b->inode_cap, err) < 0)
		return err->code;
	*out = layer->inode_count++;
	layer->inodes[*out] = inode;
	return 0;
}

/* The records of inode and entry, united; the entry's win. */
static int records_unite(struct lam_layer_builder *b, struct lam_inode *inode,
			 const struct lam_entry *entry, struct lam_error *err)
{
	struct lam_layer *layer = b->layer;
	struct lam_extra extra =
		inode->extra ? layer->extras[inode->extra - 1] : (struct lam_extra){ 0 };
	uint32_t begin = (uint32_t)layer->record_count, old = 0;
	size_t i = 0;

	while (old < extra.record_count || i < entry->record_count) {
		int order = -1, odd;

		if (old == extra.record_count)
			order = 1;
		else if (i < entry->record_count)
			order = compare_keys(&layer->records[extra.records + old],
					     entry->records[i].key);
		if (order < 0) {
			struct lam_attribute a = layer->records[extra.records + old++];

			if (record_add(b, &a, err) < 0)
				return err->code;
			continue;
		}
		const struct lam_record *r = &entry->records[i];
		struct lam_attribute a = { r->key.bytes, r->key.len, r->value.bytes,
					   r->value.len };

		if (record_counts(r->key, inode->kind, &odd)) {
			if (record_add(b, &a, err) < 0)
				return err->code;
			old += order == 0;
		}
		i++;
	}
	extra.records = begin;
	extra.record_count = (uint32_t)layer->record_count - begin;
	/* the old one may be others' too */
	b->last_extra_kind = inode->kind;
	return extra_push(b, extra, &inode->extra, err);
}

int lam_layer_link_metadata(struct lam_layer_builder *b, uint32_t number,
			    const struct lam_entry *entry, struct lam_error *err)
{
	struct lam_inode *is = &b->layer->inodes[number];
	struct lam_owner owner = lam_layer_owner(b->layer, is);
	/* unpackers change no mode through a symlink */
	uint16_t mode =
		is->kind == LAM_KIND_SYMLINK ? is->mode : (uint16_t)(entry->mode & 07777);
	bool same = is->mode == mode && owner.uid == entry->uid &&
		    owner.gid == entry->gid && is->mtime_s == entry->mtime_s &&
		    is->mtime_ns == entry->mtime_ns;
	bool same_records = !entry->record_count ||
			    records_equal(b->layer, lam_layer_extra(b->layer, is), entry);

	if (same && same_records)
		return 0;
	is->mode = mode;
	is->mtime_s = entry->mtime_s;
	is->mtime_ns = entry->mtime_ns;
	if (owner_add(b, entry->uid, entry->gid, &is->owner, err) < 0)
		return err->code;
	if (!same_records && records_unite(b, is, entry, err) < 0)
		return err->code;
	lam_layer_note(b, LAM_ODD_LINK_METADATA);
	return 0;
}
