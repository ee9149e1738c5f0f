/* One layer's bytes, asked for in any order, each once. */
#include <stdio.h>

#include "codec/codec.h"
#include "image_build.h"
#include "unit.h"
#include "write/contents_layer.h"

#define FILES 40

static struct lam_error err;

static void make_file(void *context, size_t n, struct image_entry *out)
{
	static char name[32];

	(void)context;
	snprintf(name, sizeof name, "file%02zu", n);
	/* some with room for nothing between them, some far larger than a piece */
	*out = (struct image_entry){ .path = name, .size = 1 + n * n * 397 % 300000 };
}

struct setting {
	struct built built;
	struct lam_contents_layer layer;
	struct lam_span spans[FILES];
	size_t order[FILES];
};

/* All but opened: every file is needed. */
static void prepare(struct setting *s, size_t memory)
{
	struct image_layer layers[] = { { .count = FILES,
					  .make = make_file,
					  .compression = { .codec = LAM_CODEC_GZIP,
							   .level = 1 } } };

	*s = (struct setting){ 0 };
	built_open(&s->built, layers, 1);
	lam_contents_layer_init(&s->layer);
	s->layer.image = s->built.image;
	s->layer.ranges = calloc(FILES, sizeof *s->layer.ranges);
	for (size_t i = 0; i < FILES; i++) {
		const struct lam_inode *inode;
		char name[32];

		snprintf(name, sizeof name, "file%02zu", i);
		uint32_t node = lam_tree_find(s->built.image->tree, name, strlen(name));
		struct lam_stat stat;

		assert_int_not_equal(node, LAM_NODE_NONE);
		lam_tree_stat(s->built.image->tree, node, &stat);
		inode = &s->built.image->indexes[0]->inodes[stat.inode];
		s->spans[i] = s->layer.ranges[i] =
			(struct lam_span){ inode->offset, inode->offset + inode->size };
		s->order[i] = i;
	}
	s->layer.count = FILES;
	s->layer.spool = lam_spool_new(s->built.dir, memory);
}

static void start(struct setting *s, unsigned pieces, size_t memory)
{
	prepare(s, memory);
	OK(lam_contents_layer_open(&s->layer, pieces, 64 << 10, false, &err));
}

static void end(struct setting *s)
{
	lam_contents_layer_fini(&s->layer);
	built_close(&s->built);
}

/* The same bytes from the image itself. */
static char *content_of(const struct setting *s, size_t file)
{
	size_t size = (size_t)(s->spans[file].to - s->spans[file].from);
	char name[32], *bytes = malloc(size + 1);
	struct lam_reader *reader = NULL;
	size_t got;

	snprintf(name, sizeof name, "file%02zu", file);
	OK(lam_source_open_layer(s->built.image->source, 0, 0, &reader, &err));
	reader = lam_decoder_new(reader, LAM_CODEC_GZIP);
	for (uint64_t at = 0; at < s->spans[file].from;) {
		char skipped[4096];
		uint64_t left = s->spans[file].from - at;

		OK(lam_read_full(reader, skipped,
				 left < sizeof skipped ? (size_t)left : sizeof skipped,
				 &got, &err));
		assert_true(got > 0);
		at += got;
	}
	OK(lam_read_full(reader, bytes, size, &got, &err));
	assert_int_equal(got, size);
	lam_reader_close(reader);
	return bytes;
}

/* In slices, as files are packed. */
static void read_file(struct setting *s, size_t file)
{
	const struct lam_span *span = &s->spans[file];
	char *want = content_of(s, file), slice[50000];

	for (uint64_t at = span->from; at < span->to; at += sizeof slice) {
		size_t len = span->to - at < sizeof slice ? (size_t)(span->to - at)
							  : sizeof slice;

		OK(lam_contents_layer_read(&s->layer, at, slice, len, &err));
		assert_memory_equal(slice, want + (at - span->from), len);
	}
	free(want);
}

static void shuffle(struct setting *s, uint64_t seed)
{
	for (size_t i = FILES - 1; i > 0; i--) {
		size_t j = next_random(&seed) % (i + 1), kept = s->order[i];

		s->order[i] = s->order[j];
		s->order[j] = kept;
	}
}

static void any_order(void **state)
{
	static const size_t memories[] = { 0, 100000, 64 << 20 };

	(void)state;
	for (uint64_t seed = 0; seed < 9; seed++) {
		struct setting s;

		start(&s, seed % 2 ? 3 : 0, memories[seed % 3]);
		if (seed == 1) {
			for (size_t i = 0; i < FILES; i++)
				s.order[i] = FILES - 1 - i;
		} else if (seed > 1) {
			shuffle(&s, seed);
		}
		for (size_t i = 0; i < FILES; i++)
			read_file(&s, s.order[i]);
		OK(lam_contents_layer_finish(&s.layer, &err));
		end(&s);
	}
}

static void in_order_needs_no_spool(void **state)
{
	struct setting s;

	(void)state;
	start(&s, 3, 0);
	for (size_t i = 0; i < FILES; i++)
		read_file(&s, i);
	assert_int_equal(lam_spool_size(s.layer.spool), 0);
	OK(lam_contents_layer_finish(&s.layer, &err));
	end(&s);
}

static void whole_and_then_read(void **state)
{
	struct setting s;

	(void)state;
	start(&s, 0, 0);
	OK(lam_contents_layer_finish(&s.layer, &err));
	for (size_t i = FILES; i-- > 0;)
		read_file(&s, i);
	OK(lam_contents_layer_finish(&s.layer, &err));
	end(&s);
}

static void some_read_and_then_whole(void **state)
{
	struct setting s;

	(void)state;
	start(&s, 2, 1000);
	read_file(&s, 7);
	read_file(&s, 30);
	OK(lam_contents_layer_finish(&s.layer, &err));
	read_file(&s, 3);
	read_file(&s, 35);
	end(&s);
}

/* What lies between is passed, by whoever reads, and kept nowhere. */
static void only_some_are_needed(void **state)
{
	(void)state;
	for (unsigned pieces = 0; pieces < 3; pieces++) {
		struct setting s;
		size_t count = 0;
		char byte;

		prepare(&s, 1000);
		for (size_t i = 5; i < FILES; i += 7)
			s.layer.ranges[count++] = s.spans[i];
		s.layer.count = count;
		OK(lam_contents_layer_open(&s.layer, pieces, 64 << 10, false, &err));
		read_file(&s, 5);
		read_file(&s, 26);
		assert_int_equal(lam_spool_size(s.layer.spool),
				 s.spans[12].to - s.spans[12].from + s.spans[19].to -
					 s.spans[19].from);
		read_file(&s, 19);
		read_file(&s, 33);
		read_file(&s, 12);
		OK(lam_contents_layer_finish(&s.layer, &err));
		assert_int_equal(lam_contents_layer_read(&s.layer, s.spans[6].from, &byte,
							 1, &err),
				 LAM_ESTOPPED);
		assert_int_equal(lam_contents_layer_finish(&s.layer, &err), LAM_EFORMAT);
		end(&s);
	}
}

static void none_is_needed(void **state)
{
	struct setting s;

	(void)state;
	prepare(&s, 0);
	s.layer.count = 0;
	OK(lam_contents_layer_open(&s.layer, 2, 64 << 10, false, &err));
	OK(lam_contents_layer_finish(&s.layer, &err));
	end(&s);
}

/* A range that the tar does not have: the index is wrong, and the blob is not. */
static void shorter_than_its_index(void **state)
{
	struct setting s;
	char byte;

	(void)state;
	prepare(&s, 1000);
	s.layer.ranges[FILES - 1].to = 1u << 30;
	OK(lam_contents_layer_open(&s.layer, 2, 64 << 10, false, &err));
	assert_int_equal(
		lam_contents_layer_read(&s.layer, (1u << 30) - 1, &byte, 1, &err),
		LAM_ESTOPPED);
	assert_int_equal(
		lam_contents_layer_read(&s.layer, s.spans[0].from, &byte, 1, &err),
		LAM_ESTOPPED);
	assert_int_equal(lam_contents_layer_finish(&s.layer, &err), LAM_EFORMAT);
	assert_non_null(strstr(err.text, "its tar is shorter than its index"));
	end(&s);
}

static void stops(void **state)
{
	atomic_bool stop = false;
	struct lam_progress progress = { .stop = &stop };
	struct setting s;
	char byte;
	int code = 0;

	(void)state;
	prepare(&s, 1000);
	s.layer.progress = &progress;
	OK(lam_contents_layer_open(&s.layer, 0, 0, false, &err));
	OK(lam_contents_layer_read(&s.layer, s.spans[0].from, &byte, 1, &err));
	stop = true;
	code = lam_contents_layer_read(&s.layer, s.spans[FILES - 1].to - 1, &byte, 1,
				       &err);
	assert_int_equal(code, LAM_ESTOPPED);
	assert_int_equal(lam_contents_layer_finish(&s.layer, &err), LAM_ESTOPPED);
	end(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_order),
		cmocka_unit_test(in_order_needs_no_spool),
		cmocka_unit_test(whole_and_then_read),
		cmocka_unit_test(some_read_and_then_whole),
		cmocka_unit_test(only_some_are_needed),
		cmocka_unit_test(none_is_needed),
		cmocka_unit_test(shorter_than_its_index),
		cmocka_unit_test(stops),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
