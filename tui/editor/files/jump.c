/* Jumps: among siblings, to other layers, to what is flagged, to bookmarks, along links.
 */
#include <stdlib.h>
#include <string.h>

#include "editor/app_internal.h"

static void sibling(struct app *app, int step)
{
	const struct files *f = &app->files;
	size_t row = f->list.cursor;
	uint16_t depth;

	if (row >= f->rows.count)
		return;
	depth = f->rows.items[row].depth;
	for (row += (size_t)step; row < f->rows.count; row += (size_t)step) {
		if (f->rows.items[row].depth < depth)
			return;
		if (f->rows.items[row].depth == depth) {
			list_go(&app->files.list, row);
			return;
		}
	}
}

static void next_sibling(struct app *app, const char *argument)
{
	(void)argument;
	sibling(app, 1);
}

static void previous_sibling(struct app *app, const char *argument)
{
	(void)argument;
	sibling(app, -1);
}

static void other_layer(struct app *app, int step)
{
	const struct files *f = &app->files;
	const uint32_t *to = app->effect ? app->effect->targets.to : NULL;
	size_t row = f->list.cursor;
	uint32_t here;

	if (!to || row >= f->rows.count)
		return;
	here = to[f->rows.items[row].node];
	for (row += (size_t)step; row < f->rows.count; row += (size_t)step) {
		if (to[f->rows.items[row].node] != here) {
			list_go(&app->files.list, row);
			return;
		}
	}
	app_tell(app, ROLE_STATUS, "no further row goes to another layer");
}

static void next_layer(struct app *app, const char *argument)
{
	(void)argument;
	other_layer(app, 1);
}

static void previous_layer(struct app *app, const char *argument)
{
	(void)argument;
	other_layer(app, -1);
}

static void problem(struct app *app, int step)
{
	const struct order *o = app->order;
	uint32_t node = app_cursor_node(app), root = app->files.root;
	uint32_t from = o->place[root], end = from + o->span[root], at;

	at = node == LAM_NODE_NONE ? from : o->place[node];
	for (at += (uint32_t)step; at > from && at < end; at += (uint32_t)step) {
		uint16_t flags = app->facts->flags[o->walk[at]];

		if (!(flags & FACTS_PROBLEM) ||
		    ((flags & FACT_DEAD) && !app->files.ghosts) ||
		    (app->files.filtered &&
		     !bits_get(&app->files.filtered->shown, o->walk[at])))
			continue;
		files_go(app, o->walk[at]);
		return;
	}
	app_tell(app, ROLE_STATUS, "no further entry has a flag");
}

static void next_problem(struct app *app, const char *argument)
{
	(void)argument;
	problem(app, 1);
}

static void previous_problem(struct app *app, const char *argument)
{
	(void)argument;
	problem(app, -1);
}

static void bookmark(struct app *app, const char *argument)
{
	uint32_t node = app_cursor_node(app);

	if (!argument) {
		app->awaits = ACT_BOOKMARK;
		app_tell(app, ROLE_STATUS, "bookmark: a letter");
		return;
	}
	app->files.bookmarks[(unsigned char)argument[0] % APP_BOOKMARKS] = node;
	app_tell(app, ROLE_STATUS, "bookmark %c is set", argument[0]);
}

static void go_bookmark(struct app *app, const char *argument)
{
	uint32_t node;

	if (!argument) {
		app->awaits = ACT_GO_BOOKMARK;
		app_tell(app, ROLE_STATUS, "go to bookmark: a letter, or ' for back");
		return;
	}
	node = argument[0] == '\''
		       ? app->files.back
		       : app->files.bookmarks[(unsigned char)argument[0] % APP_BOOKMARKS];
	if (node == LAM_NODE_NONE)
		app_tell(app, ROLE_WARNING, "no bookmark %c is set", argument[0]);
	else
		files_go(app, node);
}

void files_go_text(struct app *app, const char *text)
{
	struct lam_error err;
	uint32_t node;
	char *path;
	size_t len;

	if (lam_path_unescape(&path, &len, text, &err) < 0) {
		app_tell_error(app, &err);
		return;
	}
	node = lam_tree_find(app->facts->tree, path, len);
	if (node == LAM_NODE_NONE || (app->facts->flags[node] & FACT_DEAD)) {
		uint32_t live;

		if (lam_tree_resolve_path(app->facts->tree, path, len, &live) ==
		    LAM_RESOLVED)
			node = live;
	}
	free(path);
	if (node == LAM_NODE_NONE)
		app_tell(app, ROLE_WARNING, "%s: no such path in this image", text);
	else if (node != LAM_NODE_ROOT)
		files_go(app, node);
}

static void go(struct app *app, const char *argument)
{
	if (argument)
		files_go_text(app, argument);
	else
		dialog_prompt(app, FOR_GO, "Go to a path", "Path: ", "/");
}

static void follow(struct app *app, const char *argument)
{
	uint32_t node = app_cursor_node(app), to = LAM_NODE_NONE;
	enum lam_resolution how;

	(void)argument;
	if (node == LAM_NODE_NONE ||
	    lam_tree_node(app->facts->tree, node)->kind != LAM_KIND_SYMLINK) {
		app_tell(app, ROLE_STATUS,
			 "this is no symlink; gl lists what leads here");
		return;
	}
	how = lam_tree_resolve(app->facts->tree, node, &to);
	if (how == LAM_DANGLING)
		app_tell(app, ROLE_WARNING, "dangling: what it points to is not there");
	else if (how == LAM_LOOP)
		app_tell(app, ROLE_WARNING, "a loop: it leads back to itself");
	else if (to == LAM_NODE_NONE || to == LAM_NODE_ROOT)
		app_tell(app, ROLE_STATUS, "it leads to the root of the image");
	else
		files_go(app, to);
}

static void links_here(struct app *app, const char *argument)
{
	(void)argument;
	if (app_cursor_node(app) != LAM_NODE_NONE)
		ask_links(app);
}

act_fn *const JUMP_ACTIONS[ACT_COUNT] = {
	[ACT_NEXT_SIBLING] = next_sibling,
	[ACT_PREVIOUS_SIBLING] = previous_sibling,
	[ACT_NEXT_LAYER] = next_layer,
	[ACT_PREVIOUS_LAYER] = previous_layer,
	[ACT_NEXT_PROBLEM] = next_problem,
	[ACT_PREVIOUS_PROBLEM] = previous_problem,
	[ACT_BOOKMARK] = bookmark,
	[ACT_GO_BOOKMARK] = go_bookmark,
	[ACT_GO] = go,
	[ACT_FOLLOW] = follow,
	[ACT_LINKS_HERE] = links_here,
};
