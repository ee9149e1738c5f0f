/* Writing the image: the summary, a typed yes, progress, what came of it. */
#include <stdlib.h>
#include <string.h>

#include "editor/app_internal.h"
#include "ui/text.h"

static void count_line(struct dialog *d, char sign, size_t count, const char *what,
		       uint64_t bytes)
{
	char size[SIZE_TEXT_MAX];

	if (count)
		dialog_line(d, ROLE_DIALOG, "  %c %3zu %-6s %-10s %8s", sign, count,
			    count == 1 ? "layer" : "layers", what,
			    text_size(bytes, size));
}

static void summary_lines(struct app *app, struct dialog *d, const char *output,
			  bool replaces)
{
	const struct effect *e = app->effect;
	char a[SIZE_TEXT_MAX], b[SIZE_TEXT_MAX], c[32];

	dialog_line(d, ROLE_DIALOG, "Nothing has been written yet.");
	dialog_line(d, ROLE_DIALOG, "From  %s", app->options.reference);
	dialog_line(d, ROLE_DIM, "      %.26s...", lam_image_manifest_digest(app->image));
	dialog_line(d, ROLE_DIALOG, "To    %s", output);
	if (replaces)
		dialog_line(d, ROLE_WARNING,
			    "      an image is there already: this one replaces it");
	count_line(d, '=', e->kept, "kept", e->kept_bytes);
	count_line(d, '~', e->rewritten, "rewritten", e->rewritten_bytes);
	count_line(d, '+', e->fresh, "new", e->new_bytes);
	if (e->empty)
		dialog_line(d, ROLE_DIALOG, "  - %zu empty: not written", e->empty);
	dialog_line(d, ROLE_DIALOG, "  tars %s, now %s; compressed about %s, now %s",
		    text_size(e->plan_bytes, a), text_size(e->now, b),
		    text_size(e->blob_plan, c), text_size(e->blob_now, (char[16]){ 0 }));
	if (e->waste_gone)
		dialog_line(d, ROLE_DIALOG, "  x waste left behind %s",
			    text_size(e->waste_gone, a));
	if (e->dangling)
		dialog_line(d, ROLE_DIALOG, "  %s dangling %s",
			    text_count(e->dangling, c),
			    e->dangling == 1 ? "link stays as it is"
					     : "links stay as they are");
	if (e->dropped_files)
		dialog_line(d, ROLE_ERROR, "REMOVES %s live files, %s",
			    text_count(e->dropped_files, c),
			    text_size(e->dropped_bytes, a));
	else
		dialog_line(d, ROLE_GOOD,
			    "The merged file system will be identical: it is checked "
			    "after writing.");
}

static void remark_lines(const struct app *app, struct dialog *d)
{
	const struct lam_layout *l = app->effect->layout;

	for (size_t i = 0; i < lam_layout_remark_count(l) && i < 8; i++)
		dialog_line(d, ROLE_WARNING, "%s", lam_layout_remark(l, i)->text);
}

/* Asks again, with what was typed. */
static void refuse(struct app *app, const char *output, const char *why)
{
	struct dialog *d =
		dialog_prompt(app, FOR_OUTPUT, "Write the image", "To: ", output);

	if (d)
		dialog_line(d, ROLE_ERROR, "%s", why);
}

void write_summarise(struct app *app, const char *output)
{
	struct app_effect *effect;

	if (strcmp(output, "-") == 0) {
		refuse(app, output,
		       "-: standard output is this screen: an archive goes to a file");
		return;
	}
	effect = app_effect_add(app, EFFECT_OUTPUT);
	if (!effect)
		return;
	effect->text = strdup(output);
	if (!effect->text)
		app_tell(app, ROLE_ERROR, "out of memory");
}

static void summarise(struct app *app, const char *output, bool replaces)
{
	struct dialog *d;
	char *copy;

	if (app->effect_stale || !app->effect) {
		app_tell(app, ROLE_STATUS,
			 "the plan is still being worked out: try again in a moment");
		return;
	}
	if (!app->effect->layout) {
		dialog_errors(app, "The plan does not fit: nothing can be written",
			      &app->effect->errors, NULL);
		return;
	}
	copy = strdup(output);
	d = dialog_push(app, DIALOG_PROMPT, FOR_WRITE, "Write new image");
	if (!d || !copy) {
		free(copy);
		return;
	}
	free(app->output);
	app->output = copy;
	summary_lines(app, d, output, replaces);
	remark_lines(app, d);
	d->text = strdup(app->effect->dropped_files ? "yes remove" : "yes");
	d->label = text_format("Type %s to write: ", d->text);
	dialog_set_hints(d, "[Enter] take  [Esc] go back");
}

void write_looked_at(struct app *app, const struct event *event)
{
	if (event->err && event->err->code)
		refuse(app, event->text, event->err->text);
	else
		summarise(app, event->text, event->replaces);
}

static void layers_fini(struct writing *w)
{
	for (size_t i = 0; i < w->row_count; i++)
		free(w->rows[i].name);
	free(w->rows);
	w->rows = NULL;
	w->row_count = 0;
}

/* The layers that are written or kept, in the order that progress counts them in. */
static bool rows_make(struct writing *w, const struct effect *e)
{
	size_t count = lam_layout_target_count(e->layout);

	layers_fini(w);
	w->rows = calloc(count + 1, sizeof *w->rows);
	for (size_t i = 0; w->rows && i < count; i++) {
		const struct lam_target *t = lam_layout_target(e->layout, i);
		struct write_row *row = &w->rows[w->row_count];

		if (t->fate == LAM_FATE_EMPTY)
			continue;
		*row = (struct write_row){ .name = strdup(t->name),
					   .fate = t->fate,
					   .compression = t->compression,
					   .total = t->tar_size };
		if (t->fate == LAM_FATE_KEPT) {
			row->stage = WRITE_DONE;
			row->done = row->total;
		} else {
			w->write_total += t->tar_size;
		}
		w->row_count++;
	}
	return w->rows;
}

void write_begin(struct app *app)
{
	struct writing *w = &app->writing;
	struct job *job = job_new(JOB_WRITE);
	int64_t now = w->now_ms;

	layers_fini(w);
	free(w->output);
	*w = (struct writing){ .output = strdup(app->output),
			       .begun_ms = now,
			       .now_ms = now };
	if (!job || !w->output || !rows_make(w, app->effect)) {
		job_free(job);
		app_tell(app, ROLE_ERROR, "out of memory: nothing was written");
		return;
	}
	job->plan = lam_plan_copy(app->effect->plan);
	job->image = app->image;
	job->text = strdup(app->output);
	job->created = app->options.created;
	job->threads = app->options.threads;
	w->running = true;
	app_start(app, job);
	write_show(app);
}

void write_show(struct app *app)
{
	struct dialog *d = dialog_push(app, DIALOG_PROGRESS, FOR_NOTHING, "Writing");

	app->writing.hidden = !d;
	if (d)
		dialog_set_hints(d, "[Esc] cancel and remove what was written  [b] hide");
}

static void sum(const struct job_stage *p, uint64_t *out_done, uint64_t *out_total)
{
	*out_done = *out_total = 0;
	for (size_t i = 0; i < JOB_LAYERS && i < p->layer_count; i++) {
		*out_done += p->done[i];
		*out_total += p->total[i];
	}
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
	sum(&p->of[LAM_STAGE_VERIFY], &w->verify_done, &known);
	w->verify_total = known ? w->write_total : 0;
	if (p->stage == LAM_STAGE_PUBLISH) {
		for (size_t i = 0; i < w->row_count; i++) {
			w->rows[i].done = w->rows[i].total;
			w->rows[i].stage = WRITE_DONE;
		}
		w->write_done = w->write_total;
	}
	w->samples[w->sample % 32].ms = event->now_ms;
	w->samples[w->sample % 32].bytes = w->write_done;
	w->sample++;
}

static void drop_progress(struct app *app)
{
	/* it may stand below another dialog: of quitting, that has lost its reason */
	while (app->dialog_count) {
		bool progress = app_dialog(app)->kind == DIALOG_PROGRESS;
		bool quit = app_dialog(app)->purpose == FOR_QUIT;

		if (!progress && !quit)
			return;
		dialog_pop(app);
	}
}

static void tell_failure(struct app *app, struct job *job)
{
	struct dialog *d;

	if (job->code == LAM_ESTOPPED) {
		app_tell(app, ROLE_STATUS, "cancelled: nothing was changed");
		return;
	}
	d = dialog_push(app, DIALOG_TEXT, FOR_NOTHING, "The image was not written");
	if (!d)
		return;
	dialog_line(d, ROLE_ERROR, "%s", job->err.text);
	dialog_line(d, ROLE_DIALOG, "Nothing was changed.");
	d->list.count = d->line_count;
	dialog_set_hints(d, "[Esc] close");
}

static void tell_success(struct app *app)
{
	const struct lam_write_result *r = &app->written;
	struct dialog *d;
	uint64_t blobs = 0;
	char size[SIZE_TEXT_MAX];

	for (size_t i = 0; i < r->layer_count; i++)
		blobs += r->layers[i].blob_size;
	d = dialog_push(app, DIALOG_CHOICE, FOR_WRITTEN, "Written");
	if (!d)
		return;
	dialog_line(d, ROLE_GOOD, "%s", app->writing.output);
	dialog_line(d, ROLE_DIALOG, "%s", r->manifest_digest);
	dialog_line(d, ROLE_DIALOG, "%zu layer%s, %s compressed", r->layer_count,
		    r->layer_count == 1 ? "" : "s", text_size(blobs, size));
	dialog_line(d, ROLE_GOOD, "%s",
		    r->verified
			    ? "Read back and compared: the merged file system is what "
			      "the plan says."
			    : "Not read back.");
	dialog_item(d, 'q', 'q', "quit");
	dialog_item(d, 'b', 'b', "back to the editor");
	dialog_set_hints(d, "[Enter] take");
}

void write_ended(struct app *app, struct job *job)
{
	app->writing.running = false;
	drop_progress(app);
	if (job->code < 0) {
		tell_failure(app, job);
		return;
	}
	lam_write_result_fini(&app->written);
	app->written = job->out_written;
	job->out_written = (struct lam_write_result){ 0 };
	tell_success(app);
}
