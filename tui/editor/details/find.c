/* Search in the lines of a tab, as they stand on the screen; and in those of a file, also
 * where one is broken over several rows. */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/memory.h"
#include "base/size.h"
#include "editor/details/details.h"

#define CHUNK 256 /* rows that are drawn at once to be looked at */

static const struct cell *cells_of(const struct canvas *canvas, struct rect row)
{
	return &canvas->cells[(size_t)row.y * (size_t)canvas->width + (size_t)row.x];
}

/* Without the blanks at its end. */
static void row_text(const struct canvas *canvas, struct rect row, struct lam_buf *out)
{
	const struct cell *cells = cells_of(canvas, row);
	int end = row.width;

	while (end > 0 && strcmp(cells[end - 1].text, " ") == 0)
		end--;
	out->len = 0;
	for (int x = 0; x < end; x++)
		lam_text_puts(out, cells[x].text);
	lam_text_puts(out, "");
}

static void look_at_chunk(struct lines *lines, const struct search *search,
			  struct bits *hits, struct lam_buf *scratch)
{
	size_t from, len;

	canvas_clear(lines->canvas);
	details_lines(lines);
	for (int y = 0; y < CHUNK && lines->top + (size_t)y < lines->count; y++) {
		row_text(lines->canvas, (struct rect){ 0, y, lines->area.width, 1 },
			 scratch);
		if (search_in(search, scratch->data, &from, &len))
			bits_set(hits, (uint32_t)(lines->top + (size_t)y), true);
	}
}

/* The rows in which something that is searched for begins. */
static void find_rows(const struct app *app, struct bits *hits)
{
	const struct details *d = &app->details;
	int width = details_text_area(&app->areas).width;
	struct canvas canvas = { .ascii = app->ascii };
	const struct view view = { app, &canvas, view_glyphs(app->ascii) };
	LAM_CLEANUP(lam_buf_fini) struct lam_buf scratch = LAM_TEXT;

	for (size_t top = 0, next; top < d->list.count; top = next) {
		struct lines lines = { .view = &view,
				       .canvas = &canvas,
				       .area = { 0, 0, width, CHUNK },
				       .top = top,
				       .about = LAM_NODE_NONE,
				       .asked = SIZE_MAX,
				       .item = SIZE_MAX,
				       .hits = top ? NULL : hits };

		if (!canvas_resize(&canvas, width, CHUNK))
			break;
		look_at_chunk(&lines, d->search, hits, &scratch);
		next = lines.looked > top + CHUNK ? lines.looked : top + CHUNK;
	}
	canvas_fini(&canvas);
}

static void tell_none(struct app *app)
{
	const struct details *d = &app->details;
	char size[LAM_SIZE_TEXT];

	if (d->tab == TAB_PREVIEW && d->preview && d->preview->cut)
		app_tell(app, ROLE_WARNING, "the first %s hold no %s; gv shows all",
			 lam_size_text(d->preview->len, size), d->search_text);
	else
		app_tell(app, ROLE_WARNING, "nothing here holds %s", d->search_text);
}

static void go_hit(struct app *app, bool backwards)
{
	struct details *d = &app->details;
	size_t rows = d->list.count, to = SIZE_MAX, count = 0, number = 0;
	LAM_CLEANUP(bits_fini) struct bits hits = { 0 };

	if (!bits_init(&hits, (uint32_t)rows))
		return;
	find_rows(app, &hits);
	for (size_t i = 1; i <= rows && to == SIZE_MAX; i++) {
		size_t row = (d->list.cursor + (backwards ? rows - i : i)) % rows;

		if (bits_get(&hits, (uint32_t)row))
			to = row;
	}
	if (to == SIZE_MAX) {
		tell_none(app);
		return;
	}
	for (size_t row = 0; row < rows; row++) {
		count += bits_get(&hits, (uint32_t)row);
		number = row == to ? count : number;
	}
	list_go(&d->list, to);
	app_tell(app, ROLE_STATUS, "/%s: %zu of %zu", d->search_text, number, count);
}

void details_search(struct app *app, const char *pattern)
{
	struct details *d = &app->details;
	struct search *search = NULL;
	struct lam_error err;

	if (pattern && search_parse(&search, pattern, &err) < 0) {
		app_tell_error(app, &err);
		return;
	}
	free(d->search_text);
	search_free(d->search);
	d->search_text = lam_xcopy(pattern);
	d->search = search;
	if (search)
		go_hit(app, false);
}

void details_search_step(struct app *app, bool backwards)
{
	if (app->details.search)
		go_hit(app, backwards);
	else
		app_tell(app, ROLE_STATUS, "nothing was searched for: / searches");
}

/* The column of a byte of a row's text. */
static int column_of(const struct canvas *canvas, struct rect row, size_t offset)
{
	const struct cell *cells = cells_of(canvas, row);
	size_t at = 0;
	int x = 0;

	while (x < row.width && at < offset)
		at += strlen(cells[x++].text);
	return row.x + x;
}

static void light_row(struct canvas *canvas, const struct search *search, struct rect row,
		      struct lam_buf *text)
{
	size_t at = 0, from, len;

	row_text(canvas, row, text);
	while (at < text->len && search_in(search, text->data + at, &from, &len)) {
		int x = column_of(canvas, row, at + from);
		int end = column_of(canvas, row, at + from + len);

		canvas_restyle(canvas, (struct rect){ x, row.y, end - x, 1 }, ROLE_MATCH,
			       0);
		at += from + (len ? len : 1);
	}
}

void details_light(const struct view *view, struct rect area)
{
	const struct search *search = view->app->details.search;
	LAM_CLEANUP(lam_buf_fini) struct lam_buf text = LAM_TEXT;

	for (int y = area.y; search && y < area.y + area.height; y++)
		light_row(view->canvas, search, (struct rect){ area.x, y, area.width, 1 },
			  &text);
}
