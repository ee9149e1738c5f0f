/* The layers' pane: changes of the stack. */
#include "editor/layers/layers.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/memory.h"
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
	l->marks = 0;
}

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

static int merge_marked(uint64_t marks, struct lam_plan *plan, size_t *into,
			struct lam_error *err)
{
	for (size_t i = plan->layer_count < 64 ? plan->layer_count : 64; i-- > 0;) {
		if (!(marks >> i & 1) || i == *into)
			continue;
		if (lam_edit_layer_merge(plan, i, *into, err) < 0)
			return err->code;
		*into -= i < *into;
	}
	return 0;
}

void layers_merge(struct app *app, const char *text)
{
	size_t into = app->layers.list.cursor, from;
	struct lam_plan *plan;
	struct lam_error err;
	int code;

	if (text) {
		from = target_parse(app_plan(app), text);
		if (from == SIZE_MAX) {
			app_tell(app, ROLE_WARNING, "%s: no such layer in the plan",
				 text);
			return;
		}
		app->layers.marks = from < 64 ? UINT64_C(1) << from : 0;
	}
	if (!app->layers.marks) {
		app_tell(app, ROLE_STATUS,
			 "mark the layers that go into this one with Space first");
		return;
	}
	plan = plan_copy(app);
	code = merge_marked(app->layers.marks, plan, &into, &err);
	if (plan_changed(app, plan, code, &err, "merge into %s", here(app)->name))
		go(app, into);
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

	return e && e->layout && at < lam_layout_target_count(e->layout) &&
	       lam_layout_target(e->layout, at)->fate == LAM_FATE_KEPT;
}

static void ask_compression(struct app *app)
{
	const struct lam_plan *plan = app_plan(app);
	const struct lam_plan_layer *layer = here(app);
	char text[LAM_COMPRESSION_TEXT];

	lam_compression_format(layer->has_compression  ? layer->compression
			       : plan->has_compression ? plan->compression
						       : LAM_COMPRESSION_DEFAULT,
			       text);
	dialog_prompt(app, layers_compression,
		      "Compression: gzip:1 to 12, zstd:1 to 19, none, or default",
		      "Compression: ", text);
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

void layers_only(struct app *app)
{
	char letters[8];
	LAM_CLEANUP(lam_free_ptr)
	char *text =
		lam_xprintf("to:%s", target_letters(app->layers.list.cursor, letters));

	files_set_filter(app, text);
	app->focus = PANE_FILES;
}

void layers_mark(struct app *app)
{
	struct layers *l = &app->layers;

	if (l->list.cursor < 64)
		l->marks ^= UINT64_C(1) << l->list.cursor;
	list_move(&l->list, 1);
}

void layers_fit(struct app *app)
{
	list_fit(&app->layers.list, app_plan(app)->layer_count,
		 (size_t)app->areas.pane[PANE_LAYERS].height);
}
