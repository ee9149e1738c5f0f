#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "editor/plan/journal.h"
#include "image_build.h"
#include "unit.h"

static struct lam_error err;

#define DIGEST "sha256:00aa"

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
	struct journal *j;

	OK(journal_new(&j, dir, DIGEST, "oci:x\33[2J", "plans/\xff.json", &err));
	return j;
}

static void append(struct journal *j, const char *name)
{
	struct lam_plan *plan = make_plan(name);

	OK(journal_append(j, name, plan, &err));
	lam_plan_free(plan);
}

/* The only file in a folder, or NULL; a string of the caller's. */
static char *only_file(const char *dir)
{
	DIR *stream = opendir(dir);
	struct dirent *entry;
	char *file = NULL;

	while (stream && (entry = readdir(stream))) {
		if (entry->d_name[0] == '.')
			continue;
		assert_null(file);
		if (asprintf(&file, "%s/%s", dir, entry->d_name) < 0)
			abort();
	}
	if (stream)
		closedir(stream);
	return file;
}

static struct orphan *find(const char *dir)
{
	struct orphan *orphan;

	OK(journal_find(&orphan, dir, DIGEST, &err));
	return orphan;
}

static void writes_and_finds(void **state)
{
	char *top = image_temporary(), *dir, *file;
	struct orphan *orphan;
	struct journal *j;
	struct stat st;

	(void)state;
	if (asprintf(&dir, "%s/state/lamina/journal", top) < 0)
		abort();
	assert_null(find(dir));
	j = begin(dir);
	assert_null(only_file(dir));
	assert_false(journal_is_kept(j));
	append(j, "one");
	assert_true(journal_is_kept(j));
	append(j, "two \\x1b");
	assert_true(journal_is_dirty(j));
	OK(journal_sync(j, &err));
	assert_false(journal_is_dirty(j));
	assert_null(find(dir)); /* it is held */
	file = only_file(dir);
	assert_int_equal(stat(file, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(stat(dir, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
	journal_close(j);
	orphan = find(dir);
	assert_non_null(orphan);
	assert_null(find(dir)); /* one takes it alone */
	assert_string_equal(orphan->file, file);
	assert_string_equal(orphan->reference, "oci:x\\x1b[2J");
	assert_string_equal(orphan->plan_file, "plans/\xff.json");
	assert_int_equal(orphan->changes, 2);
	assert_int_equal(orphan->name_count, 2);
	assert_string_equal(orphan->names[0], "two \\x1b");
	assert_string_equal(orphan->names[1], "one");
	assert_string_equal(orphan->plan->layers[0].name, "two");
	assert_string_equal(orphan->plan->note, "a\nb");
	assert_in_range(orphan->time, time(NULL) - 100, time(NULL));
	orphan_free(orphan);
	orphan = find(dir);
	orphan_remove(orphan);
	assert_null(only_file(dir));
	assert_null(find(dir));
	free(file);
	free(dir);
	image_remove(top);
	free(top);
}

static void begins_anew_after_a_reset(void **state)
{
	char *dir = image_temporary(), *file;
	struct journal *j = begin(dir);
	struct orphan *orphan;

	(void)state;
	journal_reset(j);
	append(j, "one");
	journal_reset(j);
	assert_null(only_file(dir));
	assert_false(journal_is_dirty(j));
	assert_false(journal_is_kept(j));
	append(j, "two");
	journal_close(j);
	orphan = find(dir);
	assert_int_equal(orphan->changes, 1);
	orphan_free(orphan);
	/* the same number again: the orphan stays */
	j = begin(dir);
	append(j, "three");
	journal_close(j);
	orphan = find(dir);
	assert_string_equal(orphan->names[0], "three");
	orphan_remove(orphan);
	orphan = find(dir);
	assert_string_equal(orphan->names[0], "two");
	orphan_remove(orphan);
	file = only_file(dir);
	assert_null(file);
	image_remove(dir);
	free(dir);
}

static void follows_the_plan_file(void **state)
{
	char *dir = image_temporary(), *here = getcwd(NULL, 0), *file, want[4096];
	struct journal *j = begin(dir);
	struct orphan *orphan;

	(void)state;
	append(j, "one");
	OK(journal_set_plan_file(j, "other.json", &err));
	append(j, "two");
	append(j, "three");
	file = only_file(dir);
	assert_non_null(file);
	journal_close(j);
	orphan = find(dir);
	assert_string_equal(orphan->plan_file, "other.json");
	assert_int_equal(orphan->changes, 2);
	orphan_free(orphan);
	/* seen from elsewhere */
	assert_int_equal(chdir(dir), 0);
	orphan = find(dir);
	snprintf(want, sizeof want, "%s/other.json", here);
	assert_string_equal(orphan->plan_file, want);
	orphan_remove(orphan);
	j = begin(dir);
	OK(journal_set_plan_file(j, NULL, &err));
	append(j, "four");
	journal_close(j);
	assert_int_equal(chdir(here), 0);
	orphan = find(dir);
	assert_null(orphan->plan_file);
	orphan_remove(orphan);
	free(file);
	free(here);
	image_remove(dir);
	free(dir);
}

static void survives_a_kill(void **state)
{
	char *dir = image_temporary();
	struct orphan *orphan;
	int ready[2];
	char byte;
	pid_t pid;

	(void)state;
	assert_int_equal(pipe(ready), 0);
	pid = fork();
	if (pid == 0) {
		struct journal *j = begin(dir);

		for (int i = 0; i < 20; i++)
			append(j, i == 19 ? "last" : "some");
		(void)!write(ready[1], "x", 1);
		for (;;)
			pause();
	}
	assert_int_equal(read(ready[0], &byte, 1), 1);
	assert_null(find(dir));
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	orphan = find(dir);
	assert_non_null(orphan);
	assert_int_equal(orphan->changes, 20);
	assert_int_equal(orphan->name_count, 8);
	assert_string_equal(orphan->plan->layers[0].name, "last");
	orphan_remove(orphan);
	close(ready[0]);
	close(ready[1]);
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

static void torn_anywhere(void **state)
{
	char *dir = image_temporary(), *file, bytes[4096];
	struct journal *j = begin(dir);
	size_t len, whole = 0;
	FILE *stream;

	(void)state;
	append(j, "one");
	append(j, "two");
	journal_close(j);
	file = only_file(dir);
	stream = fopen(file, "r");
	len = fread(bytes, 1, sizeof bytes, stream);
	fclose(stream);
	unlink(file);
	for (size_t cut = 0; cut <= len; cut++) {
		struct orphan *orphan;

		whole += cut && bytes[cut - 1] == '\n';
		put_file(dir, DIGEST "-1.jsonl", bytes, cut);
		orphan = find(dir);
		if (whole < 2) {
			assert_null(orphan);
			assert_null(only_file(dir));
			continue;
		}
		assert_int_equal(orphan->changes, whole - 1);
		assert_string_equal(orphan->plan->layers[0].name,
				    whole == 2 ? "one" : "two");
		orphan_remove(orphan);
	}
	assert_int_equal(whole, 3);
	free(file);
	image_remove(dir);
	free(dir);
}

#define FIRST "{\"lamina-journal\":1,\"reference\":\"a\\u001b[2Jb\",\"time\":1}\n"
#define STATE                                                                         \
	"{\"name\":\"x\\u001b]0;y\\u0007\\u202e\",\"time\":5,\"plan\":{\"lamina\":1," \
	"\"layers\":[{\"name\":\"l\",\"from\":\"rest\"}],\"assign\":[]}}\n"

static void hostile_files(void **state)
{
	static const char *const broken[] = {
		"",
		"\n\n\n",
		"not JSON\n",
		"{}\n{}\n",
		"[1,2]\n" STATE,
		"{\"lamina-journal\":2,\"reference\":\"a\"}\n" STATE,
		"{\"lamina-journal\":1,\"reference\":7}\n" STATE,
		FIRST,
		FIRST "{\"name\":\"x\",\"plan\":{\"lamina\":1}}\n",
		FIRST "{\"name\":\"x\",\"plan\":7}\n{\"name\":{}}\n",
		FIRST "{\"name\":\"x\",\"name\":\"y\",\"plan\":{}}\n",
		"\xff\xfe\n" STATE,
	};
	char *dir = image_temporary(), path[4096], *deep = malloc(1 << 20);
	struct orphan *orphan;

	(void)state;
	for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
		put_file(dir, DIGEST "-1.jsonl", broken[i], strlen(broken[i]));
		if (find(dir))
			fail_msg("case %zu", i);
		assert_null(only_file(dir));
	}
	memset(deep, '[', 1 << 20);
	put_file(dir, DIGEST "-1.jsonl", deep, 1 << 20);
	assert_null(find(dir));
	free(deep);
	put_file(dir, DIGEST "-1.jsonl", FIRST STATE "garbage\n{\"name\":\"z\"",
		 sizeof FIRST STATE + 17);
	/* what is no file, and what is another's, is left alone */
	snprintf(path, sizeof path, "%s/" DIGEST "-2.jsonl", dir);
	assert_int_equal(mkfifo(path, 0600), 0);
	snprintf(path, sizeof path, "%s/" DIGEST "-3.jsonl", dir);
	assert_int_equal(symlink("/dev/zero", path), 0);
	snprintf(path, sizeof path, "%s/" DIGEST "-4.jsonl", dir);
	assert_int_equal(mkdir(path, 0700), 0);
	put_file(dir, "sha256:00ab-5.jsonl", "x", 1);
	orphan = find(dir);
	assert_non_null(orphan);
	assert_string_equal(orphan->reference, "a\\x1b[2Jb");
	assert_string_equal(orphan->names[0], "x\\x1b]0;y\\x07\\u{202e}");
	assert_int_equal(orphan->time, 5);
	assert_int_equal(orphan->changes, 1);
	assert_null(orphan->plan_file);
	orphan_remove(orphan);
	assert_null(find(dir));
	assert_int_equal(access(path, F_OK), 0);
	image_remove(dir);
	free(dir);
}

static void large_files_begin_anew(void **state)
{
	char *dir = image_temporary(), *file;
	struct lam_plan *plan = make_plan("large");
	struct journal *j = begin(dir);
	struct orphan *orphan;
	struct stat st;

	(void)state;
	free(plan->note);
	plan->note = malloc((12 << 20) + 1);
	memset(plan->note, 'x', 12 << 20);
	plan->note[12 << 20] = '\0';
	for (int i = 0; i < 7; i++)
		OK(journal_append(j, "change", plan, &err));
	file = only_file(dir);
	assert_int_equal(stat(file, &st), 0);
	assert_in_range(st.st_size, 12 << 20, 64 << 20);
	journal_close(j);
	orphan = find(dir);
	assert_true(lam_plan_equal(orphan->plan, plan));
	orphan_remove(orphan);
	lam_plan_free(plan);
	free(file);
	image_remove(dir);
	free(dir);
}

static void nowhere_to_write(void **state)
{
	struct lam_plan *plan = make_plan("x");
	char *dir = image_temporary(), below[4096];
	struct journal *j;

	(void)state;
	put_file(dir, "file", "x", 1);
	snprintf(below, sizeof below, "%s/file/journal", dir);
	j = begin(below);
	assert_int_equal(journal_append(j, "x", plan, &err), LAM_EWRITE);
	assert_false(journal_is_dirty(j));
	OK(journal_sync(j, &err));
	journal_reset(j);
	journal_close(j);
	assert_null(find(below));
	lam_plan_free(plan);
	image_remove(dir);
	free(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(writes_and_finds),
		cmocka_unit_test(begins_anew_after_a_reset),
		cmocka_unit_test(follows_the_plan_file),
		cmocka_unit_test(survives_a_kill),
		cmocka_unit_test(torn_anywhere),
		cmocka_unit_test(hostile_files),
		cmocka_unit_test(large_files_begin_anew),
		cmocka_unit_test(nowhere_to_write),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
