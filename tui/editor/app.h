/* The editor, without a terminal: all of its state, and what an event makes of it.
 *
 *	event -> app_update() -> effects, which the shell carries out
 *	                      -> views draw a const app into a canvas
 *
 * Long work is a job on a thread of its own (job.h); its result comes back as an event.
 * Nothing here blocks, prints, reads a clock or the environment, or touches the disk. */
#ifndef APP_APP_H
#define APP_APP_H

#include <lamina/edit.h>
#include <lamina/path.h>
#include <lamina/write.h>

#include "editor/action.h"
#include "editor/analysis/effect.h"
#include "editor/analysis/preview.h"
#include "editor/analysis/suggest.h"
#include "editor/analysis/waste.h"
#include "editor/dialogs/dialog.h"
#include "editor/find/filter.h"
#include "editor/find/search.h"
#include "editor/job.h"
#include "editor/list/bits.h"
#include "editor/list/order.h"
#include "editor/list/rows.h"
#include "editor/plan/journal.h"
#include "ui/canvas.h"
#include "ui/list.h"

enum pane { PANE_FILES, PANE_LAYERS, PANE_DETAILS, PANE_COUNT };
enum tab { TAB_INFO, TAB_HISTORY, TAB_PREVIEW, TAB_EFFECT, TAB_WASTE, TAB_COUNT };
enum arrangement {
	ARRANGE_SPLIT,
	ARRANGE_FILES,
	ARRANGE_FILES_DETAILS,
	ARRANGE_LAYERS,
	ARRANGE_COUNT
};

#define APP_MIN_WIDTH   40
#define APP_MIN_HEIGHT  10
#define APP_FILES_LEAST 30 /* of files_width */
#define APP_FILES_MOST  85
#define APP_DIALOGS     6
#define APP_BOOKMARKS   128

/* Where everything stands, for a size. A rectangle of no width is not shown. Those of
 * panes are of what is in them: a frame (boxed) or a title line stands around or above.
 */
struct areas {
	bool too_small;
	bool boxed; /* frames, from 110 columns and 30 rows on */
	struct rect header, pane[PANE_COUNT], frame[PANE_COUNT];
	struct rect info; /* one line of Info, where the details are not shown */
	struct rect status, keybar;
};

struct options {
	const char *reference, *platform, *plan_file, *output;
	const char *state_dir, *cache_dir, *temporary; /* may be NULL */
	const char *created;                           /* for lam_write_options */
	unsigned threads;
	bool test_seq; /* the status line ends in seq=N */
};

struct files {
	struct list list;
	struct rows rows;
	struct bits open, marks;
	size_t mark_count;
	bool marks_changed;  /* the sum is not of what is marked now */
	uint64_t mark_bytes; /* of files at and below the marks; 0: not told */
	uint32_t root;       /* of what is shown */
	uint32_t anchor;     /* of a range, or LAM_NODE_NONE */
	bool ghosts;
	enum sort sort; /* as asked for; order->sort is what stands */
	bool reverse;
	char *filter_text; /* NULL: none */
	struct filter *filter;
	struct filter_result *filtered; /* NULL until it is there */
	struct bits
		unfiltered; /* what was unfolded before the filter; no words: no filter */
	char *search_text;
	struct search *search;
	struct hits *hits;
	size_t hit; /* number of the one the cursor is at, from 1; 0: none */
	uint32_t bookmarks[APP_BOOKMARKS];
	uint32_t back; /* where the last jump began */
};

struct layers {
	struct list list;
	uint64_t marks; /* of the first 64 */
};

struct details {
	enum tab tab;
	bool full;        /* takes the whole screen */
	struct list list; /* of the tab's lines or items */
	uint32_t node;    /* that it is about */
	struct preview *preview;
	struct waste *waste;
	bool waste_asked;
};

enum write_stage { WRITE_WAITS, WRITE_RUNS, WRITE_DONE };
struct write_row {
	char *name;
	enum lam_fate fate;
	struct lam_compression compression;
	enum write_stage stage;
	uint64_t done, total;
};
struct writing { /* a write that runs, or has ended */
	bool running, cancelling, hidden;
	char *output;
	struct write_row *rows;
	size_t row_count;
	enum lam_stage stage; /* the latest that something was heard of */
	uint64_t verify_done, verify_total;
	uint64_t write_done, write_total;
	int64_t begun_ms, now_ms;
	struct {
		int64_t ms;
		uint64_t bytes;
	} samples[32]; /* a ring: speed over 5 s */
	size_t sample;
};

struct message {
	char text[600]; /* "" : none; stands until the next key */
	uint8_t role;
};

enum effect_kind {
	EFFECT_JOB,    /* start `job` */
	EFFECT_STOP,   /* ask the job of this kind to stop */
	EFFECT_EDITOR, /* `text` in the editor, at `line`; EVENT_EDITED */
	EFFECT_SAVE,   /* `text` to `file` if that holds `expect` (NULL: if it is not
			  there), or whatever it holds with `force`; EVENT_SAVED */
	EFFECT_LOAD,   /* EVENT_LOADED */
	EFFECT_OUTPUT, /* look at the place that `text` names to write to; EVENT_OUTPUT */
	EFFECT_COPY,   /* `text` to the clipboard; EVENT_COPIED */
	EFFECT_REDRAW,
	EFFECT_SUSPEND,
	EFFECT_QUIT, /* with exit code `line` */
};
struct app_effect {
	enum effect_kind kind;
	enum job_kind job_kind;
	struct job *job;
	char *file, *text, *expect;
	size_t line;
	bool force;
	enum purpose purpose;
};

enum event_kind {
	EVENT_START,
	EVENT_KEY,
	EVENT_RESIZE,
	EVENT_JOB,      /* `job` has ended; the app owns it */
	EVENT_PROGRESS, /* of JOB_OPEN or JOB_WRITE */
	EVENT_EDITED,
	EVENT_SAVED,
	EVENT_LOADED,
	EVENT_OUTPUT,
	EVENT_COPIED,
	EVENT_RESUMED,
	EVENT_STOP, /* SIGINT, SIGTERM, SIGHUP: end, keeping the journal */
};
struct event {
	enum event_kind kind;
	int64_t now_ms;
	struct key key;
	int x, y;          /* of mouse keys */
	const char *text;  /* of a paste; the file's text of EDITED and LOADED: NULL on
			      failure; of OUTPUT the place */
	int width, height; /* of RESIZE */
	struct job *job;
	struct job_progress progress;
	enum job_kind job_kind;
	const struct lam_error
		*err;  /* of what came back; NULL or code LAM_OK: it went well */
	bool differs;  /* of SAVED: the file holds something else; nothing was written */
	bool replaces; /* of OUTPUT: an image is there */
	const char *file;
	enum purpose purpose;
	int signal;
};

enum phase { PHASE_OPENING, PHASE_READY, PHASE_FAILED };

struct app {
	struct options options;
	enum phase phase;
	struct lam_error failure;    /* of FAILED */
	struct job_progress opening; /* of OPENING */
	int width, height;
	bool ascii;
	int files_width; /* in percent of the width */
	enum arrangement arrangement;
	enum pane focus,
		below; /* below: which of LAYERS and DETAILS a narrow screen shows */

	struct lam_image *image;
	struct facts *facts;
	struct owners *owners;
	struct order *order;
	struct lam_undo *history;
	struct effect *effect; /* of a plan; NULL until the first is there */
	bool effect_stale;     /* a newer plan stands */
	char *plan_file;       /* NULL: none yet */
	size_t file_since;     /* undone to fewer steps the plan is not that file's */
	char *plan_on_disk; /* what that file held when it was read or saved; NULL: none
			     */
	char *output;       /* where the last write went, or is to go; NULL: not said */
	struct journal *journal;
	bool unkept;          /* the journal could not take what stands now */
	struct draft *orphan; /* that is asked about; without its plan, that has been
				  recovered, and the journal does not hold it yet */

	struct files files;
	struct layers layers;
	struct details details;
	struct suggestions *suggestions;
	struct writing writing;
	struct lam_write_result written;
	struct dialog dialogs[APP_DIALOGS];
	size_t dialog_count; /* the last is on top and gets the keys */
	struct message message;
	struct keymap keymap;
	struct key_sequence typed; /* the beginning of a sequence */
	enum action awaits;        /* takes the next letter: a bookmark's */
	char *last_target; /* of the last assignment, for "again"; NULL: left out */
	bool has_last_target;
	char **commands; /* that were typed, the last first */
	size_t command_count;

	uint32_t previewing;     /* the node that JOB_PREVIEW reads */
	bool running[JOB_COUNT]; /* jobs that were started and have not come back */
	struct job *waiting[JOB_COUNT]; /* that start when the one that runs has ended */
	struct garbage *retired;        /* freed when no job runs that may look at them */
	size_t retired_count, retired_cap;
	struct app_effect *effects;
	size_t effect_count, effect_cap;
	uint64_t seq;   /* keys handled */
	bool tab_asked; /* the details' tab was asked for by its key: the next press is
			   the second */
	bool quit_when_saved;
	bool quitting;
};

/* options and what they point to must outlive the app. plan (may be NULL) is taken over:
 * of options.plan_file, whose text is plan_text. false on no memory. */
bool app_init(struct app *app, const struct options *options, struct lam_plan *plan,
	      const char *plan_text);
/* No job runs any more: what a job was to keep is kept now. */
void plan_flush(struct app *app);
void app_fini(struct app *app); /* no job may run */

/* Changes the state, and adds to app->effects what is to be done about it. */
void app_update(struct app *app, const struct event *event);
/* Gives the effects over: the caller carries each out and app_effect_fini()s it. */
size_t app_take_effects(struct app *app, struct app_effect **out);
void app_effect_fini(struct app_effect *effect);
/* No job runs that a key began (a hidden write does not count). */
bool app_is_settled(const struct app *app);

/* Drawing: the canvas has the app's size. Pure. */
void app_draw(const struct app *app, struct canvas *canvas);
struct areas app_areas(const struct app *app);
/* How many rows of a dialog's list are seen, and which of them stands at a place of the
 * screen; SIZE_MAX: none. */
size_t app_dialog_height(const struct app *app, const struct dialog *dialog);
size_t app_dialog_item(const struct app *app, const struct dialog *dialog, int x, int y);
/* The function key of the key bar at a column: K_F1 and on; K_NONE: there is none. */
uint32_t app_keybar_key(const struct app *app, int x);

/* What views and updates both ask. */
const struct lam_plan *app_plan(const struct app *app);
/* The node under the files' cursor, LAM_NODE_NONE where there is none. */
uint32_t app_cursor_node(const struct app *app);
struct rows_view app_rows_view(const struct app *app);
/* Marks, or the range, or the cursor; what is below another of them is left out. *out is
 * the caller's (free()), in the order of the screen. false on no memory. */
bool app_selection(const struct app *app, uint32_t **out, size_t *out_count);
/* How many lines the tab of the details has at the pane's width. */
size_t details_count(const struct app *app);
/* The path that a line of the details is about, for Enter; LAM_NODE_NONE: none. */
uint32_t details_node(const struct app *app, size_t line);
const struct dialog *app_dialog(const struct app *app); /* on top, or NULL */

#endif
