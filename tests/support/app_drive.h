/* The editor without a terminal: keys in, state and requests out. Jobs run inline, files
 * and the editor are strings in memory.
 *
 *	drive_open(&d, &built, 80, 24, NULL);
 *	drive_keys(&d, "j j a n o p t Enter");
 *	assert_true(drive_sees(&d, "/opt to opt"));
 *	drive_close(&d);
 */
#ifndef APP_DRIVE_H
#define APP_DRIVE_H

#include "editor/app.h"
#include "editor/dialogs/dialog.h"
#include "image_build.h"

#define DRIVE_JOBS 64

struct drive {
	struct app app;
	struct canvas canvas;
	struct options options;
	char *reference, *state_dir;
	char *plan_file, *plan_text; /* of drive_open */
	struct drive_file {
		char *name, *text;
	} * files;
	size_t file_count;
	/* What the editor was given last, and what it gives back: NULL: it fails. */
	char *edited;
	size_t edited_line;
	const char *reply;
	char *copied;
	size_t redraws, suspends;
	bool over;
	int code;
	/* Jobs that were started and not run yet: those of a kind that is held stay. */
	struct job *jobs[DRIVE_JOBS];
	size_t job_count;
	bool held[JOB_COUNT];
	int64_t now_ms;
	char *dir; /* of an image of its own, which goes with it; NULL: none */
};

/* Opens the image, as far as jobs of JOB_OPEN are not held by `configure` (may be NULL).
 */
void drive_open(struct drive *d, const struct built *built, int width, int height,
		void (*configure)(struct drive *d));
/* The same on an image of its own, built here, that is called "oci:build/app:1.4" on the
 * screen. plan_text NULL: the plan that changes nothing. drive_begin(): it is not opened
 * yet. */
void drive_build(struct drive *d, const struct image_layer *layers, size_t count,
		 const char *plan_text, int width, int height);
void drive_begin(struct drive *d, const struct image_layer *layers, size_t count,
		 int width, int height);
/* Ends as SIGKILL does: what is on disk stays. */
void drive_close(struct drive *d);

/* Words apart by blanks: a key or a sequence by its name ("gg", "^D", "Enter"), or else
 * each of its letters a key. */
void drive_keys(struct drive *d, const char *words);
void drive_key(struct drive *d, struct key key);
void drive_type(struct drive *d, const char *text);    /* each character, blanks too */
void drive_command(struct drive *d, const char *text); /* ":text" and Enter */
void drive_mouse(struct drive *d, uint32_t code, int x, int y);
void drive_resize(struct drive *d, int width, int height);
void drive_event(struct drive *d, struct event *event);
/* Runs jobs that are not held, until there are none. */
void drive_settle(struct drive *d);
void drive_progress(struct drive *d, enum job_kind kind,
		    const struct job_progress *progress);

/* Draws; whether text stands in one of the rows. */
void drive_draw(struct drive *d);
/* Fails where the dialog on top is not of that kind and title. */
#define assert_asks(d, wanted, text)                                     \
	do {                                                             \
		assert_non_null(app_dialog(&(d)->app));                  \
		assert_int_equal(app_dialog(&(d)->app)->kind, wanted);   \
		assert_string_equal(app_dialog(&(d)->app)->title, text); \
	} while (0)
bool drive_sees(struct drive *d, const char *text);
/* What does not fit together in the app's state; NULL: nothing. */
const char *drive_fault(const struct drive *d);
void drive_print(struct drive *d); /* for a look at it */
/* The text of a file in memory; NULL: none. */
const char *drive_file(const struct drive *d, const char *name);
void drive_set_file(struct drive *d, const char *name, const char *text);
char *drive_plan(const struct drive *d); /* the canonical text; free() */
/* The node of a path that is there; and the cursor goes to it. */
uint32_t drive_node(const struct drive *d, const char *path);
void drive_go(struct drive *d, const char *path);
/* The path under the cursor; free(). */
char *drive_path(const struct drive *d);

#endif
