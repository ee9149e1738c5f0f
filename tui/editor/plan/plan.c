/* Changes of the plan: what is chosen to a layer, undo and redo. */
#include <stdlib.h>
#include <string.h>

#include "editor/app_internal.h"
#include "ui/text.h"

struct lam_plan *plan_copy(const struct app *app)
{
	return lam_plan_copy(app_plan(app));
}

static void drop_recovered(struct app *app)
{
	if (app->orphan && !app->orphan->plan) {
		draft_remove(app->orphan);
		app->orphan = NULL;
	}
}

static struct job *keep_job(struct app *app)
{
	struct job *job = job_new(JOB_KEEP);

	if (!job)
		return NULL;
	job->journal = app->journal;
	job->draft = journal_draft(app->journal, app->plan_file, app_plan(app));
	return job;
}

void plan_forget(struct app *app)
{
	if (!app->journal)
		return;
	journal_forget(app->journal);
	app_start(app, keep_job(app));
}

void plan_drop_journal(struct app *app)
{
	plan_forget(app);
	drop_recovered(app);
}

/* Why it could not be kept is told once. */
static void tell_unkept(struct app *app, const char *name, const char *why)
{
	if (app->unkept)
		app_tell(app, ROLE_ERROR, "not kept until saved: %s", name);
	else
		app_tell(app, ROLE_ERROR, "not kept until saved: %s: %s", name, why);
	app->unkept = true;
}

void plan_kept(struct app *app, struct job *job)
{
	if (job->code < 0) {
		tell_unkept(app, job->draft->names[0], job->err.text);
		return;
	}
	app->unkept = false;
	/* the only other copy goes */
	drop_recovered(app);
}

void plan_flush(struct app *app)
{
	struct job *job;

	/* what came of these is not known */
	if (!app->running[JOB_KEEP])
		return;
	job = keep_job(app);
	if (!job)
		return;
	job_run(job);
	plan_kept(app, job);
	job_free(job);
}

/* What stands now goes to the journal. */
static void keep(struct app *app, const char *name)
{
	if (!app->journal) {
		tell_unkept(app, name, "there is no journal");
		return;
	}
	journal_note(app->journal, name);
	app_tell(app, ROLE_GOOD, "%s", name);
	app_start(app, keep_job(app));
}

bool plan_push(struct app *app, const char *name, struct lam_plan *plan)
{
	if (lam_plan_equal(plan, app_plan(app))) {
		lam_plan_free(plan);
		app_tell(app, ROLE_STATUS, "nothing changes");
		return true;
	}
	lam_undo_push(app->history, name, plan);
	keep(app, name);
	app_want_effect(app);
	return true;
}

/* Assigning */

struct rules {
	struct lam_edit_rule *items;
	size_t count;
};

static void rules_fini(struct rules *rules)
{
	for (size_t i = 0; i < rules->count; i++)
		free((char *)(uintptr_t)rules->items[i].pattern);
	free(rules->items);
}

static bool rules_of_nodes(struct app *app, struct rules *out, const uint32_t *nodes,
			   size_t count)
{
	*out = (struct rules){ .items = calloc(count + 1, sizeof *out->items) };
	for (size_t i = 0; out->items && i < count; i++) {
		char *path = lam_tree_path_text(app->facts->tree, nodes[i]);

		if (!path)
			break;
		out->items[out->count++].pattern = path;
	}
	if (out->count == count)
		return true;
	rules_fini(out);
	app_tell(app, ROLE_ERROR, "out of memory");
	return false;
}

/* "/opt/app", or "3 entries (27,988 paths)". */
static char *name_of(const struct app *app, const struct rules *rules,
		     const uint32_t *nodes, size_t count)
{
	char paths[32];
	uint64_t entries = 0;

	if (count == 1)
		return strdup(rules->items[0].pattern);
	for (size_t i = 0; i < count; i++)
		entries += lam_tree_node(app->facts->tree, nodes[i])->live_count;
	return text_format("%zu entries (%s paths)", count, text_count(entries, paths));
}

static void assign_rules(struct app *app, struct lam_plan *plan,
			 const struct rules *rules, const char *what, const char *to)
{
	struct lam_error err;
	char *name;

	if (!plan)
		return;
	if (lam_edit_assign(plan, rules->items, rules->count, to, &err) < 0) {
		app_tell_error(app, &err);
		lam_plan_free(plan);
		return;
	}
	name = to ? text_format("%s to %s", what, to) : text_format("leave out %s", what);
	plan_push(app, name ? name : "assignment", plan);
	free(name);
}

static void remember_target(struct app *app, const char *to)
{
	char *copy = to ? strdup(to) : NULL;

	free(app->last_target);
	app->last_target = copy;
	app->has_last_target = !to || copy;
}

static void assign_in(struct app *app, struct lam_plan *plan, const char *to)
{
	struct rules rules;
	uint32_t *nodes;
	size_t count;

	if (!app_selection(app, &nodes, &count) || count == 0 ||
	    !rules_of_nodes(app, &rules, nodes, count)) {
		lam_plan_free(plan);
		free(nodes);
		return;
	}
	char *what = name_of(app, &rules, nodes, count);

	assign_rules(app, plan, &rules, what ? what : "entries", to);
	remember_target(app, to); /* the last use of `to`, which may be the old one */
	files_marks_clear(app);
	free(what);
	rules_fini(&rules);
	free(nodes);
}

void plan_assign(struct app *app, const char *to)
{
	struct lam_plan *plan = plan_copy(app);

	if (plan)
		assign_in(app, plan, to);
}

static void assign_pattern_in(struct app *app, struct lam_plan *plan, const char *pattern,
			      const char *to)
{
	struct lam_edit_rule rule = { .pattern = pattern, .kind = LAM_RULE_GLOB };
	const struct rules rules = { &rule, 1 };

	assign_rules(app, plan, &rules, pattern, to);
}

void plan_assign_pattern(struct app *app, const char *pattern, const char *to)
{
	assign_pattern_in(app, plan_copy(app), pattern, to);
}

void plan_assign_to_new(struct app *app, const char *name, const char *pattern)
{
	struct lam_plan *plan = plan_copy(app);
	struct lam_error err;

	if (!plan)
		return;
	if (lam_edit_layer_add(plan, plan->layer_count, name, &err) < 0) {
		app_tell_error(app, &err);
		lam_plan_free(plan);
	} else if (pattern) {
		assign_pattern_in(app, plan, pattern, name);
	} else {
		assign_in(app, plan, name);
	}
}

/* The layer that an argument names, by letter or name. */
static const char *target_name(struct app *app, const char *text)
{
	const struct lam_plan *plan = app_plan(app);
	size_t n = target_parse(plan, text);

	if (n != SIZE_MAX)
		return plan->layers[n].name;
	app_tell(app, ROLE_WARNING, "%s: no such layer in the plan", text);
	return NULL;
}

static void assign(struct app *app, const char *argument)
{
	const char *name;

	if (!argument) {
		ask_assign(app, NULL);
		return;
	}
	name = target_name(app, argument);
	if (name)
		plan_assign(app, name);
}

/* The name that the first of what is chosen suggests for a layer of its own. */
static char *wish(const struct app *app)
{
	const struct lam_tree *tree = app->facts->tree;
	char *name, *text = NULL;
	uint32_t *nodes;
	size_t count;

	if (app_selection(app, &nodes, &count) && count) {
		size_t len;
		const char *bytes = lam_tree_name(tree, nodes[0], &len);

		text = lam_path_escape(bytes, len);
	}
	free(nodes);
	name = lam_plan_free_name(app_plan(app), text && *text ? text : "new");
	free(text);
	return name;
}

static void assign_new(struct app *app, const char *argument)
{
	char *name;

	if (argument) {
		plan_assign_to_new(app, argument, NULL);
		return;
	}
	name = wish(app);
	dialog_prompt(app, FOR_ASSIGN_NAME, "A new layer for what is chosen",
		      "Name: ", name);
	free(name);
}

static void assign_pattern(struct app *app, const char *argument)
{
	uint32_t node = app_cursor_node(app);
	char *path = NULL, *pattern = NULL;

	if (argument) {
		ask_assign(app, argument);
		return;
	}
	if (node != LAM_NODE_NONE)
		path = lam_tree_path_text(app->facts->tree,
					  lam_tree_node(app->facts->tree, node)->parent);
	if (path)
		pattern = text_format("%s/**", strcmp(path, "/") == 0 ? "" : path);
	dialog_prompt(app, FOR_ASSIGN_PATTERN,
		      "Give all that a pattern matches to a layer", "Pattern: ", pattern);
	free(path);
	free(pattern);
}

static void again(struct app *app, const char *argument)
{
	(void)argument;
	if (!app->has_last_target)
		app_tell(app, ROLE_STATUS, "nothing was assigned yet: a assigns");
	else if (app->last_target &&
		 target_parse(app_plan(app), app->last_target) == SIZE_MAX)
		app_tell(app, ROLE_WARNING, "the layer %s is gone", app->last_target);
	else
		plan_assign(app, app->last_target);
}

/* Tells which rule above decides, where none stands right here. */
static void tell_rule(struct app *app, uint32_t node)
{
	const uint32_t *rules = app->effect ? app->effect->targets.rule : NULL;
	const struct lam_plan *plan = app->effect ? app->effect->plan : NULL;

	if (!rules || node == LAM_NODE_NONE || rules[node] == LAM_RULE_NONE)
		app_tell(app, ROLE_STATUS, "no rule stands here");
	else
		app_tell(app, ROLE_STATUS,
			 "no rule stands here: %s decides (gr lists the rules)",
			 plan->rules[rules[node]].pattern);
}

static void clear_rules(struct app *app, const struct rules *rules, const char *what)
{
	struct lam_plan *plan = plan_copy(app);
	const char **patterns = calloc(rules->count + 1, sizeof *patterns);
	struct lam_error err;
	size_t removed = 0;
	char *name;

	if (!plan || !patterns) {
		lam_plan_free(plan);
		free(patterns);
		return;
	}
	for (size_t i = 0; i < rules->count; i++)
		patterns[i] = rules->items[i].pattern;
	if (lam_edit_clear(plan, patterns, rules->count, false, &removed, &err) < 0)
		app_tell_error(app, &err);
	else if (removed == 0)
		tell_rule(app, app_cursor_node(app));
	free(patterns);
	if (removed == 0) {
		lam_plan_free(plan);
		return;
	}
	name = text_format("clear %zu rule%s of %s", removed, removed == 1 ? "" : "s",
			   what);
	plan_push(app, name ? name : "clear", plan);
	free(name);
}

static void clear(struct app *app, const char *argument)
{
	struct rules rules;
	uint32_t *nodes;
	size_t count;

	(void)argument;
	if (app_selection(app, &nodes, &count) && count &&
	    rules_of_nodes(app, &rules, nodes, count)) {
		char *what = name_of(app, &rules, nodes, count);

		clear_rules(app, &rules, what ? what : "entries");
		files_marks_clear(app);
		free(what);
		rules_fini(&rules);
	}
	free(nodes);
}

/* Pressed again on what is left out by a rule of its own, that rule goes. */
static void leave_out(struct app *app, const char *argument)
{
	const struct targets *t = app->effect ? &app->effect->targets : NULL;
	uint32_t *nodes;
	size_t count;
	bool out;

	(void)argument;
	if (!app_selection(app, &nodes, &count) || count == 0) {
		free(nodes);
		return;
	}
	out = t && t->to && !(app->facts->flags[nodes[0]] & FACT_DEAD) &&
	      t->to[nodes[0]] == LAM_TARGET_NONE && bits_get(&t->ruled, nodes[0]);
	free(nodes);
	if (out)
		clear(app, NULL);
	else
		plan_assign(app, NULL);
}

/* Undo */

static void undo(struct app *app, const char *argument)
{
	const char *name = lam_undo_back(app->history);
	char *text;

	(void)argument;
	if (!name) {
		app_tell(app, ROLE_STATUS, "nothing to undo");
		return;
	}
	plan_forget_file(app);
	text = text_format("undo: %s", name);
	keep(app, text ? text : "undo");
	free(text);
	app_want_effect(app);
}

static void redo(struct app *app, const char *argument)
{
	const char *name = lam_undo_again(app->history);
	char *text;

	(void)argument;
	if (!name) {
		app_tell(app, ROLE_STATUS, "nothing to redo");
		return;
	}
	text = text_format("redo: %s", name);
	keep(app, text ? text : "redo");
	free(text);
	app_want_effect(app);
}

bool plan_orphan_is_of_open(const struct app *app)
{
	const char *file = app->orphan->plan_file, *open = app->plan_file;

	return file && open ? strcmp(file, open) == 0 : file == open;
}

void plan_recover(struct app *app)
{
	struct lam_plan *plan = app->orphan->plan;
	bool other = !plan_orphan_is_of_open(app);

	app->orphan->plan = NULL;
	if (other) {
		plan_set_file(app, app->orphan->plan_file, NULL);
		app->orphan->plan_file = NULL;
	}
	if (plan_push(app, "recovered plan", plan)) {
		if (other)
			app->file_since = lam_undo_back_count(app->history);
		/* else once it is kept */
		if (!app->unkept && !app->running[JOB_KEEP])
			drop_recovered(app);
	} else {
		draft_free(app->orphan); /* to be offered again */
		app->orphan = NULL;
	}
}

static void rules(struct app *app, const char *argument)
{
	(void)argument;
	ask_rules(app);
}

static void suggest(struct app *app, const char *argument)
{
	(void)argument;
	ask_split(app, true);
}

static void split(struct app *app, const char *argument)
{
	(void)argument;
	ask_split(app, false);
}

static bool add_suggestion(struct lam_plan *plan, const struct suggestion *s,
			   struct lam_error *err)
{
	struct rules rules = { calloc(s->path_count + 1, sizeof *rules.items),
			       s->path_count };
	char *name = NULL;
	int code = rules.items ? 0 : lam_fail_memory(err);

	for (size_t i = 0; rules.items && i < s->path_count; i++)
		rules.items[i].pattern = s->paths[i];
	if (code == 0 && s->name)
		name = lam_plan_free_name(plan, s->name);
	if (code == 0 && s->name)
		code = lam_edit_layer_add(plan, plan->layer_count, name, err);
	if (code == 0)
		code = lam_edit_assign(plan, rules.items, rules.count, name, err);
	free(name);
	free(rules.items);
	return code == 0;
}

void plan_take_suggestions(struct app *app, const struct dialog *dialog)
{
	struct lam_plan *plan = plan_copy(app);
	struct lam_error err;
	size_t taken = 0;
	char *name;

	for (size_t i = 0; plan && app->suggestions && i < dialog->item_count; i++) {
		const struct dialog_item *item = &dialog->items[i];

		if (!item->chosen || item->id >= app->suggestions->count)
			continue;
		if (!add_suggestion(plan, &app->suggestions->items[item->id], &err)) {
			app_tell_error(app, &err);
			lam_plan_free(plan);
			return;
		}
		taken++;
	}
	if (!plan)
		return;
	name = text_format("%zu suggested layer%s", taken, taken == 1 ? "" : "s");
	plan_push(app, name ? name : "suggestions", plan);
	free(name);
}

act_fn *const PLAN_ACTIONS[ACT_COUNT] = {
	[ACT_ASSIGN] = assign,
	[ACT_ASSIGN_NEW] = assign_new,
	[ACT_ASSIGN_PATTERN] = assign_pattern,
	[ACT_AGAIN] = again,
	[ACT_CLEAR] = clear,
	[ACT_LEAVE_OUT] = leave_out,
	[ACT_RULES] = rules,
	[ACT_UNDO] = undo,
	[ACT_REDO] = redo,
	[ACT_SUGGEST] = suggest,
	[ACT_LAYER_SPLIT] = split,
};
