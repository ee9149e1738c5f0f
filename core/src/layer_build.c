/* From a tar's entries to a layer: the tar is played into an empty folder, as unpackers
 * do. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "layer.h"
#include "limits.h"
#include "path.h"

#define ROOT 0u
#define NONE UINT32_MAX

enum state { ABSENT, PRESENT, BELOW };

/* A name that the tar has mentioned. */
struct place {
	uint32_t parent, name;
	uint32_t first_child, next_sibling;
	uint32_t inode;
	uint8_t state; /* BELOW: a hard link to a lower layer */
	uint8_t kind;
	bool whiteout; /* ".wh.NAME" stands in this layer */
	bool opaque;
	bool weak; /* a directory that only whiteouts in it imply */
};

struct lam_layer_builder {
	struct lam_layer *layer;
	struct place *places;
	size_t place_count, place_cap;
	uint32_t *slots; /* (parent, name) -> place + 1 */
	size_t slot_count;
	size_t inode_cap, record_cap, extent_cap, text_cap;
	struct lam_buf path, target, rest, next; /* scratch */
	struct lam_buf last_parent; /* the parent of the entry before, and its place */
	uint32_t last_place;        /* NONE: not known any more */
};

static const struct {
	const char *rule, *text;
} NOTES[] = {
#define NOTE_CLAMPED 0
	{ "above-root",
	  "its name climbs above the root with \"..\"; read as a name below the root" },
#define NOTE_THROUGH_LINK 1
	{ "through-symlink",
	  "stands below a symlink of its own layer; read at the link's target, as containerd "
	  "does; Docker and Podman fail where the target is not in this layer" },
#define NOTE_DUPLICATE 2
	{ "duplicate",
	  "stands twice in its layer; the last entry is read; Docker and Podman refuse such a "
	  "layer" },
#define NOTE_CHILD_OF_FILE 3
	{ "child-of-file",
	  "stands below something of its own layer that is no directory; left out, as "
	  "unpackers fail there" },
#define NOTE_WH_INVALID 4
	{ "whiteout-invalid",
	  "a whiteout that names nothing; left out; unpackers fail there" },
#define NOTE_WH_RESERVED 5
	{ "whiteout-reserved", "a reserved name (AUFS); left out" },
#define NOTE_WH_AND_ENTRY 6
	{ "whiteout-and-entry",
	  "deleted and stored in one layer; what is stored is read, above nothing; "
	  "runtimes differ by the order in the tar, or fail" },
#define NOTE_OPAQUE_ROOT 7
	{ "opaque-root",
	  "an opaque marker for the root; without effect, as on overlayfs; umoci and plain "
	  "folders hide everything below" },
#define NOTE_DEVICE_0 8
	{ "device-0-0",
	  "a character device 0:0; overlayfs takes it for a whiteout, and so it is read; plain "
	  "folders show a device" },
#define NOTE_UNKNOWN 9
	{ "unknown-type",
	  "an entry of a type that nobody knows; left out; runtimes refuse the layer" },
#define NOTE_GLOBAL 10
	{ "global-header",
	  "a global PAX header; without effect; umoci fails, containerd and Podman make an "
	  "empty folder for it" },
#define NOTE_CONTIGUOUS 11
	{ "contiguous",
	  "a contiguous file (type 7); read as a file; runtimes refuse the layer" },
#define NOTE_SPARSE 12
	{ "sparse",
	  "a sparse file; read with its holes as zeros; runtimes refuse old GNU sparse files" },
#define NOTE_LINK_METADATA 13
	{ "link-metadata",
	  "a hard link with another owner, mode or time than its file; the link's counts for "
	  "both; umoci takes the file's" },
#define NOTE_LINK_DIRECTORY 14
	{ "link-to-directory",
	  "a hard link to a directory; left out, as unpackers fail there" },
#define NOTE_XATTR_OVERLAY 15
	{ "overlay-attribute", "an attribute of overlayfs itself; left out" },
#define NOTE_XATTR_USER 16
	{ "user-attribute",
	  "a user.* attribute on something that cannot have one; left out; umoci and Podman "
	  "fail there" },
#define NOTE_XATTR_TRUSTED 17
	{ "trusted-attribute", "a trusted.* attribute; containerd leaves it out" },
#define NOTE_XATTR_SELINUX 18
	{ "selinux-attribute",
	  "a SELinux label in the layer; Podman and umoci leave it out" },
#define NOTE_BEFORE_1970 19
	{ "before-1970",
	  "a time before 1970; it is kept, and umoci sets it; Docker, containerd and Podman "
	  "set 1970" },
#define NOTE_ROOT 20
	{ "root-entry",
	  "sets owner or mode of the root; it is kept, and umoci sets it; on overlayfs the root "
	  "is the runtime's" },
#define NOTE_LINK_LOOP 21
	{ "symlink-loop",
	  "stands below a symlink that leads in a circle; left out, as unpackers fail there" },
#define NOTE_NAME_LONG 22
	{ "long-name", "a name of more than 255 bytes; Linux cannot unpack it" },
#define NOTE_WH_NESTED 23
	{ "whiteout-nested",
	  "a whiteout inside of a directory that the same layer deletes; without effect; "
	  "some runtimes fail there or keep an empty directory" },
};

static int note(struct lam_layer_builder *b, int which, struct lam_error *err)
{
	return lam_notes_add(&b->layer->notes, NOTES[which].rule, b->layer->number,
			     b->path.data ? b->path.data : "", b->path.len,
			     NOTES[which].text, err);
}

int lam_layer_builder_note(struct lam_layer_builder *b, const char *rule,
			   const char *text, struct lam_error *err)
{
	return lam_notes_add(&b->layer->notes, rule, b->layer->number, NULL, 0, text,
			     err);
}

/* Places */

static uint64_t place_hash(const struct lam_layer_builder *b, uint32_t parent,
			   uint32_t name)
{
	uint64_t x = ((uint64_t)parent << 32 | name) ^ b->layer->names.seed[0];

	x *= 0x9e3779b97f4a7c15u;
	x ^= x >> 32;
	x *= b->layer->names.seed[1] | 1;
	return x ^ x >> 29;
}

static uint32_t *place_slot(const struct lam_layer_builder *b, uint32_t parent,
			    uint32_t name)
{
	size_t mask = b->slot_count - 1, at = place_hash(b, parent, name) & mask;

	while (b->slots[at]) {
		const struct place *p = &b->places[b->slots[at] - 1];

		if (p->parent == parent && p->name == name)
			break;
		at = (at + 1) & mask;
	}
	return &b->slots[at];
}

static int slots_grow(struct lam_layer_builder *b, struct lam_error *err)
{
	size_t count = b->slot_count ? b->slot_count * 2 : 64;
	uint32_t *slots = calloc(count, sizeof *slots);

	if (!slots)
		return lam_fail_memory(err);
	free(b->slots);
	b->slots = slots;
	b->slot_count = count;
	for (size_t i = 1; i < b->place_count; i++)
		*place_slot(b, b->places[i].parent, b->places[i].name) = (uint32_t)i + 1;
	return 0;
}

/* NONE where the name has not been mentioned there. */
static uint32_t place_find(const struct lam_layer_builder *b, uint32_t parent,
			   const char *name, size_t len)
{
	uint32_t number = lam_names_find(&b->layer->names, name, len);

	return number == UINT32_MAX ? NONE : *place_slot(b, parent, number) - 1;
}

static int place_get(struct lam_layer_builder *b, uint32_t parent, const char *name,
		     size_t len, uint32_t *out, struct lam_error *err)
{
	uint32_t number, *slot;

	if (lam_names_add(&b->layer->names, name, len, &number, err) < 0)
		return err->code;
	if (b->place_count * 4 >= b->slot_count * 3 && slots_grow(b, err) < 0)
		return err->code;
	slot = place_slot(b, parent, number);
	if (*slot) {
		*out = *slot - 1;
		return 0;
	}
	if (b->place_count >= LAM_MAX_ENTRIES)
		return lam_fail(err, LAM_EFORMAT, "more than %u names", LAM_MAX_ENTRIES);
	if (LAM_GROW(b->places, b->place_count, b->place_cap, err) < 0)
		return err->code;
	*out = (uint32_t)b->place_count++;
	*slot = *out + 1;
	b->places[*out] = (struct place){ .parent = parent,
					  .name = number,
					  .first_child = NONE,
					  .next_sibling = b->places[parent].first_child,
					  .inode = NONE };
	b->places[parent].first_child = *out;
	return 0;
}

static bool is_dir(const struct place *p)
{
	return p->state == PRESENT && p->kind == LAM_KIND_DIR;
}

/* Everything below a place goes, as if removed from the folder. */
static void clear_children(struct lam_layer_builder *b, uint32_t top)
{
	uint32_t at = b->places[top].first_child;

	b->last_place = NONE;
	while (at != NONE) {
		struct place *p = &b->places[at];
		bool descend = p->state != ABSENT && p->first_child != NONE;

		p->state = ABSENT;
		p->whiteout = p->opaque = p->weak = false;
		p->inode = NONE;
		if (descend) {
			at = p->first_child;
			continue;
		}
		while (at != top && b->places[at].next_sibling == NONE)
			at = b->places[at].parent;
		if (at == top)
			return;
		at = b->places[at].next_sibling;
	}
}

/* Walking */

enum walk { FIND, IMPLY, IMPLY_WEAKLY };
enum walked { WALKED, NOT_THERE, NOT_A_DIRECTORY, LOOP };

static void imply(struct lam_layer_builder *b, uint32_t at, enum walk how)
{
	struct place *p = &b->places[at];

	p->state = PRESENT;
	p->kind = LAM_KIND_DIR;
	p->inode = NONE;
	p->opaque = false;
	p->weak = how == IMPLY_WEAKLY;
}

/* What is left to walk becomes a symlink's target and then what was left. */
static int follow(struct lam_layer_builder *b, uint32_t link, const char *left,
		  size_t left_len, struct lam_error *err)
{
	const struct lam_inode *inode = &b->layer->inodes[b->places[link].inode];

	lam_buf_clear(&b->next);
	if (lam_buf_append(&b->next, b->layer->text + inode->target, inode->target_len,
			   err) < 0 ||
	    lam_buf_append_char(&b->next, '/', err) < 0 ||
	    lam_buf_append(&b->next, left, left_len, err) < 0)
		return err->code;
	struct lam_buf swap = b->rest;

	b->rest = b->next;
	b->next = swap;
	return 0;
}

/* Follows b->rest, every component a directory; 0 and *out_how, or an error. */
static int walk_rest(struct lam_layer_builder *b, enum walk how, uint32_t *out,
		     enum walked *out_how, bool *out_through, struct lam_error *err)
{
	size_t at = 0;
	uint32_t here = ROOT;
	int links = 0;

	*out_how = WALKED;
	while (at < b->rest.len) {
		const char *name = b->rest.data + at;
		const char *slash = memchr(name, '/', b->rest.len - at);
		size_t len = slash ? (size_t)(slash - name) : b->rest.len - at;
		uint32_t next;

		at += len + (slash ? 1 : 0);
		if (len == 0 || (len == 1 && name[0] == '.'))
			continue;
		if (len == 2 && name[0] == '.' && name[1] == '.') {
			here = b->places[here].parent;
			continue;
		}
		if (how == FIND) {
			next = place_find(b, here, name, len);
			if (next == NONE || b->places[next].state == ABSENT) {
				*out_how = NOT_THERE;
				return 0;
			}
		} else if (place_get(b, here, name, len, &next, err) < 0) {
			return err->code;
		}
		struct place *p = &b->places[next];

		if (p->state == ABSENT)
			imply(b, next, how);
		else if (p->state == PRESENT && p->kind == LAM_KIND_SYMLINK) {
			if (++links > LAM_MAX_LINKS) {
				*out_how = LOOP;
				return 0;
			}
			const struct lam_inode *inode = &b->layer->inodes[p->inode];

			if (inode->target_len && b->layer->text[inode->target] == '/')
				here = ROOT;
			if (follow(b, next, b->rest.data + at, b->rest.len - at, err) < 0)
				return err->code;
			at = 0;
			*out_through = true;
			continue;
		} else if (!is_dir(p)) {
			*out_how = NOT_A_DIRECTORY;
			return 0;
		} else if (how == IMPLY) {
			p->weak = false;
		}
		here = next;
	}
	*out = here;
	return 0;
}

/* The directory that a path's last component is in. Notes what is odd, for entries. */
static int walk_parent(struct lam_layer_builder *b, const char *path, size_t len,
		       enum walk how, uint32_t *out, enum walked *out_how,
		       struct lam_error *err)
{
	bool through = false;

	*out_how = WALKED;
	if (how == IMPLY && b->last_place != NONE && len == b->last_parent.len &&
	    memcmp(path, b->last_parent.data, len) == 0) {
		*out = b->last_place;
		return 0;
	}
	lam_buf_clear(&b->rest);
	if (len == 0) {
		*out = ROOT;
		return 0;
	}
	if (lam_buf_append(&b->rest, path, len, err) < 0 ||
	    walk_rest(b, how, out, out_how, &through, err) < 0)
		return err->code;
	if (how == FIND)
		return 0;
	if (through && note(b, NOTE_THROUGH_LINK, err) < 0)
		return err->code;
	if (*out_how != WALKED)
		return note(b, *out_how == LOOP ? NOTE_LINK_LOOP : NOTE_CHILD_OF_FILE,
			    err);
	if (how == IMPLY && !through) {
		lam_buf_clear(&b->last_parent);
		if (lam_buf_append(&b->last_parent, path, len, err) < 0)
			return err->code;
		b->last_place = *out;
	}
	return 0;
}

/* Inodes */

static int text_add(struct lam_layer_builder *b, const char *bytes, size_t len,
		    uint32_t *out, struct lam_error *err)
{
	struct lam_layer *layer = b->layer;

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
		memcpy(layer->text + layer->text_len, bytes, len);
	*out = (uint32_t)layer->text_len;
	layer->text_len += len;
	return 0;
}

static bool starts(struct lam_str s, const char *prefix)
{
	size_t len = strlen(prefix);

	return s.len >= len && memcmp(s.bytes, prefix, len) == 0;
}

/* Whether a record counts; *out_note where it is odd. */
static bool record_counts(struct lam_str key, enum lam_kind kind, int *out_note)
{
	*out_note = -1;
	if (!starts(key, "SCHILY.xattr."))
		return true;
	key.bytes += strlen("SCHILY.xattr.");
	key.len -= strlen("SCHILY.xattr.");
	if (starts(key, "trusted.overlay.") || starts(key, "user.overlay.")) {
		*out_note = NOTE_XATTR_OVERLAY;
		return false;
	}
	if (starts(key, "user.") && kind != LAM_KIND_FILE && kind != LAM_KIND_DIR) {
		*out_note = NOTE_XATTR_USER;
		return false;
	}
	if (starts(key, "trusted."))
		*out_note = NOTE_XATTR_TRUSTED;
	else if (key.len == strlen("security.selinux") && starts(key, "security.selinux"))
		*out_note = NOTE_XATTR_SELINUX;
	return true;
}

static int record_add(struct lam_layer_builder *b, const struct lam_attribute *attribute,
		      struct lam_error *err)
{
	struct lam_layer *layer = b->layer;
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

static int records_add(struct lam_layer_builder *b, const struct lam_entry *entry,
		       struct lam_inode *inode, struct lam_error *err)
{
	inode->records = (uint32_t)b->layer->record_count;
	for (size_t i = 0; i < entry->record_count; i++) {
		const struct lam_record *r = &entry->records[i];
		struct lam_attribute a = { r->key.bytes, r->key.len, r->value.bytes,
					   r->value.len };
		int odd;
		bool counts = record_counts(r->key, inode->kind, &odd);

		if (odd >= 0 && note(b, odd, err) < 0)
			return err->code;
		if (!counts)
			continue;
		if (record_add(b, &a, err) < 0)
			return err->code;
		inode->record_count++;
	}
	return 0;
}

static int extents_add(struct lam_layer_builder *b, const struct lam_entry *entry,
		       struct lam_inode *inode, struct lam_error *err)
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
	inode->extents = (uint32_t)layer->extent_count + 1;
	inode->extent_count = (uint32_t)entry->extent_count;
	for (size_t i = 0; i < entry->extent_count; i++) {
		if (LAM_GROW(layer->extents, layer->extent_count, b->extent_cap, err) < 0)
			return err->code;
		layer->extents[layer->extent_count++] = entry->extents[i];
	}
	return note(b, NOTE_SPARSE, err);
}

static const uint8_t KIND_OF[] = {
	[LAM_TYPE_FILE] = LAM_KIND_FILE,       [LAM_TYPE_LINK] = LAM_KIND_FILE,
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

static int inode_add(struct lam_layer_builder *b, const struct lam_entry *entry,
		     uint64_t offset, struct lam_str target, uint32_t *out,
		     struct lam_error *err)
{
	struct lam_layer *layer = b->layer;
	struct lam_inode inode = { .uid = entry->uid,
				   .gid = entry->gid,
				   .mtime_s = entry->mtime_s,
				   .mtime_ns = entry->mtime_ns,
				   .mode = (uint16_t)(entry->mode & 07777),
				   .kind = KIND_OF[entry->type],
				   .offset = offset };

	if (entry->type == LAM_TYPE_FILE)
		inode.size = entry->size;
	if ((entry->type == LAM_TYPE_CHAR || entry->type == LAM_TYPE_BLOCK) &&
	    device_number(entry, &inode.size, err) < 0)
		return err->code;
	inode.target_len = (uint32_t)target.len;
	if (target.len && text_add(b, target.bytes, target.len, &inode.target, err) < 0)
		return err->code;
	if (records_add(b, entry, &inode, err) < 0 ||
	    extents_add(b, entry, &inode, err) < 0)
		return err->code;
	if (inode.mtime_s < 0 && note(b, NOTE_BEFORE_1970, err) < 0)
		return err->code;
	size_t count = layer->inode_count;

	if (LAM_GROW(layer->inodes, count, b->inode_cap, err) < 0)
		return err->code;
	*out = layer->inode_count++;
	layer->inodes[*out] = inode;
	return 0;
}

static int compare_keys(const struct lam_attribute *a, struct lam_str b)
{
	size_t len = a->key_len < b.len ? a->key_len : b.len;
	int order = memcmp(a->key, b.bytes, len);

	return order ? order : (a->key_len > b.len) - (a->key_len < b.len);
}

static bool records_equal(const struct lam_layer *layer, const struct lam_inode *inode,
			  const struct lam_entry *entry)
{
	if (inode->record_count != entry->record_count)
		return false;
	for (uint32_t i = 0; i < inode->record_count; i++) {
		const struct lam_attribute *a = &layer->records[inode->records + i];
		const struct lam_record *r = &entry->records[i];

		if (compare_keys(a, r->key) != 0 || a->value_len != r->value.len ||
		    memcmp(a->value, r->value.bytes, a->value_len) != 0)
			return false;
	}
	return true;
}

/* The records of inode and entry, united; the entry's win. */
static int records_unite(struct lam_layer_builder *b, struct lam_inode *inode,
			 const struct lam_entry *entry, struct lam_error *err)
{
	struct lam_layer *layer = b->layer;
	uint32_t begin = (uint32_t)layer->record_count, old = 0;
	size_t i = 0;

	while (old < inode->record_count || i < entry->record_count) {
		int order = -1, odd;

		if (old == inode->record_count)
			order = 1;
		else if (i < entry->record_count)
			order = compare_keys(&layer->records[inode->records + old],
					     entry->records[i].key);
		if (order < 0) {
			struct lam_attribute a = layer->records[inode->records + old++];

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
	inode->records = begin;
	inode->record_count = (uint32_t)layer->record_count - begin;
	return 0;
}

/* A link's header speaks for the inode, as unpackers set it on the link's name. */
static int link_metadata(struct lam_layer_builder *b, uint32_t number,
			 const struct lam_entry *entry, struct lam_error *err)
{
	struct lam_inode *inode = &b->layer->inodes[number];
	bool same = inode->mode == (entry->mode & 07777) && inode->uid == entry->uid &&
		    inode->gid == entry->gid && inode->mtime_s == entry->mtime_s &&
		    inode->mtime_ns == entry->mtime_ns;
	bool same_records = !entry->record_count || records_equal(b->layer, inode, entry);

	if (same && same_records)
		return 0;
	inode->mode = (uint16_t)(entry->mode & 07777);
	inode->uid = entry->uid;
	inode->gid = entry->gid;
	inode->mtime_s = entry->mtime_s;
	inode->mtime_ns = entry->mtime_ns;
	if (!same_records && records_unite(b, inode, entry, err) < 0)
		return err->code;
	return note(b, NOTE_LINK_METADATA, err);
}

/* Entries */

static int add_whiteout(struct lam_layer_builder *b, size_t parent_len, const char *name,
			size_t len, struct lam_error *err)
{
	enum walked how;
	uint32_t dir, at;

	b->layer->whiteout_count++;
	if (walk_parent(b, b->path.data, parent_len, IMPLY_WEAKLY, &dir, &how, err) < 0)
		return err->code;
	if (how != WALKED)
		return 0;
	if (place_get(b, dir, name, len, &at, err) < 0)
		return err->code;
	b->places[at].whiteout = true;
	return 0;
}

static int add_opaque(struct lam_layer_builder *b, size_t parent_len,
		      struct lam_error *err)
{
	enum walked how;
	uint32_t dir;

	b->layer->whiteout_count++;
	if (walk_parent(b, b->path.data, parent_len, IMPLY_WEAKLY, &dir, &how, err) < 0)
		return err->code;
	if (how != WALKED)
		return 0;
	if (dir == ROOT)
		return note(b, NOTE_OPAQUE_ROOT, err);
	b->places[dir].opaque = true;
	return 0;
}

/* The inode that a hard link names: one of this layer, or a new one that says which path
 * below. NONE: no such link can be. */
static int link_inode(struct lam_layer_builder *b, const struct lam_entry *entry,
		      uint32_t *out, uint8_t *out_state, struct lam_error *err)
{
	enum walked how;
	uint32_t dir = NONE, at = NONE;
	bool clamped;

	lam_buf_clear(&b->target);
	if (lam_path_clean(entry->target.bytes, entry->target.len, &b->target, &clamped,
			   err) < 0)
		return lam_wrap(err, "hard link target");
	const char *path = b->target.data ? b->target.data : "";
	const char *slash = memrchr(path, '/', b->target.len);
	size_t parent_len = slash ? (size_t)(slash - path) : 0,
	       skip = slash ? parent_len + 1 : 0;

	*out = NONE;
	*out_state = PRESENT;
	if (b->target.len == 0)
		return note(b, NOTE_LINK_DIRECTORY, err);
	if (walk_parent(b, path, parent_len, FIND, &dir, &how, err) < 0)
		return err->code;
	if (how == WALKED)
		at = place_find(b, dir, path + skip, b->target.len - skip);
	if (at == NONE || b->places[at].state == ABSENT) {
		*out_state = BELOW;
		return inode_add(b, entry, 0, (struct lam_str){ path, b->target.len },
				 out, err);
	}
	if (is_dir(&b->places[at]))
		return note(b, NOTE_LINK_DIRECTORY, err);
	*out = b->places[at].inode;
	*out_state = b->places[at].state;
	return *out_state == BELOW ? 0 : link_metadata(b, *out, entry, err);
}

static int set_root(struct lam_layer_builder *b, const struct lam_entry *entry,
		    uint32_t *out_inode, struct lam_error *err)
{
	if (entry->type != LAM_TYPE_DIR)
		return lam_fail(err, LAM_EFORMAT,
				"an entry puts something that is no directory in the "
				"place of the root");
	if (b->places[ROOT].inode != NONE && note(b, NOTE_DUPLICATE, err) < 0)
		return err->code;
	if (((entry->mode & 07777) != 0755 || entry->uid || entry->gid) &&
	    note(b, NOTE_ROOT, err) < 0)
		return err->code;
	if (inode_add(b, entry, 0, (struct lam_str){ 0 }, out_inode, err) < 0)
		return err->code;
	b->places[ROOT].inode = *out_inode;
	return 0;
}

/* Makes room for an entry: what stands there goes, unless a directory meets a directory.
 */
static int make_room(struct lam_layer_builder *b, uint32_t at, bool dir,
		     struct lam_error *err)
{
	struct place *p = &b->places[at];

	if (p->state == ABSENT)
		return 0;
	if (p->inode != NONE && note(b, NOTE_DUPLICATE, err) < 0)
		return err->code;
	if (dir && is_dir(p))
		return 0;
	clear_children(b, at);
	p->state = ABSENT;
	p->opaque = p->weak = false;
	p->inode = NONE;
	return 0;
}

static int add_named(struct lam_layer_builder *b, const struct lam_entry *entry,
		     uint64_t offset, size_t parent_len, uint32_t *out_inode,
		     struct lam_error *err)
{
	size_t skip = parent_len ? parent_len + 1 : 0;
	const char *name = b->path.data + skip;
	uint8_t state = PRESENT;
	uint32_t dir, at, inode;
	enum walked how;

	if (b->path.len - skip > 255 && note(b, NOTE_NAME_LONG, err) < 0)
		return err->code;
	if (walk_parent(b, b->path.data, parent_len, IMPLY, &dir, &how, err) < 0)
		return err->code;
	if (how != WALKED)
		return 0;
	if (place_get(b, dir, name, b->path.len - skip, &at, err) < 0 ||
	    make_room(b, at, entry->type == LAM_TYPE_DIR, err) < 0)
		return err->code;
	if (entry->type == LAM_TYPE_LINK) {
		if (link_inode(b, entry, &inode, &state, err) < 0)
			return err->code;
		if (inode == NONE)
			return 0;
	} else if (inode_add(b, entry, offset, entry->target, &inode, err) < 0) {
		return err->code;
	} else {
		*out_inode = inode;
	}
	struct place *p = &b->places[at];

	p->state = state;
	p->kind = b->layer->inodes[inode].kind;
	p->inode = inode;
	p->weak = false;
	if (p->kind == LAM_KIND_SYMLINK)
		b->last_place = NONE;
	return 0;
}

static int add_path(struct lam_layer_builder *b, const struct lam_entry *entry,
		    uint64_t offset, uint32_t *out_inode, struct lam_error *err)
{
	const char *path = b->path.data, *slash = memrchr(path, '/', b->path.len), *name;
	size_t parent_len = slash ? (size_t)(slash - path) : 0,
	       skip = slash ? parent_len + 1 : 0, len;

	switch (lam_wh_classify(path + skip, b->path.len - skip, &name, &len)) {
	case LAM_WH_DELETE: return add_whiteout(b, parent_len, name, len, err);
	case LAM_WH_OPAQUE: return add_opaque(b, parent_len, err);
	case LAM_WH_INVALID: return note(b, NOTE_WH_INVALID, err);
	case LAM_WH_RESERVED: return note(b, NOTE_WH_RESERVED, err);
	case LAM_WH_NONE: break;
	}
	if (entry->type == LAM_TYPE_CHAR && entry->dev_major == 0 &&
	    entry->dev_minor == 0) {
		if (note(b, NOTE_DEVICE_0, err) < 0)
			return err->code;
		return add_whiteout(b, parent_len, path + skip, b->path.len - skip, err);
	}
	if (entry->flag == '7' && note(b, NOTE_CONTIGUOUS, err) < 0)
		return err->code;
	return add_named(b, entry, offset, parent_len, out_inode, err);
}

int lam_layer_builder_add(struct lam_layer_builder *b, const struct lam_entry *entry,
			  uint64_t offset, uint32_t *out_inode, struct lam_error *err)
{
	bool clamped = false;

	*out_inode = NONE;
	b->layer->entry_count++;
	lam_buf_clear(&b->path);
	if (lam_path_clean(entry->path.bytes, entry->path.len, &b->path, &clamped, err) <
	    0)
		return err->code;
	if (entry->type == LAM_TYPE_GLOBAL || entry->type == LAM_TYPE_UNKNOWN)
		return note(b,
			    entry->type == LAM_TYPE_GLOBAL ? NOTE_GLOBAL : NOTE_UNKNOWN,
			    err);
	if (clamped && note(b, NOTE_CLAMPED, err) < 0)
		return err->code;
	if (entry->type == LAM_TYPE_FILE)
		b->layer->file_bytes += entry->size;
	if (b->path.len == 0)
		return set_root(b, entry, out_inode, err);
	return add_path(b, entry, offset, out_inode, err);
}

void lam_layer_builder_content(struct lam_layer_builder *b, uint32_t inode,
			       const uint8_t content[16])
{
	memcpy(b->layer->inodes[inode].content, content, 16);
}

/* Finishing */

static int note_place(struct lam_layer_builder *b, uint32_t at, int which,
		      struct lam_error *err)
{
	LAM_CLEANUP(lam_buf_fini) struct lam_buf reversed = LAM_BUF(SIZE_MAX / 2);

	lam_buf_clear(&b->path);
	for (; at != ROOT; at = b->places[at].parent) {
		size_t len;
		const char *name =
			lam_names_get(&b->layer->names, b->places[at].name, &len);

		lam_buf_clear(&reversed);
		if (lam_buf_append(&reversed, name, len, err) < 0 ||
		    (b->path.len &&
		     (lam_buf_append_char(&reversed, '/', err) < 0 ||
		      lam_buf_append(&reversed, b->path.data, b->path.len, err) < 0)))
			return err->code;
		struct lam_buf swap = b->path;

		b->path = reversed;
		reversed = swap;
	}
	return note(b, which, err);
}

static bool is_in(const struct place *p)
{
	return p->state != ABSENT || p->whiteout;
}

/* What a place is in the end, apart from its number and its children. */
static int settle(struct lam_layer_builder *b, uint32_t at, struct lam_layer_node *out,
		  struct lam_error *err)
{
	const struct place *p = &b->places[at];
	bool dir = is_dir(p),
	     only_whiteout = p->whiteout && (p->state == ABSENT || (dir && p->weak));

	*out = (struct lam_layer_node){ .name = p->name, .inode = LAM_INODE_NONE };
	if (only_whiteout) {
		out->mark = LAM_MARK_WHITEOUT;
		return dir ? note_place(b, at, NOTE_WH_NESTED, err) : 0;
	}
	out->mark = p->state == BELOW ? LAM_MARK_LINK : LAM_MARK_ENTRY;
	out->kind = p->kind;
	out->inode = p->inode;
	out->opaque = dir && (p->opaque || p->whiteout);
	return p->whiteout ? note_place(b, at, NOTE_WH_AND_ENTRY, err) : 0;
}

static uint32_t count_children(const struct lam_layer_builder *b, uint32_t at)
{
	uint32_t count = 0;

	for (uint32_t c = b->places[at].first_child; c != NONE;
	     c = b->places[c].next_sibling)
		count += is_in(&b->places[c]);
	return count;
}

/* order[n] is the place that became node n. */
static int number_nodes(struct lam_layer_builder *b, struct lam_layer_node *nodes,
			uint32_t *order, uint32_t *out_count, struct lam_error *err)
{
	uint32_t count = 1;

	order[0] = ROOT;
	nodes[0] = (struct lam_layer_node){ .kind = LAM_KIND_DIR,
					    .inode = b->places[ROOT].inode };
	for (uint32_t n = 0; n < count; n++) {
		if (nodes[n].mark != LAM_MARK_ENTRY || nodes[n].kind != LAM_KIND_DIR)
			continue;
		nodes[n].first_child = count;
		nodes[n].child_count = count_children(b, order[n]);
		/* lists are newest first */
		uint32_t at = nodes[n].first_child + nodes[n].child_count;

		for (uint32_t c = b->places[order[n]].first_child; c != NONE;
		     c = b->places[c].next_sibling) {
			if (!is_in(&b->places[c]))
				continue;
			order[--at] = c;
			if (settle(b, c, &nodes[at], err) < 0)
				return err->code;
			nodes[at].parent = n;
		}
		count += nodes[n].child_count;
	}
	*out_count = count;
	return 0;
}

int lam_layer_builder_finish(struct lam_layer_builder *b, struct lam_layer **out,
			     struct lam_error *err)
{
	size_t places = b->place_count;
	struct lam_layer_node *nodes = malloc(places * sizeof *nodes);
	uint32_t *order = malloc(places * sizeof *order), count = 1;
	int code = 0;

	free(b->slots);
	b->slots = NULL;
	if (!nodes || !order)
		code = lam_fail_memory(err);
	if (code == 0)
		code = number_nodes(b, nodes, order, &count, err);
	free(order);
	if (code < 0) {
		free(nodes);
		return code;
	}
	struct lam_layer_node *fit = realloc(nodes, count * sizeof *nodes);

	b->layer->nodes = fit ? fit : nodes;
	b->layer->node_count = count;
	lam_names_seal(&b->layer->names);
	*out = LAM_STEAL(b->layer);
	return 0;
}

int lam_layer_builder_new(struct lam_layer_builder **out, uint32_t number,
			  struct lam_error *err)
{
	struct lam_layer_builder *b = calloc(1, sizeof *b);
	struct lam_layer *layer = calloc(1, sizeof *layer);
	uint32_t root;

	if (!b || !layer) {
		free(b);
		free(layer);
		return lam_fail_memory(err);
	}
	b->layer = layer;
	layer->number = number;
	b->path = b->target = b->last_parent = LAM_BUF(LAM_MAX_PATH);
	/* each symlink on the way can add a target, LAM_MAX_LINKS times */
	b->rest = b->next = LAM_BUF((size_t)LAM_MAX_TAR_HEADER * (LAM_MAX_LINKS + 2));
	b->last_place = NONE;
	if (LAM_GROW(b->places, 0, b->place_cap, err) < 0 ||
	    lam_names_add(&layer->names, "", 0, &root, err) < 0) {
		lam_layer_builder_free(b);
		return err->code;
	}
	b->places[ROOT] = (struct place){ .first_child = NONE,
					  .next_sibling = NONE,
					  .inode = NONE,
					  .name = root,
					  .state = PRESENT,
					  .kind = LAM_KIND_DIR };
	b->place_count = 1;
	*out = b;
	return 0;
}

void lam_layer_builder_free(struct lam_layer_builder *b)
{
	if (!b)
		return;
	lam_layer_free(b->layer);
	free(b->places);
	free(b->slots);
	lam_buf_fini(&b->path);
	lam_buf_fini(&b->target);
	lam_buf_fini(&b->rest);
	lam_buf_fini(&b->next);
	lam_buf_fini(&b->last_parent);
	free(b);
}
