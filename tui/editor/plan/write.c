/* Writing the image: the summary, a typed yes, progress, what came of it. */
#include <stdlib.h>
#include <string.h>

#include <lamina/reference.h>

#include "base/memory.h"
#include "base/size.h"
#include "base/time.h"
#include "editor/plan/plan.h"

/* The write */

struct write_job {
	struct job job;
	const struct lam_image *image;
	struct lam_plan *plan;
	char *output;
	const char *created;
	bool drop; /* what speaks of what is replaced */
	const struct lam_access *access;
	const char *cache;
	unsigned threads;
	struct lam_write_result result;
};

/* The layout is made anew: that of the screen may be replaced while this one is written.
 */
static int run_write(struct job *job)
{
	struct write_job *w = (struct write_job *)job;
	const struct lam_progress progress = { job_hear, job, &job->stop };
	const struct lam_write_options options = { .threads = w->threads,
						   .created = w->created,
						   .drop_attestations = w->drop,
						   .progress = &progress,
						   .access = w->access,
						   .cache = w->cache };
	struct lam_layout *layout;
	int code;

	if (lam_layout_new(&layout, w->image, w->plan, NULL, &job->stop, &job->err) < 0)
		return job->err.code;
	code = lam_write_image(layout, w->output, &options, &w->result, &job->err);
	lam_layout_free(layout);
	return code;
}

static void free_write(struct job *job)
{
	struct write_job *w = (struct write_job *)job;

	lam_plan_free(w->plan);
	free(w->output);
	lam_write_result_fini(&w->result);
}

/* It may stand below another dialog: of quitting, that has lost its reason. */
static void drop_progress(struct app *app)
{
	while (app->dialog_count && app_dialog(app)->of_write)
		dialog_pop(app);
}

static void tell_failure(struct app *app, const struct job *job)
{
	struct dialog *d;

	if (job->code == LAM_ESTOPPED) {
		app_tell(app, ROLE_STATUS,
			 "cancelled: nothing was written; W begins again");
		return;
	}
	d = dialog_push(app, DIALOG_TEXT, "The image was not written");
	dialog_line(d, ROLE_ERROR, "%s", job->err.text);
	dialog_line(d, ROLE_DIALOG, "Nothing was changed.");
	dialog_set_hints(d, "[Esc] close");
}

static void written_item(struct app *app, struct dialog *d,
			 const struct dialog_item *item)
{
	(void)d;
	if (item->id == 'q')
		plan_quit(app, true);
}

/* What is known only once it is written: of an output on a network. */
static void left_line(struct dialog *d, const struct lam_referrers *all)
{
	size_t left = 0;

	for (size_t i = 0; i < all->count; i++)
		left += all->items[i].fate == LAM_REFERRER_LEFT;
	if (left)
		dialog_line(d, ROLE_WARNING,
			    "%zu %s there of what was replaced: no longer true", left,
			    left == 1 ? "referrer stays" : "referrers stay");
}

static void tell_success(struct app *app)
{
	const struct lam_write_result *r = &app->written;
	struct dialog *d = dialog_push(app, DIALOG_CHOICE, "Written");
	uint64_t blobs = 0;
	char size[LAM_SIZE_TEXT];

	d->on_item = written_item;
	for (size_t i = 0; i < r->layer_count; i++)
		blobs += r->layers[i].blob_size;
	dialog_line(d, ROLE_GOOD, "%s", app->writing.output);
	dialog_line(d, ROLE_DIALOG, "%s", r->manifest_digest);
	dialog_line(d, ROLE_DIALOG, "%zu layer%s, %s compressed", r->layer_count,
		    r->layer_count == 1 ? "" : "s", lam_size_text(blobs, size));
	dialog_line(d, ROLE_GOOD, "%s",
		    !r->verified ? "Not read back."
		    : app->writing.same
			    ? "Read back and compared: the merged file system is "
			      "identical to the source's."
			    : "Read back and compared: the merged file system is what "
			      "the plan says.");
	left_line(d, &r->referrers);
	dialog_item(d, 'q', 'q', "quit");
	dialog_item(d, 'b', 'b', "back to the editor");
	dialog_set_hints(d, "[Enter] take");
}

static void take_write(struct app *app, struct job *job)
{
	struct write_job *w = (struct write_job *)job;

	app->writing.running = false;
	drop_progress(app);
	if (job->code < 0) {
		tell_failure(app, job);
		return;
	}
	lam_write_result_fini(&app->written);
	app->written = w->result;
	w->result = (struct lam_write_result){ 0 };
	tell_success(app);
}

/* The layers that are written or kept, in the order that progress counts them in. */
static void make_rows(struct writing *w, const struct lam_layout *layout)
{
	size_t count = lam_layout_target_count(layout);
	char name[LAM_TARGET_TEXT];

	w->rows = lam_xcalloc(count + 1, sizeof *w->rows);
	for (size_t i = 0; i < count; i++) {
		const struct lam_target *t = lam_layout_target(layout, i);
		struct write_row *row = &w->rows[w->row_count];

		if (t->fate == LAM_FATE_EMPTY)
			continue;
		*row = (struct write_row){ .name = lam_xstrdup(lam_target_text(t, name)),
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
}

static void begin(struct app *app, bool drop)
{
	static const struct job_ops WRITE = { JOB_WRITE, run_write, take_write,
					      free_write, true };
	struct writing *w = &app->writing;
	struct write_job *job = job_new(sizeof *job, &WRITE);
	int64_t now = w->now_ms;

	writing_fini(w);
	*w = (struct writing){ .running = true,
			       .output = lam_xstrdup(app->plan.output),
			       .same = !app->plan.effect->dropped &&
				       !app->plan.effect->clamped,
			       .now_ms = now,
			       .pace.begun_ms = now };
	make_rows(w, app->plan.effect->layout);
	job->image = app->image;
	job->plan = plan_copy(app);
	job->output = lam_xstrdup(app->plan.output);
	job->created = app->options.created;
	job->drop = drop;
	job->threads = app->options.threads;
	job->access = app->options.access;
	job->cache = app->options.cache_dir;
	app_start(app, &job->job);
	progress_show(app);
}

/* Asking for it */

static void count_line(struct dialog *d, char sign, size_t count, const char *what,
		       uint64_t bytes)
{
	char size[LAM_SIZE_TEXT];

	if (count)
		dialog_line(d, ROLE_DIALOG, "  %c %3zu %-6s %-10s %8s", sign, count,
			    count == 1 ? "layer" : "layers", what,
			    lam_size_text(bytes, size));
}

/* What speaks of the image that is replaced goes with it. */
static void lost_lines(struct dialog *d, const struct lam_referrers *lost)
{
	for (size_t i = 0; i < lost->count && i < 6; i++)
		dialog_line(d, ROLE_ERROR, "DROPS %s %.26s...", lost->items[i].kind,
			    lost->items[i].digest);
	if (lost->count > 6)
		dialog_line(d, ROLE_ERROR, "and %zu more that speak of what is replaced",
			    lost->count - 6);
}

/* What a container will see. */
static void tree_lines(struct dialog *d, const struct effect *e)
{
	size_t changes = lam_layout_change_count(e->layout);
	LAM_CLEANUP(lam_free_ptr) char *removes = effect_removes(e);
	char c[32], at[LAM_TIME_TEXT];

	if (e->clamped)
		dialog_line(d, ROLE_WARNING, "Sets the times of %s paths back to %s",
			    lam_count_text(e->clamped, c),
			    lam_time_format(e->plan->times.at, at));
	if (changes)
		dialog_line(d, ROLE_WARNING,
			    "Changes %zu setting%s of the image: see Effect", changes,
			    changes == 1 ? "" : "s");
	if (e->dropped)
		dialog_line(d, ROLE_ERROR, "%s", removes);
	else
		dialog_line(d, ROLE_GOOD,
			    "The merged file system will be identical%s: it is checked "
			    "after writing.",
			    e->clamped ? " otherwise" : "");
}

static void summary_lines(struct app *app, struct dialog *d, const char *output,
			  bool replaces)
{
	const struct effect *e = app->plan.effect;
	const char *arrow = view_glyphs(app->ascii)->arrow;
	char a[LAM_SIZE_TEXT], b[LAM_SIZE_TEXT], c[32];

	dialog_line(d, ROLE_DIALOG, "Nothing has been written yet.");
	dialog_line(d, ROLE_DIALOG, "From  %s", app->options.reference);
	dialog_line(d, ROLE_DIM, "      %.26s...", lam_image_manifest_digest(app->image));
	dialog_line(d, ROLE_DIALOG, "To    %s", output);
	if (lam_reference_is_of(output, app->options.reference,
				lam_image_name(app->image)))
		dialog_line(d, ROLE_WARNING,
			    "      this is the image that is edited: it is REPLACED by "
			    "the new one");
	else if (replaces)
		dialog_line(d, ROLE_WARNING,
			    "      an image is there already: this one replaces it");
	count_line(d, '=', e->kept, "kept", e->kept_bytes);
	count_line(d, '~', e->rewritten, "rewritten", e->rewritten_bytes);
	count_line(d, '+', e->fresh, "new", e->new_bytes);
	if (e->empty)
		dialog_line(d, ROLE_DIALOG, "  - %zu empty: not written", e->empty);
	dialog_line(d, ROLE_DIALOG, "  tars %s %s %s; compressed %s %s about %s",
		    lam_size_text(e->now, a), arrow, lam_size_text(e->plan_bytes, b),
		    lam_size_text(e->blob_now, c), arrow,
		    lam_size_text(e->blob_plan, (char[LAM_SIZE_TEXT]){ 0 }));
	if (e->waste_gone)
		dialog_line(d, ROLE_DIALOG, "  x waste left behind %s",
			    lam_size_text(e->waste_gone, a));
	if (e->dangling)
		dialog_line(d, ROLE_DIALOG, "  %s dangling %s",
			    lam_count_text(e->dangling, c),
			    e->dangling == 1 ? "link stays as it is"
					     : "links stay as they are");
	tree_lines(d, e);
}

static void remark_lines(const struct app *app, struct dialog *d)
{
	const struct lam_layout *l = app->plan.effect->layout;

	for (size_t i = 0; i < lam_layout_remark_count(l) && i < 8; i++)
		dialog_line(d, ROLE_WARNING, "%s", lam_layout_remark(l, i)->text);
}

static void yes_typed(struct app *app, struct dialog *d, const char *text)
{
	(void)text;
	begin(app, d->value != 0);
}

/* why: something was typed that cannot be. */
static void ask_output(struct app *app, const char *output, const char *why)
{
	struct dialog *d = dialog_prompt(app, write_image,
					 why ? "Write the image"
					     : "Write the image (a summary comes first)",
					 "To: ", output);

	d->on_leave = "nothing was written";
	if (why)
		dialog_line(d, ROLE_ERROR, "%s", why);
}

/* What is where it goes to, as was looked. */
struct look_job {
	struct job job;
	const struct lam_image *image;
	const struct lam_access *access;
	char *output;
	bool replaces;
	struct lam_referrers lost; /* what speaks of what is replaced */
};

static void summarise(struct app *app, const struct look_job *looked)
{
	struct lam_error err = { 0 };
	struct dialog *d;

	if (app->plan.effect_stale || !app->plan.effect) {
		app_tell(app, ROLE_STATUS,
			 "the plan is still being worked out: try again in a moment");
		return;
	}
	if (!app->plan.effect->layout) {
		dialog_errors(app, "The plan does not fit: nothing can be written",
			      &app->plan.effect->errors, NULL);
		return;
	}
	if (lam_write_check_place(app->plan.effect->layout, looked->output, &err) < 0) {
		ask_output(app, looked->output, err.text);
		return;
	}
	d = dialog_push(app, DIALOG_PROMPT, "Write new image");
	d->on_text = yes_typed;
	d->on_leave = "nothing was written";
	free(app->plan.output);
	app->plan.output = lam_xstrdup(looked->output);
	d->value = looked->lost.count > 0;
	summary_lines(app, d, looked->output, looked->replaces);
	lost_lines(d, &looked->lost);
	remark_lines(app, d);
	d->exact = true;
	d->text = lam_xprintf("yes%s%s", app->plan.effect->dropped ? " remove" : "",
			      d->value ? " drop" : "");
	d->label = lam_xprintf("Type \"%s\" to write: ", d->text);
	dialog_set_hints(d, "[Enter] take  [Esc] go back");
}

/* Looking */

static int run_look(struct job *job)
{
	struct look_job *l = (struct look_job *)job;
	const struct lam_progress progress = { .stop = &job->stop };

	return lam_write_replaces(&l->replaces, &l->lost, l->image, l->output, l->access,
				  &progress, &job->err);
}

static void free_look(struct job *job)
{
	struct look_job *l = (struct look_job *)job;

	lam_referrers_fini(&l->lost);
	free(l->output);
}

static void stop_looking(struct app *app, struct dialog *d)
{
	(void)d;
	app_stop(app, JOB_LOOK);
}

static void take_look(struct app *app, struct job *job)
{
	const struct look_job *l = (struct look_job *)job;

	if (job->code == LAM_ESTOPPED)
		return;
	if (app->dialog_count && app_dialog(app)->on_esc == stop_looking)
		dialog_pop(app);
	if (job->code < 0)
		ask_output(app, l->output, job->err.text);
	else
		summarise(app, l);
}

/* An engine or a registry may take its time. */
static void look(struct app *app, const char *output)
{
	static const struct job_ops LOOK = { JOB_LOOK, run_look, take_look, free_look,
					     true };
	struct look_job *job = job_new(sizeof *job, &LOOK);
	struct dialog *d = dialog_push(app, DIALOG_TEXT, "Write the image");

	d->on_esc = stop_looking;
	d->on_leave = "nothing was written";
	dialog_line(d, ROLE_DIALOG, "Looking at what is there: %s", output);
	dialog_set_hints(d, "[Esc] go back");
	job->image = app->image;
	job->access = app->options.access;
	job->output = lam_xstrdup(output);
	app_start(app, &job->job);
}

void write_image(struct app *app, const char *text)
{
	char *output;

	if (app->writing.running) {
		progress_show(app);
	} else if (!text) {
		output = app->plan.output
				 ? lam_xstrdup(app->plan.output)
				 : lam_reference_beside(app->options.reference,
							lam_image_name(app->image));
		ask_output(app, output, NULL);
		free(output);
	} else if (strcmp(text, "-") == 0) {
		ask_output(
			app, text,
			"-: standard output is this screen: an archive goes to a file");
	} else {
		look(app, text);
	}
}
