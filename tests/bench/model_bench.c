/* What the screen's model takes on an image of a million paths, and which bar it has.
 *
 *	model_bench [PATHS]
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "editor/analysis/effect.h"
#include "editor/analysis/suggest.h"
#include "editor/analysis/waste.h"
#include "editor/find/search.h"
#include "editor/list/rows.h"
#include "image_build.h"

static struct lam_error err;

static double now(void)
{
	struct timespec t;

	/* other programs' work is not counted */
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void report(const char *what, double since, double bar)
{
	double took = now() - since;

	printf("%-34s %8.2f ms   bar %6.0f ms%s\n", what, took, bar,
	       took > bar ? "   OVER" : "");
}

#define TIMED(what, bar, call)                                       \
	do {                                                         \
		double since_ = now();                               \
		if ((call) < 0) {                                    \
			fprintf(stderr, "%s: %s\n", what, err.text); \
			exit(1);                                     \
		}                                                    \
		report(what, since_, bar);                           \
	} while (0)

struct maker {
	char path[128], target[128];
	size_t paths; /* of the image */
	unsigned layer;
};

/* A system of packages: 200 files in each of five folders of a package. The layers above
 * hold every twentieth path again, or delete it. */
static void make(void *context, size_t n, struct image_entry *out)
{
	struct maker *m = context;
	size_t number = m->layer == 0   ? n
			: m->layer == 1 ? m->paths * 6 / 10 + n
					: n * 20;
	size_t package = number / 1000, part = number / 200 % 5, file = number % 200;
	const char *wh = m->layer == 2 && number % 3 == 0 ? ".wh." : "";

	snprintf(m->path, sizeof m->path, "usr/lib/package-%zu/part%zu/%smodule_%03zu.so",
		 package, part, wh, file);
	*out = (struct image_entry){ m->path, .size = number % 10 ? 0 : number % 2000,
				     .mtime = (int64_t)(number % 1000) };
	if (number % 25 == 1 && !*wh) {
		snprintf(m->target, sizeof m->target, "../part%zu/module_%03zu.so", part,
			 (file + 7) % 210);
		out->kind = 'l';
		out->target = m->target;
	}
}

static void open_image(struct built *built, size_t paths)
{
	const size_t parts[] = { paths * 6 / 10, paths - paths * 6 / 10, paths / 20 };
	struct image_layer layers[3];
	struct maker makers[3];

	for (unsigned i = 0; i < 3; i++) {
		makers[i] = (struct maker){ .paths = paths, .layer = i };
		layers[i] = (struct image_layer){ .count = parts[i],
						  .make = make,
						  .context = &makers[i],
						  .compression = { LAM_CODEC_GZIP, 1 } };
	}
	built_open(built, layers, 3);
}

static void bench_rows(const struct facts *facts, const struct order *order)
{
	struct rows_view view = { .facts = facts, .order = order };
	struct rows rows = { 0 };
	struct bits open;
	double since;
	size_t row;

	bits_init(&open, facts->count);
	for (uint32_t n = 0; n < facts->count; n++)
		bits_set(&open, n, true);
	view.open = &open;
	for (int i = 0; i < 2; i++) {
		since = now();
		rows_build(&rows, &view);
		report(i ? "rows_build again" : "rows_build, all open", since, 12);
	}
	row = 2;
	while (rows.items[row].depth < 3)
		row++;
	since = now();
	bits_set(&open, rows.items[row].node, false);
	rows_close(&rows, row);
	report("rows_close of 200", since, 2);
	since = now();
	bits_set(&open, rows.items[row].node, true);
	rows_open(&rows, &view, row);
	report("rows_open of 200", since, 2);
	since = now();
	rows_find(&rows, rows.items[rows.count - 1].node);
	report("rows_find", since, 2);
	since = now();
	rows_find_near(&rows, &view, rows.items[rows.count - 1].node);
	report("rows_find_near", since, 1);
	bits_fini(&open);
	rows_fini(&rows);
}

static void bench_looking(const struct facts *facts, const struct order *order)
{
	static const char *const filters[] = { "*.so >1k type:f", "module_1",
					       "/usr/lib/**/*9.so" },
				 *const patterns[] = { "module_19", "\\v_1.9",
						       "part1/module_19" };

	for (size_t i = 0; i < 3; i++) {
		struct filter_result *result;
		struct filter *filter;
		struct search *search;
		struct hits *hits;
		uint32_t node;
		size_t number;
		double since;

		filter_parse(&filter, filters[i], &err);
		printf("  %s\n", filters[i]);
		TIMED("filter_run", 150,
		      filter_run(filter, facts, NULL, NULL, 0, false, NULL, &result,
				 &err));
		filter_result_free(result);
		filter_free(filter);
		search_parse(&search, patterns[i], &err);
		printf("  %s\n", patterns[i]);
		TIMED("search_run", 80,
		      search_run(search, facts, order, 0, false, NULL, &hits, &err));
		since = now();
		node = hits_next(hits, order, 0, false, &number);
		report("hits_next", since, 1);
		if (node != LAM_NODE_NONE)
			printf("  %zu hits\n", hits->count);
		hits_free(hits);
		search_free(search);
	}
}

static struct lam_plan *make_plan(const struct lam_image *image)
{
	const char *splits[] = { "/usr/lib/package-1", "/usr/lib/package-2" };
	struct lam_plan_request request = { .splits = splits, .split_count = 2 };
	struct lam_plan *plan;

	if (lam_plan_make(&plan, image, &request, &err) < 0) {
		fprintf(stderr, "%s\n", err.text);
		exit(1);
	}
	return plan;
}

/* How long a call goes on once it was told to stop: some moments of an effect's making.
 */

static atomic_bool stop;
static struct timespec stopped_at;

static void *stop_soon(void *context)
{
	const struct timespec delay = { 0, *(const long *)context };

	nanosleep(&delay, NULL);
	clock_gettime(CLOCK_MONOTONIC, &stopped_at);
	atomic_store(&stop, true);
	return NULL;
}

static void bench_stop(const struct facts *facts)
{
	double worst = 0;

	for (long delay = 50; delay < 1000; delay += 50) {
		long ns = delay * 1000000L;
		struct effect *effect;
		struct timespec end;
		pthread_t thread;
		double took;

		atomic_store(&stop, false);
		pthread_create(&thread, NULL, stop_soon, &ns);
		if (effect_new(&effect, facts, make_plan(facts->image), NULL, &stop,
			       &err) == 0)
			effect_free(effect);
		clock_gettime(CLOCK_MONOTONIC, &end);
		pthread_join(thread, NULL);
		took = (double)(end.tv_sec - stopped_at.tv_sec) * 1e3 +
		       (double)(end.tv_nsec - stopped_at.tv_nsec) / 1e6;
		if (err.code == LAM_ESTOPPED && took > worst)
			worst = took;
	}
	printf("%-34s %8.2f ms   bar %6.0f ms\n", "effect_new, told to stop, at worst",
	       worst, 20.0);
}

static void bench_rest(const struct effect *effect, const struct facts *facts)
{
	struct suggestions *suggestions;
	struct waste *waste;
	struct move *moves;
	size_t count;

	TIMED("effect_moves", 200, effect_moves(effect, facts, &moves, &count, &err));
	free(moves);
	TIMED("waste_new", 300, waste_new(&waste, facts, 1000, NULL, &err));
	waste_free(waste);
	for (int how = SUGGEST_DIRECTORY; how <= SUGGEST_WASTE; how++) {
		TIMED("suggest_new", 300,
		      suggest_new(&suggestions, effect, facts, (enum suggest_how)how,
				  TARGET_SEVERAL, 1 << 24, NULL, &err));
		suggest_free(suggestions);
	}
}

int main(int argc, char **argv)
{
	size_t paths = argc > 1 ? strtoul(argv[1], NULL, 10) : 1000000;
	struct built built;
	struct facts *facts;
	struct order *order;
	struct effect *effect;
	double since = now();

	open_image(&built, paths);
	report("image built and opened", since, 60000);
	TIMED("facts_new", 300, facts_new(&facts, built.image, NULL, &err));
	TIMED("order_new by name", 300,
	      order_new(&order, facts, SORT_NAME, false, NULL, &err));
	bench_rows(facts, order);
	order_free(order);
	TIMED("order_new by size", 300,
	      order_new(&order, facts, SORT_SIZE, false, NULL, &err));
	bench_rows(facts, order);
	bench_looking(facts, order);
	TIMED("effect_new", 2000,
	      effect_new(&effect, facts, make_plan(built.image), NULL, NULL, &err));
	bench_rest(effect, facts);
	effect_free(effect);
	bench_stop(facts);
	order_free(order);
	facts_free(facts);
	built_close(&built);
	return 0;
}
