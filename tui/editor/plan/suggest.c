/* Ways to cut a layer or the image: asked for, looked for, shown, taken. */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/memory.h"
#include "base/size.h"
#include "editor/plan/plan.h"

enum { BY_CHANGE = 100, IN_ONE }; /* beside what enum suggest_how has */

static bool add_suggestion(struct lam_plan *plan, const struct suggestion *s,
			   struct lam_error *err)
{
	struct lam_edit_rule *rules = lam_xcalloc(s->pattern_count + 1, sizeof *rules);
	char *name = s->name ? lam_plan_free_name(plan, s->name) : NULL;
	bool good;

	for (size_t i = 0; i < s->pattern_count; i++)
		rules[i] = (struct lam_edit_rule){ s->patterns[i], s->kind };
	good = (!name || lam_edit_layer_add(plan, plan->layer_count, name, err) == 0) &&
	       lam_edit_assign(plan, rules, s->pattern_count, name, err) == 0;
	free(name);
	free(rules);
	return good;
}

static void take_chosen(struct app *app, struct dialog *d, const struct dialog_item *lit)
{
	const struct suggestions *all = app->plan.suggestions;
	struct lam_plan *plan = plan_copy(app);
	struct lam_error err;
	size_t taken = 0;
	int code = 0;

	(void)lit;
	for (size_t i = 0; code == 0 && i < d->item_count; i++) {
		const struct dialog_item *item = &d->items[i];

		if (!item->chosen || !all || item->id >= all->count)
			continue;
		if (!add_suggestion(plan, &all->items[item->id], &err))
			code = err.code;
		taken++;
	}
	plan_changed(app, plan, code, &err, "%zu suggested layer%s", taken,
		     taken == 1 ? "" : "s");
}

static void show(struct app *app)
{
	const struct suggestions *all = app->plan.suggestions;
	struct dialog *d;

	if (!all->count) {
		app_tell(app, ROLE_STATUS, "nothing was found to cut that way");
		return;
	}
	d = dialog_push(app, DIALOG_CHOICE, "Suggested layers");
	d->on_item = take_chosen;
	d->many = true;
	for (size_t i = 0; i < all->count; i++) {
		const struct suggestion *s = &all->items[i];
		char size[LAM_SIZE_TEXT], files[32];
		struct dialog_item *item = dialog_item(
			d, '\0', i, "%-18s %6s %8s files  %s%s",
			s->name ? s->name : "(left out)", lam_size_text(s->bytes, size),
			lam_count_text(s->files, files),
			s->pattern_count ? s->patterns[0] : "",
			s->pattern_count > 1 ? " ..." : "");

		item->chosen = true;
		item->role = s->name ? ROLE_DIALOG : ROLE_WARNING;
	}
	dialog_set_hints(d,
			 "[Space] choose or not  [Enter] take the chosen  [Esc] cancel");
}

/* Looking for them */

struct suggest_job {
	struct job job;
	const struct facts *facts;
	const struct effect *effect;
	enum suggest_how how;
	uint32_t target;
	uint64_t size;
	struct suggestions *found;
};

static int run_suggest(struct job *job)
{
	struct suggest_job *s = (struct suggest_job *)job;

	return suggest_new(&s->found, s->effect, s->facts, s->how, s->target, s->size,
			   &job->stop, &job->err);
}

static void free_suggest(struct job *job)
{
	suggest_free(((struct suggest_job *)job)->found);
}

static void take_suggestions(struct app *app, struct job *job)
{
	if (atomic_load(&job->stop)) /* when it had all but ended */
		return;
	suggest_free(app->plan.suggestions);
	app->plan.suggestions = LAM_STEAL(((struct suggest_job *)job)->found);
	show(app);
}

static void look(struct app *app, enum suggest_how how, uint32_t target, uint64_t size)
{
	static const struct job_ops SUGGEST = { JOB_SUGGEST, run_suggest,
						take_suggestions, free_suggest, false };
	struct suggest_job *job = job_new(sizeof *job, &SUGGEST);

	job->effect = app->plan.effect;
	job->facts = app->facts;
	job->how = how;
	job->target = target;
	job->size = size;
	app_start(app, &job->job);
	app_tell(app, ROLE_STATUS, "looking for ways to cut it; Esc cancels");
}

void plan_suggest_stop(struct app *app)
{
	app_stop(app, JOB_SUGGEST);
	app_tell(app, ROLE_STATUS, "cancelled: nothing is suggested");
}

/* dialog->value: the target, or TARGET_SEVERAL for the whole image. */
static void size_typed(struct app *app, struct dialog *d, const char *text)
{
	struct lam_error err;
	uint64_t size;

	if (lam_size_parse(&size, text, &err) == 0 && size)
		look(app, SUGGEST_SIZE, (uint32_t)d->value, size);
	else
		app_tell(app, ROLE_WARNING, "%s: a size is a number and K, M or G", text);
}

/* Into the lowest that holds originals and may be another blob. */
static void put_in_one(struct app *app)
{
	struct lam_plan *plan = plan_copy(app);
	struct lam_error err;
	size_t into = 0;
	int code;

	while (into + 1 < plan->layer_count &&
	       (plan->layers[into].keep ||
		(!plan->layers[into].rest && !plan->layers[into].from_count)))
		into++;
	code = lam_edit_flatten(plan, &into, &err);
	plan_changed(app, plan, code, &err, "the rest in one");
}

static void how_item(struct app *app, struct dialog *d, const struct dialog_item *item)
{
	struct dialog *next;

	if (item->id == BY_CHANGE) {
		plan_cut(app);
		return;
	}
	if (item->id == IN_ONE) {
		put_in_one(app);
		return;
	}
	if (item->id != SUGGEST_SIZE) {
		look(app, (enum suggest_how)item->id, (uint32_t)d->value, 0);
		return;
	}
	next = dialog_prompt(app, NULL, "Parts of at most", "Size: ", "100M");
	next->value = d->value;
	next->on_text = size_typed;
}

static void ask_how(struct app *app, const char *title, uint32_t target)
{
	struct dialog *d;

	if (!plan_is_worked_out(app))
		return;
	d = dialog_push(app, DIALOG_CHOICE, title);
	d->on_item = how_item;
	d->value = target;
	if (target != TARGET_SEVERAL)
		dialog_line(d, ROLE_DIALOG, "%s", app_plan(app)->layers[target].name);
	if (target == TARGET_SEVERAL) {
		dialog_item(d, 'c', BY_CHANGE, "by what changes: a whole plan");
		dialog_item(d, 'o', IN_ONE,
			    "in one: all that no rule gives to a layer of its own");
	}
	dialog_item(d, 'd', SUGGEST_DIRECTORY, "by directory: each large one a layer");
	dialog_item(d, 's', SUGGEST_SIZE, "by size: parts of at most so many bytes");
	dialog_item(d, 'p', SUGGEST_PACKAGE, "by package: each large one a layer");
	if (target == TARGET_SEVERAL)
		dialog_item(d, 'w', SUGGEST_WASTE, "caches of package managers left out");
	dialog_line(d, ROLE_DIM, "What is found is shown before anything changes.");
	dialog_set_hints(d, "[letter] pick  [Esc] cancel");
}

void plan_suggest(struct app *app)
{
	ask_how(app, "Ways to cut the image", TARGET_SEVERAL);
}

void layers_split(struct app *app)
{
	ask_how(app, "Split the layer", (uint32_t)app->layers.list.cursor);
}
