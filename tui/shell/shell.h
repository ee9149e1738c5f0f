/* The shell around the app: the terminal's events in, requests carried out. */
#ifndef SHELL_H
#define SHELL_H

#include "editor/app.h"
#include "term/term.h"

/* Runs the editor until it is left. Returns the exit code; below 0: err. */
int shell_run(struct app *app, struct term *term, struct lam_error *err);

/* shell_jobs.c: jobs on threads of their own. */
struct shell_jobs;
struct shell_jobs *shell_jobs_new(void); /* NULL on no descriptors */
/* Stops all jobs, waits for them, and frees what they left. */
void shell_jobs_free(struct shell_jobs *jobs);
/* Readable when something has ended or made progress. */
int shell_jobs_fd(const struct shell_jobs *jobs);
/* Takes the job over. Where no thread can be had, it ends at once with an error. */
void shell_jobs_start(struct shell_jobs *jobs, struct job *job);
void shell_jobs_stop(struct shell_jobs *jobs, enum job_kind kind);
/* Empties the descriptor; then each that ended, until NULL. */
void shell_jobs_wake(struct shell_jobs *jobs);
struct job *shell_jobs_ended(struct shell_jobs *jobs);
/* The progress of a job that runs, if it made any since the last call. */
bool shell_jobs_progress(struct shell_jobs *jobs, enum job_kind kind,
			 struct job_progress *out);

/* shell_state.c */
void shell_state_load(struct app *app, const char *file);
void shell_state_save(const struct app *app, const char *file);

/* shell_files.c: files that the user names. */
/* Files that text may be the beginning of, a line each, or images; the caller's. */
char *shell_complete(const char *text, bool image);
/* Whether a file that holds this may become text: it is nothing, the same already, or what
 * expect is the digest of (NULL: of nothing). */
bool shell_may_replace(const char *there, const char *text, const char *expect);
/* Writes text whole or not at all. *out_differs: the file holds what may not be replaced,
 * and there is no force; nothing was written. */
int shell_save(const char *file, const char *text, const char *expect, bool force,
	       bool *out_differs, struct lam_error *err);
/* A new string of the caller's. */
int shell_load(const char *file, char **out, struct lam_error *err);
/* Gives what a file holds to $PAGER (less) as its input; false: that failed. */
bool shell_page(int fd);
/* Gives text to $VISUAL or $EDITOR, and what came back; the terminal is the child's
 * meanwhile. */
int shell_edit(const char *text, size_t line, char **out, struct lam_error *err);

#endif
