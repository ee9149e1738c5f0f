/* A layer: what its inodes are, and how it is read from its tar. */
#include "layer/layer.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/digest.h"
#include "base/memory.h"
#include "io/stream.h"
#include "tar/read.h"

#define PIECE (256u << 10)

static void forget_arrays(struct lam_layer *layer)
{
	layer->names = layer->owners = layer->contents = (struct lam_names){ 0 };
	layer->nodes = NULL;
	layer->inodes = NULL;
	layer->text = NULL;
	layer->extras = NULL;
	layer->extents = NULL;
	layer->points = (struct lam_checkpoints){ 0 };
}

void lam_layer_free(struct lam_layer *layer)
{
	if (!layer)
		return;
	if (layer->block)
		forget_arrays(layer);
	free(layer->block);
	lam_checkpoints_fini(&layer->points);
	lam_names_fini(&layer->names);
	lam_names_fini(&layer->owners);
	lam_names_fini(&layer->contents);
	free(layer->nodes);
	free(layer->inodes);
	free(layer->refs);
	free(layer->text);
	free(layer->extras);
	free(layer->records);
	free(layer->extents);
	lam_arena_fini(&layer->arena);
	lam_notes_fini(&layer->notes);
	free(layer);
}

void lam_layer_stat(const struct lam_layer *layer, uint32_t number, struct lam_stat *out)
{
	const struct lam_layer *holder;
	const struct lam_inode *inode = lam_layer_inode(layer, number, &holder);
	const struct lam_extra *extra = lam_layer_extra(holder, inode);
	struct lam_owner owner = lam_layer_owner(holder, inode);

	*out = (struct lam_stat){
		.kind = inode->kind,
		.mode = inode->mode,
		.uid = owner.uid,
		.gid = owner.gid,
		.mtime_s = inode->mtime_s,
		.mtime_ns = inode->mtime_ns,
		.target = "",
		.layer = layer->number,
		.inode = number,
	};
	lam_clamp_time(layer->times, &out->mtime_s, &out->mtime_ns);
	if (extra && extra->record_count) {
		out->attribute_count = extra->record_count;
		out->attributes = holder->records + extra->records;
	}
	if (inode->kind == LAM_KIND_FILE) {
		out->size = inode->size;
		memcpy(out->content, lam_layer_content(holder, inode), LAM_CONTENT);
	} else if (inode->kind == LAM_KIND_SYMLINK && inode->size) {
		struct lam_str target = lam_layer_target(holder, inode);

		out->target = target.bytes;
		out->target_len = target.len;
	} else if (inode->kind == LAM_KIND_CHAR || inode->kind == LAM_KIND_BLOCK) {
		out->dev_major = (uint32_t)(inode->size >> 32);
		out->dev_minor = (uint32_t)inode->size;
	}
}

/* Holes need no reading, so that nobody else looks whether to stop. */
static int hash_zeros(struct lam_hash *hash, uint64_t len, const atomic_bool *stop,
		      struct lam_error *err)
{
	static const char zeros[4096];

	for (uint64_t n = 0; len > 0; n += 16) {
		size_t part = len < sizeof zeros ? (size_t)len : sizeof zeros;

		if (lam_stops(stop, n))
			return lam_fail_stopped(err);
		lam_hash_update(hash, zeros, part);
		len -= part;
	}
	return 0;
}

/* Hashes stored bytes, with the holes of a sparse file between them. */
static int hash_stored(struct lam_tar_reader *tar, struct lam_hash *hash, void *piece,
		       uint64_t want, struct lam_error *err)
{
	while (want > 0) {
		size_t cap = want < PIECE ? (size_t)want : PIECE, got;

		if (lam_tar_read_hashing(tar, piece, cap, &got, hash, err) < 0)
			return err->code;
		if (got == 0)
			return lam_fail(err, LAM_EFORMAT, "a file ends early");
		want -= got;
	}
	return 0;
}

struct contents {
	struct lam_hash hash;
	void *piece;
	const atomic_bool *stop;
};

static int hash_content(struct contents *c, struct lam_tar_reader *tar,
			const struct lam_entry *entry, uint8_t out[LAM_CONTENT],
			struct lam_error *err)
{
	const struct lam_extent whole = { 0, entry->size };
	const struct lam_extent *extents = entry->extents ? entry->extents : &whole;
	size_t count = entry->extents ? entry->extent_count : 1;
	struct lam_digest digest;
	uint64_t at = 0;

	lam_hash_reset(&c->hash);
	for (size_t i = 0; i < count; i++) {
		if (hash_zeros(&c->hash, extents[i].offset - at, c->stop, err) < 0 ||
		    hash_stored(tar, &c->hash, c->piece, extents[i].length, err) < 0)
			return err->code;
		at = extents[i].offset + extents[i].length;
	}
	if (hash_zeros(&c->hash, entry->size - at, c->stop, err) < 0)
		return err->code;
	lam_hash_final(&c->hash, &digest);
	memcpy(out, digest.bytes, LAM_CONTENT);
	return 0;
}

static int read_entries(struct lam_layer_builder *builder, struct lam_tar_reader *tar,
			struct contents *contents, struct lam_error *err)
{
	const struct lam_entry *entry;
	int got;

	while ((got = lam_tar_next(tar, &entry, err)) > 0) {
		uint8_t content[LAM_CONTENT];
		uint32_t inode;

		if (lam_layer_builder_add(builder, entry, lam_tar_data_offset(tar),
					  &inode, err) < 0)
			return err->code;
		if (inode == LAM_INODE_NONE || entry->type != LAM_TYPE_FILE)
			continue;
		if (hash_content(contents, tar, entry, content, err) < 0 ||
		    lam_layer_builder_content(builder, inode, content, err) < 0)
			return err->code;
	}
	if (got == 0 && lam_tar_has_trailer(tar))
		lam_layer_builder_note(builder, LAM_ODD_TRAILER);
	return got;
}

int lam_layer_read(struct lam_layer **out, struct lam_reader *stream, uint32_t number,
		   struct lam_hash *hash, const atomic_bool *stop, struct lam_error *err)
{
	struct lam_layer_builder *builder = NULL;
	struct lam_tar_reader *tar = lam_tar_reader_new(stream);
	struct contents contents = { .piece = lam_xmalloc(PIECE), .stop = stop };
	int code = lam_layer_builder_new(&builder, number, err);

	*out = NULL;
	lam_tar_reader_hash(tar, hash);
	lam_hash_init(&contents.hash, LAM_SHA256);
	if (code == 0)
		code = read_entries(builder, tar, &contents, err);
	if (code == 0)
		code = lam_layer_builder_finish(builder, out, err);
	lam_tar_reader_free(tar);
	lam_layer_builder_free(builder);
	lam_hash_fini(&contents.hash);
	free(contents.piece);
	return code;
}

size_t lam_layer_count_later(const struct lam_layer *layer, struct lam_clamp times)
{
	size_t later = 0;

	for (uint32_t i = 0; i < layer->inode_count; i++)
		later += lam_clamp_is_later(times, layer->inodes[i].mtime_s,
					    layer->inodes[i].mtime_ns);
	return later;
}
