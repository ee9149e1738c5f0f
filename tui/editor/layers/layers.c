/* The layers' pane: changes of the stack. */
#include <stdlib.h>
#include <string.h>

#include "editor/app_internal.h"

static const struct lam_plan_layer *here(const struct app *app)
{
	const struct lam_plan *plan = app_plan(app);

	return &plan->layers[app->layers.list.cursor];
}

/* Pushes a changed copy, or tells why there is none, and goes to a layer. */
static void done(struct app *app, struct lam_plan *plan, int code,
		 const struct lam_error *err, char *name, size_t cursor)
{
	if (code < 0) {
		app_tell_error(app, err);
		lam_plan_free(plan);
	} else {
		plan_push(app, name ? name : "layers", plan);
		list_fit(&app->layers.list, app_plan(app)->layer_count,
			 app->layers.list.height);
		list_go(&app->layers.list, cursor);
		app->layers.marks = 0;
	}
	free(name);
}

static void layer_new(struct app *app, const char *argument)
{
	size_t at = app->layers.list.cursor + 1;
	struct lam_plan *plan;
	struct lam_error err;
	char *name = NULL;
	int code;

	if (!argument) {
		name = lam_plan_free_name(app_plan(app), "new");
		dialog_prompt(app, FOR_LAYER_NAME, "A new layer above this one",
			      "Name: ", name);
		free(name);
		return;
	}
	plan = plan_copy(app);
	if (!plan)
		return;
	code = lam_edit_layer_add(plan, at, argument, &err);
	done(app, plan, code, &err, text_format("new layer %s", argument), at);
}

static void layer_rename(struct app *app, const char *argument)
{
	size_t at = app->layers.list.cursor;
	struct lam_plan *plan;
	struct lam_error err;
	char *name;
	int code;

	if (!argument) {
		dialog_prompt(app, FOR_LAYER_RENAME, "Rename the layer",
			      "Name: ", here(app)->name);
		return;
	}
	plan = plan_copy(app);
	if (!plan)
		return;
	name = text_format("rename %s to %s", here(app)->name, argument);
	code = lam_edit_layer_rename(plan, at, argument, &err);
	done(app, plan, code, &err, name, at);
}

static void move(struct app *app, size_t to)
{
	size_t at = app->layers.list.cursor;
	struct lam_plan *plan;
	struct lam_error err;
	int code;

	if (to >= app_plan(app)->layer_count) {
		app_tell(app, ROLE_STATUS, "it is at the end already");
		return;
	}
	plan = plan_copy(app);
	if (!plan)
		return;
	code = lam_edit_layer_move(plan, at, to, &err);
	done(app, plan, code, &err, text_format("move layer %s", here(app)->name), to);
}

static void layer_up(struct app *app, const char *argument)
{
	(void)argument;
	move(app, app->layers.list.cursor - 1);
}

static void layer_down(struct app *app, const char *argument)
{
	(void)argument;
	move(app, app->layers.list.cursor + 1);
}

static int merge_marked(struct app *app, struct lam_plan *plan, size_t *into,
			size_t *out_count, struct lam_error *err)
{
	*out_count = 0;
	for (size_t i = plan->layer_count < 64 ? plan->layer_count : 64; i-- > 0;) {
		if (!(app->layers.marks >> i & 1) || i == *into)
			continue;
		if (lam_edit_layer_merge(plan, i, *into, err) < 0)
			return err->code;
		*into -= i < *into;
		++*out_count;
	}
	return 0;
}

static void layer_merge(struct app *app, const char *argument)
{
	size_t into = app->layers.list.cursor, count;
	struct lam_plan *plan;
	struct lam_error err;
	char *name;
	int code;

	if (argument) {
		size_t from = target_parse(app_plan(app), argument);

		if (from == SIZE_MAX) {
			app_tell(app, ROLE_WARNING, "%s: no such layer in the plan",
				 argument);
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
	if (!plan)
		return;
	name = text_format("merge into %s", here(app)->name);
	code = merge_marked(app, plan, &into, &count, &err);
	done(app, plan, code, &err, name, into);
}

static void layer_delete(struct app *app, const char *argument)
{
	size_t at = app->layers.list.cursor;
	struct lam_plan *plan = plan_copy(app);
	struct lam_error err;
	char *name;
	int code;

	(void)argument;
	if (!plan)
		return;
	name = text_format("delete layer %s", here(app)->name);
	code = lam_edit_layer_delete(plan, at, &err);
	done(app, plan, code, &err, name, at ? at - 1 : 0);
}

static void layer_keep(struct app *app, const char *argument)
{
	size_t at = app->layers.list.cursor;
	bool keep = !here(app)->keep;
	struct lam_plan *plan = plan_copy(app);
	struct lam_error err;
	char *name;
	int code;

	(void)argument;
	if (!plan)
		return;
	name = text_format(keep ? "keep %s as it is" : "%s need not stay as it is",
			   here(app)->name);
	code = lam_edit_layer_keep(plan, at, keep, &err);
	done(app, plan, code, &err, name, at);
}

static bool is_kept(const struct app *app)
{
	size_t at = app->layers.list.cursor;
	const struct lam_layout *l = app->effect ? app->effect->layout : NULL;

	return l && at < lam_layout_target_count(l) &&
	       lam_layout_target(l, at)->fate == LAM_FATE_KEPT;
}

static void layer_compression(struct app *app, const char *argument)
{
	const struct lam_plan_layer *layer = here(app);
	char text[LAM_COMPRESSION_TEXT];
	struct lam_compression compression;
	struct lam_plan *plan;
	struct lam_error err;
	char *name;
	int code;

	if (!argument) {
		compression = layer->has_compression ? layer->compression
			      : app_plan(app)->has_compression
				      ? app_plan(app)->compression
				      : LAM_COMPRESSION_DEFAULT;
		dialog_prompt(app, FOR_LAYER_COMPRESSION,
			      "Compression: gzip:1 to 12, zstd:1 to 19, none, or default",
			      "Compression: ", lam_compression_format(compression, text));
		return;
	}
	if (strcmp(argument, "default") != 0 &&
	    lam_compression_parse(&compression, argument, &err) < 0) {
		app_tell_error(app, &err);
		return;
	}
	plan = plan_copy(app);
	if (!plan)
		return;
	name = text_format("%s: compression %s", layer->name, argument);
	code = lam_edit_layer_compression(
		plan, app->layers.list.cursor,
		strcmp(argument, "default") == 0 ? NULL : &compression, &err);
	done(app, plan, code, &err, name, app->layers.list.cursor);
	if (code == 0 && is_kept(app))
		app_tell(app, ROLE_WARNING,
			 "it has no effect while the layer is kept as it is");
}

static void layer_only(struct app *app, const char *argument)
{
	char letters[8];
	char *text;

	(void)argument;
	text = text_format("to:%s", target_letters(app->layers.list.cursor, letters));
	if (text)
		files_set_filter(app, text);
	free(text);
	app->focus = PANE_FILES;
}

act_fn *const LAYER_ACTIONS[ACT_COUNT] = {
	[ACT_LAYER_NEW] = layer_new,     [ACT_LAYER_RENAME] = layer_rename,
	[ACT_LAYER_UP] = layer_up,       [ACT_LAYER_DOWN] = layer_down,
	[ACT_LAYER_MERGE] = layer_merge, [ACT_LAYER_DELETE] = layer_delete,
	[ACT_LAYER_KEEP] = layer_keep,   [ACT_LAYER_COMPRESSION] = layer_compression,
	[ACT_LAYER_ONLY] = layer_only,
};
