#include <stdio.h>
#include <sys/stat.h>

#include "editor/keys/keysfile.h"
#include "image_build.h"
#include "unit.h"

static bool known(const char *name)
{
	static const char *const names[] = { "assign", "down", "fold" };

	for (size_t i = 0; i < 3; i++) {
		if (strcmp(name, names[i]) == 0)
			return true;
	}
	return false;
}

static void read_text(struct keysfile *out, const char *text, char *path)
{
	char *dir = image_temporary();
	FILE *file;

	snprintf(path, 4096, "%s/keys.json", dir);
	file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
	keysfile_read(out, path, known);
	image_remove(dir);
	free(dir);
}

static void right(void **state)
{
	char path[4096], name[KEY_NAME_MAX * KEY_SEQUENCE_MAX];
	struct keysfile f;

	(void)state;
	read_text(&f, "{ \"assign\": [\"a\", \"F5\"], \"down\": \"gj\", \"fold\": [] }",
		  path);
	assert_int_equal(f.error_count, 0);
	assert_int_equal(f.count, 3);
	assert_string_equal(f.items[0].action, "assign");
	assert_int_equal(f.items[0].count, 2);
	assert_string_equal(key_sequence_name(&f.items[0].sequences[1], name), "F5");
	assert_string_equal(key_sequence_name(&f.items[1].sequences[0], name), "gj");
	assert_int_equal(f.items[2].count, 0);
	keysfile_fini(&f);
}

static void wrong(void **state)
{
	static const struct {
		const char *text, *why;
		size_t count;
	} cases[] = {
		{ "[]", ": expected an object of actions and their keys", 0 },
		{ "{\"assing\": \"a\", \"down\": \"j\"}", ": no action \"assing\"", 1 },
		{ "{\"assign\": [\"a\", \"Hyper-X\"]}", ": assign[1]: no key \"Hyper-X\"",
		  1 },
		{ "{\"assign\": \"\"}", ": assign: no key \"\"", 0 },
		{ "{\"assign\": 7}", ": assign: expected the name of a key", 0 },
		{ "{\"assign\": [null]}", ": assign[0]: expected the name of a key", 0 },
		{ "{\"\\u001b[2J\": \"a\"}", ": no action \"\\x1b[2J\"", 0 },
	};
	char path[4096], want[8192];
	struct keysfile f;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		read_text(&f, cases[i].text, path);
		assert_int_equal(f.error_count, 1);
		assert_int_equal(f.count, cases[i].count);
		snprintf(want, sizeof want, "%s%s", path, cases[i].why);
		assert_string_equal(f.errors[0], want);
		keysfile_fini(&f);
	}
}

static void no_json(void **state)
{
	char path[4096];
	struct keysfile f;

	(void)state;
	read_text(&f, "{\n  \"assign\": \33]0;x\7,\n}", path);
	assert_int_equal(f.error_count, 1);
	assert_int_equal(f.count, 0);
	assert_int_equal(strncmp(f.errors[0] + strlen(path), ":2:", 3), 0);
	assert_null(strchr(f.errors[0], '\33'));
	keysfile_fini(&f);
	read_text(&f, "{\"down\": \"j\", \"down\": \"k\"}", path);
	assert_int_equal(f.error_count, 1);
	keysfile_fini(&f);
}

static void no_file(void **state)
{
	char *dir = image_temporary(), path[4096];
	struct keysfile f;

	(void)state;
	snprintf(path, sizeof path, "%s/none.json", dir);
	keysfile_read(&f, path, known);
	assert_int_equal(f.count + f.error_count, 0);
	keysfile_read(&f, dir, known);
	assert_int_equal(f.error_count, 1);
	keysfile_fini(&f);
	assert_int_equal(mkfifo(path, 0600), 0);
	keysfile_read(&f, path, known);
	assert_int_equal(f.error_count, 1);
	keysfile_fini(&f);
	image_remove(dir);
	free(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(right),
		cmocka_unit_test(wrong),
		cmocka_unit_test(no_json),
		cmocka_unit_test(no_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
