/* Panes, tabs, and what only shows something. */
#include <stdlib.h>
#include <string.h>

#include "editor/app_internal.h"

static void focus(struct app *app, enum pane pane)
{
	app->focus = pane;
	if (pane != PANE_FILES)
		app->below = pane;
	app->details.full = app->details.full && pane == PANE_DETAILS;
	/* an arrangement that does not show it makes room for it */
	if (!app_areas(app).pane[pane].width)
		app->arrangement = ARRANGE_SPLIT;
}

static void next_pane(struct app *app, const char *argument)
{
	(void)argument;
	focus(app, (enum pane)((app->focus + 1) % PANE_COUNT));
}

static void previous_pane(struct app *app, const char *argument)
{
	(void)argument;
	focus(app, (enum pane)((app->focus + PANE_COUNT - 1) % PANE_COUNT));
}

static void pane_files(struct app *app, const char *argument)
{
	(void)argument;
	focus(app, PANE_FILES);
}

static void pane_layers(struct app *app, const char *argument)
{
	(void)argument;
	focus(app, PANE_LAYERS);
}

static void pane_details(struct app *app, const char *argument)
{
	(void)argument;
	focus(app, PANE_DETAILS);
}

#define HEAD_LINES 16 /* above the first line that leads somewhere, at the most */

void details_home(struct app *app)
{
	struct list *list = &app->details.list;
	size_t count = details_count(app);

	*list = (struct list){ .count = count };
	for (size_t i = 0; i < count && i < HEAD_LINES; i++) {
		if (details_node(app, i) != LAM_NODE_NONE) {
			list->cursor = i;
			return;
		}
	}
}

/* The first press shows a tab; the second, where it stands already, gives it the whole
 * screen, and the focus. */
static void show(struct app *app, enum tab tab)
{
	struct details *d = &app->details;
	bool shown;

	app->below = PANE_DETAILS;
	if (!app_areas(app).pane[PANE_DETAILS].width)
		app->arrangement = ARRANGE_SPLIT;
	shown = d->tab == tab && app->tab_asked;
	if (d->tab != tab) {
		d->tab = tab;
		details_home(app);
	}
	if (shown && d->full) {
		d->full = false;
		app->focus = PANE_FILES;
	} else if (shown) {
		d->full = true;
		app->focus = PANE_DETAILS;
	}
	app->tab_asked = true;
}

static void step_tab(struct app *app, int by)
{
	struct details *d = &app->details;

	d->tab = (enum tab)(((int)d->tab + by + TAB_COUNT) % TAB_COUNT);
	details_home(app);
	app->below = PANE_DETAILS;
	if (!app_areas(app).pane[PANE_DETAILS].width)
		app->arrangement = ARRANGE_SPLIT;
}

static void next_tab(struct app *app, const char *argument)
{
	(void)argument;
	step_tab(app, 1);
}

static void previous_tab(struct app *app, const char *argument)
{
	(void)argument;
	step_tab(app, -1);
}

static void arrange(struct app *app, const char *argument)
{
	(void)argument;
	app->arrangement = (enum arrangement)((app->arrangement + 1) % ARRANGE_COUNT);
	if (!app_areas(app).pane[app->focus].width)
		app->focus =
			app->arrangement == ARRANGE_LAYERS ? PANE_LAYERS : PANE_FILES;
}

static void widen(struct app *app, int by)
{
	int width = app->files_width + by;

	app->files_width = width < APP_FILES_LEAST  ? APP_FILES_LEAST
			   : width > APP_FILES_MOST ? APP_FILES_MOST
						    : width;
}

static void wider(struct app *app, const char *argument)
{
	(void)argument;
	widen(app, 4);
}

static void narrower(struct app *app, const char *argument)
{
	(void)argument;
	widen(app, -4);
}

static void info(struct app *app, const char *argument)
{
	(void)argument;
	show(app, TAB_INFO);
}

static void history(struct app *app, const char *argument)
{
	(void)argument;
	show(app, TAB_HISTORY);
}

static void preview(struct app *app, const char *argument)
{
	(void)argument;
	show(app, TAB_PREVIEW);
}

static void effect(struct app *app, const char *argument)
{
	(void)argument;
	show(app, TAB_EFFECT);
}

static void waste(struct app *app, const char *argument)
{
	(void)argument;
	show(app, TAB_WASTE);
}

static void moves(struct app *app, const char *argument)
{
	(void)argument;
	ask_moves(app);
}

static void notes(struct app *app, const char *argument)
{
	(void)argument;
	ask_notes(app);
}

static void copy(struct app *app, const char *argument)
{
	uint32_t node = app_cursor_node(app);
	struct app_effect *copied;

	(void)argument;
	if (node == LAM_NODE_NONE)
		return;
	copied = app_effect_add(app, EFFECT_COPY);
	if (copied)
		copied->text = lam_tree_path_text(app->facts->tree, node);
}

static void command(struct app *app, const char *argument)
{
	(void)argument;
	ask_command(app);
}

static void help(struct app *app, const char *argument)
{
	(void)argument;
	ask_help(app);
}

static void menu(struct app *app, const char *argument)
{
	(void)argument;
	ask_menu(app);
}

static void redraw(struct app *app, const char *argument)
{
	(void)argument;
	app_effect_add(app, EFFECT_REDRAW);
}

static void suspend(struct app *app, const char *argument)
{
	(void)argument;
	app_effect_add(app, EFFECT_SUSPEND);
}

act_fn *const LOOK_ACTIONS[ACT_COUNT] = {
	[ACT_NEXT_PANE] = next_pane,
	[ACT_PREVIOUS_PANE] = previous_pane,
	[ACT_PANE_FILES] = pane_files,
	[ACT_PANE_LAYERS] = pane_layers,
	[ACT_PANE_DETAILS] = pane_details,
	[ACT_NEXT_TAB] = next_tab,
	[ACT_PREVIOUS_TAB] = previous_tab,
	[ACT_ARRANGE] = arrange,
	[ACT_WIDER] = wider,
	[ACT_NARROWER] = narrower,
	[ACT_INFO] = info,
	[ACT_HISTORY] = history,
	[ACT_PREVIEW] = preview,
	[ACT_EFFECT] = effect,
	[ACT_WASTE] = waste,
	[ACT_MOVES] = moves,
	[ACT_NOTES] = notes,
	[ACT_COPY] = copy,
	[ACT_COMMAND] = command,
	[ACT_HELP] = help,
	[ACT_MENU] = menu,
	[ACT_REDRAW] = redraw,
	[ACT_SUSPEND] = suspend,
};
