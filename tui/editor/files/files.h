/* The files' pane, for what stands above it. */
#ifndef FILES_H
#define FILES_H

#include "editor/dialogs/dialog.h"

void files_init(struct files *files);
void files_fini(struct files *files);
void files_fit(struct app *app);
/* files.c */
void files_rebuild(struct app *app, uint32_t keep); /* the cursor stays at that node */
/* Unfolds what is above a node, zooms out where it is outside, and goes there. */
void files_go(struct app *app, uint32_t node);
bool files_has_rows_below(const struct app *app, uint32_t node);
/* A dialog's item that stands for a node, and goes there. */
void files_go_item(struct app *app, struct dialog *dialog,
		   const struct dialog_item *item);

/* choose.c: what is chosen */
/* Marks, or the range, or the cursor; what is below another of them is left out. *out is
 * the caller's (free()), in the order of the screen. */
void files_selection(const struct app *app, uint32_t **out, size_t *out_count);
/* "/opt, 723M in 27,988 entries" */
char *files_describe(const struct app *app, const uint32_t *nodes, size_t count);
void files_mark(struct app *app); /* what the cursor is at, or the range */
void files_marks_clear(struct app *app);
void files_range_drop(struct app *app, const char *why); /* which is told */
void files_sum_marks(struct app *app); /* their bytes, what is below another once */

/* find.c */
struct filter_job {
	struct job job;
	const struct facts *facts;
	const struct effect *effect;
	struct filter *filter;
	struct bits marks; /* as they were when it was asked */
	uint32_t root;
	bool ghosts;
	struct filter_result *found;
};
/* NULL: the text is no filter, which is told where it is wrong. */
void *filter_job_new(struct app *app, size_t size, const struct job_ops *ops,
		     const char *text);
int filter_job_run(struct job *job);
void filter_job_free(struct job *job);
void files_set_filter(struct app *app, const char *text);
void files_set_search(struct app *app, const char *pattern);
void files_search_step(struct app *app, int backwards);
void files_refilter(struct app *app);

/* columns.c, view.c */
void files_draw(const struct view *view);
/* What a column of the heads is sorted by; SORT_KINDS: nothing. And whether the fold sign
 * of a row stands at a column. */
enum sort files_head_at(const struct app *app, int x);
bool files_fold_at(const struct app *app, size_t row, int x);
/* Offsets of a row's columns; -1: there is no room for it. */
struct row_columns {
	int mode, owner, size, from, to, name, name_width, chosen[COLUMN_KINDS];
};
struct row_columns row_columns(int width, unsigned chosen);
struct row_columns files_columns(const struct app *app);
/* What is told of a node, in a row and elsewhere. */
struct row_facts {
	uint32_t node;
	const struct lam_node *tree_node;
	struct lam_stat stat;
	unsigned flags;
	bool marked, in_range;
};
struct row_facts row_facts(const struct view *view, uint32_t node);
/* The columns that are chosen: their heads, and what they say of a node. */
void columns_heads(const struct row_columns *columns, struct view_head out[COLUMN_KINDS]);
void columns_draw(const struct view *view, const struct row_columns *columns, int y,
		  const struct row_facts *facts);
style_t row_style(const struct row_facts *facts);
/* The size column: "12.3M", "8,1" of a device, "-". */
const char *row_size(const struct row_facts *facts, const struct app *app, char out[24]);

#endif
