/* All of the editor's state, and what reaches it and leaves it.
 *
 *	event -> app_update() -> requests, which the shell carries out
 *	                      -> app_draw() of a const app into a canvas
 *
 * Long work is a job on a thread of its own (job.h); its result comes back as an event.
 * Nothing in the editor blocks, prints, reads a clock or the environment, or touches the
 * disk. */
#ifndef STATE_H
#define STATE_H

#include "editor/analysis/facts.h"
#include "editor/details/state.h"
#include "editor/files/state.h"
#include "editor/keys/action.h"
#include "editor/layers/state.h"
#include "editor/plan/state.h"
#include "editor/state/job.h"
#include "ui/canvas.h"

enum pane { PANE_FILES, PANE_LAYERS, PANE_DETAILS, PANE_COUNT };
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

/* Where everything stands, for a size. A rectangle of no width is not shown. Those of
 * panes are of what is in them: a frame (boxed) or a title line stands around or above. */
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
	const struct lam_access *access;               /* may be NULL */
	const struct lam_image *against;      /* that clients have, too; NULL: none */
	const struct lam_image *const *since; /* older versions, oldest first */
	size_t since_count;
	unsigned threads;
	bool test_seq; /* the status line ends in seq=N */
};

struct message {
	char text[600]; /* "" : none; stands until the next key */
	uint8_t role;
};

/* What was typed at a prompt. */
struct said {
	char *title, *text;
};

struct keyboard {
	struct keymap map;
	struct key_sequence typed; /* the beginning of a sequence */
	unsigned times;            /* how often the motion that follows */
	bool counts;               /* its digits are being typed */
	action_on_text *awaits;    /* takes the next letter: a bookmark's */
	struct key early[64];      /* typed while the image was opened */
	size_t early_count;
	char **commands; /* that were typed, the last first */
	size_t command_count;
	struct said *said; /* the last first */
	size_t said_count;
	uint64_t taken; /* keys handled */
};

struct jobs {
	bool running[JOB_COUNT];        /* were started and have not come back */
	struct job *waiting[JOB_COUNT]; /* start when the one that runs has ended */
	struct garbage *retired;        /* freed when no job runs that may look at them */
	size_t retired_count, retired_cap;
};

enum request_kind {
	REQUEST_JOB,      /* start `job` */
	REQUEST_STOP,     /* ask the job of this kind to stop */
	REQUEST_EDITOR,   /* `text` in the editor, at `line`; EVENT_EDITED */
	REQUEST_PAGER,    /* what `fd` holds, in $PAGER; EVENT_RESUMED */
	REQUEST_SAVE,     /* `text` to `file` if that holds what has the digest `expect`
			  (NULL: if it is not there), or whatever it holds with `force`; EVENT_SAVED */
	REQUEST_LOAD,     /* EVENT_LOADED */
	REQUEST_COMPLETE, /* which files, or which `image`, `text` may be the beginning of;
			     EVENT_COMPLETED */
	REQUEST_COPY,     /* `text` to the clipboard; EVENT_COPIED */
	REQUEST_REDRAW,
	REQUEST_SUSPEND,
	REQUEST_QUIT, /* with exit code `line` */
};
/* What the shell is to do. */
struct request {
	enum request_kind kind;
	enum job_kind job_kind;
	struct job *job;
	char *file, *text, *expect;
	size_t line;
	bool force;
	bool merge; /* of LOAD: comes back with the event */
	bool image; /* of COMPLETE: what is typed names one */
	int fd;     /* of PAGER: its own, at its begin */
};
void request_fini(struct request *request);

enum event_kind {
	EVENT_START,
	EVENT_KEY,
	EVENT_RESIZE,
	EVENT_JOB,      /* `job` has ended; the app owns it */
	EVENT_PROGRESS, /* of JOB_OPEN or JOB_WRITE */
	EVENT_EDITED,
	EVENT_SAVED,
	EVENT_LOADED,
	EVENT_COMPLETED, /* `text`: a line each */
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
			      failure */
	int width, height; /* of RESIZE */
	struct job *job;
	struct job_progress progress;
	enum job_kind job_kind;
	const struct lam_error *err; /* of what came back; NULL or LAM_OK: it went well */
	bool differs; /* of SAVED: the file holds something else; nothing was written */
	const char *file;
	bool merge; /* of LOADED: as the request said */
	int signal;
};

enum phase { PHASE_OPENING, PHASE_READY, PHASE_FAILED };

struct app {
	struct options options;
	enum phase phase;
	struct lam_error failure;    /* of FAILED */
	struct job_progress opening; /* of OPENING */
	struct pace opening_pace;
	int width, height;
	bool ascii;
	int files_width; /* in percent of the width; 0: what suits it */
	enum arrangement arrangement;
	enum pane focus,
		below;      /* below: which of LAYERS and DETAILS a narrow screen shows */
	struct areas areas; /* of all that, since the last event */

	struct lam_image *image;
	struct facts *facts;
	struct owners *owners;
	struct files files;
	struct layers layers;
	struct details details;
	struct plan plan;
	struct writing writing;
	struct lam_write_result written;
	struct dialog **dialogs;
	size_t dialog_count, dialog_cap; /* the last is on top and gets the keys */
	struct message message;
	struct keyboard keys;
	struct jobs jobs;
	struct request *requests;
	size_t request_count, request_cap;
	bool quitting;
	bool greets; /* the editor was never used here before */
};

/* The functions that actions are bound to. */
#define PLAIN(function)                                                   void function(struct app *app);
#define NUMBER(function, value)                                           void function(struct app *app, int number);
#define TEXT(function)                                                    void function(struct app *app, const char *text);
#define ACTION(id, name, argument, contexts, group, keys, help, function) function
#include "editor/keys/actions.def"
#undef ACTION
#undef PLAIN
#undef NUMBER
#undef TEXT

void app_tell(struct app *app, enum role role, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void app_tell_error(struct app *app, const struct lam_error *err);
/* The one that is added; texts given to it are its own. */
struct request *app_request(struct app *app, enum request_kind kind);

const struct lam_plan *app_plan(const struct app *app); /* NULL before it is opened */
/* The file that what stands is of; NULL: of none, as where a load has been undone. */
const char *app_plan_file(const struct app *app);
/* How many steps what stands is away from what is saved (SIZE_MAX: that is not known any
 * more); 0 where it is of no file and what it began with, and before there is a plan. */
size_t app_unsaved(const struct app *app);
const struct dialog *app_dialog(const struct app *app); /* on top, or NULL */
unsigned app_context(const struct app *app);
/* The list that has the keys of a pane. */
struct list *app_list(struct app *app, enum pane pane);
/* The node under the files' cursor, LAM_NODE_NONE where there is none. */
uint32_t app_cursor_node(const struct app *app);
/* No job runs that a key began (a hidden write does not count). */
bool app_is_settled(const struct app *app);
struct areas app_areas(const struct app *app);
/* What an arrangement does not show it makes room for. */
void app_show_pane(struct app *app, enum pane pane);

/* jobs.c */
void app_start(struct app *app, struct job *job);
void app_stop(struct app *app, enum job_kind kind);
void app_job_ended(struct app *app, struct job *job);
/* Frees value once no job runs that may look at it. */
void app_retire(struct app *app, void *value, void (*free)(void *));

#endif
