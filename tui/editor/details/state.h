/* What the details' pane is: one of its tabs is seen. */
#ifndef DETAILS_STATE_H
#define DETAILS_STATE_H

#include "editor/analysis/preview.h"
#include "editor/analysis/waste.h"
#include "ui/list.h"

enum tab {
#define TAB(id, name, short_name, of_node, lines, want) TAB_##id,
#include "editor/details/tabs.def"
#undef TAB
	TAB_COUNT
};

struct details {
	enum tab tab;
	bool asked;       /* by its key: the next press is the second */
	bool full;        /* takes the whole screen */
	bool home;        /* the cursor goes to the first line that leads somewhere */
	struct list list; /* of the tab's lines or items */
	uint32_t node;    /* that it is about */
	uint32_t path;    /* that the cursor's line is about; LAM_NODE_NONE: none */
	size_t item;      /* which of many lines that are alike it is; SIZE_MAX: none */
	struct preview *preview;
	uint32_t previewing; /* the node that is being read */
	struct waste *waste;
	struct bits waste_open; /* causes whose items are seen */
	bool waste_asked;
	char *search_text; /* NULL: nothing is searched for */
	struct search *search;
};

#endif
