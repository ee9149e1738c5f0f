/* A file that is there whole or not at all. */
#include <dirent.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/place.h"
#include "unit.h"

static struct lam_error err;
static char folder[] = "/tmp/lamina-place-XXXXXX";

static void put(const char *name, const char *text)
{
	OK(place_text(name, text, &err));
}

static void holds(const char *name, const char *text, mode_t mode)
{
	char got[100] = { 0 };
	FILE *file = fopen(name, "r");
	struct stat st;

	assert_non_null(file);
	(void)!fread(got, 1, sizeof got - 1, file);
	fclose(file);
	assert_string_equal(got, text);
	assert_int_equal(stat(name, &st), 0);
	assert_int_equal(st.st_mode & 07777, mode);
}

/* Of the folder, without "." and "..". */
static int names(void)
{
	DIR *dir = opendir(".");
	int count = -2;

	while (readdir(dir))
		count++;
	closedir(dir);
	return count;
}

static int begin(void **state)
{
	(void)state;
	return mkdtemp(folder) && chdir(folder) == 0 ? 0 : -1;
}

static int end(void **state)
{
	(void)state;
	return chdir("/") == 0 && rmdir(folder) == 0 ? 0 : -1;
}

static void new_and_again(void **state)
{
	mode_t mask = umask(027);

	(void)state;
	put("plan", "first");
	holds("plan", "first", 0640);
	chmod("plan", 0604);
	put("plan", "second");
	holds("plan", "second", 0604);
	assert_int_equal(names(), 1);
	umask(mask);
	unlink("plan");
}

static void a_symlink_stays_one(void **state)
{
	struct stat st;

	(void)state;
	put("real", "first");
	assert_int_equal(symlink("real", "link"), 0);
	put("link", "second");
	assert_int_equal(lstat("link", &st), 0);
	assert_true(S_ISLNK(st.st_mode));
	holds("real", "second", 0644);
	unlink("real");
	unlink("link");
}

static void given_up(void **state)
{
	struct place place;

	(void)state;
	put("plan", "first");
	OK(place_begin(&place, "plan", &err));
	assert_int_equal(write_all(place.fd, "half", 4), 0);
	assert_int_equal(place_end(&place, lam_fail(&err, LAM_ESTOPPED, "stopped"), &err),
			 LAM_ESTOPPED);
	holds("plan", "first", 0644);
	assert_int_equal(names(), 1);
	unlink("plan");
}

static void nowhere(void **state)
{
	struct place place;

	(void)state;
	assert_int_equal(place_begin(&place, "no/such\nfolder", &err), LAM_EWRITE);
	assert_string_equal(err.text, "no/such\\nfolder: No such file or directory");
	assert_int_equal(mkdir("folder", 0755), 0);
	assert_int_equal(place_begin(&place, "folder", &err), LAM_EWRITE);
	assert_int_equal(mkfifo("pi\npe", 0644), 0);
	assert_int_equal(place_begin(&place, "pi\npe", &err), LAM_EWRITE);
	assert_string_equal(err.text,
			    "pi\\npe: is there, and no regular file: choose another "
			    "name");
	assert_int_equal(names(), 2);
	rmdir("folder");
	unlink("pi\npe");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(new_and_again),
		cmocka_unit_test(a_symlink_stays_one),
		cmocka_unit_test(given_up),
		cmocka_unit_test(nowhere),
	};

	umask(022);
	return cmocka_run_group_tests(tests, begin, end);
}
