/* What the end of each dialog means. */
#include <stdlib.h>
#include <string.h>

#include "editor/app_internal.h"

/* Items */

/* dialog->text: the pattern; NULL: what is chosen. */
static void assign_item(struct app *app, struct dialog *d, const struct dialog_item *item)
{
	struct dialog *next;
	const char *name;

	if (item->id == ID_NEW && !d->text) {
		app_act(app, ACT_ASSIGN_NEW, NULL);
	} else if (item->id == ID_NEW) {
		next = dialog_prompt(app, FOR_ASSIGN_NAME, "A new layer for the pattern",
				     "Name: ", NULL);
		if (next)
			next->text = strdup(d->text);
	} else if (item->id == ID_CLEAR) {
		app_act(app, ACT_CLEAR, NULL);
	} else if (item->id == ID_RULE) {
		dialog_prompt(app, FOR_ASSIGN_PATTERN, "The rule as a pattern",
			      "Pattern: ", d->label);
	} else if (item->id < app_plan(app)->layer_count) {
		name = app_plan(app)->layers[item->id].name;
		if (d->text)
			plan_assign_pattern(app, d->text, name);
		else
			plan_assign(app, name);
	}
}

static void node_item(struct app *app, struct dialog *d, const struct dialog_item *item)
{
	(void)d;
	if (item->id < app->facts->count && item->id != LAM_NODE_ROOT)
		files_go(app, (uint32_t)item->id);
}

/* Those that are chosen go; where none is, the cursor goes to the lit one's path. */
static void rules_item(struct app *app, struct dialog *d, const struct dialog_item *item)
{
	struct lam_plan *plan = plan_copy(app);
	struct lam_error err;
	size_t removed = 0;
	char *name;
	int code = 0;

	for (size_t i = d->item_count; plan && i-- > 0;) {
		if (!d->items[i].chosen)
			continue;
		code = lam_edit_rule_remove(plan, d->items[i].id, &err);
		if (code < 0)
			break;
		removed++;
	}
	if (code < 0)
		app_tell_error(app, &err);
	if (code < 0 || !removed)
		lam_plan_free(plan);
	if (code == 0 && removed) {
		name = text_format("remove %zu rule%s", removed, removed == 1 ? "" : "s");
		plan_push(app, name ? name : "remove rules", plan);
		free(name);
	} else if (code == 0 && item->id < app_plan(app)->rule_count &&
		   app_plan(app)->rules[item->id].kind == LAM_RULE_PATH) {
		files_go_text(app, app_plan(app)->rules[item->id].pattern);
	}
}

static void sort_item(struct app *app, struct dialog *d, const struct dialog_item *item)
{
	(void)d;
	files_sort(app, (enum sort)item->id);
}

static void start_suggest(struct app *app, enum suggest_how how, uint32_t target,
			  uint64_t size)
{
	struct job *job = job_new(JOB_SUGGEST);

	if (job) {
		job->effect = app->effect;
		job->facts = app->facts;
		job->how = how;
		job->target = target;
		job->size = size;
	}
	app_start(app, job);
	app_tell(app, ROLE_STATUS, "looking for ways to cut it");
}

/* dialog->value: the target, or TARGET_SEVERAL. */
static void split_item(struct app *app, struct dialog *d, const struct dialog_item *item)
{
	struct dialog *next;

	if (item->id != SUGGEST_SIZE) {
		start_suggest(app, (enum suggest_how)item->id, (uint32_t)d->value, 0);
		return;
	}
	next = dialog_prompt(app, FOR_SPLIT_SIZE, "Parts of at most", "Size: ", "100M");
	if (next)
		next->value = d->value;
}

static void suggested_item(struct app *app, struct dialog *d,
			   const struct dialog_item *item)
{
	(void)item;
	plan_take_suggestions(app, d);
}

static void save_over_item(struct app *app, struct dialog *d,
			   const struct dialog_item *item)
{
	if (item->id == 'o')
		plan_save(app, d->text, true);
	else
		dialog_prompt(app, FOR_SAVE, "Save the plan", "File: ", d->text);
}

static void edit_again_item(struct app *app, struct dialog *d,
			    const struct dialog_item *item)
{
	if (item->id == 'e' && d->text)
		plan_edit_text(app, d->text, (size_t)d->value);
}

static void orphan_item(struct app *app, struct dialog *d, const struct dialog_item *item)
{
	(void)d;
	if (item->id == 'r') {
		plan_recover(app);
	} else if (item->id == 's') {
		ask_orphan_plan(app);
	} else {
		draft_remove(app->orphan);
		app->orphan = NULL;
		app_tell(app, ROLE_STATUS, "the unsaved plan is dropped");
	}
}

static void written_item(struct app *app, struct dialog *d,
			 const struct dialog_item *item)
{
	(void)d;
	if (item->id == 'q')
		app_act(app, ACT_QUIT, NULL);
}

static void quit_item(struct app *app, struct dialog *d, const struct dialog_item *item)
{
	(void)d;
	if (item->id == 'd') {
		plan_drop_journal(app);
		plan_quit(app);
	} else if (item->id == 's') {
		app->quit_when_saved = true;
		app_act(app, ACT_SAVE, NULL);
	} else {
		plan_quit(app);
	}
}

static void menu_item(struct app *app, struct dialog *d, const struct dialog_item *item)
{
	(void)d;
	app_act(app, (enum action)item->id, NULL);
}

void answer_item(struct app *app, struct dialog *dialog, const struct dialog_item *item)
{
	static void (*const ITEMS[FOR_COUNT])(struct app *, struct dialog *,
					      const struct dialog_item *) = {
		[FOR_ASSIGN] = assign_item,
		[FOR_LINKS] = node_item,
		[FOR_MOVES] = node_item,
		[FOR_NOTES] = node_item,
		[FOR_RULES] = rules_item,
		[FOR_SORT] = sort_item,
		[FOR_SPLIT] = split_item,
		[FOR_SUGGEST] = split_item,
		[FOR_SUGGESTED] = suggested_item,
		[FOR_SAVE_OVER] = save_over_item,
		[FOR_EDIT_AGAIN] = edit_again_item,
		[FOR_ORPHAN] = orphan_item,
		[FOR_WRITTEN] = written_item,
		[FOR_QUIT] = quit_item,
		[FOR_MENU] = menu_item,
	};

	if (ITEMS[dialog->purpose])
		ITEMS[dialog->purpose](app, dialog, item);
}

/* Texts */

static void typed_action(struct app *app, const struct dialog *d, const char *text)
{
	static const enum action ACTION_OF[FOR_COUNT] = {
		[FOR_GO] = ACT_GO,
		[FOR_MARK] = ACT_MARK_PATTERN,
		[FOR_UNMARK] = ACT_UNMARK_PATTERN,
		[FOR_ASSIGN_PATTERN] = ACT_ASSIGN_PATTERN,
		[FOR_LAYER_NAME] = ACT_LAYER_NEW,
		[FOR_LAYER_RENAME] = ACT_LAYER_RENAME,
		[FOR_LAYER_COMPRESSION] = ACT_LAYER_COMPRESSION,
		[FOR_SAVE] = ACT_SAVE,
		[FOR_LOAD] = ACT_LOAD,
		[FOR_MERGE] = ACT_MERGE_PLAN,
		[FOR_OUTPUT] = ACT_WRITE,
	};

	if (*text && ACTION_OF[d->purpose])
		app_act(app, ACTION_OF[d->purpose], text);
}

/* "100M" to bytes; 0: none. */
static uint64_t parse_size(const char *text)
{
	static const char units[] = "KMGT";
	char *end;
	double value = strtod(text, &end);
	const char *unit = *end ? strchr(units, *end & ~0x20) : NULL;

	if (end == text || !(value > 0) || (*end && !unit))
		return 0;
	for (const char *u = units; unit && u <= unit; u++)
		value *= 1024;
	return value < 1e18 ? (uint64_t)value : 0;
}

static void write_text(struct app *app, const struct dialog *d, const char *text)
{
	if (strcmp(text, d->text) == 0)
		write_begin(app);
	else
		app_tell(app, ROLE_STATUS, "nothing was written: \"%s\" was not typed",
			 d->text);
}

static void split_size_text(struct app *app, const struct dialog *d, const char *text)
{
	uint64_t size = parse_size(text);

	if (size)
		start_suggest(app, SUGGEST_SIZE, (uint32_t)d->value, size);
	else
		app_tell(app, ROLE_WARNING, "%s: a size is a number and K, M or G", text);
}

void answer_text(struct app *app, struct dialog *dialog, const char *text)
{
	if (dialog->purpose == FOR_COMMAND)
		command_run(app, dialog, text);
	else if (dialog->purpose == FOR_WRITE)
		write_text(app, dialog, text);
	else if (dialog->purpose == FOR_SPLIT_SIZE)
		split_size_text(app, dialog, text);
	else if (dialog->purpose == FOR_SEARCH)
		files_set_search(app, *text ? text : NULL);
	else if (dialog->purpose == FOR_FILTER)
		files_set_filter(app, *text ? text : NULL);
	else if (dialog->purpose == FOR_ASSIGN_NAME && *text)
		plan_assign_to_new(app, text, dialog->text);
	else
		typed_action(app, dialog, text);
}

void answer_cancel(struct app *app, struct dialog *dialog)
{
	app->quit_when_saved = false;
	if (dialog->purpose == FOR_EDIT_AGAIN && dialog->text)
		/* what was typed is not thrown away by a slip of Esc */
		app_tell(app, ROLE_STATUS, "the plan stays as it was");
	if (dialog->purpose == FOR_ORPHAN)
		app_tell(app, ROLE_STATUS,
			 "the unsaved plan stays on disk, and is offered again");
	if (dialog->purpose == FOR_WRITE || dialog->purpose == FOR_OUTPUT)
		app_tell(app, ROLE_STATUS, "nothing was written");
}
