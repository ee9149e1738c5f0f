#include <string.h>

#include "editor/dialogs/view.h"

#define MOST_WIDTH   76
#define LEAST_WIDTH  44
#define PROMPT_WIDTH 44
#define PALETTE_ROWS 12  /* so that the box stays as it is while one types */
#define MEASURED     500 /* lines and items that are looked at for the width */

static int least(int a, int b)
{
	return a < b ? a : b;
}

static int most(int a, int b)
{
	return a > b ? a : b;
}

bool dialog_has_prompt(const struct dialog *dialog)
{
	return dialog->kind == DIALOG_PROMPT || dialog->kind == DIALOG_PALETTE ||
	       (dialog->kind == DIALOG_TEXT && dialog->searching);
}

int dialog_wrapped(const char *text, int width)
{
	int rows = 0;

	do {
		size_t next;

		view_wrap(text, width, &next);
		text += next;
		rows++;
	} while (*text && rows < 1000);
	return rows;
}

static int item_width(const struct dialog_item *item)
{
	return 8 + text_width(item->text) + (item->key ? text_width(item->key) + 2 : 0);
}

static int hints_width(const struct dialog *dialog)
{
	return dialog->hints ? text_width(dialog->hints) : 0;
}

/* What is asked about is seen whole, and the box does not grow with each letter. */
static int prompt_width(const struct dialog *dialog)
{
	int label = dialog->label ? text_width(dialog->label) : 0;
	int text = text_width(lineedit_text(&dialog->edit));

	return label + 4 + most(PROMPT_WIDTH, text);
}

static int wanted_width(const struct dialog *dialog)
{
	int width = most(hints_width(dialog),
			 dialog->title ? text_width(dialog->title) + 4 : 0);

	if (dialog->kind == DIALOG_PALETTE || dialog->kind == DIALOG_PROGRESS)
		return MOST_WIDTH;
	for (size_t i = 0; i < dialog->line_count && i < MEASURED; i++)
		width = most(width, text_width(dialog->lines[i].text));
	for (size_t i = 0; i < dialog->item_count && i < MEASURED; i++)
		width = most(width, item_width(&dialog->items[i]));
	if (dialog_has_prompt(dialog))
		width = most(width, prompt_width(dialog));
	return most(width + 5, LEAST_WIDTH); /* frame, blanks, a scroll mark */
}

static int text_rows(const struct dialog *dialog, int width)
{
	int rows = 0;

	if (dialog->kind == DIALOG_TEXT)
		return 0;
	if (dialog->kind == DIALOG_PROGRESS)
		return 1;
	for (size_t i = 0; i < dialog->line_count && rows < 1000; i++)
		rows += dialog_wrapped(dialog->lines[i].text, width);
	return rows;
}

static int list_rows(const struct app *app, const struct dialog *dialog, int width)
{
	int rows = 0;

	switch (dialog->kind) {
	case DIALOG_TEXT:
		for (size_t i = 0; i < dialog->line_count && rows < 1000; i++)
			rows += dialog_wrapped(dialog->lines[i].text, width);
		return rows;
	case DIALOG_PROGRESS:
		return (int)(app->writing.row_count < 1000 ? app->writing.row_count
							   : 1000) +
		       PROGRESS_TAIL + 1;
	case DIALOG_PALETTE: return PALETTE_ROWS;
	case DIALOG_CHOICE:
	case DIALOG_PROMPT: break;
	}
	return dialog->item_count < 1000 ? (int)dialog->item_count : 1000;
}

/* Heights of the parts from top to bottom, and of the gaps between them. */
struct heights {
	int text, list, prompt, hints, gaps;
};

static int sum(const struct heights *h)
{
	return h->text + h->list + h->prompt + h->hints + h->gaps;
}

static int wanted_gaps(const struct heights *h)
{
	return (h->text > 0) + (h->list > 0) + (h->prompt > 0) + (h->hints > 0) - 1;
}

/* What is wanted is made to fit: gaps go first, then the list shrinks to three rows, the
 * text, the hints; the prompt stays. */
static void shrink(struct heights *h, int room)
{
	int over = sum(h) - room, cut;

	if (over > 0 && room < 14) {
		over -= h->gaps;
		h->gaps = over < 0 ? -over : 0;
	}
	cut = least(most(over, 0), most(h->list - 3, 0));
	h->list -= cut;
	over -= cut;
	if (over > 0 && h->hints > 1) {
		cut = least(over, h->hints - 1);
		h->hints -= cut;
		over -= cut;
	}
	cut = least(most(over, 0), h->text);
	h->text -= cut;
	over -= cut;
	if (over > 0)
		h->hints = 0;
}

static struct rect take_rows(struct rect *rest, int rows)
{
	struct rect rect = { rest->x, rest->y, rest->width, least(rows, rest->height) };

	rest->y += rect.height;
	rest->height -= rect.height;
	return rect;
}

static void gap(struct rect *rest, struct heights *h, int before)
{
	if (before > 0 && h->gaps > 0) {
		take_rows(rest, 1);
		h->gaps--;
	}
}

static void place(struct parts *parts, const struct dialog *dialog, struct heights *h)
{
	struct rect rest = parts->inside;
	bool on_top = dialog->kind == DIALOG_PALETTE; /* the prompt, above the list */

	parts->text = take_rows(&rest, h->text);
	gap(&rest, h, h->text);
	if (on_top) {
		parts->prompt = take_rows(&rest, h->prompt);
		gap(&rest, h, h->prompt);
	}
	parts->list = take_rows(&rest, h->list);
	if (!on_top) {
		gap(&rest, h, h->prompt > 0 ? h->list : 0);
		parts->prompt = take_rows(&rest, h->prompt);
	}
	gap(&rest, h, h->hints);
	parts->hints = take_rows(&rest, h->hints);
}

struct parts dialog_parts(const struct app *app, const struct dialog *dialog)
{
	struct parts parts = { 0 };
	int width = least(least(wanted_width(dialog), MOST_WIDTH), app->width);
	int room = app->height > 16 ? app->height - 4 : app->height - 2;
	struct heights h = { 0 };
	struct rect inside = { 0, 0, width - 4, 1 };

	h.text = text_rows(dialog, width - 4);
	h.list = list_rows(app, dialog, width - 5);
	h.prompt = dialog_has_prompt(dialog);
	h.hints = dialog->hints && !(dialog->kind == DIALOG_TEXT && dialog->searching)
			  ? view_hints(NULL, inside, dialog->hints)
			  : 0;
	h.gaps = wanted_gaps(&h);
	h.gaps = most(h.gaps, 0);
	shrink(&h, room);
	parts.box = (struct rect){ (app->width - width) / 2, 0, width, sum(&h) + 2 };
	parts.box.y = most((app->height - parts.box.height) / 2, 0);
	parts.inside =
		(struct rect){ parts.box.x + 2, parts.box.y + 1, width - 4, sum(&h) };
	place(&parts, dialog, &h);
	return parts;
}

size_t app_dialog_height(const struct app *app, const struct dialog *dialog)
{
	struct parts parts = dialog_parts(app, dialog);

	return parts.list.height > 0 ? (size_t)parts.list.height : 0;
}

size_t app_dialog_item(const struct app *app, const struct dialog *dialog, int x, int y)
{
	struct parts parts = dialog_parts(app, dialog);
	struct list list =
		view_list(&dialog->list, dialog->item_count, parts.list.height);
	size_t row;

	if (dialog->kind == DIALOG_TEXT || dialog->kind == DIALOG_PROGRESS ||
	    x < parts.list.x || x >= parts.list.x + parts.list.width ||
	    y < parts.list.y || y >= parts.list.y + parts.list.height)
		return SIZE_MAX;
	row = list.top + (size_t)(y - parts.list.y);
	return row < list.count ? row : SIZE_MAX;
}
