#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "folder.h"
#include "layer/written.h"
#include "oci_build.h"
#include "tar_build.h"
#include "unit.h"
#include "write/ahead.h"

static struct lam_error err;
static char *image, *reference, blob_path[4600];
static struct lam_digest digest;

/* The layer's blob: the largest of all. */
static void find_blob(void)
{
	char path[4200], *text;
	struct dirent *entry;
	off_t most = 0;
	DIR *dir;

	snprintf(path, sizeof path, "%s/blobs/sha256", image);
	dir = opendir(path);
	assert_non_null(dir);
	while ((entry = readdir(dir)) != NULL) {
		struct stat st;

		assert_int_equal(fstatat(dirfd(dir), entry->d_name, &st, 0), 0);
		if (!S_ISREG(st.st_mode) || st.st_size <= most)
			continue;
		most = st.st_size;
		snprintf(blob_path, sizeof blob_path, "%s/%s", path, entry->d_name);
	}
	closedir(dir);
	text = lam_xprintf("sha256:%s", strrchr(blob_path, '/') + 1);
	OK(lam_digest_parse(&digest, text, &err));
	free(text);
}

/* An image, and a record in the cache that its layer was written. */
static int set_up(void **state)
{
	struct lam_buf tar = LAM_BUF(SIZE_MAX / 2);
	struct lam_written written = { 0 };
	const uint8_t recipe[LAM_RECIPE] = { 1 };
	struct lam_cache cache;
	struct stat st;
	char *body = calloc(1, 300000);

	make_folder(state);
	image = in_folder("image");
	tar_append(&tar, &(struct tar_member){
				 .name = "file", .body = body, .body_len = 300000 });
	tar_append_end(&tar);
	oci_build(image, &tar, 1, LAM_CODEC_NONE);
	lam_buf_fini(&tar);
	free(body);
	reference = lam_xprintf("oci:%s:new", image);
	find_blob();
	assert_int_equal(stat(blob_path, &st), 0);
	written.reading.digest = written.reading.diff_id = digest;
	written.reading.blob_size = written.reading.tar_size = (uint64_t)st.st_size;
	lam_cache_init(&cache, folder);
	lam_written_put(&cache, recipe, &written);
	lam_cache_fini(&cache);
	return 0;
}

static int tear_down(void **state)
{
	free(image);
	free(reference);
	return remove_folder(state);
}

/* Asked so many milliseconds after it was begun. */
static bool knows(const char *path, unsigned threads, unsigned after)
{
	const struct lam_write_options options = { .cache = folder, .threads = threads };
	struct lam_write_ahead *ahead = lam_write_ahead_new(reference, &options);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	bool is;

	assert_true(fd >= 0);
	usleep(after * 1000);
	is = lam_write_ahead_knows(ahead, &digest, fd);
	close(fd);
	lam_write_ahead_free(ahead);
	return is;
}

/* How long it may take here; a machine may be slow. */
static unsigned time_enough(void)
{
	unsigned ms = 1;

	while (!knows(blob_path, 2, ms) && ms < 20000)
		ms *= 2;
	return ms;
}

static void what_is_there_is_known(void **state)
{
	(void)state;
	assert_in_range(time_enough(), 1, 19999);
	assert_false(knows(blob_path, 1, 50)); /* no thread to do it */
}

static void another_file_is_not(void **state)
{
	unsigned ms = time_enough();
	char *other = in_folder("other"), *command;

	(void)state;
	command = lam_xprintf("cp %s %s", blob_path, other);
	assert_int_equal(system(command), 0);
	assert_false(knows(other, 2, ms));
	free(command);
	free(other);
}

static void a_file_that_was_written_to_is_not(void **state)
{
	const struct lam_write_options options = { .cache = folder, .threads = 2 };
	unsigned ms = time_enough();
	struct lam_write_ahead *ahead = lam_write_ahead_new(reference, &options);
	int fd = open(blob_path, O_RDWR | O_CLOEXEC);

	(void)state;
	usleep(ms * 1000);
	assert_int_equal(pwrite(fd, "x", 1, 1000), 1);
	assert_false(lam_write_ahead_knows(ahead, &digest, fd));
	lam_write_ahead_free(ahead);
	close(fd);
	assert_false(knows(blob_path, 2, ms)); /* damaged from the begin */
}

static void it_ends_when_it_is_not_needed(void **state)
{
	const struct lam_write_options options = { .cache = folder, .threads = 2 };

	(void)state;
	for (int i = 0; i < 50; i++)
		lam_write_ahead_free(lam_write_ahead_new(reference, &options));
	lam_write_ahead_free(NULL);
	assert_null(lam_write_ahead_new(reference, &(struct lam_write_options){ 0 }));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_is_there_is_known, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(another_file_is_not, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_file_that_was_written_to_is_not, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(it_ends_when_it_is_not_needed, set_up,
						tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
