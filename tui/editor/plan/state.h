/* The plan that is edited, its file and its effect; and a write of the image. */
#ifndef PLAN_STATE_H
#define PLAN_STATE_H

#include <lamina/edit.h>
#include <lamina/suggest.h>
#include <lamina/write.h>

#include "editor/analysis/effect.h"
#include "editor/analysis/suggest.h"
#include "editor/state/pace.h"

struct plan {
	struct lam_undo *undo;
	struct effect *effect; /* of a plan; NULL until the first is there */
	bool effect_stale;     /* a newer plan stands */
	bool loaded;           /* from a file: its remarks are told when they are known */
	struct suggestions *suggestions;
	struct lam_suggestion *cut; /* that is shown, or was */
	char *file;                 /* NULL: none yet; ask app_plan_file() */
	char *on_disk; /* digest of what it held when it was read or saved; NULL: none */
	size_t file_since; /* steps: undone to fewer the plan is not that file's */
	char *typed; /* a plan as text that has errors, to be gone on with; or NULL */
	size_t typed_line; /* of its first error */
	char *output;      /* where the last write went, or is to go; NULL: not said */
	struct journal *journal;
	bool unkept;          /* the journal could not take what stands now */
	struct draft *orphan; /* that is asked about; without its plan, that has been
				  recovered, and the journal does not hold it yet */
	char *last_target;    /* of the last assignment, for "again"; NULL: left out */
	bool has_last_target;
	bool quit_when_saved;
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
	bool same; /* the plan leaves the merged file system as it is */
	char *output;
	struct write_row *rows;
	size_t row_count;
	enum lam_stage stage; /* the latest that something was heard of */
	uint64_t verify_done, verify_total;
	uint64_t send_done, send_total; /* to a registry; 0: nothing as yet */
	uint64_t write_done, write_total;
	int64_t now_ms;
	struct pace pace;
};

#endif
