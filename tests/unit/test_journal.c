#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "editor/plan/journal.h"
#include "image_build.h"
#include "unit.h"

static struct lam_error err;

#define DIGEST "sha256:00aa"

/* Instead of the system's: what a disk does that cannot be read for a moment. */
static int read_fails;

ssize_t read(int fd, void *bytes, size_t len)
{
	if (!read_fails)
		return syscall(SYS_read, fd, bytes, len);
	errno = read_fails;
	return -1;
}

static struct lam_plan *make_plan(const char *name)
{
	char text[256];
	struct lam_plan *plan;

	/* its layer is the first word of the name */
	snprintf(text, sizeof text,
		 "{\"lamina\": 1, \"note\": \"a\\nb\", \"layers\": [{\"name\": \"%.*s\", "
		 "\"from\": \"rest\"}], \"assign\": []}",
		 (int)strcspn(name, " "), name);
	OK(lam_plan_parse(&plan, text, strlen(text), "plan", NULL, &err));
	return plan;
}

static struct journal *begin(const char *dir)
{
	return journal_new(dir, DIGEST, "oci:x\33[2J");
}

static int try_keep(struct journal *j, const char *name, const char *plan_file)
{
	struct lam_plan *plan = make_plan(name);
	struct draft *draft;
	int code;

	journal_note(j, name);
	draft = journal_draft(j, plan_file, "sha256:00", plan);
	lam_plan_free(plan);
	code = journal_write(j, draft, &err);
	draft_free(draft);
	return code;
}

static void keep(struct journal *j, const char *name)
{
	OK(try_keep(j, name, "plans/\xff.json"));
	assert_true(journal_is_kept(j));
}

static void forget(struct journal *j)
{
	journal_forget(j);
	assert_null(journal_draft(j, NULL, NULL, NULL));
	OK(journal_write(j, NULL, &err));
	assert_false(journal_is_kept(j));
}

/* The only file in a folder, or NULL; a string of the caller's. */
static char *only_file(const char *dir)
{
	DIR *stream = opendir(dir);
	struct dirent *entry;
	char *file = NULL;

	while (stream && (entry = readdir(stream))) {
		if (entry->d_name[0] == '.' &&
		    !entry->d_name[1 + (entry->d_name[1] == '.')])
			continue;
		assert_null(file);
		if (asprintf(&file, "%s/%s", dir, entry->d_name) < 0)
			abort();
	}
	if (stream)
		closedir(stream);
	return file;
}

static struct draft *find(const char *dir)
{
	return journal_find(dir, DIGEST);
}

static void writes_and_finds(void **state)
{
	char *top = image_temporary(), *dir, *file;
	struct draft *draft;
	struct journal *j;
	struct stat st;

	(void)state;
	if (asprintf(&dir, "%s/state/lamina/journal", top) < 0)
		abort();
	assert_null(find(dir));
	j = begin(dir);
	assert_null(only_file(dir));
	assert_false(journal_is_kept(j));
	keep(j, "one");
	assert_null(find(dir)); /* it is held */
	keep(j, "two \\x1b");
	assert_null(find(dir));
	file = only_file(dir);
	assert_int_equal(stat(file, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(stat(dir, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
	journal_close(j);
	draft = find(dir);
	assert_non_null(draft);
	assert_null(find(dir)); /* one takes it alone */
	assert_string_equal(draft->file, file);
	assert_string_equal(draft->reference, "oci:x\\x1b[2J");
	assert_string_equal(draft->on_disk, "sha256:00");
	assert_string_equal(draft->plan_file, "plans/\xff.json");
	assert_int_equal(draft->changes, 2);
	assert_int_equal(draft->name_count, 2);
	assert_string_equal(draft->names[0], "two \\x1b");
	assert_string_equal(draft->names[1], "one");
	assert_string_equal(draft->plan->layers[0].name, "two");
	assert_string_equal(draft->plan->note, "a\nb");
	assert_in_range(draft->time, time(NULL) - 100, time(NULL));
	draft_free(draft);
	draft = find(dir);
	draft_remove(draft);
	assert_null(only_file(dir));
	assert_null(find(dir));
	free(file);
	free(dir);
	image_remove(top);
	free(top);
}

/* Files are told apart by times of some milliseconds. */
static void let_time_pass(void)
{
	nanosleep(&(struct timespec){ .tv_nsec = 20000000 }, NULL);
}

static void begins_anew_once_saved(void **state)
{
	char *dir = image_temporary(), *file;
	struct journal *j = begin(dir);
	struct draft *draft;

	(void)state;
	forget(j);
	keep(j, "one");
	forget(j);
	assert_null(only_file(dir));
	keep(j, "two");
	journal_close(j);
	draft = find(dir);
	assert_int_equal(draft->changes, 1);
	draft_free(draft);
	/* the same number again: the orphan stays */
	let_time_pass();
	j = begin(dir);
	keep(j, "three");
	journal_close(j);
	draft = find(dir);
	assert_string_equal(draft->names[0], "three");
	draft_remove(draft);
	draft = find(dir);
	assert_string_equal(draft->names[0], "two");
	draft_remove(draft);
	file = only_file(dir);
	assert_null(file);
	image_remove(dir);
	free(dir);
}

static void follows_the_plan_file(void **state)
{
	char *dir = image_temporary(), *here = getcwd(NULL, 0), *file, want[4096];
	struct journal *j = begin(dir);
	struct draft *draft;

	(void)state;
	keep(j, "one");
	OK(try_keep(j, "two", "other.json"));
	OK(try_keep(j, "three", "other.json"));
	file = only_file(dir);
	assert_non_null(file);
	journal_close(j);
	draft = find(dir);
	assert_string_equal(draft->plan_file, "other.json");
	assert_int_equal(draft->changes, 3);
	draft_free(draft);
	/* seen from elsewhere */
	assert_int_equal(chdir(dir), 0);
	draft = find(dir);
	snprintf(want, sizeof want, "%s/other.json", here);
	assert_string_equal(draft->plan_file, want);
	draft_remove(draft);
	j = begin(dir);
	OK(try_keep(j, "four", NULL));
	journal_close(j);
	assert_int_equal(chdir(here), 0);
	draft = find(dir);
	assert_null(draft->plan_file);
	draft_remove(draft);
	free(file);
	free(here);
	image_remove(dir);
	free(dir);
}

static void survives_a_kill(void **state)
{
	char *dir = image_temporary();
	struct draft *draft;
	int ready[2];
	char byte;
	pid_t pid;

	(void)state;
	assert_int_equal(pipe(ready), 0);
	pid = fork();
	if (pid == 0) {
		struct journal *j = begin(dir);

		for (int i = 0; i < 20; i++)
			keep(j, i == 19 ? "last" : "some");
		(void)!write(ready[1], "x", 1);
		for (;;)
			pause();
	}
	assert_int_equal(read(ready[0], &byte, 1), 1);
	assert_null(find(dir));
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	draft = find(dir);
	assert_non_null(draft);
	assert_int_equal(draft->changes, 20);
	assert_int_equal(draft->name_count, 8);
	assert_string_equal(draft->plan->layers[0].name, "last");
	draft_remove(draft);
	close(ready[0]);
	close(ready[1]);
	image_remove(dir);
	free(dir);
}

/* Whenever it is killed, what was told to be kept is there, or what came behind it. */
static void survives_a_kill_while_it_writes(void **state)
{
	char *dir = image_temporary();

	(void)state;
	for (int round = 0; round < 40; round++) {
		size_t told = 0, count;
		struct draft *draft;
		int ends[2];
		char byte;
		pid_t pid;

		assert_int_equal(pipe(ends), 0);
		pid = fork();
		if (pid == 0) {
			struct journal *j = begin(dir);

			for (;;) {
				keep(j, "some");
				(void)!write(ends[1], "x", 1);
			}
		}
		close(ends[1]);
		for (told = 0; told < 3 && read(ends[0], &byte, 1) == 1; told++)
			;
		nanosleep(&(struct timespec){ .tv_nsec = round * 50000 }, NULL);
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		while (read(ends[0], &byte, 1) == 1)
			told++;
		close(ends[0]);
		draft = find(dir);
		assert_non_null(draft);
		count = draft->changes;
		draft_remove(draft);
		assert_true(count == told || count == told + 1);
	}
	image_remove(dir);
	free(dir);
}

static void put_file(const char *dir, const char *name, const char *bytes, size_t len)
{
	char path[4096];
	FILE *file;

	snprintf(path, sizeof path, "%s/%s", dir, name);
	file = fopen(path, "w");
	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, len, file), len);
	fclose(file);
}

#define PLAN \
	"\"{\\\"lamina\\\":1,\\\"layers\\\":[{\\\"name\\\":\\\"l\\\",\\\"from\\\":\\\"rest\\\"}]}\""
#define STATE                                                                            \
	"{\"lamina-journal\":2,\"reference\":\"a\\u001b[2Jb\",\"time\":5,\"changes\":1," \
	"\"names\":[\"x\\u001b]0;y\\u0007\\u202e\"],\"plan\":" PLAN "}"

/* What is not understood is no draft, and may be another's: it stays. */
static void hostile_files(void **state)
{
	static const char *const broken[] = {
		"\n\n\n",
		"not JSON\n",
		"{}",
		"[1,2]\n" STATE,
		STATE STATE,
		"{\"lamina-journal\":3,\"reference\":\"a\",\"plan\":" PLAN "}",
		"{\"lamina-journal\":2,\"reference\":7,\"plan\":" PLAN "}",
		"{\"lamina-journal\":2,\"reference\":\"a\"}",
		"{\"lamina-journal\":2,\"reference\":\"a\",\"plan\":\"{}\"}",
		"{\"lamina-journal\":2,\"reference\":\"a\",\"plan\":7}",
		"{\"lamina-journal\":2,\"lamina-journal\":2,\"reference\":\"a\",\"plan\":" PLAN
		"}",
		"\xff\xfe\n" STATE,
	};
	char *dir = image_temporary(), path[4096], *deep = malloc(1 << 20), *file;
	struct draft *draft;

	(void)state;
	for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
		put_file(dir, DIGEST "-1.json", broken[i], strlen(broken[i]));
		if (find(dir))
			fail_msg("case %zu", i);
		file = only_file(dir);
		assert_non_null(file);
		free(file);
	}
	memset(deep, '[', 1 << 20);
	put_file(dir, DIGEST "-1.json", deep, 1 << 20);
	assert_null(find(dir));
	free(deep);
	put_file(dir, DIGEST "-1.json", STATE, sizeof STATE - 1);
	/* what is no file, and what is another's, is left alone */
	snprintf(path, sizeof path, "%s/" DIGEST "-2.json", dir);
	assert_int_equal(mkfifo(path, 0600), 0);
	snprintf(path, sizeof path, "%s/" DIGEST "-3.json", dir);
	assert_int_equal(symlink("/dev/zero", path), 0);
	snprintf(path, sizeof path, "%s/" DIGEST "-4.json", dir);
	assert_int_equal(mkdir(path, 0700), 0);
	put_file(dir, "sha256:00ab-5.json", "x", 1);
	put_file(dir, DIGEST "-5.jsonl", "x", 1);
	draft = find(dir);
	assert_non_null(draft);
	assert_string_equal(draft->reference, "a\\x1b[2Jb");
	assert_string_equal(draft->names[0], "x\\x1b]0;y\\x07\\u{202e}");
	assert_int_equal(draft->time, 5);
	assert_int_equal(draft->changes, 1);
	assert_null(draft->plan_file);
	draft_remove(draft);
	assert_null(find(dir));
	assert_int_equal(access(path, F_OK), 0);
	snprintf(path, sizeof path, "%s/" DIGEST "-5.jsonl", dir);
	assert_int_equal(access(path, F_OK), 0);
	image_remove(dir);
	free(dir);
}

/* Only what is known to hold nothing goes. */
static void removes_what_is_empty(void **state)
{
	char *dir = image_temporary();

	(void)state;
	put_file(dir, DIGEST "-1.json", "", 0);
	assert_null(find(dir));
	assert_null(only_file(dir));
	image_remove(dir);
	free(dir);
}

static void stays_while_it_cannot_be_read(void **state)
{
	static const int problems[] = { EIO, ENOMEM, EAGAIN };
	char *dir = image_temporary(), *file;
	struct journal *j = begin(dir);
	struct draft *draft;

	(void)state;
	keep(j, "one");
	journal_close(j);
	for (size_t i = 0; i < sizeof problems / sizeof *problems; i++) {
		read_fails = problems[i];
		draft = find(dir);
		read_fails = 0;
		assert_null(draft);
		file = only_file(dir);
		assert_non_null(file);
		free(file);
	}
	draft = find(dir);
	assert_string_equal(draft->names[0], "one");
	draft_remove(draft);
	image_remove(dir);
	free(dir);
}

static void nowhere_to_write(void **state)
{
	char *dir = image_temporary(), below[4096];
	struct journal *j;

	(void)state;
	put_file(dir, "file", "x", 1);
	snprintf(below, sizeof below, "%s/file/journal", dir);
	j = begin(below);
	assert_int_equal(try_keep(j, "x", NULL), LAM_EWRITE);
	assert_false(journal_is_kept(j));
	forget(j);
	journal_close(j);
	assert_null(find(below));
	image_remove(dir);
	free(dir);
}

/* A disk without room leaves nothing new, and what stood. */
static void no_room(void **state)
{
	char *dir = image_temporary(), *file;
	struct journal *j = begin(dir);
	struct rlimit limit, none;
	struct draft *draft;

	(void)state;
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
	none = limit;
	none.rlim_cur = 0;
	for (int round = 0; round < 2; round++) {
		assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
		assert_int_equal(try_keep(j, "lost", NULL), LAM_EWRITE);
		assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
		assert_false(journal_is_kept(j));
		file = only_file(dir);
		assert_int_equal(!file, round == 0);
		free(file);
		if (round == 0)
			keep(j, "kept");
	}
	journal_close(j);
	draft = find(dir);
	assert_string_equal(draft->names[0], "kept");
	draft_remove(draft);
	image_remove(dir);
	free(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(writes_and_finds),
		cmocka_unit_test(begins_anew_once_saved),
		cmocka_unit_test(follows_the_plan_file),
		cmocka_unit_test(survives_a_kill),
		cmocka_unit_test(survives_a_kill_while_it_writes),
		cmocka_unit_test(hostile_files),
		cmocka_unit_test(removes_what_is_empty),
		cmocka_unit_test(stays_while_it_cannot_be_read),
		cmocka_unit_test(nowhere_to_write),
		cmocka_unit_test(no_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
