/* Tars made of an image's nodes. */
#include "write/pack.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "codec/encoder.h"
#include "tar/write.h"

/* Small enough to be hashed and copied while it is in the core's own cache. */
#define CHUNK (256u << 10)

struct packing {
	const struct lam_image *image;
	const struct lam_contents *contents; /* NULL: from the image's blobs */
	struct lam_clamp times;
	struct lam_writer *out;
	const struct lam_meter *meter; /* NULL: nobody stops it */
	struct lam_member_scratch scratch;
	struct lam_buf header;
	size_t strip;   /* bytes of each path that an export leaves out */
	uint64_t large; /* contents of this size on, padding included, stand alone */
	char *chunk;    /* CHUNK bytes of content on their way */
};

static const char ZEROS[LAM_TAR_END];

static int put(void *context, const void *bytes, size_t len, struct lam_error *err)
{
	struct packing *p = context;

	if (p->meter && lam_meter_check(p->meter, err) < 0)
		return err->code;
	return lam_write(p->out, bytes, len, err);
}

static int put_zeros(struct packing *p, uint64_t len, struct lam_error *err)
{
	if (len)
		memset(p->chunk, 0, len < CHUNK ? (size_t)len : CHUNK);
	while (len > 0) {
		size_t now = len < CHUNK ? (size_t)len : CHUNK;

		if (put(p, p->chunk, now, err) < 0)
			return err->code;
		len -= now;
	}
	return 0;
}

static int put_stored(struct packing *p, uint32_t layer, uint64_t at, uint64_t len,
		      struct lam_error *err)
{
	while (len > 0) {
		size_t now = len < CHUNK ? (size_t)len : CHUNK;

		if (lam_contents_read(p->contents, layer, at, p->chunk, now, err) < 0 ||
		    put(p, p->chunk, now, err) < 0)
			return err->code;
		at += now;
		len -= now;
	}
	return 0;
}

/* Bytes [from, to) of a file; the holes of a sparse one are written out. */
static int put_content(struct packing *p, const struct lam_stat *stat, uint64_t from,
		       uint64_t to, struct lam_error *err)
{
	const struct lam_layer *layer = p->image->indexes[stat->layer];
	const struct lam_inode *inode = &layer->inodes[stat->inode];
	struct lam_extent whole;
	size_t count;
	const struct lam_extent *e = lam_layer_extents(layer, inode, &whole, &count);
	uint64_t stored = inode->offset;

	for (size_t i = 0; i < count && from < to; stored += e[i++].length) {
		uint64_t begin = e[i].offset < to ? e[i].offset : to, end;

		if (from < begin) {
			if (put_zeros(p, begin - from, err) < 0)
				return err->code;
			from = begin;
		}
		end = e[i].offset + e[i].length < to ? e[i].offset + e[i].length : to;
		if (from >= end)
			continue;
		if (put_stored(p, stat->layer, stored + (from - e[i].offset), end - from,
			       err) < 0)
			return err->code;
		from = end;
	}
	return from < to ? put_zeros(p, to - from, err) : 0;
}

static void strip(struct lam_str *path, size_t len)
{
	path->bytes += len;
	path->len -= len;
}

/* Makes the header, and tells the size of the content, padding included. */
static int make_header(struct packing *p, const struct lam_member *member,
		       uint64_t *out_size, struct lam_error *err)
{
	struct lam_entry entry;

	lam_buf_clear(&p->header);
	lam_member_entry(p->image->tree, p->times, member, &p->scratch, &entry);
	strip(&entry.path, p->strip);
	if (member->kind == LAM_MEMBER_LINK)
		strip(&entry.target, p->strip);
	*out_size = entry.type == LAM_TYPE_FILE ? entry.size + lam_tar_padding(entry.size)
						: 0;
	return lam_tar_append_header(&p->header, &entry, err);
}

/* Bytes [from, to) of a file and its padding. */
static int pack_content(struct packing *p, const struct lam_member *member, uint64_t from,
			uint64_t to, struct lam_error *err)
{
	struct lam_stat stat;
	uint64_t end;

	lam_tree_stat(p->image->tree, member->node, &stat);
	end = to < stat.size ? to : stat.size;
	if (from < end &&
	    (p->contents ? put_content(p, &stat, from, end, err)
			 : lam_image_read_inode(p->image, stat.layer, stat.inode, put, p,
						p->meter->progress->stop, err)) < 0)
		return err->code;
	return put_zeros(p, to - (from < end ? end : from), err);
}

static int pack_member(struct packing *p, const struct lam_member *member, bool bare,
		       struct lam_error *err)
{
	uint64_t size;

	if (make_header(p, member, &size, err) < 0 ||
	    (!bare && put(p, p->header.data, p->header.len, err) < 0))
		return err->code;
	return size == 0 || size >= p->large ? 0 : pack_content(p, member, 0, size, err);
}

static int pack_part(struct packing *p, const struct lam_member *member,
		     const struct lam_piece *piece, struct lam_error *err)
{
	uint64_t size;

	if (piece->kind == LAM_PIECE_CONTENT)
		return pack_content(p, member, piece->from, piece->from + piece->len,
				    err);
	if (make_header(p, member, &size, err) < 0)
		return err->code;
	return put(p, p->header.data + piece->from, piece->len, err);
}

static int fail_member(const struct packing *p, const struct lam_member *member,
		       struct lam_error *err)
{
	char *path;

	if (err->code == LAM_ESTOPPED)
		return err->code;
	path = lam_tree_path_text(p->image->tree, member->node);
	(void)lam_wrap(err, "%s", path ? path : "?");
	free(path);
	return err->code;
}

static int pack_piece(struct packing *p, const struct lam_member *members,
		      const struct lam_piece *piece, struct lam_error *err)
{
	if (piece->kind != LAM_PIECE_GROUP)
		return pack_part(p, &members[piece->member], piece, err) < 0
			       ? fail_member(p, &members[piece->member], err)
			       : 0;
	for (uint32_t i = piece->member; i < piece->end; i++) {
		if (pack_member(p, &members[i], piece->bare && i == piece->member, err) <
		    0)
			return fail_member(p, &members[i], err);
	}
	return piece->ends ? put(p, ZEROS, sizeof ZEROS, err) : 0;
}

static void begin(struct packing *p)
{
	p->chunk = lam_xmalloc(CHUNK);
	p->scratch = LAM_MEMBER_SCRATCH;
	p->header = LAM_BUF(SIZE_MAX / 2);
}

static void end(struct packing *p)
{
	lam_member_scratch_fini(&p->scratch);
	lam_buf_fini(&p->header);
	free(p->chunk);
}

static int pack_all(struct packing *p, const struct lam_member *members, size_t count,
		    struct lam_error *err)
{
	const struct lam_piece all = { .end = (uint32_t)count, .ends = true };
	int code;

	p->large = UINT64_MAX;
	begin(p);
	code = pack_piece(p, members, &all, err);
	end(p);
	return code;
}

int lam_pack_pieces(const struct lam_contents *contents,
		    const struct lam_layout_target *target,
		    const struct lam_pieces *pieces, struct lam_writer *encoder,
		    int (*copy)(void *context, const struct lam_piece *piece,
				struct lam_error *err),
		    void *context, const struct lam_meter *meter, struct lam_error *err)
{
	struct packing p = { .image = lam_contents_layout(contents)->image,
			     .contents = contents,
			     .times = lam_contents_layout(contents)->plan->times,
			     .out = encoder,
			     .meter = meter,
			     .large = pieces->large };
	int code = 0;

	begin(&p);
	for (size_t i = 0; i < pieces->count && code == 0; i++) {
		const struct lam_piece *piece = &pieces->items[i];

		code = piece->copied ? copy(context, piece, err)
				     : pack_piece(&p, target->members, piece, err);
		if (code == 0)
			code = lam_encoder_cut(encoder, err);
	}
	end(&p);
	return code;
}

int lam_pack(const struct lam_contents *contents, const struct lam_layout_target *target,
	     struct lam_writer *out, const struct lam_meter *meter, struct lam_error *err)
{
	struct packing p = { .image = lam_contents_layout(contents)->image,
			     .contents = contents,
			     .times = lam_contents_layout(contents)->plan->times,
			     .out = out,
			     .meter = meter };

	return pack_all(&p, target->members, target->member_count, err);
}

/* Exports */

#define GATHERED (64u << 10)

struct giving { /* a writer that gives to a function */
	struct lam_writer base;
	int (*write)(void *context, const void *bytes, size_t len, struct lam_error *err);
	void *context;
};

static int giving_write(struct lam_writer *self, const void *bytes, size_t len,
			struct lam_error *err)
{
	struct giving *g = (struct giving *)self;

	return g->write(g->context, bytes, len, err);
}

static const struct lam_writer_ops GIVING = { .write = giving_write };

static struct lam_writer *writer_to(int (*write)(void *context, const void *bytes,
						 size_t len, struct lam_error *err),
				    void *context)
{
	struct giving *g = lam_xmalloc(sizeof *g);

	*g = (struct giving){ { &GIVING, NULL }, write, context };
	return lam_writer_gather(&g->base, GATHERED);
}

/* Links are to the first name in the subtree. */
static int collect(const struct lam_tree *tree, uint32_t top, struct lam_member **out,
		   size_t *out_count, struct lam_error *err)
{
	LAM_CLEANUP(lam_free_ptr) bool *outside = malloc(tree->node_count);
	LAM_CLEANUP(lam_left_fini) struct lam_left left = { 0 };
	size_t cap = 0, names;

	*out = NULL;
	*out_count = 0;
	if (!outside)
		return lam_fail_memory(err);
	memset(outside, true, tree->node_count);
	for (uint32_t n = top; n != LAM_NODE_NONE; n = lam_tree_next(tree, n, top))
		outside[n] = false;
	lam_left_set(&left, tree, outside);
	for (uint32_t n = top; n != LAM_NODE_NONE; n = lam_tree_next(tree, n, top)) {
		uint32_t first = lam_left_first(&left, n, &names);

		if (LAM_GROW(*out, *out_count, cap, err) < 0)
			return err->code;
		(*out)[(*out_count)++] = (struct lam_member){
			n, first, first == n ? LAM_MEMBER_ENTRY : LAM_MEMBER_LINK
		};
	}
	return 0;
}

int lam_image_export(const struct lam_image *image, uint32_t node,
		     int (*write)(void *context, const void *bytes, size_t len,
				  struct lam_error *err),
		     void *context, const atomic_bool *stop, struct lam_error *err)
{
	const struct lam_progress progress = { .stop = stop };
	const struct lam_meter meter = { .progress = &progress };
	struct packing p = { .image = image,
			     .out = writer_to(write, context),
			     .meter = &meter };
	struct lam_member *members;
	size_t count;
	int code = collect(image->tree, node, &members, &count, err);

	for (uint32_t n = image->tree->nodes[node].parent; n != LAM_NODE_ROOT;
	     n = image->tree->nodes[n].parent) {
		size_t len;

		lam_tree_name(image->tree, n, &len);
		p.strip += len + 1;
	}
	if (code == 0)
		code = pack_all(&p, members, count, err);
	if (code == 0)
		code = lam_finish(p.out, err);
	lam_writer_close(p.out);
	free(members);
	return code;
}
