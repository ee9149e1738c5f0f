/* lamina help: all that there is to call, out of the tables; as JSON it is what the
 * manual pages and the shells' completions are made from (tui/pages). */
#include <stdlib.h>
#include <string.h>

#include <lamina/reference.h>

#include "cli/print.h"
#include "editor/dialogs/dialog.h"
#include "editor/find/filter.h"

static const struct {
	const char *codes, *meaning;
} EXITS[] = {
	{ "0", "done" },
	{ "1", "different, damaged or over a limit (diff, check, inspect)" },
	{ "2", "wrong command line" },
	{ "3", "the image cannot be read" },
	{ "4", "the plan is wrong or does not fit" },
	{ "5", "the output could not be written" },
	{ "129, 130, 143", "stopped, nothing published" },
};
#define EXIT_COUNT (sizeof EXITS / sizeof *EXITS)

void print_overview(FILE *out)
{
	print_own(
		out,
		"lamina edits the layers of container images, and proves that the result is the same image.\n\n"
		"usage: lamina IMAGE          the editor\n       lamina COMMAND ...\n\n");
	for (const struct command *const *c = COMMANDS; *c; c++)
		print_line(out, "  %-8s %-22s %s", (*c)->name, (*c)->usage,
			   (*c)->summary);
	print_own(out, "\n'lamina COMMAND --help' tells more. To begin with an image:\n\n"
		       "  skopeo copy docker://debian:12 oci:debian:12\n"
		       "  lamina inspect oci:debian:12\n"
		       "  lamina oci:debian:12\n");
}

static void print_options(const struct option *o)
{
	for (; o->name; o++) {
		char left[80];

		snprintf(left, sizeof left, "%c%c%s --%s%s%s", o->letter ? '-' : ' ',
			 o->letter ? o->letter : ' ', o->letter ? "," : " ", o->name,
			 o->value ? " " : "", o->value ? o->value : "");
		print_line(stdout, "  %-34s  %s", left, o->help);
	}
}

void print_help(const struct command *command)
{
	char *kinds = lam_reference_kinds();

	print_line(stdout, "usage: lamina %s %s", command->name, command->usage);
	print_own(stdout, "\n");
	print_own(stdout, command->about);
	print_own(stdout, "\n\nOptions\n");
	print_options(command->options);
	print_options(COMMON_OPTIONS);
	print_own(stdout, "\nImages: ");
	print_own(stdout, kinds);
	print_own(stdout,
		  ", a path to one of these, or - for an archive\non standard input or "
		  "output.\n\nExit codes:\n");
	for (size_t i = 0; i < EXIT_COUNT; i++)
		print_line(stdout, "  %-13s  %s", EXITS[i].codes, EXITS[i].meaning);
	free(kinds);
}

/* JSON */

static json_t *json_options(const struct option *o)
{
	json_t *list = json_array();

	for (; o->name; o++) {
		json_t *json = json_pack("{s:s, s:s}", "name", o->name, "help", o->help);

		if (o->letter)
			json_object_set_new(json, "letter", json_stringn(&o->letter, 1));
		if (o->value)
			json_object_set_new(json, "value", json_string(o->value));
		json_array_append_new(list, json);
	}
	return list;
}

static json_t *json_commands(void)
{
	json_t *list = json_array();

	for (const struct command *const *c = COMMANDS; *c; c++)
		json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:s, s:o}", "name",
						      (*c)->name, "usage", (*c)->usage,
						      "summary", (*c)->summary, "about",
						      (*c)->about, "options",
						      json_options((*c)->options)));
	return list;
}

/* A list of what stands apart by `between` in a text. */
static json_t *json_parts(const char *text, const char *between)
{
	json_t *list = json_array();
	const char *end;

	for (; (end = strstr(text, between)) != NULL; text = end + strlen(between))
		json_array_append_new(list, json_stringn(text, (size_t)(end - text)));
	if (*text)
		json_array_append_new(list, json_string(text));
	return list;
}

static json_t *json_panes(unsigned contexts)
{
	json_t *list = json_array();

	if (contexts & CONTEXT_FILES)
		json_array_append_new(list, json_string("files"));
	if (contexts & CONTEXT_LAYERS)
		json_array_append_new(list, json_string("layers"));
	if (contexts & CONTEXT_DETAILS)
		json_array_append_new(list, json_string("details"));
	return list;
}

static json_t *json_actions(void)
{
	json_t *list = json_array();
	struct keymap map;
	char keys[256];

	keymap_init(&map);
	for (int i = ACT_NONE + 1; i < ACT_COUNT; i++) {
		const struct action_info *a = &ACTIONS[i];

		json_array_append_new(
			list, json_pack("{s:s, s:s, s:s, s:s, s:o, s:o}", "name", a->name,
					"argument", a->argument, "help", a->help, "group",
					GROUP_NAMES[a->group], "keys",
					json_parts(keymap_names(&map, (enum action)i,
								keys, sizeof keys),
						   " "),
					"panes", json_panes(a->contexts)));
	}
	keymap_fini(&map);
	return list;
}

static json_t *json_filter(void)
{
	json_t *list = json_array();

	for (size_t i = 0; FILTER_SYNTAX[i]; i++)
		json_array_append_new(list, json_string(FILTER_SYNTAX[i]));
	return list;
}

void print_help_json(void)
{
	json_t *exits = json_array();
	char *kinds = lam_reference_kinds();

	for (size_t i = 0; i < EXIT_COUNT; i++)
		json_array_append_new(exits, json_pack("{s:o, s:s}", "codes",
						       json_parts(EXITS[i].codes, ", "),
						       "meaning", EXITS[i].meaning));
	print_json(json_pack("{s:i, s:s, s:o, s:o, s:o, s:o, s:o, s:o}", "lamina", 1,
			     "version", VERSION, "images", json_parts(kinds, ", "),
			     "exits", exits, "options", json_options(COMMON_OPTIONS),
			     "commands", json_commands(), "actions", json_actions(),
			     "filter", json_filter()));
	free(kinds);
}
