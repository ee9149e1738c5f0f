/* What the files' pane is: its rows, what is marked, filtered and searched for. */
#ifndef FILES_STATE_H
#define FILES_STATE_H

#include "editor/find/filter.h"
#include "editor/find/search.h"
#include "editor/list/bits.h"
#include "editor/list/order.h"
#include "editor/list/rows.h"
#include "ui/list.h"

#define FILES_BOOKMARKS 128

/* Columns of the files that are shown where they are chosen. */
enum column { COLUMN_BAR, COLUMN_PERCENT, COLUMN_COUNT, COLUMN_MTIME, COLUMN_KINDS };

struct files {
	struct list list;
	struct order *order;
	struct rows rows;
	struct bits open, marks;
	struct bits above; /* directories above marks; not known while marks_changed */
	size_t mark_count;
	bool marks_changed;  /* the sum is not of what is marked now */
	uint64_t mark_bytes; /* of files at and below the marks; 0: not told */
	uint32_t root;       /* of what is shown */
	uint32_t anchor;     /* of a range, or LAM_NODE_NONE */
	bool ghosts;
	unsigned columns; /* 1 << enum column, each that is chosen */
	enum sort sort;   /* as asked for; order->sort is what stands */
	bool reverse;
	char *filter_text; /* NULL: none */
	struct filter *filter;
	struct filter_result *filtered; /* NULL until it is there */
	uint32_t matches;               /* of these, below the root */
	uint32_t matches_root;  /* which they were counted for; LAM_NODE_NONE: none */
	struct bits unfiltered; /* what was unfolded before; no words: no filter */
	char *search_text;
	struct search *search;
	struct hits *hits;
	size_t hit; /* number of the one the cursor is at, from 1; 0: none */
	uint32_t bookmarks[FILES_BOOKMARKS];
	uint32_t back; /* where the last jump began */
};

#endif
