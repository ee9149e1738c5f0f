/* Files: read whole, there whole or not at all, without a name, in folders made for them. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "unit.h"

static struct lam_error err;
static char folder[] = "/tmp/lamina-file-XXXXXX";

static void put(const char *name, const char *text)
{
	OK(lam_file_replace(name, text, strlen(text), &err));
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
	struct lam_new_file new_file;

	(void)state;
	put("plan", "first");
	OK(lam_file_begin(&new_file, "plan", &err));
	assert_int_equal(lam_write_all(new_file.fd, "half", 4), 0);
	assert_int_equal(
		lam_file_end(&new_file, lam_fail(&err, LAM_ESTOPPED, "stopped"), &err),
		LAM_ESTOPPED);
	holds("plan", "first", 0644);
	assert_int_equal(names(), 1);
	unlink("plan");
}

static void nowhere(void **state)
{
	struct lam_new_file new_file;

	(void)state;
	assert_int_equal(lam_file_begin(&new_file, "no/such\nfolder", &err), LAM_EWRITE);
	assert_string_equal(err.text, "no/such\\nfolder: No such file or directory");
	assert_int_equal(mkdir("folder", 0755), 0);
	assert_int_equal(lam_file_begin(&new_file, "folder", &err), LAM_EWRITE);
	assert_int_equal(mkfifo("pi\npe", 0644), 0);
	assert_int_equal(lam_file_begin(&new_file, "pi\npe", &err), LAM_EWRITE);
	assert_string_equal(err.text,
			    "pi\\npe: is there, and no regular file: choose another "
			    "name");
	assert_int_equal(names(), 2);
	rmdir("folder");
	unlink("pi\npe");
}

static void private_stays_so(void **state)
{
	mode_t mask = umask(077);

	(void)state;
	put("plan", "first");
	holds("plan", "first", 0600);
	umask(0);
	put("plan", "second");
	holds("plan", "second", 0600);
	umask(mask);
	unlink("plan");
}

/* A writer that is killed leaves nothing, whether or not its file has a name. */
static void killed(void **state)
{
	struct lam_new_file new_file;
	int status;
	pid_t child = fork();

	(void)state;
	if (child == 0) {
		OK(lam_file_begin(&new_file, "plan", &err));
		(void)lam_write_all(new_file.fd, "half", 4);
		(void)raise(SIGKILL);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(names(), 0);
}

static void strays(void **state)
{
	int theirs;

	(void)state;
	close(open(".lamina-file-left", O_CREAT | O_WRONLY, 0600));
	theirs = open(".lamina-file-theirs", O_CREAT | O_WRONLY, 0600);
	assert_int_equal(flock(theirs, LOCK_EX), 0);
	put("plan", "first");
	assert_int_equal(access(".lamina-file-left", F_OK), -1);
	assert_int_equal(access(".lamina-file-theirs", F_OK), 0);
	close(theirs);
	put("plan", "second");
	assert_int_equal(names(), 1);
	unlink("plan");
}

static void read_whole(void **state)
{
	LAM_CLEANUP(lam_buf_fini) struct lam_buf text = LAM_BUF(5);
	int ends[2];

	(void)state;
	put("plan", "");
	OK(lam_file_read(&text, "plan", &err));
	assert_int_equal(text.len, 0);
	put("plan", "12345");
	OK(lam_file_read(&text, "plan", &err));
	assert_string_equal(text.data, "12345");
	text.len = 0;
	put("plan", "123456");
	assert_int_equal(lam_file_read(&text, "plan", &err), LAM_EREAD);
	assert_string_equal(err.text, "plan: File too large");
	unlink("plan");
	assert_int_equal(lam_file_read(&text, "pl\nan", &err), LAM_ENOTFOUND);
	assert_string_equal(err.text, "pl\\nan: No such file or directory");
	assert_int_equal(lam_file_read(&text, ".", &err), LAM_EREAD);
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(lam_write_all(ends[1], "pipe", 4), 0);
	close(ends[1]);
	text.len = 0;
	OK(lam_file_read_fd(&text, ends[0], "-", &err));
	assert_string_equal(text.data, "pipe");
	close(ends[0]);
}

static void read_much(void **state)
{
	LAM_CLEANUP(lam_buf_fini) struct lam_buf text = LAM_BUF(1 << 20);
	char *bytes = calloc(1, 300001);

	(void)state;
	memset(bytes, 'x', 300000);
	OK(lam_file_replace("plan", bytes, 300000, &err));
	OK(lam_file_read(&text, "plan", &err));
	assert_int_equal(text.len, 300000);
	assert_string_equal(text.data, bytes);
	free(bytes);
	unlink("plan");
}

static void folders(void **state)
{
	struct stat st;

	(void)state;
	assert_int_equal(lam_folders_make("a/b//c"), 0);
	assert_int_equal(lam_folders_make("a/b/c"), 0);
	assert_int_equal(stat("a/b/c", &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	put("a/file", "");
	assert_int_equal(lam_folders_make("a/file/d"), ENOTDIR);
	unlink("a/file");
	rmdir("a/b/c");
	rmdir("a/b");
	rmdir("a");
}

static void without_a_name(void **state)
{
	int fd = lam_file_nameless(".");

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(names(), 0);
	assert_int_equal(lam_write_all(fd, "x", 1), 0);
	assert_int_equal(lseek(fd, 0, SEEK_END), 1);
	close(fd);
	assert_int_equal(lam_file_nameless("no/such"), -1);
}

/* No space is told with the disk that has none. */
static void a_full_disk(void **state)
{
	static const char *const paths[] = { "/dev/shm", "/dev/shm/no/such/file",
					     "/proc/self" };
	static const char *const disks[] = { "/dev/shm", "/dev/shm", "/proc" };
	char wanted[64];

	(void)state;
	for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
		lam_fail_errno(&err, LAM_EWRITE, ENOSPC, "%s: writing", paths[i]);
		snprintf(wanted, sizeof wanted, "No space left on device: %s has ",
			 disks[i]);
		assert_non_null(strstr(err.text, wanted));
		assert_non_null(strstr(err.text, " KiB free"));
	}
	lam_fail_errno(&err, LAM_EWRITE, EACCES, "/dev/shm: writing");
	assert_string_equal(err.text, "/dev/shm: writing: Permission denied");
	lam_fail_errno(&err, LAM_EWRITE, ENOSPC, "no-such-thing");
	assert_string_equal(err.text, "no-such-thing: No space left on device");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(new_and_again),    cmocka_unit_test(a_symlink_stays_one),
		cmocka_unit_test(given_up),         cmocka_unit_test(nowhere),
		cmocka_unit_test(private_stays_so), cmocka_unit_test(killed),
		cmocka_unit_test(strays),           cmocka_unit_test(read_whole),
		cmocka_unit_test(read_much),        cmocka_unit_test(folders),
		cmocka_unit_test(without_a_name),   cmocka_unit_test(a_full_disk),
	};

	umask(022);
	return cmocka_run_group_tests(tests, begin, end);
}
