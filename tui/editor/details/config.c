/* Config: what the image says beside its files, and what the plan makes of it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <lamina/path.h>

#include "base/json.h"
#include "base/memory.h"
#include "editor/details/details.h"

static struct config_row row_of(const struct lam_setting *is,
				const struct lam_setting *planned)
{
	return (struct config_row){ is->kind, is->key, is->value,
				    planned ? planned->value : is->value };
}

/* Those of the image, and then those that the plan adds: a new array. */
static struct config_row *rows_of(const struct app *app, size_t *out_count)
{
	const struct lam_settings *is = lam_image_settings(app->image),
				  *planned = &app_plan(app)->settings;
	struct config_row *rows =
		lam_xcalloc(is->count + planned->count + 1, sizeof *rows);
	size_t count = 0;

	for (size_t i = 0; i < is->count; i++) {
		const struct lam_setting *s = &is->items[i];

		rows[count++] = row_of(s, lam_settings_find(planned, s->kind, s->key));
	}
	for (size_t i = 0; i < planned->count; i++) {
		const struct lam_setting *s = &planned->items[i];

		if (s->value && !lam_settings_find(is, s->kind, s->key))
			rows[count++] =
				(struct config_row){ s->kind, s->key, NULL, s->value };
	}
	*out_count = count;
	return rows;
}

bool config_here(const struct app *app, struct config_row *out)
{
	size_t count;
	LAM_CLEANUP(lam_free_ptr) struct config_row *rows = NULL;

	if (app->focus != PANE_DETAILS || app->details.tab != TAB_CONFIG)
		return false;
	rows = rows_of(app, &count);
	if (app->details.item >= count)
		return false;
	*out = rows[app->details.item];
	return true;
}

/* Whether a prompt takes and gives it back as it is, and nothing in it is escaped to be
 * shown. */
static bool is_plain(const char *text)
{
	size_t len = strlen(text);
	LAM_CLEANUP(lam_free_ptr) char *shown = lam_path_escape(text, len);

	return strcmp(shown, text) == 0 && text[0] != '"' && text[0] != ' ' &&
	       (len == 0 || text[len - 1] != ' ');
}

/* JSON, in printable ASCII. */
static char *json_text(const json_t *value)
{
	LAM_CLEANUP(lam_buf_fini) struct lam_buf dumped = LAM_TEXT;
	struct lam_buf text = LAM_TEXT;
	struct lam_error never;

	(void)lam_json_dump(value, JSON_ENCODE_ANY | JSON_ENSURE_ASCII, &dumped, &never);
	for (size_t i = 0; i < dumped.len; i++) {
		bool is_delete = dumped.data[i] == 0x7f;

		lam_text_add(&text, is_delete ? "\\u007f" : dumped.data + i,
			     is_delete ? 6 : 1);
	}
	return lam_text_steal(&text);
}

static bool are_plain(const json_t *list)
{
	size_t i;
	const json_t *value;

	json_array_foreach(list, i, value)
	{
		if (!is_plain(json_string_value(value)))
			return false;
	}
	return true;
}

/* value: JSON; empty texts are plain where something stands before them. */
static char *value_text(const char *value, bool has_key)
{
	json_auto_t *json = json_loads(value, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
	const char *text = json_string_value(json);

	if (text && strlen(text) == json_string_length(json) && is_plain(text) &&
	    (*text || has_key))
		return lam_xstrdup(text);
	return json_is_array(json) && are_plain(json) ? lam_xstrdup(value)
						      : json_text(json);
}

static char *key_text(const char *key)
{
	json_auto_t *json = NULL;

	if (*key && is_plain(key) && !strchr(key, '='))
		return lam_xstrdup(key);
	json = json_string(key);
	return json_text(json);
}

char *config_text(enum lam_setting_kind kind, const char *key, const char *value)
{
	LAM_CLEANUP(lam_free_ptr) char *name = key ? key_text(key) : NULL;
	LAM_CLEANUP(lam_free_ptr) char *is = value ? value_text(value, key) : NULL;

	return lam_xprintf("%s%s%s%s%s", lam_setting_word(kind), key ? " " : "",
			   key ? name : "",
			   !value ? ""
			   : key  ? "="
				  : " ",
			   value ? is : "");
}

static void put_row(struct lines *lines, const struct lines_many *many, size_t n, int y)
{
	const struct config_row *row = (const struct config_row *)many->context + n;
	bool changed =
		row->before != row->after &&
		(!row->before || !row->after || strcmp(row->before, row->after) != 0);
	LAM_CLEANUP(lam_free_ptr)
	char *shown = view_shown(
		lines->view,
		config_text(row->kind, row->key, row->after ? row->after : row->before));
	int x = lines->area.x;

	if (changed)
		canvas_text(lines->canvas, x, y, 1, ROLE_WARNING,
			    !row->after   ? "-"
			    : row->before ? "~"
					  : "+");
	canvas_text_cut(lines->canvas, x + 2, y, lines->area.width - 2,
			changed ? ROLE_WARNING : ROLE_TEXT, shown, CUT_END);
}

static void put_history(struct lines *lines)
{
	size_t count, layer = 0;
	const struct lam_history_entry *history =
		lam_image_history(lines->view->app->image, &count);
	char number[16];

	lines_blank(lines);
	lines_text(lines, ROLE_TITLE, 0, 0, "History");
	for (size_t i = 0; i < count; i++) {
		const char *by = history[i].created_by ? history[i].created_by : "";

		snprintf(number, sizeof number,
			 history[i].empty_layer ? "   - " : "%4zu ", layer);
		layer += !history[i].empty_layer;
		lines_bytes(lines, history[i].empty_layer ? ROLE_DIM : ROLE_TEXT, 0,
			    number, by, strlen(by));
	}
}

void config_lines(struct lines *lines)
{
	size_t count;
	LAM_CLEANUP(lam_free_ptr)
	struct config_row *rows = rows_of(lines->view->app, &count);

	lines_many(lines, &(struct lines_many){
				  .count = count, .put = put_row, .context = rows });
	if (!count)
		lines_text(lines, ROLE_DIM, 0, 0, "nothing is set");
	lines_text(
		lines, ROLE_DIM, 0, 0,
		lines->view->app->focus == PANE_DETAILS
			? "Enter changes a line, x takes it out, = undoes that, gc adds one"
			: "3, then Enter changes a line; gc adds one");
	put_history(lines);
}
