/* The help, out of the table of actions and the keys that are bound. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/memory.h"
#include "editor/dialogs/dialog.h"
#include "editor/find/filter.h"

#define MOST_WIDTH 71 /* what a dialog has room for */
#define CONTEXTS   (CONTEXT_FILES | CONTEXT_LAYERS | CONTEXT_DETAILS)

static const struct {
	unsigned context;
	const char *name;
} PANES[] = {
	{ CONTEXT_FILES, "Files" },
	{ CONTEXT_LAYERS, "Layers" },
	{ CONTEXT_DETAILS, "Details" },
};

static const char *pane_name(unsigned context)
{
	for (size_t i = 0; i < sizeof PANES / sizeof *PANES; i++) {
		if (PANES[i].context == context)
			return PANES[i].name;
	}
	return "Screen";
}

static void add_row(struct dialog *dialog, int columns, int width, const char *keys,
		    const char *help)
{
	const char *rest = help;
	size_t next;

	if (text_width(keys) > columns) {
		dialog_line(dialog, ROLE_KEY, "  %s", keys);
		keys = "";
	}
	do {
		size_t len = view_wrap(rest, width - columns - 4, &next);

		dialog_line(dialog, ROLE_DIALOG, "  %-*s  %.*s", columns, keys, (int)len,
			    rest);
		rest += next;
		keys = "";
	} while (*rest);
}

static int text_columns(const struct app *app)
{
	return app->width - 5 < MOST_WIDTH ? app->width - 5 : MOST_WIDTH;
}

static int key_columns(const struct app *app)
{
	return text_columns(app) >= 60 ? 20 : 12;
}

static void add_action(const struct app *app, struct dialog *dialog, enum action action)
{
	char keys[128];
	LAM_CLEANUP(lam_free_ptr)
	char *help = lam_xprintf("%s  :%s", ACTIONS[action].help, ACTIONS[action].name);

	keymap_names(&app->keys.map, action, keys, sizeof keys);
	add_row(dialog, key_columns(app), text_columns(app), keys, help);
}

/* The actions of a group that have one of the contexts and none of those that were told
 * before. */
static void add_group(const struct app *app, struct dialog *dialog, unsigned group,
		      unsigned context, unsigned told)
{
	bool any = false;

	for (int i = ACT_NONE + 1; i < ACT_COUNT; i++) {
		if (ACTIONS[i].group != group || !(ACTIONS[i].contexts & context) ||
		    ACTIONS[i].contexts & told)
			continue;
		if (!any)
			dialog_line(dialog, ROLE_TITLE_FOCUS, "%s", GROUP_NAMES[group]);
		any = true;
		add_action(app, dialog, (enum action)i);
	}
}

static void add_context(const struct app *app, struct dialog *dialog, unsigned context,
			unsigned told)
{
	dialog_line(dialog, ROLE_TITLE, told ? "Elsewhere: %s pane" : "%s pane",
		    pane_name(context));
	for (unsigned group = 0; group < GROUP_COUNT; group++)
		add_group(app, dialog, group, context, told);
	dialog_line(dialog, ROLE_DIALOG, "%s", "");
}

static bool has_more(unsigned context, unsigned told)
{
	for (int i = ACT_NONE + 1; i < ACT_COUNT; i++) {
		if (ACTIONS[i].contexts & context && !(ACTIONS[i].contexts & told))
			return true;
	}
	return false;
}

static void add_signs(const struct app *app, struct dialog *dialog)
{
	static const struct {
		const char *sign, *meaning;
	} signs[] = {
		{ "Flags", NULL },
		{ "*", "marked" },
		{ "+", "folded, with marks inside" },
		{ "!", "a symlink that leads to nothing" },
		{ "@", "a symlink that leads to itself" },
		{ "/", "a symlink that leaves the root" },
		{ "?", "a name that is shown escaped" },
		{ "x", "deleted, or overwritten: shipped all the same" },
		{ "~", "several layers hold a version of it" },
		{ "=", "one of several names of a file" },
		{ "^", "setuid, setgid, or a file capability" },
		{ "r", "a rule stands at it" },
		{ "Blobs", NULL },
		{ "=", "the original is reused bit for bit" },
		{ "~", "an original that is rewritten" },
		{ "+", "a new layer" },
		{ "-", "empty: not written" },
		{ "!", "the plan demands that it stays" },
	};

	for (size_t i = 0; i < sizeof signs / sizeof *signs; i++) {
		if (signs[i].meaning)
			add_row(dialog, key_columns(app), text_columns(app),
				signs[i].sign, signs[i].meaning);
		else
			dialog_line(dialog, ROLE_TITLE_FOCUS, "%s", signs[i].sign);
	}
}

static void add_filters(const struct app *app, struct dialog *dialog)
{
	dialog_line(dialog, ROLE_TITLE_FOCUS, "Filter: words that must all hold");
	for (size_t i = 0; FILTER_SYNTAX[i]; i++)
		add_row(dialog, 0, text_columns(app), "", FILTER_SYNTAX[i]);
	dialog_line(dialog, ROLE_DIALOG, "%s", "");
}

/* What has the focus first, then the rest, by group. */
void help_show(struct app *app)
{
	unsigned context = app_context(app), told = context;
	struct dialog *d = dialog_push(app, DIALOG_TEXT, "Help");

	add_context(app, d, context, 0);
	for (size_t i = 0; i < sizeof PANES / sizeof *PANES; i++) {
		if (has_more(PANES[i].context, told))
			add_context(app, d, PANES[i].context, told);
		told |= PANES[i].context;
	}
	add_filters(app, d);
	add_signs(app, d);
	dialog_set_hints(d, "[Esc] close  [/] search  [Space] next page");
}

/* A bar would end the cell. */
static void put_cell(FILE *out, const char *text)
{
	for (; *text; text++) {
		if (*text == '|')
			fputc('\\', out);
		fputc(*text, out);
	}
}

/* `j` `Down`: each key apart. */
static void put_keys(FILE *out, char *keys)
{
	char *rest = NULL;
	const char *gap = "";

	for (char *key = strtok_r(keys, " ", &rest); key;
	     key = strtok_r(NULL, " ", &rest)) {
		fprintf(out, "%s`", gap);
		put_cell(out, key);
		fputc('`', out);
		gap = " ";
	}
}

static const char *where(unsigned contexts, char *out, size_t size)
{
	size_t len = 0;

	if (contexts == CONTEXTS)
		return "";
	*out = '\0';
	for (size_t i = 0; i < sizeof PANES / sizeof *PANES; i++) {
		if (contexts & PANES[i].context && len < size)
			len += (size_t)snprintf(out + len, size - len, "%s%s",
						len ? ", " : "", PANES[i].name);
	}
	return out;
}

static void print_action(FILE *out, const struct keymap *keys, enum action action)
{
	const struct action_info *info = &ACTIONS[action];
	char names[256], panes[64];

	keymap_names(keys, action, names, sizeof names);
	fputs("| ", out);
	put_keys(out, names);
	fprintf(out, " | `:%s%s", info->name, *info->argument ? " " : "");
	put_cell(out, info->argument);
	fputs("` | ", out);
	put_cell(out, info->help);
	fprintf(out, " | %s |\n", where(info->contexts, panes, sizeof panes));
}

void help_print_keys(FILE *out)
{
	struct keymap keys;

	keymap_init(&keys);
	for (unsigned group = 0; group < GROUP_COUNT; group++) {
		fprintf(out,
			"%s**%s**\n\n| keys | command | does | in |\n|--|--|--|--|\n",
			group ? "\n" : "", GROUP_NAMES[group]);
		for (int i = ACT_NONE + 1; i < ACT_COUNT; i++) {
			if (ACTIONS[i].group == group)
				print_action(out, &keys, (enum action)i);
		}
	}
	keymap_fini(&keys);
}
