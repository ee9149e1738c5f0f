/* The dialogs that ask or tell. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "editor/app_internal.h"
#include "editor/dialogs/help.h"
#include "ui/text.h"

/* Assigning */

/* Of a large selection the beginning is enough to tell where most of it is. */
#define SAMPLE 200000

/* The target that most of the files are in now: SIZE_MAX where it is not known. */
static size_t most_target(const struct app *app, const uint32_t *nodes, size_t count)
{
	const struct targets *t = app->effect ? &app->effect->targets : NULL;
	uint64_t *bytes, most = 0;
	size_t best = SIZE_MAX, seen = 0;

	if (!t || !t->to || t->plan->layer_count == 0)
		return SIZE_MAX;
	bytes = calloc(t->plan->layer_count, sizeof *bytes);
	for (size_t i = 0; bytes && i < count && seen < SAMPLE; i++) {
		uint32_t at = app->order->place[nodes[i]];
		uint32_t end = at + app->order->span[nodes[i]];

		for (; at < end && seen < SAMPLE; at++, seen++) {
			uint32_t node = app->order->walk[at];
			const struct lam_node *n = lam_tree_node(app->facts->tree, node);

			if (n->kind != LAM_KIND_DIR && t->to[node] < t->plan->layer_count)
				bytes[t->to[node]] += n->live_bytes + 1;
		}
	}
	for (size_t i = 0; bytes && i < t->plan->layer_count; i++) {
		if (bytes[i] > most) {
			most = bytes[i];
			best = i;
		}
	}
	free(bytes);
	return best;
}

static void add_targets(const struct app *app, struct dialog *d, size_t most)
{
	const struct lam_plan *plan = app_plan(app);
	const struct effect *e = app->effect && !app->effect_stale ? app->effect : NULL;

	for (size_t i = 0; i < plan->layer_count; i++) {
		char letters[8], size[SIZE_TEXT_MAX] = "";
		const struct lam_target *t =
			e && e->layout ? lam_layout_target(e->layout, i) : NULL;
		struct dialog_item *item;

		if (t)
			text_size(t->tar_size, size);
		target_letters(i, letters);
		item = dialog_item(d, letters[1] ? '\0' : letters[0], i, "%-16s %6s%s%s",
				   plan->layers[i].name, size,
				   t && t->fate == LAM_FATE_KEPT
					   ? "  (kept as it is: this rewrites it)"
					   : "",
				   i == most ? "  <- most of it is here" : "");
		item->chip = (uint8_t)(i < 254 ? i + 1 : 255);
	}
}

static void describe_selection(struct app *app, struct dialog *d, size_t *out_most)
{
	uint32_t *nodes;
	size_t count;
	char *text, *path;

	*out_most = SIZE_MAX;
	if (!app_selection(app, &nodes, &count) || !count) {
		free(nodes);
		return;
	}
	text = files_describe(app, nodes, count);
	dialog_line(d, ROLE_DIALOG, "%s", text ? text : "");
	free(text);
	*out_most = most_target(app, nodes, count);
	path = lam_tree_path_text(app->facts->tree, nodes[0]);
	d->label = path;
	dialog_line(d, ROLE_DIM, "Rule: %s%s", path ? path : "",
		    count > 1 ? " and so on, each by its path" : " and all below it");
	free(nodes);
}

/* Its canonical form, a new string; NULL where it has none: it is asked for again. */
static char *clean_pattern(struct app *app, const char *pattern)
{
	const struct lam_edit_rule rule = { .pattern = pattern, .kind = LAM_RULE_GLOB };
	struct lam_plan *plan = plan_copy(app);
	struct lam_error err;
	char *clean = NULL;
	struct dialog *d;

	if (!plan)
		return NULL;
	if (lam_edit_assign(plan, &rule, 1, NULL, &err) == 0) {
		clean = strdup(plan->rules[plan->rule_count - 1].pattern);
	} else {
		d = dialog_prompt(app, FOR_ASSIGN_PATTERN, "The rule as a pattern",
				  "Pattern: ", pattern);
		if (d)
			dialog_line(d, ROLE_ERROR, "%s", err.text);
	}
	lam_plan_free(plan);
	return clean;
}

/* What it matches is told when it is known. */
static void describe_pattern(struct app *app, struct dialog *d, const char *pattern)
{
	struct job *job = job_new(JOB_PATTERN);

	d->text = strdup(pattern);
	dialog_line(d, ROLE_DIALOG, "All that matches %s", pattern);
	if (job) {
		job->facts = app->facts;
		job->text = strdup(pattern);
	}
	if (job && !job->text) {
		job_free(job);
		job = NULL;
	}
	app_start(app, job);
}

void ask_assign_counted(struct app *app, struct job *job)
{
	struct dialog *d = dialog_top(app);
	char entries[32], size[SIZE_TEXT_MAX];

	if (!d || d->purpose != FOR_ASSIGN || !d->text || strcmp(d->text, job->text) != 0)
		return;
	if (job->out_matched.entries)
		dialog_line(d, ROLE_DIALOG, "%s in %s %s",
			    text_size(job->out_matched.bytes, size),
			    text_count(job->out_matched.entries, entries),
			    job->out_matched.entries == 1 ? "entry" : "entries");
	else
		dialog_line(d, ROLE_WARNING, "Nothing matches it.");
}

void ask_assign(struct app *app, const char *pattern)
{
	char *clean = pattern ? clean_pattern(app, pattern) : NULL;
	size_t most = SIZE_MAX;
	struct dialog *d;

	if (pattern ? !clean : app_cursor_node(app) == LAM_NODE_NONE)
		return;
	d = dialog_push(app, DIALOG_CHOICE, FOR_ASSIGN, "Assign to layer");
	if (!d) {
		free(clean);
		return;
	}
	if (pattern) {
		describe_pattern(app, d, clean);
		free(clean);
	} else {
		describe_selection(app, d, &most);
	}
	add_targets(app, d, most);
	dialog_item(d, 'n', ID_NEW, "new layer...");
	if (!pattern) {
		dialog_item(d, '-', ID_CLEAR, "back to the default");
		dialog_item(d, 'e', ID_RULE, "as a pattern...");
	}
	dialog_set_hints(d, "[letter] pick  [Enter] assign  [Esc] cancel");
	if (most != SIZE_MAX)
		d->list.cursor = most;
}

/* Lists of places */

static void place_item(const struct app *app, struct dialog *d, uint32_t node,
		       const char *how)
{
	char *path = lam_tree_path_text(app->facts->tree, node);

	dialog_item(d, '\0', node, "%-9s %s", how, path ? path : "?");
	free(path);
}

static void add_hard_links(struct app *app, struct dialog *d, uint32_t node)
{
	struct lam_error err;
	uint32_t *links;
	size_t count;

	if (!lam_tree_node(app->facts->tree, node)->linked ||
	    lam_tree_links(app->facts->tree, node, &links, &count, &err) < 0)
		return;
	for (size_t i = 0; i < count && i < 10000; i++) {
		if (links[i] != node)
			place_item(app, d, links[i], "hard link");
	}
	free(links);
}

void ask_links(struct app *app)
{
	const struct facts *f = app->facts;
	uint32_t node = app_cursor_node(app);
	struct dialog *d =
		dialog_push(app, DIALOG_CHOICE, FOR_LINKS, "Links that lead here");
	size_t first, count;

	if (!d)
		return;
	add_hard_links(app, d, node);
	count = facts_links_to(f, node, &first);
	for (size_t i = 0; i < count && i < 10000; i++)
		place_item(app, d, f->links[first + i].symlink, "symlink");
	if (!d->item_count) {
		dialog_pop(app);
		app_tell(app, ROLE_STATUS, "no link leads here");
		return;
	}
	dialog_line(d, ROLE_DIM, "%zu link%s", d->item_count,
		    d->item_count == 1 ? "" : "s");
	dialog_set_hints(d, "[Enter] go there  [Esc] close");
}

void ask_moves(struct app *app)
{
	struct lam_error err;
	struct move *moves;
	struct dialog *d;
	size_t count;

	if (!app->effect || !app->effect->layout) {
		app_tell(app, ROLE_STATUS, "the plan has no layout yet");
		return;
	}
	if (effect_moves(app->effect, app->facts, &moves, &count, &err) < 0) {
		app_tell_error(app, &err);
		return;
	}
	if (!count) {
		free(moves);
		app_tell(app, ROLE_STATUS,
			 "nothing moves: every path is where it came from");
		return;
	}
	d = dialog_push(app, DIALOG_CHOICE, FOR_MOVES, "What moves");
	for (size_t i = 0; d && i < count && i < 10000; i++) {
		char size[SIZE_TEXT_MAX], files[32];
		const struct move *m = &moves[i];
		char *path = lam_tree_path_text(app->facts->tree, m->top);

		dialog_item(d, '\0', m->top, "%6s  layer %u > %-14s %8s files  %s",
			    text_size(m->bytes, size), m->from,
			    m->to == LAM_TARGET_NONE
				    ? "left out"
				    : app->effect->plan->layers[m->to].name,
			    text_count(m->files, files), path ? path : "?");
		free(path);
	}
	free(moves);
	if (d)
		dialog_set_hints(d, "[Enter] go there  [Esc] close");
}

void ask_notes(struct app *app)
{
	size_t count = lam_image_note_count(app->image);
	struct dialog *d;

	if (!count) {
		app_tell(app, ROLE_STATUS, "nothing is odd about this image");
		return;
	}
	d = dialog_push(app, DIALOG_CHOICE, FOR_NOTES, "What is odd about the image");
	if (!d)
		return;
	dialog_line(d, ROLE_DIM, "%llu in all",
		    (unsigned long long)lam_image_note_total(app->image));
	for (size_t i = 0; i < count; i++) {
		const struct lam_note *n = lam_image_note(app->image, i);
		uint64_t node = UINT64_MAX;
		struct lam_error err;
		char layer[32] = "";
		char *path;
		size_t len;

		if (n->path && lam_path_unescape(&path, &len, n->path, &err) == 0) {
			node = lam_tree_find(app->facts->tree, path, len);
			free(path);
		}
		if (n->layer != UINT32_MAX)
			snprintf(layer, sizeof layer, "layer %u: ", n->layer);
		dialog_item(d, '\0', node, "%s%s%s%s", layer, n->path ? n->path : "",
			    n->path ? ": " : "", n->text);
	}
	dialog_set_hints(d, "[Enter] go to the path  [Esc] close");
}

static size_t layer_named(const struct lam_plan *plan, const char *name)
{
	for (size_t i = 0; name && i < plan->layer_count; i++) {
		if (strcmp(plan->layers[i].name, name) == 0)
			return i;
	}
	return SIZE_MAX;
}

void ask_rules(struct app *app)
{
	const struct lam_plan *plan = app_plan(app);
	struct dialog *d;

	if (!plan->rule_count) {
		app_tell(app, ROLE_STATUS, "the plan has no rules yet: a makes one");
		return;
	}
	d = dialog_push(app, DIALOG_CHOICE, FOR_RULES,
			"Rules: the last that matches wins");
	if (!d)
		return;
	d->many = true;
	for (size_t i = 0; i < plan->rule_count; i++) {
		const struct lam_plan_rule *r = &plan->rules[i];
		size_t to = layer_named(plan, r->to);
		struct dialog_item *item =
			dialog_item(d, '\0', i, "%3zu %s%s -> %s", i,
				    r->kind == LAM_RULE_GLOB ? "glob " : "", r->pattern,
				    r->to ? r->to : "left out of the image");

		if (to != SIZE_MAX)
			item->chip = (uint8_t)(to < 254 ? to + 1 : 255);
		item->role = r->to ? ROLE_DIALOG : ROLE_WARNING;
	}
	d->list.cursor = plan->rule_count - 1;
	dialog_set_hints(
		d, "[Space] choose  [Enter] remove the chosen, or go there  [Esc] close");
}

void ask_sort(struct app *app)
{
	static const char letters[SORT_KINDS] = { 'n', 's', 'f', 'c', 'm' };
	static const char *const words[SORT_KINDS] = { "name", "size",
						       "from: the layer it comes from",
						       "count of entries below",
						       "mtime, the newest first" };
	struct dialog *d = dialog_push(app, DIALOG_CHOICE, FOR_SORT, "Sort by");

	if (!d)
		return;
	for (int i = 0; i < SORT_KINDS; i++)
		dialog_item(d, letters[i], (uint64_t)i, "%s%s", words[i],
			    app->files.sort == (enum sort)i ? "  (now; again reverses)"
							    : "");
	d->list.cursor = (size_t)app->files.sort;
	dialog_set_hints(d, "[letter] pick  [Esc] cancel");
}

/* Ways to cut */

void ask_split(struct app *app, bool whole_image)
{
	struct dialog *d;

	if (!app->effect || !app->effect->layout || app->effect_stale) {
		app_tell(app, ROLE_STATUS, "the plan is still being worked out");
		return;
	}
	d = dialog_push(app, DIALOG_CHOICE, whole_image ? FOR_SUGGEST : FOR_SPLIT,
			whole_image ? "Ways to cut the image" : "Split the layer");
	if (!d)
		return;
	d->value = whole_image ? TARGET_SEVERAL : app->layers.list.cursor;
	if (!whole_image)
		dialog_line(d, ROLE_DIALOG, "%s",
			    app_plan(app)->layers[app->layers.list.cursor].name);
	dialog_item(d, 'd', SUGGEST_DIRECTORY, "by directory: each large one a layer");
	dialog_item(d, 's', SUGGEST_SIZE, "by size: parts of at most so many bytes");
	dialog_item(d, 'p', SUGGEST_PACKAGE, "by package: each large one a layer");
	if (whole_image)
		dialog_item(d, 'w', SUGGEST_WASTE, "caches of package managers left out");
	dialog_line(d, ROLE_DIM, "What is found is shown before anything changes.");
	dialog_set_hints(d, "[letter] pick  [Esc] cancel");
}

void ask_suggested(struct app *app)
{
	struct dialog *d;

	if (!app->suggestions->count) {
		app_tell(app, ROLE_STATUS, "nothing was found to cut that way");
		return;
	}
	d = dialog_push(app, DIALOG_CHOICE, FOR_SUGGESTED, "Suggested layers");
	if (!d)
		return;
	d->many = true;
	for (size_t i = 0; i < app->suggestions->count; i++) {
		const struct suggestion *s = &app->suggestions->items[i];
		char size[SIZE_TEXT_MAX], files[32];
		struct dialog_item *item = dialog_item(
			d, '\0', i, "%-18s %6s %8s files  %s%s",
			s->name ? s->name : "(left out)", text_size(s->bytes, size),
			text_count(s->files, files), s->path_count ? s->paths[0] : "",
			s->path_count > 1 ? " ..." : "");

		item->chosen = true;
		item->role = s->name ? ROLE_DIALOG : ROLE_WARNING;
	}
	dialog_set_hints(d,
			 "[Space] choose or not  [Enter] take the chosen  [Esc] cancel");
}

/* Unsaved plans */

static void put_time(int64_t seconds, char out[40])
{
	time_t t = (time_t)seconds;
	struct tm tm;

	if (!gmtime_r(&t, &tm) || !strftime(out, 40, "%Y-%m-%d %H:%M UTC", &tm))
		snprintf(out, 40, "?");
}

static void name_plan_file(struct dialog *d, const char *file)
{
	char *shown = file ? lam_path_escape(file, strlen(file)) : NULL;

	if (file)
		dialog_line(d, ROLE_WARNING, "of the plan file %s", shown ? shown : "?");
	else
		dialog_line(d, ROLE_WARNING, "of a plan that is in no file yet");
	free(shown);
}

void ask_orphan(struct app *app)
{
	const struct draft *o = app->orphan;
	struct dialog *d = dialog_push(app, DIALOG_CHOICE, FOR_ORPHAN,
				       "An unsaved plan of this image");
	char when[40];

	if (!d)
		return;
	put_time(o->time, when);
	dialog_line(d, ROLE_DIALOG, "of %s, %zu change%s:", when, o->changes,
		    o->changes == 1 ? "" : "s");
	for (size_t i = 0; i < o->name_count; i++) {
		char *name = lam_path_escape(o->names[i], strlen(o->names[i]));

		dialog_line(d, ROLE_DIM, "  %s", name ? name : "?");
		free(name);
	}
	if (!plan_orphan_is_of_open(app))
		name_plan_file(d, o->plan_file);
	dialog_item(d, 'r', 'r', "recover it (undo takes it back)");
	dialog_item(d, 's', 's', "show it");
	dialog_item(d, 'd', 'd', "drop it for good");
	dialog_set_hints(d, "[letter] pick  [Esc] decide another time");
}

static void add_text(struct dialog *d, const char *text)
{
	while (*text) {
		size_t len = strcspn(text, "\n");

		dialog_line(d, ROLE_DIALOG, "%.*s", (int)len, text);
		text += len + (text[len] == '\n');
	}
	d->list.count = d->line_count;
}

void ask_orphan_plan(struct app *app)
{
	struct lam_error err;
	struct dialog *d;
	char *text;

	ask_orphan(app);
	if (lam_plan_format(app->orphan->plan, &text, &err) < 0) {
		app_tell_error(app, &err);
		return;
	}
	d = dialog_push(app, DIALOG_TEXT, FOR_NOTHING, "The unsaved plan");
	if (d) {
		add_text(d, text);
		dialog_set_hints(d, "[Esc] back");
	}
	free(text);
}

void ask_quit(struct app *app)
{
	size_t unsaved = lam_undo_unsaved(app->history);
	struct dialog *d = dialog_push(app, DIALOG_CHOICE, FOR_QUIT, "Quit");

	if (!d)
		return;
	if (app->writing.running)
		dialog_line(d, ROLE_WARNING,
			    "The image is being written: quitting cancels that.");
	if (!unsaved) {
		dialog_item(d, 'q', 'q', "quit");
	} else {
		dialog_line(d, ROLE_DIALOG, "The plan has changes that are in no file.");
		dialog_item(d, 's', 's', "save and quit");
		if (!app->unkept)
			dialog_item(d, 'k', 'k',
				    "quit; they are offered again next time");
		dialog_item(d, 'd', 'd', "drop them and quit");
	}
	dialog_set_hints(d, "[letter] pick  [Esc] stay");
}

void ask_help(struct app *app)
{
	struct dialog *d = dialog_push(app, DIALOG_TEXT, FOR_HELP, "Help");

	if (!d)
		return;
	help_lines(app, d);
	d->list.count = d->line_count;
	dialog_set_hints(d, "[Esc] close  [/] search  [Space] next page");
}

void ask_menu(struct app *app)
{
	struct dialog *d = dialog_push(app, DIALOG_CHOICE, FOR_MENU, "Menu");

	for (int group = 0; d && group < GROUP_COUNT; group++) {
		for (int i = ACT_NONE + 1; i < ACT_COUNT; i++) {
			char keys[96];
			struct dialog_item *item;

			if ((int)ACTIONS[i].group != group ||
			    !(ACTIONS[i].contexts & app_context(app)))
				continue;
			item = dialog_item(d, '\0', (uint64_t)i, "%-7s %s",
					   GROUP_NAMES[group], ACTIONS[i].help);
			item->key = strdup(keymap_names(&app->keymap, (enum action)i,
							keys, sizeof keys));
		}
	}
	if (d)
		dialog_set_hints(d, "[Enter] run  [Esc] close");
}
