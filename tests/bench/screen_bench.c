/* How long the screen takes from a key to the frame that answers it, on an image of a
 * million paths, jobs on threads of their own as in the program. Exits with 1 where the
 * 99th percentile of any kind of key is over a frame's time.
 *
 *	screen_bench [PATHS]
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "image_build.h"
#include "shell/shell.h"

#define BAR_MS 16.0
#define KINDS  48
#define MOST   100000

struct kind {
	const char *name;
	double *took;
	size_t count;
};

static struct kind kinds[KINDS], all = { .name = "all" };
static struct app app;
static struct canvas canvas;
static struct shell_jobs *jobs;

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void add(struct kind *kind, double took)
{
	if (!kind->took)
		kind->took = malloc(MOST * sizeof *kind->took);
	if (kind->took && kind->count < MOST)
		kind->took[kind->count++] = took;
}

static struct kind *kind_of(const char *name)
{
	size_t i = 0;

	while (i < KINDS - 1 && kinds[i].name && strcmp(kinds[i].name, name) != 0)
		i++;
	kinds[i].name = name;
	return &kinds[i];
}

static void carry_out(void)
{
	struct request *requests;
	size_t count = app_take_requests(&app, &requests);

	for (size_t i = 0; i < count; i++) {
		if (requests[i].kind == REQUEST_JOB) {
			shell_jobs_start(jobs, requests[i].job);
			requests[i].job = NULL;
		} else if (requests[i].kind == REQUEST_STOP) {
			shell_jobs_stop(jobs, requests[i].job_kind);
		}
		request_fini(&requests[i]);
	}
	free(requests);
}

/* An event, and the frame that it makes. */
static void give(const char *name, struct event *event)
{
	double since = now(), took;

	event->now_ms = (int64_t)since;
	app_update(&app, event);
	carry_out();
	canvas_clear(&canvas);
	app_draw(&app, &canvas);
	took = now() - since;
	if (name) {
		add(kind_of(name), took);
		add(&all, took);
	}
}

static const char *const RESULTS[JOB_COUNT] = {
	[JOB_ORDER] = "take: order",     [JOB_EFFECT] = "take: effect",
	[JOB_FILTER] = "take: filter",   [JOB_SEARCH] = "take: search",
	[JOB_PREVIEW] = "take: preview", [JOB_WASTE] = "take: waste",
};

static void settle(void)
{
	while (!app_is_settled(&app)) {
		struct pollfd ready = { .fd = shell_jobs_fd(jobs), .events = POLLIN };
		struct job *job;

		poll(&ready, 1, -1);
		shell_jobs_wake(jobs);
		while ((job = shell_jobs_ended(jobs))) {
			struct event event = { .kind = EVENT_JOB, .job = job };

			give(RESULTS[job->kind], &event);
		}
	}
}

/* Keys as they are typed: what they begin is waited for behind the last of them. */
static void keys(const char *name, const char *sequence)
{
	struct key_sequence parsed;

	if (!key_sequence_parse(&parsed, sequence))
		abort();
	for (size_t i = 0; i < parsed.count; i++) {
		struct event event = { .kind = EVENT_KEY, .key = parsed.keys[i] };

		give(name, &event);
	}
	settle();
}

static void type(const char *name, const char *text)
{
	for (; *text; text++) {
		struct event event = { .kind = EVENT_KEY,
				       .key = { .code = (unsigned char)*text } };

		give(name, &event);
	}
}

static void command(const char *name, const char *text)
{
	type("type", ":");
	type("type", text);
	keys(name, "Enter");
}

/* Half below /data, half below /usr; two layers above hold some of them again. */
struct maker {
	char path[128];
	size_t paths;
	unsigned layer;
};

static void make(void *context, size_t n, struct image_entry *out)
{
	struct maker *m = context;
	size_t number = m->layer ? n * 20 + m->layer : n;

	snprintf(m->path, sizeof m->path, "%s/package-%zu/part%zu/module_%03zu.so",
		 number % 2 ? "data" : "usr/lib", number / 2000, number / 400 % 5,
		 number / 2 % 200);
	*out = (struct image_entry){ m->path, .size = number % 10 ? 0 : number % 2000,
				     .mtime = (int64_t)(number % 1000) };
}

static void build(struct built *built, size_t paths)
{
	const size_t counts[] = { paths, paths / 25, paths / 25 };
	struct image_layer layers[3];
	struct maker makers[3];

	for (unsigned i = 0; i < 3; i++) {
		makers[i] = (struct maker){ .paths = paths, .layer = i };
		layers[i] = (struct image_layer){ .count = counts[i],
						  .make = make,
						  .context = &makers[i],
						  .compression = { LAM_CODEC_GZIP, 1 } };
	}
	built_open(built, layers, 3);
	lam_image_close(built->image);
	built->image = NULL;
}

static void open_app(const struct options *options)
{
	struct event size = { .kind = EVENT_RESIZE, .width = 140, .height = 40 };
	struct event start = { .kind = EVENT_START };
	double since;

	jobs = shell_jobs_new();
	if (!jobs || !canvas_resize(&canvas, 140, 40))
		abort();
	app_init(&app, options, NULL, NULL);
	since = now();
	give("first frame", &size);
	give("first frame", &start);
	settle();
	printf("opened in %.0f ms, in the background\n", now() - since);
	if (app.phase != PHASE_READY) {
		fprintf(stderr, "%s\n", app.failure.text);
		exit(1);
	}
}

static void drive(void)
{
	keys("zR", "zR");
	printf("%zu rows unfolded\n", app.files.rows.count);
	for (int i = 0; i < 1000; i++)
		keys("page down", "PageDown");
	keys("gg G", "G");
	keys("gg G", "gg");
	for (int i = 0; i < 300; i++)
		keys("down", "Down");
	for (int i = 0; i < 20; i++)
		keys("K J", i % 2 ? "J" : "K");
	for (int i = 0; i < 20; i++) {
		command("search", i % 2 ? "search module_01" : "search part3");
		for (int n = 0; n < 50; n++)
			keys("search next", n % 5 ? "n" : "N");
	}
	keys("cancel", "Esc");
	for (int i = 0; i < 20; i++) {
		command("filter", i % 2 ? "filter module_19*" : "filter >1K");
		for (int n = 0; n < 10; n++)
			keys("page down, filtered", "PageDown");
		keys("filter off", "F");
	}
	for (int i = 0; i < 20; i++) {
		command("go", "go /data");
		command("assign 500,000", i % 2 ? "assign b" : "assign c");
		keys("next layer", "}");
		keys("undo", "u");
		keys("redo", "U");
	}
	for (int i = 0; i < 20; i++)
		command("sort", i % 2 ? "sort size" : "sort name");
	for (int i = 0; i < 20; i++) {
		keys("zM", "zM");
		keys("zR", "zR");
		command("go", "go /usr/lib/package-100/part2");
		for (int n = 0; n < 10; n++) {
			keys("fold", "h");
			keys("unfold", "l");
		}
	}
	for (int i = 0; i < 100; i++)
		keys("mark", "Space");
	for (int i = 0; i < 10; i++) {
		keys("invert", "*");
		keys("down, all marked", "Down");
		command("mark pattern", "mark-pattern module_0*");
		keys("cancel", "Esc");
	}
	for (int i = 0; i < 5; i++) {
		keys("tabs", "i");
		keys("tabs", "H");
		keys("tabs", "t");
		keys("tabs", "w");
		keys("ghosts", "zh");
	}
}

static int by_time(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Whether it is within the bar. */
static bool report(struct kind *kind)
{
	double p99;

	if (!kind->count)
		return true;
	qsort(kind->took, kind->count, sizeof *kind->took, by_time);
	p99 = kind->took[kind->count * 99 / 100];
	printf("%-22s %6zu %9.3f %9.3f %9.3f%s\n", kind->name, kind->count,
	       kind->took[kind->count / 2], p99, kind->took[kind->count - 1],
	       p99 > BAR_MS ? "   OVER" : "");
	free(kind->took);
	return p99 <= BAR_MS;
}

int main(int argc, char **argv)
{
	size_t paths = argc > 1 ? strtoull(argv[1], NULL, 10) : 1000000;
	struct built built = { 0 };
	struct options options = { .threads = 2, .temporary = "/tmp" };
	char *reference;
	bool good = true;

	build(&built, paths);
	if (asprintf(&reference, "oci:%s:latest", built.dir) < 0)
		abort();
	options.reference = reference;
	open_app(&options);
	drive();
	printf("%-22s %6s %9s %9s %9s   ms\n", "", "count", "p50", "p99", "max");
	for (size_t i = 0; i < KINDS && kinds[i].name; i++)
		good = report(&kinds[i]) && good;
	good = report(&all) && good;
	shell_jobs_free(jobs);
	app_fini(&app);
	canvas_fini(&canvas);
	built_close(&built);
	free(reference);
	return good ? 0 : 1;
}
