/* Bytes that are written once, read back from memory, from the file and from both. */
#include <unistd.h>

#include "base/limits.h"
#include "io/spool.h"
#include "unit.h"

#define SIZE 300000

static struct lam_error err;

static void fill(char *bytes, uint64_t seed)
{
	for (size_t i = 0; i < SIZE; i++)
		bytes[i] = (char)next_random(&seed);
}

static void read_all_over(const struct lam_spool *spool, const char *want, size_t size,
			  uint64_t seed)
{
	static char got[SIZE];

	for (int i = 0; i < 200; i++) {
		size_t from = next_random(&seed) % (size + 1),
		       len = next_random(&seed) % (size - from + 1);

		OK(lam_spool_read(spool, from, got, len, &err));
		assert_memory_equal(got, want + from, len);
	}
}

/* Appends of up to `most` bytes, and what is read between them. */
static void append_and_read(size_t memory, size_t most)
{
	static char want[SIZE];
	struct lam_spool *spool;
	uint64_t seed = 1 + memory + most;
	size_t size = 0;
	char byte;

	fill(want, seed);
	spool = lam_spool_new("/tmp", memory);
	for (unsigned i = 0; size < SIZE; i++) {
		size_t len = next_random(&seed) % (most + 1);

		if (len > SIZE - size)
			len = SIZE - size;
		OK(lam_spool_append(spool, want + size, len, &err));
		size += len;
		assert_int_equal(lam_spool_size(spool), size);
		if (i % 16 == 0)
			read_all_over(spool, want, size, seed);
	}
	read_all_over(spool, want, size, seed);
	assert_int_equal(lam_spool_read(spool, SIZE, &byte, 1, &err), LAM_EREAD);
	lam_spool_free(spool);
}

static void any_sizes(void **state)
{
	static const size_t memories[] = { 0, 1, 4096, 50000, SIZE, 2 * SIZE };
	static const size_t appends[] = { 3000, 50000, 120000 };

	(void)state;
	for (size_t m = 0; m < sizeof memories / sizeof *memories; m++) {
		for (size_t a = 0; a < sizeof appends / sizeof *appends; a++)
			append_and_read(memories[m], appends[a]);
	}
}

/* All of it is in the file once somebody asks for that, and more can follow. */
static void as_a_file(void **state)
{
	static char want[SIZE], got[SIZE];
	struct lam_spool *spool;
	int fd;

	(void)state;
	fill(want, 7);
	spool = lam_spool_new("/tmp", SIZE);
	OK(lam_spool_append(spool, want, 1000, &err));
	OK(lam_spool_file(spool, &fd, &err));
	assert_int_equal(pread(fd, got, SIZE, 0), 1000);
	assert_memory_equal(got, want, 1000);
	OK(lam_spool_append(spool, want + 1000, 500, &err));
	OK(lam_spool_read(spool, 900, got, 600, &err));
	assert_memory_equal(got, want + 900, 600);
	OK(lam_spool_file(spool, &fd, &err));
	assert_int_equal(pread(fd, got, SIZE, 0), 1500);
	assert_memory_equal(got, want, 1500);
	lam_spool_free(spool);
}

static void a_folder_that_is_not_there(void **state)
{
	struct lam_spool *spool;

	(void)state;
	spool = lam_spool_new("/nowhere/at/all", 10);
	OK(lam_spool_append(spool, "0123456789", 10, &err));
	assert_int_equal(lam_spool_append(spool, "x", 1, &err), LAM_EWRITE);
	assert_non_null(strstr(err.text, "/nowhere/at/all"));
	lam_spool_free(spool);
}

/* However many layers there are, a tar of a few small files makes no file. */
static void small_ones_stay_in_memory(void **state)
{
	static const size_t counts[] = { 1, 1600, LAM_MAX_LAYERS };
	char bytes[4096] = "small", got[sizeof bytes];

	(void)state;
	for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
		size_t share = lam_spool_share(counts[i]);
		struct lam_spool *spool = lam_spool_new("/nowhere", share);

		assert_true(share * counts[i] <= LAM_SPOOLS_MEMORY + (64u << 20));
		OK(lam_spool_append(spool, bytes, sizeof bytes, &err));
		OK(lam_spool_read(spool, 0, got, sizeof got, &err));
		assert_memory_equal(got, bytes, sizeof got);
		lam_spool_free(spool);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_sizes),
		cmocka_unit_test(as_a_file),
		cmocka_unit_test(a_folder_that_is_not_there),
		cmocka_unit_test(small_ones_stay_in_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
