/* gzip, written: libdeflate compresses each chunk, ISA-L proves it and finds where its
 * last block begins, which is then none, so that the chunks are one member. */
#include <isa-l/crc.h>
#include <libdeflate.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "codec/checkpoint.h"
#include "codec/gzip.h"

#define CHUNK (1u << 20)
/* Where a chunk of 1 MiB would take a tenth of a second. */
#define SLOW_FROM  10
#define SLOW_CHUNK (256u << 10)
/* An empty stored block, from the byte on that its header ends in. */
#define SYNC 4u

static const unsigned char HEADER[10] = { 0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255 };

struct packer {
	struct libdeflate_compressor *deflate, *store;
	struct inflate_state inflate;
	unsigned char plain[128u << 10]; /* inflated; it stays in the core's own cache */
};

/* Bytes of a chunk that were deflated, and what they should be. */
struct proof {
	unsigned char *want;
	size_t want_len, proven;
	unsigned char *bytes;
	size_t len, bit; /* where the next block begins */
};

static uint32_t sum(uint32_t crc, const void *bytes, size_t len)
{
	return len ? crc32_gzip_refl(crc, bytes, len) : crc;
}

static size_t chunk_size(int level)
{
	return level >= SLOW_FROM ? SLOW_CHUNK : CHUNK;
}

static void packer_free(void *packer)
{
	struct packer *p = packer;

	if (p->deflate)
		libdeflate_free_compressor(p->deflate);
	if (p->store)
		libdeflate_free_compressor(p->store);
	free(p);
}

static void *packer_new(int level)
{
	struct packer *p = lam_xcalloc(1, sizeof *p);

	p->deflate = libdeflate_alloc_compressor(level);
	p->store = libdeflate_alloc_compressor(0);
	if (!p->deflate || !p->store)
		lam_out_of_memory();
	return p;
}

static int fail_proof(struct lam_error *err)
{
	return lam_fail(err, LAM_EWRITE,
			"gzip: what was compressed does not inflate to what it was: the "
			"memory is not to be trusted");
}

/* Inflates the block at c->bit, which says that it is the last. */
static int prove_block(struct packer *p, struct proof *c, struct lam_error *err)
{
	struct inflate_state *s = &p->inflate;
	size_t window =
		c->proven < LAM_CHECKPOINT_WINDOW ? c->proven : LAM_CHECKPOINT_WINDOW;
	size_t at = (c->bit + 7) / 8, got = 1;
	unsigned left = (unsigned)(at * 8 - c->bit);

	lam_inflate_begin(s, c->want + c->proven - window, window,
			  left ? (uint64_t)c->bytes[at - 1] >> (8 - left) : 0, left);
	s->next_in = c->bytes + at;
	s->avail_in = (uint32_t)(c->len - at);
	while (s->block_state != ISAL_BLOCK_FINISH) {
		s->next_out = p->plain;
		s->avail_out = sizeof p->plain;
		if (got == 0 || isal_inflate(s) != ISAL_DECOMP_OK)
			return fail_proof(err);
		got = sizeof p->plain - s->avail_out;
		if (got > c->want_len - c->proven ||
		    memcmp(p->plain, c->want + c->proven, got) != 0)
			return fail_proof(err);
		c->proven += got;
	}
	c->bit = (size_t)(s->next_in - c->bytes) * 8 - (size_t)s->read_in_length;
	return 0;
}

/* Inflates block after block; none is the last then. Each of them is told to be it, as
 * the inflater stops there alone. */
static int prove(struct packer *p, struct proof *c, struct lam_error *err)
{
	bool last = false;

	while (!last) {
		unsigned char *at = &c->bytes[c->bit / 8];
		unsigned char flag = (unsigned char)(1u << c->bit % 8);

		if (c->bit / 8 >= c->len)
			return fail_proof(err);
		last = *at & flag;
		*at |= flag;
		if (prove_block(p, c, err) < 0)
			return err->code;
		*at &= (unsigned char)~flag;
	}
	return c->proven == c->want_len && (c->bit + 7) / 8 == c->len ? 0
								      : fail_proof(err);
}

/* Three zero bits, zeros to the end of the byte, and a length of 0. */
static size_t end_on_byte(unsigned char *bytes, size_t bit)
{
	size_t len = (bit + 3 + 7) / 8;

	bytes[bit / 8] &= (unsigned char)((1u << bit % 8) - 1);
	if (bit / 8 < len - 1)
		bytes[len - 1] = 0;
	memcpy(bytes + len, "\0\0\xff\xff", SYNC);
	return len + SYNC;
}

static int pack(void *packer, struct lam_chunk *chunk, struct lam_error *err)
{
	struct packer *p = packer;
	unsigned char nothing[1],
		*in = chunk->in.len ? (unsigned char *)chunk->in.data : nothing;
	struct proof proof = { .want = in, .want_len = chunk->in.len };
	struct libdeflate_compressor *how =
		lam_is_incompressible(in, chunk->in.len) ? p->store : p->deflate;
	size_t bound = libdeflate_deflate_compress_bound(how, chunk->in.len);

	if (lam_buf_reserve(&chunk->out, sizeof HEADER + bound + 1 + SYNC, err) < 0)
		return err->code;
	if (chunk->first)
		lam_text_add(&chunk->out, HEADER, sizeof HEADER);
	proof.bytes = (unsigned char *)chunk->out.data + chunk->out.len;
	proof.len =
		libdeflate_deflate_compress(how, in, chunk->in.len, proof.bytes, bound);
	if (proof.len == 0)
		return lam_fail(err, LAM_EWRITE,
				"gzip: the compressor needs more than it said");
	if (prove(p, &proof, err) < 0)
		return err->code;
	chunk->out_len = end_on_byte(proof.bytes, proof.bit);
	chunk->out.len += chunk->out_len;
	chunk->crc = sum(0, in, chunk->in.len);
	return 0;
}

static int fail_copied(struct lam_error *err)
{
	return lam_fail(
		err, LAM_EFORMAT,
		"gzip: a piece of another layer is not what the cache says of it");
}

/* Inflates it all; the last of its blocks is empty, and none says that it is the last. */
static bool inflate_copied(struct packer *p, struct lam_chunk *chunk)
{
	struct inflate_state *s = &p->inflate;
	size_t want = chunk->copied.len;

	lam_inflate_begin(s, NULL, 0, 0, 0);
	s->next_in = (unsigned char *)chunk->out.data;
	s->avail_in = (uint32_t)chunk->out.len;
	s->next_out = (unsigned char *)chunk->in.data;
	s->avail_out = (uint32_t)want + 1; /* else it stops before the last block */
	if (isal_inflate(s) != ISAL_DECOMP_OK)
		return false;
	chunk->in.len = want + 1 - s->avail_out;
	/* before a block, or about to look for one, of which there is no bit */
	return s->avail_out == 1 && s->avail_in == 0 && s->read_in_length == 0 &&
	       s->tmp_in_size == 0 &&
	       (s->block_state == ISAL_BLOCK_NEW_HDR || s->block_state == ISAL_BLOCK_HDR);
}

static int unpack(void *packer, struct lam_chunk *chunk, struct lam_error *err)
{
	static const char end[SYNC] = "\0\0\xff\xff";
	struct lam_buf *out = &chunk->out;

	if (lam_buf_reserve(&chunk->in, chunk->copied.len + 1u, err) < 0)
		return err->code;
	if (out->len < SYNC || memcmp(out->data + out->len - SYNC, end, SYNC) != 0 ||
	    !inflate_copied(packer, chunk))
		return fail_copied(err);
	chunk->out_len = out->len;
	chunk->crc = sum(0, chunk->in.data, chunk->in.len);
	if (chunk->crc != chunk->copied.crc)
		return fail_copied(err);
	if (!chunk->first)
		return 0;
	if (lam_buf_reserve(out, sizeof HEADER, err) < 0)
		return err->code;
	memmove(out->data + sizeof HEADER, out->data, out->len);
	memcpy(out->data, HEADER, sizeof HEADER);
	out->len += sizeof HEADER;
	return 0;
}

static void end(struct lam_buf *out, uint32_t crc, uint32_t len)
{
	const uint32_t sums[2] = { crc, len };

	lam_text_add(out, "\3\0", 2); /* a last block, empty */
	for (int i = 0; i < 8; i++)
		lam_text_putc(out, (char)(sums[i / 4] >> 8 * (i % 4)));
}

const struct lam_chunks lam_gzip_chunks = {
	.size = chunk_size,
	.packer_new = packer_new,
	.packer_free = packer_free,
	.pack = pack,
	.unpack = unpack,
	.sum = sum,
	.end = end,
};
