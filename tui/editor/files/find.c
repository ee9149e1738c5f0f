/* Filter, search, order, ghosts: what the files' pane shows, and where a search leads. */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/memory.h"
#include "editor/files/files.h"

/* Filter */

void *filter_job_new(struct app *app, size_t size, const struct job_ops *ops,
		     const char *text)
{
	struct filter_job *job;
	struct filter *filter;
	struct lam_error err;

	if (filter_parse(&filter, text, &err) < 0) {
		app_tell_error(app, &err);
		return NULL;
	}
	if (!filter) /* a blank text */
		return NULL;
	job = job_new(size, ops);
	job->facts = app->facts;
	job->effect = app->plan.effect;
	job->filter = filter;
	if (bits_init(&job->marks, app->facts->count))
		memcpy(job->marks.words, app->files.marks.words,
		       bits_bytes(&app->files.marks));
	job->root = LAM_NODE_ROOT;
	job->ghosts = app->files.ghosts;
	return job;
}

int filter_job_run(struct job *job)
{
	static const struct targets unknown;
	struct filter_job *f = (struct filter_job *)job;

	return filter_run(f->filter, f->facts, f->effect ? &f->effect->targets : &unknown,
			  &f->marks, f->root, f->ghosts, &job->stop, &f->found,
			  &job->err);
}

void filter_job_free(struct job *job)
{
	struct filter_job *f = (struct filter_job *)job;

	bits_fini(&f->marks);
	filter_free(f->filter);
	filter_result_free(f->found);
}

/* The directories of the few that matched are unfolded, so that they are seen. */
static void take_filter(struct app *app, struct job *job)
{
	struct files *f = &app->files;
	uint32_t keep = app_cursor_node(app);

	if (!f->filter)
		return;
	filter_result_free(f->filtered);
	f->filtered = LAM_STEAL(((struct filter_job *)job)->found);
	f->matches_root = LAM_NODE_NONE;
	for (size_t w = 0; w <= f->open.count / 64; w++)
		f->open.words[w] |= f->filtered->shown.words[w];
	files_rebuild(app, keep);
	if (!f->matches)
		app_tell(app, ROLE_WARNING, "nothing matches %s; F shows all again",
			 f->filter_text);
}

void files_refilter(struct app *app)
{
	static const struct job_ops FILTER = { JOB_FILTER, filter_job_run, take_filter,
					       filter_job_free, false };
	const char *text = app->files.filter_text;
	struct filter_job *job =
		text ? filter_job_new(app, sizeof *job, &FILTER, text) : NULL;

	if (job)
		app_start(app, &job->job);
}

/* A filter unfolds what it finds; once it is off, the folds are what they were, but for
 * what is above the cursor. */
static void keep_folds(struct files *f)
{
	if (!f->unfiltered.words && bits_init(&f->unfiltered, f->open.count))
		memcpy(f->unfiltered.words, f->open.words, bits_bytes(&f->open));
}

static void restore_folds(struct app *app, uint32_t keep)
{
	struct files *f = &app->files;

	if (!f->unfiltered.words)
		return;
	memcpy(f->open.words, f->unfiltered.words, bits_bytes(&f->open));
	bits_fini(&f->unfiltered);
	for (uint32_t n = keep; n != LAM_NODE_NONE && n != LAM_NODE_ROOT;) {
		n = lam_tree_node(app->facts->tree, n)->parent;
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
	f->filter_text = filter ? lam_xstrdup(text) : NULL;
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
	files_refilter(app);
}

/* What was typed may be nothing: then it is off. What is wrong leaves the filter that was
 * there before, and not the part of it that was in force while it was typed. */
static void filter_typed(struct app *app, struct dialog *dialog, const char *text)
{
	struct filter *filter = NULL;
	struct lam_error err;

	if (filter_parse(&filter, text, &err) < 0)
		files_set_filter(app, dialog->text);
	filter_free(filter);
	files_set_filter(app, *text ? text : NULL);
}

/* While it is typed: words that are not whole yet change nothing. */
static void filter_live(struct app *app, struct dialog *d)
{
	const char *text = lineedit_text(&d->edit);
	struct filter *filter;
	struct lam_error err;

	if (d->edit.offered || filter_parse(&filter, text, &err) < 0)
		return;
	filter_free(filter);
	files_set_filter(app, *text ? text : NULL);
}

static void filter_left(struct app *app, struct dialog *d)
{
	files_set_filter(app, d->text);
}

void files_filter(struct app *app, const char *text)
{
	struct dialog *d;

	if (text) {
		files_set_filter(app, text);
		return;
	}
	d = dialog_prompt(app, NULL, "Show only", "Filter: ", app->files.filter_text);
	d->on_text = filter_typed;
	d->on_typed = filter_live;
	d->on_esc = filter_left;
	d->text = lam_xcopy(app->files.filter_text);
	for (size_t i = 0; FILTER_SYNTAX[i]; i++)
		dialog_line(d, ROLE_DIM, "%s", FILTER_SYNTAX[i]);
}

void files_filter_off(struct app *app)
{
	files_set_filter(app, NULL);
}

/* Search */

struct search_job {
	struct job job;
	const struct facts *facts;
	const struct order *order;
	struct search *search;
	bool ghosts;
	struct hits *hits;
};

static int run_search(struct job *job)
{
	struct search_job *s = (struct search_job *)job;

	return search_run(s->search, s->facts, s->order, LAM_NODE_ROOT, s->ghosts,
			  &job->stop, &s->hits, &job->err);
}

static void free_search(struct job *job)
{
	struct search_job *s = (struct search_job *)job;

	search_free(s->search);
	hits_free(s->hits);
}

static void go_hit(struct app *app, bool backwards)
{
	struct files *f = &app->files;
	uint32_t from = app_cursor_node(app);
	uint32_t node =
		hits_next(f->hits, f->order, from == LAM_NODE_NONE ? f->root : from,
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

static void take_hits(struct app *app, struct job *job)
{
	struct search_job *s = (struct search_job *)job;
	struct files *f = &app->files;

	if (!f->search)
		return;
	hits_free(f->hits);
	f->hits = LAM_STEAL(s->hits);
	if (s->order != f->order)
		hits_reorder(f->hits, f->order);
	go_hit(app, false);
}

static void research(struct app *app)
{
	static const struct job_ops SEARCH = { JOB_SEARCH, run_search, take_hits,
					       free_search, false };
	struct search_job *job;
	struct search *search;
	struct lam_error err;

	if (!app->files.search_text)
		return;
	if (search_parse(&search, app->files.search_text, &err) < 0) {
		app_tell_error(app, &err);
		return;
	}
	job = job_new(sizeof *job, &SEARCH);
	job->facts = app->facts;
	job->order = app->files.order;
	job->search = search;
	job->ghosts = app->files.ghosts;
	app_start(app, &job->job);
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
	f->search_text = search ? lam_xstrdup(pattern) : NULL;
	f->search = search;
	f->hits = NULL;
	f->hit = 0;
	app_stop(app, JOB_SEARCH);
	research(app);
}

void files_search_step(struct app *app, int backwards)
{
	if (app->files.hits)
		go_hit(app, backwards);
	else if (!app->files.search)
		app_tell(app, ROLE_STATUS, "nothing was searched for: / searches");
}

/* Order */

struct order_job {
	struct job job;
	const struct facts *facts;
	enum sort sort;
	bool reverse;
	struct order *order;
};

static int run_order(struct job *job)
{
	struct order_job *o = (struct order_job *)job;

	return order_new(&o->order, o->facts, o->sort, o->reverse, &job->stop, &job->err);
}

static void free_order_job(struct job *job)
{
	order_free(((struct order_job *)job)->order);
}

static void retire_order(void *order)
{
	order_free(order);
}

static void take_order(struct app *app, struct job *job)
{
	struct files *f = &app->files;
	uint32_t node = app_cursor_node(app);

	app_retire(app, f->order, retire_order);
	f->order = LAM_STEAL(((struct order_job *)job)->order);
	if (f->hits)
		hits_reorder(f->hits, f->order);
	files_rebuild(app, node);
}

static void sort_by(struct app *app, enum sort sort)
{
	static const struct job_ops ORDER = { JOB_ORDER, run_order, take_order,
					      free_order_job, false };
	struct files *f = &app->files;
	struct order_job *job = job_new(sizeof *job, &ORDER);

	f->reverse = f->sort == sort && !f->reverse;
	f->sort = sort;
	job->facts = app->facts;
	job->sort = sort;
	job->reverse = f->reverse;
	app_start(app, &job->job);
}

static void sort_item(struct app *app, struct dialog *dialog,
		      const struct dialog_item *item)
{
	(void)dialog;
	sort_by(app, (enum sort)item->id);
}

static void ask_sort(struct app *app)
{
	static const char letters[SORT_KINDS] = { 'n', 's', 'f', 'c', 'm' };
	static const char *const words[SORT_KINDS] = { "name", "size",
						       "from: the layer it comes from",
						       "count of entries",
						       "mtime, the newest first" };
	struct dialog *d = dialog_push(app, DIALOG_CHOICE, "Sort by");

	d->on_item = sort_item;
	for (int i = 0; i < SORT_KINDS; i++)
		dialog_item(d, letters[i], (uint64_t)i, "%s%s", words[i],
			    app->files.sort == (enum sort)i ? "  (now; again reverses)"
							    : "");
	d->list.cursor = (size_t)app->files.sort;
	dialog_set_hints(d, "[letter] pick  [Esc] cancel");
}

void files_sort(struct app *app, const char *text)
{
	if (!text) {
		ask_sort(app);
		return;
	}
	for (int i = 0; i < SORT_KINDS; i++) {
		if (strcmp(SORT_NAMES[i], text) == 0) {
			sort_by(app, (enum sort)i);
			return;
		}
	}
	app_tell(app, ROLE_WARNING, "sort: %s", ACTIONS[ACT_SORT].argument);
}

void files_ghosts(struct app *app)
{
	uint32_t keep = app_cursor_node(app);

	app->files.ghosts = !app->files.ghosts;
	files_rebuild(app, keep);
	files_refilter(app);
	research(app);
	app_tell(app, ROLE_STATUS, "deleted entries are %s",
		 app->files.ghosts ? "shown" : "hidden");
}
