/* Cuts a written layer's tar by what is in it. */
#include "write/pieces.h"

#include <isa-l/crc64.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/stop.h"
#include "codec/codec.h"
#include "tar/write.h"

/* Changes with what written layers are made like: their tar, their pieces, their
 * compression. */
#define FORM "lamina 3"
/* Where a codec has no chunks, pieces say what is in a layer, and nothing more. */
#define CHUNK (1u << 20)
/* A block of a header in as many lines as a number has bits. */
#define LINE  32u
#define LINES 16u

struct cutting {
	const struct lam_layout *layout;
	const struct lam_layout_target *target;
	struct lam_pieces *out;
	uint32_t chunk;
	uint8_t base[32]; /* what is the same for all pieces */
	struct lam_member_scratch scratch;
	struct lam_buf header, said;
	struct lam_hash hash;
	struct lam_piece open; /* that is gathered; len 0: none */
};

void lam_pieces_fini(struct lam_pieces *pieces)
{
	free(pieces->items);
	*pieces = (struct lam_pieces){ 0 };
}

/* Numbers go into hashes in one order of bytes. */
static void say_number(struct lam_buf *said, uint64_t number)
{
	for (int i = 0; i < 8; i++)
		lam_text_putc(said, (char)(number >> 8 * i));
}

/* One part of a piece: what it is, how long, and what it comes from. */
static void say(struct lam_buf *said, char what, uint64_t len, const void *from,
		size_t from_len)
{
	lam_text_putc(said, what);
	say_number(said, len);
	lam_text_add(said, from, from_len);
}

/* A header, which is mostly zeros: of each block the lines that are not, and which these are. */
static void say_header(struct cutting *c)
{
	static const char zeros[LINE];

	say(&c->said, 'h', c->header.len, NULL, 0);
	for (size_t at = 0; at < c->header.len; at += (size_t)LINES * LINE) {
		size_t bits_at = c->said.len, bits = 0;

		lam_text_add(&c->said, zeros, LINES / 8);
		for (size_t i = 0; i < LINES; i++) {
			const char *line = c->header.data + at + i * LINE;

			if (memcmp(line, zeros, LINE) == 0)
				continue;
			bits |= (size_t)1 << i;
			lam_text_add(&c->said, line, LINE);
		}
		c->said.data[bits_at] = (char)bits;
		c->said.data[bits_at + 1] = (char)(bits >> 8);
	}
}

static int push(struct cutting *c, struct lam_piece piece, struct lam_error *err)
{
	struct lam_digest key;

	lam_hash_final(&c->hash, &key);
	memcpy(piece.key, key.bytes, sizeof piece.key);
	if (LAM_GROW(c->out->items, c->out->count, c->out->cap, err) < 0)
		return err->code;
	c->out->items[c->out->count++] = piece;
	return 0;
}

static void begin(struct cutting *c)
{
	lam_hash_reset(&c->hash);
	lam_hash_update(&c->hash, c->base, sizeof c->base);
}

static int close_piece(struct cutting *c, struct lam_error *err)
{
	struct lam_piece piece = c->open;

	c->open.len = 0;
	return piece.len ? push(c, piece, err) : 0;
}

/* More of a member for the piece that is gathered; `said` tells it. */
static int gather(struct cutting *c, uint32_t member, bool bare, uint64_t len,
		  struct lam_error *err)
{
	if (c->open.len + len > c->chunk && close_piece(c, err) < 0)
		return err->code;
	if (c->open.len == 0) {
		c->open = (struct lam_piece){ .member = member, .bare = bare };
		begin(c);
	}
	c->open.end = member + 1;
	c->open.len += (uint32_t)len;
	lam_hash_update(&c->hash, c->said.data, c->said.len);
	return 0;
}

/* Part of a member that has pieces of its own, a chunk each and a rest. */
static int spread(struct cutting *c, uint32_t member, enum lam_piece_kind kind,
		  uint64_t len, struct lam_error *err)
{
	size_t said = c->said.len;

	if (close_piece(c, err) < 0)
		return err->code;
	for (uint64_t at = 0; at < len; at += c->chunk) {
		const struct lam_piece piece = { .kind = (uint8_t)kind,
						 .member = member,
						 .from = at,
						 .len = len - at < c->chunk
								? (uint32_t)(len - at)
								: c->chunk };

		c->said.len = said;
		say_number(&c->said, at);
		begin(c);
		lam_hash_update(&c->hash, c->said.data, c->said.len);
		if (push(c, piece, err) < 0)
			return err->code;
	}
	lam_buf_clear(&c->said);
	return 0;
}

/* Once an eighth of a chunk is there, and then with every byte of what follows as likely
 * as with any other: half a chunk is the mean. */
static bool is_border(const struct cutting *c, struct lam_str path, uint64_t len)
{
	return c->open.len >= c->chunk / 8 &&
	       crc64_ecma_refl(0, (const unsigned char *)path.bytes, path.len) %
			       (c->chunk / 2) <
		       len;
}

/* `said` ends with the content, if there is any. */
static void say_content(struct cutting *c, const struct lam_member *member, uint64_t size)
{
	struct lam_stat stat;

	lam_tree_stat(c->layout->tree, member->node, &stat);
	say(&c->said, 'c', size, stat.content, sizeof stat.content);
}

static int add_large(struct cutting *c, uint32_t n, uint64_t head, uint64_t size,
		     uint64_t content, struct lam_error *err)
{
	const struct lam_member *member = &c->target->members[n];
	int code = head < c->out->large ? gather(c, n, false, head, err)
					: spread(c, n, LAM_PIECE_HEADER, head, err);

	if (code < 0 || content == 0)
		return code;
	lam_buf_clear(&c->said);
	say_content(c, member, size);
	return content < c->out->large ? gather(c, n, true, content, err)
				       : spread(c, n, LAM_PIECE_CONTENT, content, err);
}

static int add_member(struct cutting *c, uint32_t n, struct lam_error *err)
{
	const struct lam_member *member = &c->target->members[n];
	uint64_t content = 0, head, large = c->out->large;
	struct lam_entry entry;

	lam_buf_clear(&c->header);
	lam_member_entry(c->layout->tree, c->layout->plan->times, member, &c->scratch,
			 &entry);
	if (lam_tar_append_header(&c->header, &entry, err) < 0)
		return err->code;
	head = c->header.len;
	if (entry.type == LAM_TYPE_FILE && entry.size)
		content = entry.size + lam_tar_padding(entry.size);
	if (is_border(c, entry.path, head + (content < large ? content : 0)) &&
	    close_piece(c, err) < 0)
		return err->code;
	lam_buf_clear(&c->said);
	say_header(c);
	if (head >= large || content >= large)
		return add_large(c, n, head, entry.size, content, err);
	if (content)
		say_content(c, member, entry.size);
	return gather(c, n, false, head + content, err);
}

/* The end blocks are no member. */
static int add_end(struct cutting *c, struct lam_error *err)
{
	uint32_t count = (uint32_t)c->target->member_count;

	lam_buf_clear(&c->said);
	say(&c->said, 'e', LAM_TAR_END, NULL, 0);
	if (gather(c, count, false, LAM_TAR_END, err) < 0)
		return err->code;
	c->open.end = count;
	c->open.ends = true;
	return close_piece(c, err);
}

static int add_all(struct cutting *c, struct lam_error *err)
{
	for (size_t i = 0; i < c->target->member_count; i++) {
		if (lam_stops(c->layout->stop, i))
			return lam_fail_stopped(err);
		if (add_member(c, (uint32_t)i, err) < 0)
			return err->code;
	}
	return add_end(c, err);
}

/* What compresses counts: another version of it may make other bytes. */
static void set_base(struct cutting *c)
{
	const struct lam_compression *how = &c->target->info.compression;
	const struct lam_codec_row *row = lam_codec_row(how->codec);
	LAM_CLEANUP(lam_buf_fini) struct lam_buf said = LAM_TEXT;
	char text[LAM_COMPRESSION_TEXT];
	struct lam_digest base;

	lam_text_puts(&said, FORM "\n");
	lam_text_puts(&said, lam_compression_format(*how, text));
	lam_text_putc(&said, '\n');
	lam_text_puts(&said, row->maker ? row->maker() : "");
	base = lam_digest_of(LAM_SHA256, said.data, said.len);
	memcpy(c->base, base.bytes, sizeof c->base);
	c->chunk = row->chunks ? (uint32_t)row->chunks->size(how->level) : CHUNK;
	c->out->large = c->chunk / 4;
}

static void set_recipe(struct cutting *c)
{
	struct lam_digest recipe;

	begin(c);
	for (size_t i = 0; i < c->out->count; i++)
		lam_hash_update(&c->hash, c->out->items[i].key,
				sizeof c->out->items[i].key);
	lam_hash_final(&c->hash, &recipe);
	memcpy(c->out->recipe, recipe.bytes, LAM_RECIPE);
}

int lam_pieces_cut(struct lam_pieces *out, const struct lam_layout *layout,
		   const struct lam_layout_target *target, struct lam_error *err)
{
	struct cutting c = { .layout = layout,
			     .target = target,
			     .out = out,
			     .scratch = LAM_MEMBER_SCRATCH,
			     .header = LAM_BUF(SIZE_MAX / 2),
			     .said = LAM_TEXT };
	int code;

	*out = (struct lam_pieces){ 0 };
	lam_hash_init(&c.hash, LAM_SHA256);
	set_base(&c);
	code = add_all(&c, err);
	if (code == 0)
		set_recipe(&c);
	lam_hash_fini(&c.hash);
	lam_member_scratch_fini(&c.scratch);
	lam_buf_fini(&c.header);
	lam_buf_fini(&c.said);
	return code;
}
