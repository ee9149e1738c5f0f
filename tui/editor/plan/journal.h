/* The journal: the plan of a running editor that is in no file yet, so that SIGKILL or a
 * dead machine loses nothing. One file an editor, DIR/<manifest digest>-<pid>.json, 0600,
 * one JSON object: {"lamina-journal":2,"reference":…,"plan-file":…,"folder":…,
 * "on-disk":…,"time":…,"changes":…,"names":[…],"plan":"…"}, folder being where plan-file is seen from. Each
 * state takes the place of the one before it whole, so there is no half of one. Whose
 * process lives is held by its lock (flock; the number tells nothing).
 *
 * When is a change safe? Text of 100,000 rules takes 200 ms to be made and a disk its time
 * to sync, and a key is answered in 16. So a job (JOB_KEEP) writes, one at a time, beside
 * the screen: what is changed while it runs is written by the next, all at once. A change
 * is safe once that job has ended; what fails is told; and the editor does not end, unless
 * it is killed, before what stands is written. What SIGKILL takes is the change of the
 * last few milliseconds.
 *
 * What cannot be read, or not understood, is left alone: it may be readable tomorrow, or
 * by a newer version. So are the files of the version before (.jsonl). */
#ifndef APP_JOURNAL_H
#define APP_JOURNAL_H

#include <lamina/edit.h>

#define DRAFT_NAMES 8

/* A plan that is in no file yet. Of one that was found, all text but plan_file and file
 * can be shown. */
struct draft {
	char *reference;
	char *plan_file; /* a path as the system has it; NULL: none */
	char *on_disk;   /* digest of what that held before; NULL: not known */
	int64_t time;    /* of the last change, seconds since 1970 */
	size_t changes;
	char *names[DRAFT_NAMES]; /* of the last few changes, the last first */
	size_t name_count;
	struct lam_plan *plan;
	char *file; /* where it was found, held by a lock; NULL: it was not */
	int fd;
};
void draft_free(struct draft *draft);   /* leaves the file; NULL is fine */
void draft_remove(struct draft *draft); /* the file goes, and the value */

struct journal;
/* Nothing is made on disk before the first write. */
struct journal *journal_new(const char *dir, const char *manifest_digest,
			    const char *reference);
void journal_close(struct journal *journal); /* leaves the file; NULL is fine */

/* On the screen's thread. A change was made, or all that was made is saved. */
void journal_note(struct journal *journal, const char *name);
void journal_forget(struct journal *journal);
/* A draft was recovered: its changes are this one's. */
void journal_take_names(struct journal *journal, const struct draft *draft);
/* What is to be written: a copy. NULL: nothing, no change stands. */
struct draft *journal_draft(const struct journal *journal, const char *plan_file,
			    const char *on_disk, const struct lam_plan *plan);

/* On any thread, one at a time. NULL: the file goes. Folders are made with 0700. */
int journal_write(struct journal *journal, const struct draft *draft,
		  struct lam_error *err);
/* The last write went well, and its file stands. */
bool journal_is_kept(const struct journal *journal);

/* The newest draft of a manifest that no editor holds; held by a lock then, so that no
 * other takes it. NULL: none. */
struct draft *journal_find(const char *dir, const char *manifest_digest);

#endif
