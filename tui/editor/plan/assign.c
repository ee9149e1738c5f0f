/* Giving paths to layers: what is chosen, or what a pattern matches. */
#include <stdlib.h>
#include <string.h>

#include <lamina/packages.h>
#include <lamina/path.h>

#include "base/buf.h"
#include "base/memory.h"
#include "base/size.h"
#include "editor/plan/plan.h"

/* What is chosen, as rules */

struct chosen {
	uint32_t *nodes;
	struct lam_edit_rule *rules; /* one for each */
	size_t count;
	char *what; /* "/opt/app", or "3 entries (27,988 paths)" */
};

static char *what_is(const struct app *app, const struct chosen *chosen)
{
	uint64_t entries = 0;
	char paths[32];

	if (chosen->count == 1)
		return lam_xstrdup(chosen->rules[0].pattern);
	for (size_t i = 0; i < chosen->count; i++)
		entries += lam_tree_node(app->facts->tree, chosen->nodes[i])->live_count;
	return lam_xprintf("%zu entries (%s paths)", chosen->count,
			   lam_count_text(entries, paths));
}

/* False: nothing is. */
static bool choose(const struct app *app, struct chosen *out)
{
	*out = (struct chosen){ 0 };
	files_selection(app, &out->nodes, &out->count);
	if (!out->count)
		return false;
	out->rules = lam_xcalloc(out->count, sizeof *out->rules);
	for (size_t i = 0; i < out->count; i++)
		out->rules[i].pattern =
			lam_tree_path_text(app->facts->tree, out->nodes[i]);
	out->what = what_is(app, out);
	return true;
}

static void chosen_fini(struct chosen *chosen)
{
	for (size_t i = 0; chosen->rules && i < chosen->count; i++)
		free((char *)(uintptr_t)chosen->rules[i].pattern);
	free(chosen->nodes);
	free(chosen->rules);
	free(chosen->what);
}

/* Assigning */

static void assign_rules(struct app *app, struct lam_plan *plan,
			 const struct lam_edit_rule *rules, size_t count,
			 const char *what, const char *to)
{
	struct lam_error err;
	int code = lam_edit_assign(plan, rules, count, to, &err);

	if (to)
		plan_changed(app, plan, code, &err, "%s to %s", what, to);
	else
		plan_changed(app, plan, code, &err, "leave out %s", what);
}

/* What is chosen, in a copy of the plan that is taken over. */
static void assign_chosen(struct app *app, struct lam_plan *plan, const char *to)
{
	LAM_CLEANUP(chosen_fini) struct chosen chosen;
	char *target = lam_xcopy(to);

	if (!choose(app, &chosen)) {
		lam_plan_free(plan);
		free(target);
		return;
	}
	assign_rules(app, plan, chosen.rules, chosen.count, chosen.what, target);
	files_marks_clear(app);
	free(app->plan.last_target);
	app->plan.last_target = target;
	app->plan.has_last_target = true;
}

/* Of paths, or of packages where it begins with their kind. */
static struct lam_edit_rule pattern_rule(const char *pattern)
{
	return (struct lam_edit_rule){ pattern, lam_package_is_named(pattern)
							? LAM_RULE_PACKAGE
							: LAM_RULE_GLOB };
}

static void assign_pattern(struct app *app, struct lam_plan *plan, const char *pattern,
			   const char *to)
{
	const struct lam_edit_rule rule = pattern_rule(pattern);

	assign_rules(app, plan, &rule, 1, pattern, to);
}

/* A new layer on top for what is chosen (pattern NULL), or for a pattern. */
static void assign_to_new(struct app *app, const char *name, const char *pattern)
{
	struct lam_plan *plan = plan_copy(app);
	struct lam_error err;

	if (lam_edit_layer_add(plan, plan->layer_count, name, &err) < 0) {
		app_tell_error(app, &err);
		lam_plan_free(plan);
	} else if (pattern) {
		assign_pattern(app, plan, pattern, name);
	} else {
		assign_chosen(app, plan, name);
	}
}

/* The dialog of targets */

/* What its items stand for, beside the targets' numbers. */
#define ID_NEW   (UINT64_MAX - 1)
#define ID_CLEAR (UINT64_MAX - 2)
#define ID_RULE  (UINT64_MAX - 3)

static void name_typed(struct app *app, struct dialog *d, const char *text)
{
	if (*text)
		assign_to_new(app, text, d->text);
}

static void ask_name(struct app *app, const char *pattern)
{
	struct dialog *d =
		dialog_prompt(app, NULL, "A new layer for the pattern", "Name: ", NULL);

	d->text = lam_xstrdup(pattern);
	d->on_text = name_typed;
}

/* dialog->text: the pattern; NULL: what is chosen. dialog->label: the first path. */
static void assign_item(struct app *app, struct dialog *d, const struct dialog_item *item)
{
	const char *name;

	if (item->id == ID_NEW && !d->text) {
		plan_assign_new(app, NULL);
	} else if (item->id == ID_NEW) {
		ask_name(app, d->text);
	} else if (item->id == ID_CLEAR) {
		plan_clear(app);
	} else if (item->id == ID_RULE) {
		dialog_prompt(app, plan_assign_pattern, "The rule as a pattern",
			      "Pattern: ", d->label);
	} else if (item->id < app_plan(app)->layer_count) {
		name = app_plan(app)->layers[item->id].name;
		if (d->text)
			assign_pattern(app, plan_copy(app), d->text, name);
		else
			assign_chosen(app, plan_copy(app), name);
	}
}

/* Of a large selection the beginning is enough to tell where most of it is. */
#define SAMPLE 200000

/* Where what is chosen is now. */
struct whereabouts {
	size_t most; /* the target that most of the files are in; SIZE_MAX: not known */
	size_t home; /* the layer that names the original that all of it is from;
			SIZE_MAX: several, or not known */
};

static size_t home_of(const struct app *app, uint32_t origin)
{
	const struct effect *e = app->plan.effect_stale ? NULL : app->plan.effect;
	LAM_CLEANUP(lam_free_ptr) uint32_t *owners = NULL;

	if (!e || origin == LAM_TARGET_NONE)
		return SIZE_MAX;
	owners = lam_plan_owners(e->plan, lam_image_layer_count(app->image));
	return owners[origin] == LAM_TARGET_NONE ? SIZE_MAX : owners[origin];
}

static void sum_targets(const struct app *app, const struct targets *t,
			const struct chosen *chosen, uint64_t *bytes, uint32_t *origin)
{
	const struct order *o = app->files.order;
	bool same = true;
	size_t seen = 0;

	for (size_t i = 0; i < chosen->count && seen < SAMPLE; i++) {
		uint32_t at = o->place[chosen->nodes[i]];
		uint32_t end = at + o->span[chosen->nodes[i]];

		for (; at < end && seen < SAMPLE; at++, seen++) {
			uint32_t node = o->walk[at], from;
			const struct lam_node *n = lam_tree_node(app->facts->tree, node);

			if (n->kind != LAM_KIND_DIR && t->to[node] < t->plan->layer_count)
				bytes[t->to[node]] += n->live_bytes + 1;
			if (!n->live)
				continue;
			from = lam_tree_origin(app->facts->tree, node);
			same = same && (*origin == LAM_TARGET_NONE || *origin == from);
			*origin = from;
		}
	}
	if (!same || seen == SAMPLE)
		*origin = LAM_TARGET_NONE;
}

static struct whereabouts find_chosen(const struct app *app, const struct chosen *chosen)
{
	const struct targets *t = app->plan.effect ? &app->plan.effect->targets : NULL;
	struct whereabouts at = { SIZE_MAX, SIZE_MAX };
	uint32_t origin = LAM_TARGET_NONE;
	uint64_t *bytes, most = 0;

	if (!t || !t->to || t->plan->layer_count == 0)
		return at;
	bytes = lam_xcalloc(t->plan->layer_count, sizeof *bytes);
	sum_targets(app, t, chosen, bytes, &origin);
	at.home = home_of(app, origin);
	for (size_t i = 0; i < t->plan->layer_count; i++) {
		if (bytes[i] > most) {
			most = bytes[i];
			at.most = i;
		}
	}
	free(bytes);
	return at;
}

/* A layer that is kept holds all of its original as it is. */
static const char *kept_text(const struct lam_target *t, bool is_home)
{
	if (!t || t->fate != LAM_FATE_KEPT)
		return "";
	return is_home ? "  (kept as it is, with all of this)"
		       : "  (kept as it is: this rewrites it)";
}

static void target_text(const struct app *app, struct dialog_item *item, size_t i,
			struct whereabouts at)
{
	const struct effect *e = app->plan.effect_stale ? NULL : app->plan.effect;
	const struct lam_target *t =
		e && e->layout ? lam_layout_layer(e->layout, i) : NULL;
	char size[LAM_SIZE_TEXT] = "";

	if (t)
		lam_size_text(t->tar_size, size);
	free(item->text);
	item->text = lam_xprintf("%-16s %6s%s%s", app_plan(app)->layers[i].name, size,
				 kept_text(t, i == at.home),
				 i == at.most ? "  <- most of it is here" : "");
}

static void add_targets(const struct app *app, struct dialog *d, struct whereabouts at)
{
	for (size_t i = 0; i < app_plan(app)->layer_count; i++) {
		struct dialog_item *item = dialog_item(d, '\0', i, "%s", "");

		target_text(app, item, i, at);
		target_letters(i, item->tag);
		item->chip = (uint16_t)(i + 1);
	}
}

static struct whereabouts describe_chosen(struct app *app, struct dialog *d)
{
	LAM_CLEANUP(chosen_fini) struct chosen chosen;
	char *text;

	if (!choose(app, &chosen))
		return (struct whereabouts){ SIZE_MAX, SIZE_MAX };
	text = files_describe(app, chosen.nodes, chosen.count);
	dialog_line(d, ROLE_DIALOG, "%s", text);
	free(text);
	d->label = lam_xstrdup(chosen.rules[0].pattern);
	dialog_line(d, ROLE_DIM, "Rule: %s%s", d->label,
		    chosen.count > 1 ? " and so on, each by its path"
				     : " and all below it");
	return find_chosen(app, &chosen);
}

static struct dialog *ask_target(struct app *app)
{
	struct dialog *d = dialog_push(app, DIALOG_CHOICE, "Assign to layer");

	d->on_item = assign_item;
	dialog_set_hints(d, "[letters] pick  [Enter] assign  [Esc] cancel");
	return d;
}

static void ask_assign(struct app *app)
{
	struct dialog *d = ask_target(app);
	struct whereabouts at = describe_chosen(app, d);

	add_targets(app, d, at);
	dialog_item(d, 'n', ID_NEW, "new layer...");
	dialog_item(d, '-', ID_CLEAR, "back to the default");
	dialog_item(d, 'e', ID_RULE, "as a pattern...");
	if (at.most != SIZE_MAX)
		d->list.cursor = at.most;
}

/* What a pattern matches is told when it is known */

struct pattern_job {
	struct job job;
	const struct facts *facts;
	char *pattern;
	struct pattern_sum matched;
};

static int run_pattern(struct job *job)
{
	struct pattern_job *p = (struct pattern_job *)job;

	return pattern_count(&p->matched, p->pattern, p->facts, &job->stop, &job->err);
}

static void free_pattern(struct job *job)
{
	free(((struct pattern_job *)job)->pattern);
}

static void take_pattern(struct app *app, struct job *job)
{
	const struct pattern_job *p = (const struct pattern_job *)job;
	struct dialog *d = dialog_top(app);
	const struct whereabouts at = { SIZE_MAX, home_of(app, p->matched.origin) };
	char entries[32], size[LAM_SIZE_TEXT];

	if (!d || d->on_item != assign_item || !d->text ||
	    strcmp(d->text, p->pattern) != 0)
		return;
	for (size_t i = 0; i < d->item_count && d->items[i].id < ID_NEW; i++)
		target_text(app, &d->items[i], i, at);
	if (p->matched.entries)
		dialog_line(d, ROLE_DIALOG, "%s in %s %s",
			    lam_size_text(p->matched.bytes, size),
			    lam_count_text(p->matched.entries, entries),
			    p->matched.entries == 1 ? "entry" : "entries");
	else
		dialog_line(d, ROLE_WARNING, "Nothing matches it.");
}

static void count_pattern(struct app *app, const char *pattern)
{
	static const struct job_ops PATTERN = { JOB_PATTERN, run_pattern, take_pattern,
						free_pattern, false };
	struct pattern_job *job = job_new(sizeof *job, &PATTERN);

	job->facts = app->facts;
	job->pattern = lam_xstrdup(pattern);
	app_start(app, &job->job);
}

/* Its canonical form, a new string; NULL where it has none: it is asked for again. */
static char *clean_pattern(struct app *app, const char *pattern)
{
	const struct lam_edit_rule rule = pattern_rule(pattern);
	struct lam_plan *plan = plan_copy(app);
	struct lam_error err;
	char *clean = NULL;
	struct dialog *d;

	if (lam_edit_assign(plan, &rule, 1, NULL, &err) == 0) {
		clean = lam_xstrdup(plan->rules[plan->rule_count - 1].pattern);
	} else {
		d = dialog_prompt(app, plan_assign_pattern, "The rule as a pattern",
				  "Pattern: ", NULL);
		lineedit_set(&d->edit, pattern);
		dialog_line(d, ROLE_ERROR, "%s", err.text);
	}
	lam_plan_free(plan);
	return clean;
}

static void ask_assign_pattern(struct app *app, const char *pattern)
{
	char *clean = clean_pattern(app, pattern);
	struct dialog *d;

	if (!clean)
		return;
	d = ask_target(app);
	d->text = clean;
	dialog_line(d, ROLE_DIALOG, "All that matches %s", clean);
	count_pattern(app, clean);
	add_targets(app, d, (struct whereabouts){ SIZE_MAX, SIZE_MAX });
	dialog_item(d, 'n', ID_NEW, "new layer...");
}

/* Actions */

void plan_assign(struct app *app, const char *text)
{
	const struct lam_plan *plan = app_plan(app);
	size_t n;

	if (!text) {
		if (app_cursor_node(app) != LAM_NODE_NONE)
			ask_assign(app);
		return;
	}
	n = target_parse(plan, text);
	if (n == SIZE_MAX)
		app_tell(app, ROLE_WARNING, "%s: no such layer in the plan", text);
	else
		assign_chosen(app, plan_copy(app), plan->layers[n].name);
}

/* The name that the first of what is chosen suggests for a layer of its own. */
static char *wish(const struct app *app)
{
	LAM_CLEANUP(chosen_fini) struct chosen chosen;
	char *name, *text = NULL;

	if (choose(app, &chosen)) {
		size_t len;
		const char *bytes =
			lam_tree_name(app->facts->tree, chosen.nodes[0], &len);

		text = lam_path_escape(bytes, len);
	}
	name = lam_plan_free_name(app_plan(app), text && *text ? text : "new");
	free(text);
	return name;
}

static void new_name_typed(struct app *app, const char *text)
{
	assign_to_new(app, text, NULL);
}

void plan_assign_new(struct app *app, const char *text)
{
	char *name;

	if (text) {
		new_name_typed(app, text);
		return;
	}
	name = wish(app);
	dialog_prompt(app, new_name_typed, "A new layer for what is chosen",
		      "Name: ", name);
	free(name);
}

void plan_assign_pattern(struct app *app, const char *text)
{
	const struct lam_tree *tree = app->facts->tree;
	uint32_t node = app_cursor_node(app);
	char *path, *pattern = NULL;
	struct dialog *d;

	if (text) {
		ask_assign_pattern(app, text);
		return;
	}
	if (node != LAM_NODE_NONE) {
		path = lam_tree_path_text(tree, lam_tree_node(tree, node)->parent);
		pattern = lam_xprintf("%s/**", strcmp(path, "/") == 0 ? "" : path);
		free(path);
	}
	d = dialog_prompt(app, plan_assign_pattern,
			  "Give all that a pattern matches to a layer",
			  "Pattern: ", pattern);
	dialog_line(d, ROLE_DIM,
		    "a glob of paths (/usr/**/*.so), or packages (dpkg:gcc-*)");
	free(pattern);
}

void plan_again(struct app *app)
{
	const char *to = app->plan.last_target;

	if (!app->plan.has_last_target)
		app_tell(app, ROLE_STATUS, "nothing was assigned yet: a assigns");
	else if (to && target_parse(app_plan(app), to) == SIZE_MAX)
		app_tell(app, ROLE_WARNING, "the layer %s is gone", to);
	else
		assign_chosen(app, plan_copy(app), to);
}

/* Tells which rule above decides, where none stands right here. */
static void tell_rule(struct app *app, uint32_t node)
{
	const struct effect *e = app->plan.effect;
	const uint32_t *rules = e ? e->targets.rule : NULL;

	if (!rules || node == LAM_NODE_NONE || rules[node] == LAM_RULE_NONE)
		app_tell(app, ROLE_STATUS, "no rule stands here");
	else
		app_tell(app, ROLE_STATUS,
			 "no rule stands here: %s decides (gr lists the rules)",
			 e->plan->rules[rules[node]].pattern);
}

void plan_clear(struct app *app)
{
	LAM_CLEANUP(chosen_fini) struct chosen chosen;
	struct lam_plan *plan;
	struct lam_error err;
	const char **patterns;
	size_t removed = 0;
	int code;

	chosen = (struct chosen){ 0 };
	if (config_clear_here(app) || !choose(app, &chosen))
		return;
	patterns = lam_xcalloc(chosen.count, sizeof *patterns);
	for (size_t i = 0; i < chosen.count; i++)
		patterns[i] = chosen.rules[i].pattern;
	plan = plan_copy(app);
	code = lam_edit_clear(plan, patterns, chosen.count, false, &removed, &err);
	free(patterns);
	if (code == 0 && removed == 0) {
		tell_rule(app, app_cursor_node(app));
		lam_plan_free(plan);
	} else {
		plan_changed(app, plan, code, &err, "clear %zu rule%s of %s", removed,
			     removed == 1 ? "" : "s", chosen.what);
	}
	files_marks_clear(app);
}

/* Pressed again on what is left out by a rule of its own, that rule goes. */
void plan_leave_out(struct app *app)
{
	LAM_CLEANUP(chosen_fini) struct chosen chosen;
	const struct targets *t = app->plan.effect ? &app->plan.effect->targets : NULL;
	uint32_t node;

	chosen = (struct chosen){ 0 };
	if (app->focus == PANE_DETAILS && app->details.tab == TAB_WASTE) {
		plan_waste(app);
		return;
	}
	if (config_take_out_here(app) || !choose(app, &chosen))
		return;
	node = chosen.nodes[0];
	if (t && t->to && !(app->facts->flags[node] & FACT_DEAD) &&
	    t->to[node] == LAM_TARGET_NONE && bits_get(&t->ruled, node))
		plan_clear(app);
	else
		assign_chosen(app, plan_copy(app), NULL);
}
