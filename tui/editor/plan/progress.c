/* The progress of a write: what is heard of it, and its dialog. */
#include <stdio.h>
#include <stdlib.h>

#include <lamina/compression.h>

#include "base/size.h"
#include "editor/plan/plan.h"

#define PROGRESS_TAIL 2 /* rows below those of the layers: total and verification */

/* Columns of a layer's row; bar_width 0: no room. */
struct write_columns {
	int name, name_width, size, bar, bar_width, percent, word;
};

static struct write_columns columns_of(int width)
{
	struct write_columns columns = { .name = 4 };
	int rest = width - 4 - 7 - 5 - 10; /* chip, size, percent, word */

	columns.bar_width = rest >= 8 + 8 ? rest - 8 : 0;
	if (columns.bar_width > 10)
		columns.bar_width -= (columns.bar_width - 10) / 3;
	columns.name_width = rest - columns.bar_width - (columns.bar_width ? 3 : 1);
	columns.size = columns.name + columns.name_width;
	columns.bar = columns.size + 9;
	columns.percent =
		columns.size + 7 + columns.bar_width + (columns.bar_width ? 3 : 1);
	columns.word = columns.percent + 7;
	return columns;
}

static const char *stage_word(const struct writing *writing, const struct write_row *row)
{
	if (row->fate == LAM_FATE_EMPTY)
		return "empty";
	if (row->stage == WRITE_WAITS)
		return "waits";
	if (row->stage == WRITE_DONE)
		return row->fate == LAM_FATE_KEPT ? "reused" : "done";
	if (row->fate == LAM_FATE_KEPT)
		return "copying";
	if (writing->stage == LAM_STAGE_READ && row->done == 0)
		return "reading";
	return row->compression.codec == LAM_CODEC_NONE
		       ? "writing"
		       : lam_codec_name(row->compression.codec);
}

static void draw_row(const struct view *view, const struct write_columns *columns, int x,
		     int y, size_t n)
{
	const struct writing *writing = &view->app->writing;
	const struct write_row *row = &writing->rows[n];
	struct canvas *canvas = view->canvas;
	char size[LAM_SIZE_TEXT];

	view_chip(canvas, x, y, n, 0);
	canvas_text_cut(canvas, x + columns->name, y, columns->name_width - 1, ROLE_TEXT,
			row->name, CUT_END);
	canvas_text(canvas, x + columns->word, y, 8,
		    row->fate == LAM_FATE_EMPTY ? ROLE_DIM
		    : row->stage == WRITE_DONE  ? ROLE_GOOD
						: ROLE_TEXT,
		    stage_word(writing, row));
	if (row->total == 0 || row->fate == LAM_FATE_EMPTY)
		return;
	canvas_text_right(canvas, x + columns->size, y, 7, ROLE_TEXT,
			  lam_size_text(row->total, size));
	if (row->stage == WRITE_WAITS)
		return;
	canvas_bar(canvas, x + columns->bar, y, columns->bar_width, row->done,
		   row->total);
	canvas_textf(canvas, x + columns->percent, y, 5, ROLE_TEXT, "%3u%%",
		     view_percent(row->done, row->total));
}

static void draw_total(const struct view *view, struct rect area, int y)
{
	const struct writing *writing = &view->app->writing;
	char done[LAM_SIZE_TEXT], total[LAM_SIZE_TEXT], pace[PACE_TEXT], text[160];

	snprintf(text, sizeof text, "total   %s of %s  %u%%%s",
		 lam_size_text(writing->write_done, done),
		 lam_size_text(writing->write_total, total),
		 view_percent(writing->write_done, writing->write_total),
		 pace_text(&writing->pace, writing->now_ms,
			   writing->write_total - writing->write_done, pace));
	canvas_text_cut(view->canvas, area.x, y, area.width, ROLE_TEXT, text, CUT_END);
}

static void draw_verify(const struct view *view, struct rect area, int y)
{
	const struct writing *writing = &view->app->writing;
	char done[LAM_SIZE_TEXT], total[LAM_SIZE_TEXT],
		sent[80] = "", sent_done[LAM_SIZE_TEXT], sent_total[LAM_SIZE_TEXT];

	if (writing->cancelling) {
		canvas_text_cut(view->canvas, area.x, y, area.width, ROLE_WARNING,
				"stopping, and removing what was written", CUT_END);
		return;
	}
	if (writing->send_total)
		snprintf(sent, sizeof sent, "  sent  %s of %s",
			 lam_size_text(writing->send_done, sent_done),
			 lam_size_text(writing->send_total, sent_total));
	if (writing->verify_total == 0) {
		canvas_textf(view->canvas, area.x, y, area.width, ROLE_DIM,
			     "verify  waits%s", sent);
		return;
	}
	canvas_textf(view->canvas, area.x, y, area.width, ROLE_TEXT,
		     "verify  %s of %s  %u%%%s%s",
		     lam_size_text(writing->verify_done, done),
		     lam_size_text(writing->verify_total, total),
		     view_percent(writing->verify_done, writing->verify_total), sent,
		     writing->stage == LAM_STAGE_PUBLISH ? "  putting it in place" : "");
}

/* The first layer that is not done is kept in view. */
static struct list rows_in_view(const struct writing *writing, int height)
{
	struct list list = { 0 };
	size_t at = 0;

	while (at + 1 < writing->row_count && writing->rows[at].stage == WRITE_DONE)
		at++;
	list.cursor = at;
	list_fit(&list, writing->row_count, height > 0 ? (size_t)height : 0);
	return list;
}

static void draw_progress(const struct view *view, const struct parts *parts)
{
	const struct writing *writing = &view->app->writing;
	struct rect area = parts->list;
	int height = area.height - PROGRESS_TAIL, y;
	bool apart = height > (int)writing->row_count;
	struct list list = rows_in_view(writing, height);
	struct write_columns columns = columns_of(area.width - 1);

	if (parts->text.height > 0)
		canvas_text_cut(view->canvas, parts->text.x, parts->text.y,
				parts->text.width, ROLE_TEXT, writing->output,
				CUT_MIDDLE);
	for (size_t i = list.top; i < list.count && i - list.top < list.height; i++)
		draw_row(view, &columns, area.x, area.y + (int)(i - list.top), i);
	canvas_scroll_mark(view->canvas, area.x + area.width, area.y, height, list.top,
			   list.count, ROLE_BORDER_FOCUS);
	y = area.y + (apart ? (int)writing->row_count + 1 : height);
	draw_total(view, area, y);
	draw_verify(view, area, y + 1);
}

static bool progress_key(struct app *app, struct dialog *d, struct key key)
{
	(void)d;
	if (dialog_leaves(key) && !app->writing.cancelling) {
		app->writing.cancelling = true;
		app_stop(app, JOB_WRITE);
	} else if (key_is(key, 'b')) {
		app->writing.hidden = true;
		dialog_pop(app);
		app_tell(app, ROLE_STATUS, "the write goes on; W shows it again");
	}
	return true;
}

void progress_show(struct app *app)
{
	struct dialog *d = dialog_push(app, DIALOG_PICTURE, "Writing");

	app->writing.hidden = false;
	d->of_write = true;
	d->on_key = progress_key;
	d->draw = draw_progress;
	d->row_count = app->writing.row_count + PROGRESS_TAIL + 1;
	dialog_set_hints(d, "[Esc] cancel and remove what was written  [b] hide");
}

static void row_progress(struct writing *w, const struct job_stage *p)
{
	w->write_done = 0;
	for (size_t i = 0; i < w->row_count && i < JOB_LAYERS; i++) {
		struct write_row *row = &w->rows[i];

		if (row->fate == LAM_FATE_KEPT)
			continue;
		if (p->done[i] > row->done)
			row->done = p->done[i];
		if (row->done)
			row->stage = row->done >= row->total ? WRITE_DONE : WRITE_RUNS;
		w->write_done += row->done;
	}
}

void write_progress(struct app *app, const struct event *event)
{
	struct writing *w = &app->writing;
	const struct job_progress *p = &event->progress;
	uint64_t known;

	if (!w->running)
		return;
	w->stage = p->stage;
	row_progress(w, &p->of[LAM_STAGE_WRITE]);
	job_stage_sum(&p->of[LAM_STAGE_VERIFY], &w->verify_done, &known);
	w->verify_total = w->verify_done ? w->write_total : 0;
	job_stage_sum(&p->of[LAM_STAGE_SEND], &w->send_done, &w->send_total);
	if (p->stage == LAM_STAGE_PUBLISH) {
		for (size_t i = 0; i < w->row_count; i++) {
			w->rows[i].done = w->rows[i].total;
			w->rows[i].stage = WRITE_DONE;
		}
		w->write_done = w->write_total;
	}
	pace_add(&w->pace, event->now_ms, w->write_done);
}

void writing_fini(struct writing *writing)
{
	for (size_t i = 0; i < writing->row_count; i++)
		free(writing->rows[i].name);
	free(writing->rows);
	free(writing->output);
}
