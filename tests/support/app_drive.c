#include "app_drive.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "canvas_dump.h"
#include "editor/files/files.h"
#include "shell/shell.h"

static void carry_out(struct drive *d);

void drive_event(struct drive *d, struct event *event)
{
	event->now_ms = d->now_ms += 10;
	app_update(&d->app, event);
	carry_out(d);
}

/* Files */

static struct drive_file *find_file(const struct drive *d, const char *name)
{
	for (size_t i = 0; i < d->file_count; i++) {
		if (strcmp(d->files[i].name, name) == 0)
			return &d->files[i];
	}
	return NULL;
}

const char *drive_file(const struct drive *d, const char *name)
{
	const struct drive_file *file = find_file(d, name);

	return file ? file->text : NULL;
}

void drive_set_file(struct drive *d, const char *name, const char *text)
{
	struct drive_file *file = find_file(d, name);

	if (!file) {
		d->files = lam_xrealloc(d->files, (d->file_count + 1) * sizeof *d->files);
		file = &d->files[d->file_count++];
		*file = (struct drive_file){ .name = strdup(name) };
	}
	free(file->text);
	file->text = strdup(text);
}

static void save(struct drive *d, const struct request *request)
{
	const char *there = drive_file(d, request->file);
	struct lam_error err = { 0 };
	struct event event = { .kind = EVENT_SAVED,
			       .file = request->file,
			       .text = request->text,
			       .err = &err };

	event.differs = there && !request->force &&
			!shell_may_replace(there, request->text, request->expect);
	if (!event.differs)
		drive_set_file(d, request->file, request->text);
	drive_event(d, &event);
}

static void load(struct drive *d, const struct request *request)
{
	const char *there = drive_file(d, request->file);
	char *copy = there ? strdup(there) : NULL;
	struct lam_error err = { 0 };
	struct event event = { .kind = EVENT_LOADED,
			       .file = request->file,
			       .text = copy,
			       .err = &err,
			       .merge = request->merge };

	if (!there)
		lam_fail(&err, LAM_EREAD, "%s: no such file", request->file);
	drive_event(d, &event);
	free(copy);
}

static void edit(struct drive *d, const struct request *request)
{
	struct lam_error err = { 0 };
	char *copy = d->reply ? strdup(d->reply) : NULL;
	struct event event = { .kind = EVENT_EDITED, .text = copy, .err = &err };

	free(d->edited);
	d->edited = strdup(request->text);
	d->edited_line = request->line;
	if (!copy)
		lam_fail(&err, LAM_EUSAGE, "the editor failed");
	drive_event(d, &event);
	free(copy);
}

static void complete(struct drive *d, const struct request *request)
{
	char *found = shell_complete(request->text, request->image);
	struct event event = { .kind = EVENT_COMPLETED, .text = found };

	drive_event(d, &event);
	free(found);
}

static void copy_text(struct drive *d, const struct request *request)
{
	struct lam_error err = { 0 };
	struct event event = { .kind = EVENT_COPIED, .text = request->text, .err = &err };

	free(d->copied);
	d->copied = strdup(request->text);
	drive_event(d, &event);
}

/* Jobs */

static void stop_job(struct drive *d, enum job_kind kind)
{
	for (size_t i = 0; i < d->job_count; i++) {
		if (d->jobs[i]->kind == kind)
			atomic_store(&d->jobs[i]->stop, true);
	}
}

void drive_settle(struct drive *d)
{
	for (size_t i = 0; i < d->job_count;) {
		struct event event = { .kind = EVENT_JOB, .job = d->jobs[i] };

		if (d->held[d->jobs[i]->kind]) {
			i++;
			continue;
		}
		memmove(d->jobs + i, d->jobs + i + 1,
			(--d->job_count - i) * sizeof *d->jobs);
		job_run(event.job);
		drive_event(d, &event);
		i = 0;
	}
}

void drive_progress(struct drive *d, enum job_kind kind,
		    const struct job_progress *progress)
{
	struct event event = { .kind = EVENT_PROGRESS,
			       .job_kind = kind,
			       .progress = *progress };

	drive_event(d, &event);
}

static void carry_out_one(struct drive *d, struct request *request)
{
	switch (request->kind) {
	case REQUEST_JOB:
		assert(d->job_count < DRIVE_JOBS);
		d->jobs[d->job_count++] = request->job;
		request->job = NULL;
		break;
	case REQUEST_STOP: stop_job(d, request->job_kind); break;
	case REQUEST_EDITOR: edit(d, request); break;
	case REQUEST_SAVE: save(d, request); break;
	case REQUEST_LOAD: load(d, request); break;
	case REQUEST_COMPLETE: complete(d, request); break;
	case REQUEST_COPY: copy_text(d, request); break;
	case REQUEST_REDRAW: d->redraws++; break;
	case REQUEST_PAGER: /* has the terminal for a while, as well */
	case REQUEST_SUSPEND: d->suspends++; break;
	case REQUEST_QUIT:
		d->over = true;
		d->code = (int)request->line;
		break;
	}
}

static void carry_out(struct drive *d)
{
	struct request *requests;
	size_t count = app_take_requests(&d->app, &requests);

	for (size_t i = 0; i < count; i++) {
		carry_out_one(d, &requests[i]);
		request_fini(&requests[i]);
	}
	free(requests);
}

/* Keys */

void drive_key(struct drive *d, struct key key)
{
	struct event event = { .kind = EVENT_KEY, .key = key };

	drive_event(d, &event);
	drive_settle(d);
}

void drive_type(struct drive *d, const char *text)
{
	size_t len = strlen(text);

	while (len > 0) {
		struct key key = { 0 };
		size_t used = text_next(text, len, &key.code);

		drive_key(d, key);
		text += used;
		len -= used;
	}
}

void drive_keys(struct drive *d, const char *words)
{
	while (*words) {
		size_t len = strcspn(words, " ");
		struct key_sequence keys;
		char word[64];

		assert(len < sizeof word);
		memcpy(word, words, len);
		word[len] = '\0';
		if (key_sequence_parse(&keys, word)) {
			for (size_t i = 0; i < keys.count; i++)
				drive_key(d, keys.keys[i]);
		} else {
			drive_type(d, word);
		}
		words += len + (words[len] == ' ');
	}
}

void drive_command(struct drive *d, const char *text)
{
	drive_key(d, (struct key){ .code = ':' });
	drive_type(d, text);
	drive_key(d, (struct key){ .code = K_ENTER });
}

void drive_mouse(struct drive *d, uint32_t code, int x, int y)
{
	struct event event = {
		.kind = EVENT_KEY, .key = { .code = code }, .x = x, .y = y
	};

	drive_event(d, &event);
	drive_settle(d);
}

void drive_resize(struct drive *d, int width, int height)
{
	struct event event = { .kind = EVENT_RESIZE, .width = width, .height = height };

	drive_event(d, &event);
	drive_settle(d);
}

/* Beginning and end */

void drive_open(struct drive *d, const struct built *built, int width, int height,
		void (*configure)(struct drive *d))
{
	struct event start = { .kind = EVENT_START };
	struct lam_plan *plan = NULL;
	struct lam_plan_errors errors;
	struct lam_error err;

	*d = (struct drive){ 0 };
	if (asprintf(&d->reference, "oci:%s:latest", built->dir) < 0 ||
	    asprintf(&d->state_dir, "%s/state", built->dir) < 0)
		abort();
	d->options = (struct options){ .reference = d->reference,
				       .temporary = built->dir,
				       .state_dir = d->state_dir,
				       .threads = 2 };
	if (configure)
		configure(d);
	if (d->plan_file) {
		d->options.plan_file = d->plan_file;
		if (lam_plan_parse(&plan, d->plan_text, strlen(d->plan_text), "plan",
				   &errors, &err) < 0)
			abort();
		drive_set_file(d, d->plan_file, d->plan_text);
	}
	app_init(&d->app, &d->options, plan, d->plan_text);
	drive_resize(d, width, height);
	drive_event(d, &start);
	drive_settle(d);
}

static const char *wanted_plan; /* of drive_build, for the next function */

static void configure_plan(struct drive *d)
{
	if (!wanted_plan)
		return;
	d->plan_file = strdup("app.plan.json");
	d->plan_text = strdup(wanted_plan);
}

static void configure_closed(struct drive *d)
{
	d->held[JOB_OPEN] = true;
}

static void build(struct drive *d, const struct image_layer *layers, size_t count,
		  int width, int height, void (*configure)(struct drive *d))
{
	struct built built = { .dir = image_temporary() };

	image_build(built.dir, layers, count);
	drive_open(d, &built, width, height, configure);
	d->dir = built.dir;
	d->app.options.reference = "oci:build/app:1.4";
}

void drive_build(struct drive *d, const struct image_layer *layers, size_t count,
		 const char *plan_text, int width, int height)
{
	wanted_plan = plan_text;
	build(d, layers, count, width, height, configure_plan);
	if (d->app.phase != PHASE_READY) {
		fprintf(stderr, "%s\n", d->app.failure.text);
		abort();
	}
	d->app.message.text[0] = '\0';
}

void drive_begin(struct drive *d, const struct image_layer *layers, size_t count,
		 int width, int height)
{
	build(d, layers, count, width, height, configure_closed);
}

void drive_close(struct drive *d)
{
	for (size_t i = 0; i < d->job_count; i++)
		job_free(d->jobs[i]);
	app_fini(&d->app);
	canvas_fini(&d->canvas);
	for (size_t i = 0; i < d->file_count; i++) {
		free(d->files[i].name);
		free(d->files[i].text);
	}
	free(d->files);
	free(d->edited);
	free(d->copied);
	free(d->reference);
	free(d->state_dir);
	if (d->dir) {
		free(d->plan_file);
		free(d->plan_text);
		image_remove(d->dir);
		free(d->dir);
	}
}

/* Looking */

void drive_draw(struct drive *d)
{
	if ((d->canvas.width != d->app.width || d->canvas.height != d->app.height) &&
	    !canvas_resize(&d->canvas, d->app.width, d->app.height))
		abort();
	d->canvas.ascii = d->app.ascii;
	canvas_clear(&d->canvas);
	app_draw(&d->app, &d->canvas);
}

bool drive_sees(struct drive *d, const char *text)
{
	char *dump;
	bool seen;

	drive_draw(d);
	dump = canvas_dump(&d->canvas, false, PALETTE_MONO);
	seen = dump && strstr(dump, text);
	free(dump);
	return seen;
}

static const char *fault_of_list(const struct list *list, size_t count)
{
	return list->cursor < count || list->cursor == 0 ? NULL : "a cursor is outside";
}

static const char *fault_of_files(const struct drive *d)
{
	const struct files *f = &d->app.files;
	size_t marks = 0;

	if (f->list.count != f->rows.count)
		return "the files' list has not the number of its rows";
	for (uint32_t n = 0; n < d->app.facts->count; n++)
		marks += bits_get(&f->marks, n);
	if (marks != f->mark_count)
		return "marks are counted wrong";
	return fault_of_list(&f->list, f->rows.count);
}

const char *drive_fault(const struct drive *d)
{
	const struct lam_plan *plan = app_plan(&d->app);

	if (!plan || plan->layer_count == 0)
		return "no plan, or one without layers";
	if (d->app.dialog_count > 6)
		return "dialogs upon dialogs";
	if (!app_is_settled(&d->app) && !d->app.writing.running)
		return "it waits for what nobody does";
	if (fault_of_files(d))
		return fault_of_files(d);
	return fault_of_list(&d->app.layers.list, plan->layer_count);
}

void drive_print(struct drive *d)
{
	char *dump;

	drive_draw(d);
	dump = canvas_dump(&d->canvas, false, PALETTE_MONO);
	fprintf(stderr, "%s", dump ? dump : "");
	free(dump);
}

char *drive_plan(const struct drive *d)
{
	struct lam_error err;
	char *text;

	if (lam_plan_format(app_plan(&d->app), &text, &err) < 0)
		abort();
	return text;
}

uint32_t drive_node(const struct drive *d, const char *path)
{
	uint32_t node = lam_tree_find(lam_image_tree(d->app.image), path, strlen(path));

	if (node == LAM_NODE_NONE) {
		fprintf(stderr, "%s: is not in the image\n", path);
		abort();
	}
	return node;
}

void drive_go(struct drive *d, const char *path)
{
	files_go(&d->app, drive_node(d, path));
	app_settle(&d->app);
	carry_out(d);
	drive_settle(d);
}

char *drive_path(const struct drive *d)
{
	uint32_t node = app_cursor_node(&d->app);

	return node == LAM_NODE_NONE ? strdup("")
				     : lam_tree_path_text(d->app.facts->tree, node);
}
