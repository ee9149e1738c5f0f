/* Filter, search, order, ghosts: what the files' pane shows, and where a search leads. */
#include <stdlib.h>
#include <string.h>

#include "editor/app_internal.h"

void files_mark_filter(struct app *app, const char *text, bool value)
{
	struct job *job = job_new(JOB_FILTER);
	struct lam_error err;

	if (job && filter_parse(&job->filter, text, &err) < 0) {
		job_free(job);
		app_tell_error(app, &err);
		return;
	}
	if (job && !job->filter) {
		job_free(job);
		return;
	}
	if (job) {
		job->facts = app->facts;
		job->effect = app->effect;
		job->node = app->files.root;
		job->ghosts = app->files.ghosts;
		job->mark = value;
		job->unmark = !value;
	}
	app_start(app, job);
}
static size_t bytes_of(const struct bits *bits)
{
	return ((size_t)bits->count / 64 + 1) * sizeof *bits->words;
}

/* A filter unfolds what it finds; once it is off, the folds are what they were, but for
 * what is above the cursor. */
static void keep_folds(struct files *f)
{
	if (!f->unfiltered.words && bits_init(&f->unfiltered, f->open.count))
		memcpy(f->unfiltered.words, f->open.words, bytes_of(&f->open));
}

static void restore_folds(struct app *app, uint32_t keep)
{
	struct files *f = &app->files;

	if (!f->unfiltered.words)
		return;
	memcpy(f->open.words, f->unfiltered.words, bytes_of(&f->open));
	bits_fini(&f->unfiltered);
	for (uint32_t n = keep; n != LAM_NODE_NONE && n != LAM_NODE_ROOT;) {
		n = files_parent(app, n);
		bits_set(&f->open, n, true);
	}
}

void files_set_filter(struct app *app, const char *text)
{
	struct files *f = &app->files;
	uint32_t keep = app_cursor_node(app);
	struct filter *filter = NULL;
	struct lam_error err;

	if (text && filter_parse(&filter, text, &err) < 0) {
		app_tell_error(app, &err);
		return;
	}
	free(f->filter_text);
	filter_free(f->filter);
	filter_result_free(f->filtered);
	f->filter_text = text && filter ? strdup(text) : NULL;
	f->filter = filter;
	f->filtered = NULL;
	app_stop(app, JOB_FILTER);
	if (!filter) {
		restore_folds(app, keep);
		files_rebuild(app, keep);
		return;
	}
	keep_folds(f);
	if (filter_asks_dead(filter))
		f->ghosts = true;
	app_want_filter(app);
}

/* The directories of the few that matched are unfolded, so that they are seen. */
static void unfold_matches(struct app *app)
{
	struct files *f = &app->files;
	size_t words = (size_t)f->open.count / 64 + 1;

	for (size_t w = 0; w < words; w++)
		f->open.words[w] |= f->filtered->shown.words[w];
}

static void take_marks(struct app *app, const struct job *job)
{
	const struct bits *match = &job->out_filtered->match;
	size_t before = app->files.mark_count;

	for (uint32_t w = 0; w <= match->count / 64; w++) {
		for (uint64_t word = match->words[w]; word; word &= word - 1)
			files_set_mark(app, w * 64 + (uint32_t)__builtin_ctzll(word),
				       job->mark);
	}
	app_tell(app, ROLE_STATUS, "%zu %s",
		 job->mark ? app->files.mark_count - before
			   : before - app->files.mark_count,
		 job->mark ? "marked" : "unmarked");
}

void files_take_filter(struct app *app, struct job *job)
{
	struct files *f = &app->files;
	uint32_t keep = app_cursor_node(app);

	if (job->mark || job->unmark) {
		take_marks(app, job);
		return;
	}
	if (!f->filter)
		return;
	filter_result_free(f->filtered);
	f->filtered = job->out_filtered;
	job->out_filtered = NULL;
	unfold_matches(app);
	files_rebuild(app, keep);
	if (!f->filtered->match_count)
		app_tell(app, ROLE_WARNING, "nothing matches %s; F shows all again",
			 f->filter_text);
}

static void filter(struct app *app, const char *argument)
{
	if (argument)
		files_set_filter(app, argument);
	else
		dialog_prompt(app, FOR_FILTER, "Show only",
			      "Filter: ", app->files.filter_text);
}

static void filter_off(struct app *app, const char *argument)
{
	(void)argument;
	files_set_filter(app, NULL);
}

void files_set_search(struct app *app, const char *pattern)
{
	struct files *f = &app->files;
	struct search *search = NULL;
	struct lam_error err;

	if (pattern && search_parse(&search, pattern, &err) < 0) {
		app_tell_error(app, &err);
		return;
	}
	free(f->search_text);
	search_free(f->search);
	hits_free(f->hits);
	f->search_text = search ? strdup(pattern) : NULL;
	f->search = search;
	f->hits = NULL;
	f->hit = 0;
	app_stop(app, JOB_SEARCH);
	app_want_search(app);
}

static void go_hit(struct app *app, bool backwards)
{
	struct files *f = &app->files;
	uint32_t from = app_cursor_node(app);
	uint32_t node =
		hits_next(f->hits, app->order, from == LAM_NODE_NONE ? f->root : from,
			  backwards, &f->hit);

	if (node == LAM_NODE_NONE) {
		app_tell(app, ROLE_WARNING, "no name holds %s", f->search_text);
		return;
	}
	f->hit++;
	files_go(app, node);
	app_tell(app, ROLE_STATUS, "/%s: %zu of %zu", f->search_text, f->hit,
		 f->hits->count);
}

void files_take_hits(struct app *app, struct job *job)
{
	struct files *f = &app->files;

	if (!f->search)
		return;
	hits_free(f->hits);
	f->hits = job->out_hits;
	job->out_hits = NULL;
	if (job->order != app->order)
		hits_reorder(f->hits, app->order);
	go_hit(app, false);
}

static void search(struct app *app, const char *argument)
{
	if (argument)
		files_set_search(app, argument);
	else
		dialog_prompt(app, FOR_SEARCH, "Search", "/", "");
}

static void search_step(struct app *app, bool backwards)
{
	if (app->files.hits)
		go_hit(app, backwards);
	else if (!app->files.search)
		app_tell(app, ROLE_STATUS, "nothing was searched for: / searches");
}

static void search_next(struct app *app, const char *argument)
{
	(void)argument;
	search_step(app, false);
}

static void search_previous(struct app *app, const char *argument)
{
	(void)argument;
	search_step(app, true);
}

void files_sort(struct app *app, enum sort sort)
{
	struct files *f = &app->files;

	f->reverse = f->sort == sort && !f->reverse;
	f->sort = sort;
	app_want_order(app);
}

static void sort(struct app *app, const char *argument)
{
	if (!argument) {
		ask_sort(app);
		return;
	}
	for (int i = 0; i < SORT_KINDS; i++) {
		if (strcmp(SORT_NAMES[i], argument) == 0) {
			files_sort(app, (enum sort)i);
			return;
		}
	}
	app_tell(app, ROLE_WARNING, "sort: %s", ACTIONS[ACT_SORT].argument);
}

static void ghosts(struct app *app, const char *argument)
{
	uint32_t keep = app_cursor_node(app);

	(void)argument;
	app->files.ghosts = !app->files.ghosts;
	files_rebuild(app, keep);
	app_want_filter(app);
	app_want_search(app);
	app_tell(app, ROLE_STATUS, "deleted entries are %s",
		 app->files.ghosts ? "shown" : "hidden");
}

act_fn *const FIND_ACTIONS[ACT_COUNT] = {
	[ACT_SEARCH] = search,
	[ACT_SEARCH_NEXT] = search_next,
	[ACT_SEARCH_PREVIOUS] = search_previous,
	[ACT_FILTER] = filter,
	[ACT_FILTER_OFF] = filter_off,
	[ACT_SORT] = sort,
	[ACT_GHOSTS] = ghosts,
};
