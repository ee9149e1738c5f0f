/* Dialogs, as values: five kinds serve for all of them. What one means is its purpose;
 * what its keys do is app_dialog.c's. */
#ifndef APP_DIALOG_H
#define APP_DIALOG_H

#include "ui/lineedit.h"
#include "ui/list.h"

enum dialog_kind {
	DIALOG_CHOICE, /* lines, then items: a letter decides, Enter takes the lit one */
	DIALOG_PROMPT, /* lines, then a line to type */
	DIALOG_TEXT, /* lines to be read, scrolled and searched (`edit` is the search) */
	DIALOG_PALETTE,  /* a line to type, and the commands that fit */
	DIALOG_PROGRESS, /* of a write: the lines are made from app->writing when drawn */
};

enum purpose {
	FOR_NOTHING,
	FOR_ASSIGN,         /* items: targets */
	FOR_ASSIGN_NAME,    /* the name of a new layer for them */
	FOR_ASSIGN_PATTERN, /* a glob; then FOR_ASSIGN */
	FOR_GO,
	FOR_LINKS, /* items: nodes */
	FOR_MOVES, /* items: nodes */
	FOR_NOTES, /* items: nodes or none */
	FOR_RULES, /* items: rules */
	FOR_SORT,
	FOR_MARK,
	FOR_UNMARK,
	FOR_SEARCH,
	FOR_FILTER,
	FOR_LAYER_NAME,
	FOR_LAYER_RENAME,
	FOR_LAYER_COMPRESSION,
	FOR_LAYER_DELETE,
	FOR_SPLIT,      /* how */
	FOR_SPLIT_SIZE, /* parts of which size */
	FOR_SUGGEST,    /* how, for the whole image */
	FOR_SUGGESTED,  /* items: suggestions, chosen with Space */
	FOR_SAVE,
	FOR_SAVE_OVER, /* the file is another than was read */
	FOR_LOAD,
	FOR_MERGE,
	FOR_EDIT_AGAIN, /* what came back from the editor has errors */
	FOR_ORPHAN,
	FOR_OUTPUT,
	FOR_WRITE, /* typed: yes */
	FOR_WRITTEN,
	FOR_QUIT_WRITING,
	FOR_QUIT,
	FOR_HELP,
	FOR_MENU,
	FOR_COMMAND,
	FOR_COUNT
};

struct dialog_line {
	char *text; /* the dialog's own; text form where names are in it */
	uint8_t role;
};

struct dialog_item {
	char letter; /* that takes it; '\0': none */
	bool chosen; /* of those that are marked with Space */
	uint8_t role;
	uint8_t chip; /* a target's chip before it: number + 1 (capped at 255); 0: none */
	char *text;
	char *key;   /* at the right edge, or NULL: a command's key */
	uint64_t id; /* what it stands for */
};

struct dialog {
	enum dialog_kind kind;
	enum purpose purpose;
	char *title;
	struct dialog_line *lines;
	size_t line_count, line_cap;
	struct dialog_item *items;
	size_t item_count, item_cap;
	char *label; /* before the line that is typed */
	struct lineedit edit;
	char *hints;      /* the last line: "[Enter] assign  [Esc] cancel" */
	struct list list; /* of items, or of lines for TEXT */
	bool many;        /* items are chosen with Space */
	bool searching;   /* TEXT: the line is typed now */
	uint64_t value;   /* the purpose's own */
	char *text;       /* the purpose's own */
};

#endif
