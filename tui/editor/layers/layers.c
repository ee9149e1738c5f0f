/* The layers' pane: changes of the stack. */
#include "editor/layers/layers.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/memory.h"
#include "base/size.h"
#include "editor/find/search.h"
#include "editor/plan/plan.h"

static const struct lam_plan_layer *here(const struct app *app)
{
	return &app_plan(app)->layers[app->layers.list.cursor];
}

/* The cursor goes to where the layer that was changed stands now. */
static void go(struct app *app, size_t to)
{
	struct layers *l = &app->layers;

	list_fit(&l->list, app_plan(app)->layer_count, l->list.height);
	list_go(&l->list, to);
}

/* Marks */

static size_t find_mark(const struct layer_marks *marks, const char *name)
{
	for (size_t i = 0; i < marks->count; i++) {
		if (strcmp(marks->names[i], name) == 0)
			return i;
	}
	return SIZE_MAX;
}

static void add_mark(struct layer_marks *marks, const char *name)
{
	if (find_mark(marks, name) != SIZE_MAX)
		return;
	LAM_XGROW(marks->names, marks->count, marks->cap);
	marks->names[marks->count++] = lam_xstrdup(name);
}

static void remove_mark(struct layer_marks *marks, size_t at)
{
	free(marks->names[at]);
	marks->names[at] = marks->names[--marks->count];
}

static void marks_fini(struct layer_marks *marks)
{
	for (size_t i = 0; i < marks->count; i++)
		free(marks->names[i]);
	free(marks->names);
	*marks = (struct layer_marks){ 0 };
}

void layers_fini(struct layers *layers)
{
	marks_fini(&layers->marks);
	marks_fini(&layers->merged);
}

bool layers_is_marked(const struct layers *layers, const char *name)
{
	return find_mark(&layers->marks, name) != SIZE_MAX;
}

size_t layers_marked(const struct app *app)
{
	const struct lam_plan *plan = app_plan(app);
	size_t count = 0;

	for (size_t i = 0; i < plan->layer_count; i++)
		count += layers_is_marked(&app->layers, plan->layers[i].name);
	return count;
}

void layers_marks_clear(struct app *app)
{
	marks_fini(&app->layers.marks);
}

void layers_mark(struct app *app)
{
	struct layers *l = &app->layers;
	size_t at;

	if (!app_plan(app)->layer_count)
		return;
	at = find_mark(&l->marks, here(app)->name);
	if (at == SIZE_MAX)
		add_mark(&l->marks, here(app)->name);
	else
		remove_mark(&l->marks, at);
	list_move(&l->list, 1);
}

/* Changes */

void layers_new(struct app *app, const char *text)
{
	size_t at = app->layers.list.cursor + (app_plan(app)->layer_count > 0);
	struct lam_plan *plan;
	struct lam_error err;
	char *name;
	int code;

	if (!text) {
		name = lam_plan_free_name(app_plan(app), "new");
		dialog_prompt(app, layers_new, "A new layer above this one",
			      "Name: ", name);
		free(name);
		return;
	}
	plan = plan_copy(app);
	code = lam_edit_layer_add(plan, at, text, &err);
	if (plan_changed(app, plan, code, &err, "new layer %s", text))
		go(app, at);
}

void layers_rename(struct app *app, const char *text)
{
	size_t at = app->layers.list.cursor;
	struct lam_plan *plan;
	struct lam_error err;
	int code;

	if (!text) {
		dialog_prompt(app, layers_rename, "Rename the layer",
			      "Name: ", here(app)->name);
		return;
	}
	plan = plan_copy(app);
	code = lam_edit_layer_rename(plan, at, text, &err);
	if (plan_changed(app, plan, code, &err, "rename %s to %s", here(app)->name, text))
		go(app, at);
}

void layers_move(struct app *app, int by)
{
	size_t at = app->layers.list.cursor, to = at + (size_t)by;
	struct lam_plan *plan;
	struct lam_error err;
	int code;

	if (to >= app_plan(app)->layer_count) {
		app_tell(app, ROLE_STATUS, "it is at the end already");
		return;
	}
	plan = plan_copy(app);
	code = lam_edit_layer_move(plan, at, to, &err);
	if (plan_changed(app, plan, code, &err, "move layer %s", here(app)->name))
		go(app, to);
}

static int merge_marked(const struct layer_marks *marks, struct lam_plan *plan,
			size_t *into, struct lam_error *err)
{
	for (size_t i = plan->layer_count; i-- > 0;) {
		if (i == *into || find_mark(marks, plan->layers[i].name) == SIZE_MAX)
			continue;
		if (lam_edit_layer_merge(plan, i, *into, err) < 0)
			return err->code;
		*into -= i < *into;
	}
	return 0;
}

/* The cursor's layer where it is marked, else the lowest that is. */
static size_t merge_into(const struct app *app)
{
	const struct lam_plan *plan = app_plan(app);

	if (layers_is_marked(&app->layers, here(app)->name))
		return app->layers.list.cursor;
	for (size_t i = 0; i < plan->layer_count; i++) {
		if (layers_is_marked(&app->layers, plan->layers[i].name))
			return i;
	}
	return SIZE_MAX;
}

static void merge(struct app *app, struct layer_marks *marks, size_t into)
{
	struct layers *l = &app->layers;
	LAM_CLEANUP(lam_free_ptr)
	char *name = lam_xstrdup(app_plan(app)->layers[into].name);
	struct lam_plan *plan = plan_copy(app);
	struct lam_error err;
	int code = merge_marked(marks, plan, &into, &err);

	if (!plan_changed(app, plan, code, &err, "merge into %s", name))
		return;
	marks_fini(&l->merged);
	l->merged = *marks;
	*marks = (struct layer_marks){ 0 };
	l->merged_step = lam_undo_back_count(app->plan.undo);
	go(app, into);
}

void layers_merge(struct app *app, const char *text)
{
	struct layer_marks named = { 0 };
	size_t from = text ? target_parse(app_plan(app), text) : SIZE_MAX;

	if (text && from == SIZE_MAX) {
		app_tell(app, ROLE_WARNING, "%s: no such layer in the plan", text);
	} else if (text) {
		add_mark(&named, app_plan(app)->layers[from].name);
		merge(app, &named, app->layers.list.cursor);
		marks_fini(&named);
	} else if (layers_marked(app) < 2) {
		app_tell(app, ROLE_STATUS,
			 "mark the layers that become one with Space first, two or more");
	} else {
		merge(app, &app->layers.marks, merge_into(app));
	}
}

void layers_flatten(struct app *app)
{
	size_t at = app->layers.list.cursor;
	LAM_CLEANUP(lam_free_ptr) char *name = lam_xstrdup(here(app)->name);
	struct lam_plan *plan = plan_copy(app);
	struct lam_error err;
	int code = lam_edit_flatten(plan, &at, &err);

	if (plan_changed(app, plan, code, &err, "flatten into %s", name))
		go(app, at);
}

/* Marks that a merge took come back when it is undone. */
static void bring_back(struct app *app)
{
	struct layers *l = &app->layers;

	if (!l->merged.count || lam_undo_back_count(app->plan.undo) >= l->merged_step)
		return;
	marks_fini(&l->marks);
	l->marks = l->merged;
	l->merged = (struct layer_marks){ 0 };
}

void layers_delete(struct app *app)
{
	size_t at = app->layers.list.cursor;
	struct lam_plan *plan = plan_copy(app);
	struct lam_error err;
	int code = lam_edit_layer_delete(plan, at, &err);

	if (plan_changed(app, plan, code, &err, "delete layer %s", here(app)->name))
		go(app, at ? at - 1 : 0);
}

void layers_keep(struct app *app)
{
	size_t at = app->layers.list.cursor;
	bool keep = !here(app)->keep;
	struct lam_plan *plan = plan_copy(app);
	struct lam_error err;
	int code = lam_edit_layer_keep(plan, at, keep, &err);

	if (plan_changed(app, plan, code, &err, "%s%s%s", keep ? "keep " : "",
			 here(app)->name, keep ? " as it is" : " need not stay as it is"))
		go(app, at);
}

static bool is_kept(const struct app *app)
{
	size_t at = app->layers.list.cursor;
	const struct effect *e = app->plan.effect;

	return e && e->layout && at < e->plan->layer_count &&
	       lam_layout_layer(e->layout, at)->fate == LAM_FATE_KEPT;
}

static void ask_compression(struct app *app)
{
	const struct lam_plan *plan = app_plan(app);
	const struct lam_plan_layer *layer = here(app);
	char text[LAM_COMPRESSION_TEXT], forms[LAM_COMPRESSION_FORMS];
	LAM_CLEANUP(lam_free_ptr)
	char *title =
		lam_xprintf("Compression: %s, or default", lam_compression_forms(forms));

	lam_compression_format(layer->has_compression  ? layer->compression
			       : plan->has_compression ? plan->compression
						       : LAM_COMPRESSION_DEFAULT,
			       text);
	dialog_prompt(app, layers_compression, title, "Compression: ", text);
}

void layers_compression(struct app *app, const char *text)
{
	size_t at = app->layers.list.cursor;
	bool usual = text && strcmp(text, "default") == 0;
	struct lam_compression compression;
	struct lam_plan *plan;
	struct lam_error err;
	int code;

	if (!text) {
		ask_compression(app);
		return;
	}
	if (!usual && lam_compression_parse(&compression, text, &err) < 0) {
		app_tell_error(app, &err);
		return;
	}
	plan = plan_copy(app);
	code = lam_edit_layer_compression(plan, at, usual ? NULL : &compression, &err);
	if (!plan_changed(app, plan, code, &err, "%s: compression %s", here(app)->name,
			  text))
		return;
	go(app, at);
	if (is_kept(app))
		app_tell(app, ROLE_WARNING,
			 "it has no effect while the layer is kept as it is");
}

static void ask_max_size(struct app *app)
{
	uint64_t most = here(app)->max_size;
	char text[LAM_COUNT_TEXT];

	dialog_prompt(app, layers_max_size,
		      "How large its tar may be before it is split: 500M, or none",
		      "At most: ", most ? lam_size_exact(most, text) : "none");
}

void layers_max_size(struct app *app, const char *text)
{
	size_t at = app->layers.list.cursor;
	struct lam_plan *plan;
	struct lam_error err;
	bool any = text && strcmp(text, "none") == 0;
	uint64_t most;
	int code;

	if (!text) {
		ask_max_size(app);
		return;
	}
	if (!any && lam_size_parse(&most, text, &err) < 0) {
		app_tell_error(app, &err);
		return;
	}
	plan = plan_copy(app);
	code = lam_edit_layer_max_size(plan, at, any ? NULL : &most, &err);
	if (plan_changed(app, plan, code, &err, "%s: at most %s", here(app)->name, text))
		go(app, at);
}

void layers_only(struct app *app)
{
	char letters[8];
	LAM_CLEANUP(lam_free_ptr)
	char *text =
		lam_xprintf("to:%s", target_letters(app->layers.list.cursor, letters));

	files_set_filter(app, text);
	app->focus = PANE_FILES;
}

/* In its name, or in what made the original that it is. */
static bool is_hit(const struct app *app, const struct search *search, size_t layer)
{
	const struct effect *e = app->plan.effect;
	size_t n = view_effect_layer(app, layer), from, len;
	LAM_CLEANUP(lam_free_ptr) char *made = NULL;
	const struct lam_target *t;

	if (search_in(search, app_plan(app)->layers[layer].name, &from, &len))
		return true;
	if (n == SIZE_MAX || !e->layout)
		return false;
	t = lam_layout_layer(e->layout, n);
	if (t->fate != LAM_FATE_KEPT && t->fate != LAM_FATE_REWRITTEN)
		return false;
	made = lam_made_by(lam_image_layer(app->image, t->original)->created_by);
	return search_in(search, made, &from, &len);
}

void layers_search(struct app *app, const char *pattern)
{
	struct list *list = &app->layers.list;
	struct search *search;
	struct lam_error err;

	if (search_parse(&search, pattern, &err) < 0) {
		app_tell_error(app, &err);
		return;
	}
	for (size_t i = 1; i <= list->count; i++) {
		size_t at = (list->cursor + i) % list->count;

		if (!is_hit(app, search, at))
			continue;
		list_go(list, at);
		search_free(search);
		return;
	}
	search_free(search);
	app_tell(app, ROLE_WARNING, "no layer holds %s", pattern);
}

void layers_fit(struct app *app)
{
	bring_back(app);
	list_fit(&app->layers.list, app_plan(app)->layer_count,
		 (size_t)app->areas.pane[PANE_LAYERS].height);
}
