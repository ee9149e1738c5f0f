/* The loop: events in, requests carried out, frames drawn. */
#include "shell/shell.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/time.h"
#include "editor/plan/plan.h"

/* Events that are taken before the next frame, where they come faster than frames. */
#define EVENTS_A_FRAME 64
/* A write's clock goes on where its progress stands still. */
#define CLOCK_MS 500

struct shell {
	struct app *app;
	struct term *term;
	struct shell_jobs *jobs;
	struct canvas canvas;
	bool over;
	int code;
};

static void carry_out(struct shell *s);

static void give(struct shell *s, struct event *event)
{
	event->now_ms = lam_now_ms();
	app_update(s->app, event);
	carry_out(s);
}

static void give_size(struct shell *s)
{
	struct event event = { .kind = EVENT_RESIZE };

	term_size(s->term, &event.width, &event.height);
	give(s, &event);
}

/* Requests */

static void edit(struct shell *s, const struct request *request)
{
	struct event event = { .kind = EVENT_EDITED };
	struct lam_error err = { 0 };
	char *text = NULL;

	term_leave(s->term);
	shell_edit(request->text ? request->text : "", request->line, &text, &err);
	term_enter(s->term);
	give_size(s);
	event.err = &err;
	event.text = text;
	give(s, &event);
	free(text);
}

static void page(struct shell *s, const struct request *request)
{
	struct event event = { .kind = EVENT_RESUMED };

	term_leave(s->term);
	if (!shell_page(request->fd))
		app_tell(s->app, ROLE_ERROR,
			 "the pager failed: set $PAGER to one that reads its input");
	term_enter(s->term);
	give_size(s);
	give(s, &event);
}

static void save(struct shell *s, const struct request *request)
{
	struct event event = { .kind = EVENT_SAVED,
			       .file = request->file,
			       .text = request->text };
	struct lam_error err = { 0 };

	shell_save(request->file, request->text, request->expect, request->force,
		   &event.differs, &err);
	event.err = &err;
	give(s, &event);
}

static void load(struct shell *s, const struct request *request)
{
	struct event event = { .kind = EVENT_LOADED,
			       .file = request->file,
			       .merge = request->merge };
	struct lam_error err = { 0 };
	char *text = NULL;

	shell_load(request->file, &text, &err);
	event.err = &err;
	event.text = text;
	give(s, &event);
	free(text);
}

static void complete(struct shell *s, const struct request *request)
{
	char *found = shell_complete(request->text, request->image);
	struct event event = { .kind = EVENT_COMPLETED, .text = found };

	give(s, &event);
	free(found);
}

static void copy(struct shell *s, const struct request *request)
{
	struct event event = { .kind = EVENT_COPIED, .text = request->text };
	struct lam_error err = { 0 };

	if (!request->text)
		return;
	if (!term_copy(s->term, request->text))
		lam_fail(&err, LAM_EUSAGE, "this terminal has no clipboard");
	event.err = &err;
	give(s, &event);
}

static void carry_out_one(struct shell *s, struct request *request)
{
	switch (request->kind) {
	case REQUEST_JOB:
		shell_jobs_start(s->jobs, request->job);
		request->job = NULL;
		break;
	case REQUEST_STOP: shell_jobs_stop(s->jobs, request->job_kind); break;
	case REQUEST_EDITOR: edit(s, request); break;
	case REQUEST_PAGER: page(s, request); break;
	case REQUEST_SAVE: save(s, request); break;
	case REQUEST_LOAD: load(s, request); break;
	case REQUEST_COMPLETE: complete(s, request); break;
	case REQUEST_COPY: copy(s, request); break;
	case REQUEST_REDRAW: term_redraw(s->term); break;
	case REQUEST_SUSPEND: term_suspend(s->term); break;
	case REQUEST_QUIT:
		s->over = true;
		s->code = (int)request->line;
		break;
	}
}

static void carry_out(struct shell *s)
{
	struct request *requests;
	size_t count = app_take_requests(s->app, &requests);

	for (size_t i = 0; i < count; i++) {
		carry_out_one(s, &requests[i]);
		request_fini(&requests[i]);
	}
	free(requests);
}

/* Events */

static void take_jobs(struct shell *s)
{
	static const enum job_kind told[] = { JOB_OPEN, JOB_WRITE };
	struct event event;
	struct job *job;

	shell_jobs_wake(s->jobs);
	for (size_t i = 0; i < sizeof told / sizeof *told; i++) {
		event = (struct event){ .kind = EVENT_PROGRESS, .job_kind = told[i] };
		if (shell_jobs_progress(s->jobs, told[i], &event.progress))
			give(s, &event);
	}
	while ((job = shell_jobs_ended(s->jobs))) {
		event = (struct event){ .kind = EVENT_JOB, .job = job };
		give(s, &event);
	}
}

static void take(struct shell *s, const struct term_event *from)
{
	struct event event = { .kind = EVENT_KEY };

	switch (from->kind) {
	case TERM_NOTHING: break;
	case TERM_KEY:
		event.key = from->key;
		event.x = from->x;
		event.y = from->y;
		event.text = from->text;
		give(s, &event);
		break;
	case TERM_RESIZE: give_size(s); break;
	case TERM_WAKE: take_jobs(s); break;
	case TERM_RESUMED:
		give_size(s);
		event.kind = EVENT_RESUMED;
		give(s, &event);
		break;
	case TERM_CLOSED:
	case TERM_STOPPED:
		event.kind = EVENT_STOP;
		event.signal = from->kind == TERM_CLOSED ? 1 : from->signal;
		give(s, &event);
		break;
	}
}

static int timeout_of(const struct shell *s)
{
	return s->app->writing.running && !s->app->writing.hidden ? CLOCK_MS : -1;
}

static void draw(struct shell *s)
{
	if (s->canvas.width != s->app->width || s->canvas.height != s->app->height) {
		if (!canvas_resize(&s->canvas, s->app->width, s->app->height))
			return;
	}
	canvas_clear(&s->canvas);
	app_draw(s->app, &s->canvas);
	term_draw(s->term, &s->canvas);
}

static void loop(struct shell *s)
{
	struct term_event event;

	while (!s->over) {
		draw(s);
		term_wait(s->term, shell_jobs_fd(s->jobs), timeout_of(s), &event);
		for (int i = 0; event.kind != TERM_NOTHING && !s->over; i++) {
			take(s, &event);
			if (i == EVENTS_A_FRAME)
				break;
			term_wait(s->term, shell_jobs_fd(s->jobs), 0, &event);
		}
		s->app->writing.now_ms = lam_now_ms();
	}
}

int shell_run(struct app *app, struct term *term, struct lam_error *err)
{
	struct shell s = { .app = app, .term = term };
	struct event start = { .kind = EVENT_START };

	s.jobs = shell_jobs_new();
	if (!s.jobs)
		return lam_fail_errno(err, LAM_EUSAGE, errno, "a descriptor for jobs");
	s.canvas.ascii = app->ascii = term_is_ascii(term);
	give_size(&s);
	give(&s, &start);
	loop(&s);
	shell_jobs_free(s.jobs);
	plan_flush(app);
	canvas_fini(&s.canvas);
	return s.code;
}
