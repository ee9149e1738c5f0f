/* The journal: what was done to a plan since it was saved, so that SIGKILL or a dead
 * machine loses nothing. One file an editor: DIR/<manifest digest>-<pid>.jsonl, 0600, one
 * JSON object a line: first {"lamina-journal":1,"reference":…,"plan-file":…,"folder":…,
 * "time":…}, folder being where plan-file is seen from, then
 * {"name":…,"time":…,"plan":{…}} for each state. The plan of the last whole line counts.
 * A file whose process still lives is not an orphan (flock tells, not the number). A file
 * that grows too large begins anew with the state that stands. */
#ifndef APP_JOURNAL_H
#define APP_JOURNAL_H

#include <lamina/edit.h>

struct journal;

/* Nothing is made on disk before the first append. dir is made with 0700 where missing.
 */
int journal_new(struct journal **out, const char *dir, const char *manifest_digest,
		const char *reference, const char *plan_file, struct lam_error *err);
/* What is appended from now on belongs to another file; NULL: to none. */
int journal_set_plan_file(struct journal *journal, const char *plan_file,
			  struct lam_error *err);
int journal_append(struct journal *journal, const char *name, const struct lam_plan *plan,
		   struct lam_error *err);
/* Whether something was appended that is not on disk yet, and putting it there. */
bool journal_is_dirty(const struct journal *journal);
int journal_sync(struct journal *journal, struct lam_error *err);
bool journal_is_kept(const struct journal *journal); /* something stands on disk */
/* What was journalled is saved or written: the file goes; the next append begins anew. */
void journal_reset(struct journal *journal);
void journal_close(struct journal *journal); /* leaves the file; NULL is fine */

struct orphan {
	char *file;
	char *reference; /* text that can be shown */
	char *plan_file; /* a path as the system has it, not for showing; NULL: none */
	int64_t time;    /* of the last change, seconds since 1970 */
	size_t changes;
	char **names; /* of the last few changes, the last first: at most 8; text that can
			 be shown */
	size_t name_count;
	struct lam_plan *plan;
};
/* The newest orphan of a manifest, held by a lock so that no other editor takes it; *out
 * NULL: none. Broken lines at the end are passed over; a file without a whole state is
 * removed. */
int journal_find(struct orphan **out, const char *dir, const char *manifest_digest,
		 struct lam_error *err);
void orphan_remove(struct orphan *orphan); /* the file goes, and the value */
void orphan_free(struct orphan *orphan);   /* the file stays */

#endif
