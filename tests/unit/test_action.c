/* The table of actions, against itself and against what stands in the README. */
#include <ctype.h>
#include <stdio.h>

#include "editor/app.h"
#include "editor/dialogs/dialog.h"
#include "unit.h"

#define ALL (CONTEXT_FILES | CONTEXT_LAYERS | CONTEXT_DETAILS)

static struct keymap map;

static int set_up(void **state)
{
	(void)state;
	keymap_init(&map);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	keymap_fini(&map);
	return 0;
}

static size_t keys_of(enum action action)
{
	size_t count = 0;

	for (size_t i = 0; i < map.count; i++)
		count += map.items[i].action == action;
	return count;
}

static size_t words(const char *text)
{
	size_t count = 0;

	for (size_t i = 0; text[i]; i++)
		count += text[i] != ' ' && (i == 0 || text[i - 1] == ' ');
	return count;
}

static void every_action_is_described(void **state)
{
	(void)state;
	for (int i = ACT_NONE + 1; i < ACT_COUNT; i++) {
		const struct action_info *info = &ACTIONS[i];

		if (!*info->help || strlen(info->help) > 75 || !info->argument ||
		    info->group >= GROUP_COUNT || !(info->contexts & ALL))
			fail_msg("%s: help, group or contexts", info->name);
		assert_true(islower((unsigned char)info->name[0]));
		for (const char *c = info->name; *c; c++)
			assert_true(islower((unsigned char)*c) || *c == '-');
		assert_int_equal(action_find(info->name), i);
	}
	assert_int_equal(action_find("no-such-action"), ACT_NONE);
	assert_int_equal(action_find(""), ACT_NONE);
}

static void every_key_can_be_read(void **state)
{
	(void)state;
	for (int i = ACT_NONE + 1; i < ACT_COUNT; i++) {
		if (!keys_of((enum action)i) ||
		    keys_of((enum action)i) != words(ACTIONS[i].keys))
			fail_msg("%s: not all of its keys are bound: %s", ACTIONS[i].name,
				 ACTIONS[i].keys);
	}
}

/* What the table says, the help says, and typing it does. */
static void names_are_read_back(void **state)
{
	(void)state;
	for (size_t i = 0; i < map.count; i++) {
		char name[KEY_NAME_MAX * KEY_SEQUENCE_MAX];
		struct key_sequence again;
		enum action found;

		key_sequence_name(&map.items[i].keys, name);
		if (!key_sequence_parse(&again, name) ||
		    again.count != map.items[i].keys.count)
			fail_msg("%s: cannot be read", name);
		for (size_t k = 0; k < again.count; k++)
			assert_true(key_equal(again.keys[k], map.items[i].keys.keys[k]));
		for (unsigned context = 1; context <= ALL; context <<= 1) {
			if (!(map.items[i].contexts & context))
				continue;
			assert_int_equal(keymap_find(&map, context, &again, &found),
					 LOOKUP_FOUND);
			assert_int_equal(found, map.items[i].action);
		}
	}
}

static void no_key_means_two_things(void **state)
{
	const struct binding *other, *one = keymap_conflict(&map, &other);
	char a[KEY_NAME_MAX * KEY_SEQUENCE_MAX], b[KEY_NAME_MAX * KEY_SEQUENCE_MAX];

	(void)state;
	if (one)
		fail_msg("%s (%s) and %s (%s)", key_sequence_name(&one->keys, a),
			 ACTIONS[one->action].name, key_sequence_name(&other->keys, b),
			 ACTIONS[other->action].name);
}

/* Terminals, their drivers and tmux take these, or send them for other keys: ^M ^I ^J ^H
 * ^[ ^S ^Q ^C ^Z ^B ^A ^@. */
static bool is_unsafe(struct key key)
{
	if (key.mods == MOD_CTRL)
		return key.code < 0x7f && strchr("mijh[sqczba@", (int)key.code);
	return key_is(key, K_ENTER) || key_is(key, K_TAB) || key_is(key, K_BACKSPACE) ||
	       key_is(key, K_ESC);
}

/* A key that every keyboard and every terminal has, as it is. */
static bool is_plain(const struct key_sequence *keys)
{
	for (size_t i = 0; i < keys->count; i++) {
		struct key key = keys->keys[i];

		if (key.mods || (key.code >= 0x7f && key.code != K_TAB &&
				 key.code != K_ENTER && key.code != K_ESC))
			return false;
	}
	return true;
}

/* Ctrl, Alt and function keys are seconds. These have a motion by plain letters beside
 * them that does the same. */
static bool is_excepted(enum action action)
{
	return action == ACT_HALF_DOWN || action == ACT_HALF_UP ||
	       action == ACT_PAGE_DOWN || action == ACT_PAGE_UP ||
	       action == ACT_PREVIOUS_PANE || action == ACT_ZOOM_OUT;
}

static void every_action_has_a_safe_key(void **state)
{
	(void)state;
	for (int action = ACT_NONE + 1; action < ACT_COUNT; action++) {
		bool safe = false, plain = false;

		for (size_t i = 0; i < map.count; i++) {
			bool unsafe = false;

			if (map.items[i].action != (enum action)action)
				continue;
			for (size_t k = 0; k < map.items[i].keys.count; k++)
				unsafe = unsafe || is_unsafe(map.items[i].keys.keys[k]);
			safe = safe || !unsafe;
			plain = plain || is_plain(&map.items[i].keys);
		}
		if (!safe || (!plain && !is_excepted((enum action)action)))
			fail_msg("%s has no plain key", ACTIONS[action].name);
	}
}

static void keys_can_be_bound_anew(void **state)
{
	struct key_sequence one, two;
	const struct binding *other;
	enum action found;
	char names[64];

	(void)state;
	assert_true(key_sequence_parse(&one, "gx"));
	assert_true(key_sequence_parse(&two, "F12"));
	keymap_rebind(&map, ACT_QUIT, (struct key_sequence[]){ one, two }, 2);
	assert_string_equal(keymap_names(&map, ACT_QUIT, names, sizeof names), "gx F12");
	assert_int_equal(keymap_find(&map, CONTEXT_FILES, &two, &found), LOOKUP_FOUND);
	assert_int_equal(found, ACT_QUIT);
	assert_null(keymap_conflict(&map, &other));
	assert_true(key_sequence_parse(&one, "q"));
	assert_int_equal(keymap_find(&map, CONTEXT_FILES, &one, &found), LOOKUP_NONE);
	/* the beginning of others, and one that is taken */
	assert_true(key_sequence_parse(&one, "g"));
	keymap_rebind(&map, ACT_QUIT, &one, 1);
	assert_non_null(keymap_conflict(&map, &other));
	assert_true(key_sequence_parse(&one, "x"));
	keymap_rebind(&map, ACT_QUIT, &one, 1);
	assert_non_null(keymap_conflict(&map, &other));
	keymap_rebind(&map, ACT_QUIT, NULL, 0);
	assert_string_equal(keymap_name(&map, ACT_QUIT, CONTEXT_FILES, names), "");
	assert_null(keymap_conflict(&map, &other));
}

static char *read_all(const char *name)
{
	FILE *in = fopen(name, "r");
	char *text = NULL;
	size_t cap = 0;

	if (!in)
		return NULL;
	if (getdelim(&text, &cap, '\0', in) < 0) {
		free(text);
		text = NULL;
	}
	fclose(in);
	return text;
}

static void readme_has_the_table(void **state)
{
	static const char begin[] = "<!-- keys -->\n", end[] = "<!-- /keys -->";
	char *readme = read_all("README.md"), *table = NULL, *from, *to;
	size_t len;
	FILE *out;

	(void)state;
	assert_non_null(readme);
	from = strstr(readme, begin);
	to = from ? strstr(from, end) : NULL;
	if (!to) {
		free(readme);
		fail_msg("README.md has no section of keys");
		return;
	}
	out = open_memstream(&table, &len);
	assert_non_null(out);
	help_print_keys(out);
	fclose(out);
	*to = '\0';
	from += strlen(begin);
	from += *from == '\n';
	if (strncmp(from, table, len) != 0 || from[len + strspn(from + len, "\n")])
		fail_msg("README.md: the section of keys is not what 'lamina help keys' "
			 "prints");
	free(table);
	free(readme);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_action_is_described),
		cmocka_unit_test_setup_teardown(every_key_can_be_read, set_up, tear_down),
		cmocka_unit_test_setup_teardown(names_are_read_back, set_up, tear_down),
		cmocka_unit_test_setup_teardown(no_key_means_two_things, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(every_action_has_a_safe_key, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(keys_can_be_bound_anew, set_up,
						tear_down),
		cmocka_unit_test(readme_has_the_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
