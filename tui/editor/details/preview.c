/* Preview: text, wrapped, or a hex dump as wide as there is room for. */
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/size.h"
#include "editor/details/details.h"

static size_t hex_bytes(int width)
{
	return width >= 77 ? 16 : width >= 44 ? 8 : 4;
}

static void put_hex(struct lines *lines, const struct lines_many *many, size_t n, int y)
{
	const struct preview *preview = many->context;
	size_t each = hex_bytes(lines->area.width);
	char text[PREVIEW_HEX_MAX];

	preview_hex(preview->bytes, preview->len, n * each, each, text);
	canvas_text(lines->canvas, lines->area.x, y, lines->area.width, ROLE_TEXT, text);
}

static void find_in_dump(struct lines *lines, const struct preview *preview, size_t each)
{
	const struct search *search = lines->view->app->details.search;
	char text[PREVIEW_HEX_MAX];
	size_t from, len;

	lines->looked = lines->count;
	for (size_t at = 0; at < preview->len; at += each, lines->looked++) {
		preview_hex(preview->bytes, preview->len, at, each, text);
		if (search_in(search, text, &from, &len))
			bits_set(lines->hits, (uint32_t)lines->looked, true);
	}
}

static void put_dump(struct lines *lines, const struct preview *preview)
{
	size_t each = hex_bytes(lines->area.width);

	if (lines->hits)
		find_in_dump(lines, preview, each);
	lines_many(lines, &(struct lines_many){ .count = (preview->len + each - 1) / each,
						.put = put_hex,
						.context = preview });
}

/* Where the part of a line begins that stands from a column on. */
static size_t column_offset(const char *text, size_t column)
{
	size_t len = strlen(text), at = 0, seen = 0;

	while (at < len && seen < column) {
		uint32_t code;

		at += text_next(text + at, len - at, &code);
		seen += (size_t)text_code_width(code);
	}
	return at;
}

/* Broken at columns alone, so that lines that are not seen need not be looked at. A wide
 * character at the edge reaches into the column that is left for the scroll mark. */
static void put_wrapped(struct lines *lines, const char *text, size_t rows, size_t width)
{
	for (size_t row = 0; row < rows; row++) {
		int y = lines_next(lines);

		if (y >= 0)
			canvas_text(lines->canvas, lines->area.x, y, (int)width,
				    ROLE_TEXT, text + column_offset(text, row * width));
	}
}

static size_t columns_before(const char *text, size_t offset)
{
	size_t at = 0, columns = 0;

	while (at < offset) {
		uint32_t code;

		at += text_next(text + at, offset - at, &code);
		columns += (size_t)text_code_width(code);
	}
	return columns;
}

/* The rows of a line in which something that is searched for begins. */
static void find_rows(const struct lines *lines, const char *text, size_t width)
{
	const struct search *search = lines->view->app->details.search;
	size_t at = 0, columns = 0, from, len;

	while (text[at] && search_in(search, text + at, &from, &len)) {
		columns += columns_before(text + at, from);
		bits_set(lines->hits, (uint32_t)(lines->count + columns / width), true);
		len = len ? len : 1;
		columns += columns_before(text + at + from, len);
		at += from + len;
	}
}

static void put_text(struct lines *lines, const struct preview *preview)
{
	size_t width = lines->area.width > 0 ? (size_t)lines->area.width : 1;

	for (size_t i = 0; i < preview->line_count; i++) {
		size_t columns = preview->columns[i];
		size_t rows = columns > 0 ? (columns + width - 1) / width : 1;

		if (lines->hits && rows > 1)
			find_rows(lines, preview->lines[i], width);
		if (lines_are_seen(lines, rows))
			put_wrapped(lines, preview->lines[i], rows, width);
		else
			lines_pass(lines, rows);
	}
}

static void put_end(struct lines *lines, const struct preview *preview)
{
	char shown[LAM_SIZE_TEXT], all[LAM_SIZE_TEXT];
	char name[KEY_NAME_MAX * KEY_SEQUENCE_MAX];

	if (preview->cut)
		lines_printf(lines, ROLE_DIM, 0,
			     "[cut: the first %s of %s; %s shows all in $PAGER]",
			     lam_size_text(preview->len, shown),
			     lam_size_text(preview->size, all),
			     keymap_name(&lines->view->app->keys.map, ACT_PAGER,
					 CONTEXT_DETAILS, name));
	else if (preview->line_count == 0)
		lines_text(lines, ROLE_DIM, 0, 0, "an empty file");
}

struct preview_job {
	struct job job;
	const struct lam_image *image;
	uint32_t node;
	struct preview *preview;
};

static int run_preview(struct job *job)
{
	struct preview_job *p = (struct preview_job *)job;

	return preview_new(&p->preview, p->image, p->node, &job->stop, &job->err);
}

static void free_preview(struct job *job)
{
	preview_free(((struct preview_job *)job)->preview);
}

static void take_preview(struct app *app, struct job *job)
{
	preview_free(app->details.preview);
	app->details.preview = LAM_STEAL(((struct preview_job *)job)->preview);
}

void preview_want(struct app *app)
{
	static const struct job_ops PREVIEW = { JOB_PREVIEW, run_preview, take_preview,
						free_preview, false };
	struct details *d = &app->details;
	struct preview_job *job;

	if (d->node == LAM_NODE_NONE || (d->preview && d->preview->node == d->node) ||
	    d->previewing == d->node)
		return;
	job = job_new(sizeof *job, &PREVIEW);
	job->image = app->image;
	job->node = d->previewing = d->node;
	app_start(app, &job->job);
}

void preview_lines(struct lines *lines)
{
	const struct app *app = lines->view->app;
	const struct preview *preview = app->details.preview;

	if (!preview || preview->node != app->details.node) {
		lines_text(lines, ROLE_DIM, 0, 0,
			   app->jobs.running[JOB_PREVIEW] ? "reading it"
							  : "not read yet");
		return;
	}
	if (preview->err.code != LAM_OK) {
		lines_text(lines, ROLE_ERROR, 0, 2, preview->err.text);
		return;
	}
	if (app->details.full) /* the files do not show it */
		lines_path(lines, ROLE_TITLE, 0, "", app->details.node);
	if (preview->binary)
		put_dump(lines, preview);
	else
		put_text(lines, preview);
	put_end(lines, preview);
}
