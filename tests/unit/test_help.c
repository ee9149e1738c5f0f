#include <stdio.h>

#include "editor/app.h"
#include "editor/dialogs/dialog.h"
#include "unit.h"

static struct app app;

static int make_app(void **state)
{
	(void)state;
	app = (struct app){ .width = 80, .height = 24 };
	keymap_init(&app.keys.map);
	return 0;
}

static int free_app(void **state)
{
	(void)state;
	keymap_fini(&app.keys.map);
	free(app.dialogs);
	return 0;
}

static const struct dialog *show(void)
{
	help_show(&app);
	return app_dialog(&app);
}

static size_t line_of(const struct dialog *dialog, const char *text)
{
	for (size_t i = 0; i < dialog->line_count; i++) {
		if (strstr(dialog->lines[i].text, text))
			return i;
	}
	return SIZE_MAX;
}

/* The first words of an action's help, which no line break parts. */
static const char *beginning(enum action action, char out[24])
{
	size_t len = strcspn(ACTIONS[action].help, " ");

	len += strcspn(ACTIONS[action].help + len + (len > 0), " ");
	snprintf(out, 24, "%.*s", (int)(len < 20 ? len : 20), ACTIONS[action].help);
	return out;
}

static void every_action(void **state)
{
	const struct dialog *dialog;
	(void)state;
	for (int pane = 0; pane < PANE_COUNT; pane++) {
		app.focus = (enum pane)pane;
		dialog = show();
		for (int i = ACT_NONE + 1; i < ACT_COUNT; i++) {
			char text[24];

			if (line_of(dialog, beginning((enum action)i, text)) == SIZE_MAX)
				fail_msg("%s is not in the help", ACTIONS[i].name);
		}
		dialog_pop(&app);
	}
}

static void words_of_the_filter(void **state)
{
	static const char *const words[] = { "size>1M", "setuid", "setgid", "capability",
					     "pkg:",    "newer:", "from:4" };
	const struct dialog *dialog = show();

	(void)state;
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		assert_true(line_of(dialog, words[i]) != SIZE_MAX);
	dialog_pop(&app);
}

static void context_first(void **state)
{
	const struct dialog *dialog;
	size_t rename, zoom;

	(void)state;
	app.focus = PANE_LAYERS;
	dialog = show();
	assert_string_equal(dialog->lines[0].text, "Layers pane");
	rename = line_of(dialog, "rename the layer");
	zoom = line_of(dialog, "show the directory");
	assert_true(rename < line_of(dialog, "Elsewhere: Files"));
	assert_true(zoom > line_of(dialog, "Elsewhere: Files"));
	dialog_pop(&app);
	app.focus = PANE_FILES;
}

static void fits(void **state)
{
	const struct dialog *dialog;
	static const int widths[] = { 40, 60, 80, 200 };

	(void)state;
	for (size_t w = 0; w < sizeof widths / sizeof *widths; w++) {
		app.width = widths[w];
		dialog = show();
		for (size_t i = 0; i < dialog->line_count; i++)
			assert_true(text_width(dialog->lines[i].text) <=
				    (widths[w] < 76 ? widths[w] : 76) - 5);
		dialog_pop(&app);
	}
	app.width = 80;
}

/* What the user's keys are is what the help says. */
static void rebound(void **state)
{
	const struct dialog *dialog;
	struct key_sequence sequence;
	(void)state;
	assert_true(key_sequence_parse(&sequence, "Z"));
	keymap_rebind(&app.keys.map, ACT_UNDO, &sequence, 1);
	dialog = show();
	assert_non_null(strstr(dialog->lines[line_of(dialog, "take back the last")].text,
			       "  Z "));
	dialog_pop(&app);
}

static void markdown(void **state)
{
	char *text = NULL;
	size_t size, rows = 0;
	FILE *out = open_memstream(&text, &size);

	(void)state;
	assert_non_null(out);
	help_print_keys(out);
	assert_int_equal(fclose(out), 0);
	for (char *line = text; *line; line = strchr(line, '\n') + 1) {
		size_t cells = 0;

		for (const char *c = line; *c != '\n'; c++)
			cells += *c == '|' && (c == line || c[-1] != '\\');
		assert_true(cells == 0 || cells == 5);
		rows += cells == 5 && line[2] == '`';
	}
	assert_int_equal(rows, ACT_COUNT - 1);
	assert_non_null(strstr(text, "`\\|`"));
	assert_non_null(strstr(text, "name\\|size"));
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_action), cmocka_unit_test(context_first),
		cmocka_unit_test(fits),         cmocka_unit_test(rebound),
		cmocka_unit_test(markdown),     cmocka_unit_test(words_of_the_filter),
	};

	return cmocka_run_group_tests(tests, make_app, free_app);
}
