/* Tars written and read again, and odd ones: what Go's archive/tar makes of them, or a
 * refusal. */
#include <stdio.h>

#include "tar/read.h"
#include "tar/write.h"
#include "tar_build.h"
#include "unit.h"

static struct lam_error err;

/* "f:name:size l:name:target ..." of all entries, and how it ended: "ok", or "refused".
 */
static void describe(const void *bytes, size_t len, char *out, size_t out_size)
{
	static const char kinds[] = "fhlcbdpg?";
	const struct lam_entry *e;
	struct lam_tar_reader *tar;
	struct lam_reader *reader;
	size_t used = 0;
	int got;

	reader = lam_reader_memory(bytes, len);
	tar = lam_tar_reader_new(reader);
	while ((got = lam_tar_next(tar, &e, &err)) > 0)
		used += (size_t)snprintf(out + used, out_size - used, "%c:%.*s:%llu ",
					 kinds[e->type],
					 (int)(e->path.len < 40 ? e->path.len : 40),
					 e->path.bytes, (unsigned long long)e->size);
	snprintf(out + used, out_size - used, "%s", got == 0 ? "ok" : "refused");
	lam_tar_reader_free(tar);
	lam_reader_close(reader);
}

#define BODY(text) .body = (text), .body_len = sizeof(text) - 1

static void odd(void **state)
{
	static const struct {
		const char *what, *is;
		struct tar_member members[8];
		bool no_end;
	} cases[] = {
		{ "a plain file", "f:a:5 ok", { { .name = "a", BODY("HELLO") } }, false },
		{ "no end blocks", "f:a:5 ok", { { .name = "a", BODY("HELLO") } }, true },
		{ "V7 directory",
		  "d:d/:0 ok",
		  { { .name = "d/", .flag = TAR_NUL, .magic = TAR_V7 } },
		  false },
		{ "type 0 with a slash and content",
		  "refused",
		  { { .name = "d/", BODY("x") } },
		  false },
		{ "size of a directory means nothing",
		  "d:d/:0 f:a:0 ok",
		  { { .name = "d/", .flag = '5', .size = "00000001000" },
		    { .name = "a" } },
		  false },
		{ "a symlink with a body",
		  "l:s:0 refused",
		  { { .name = "s", .flag = '2', .link = "t", BODY("x") } },
		  false },
		{ "a hard link with a size",
		  "f:t:1 h:h:0 f:z:0 ok",
		  { { .name = "t", BODY("T") },
		    { .name = "h", .flag = '1', .link = "t", .size = "00000000005" },
		    { .name = "z" } },
		  false },
		{ "contiguous",
		  "f:c:1 ok",
		  { { .name = "c", .flag = '7', BODY("C") } },
		  false },
		{ "an unknown type is skipped",
		  "?:v:0 f:a:0 ok",
		  { { .name = "v", .flag = 'V', BODY("data") }, { .name = "a" } },
		  false },
		{ "a global header",
		  "g:g:0 f:a:0 ok",
		  { { .name = "g", .flag = 'g', BODY("13 comment=x\n") },
		    { .name = "a" } },
		  false },
		{ "PAX path",
		  "f:long:1 ok",
		  { { .name = "x", .flag = 'x', BODY("13 path=long\n") },
		    { .name = "a", BODY("1") } },
		  false },
		{ "PAX size wins",
		  "f:a:5 ok",
		  { { .name = "x", .flag = 'x', BODY("10 size=5\n") },
		    { .name = "a", .size = "00000002000", BODY("HELLO") } },
		  false },
		{ "two PAX paths: the last, as Go reads it",
		  "f:b:0 ok",
		  { { .name = "x", .flag = 'x', BODY("10 path=a\n10 path=b\n") },
		    { .name = "a" } },
		  false },
		{ "two PAX sizes",
		  "refused",
		  { { .name = "x", .flag = 'x', BODY("10 size=0\n10 size=1\n") },
		    { .name = "a", BODY("1") } },
		  false },
		{ "the same PAX size twice",
		  "f:a:1 ok",
		  { { .name = "x", .flag = 'x', BODY("10 size=1\n10 size=1\n") },
		    { .name = "a", BODY("1") } },
		  false },
		{ "two PAX headers: the last, as Go reads it",
		  "f:b:0 ok",
		  { { .name = "x", .flag = 'x', BODY("10 path=a\n") },
		    { .name = "x", .flag = 'x', BODY("10 path=b\n") },
		    { .name = "a" } },
		  false },
		{ "PAX and a GNU name: GNU's, as Go reads it",
		  "f:name:0 ok",
		  { { .name = "x", .flag = 'x', BODY("10 path=a\n") },
		    { .name = "L", .flag = 'L', BODY("name\0") },
		    { .name = "a" } },
		  false },
		{ "PAX and the same GNU name",
		  "f:name:0 ok",
		  { { .name = "x", .flag = 'x', BODY("13 path=name\n") },
		    { .name = "L", .flag = 'L', BODY("name\0") },
		    { .name = "a" } },
		  false },
		{ "PAX of other things before and after GNU names",
		  "l:name:0 f:n2:0 ok",
		  { { .name = "x", .flag = 'x', BODY("11 mtime=5\n") },
		    { .name = "K", .flag = 'K', BODY("target\0") },
		    { .name = "L", .flag = 'L', BODY("name\0") },
		    { .name = "a", .flag = '2', .link = "t" },
		    { .name = "L", .flag = 'L', BODY("n2\0") },
		    { .name = "x", .flag = 'x', BODY("11 mtime=5\n") },
		    { .name = "a" } },
		  false },
		{ "two GNU names: the last, as Go reads it",
		  "f:other:0 ok",
		  { { .name = "L", .flag = 'L', BODY("name\0") },
		    { .name = "L", .flag = 'L', BODY("other\0") },
		    { .name = "a" } },
		  false },
		{ "a symlink with a size and no body, as Go reads it",
		  "l:s:0 f:z:0 ok",
		  { { .name = "s", .flag = '2', .link = "t", .size = "00000000005" },
		    { .name = "z" } },
		  false },
		{ "a GNU name",
		  "f:name:0 ok",
		  { { .name = "L", .flag = 'L', BODY("name\0") }, { .name = "a" } },
		  false },
		{ "an empty GNU name is none",
		  "f:a:0 ok",
		  { { .name = "L", .flag = 'L' }, { .name = "a" } },
		  false },
		{ "PAX, no equals",
		  "refused",
		  { { .name = "x", .flag = 'x', BODY("6 abc\n") }, { .name = "a" } },
		  false },
		{ "PAX, too long",
		  "refused",
		  { { .name = "x", .flag = 'x', BODY("99 path=a\n") }, { .name = "a" } },
		  false },
		{ "PAX, no newline",
		  "refused",
		  { { .name = "x", .flag = 'x', BODY("11 path=abX") }, { .name = "a" } },
		  false },
		{ "PAX, no key",
		  "refused",
		  { { .name = "x", .flag = 'x', BODY("5 =x\n") }, { .name = "a" } },
		  false },
		{ "PAX, zero in a path",
		  "refused",
		  { { .name = "x", .flag = 'x', BODY("12 path=a\0b\n") },
		    { .name = "a" } },
		  false },
		{ "PAX, size that is none",
		  "refused",
		  { { .name = "x", .flag = 'x', BODY("12 size=12x\n") },
		    { .name = "a" } },
		  false },
		{ "PAX, negative size",
		  "refused",
		  { { .name = "x", .flag = 'x', BODY("11 size=-1\n") }, { .name = "a" } },
		  false },
		{ "PAX for nothing",
		  "refused",
		  { { .name = "x", .flag = 'x', BODY("10 path=a\n") } },
		  false },
		{ "sparse 1.0",
		  "f:sp:8192 f:z:0 ok",
		  { { .name = "x",
		      .flag = 'x',
		      BODY("22 GNU.sparse.major=1\n22 GNU.sparse.minor=0\n22 GNU.sparse.name=sp\n"
			   "28 GNU.sparse.realsize=8192\n") },
		    { .name = "GNUSparseFile.0/sp",
		      .sparse = "2\n0\n5\n4096\n5\n",
		      BODY("HELLOWORLD") },
		    { .name = "z" } },
		  false },
		{ "sparse 1.0, a map of more than there is",
		  "refused",
		  { { .name = "x",
		      .flag = 'x',
		      BODY("22 GNU.sparse.major=1\n22 GNU.sparse.minor=0\n"
			   "28 GNU.sparse.realsize=8192\n") },
		    { .name = "sp", .sparse = "2\n0\n5\n100\n9000\n", BODY("HELLO") } },
		  false },
		{ "sparse 0.1",
		  "f:s:20 ok",
		  { { .name = "x",
		      .flag = 'x',
		      BODY("22 GNU.sparse.major=0\n22 GNU.sparse.minor=1\n26 GNU.sparse.numblocks=2\n"
			   "27 GNU.sparse.map=0,2,10,3\n26 GNU.sparse.realsize=20\n") },
		    { .name = "s", BODY("abcde") } },
		  false },
		{ "negative size",
		  "refused",
		  { { .name = "a", .size = "-0000000005" } },
		  false },
		{ "a digit 9",
		  "refused",
		  { { .name = "a", .size = "00000000009" } },
		  false },
		{ "a size of spaces and digits",
		  "f:a:1 ok",
		  { { .name = "a", .size = "         1 ", BODY("1") } },
		  false },
		{ "a wrong checksum",
		  "refused",
		  { { .name = "a", .bad_sum = true } },
		  false },
		{ "a wrong checksum later",
		  "f:a:0 refused",
		  { { .name = "a" }, { .name = "b", .bad_sum = true } },
		  false },
		{ "GNU magic with a prefix",
		  "refused",
		  { { .name = "n", .magic = TAR_GNU, .prefix = "prefix" } },
		  false },
		{ "a prefix", "f:p/n:0 ok", { { .name = "n", .prefix = "p" } }, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct lam_buf tar = LAM_BUF(1 << 20);
		char is[512];

		for (size_t m = 0; m < 8 && cases[i].members[m].name; m++)
			tar_append(&tar, &cases[i].members[m]);
		if (!cases[i].no_end)
			tar_append_end(&tar);
		describe(tar.data, tar.len, is, sizeof is);
		if (strcmp(is, cases[i].is) != 0)
			fail_msg("%s: %s instead of %s (%s)", cases[i].what, is,
				 cases[i].is, err.text);
		lam_buf_fini(&tar);
	}
}

static void ends(void **state)
{
	struct lam_buf tar = LAM_BUF(1 << 20);
	char is[512], zeros[512] = { 0 };

	(void)state;
	describe("", 0, is, sizeof is);
	assert_string_equal(is, "ok");
	describe("x", 1, is, sizeof is);
	assert_string_equal(is, "refused");
	tar_append(&tar, &(struct tar_member){ .name = "a", BODY("HELLO") });
	/* every cut: in the header and the body refused, in the padding let pass, as Go
	 * does */
	for (size_t cut = 1; cut < tar.len; cut++) {
		describe(tar.data, cut, is, sizeof is);
		assert_string_equal(is, cut < 512   ? "refused"
					: cut < 517 ? "f:a:5 refused"
						    : "f:a:5 ok");
	}
	OK(lam_buf_append(&tar, zeros, 512, &err));
	describe(tar.data, tar.len, is, sizeof is);
	assert_string_equal(is, "f:a:5 ok");
	tar_append(&tar, &(struct tar_member){ .name = "b" });
	describe(tar.data, tar.len, is, sizeof is);
	assert_string_equal(is, "f:a:5 refused");
	lam_buf_fini(&tar);
}

/* What is written is read as it was. */

static void same(const struct lam_entry *a, const struct lam_entry *b)
{
	assert_int_equal(a->type, b->type);
	assert_int_equal(a->mode, b->mode);
	assert_true(a->uid == b->uid && a->gid == b->gid);
	assert_true(a->mtime_s == b->mtime_s && a->mtime_ns == b->mtime_ns);
	assert_true(a->size == b->size);
	assert_int_equal(a->target.len, b->target.len);
	assert_memory_equal(a->target.bytes, b->target.bytes, a->target.len);
	assert_true(a->dev_major == b->dev_major && a->dev_minor == b->dev_minor);
	assert_int_equal(a->record_count, b->record_count);
	for (size_t i = 0; i < a->record_count; i++) {
		assert_int_equal(a->records[i].value.len, b->records[i].value.len);
		assert_memory_equal(a->records[i].key.bytes, b->records[i].key.bytes,
				    a->records[i].key.len);
		assert_memory_equal(a->records[i].value.bytes, b->records[i].value.bytes,
				    a->records[i].value.len);
	}
}

static void check_round_trip(const struct lam_entry *e)
{
	struct lam_buf tar = LAM_BUF(1 << 22);
	const struct lam_entry *back;
	struct lam_tar_reader *t;
	struct lam_reader *reader;
	size_t slash = e->type == LAM_TYPE_DIR;

	OK(lam_tar_append_header(&tar, e, &err));
	assert_int_equal(tar.len % 512, 0);
	if (lam_tar_is_plain(e))
		assert_int_equal(tar.len, LAM_TAR_BLOCK);
	reader = lam_reader_memory(tar.data, tar.len);
	t = lam_tar_reader_new(reader);
	if (lam_tar_next(t, &back, &err) != 1)
		fail_msg("%.*s: %s", (int)e->path.len, e->path.bytes, err.text);
	assert_int_equal(back->path.len, e->path.len + slash);
	assert_memory_equal(back->path.bytes, e->path.bytes, e->path.len);
	same(e, back);
	lam_tar_reader_free(t);
	lam_reader_close(reader);
	lam_buf_fini(&tar);
}

static struct lam_str text(const char *s)
{
	return (struct lam_str){ s, strlen(s) };
}

static void random_text(uint64_t *seed, char *out, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		out[i] = (char)next_random(seed);
		if (out[i] == '\0' ||
		    (out[i] == '/' && (i == 0 || i + 1 == len || out[i - 1] == '/')))
			out[i] = 'x';
		if (next_random(seed) % 30 == 0 && i > 0 && i + 1 < len &&
		    out[i - 1] != '/')
			out[i] = '/';
	}
}

static void round_trips(void **state)
{
	static const int64_t numbers[] = { 0,       1,       1000,       2097151,
					   2097152, 3000000, 4294967294, 1 };
	static const int64_t times[] = {
		0, -1, -5, 1234567890, 5000000000, 8589934591, 8589934592, -62135596800
	};
	static const uint32_t fractions[] = { 0, 1, 500000000, 123456717, 999999999 };
	static const size_t lengths[] = { 1,   99,  100, 101, 155, 200,
					  255, 256, 257, 300, 4096 };
	static const uint8_t types[] = { LAM_TYPE_FILE, LAM_TYPE_LINK,  LAM_TYPE_SYMLINK,
					 LAM_TYPE_CHAR, LAM_TYPE_BLOCK, LAM_TYPE_DIR,
					 LAM_TYPE_FIFO };
	uint64_t seed = 42;

	(void)state;
	for (int i = 0; i < 5000; i++) {
		char path[4096], target[4096];
		struct lam_record records[2] = {
			{ text("SCHILY.xattr.security.capability"),
			  { "\1\0\0\2\0=\n", 7 } },
			{ text("vendor.key"), { "", 0 } }
		};
		struct lam_entry e = { .type = types[next_random(&seed) % 7],
				       .mode = next_random(&seed) & 07777 };
		bool ascii = next_random(&seed) % 2;

		e.uid = numbers[next_random(&seed) % 8];
		e.gid = numbers[next_random(&seed) % 8];
		e.mtime_s = times[next_random(&seed) % 8];
		e.mtime_ns = fractions[next_random(&seed) % 5];
		e.path = (struct lam_str){ path, lengths[next_random(&seed) % 11] };
		random_text(&seed, path, e.path.len);
		for (size_t k = 0; ascii && k < e.path.len; k++)
			path[k] &= 0x7f, path[k] = path[k] ? path[k] : 'a';
		path[e.path.len - 1] = 'e';
		path[0] = 'b';
		if (e.type == LAM_TYPE_LINK || e.type == LAM_TYPE_SYMLINK) {
			e.target = (struct lam_str){ target,
						     lengths[next_random(&seed) % 11] };
			random_text(&seed, target, e.target.len);
		}
		if (e.type == LAM_TYPE_CHAR || e.type == LAM_TYPE_BLOCK) {
			e.dev_major = (int64_t)(next_random(&seed) % 2097152);
			e.dev_minor = (int64_t)(next_random(&seed) % 2097152);
		}
		if (e.type == LAM_TYPE_FILE && next_random(&seed) % 3 == 0)
			e.size = 8589934590u + next_random(&seed) % 4;
		e.records = records;
		e.record_count = next_random(&seed) % 3;
		e.stored = e.size;
		check_round_trip(&e);
	}
}

static void canonical(void **state)
{
	struct lam_entry e = { .type = LAM_TYPE_DIR, .mode = 0755 };
	struct lam_buf tar = LAM_BUF(1 << 20);

	(void)state;
	OK(lam_tar_append_header(&tar, &e, &err));
	assert_int_equal(tar.len, 512);
	assert_true(lam_tar_is_plain(&e));
	assert_string_equal(tar.data, "./");
	assert_memory_equal(tar.data + 257,
			    "ustar\0"
			    "00",
			    8);
	lam_buf_clear(&tar);
	e = (struct lam_entry){ .type = LAM_TYPE_CHAR,
				.path = text("c"),
				.dev_major = 2097152 };
	assert_false(lam_tar_is_plain(&e));
	assert_int_equal(lam_tar_append_header(&tar, &e, &err), LAM_EFORMAT);
	lam_buf_fini(&tar);
}

/* What the reader refuses is not written: with others, one record is too much. */
static void too_large_a_header(void **state)
{
	struct lam_buf tar = LAM_TEXT;
	struct lam_record records[2] = { { text("SCHILY.xattr.user.a"), { 0 } },
					 { text("SCHILY.xattr.user.b"), text("b") } };
	struct lam_entry e = { .type = LAM_TYPE_FILE,
			       .path = text("file"),
			       .records = records };
	char *value = calloc(1, 1 << 20);

	(void)state;
	records[0].value = (struct lam_str){ value, (1 << 20) - 40 };
	e.record_count = 1;
	check_round_trip(&e);
	e.record_count = 2;
	assert_int_equal(lam_tar_append_header(&tar, &e, &err), LAM_EFORMAT);
	lam_buf_fini(&tar);
	free(value);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(odd), cmocka_unit_test(ends),
					    cmocka_unit_test(round_trips),
					    cmocka_unit_test(canonical),
					    cmocka_unit_test(too_large_a_header) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
