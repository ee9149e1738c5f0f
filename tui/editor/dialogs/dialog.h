/* Dialogs, as values: five kinds serve for all of them. What one means stands in it: the
 * functions that its end calls, and what they need. */
#ifndef DIALOG_H
#define DIALOG_H

#include <stdio.h>

#include "editor/frame/view.h"
#include "ui/lineedit.h"

enum dialog_kind {
	DIALOG_CHOICE, /* lines, then items: their tags are typed until one alone can be
			  meant; Enter takes the lit one */
	DIALOG_PROMPT, /* lines, then a line to type */
	DIALOG_TEXT, /* lines to be read, scrolled and searched (`edit` is the search) */
	DIALOG_PALETTE, /* a line to type, and items that fit it */
	DIALOG_PICTURE, /* `row_count` rows that `draw` makes, and keys that `on_key` takes */
};

struct dialog_line {
	char *text; /* the dialog's own; text form where names are in it */
	uint8_t role;
};

struct dialog_item {
	char tag[8]; /* what is typed to take it: a letter, or a layer's letters; "": none */
	bool chosen; /* of those that are marked with Space */
	uint8_t role;
	uint16_t chip; /* a target's chip before it: number + 1; 0: none */
	char *text;
	char *key;   /* at the right edge, or NULL: a command's key */
	uint64_t id; /* what it stands for */
};

/* Where the parts of a dialog stand. */
struct parts {
	struct rect box;                       /* with its frame */
	struct rect inside;                    /* without it and a blank at both sides */
	struct rect text, list, prompt, hints; /* height 0: not shown */
};

struct dialog {
	enum dialog_kind kind;
	char *title;
	struct dialog_line *lines;
	size_t line_count, line_cap;
	struct dialog_item *items;
	size_t item_count, item_cap;
	char *label; /* before the line that is typed */
	struct lineedit edit;
	char *hints;        /* the last line: "[Enter] assign  [Esc] cancel" */
	struct list list;   /* of items, or of lines for TEXT */
	struct parts parts; /* since the last event */
	char typed[8];      /* CHOICE: the beginning of a tag */
	bool many;          /* items are chosen with Space */
	size_t recalled;    /* PROMPT: which of what was typed there before; 0: none */
	bool exact;         /* PROMPT: nothing but `text` is taken */
	bool searching;     /* TEXT: the line is typed now */
	bool of_write;      /* goes when the write has ended */
	size_t row_count;   /* of PICTURE */

	/* The dialog is off the screen when its end is told, and freed behind that. What is
	 * NULL is not told. */
	void (*on_item)(struct app *app, struct dialog *dialog,
			const struct dialog_item *item);
	void (*on_text)(struct app *app, struct dialog *dialog, const char *text);
	action_on_text *action; /* takes the text where some was typed, and no on_text */
	const char *on_leave;   /* what is said then */
	/* Before the kind's own keys; true: it was taken. */
	bool (*on_key)(struct app *app, struct dialog *dialog, struct key key);
	/* With each key that is typed into PROMPT and PALETTE. */
	void (*on_typed)(struct app *app, struct dialog *dialog);
	void (*on_esc)(struct app *app, struct dialog *dialog); /* it is left */
	void (*draw)(const struct view *view, const struct parts *parts);
	uint64_t value; /* these two are for the functions above */
	char *text;
};

struct dialog *dialog_push(struct app *app, enum dialog_kind kind, const char *title);
/* The action is done with what was typed; text may be NULL. */
struct dialog *dialog_prompt(struct app *app, action_on_text *action, const char *title,
			     const char *label, const char *text);
void dialog_line(struct dialog *dialog, enum role role, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
struct dialog_item *dialog_item(struct dialog *dialog, char letter, uint64_t id,
				const char *format, ...)
	__attribute__((format(printf, 4, 5)));
void dialog_clear_items(struct dialog *dialog);
void dialog_set_hints(struct dialog *dialog, const char *hints);
void dialog_pop(struct app *app);
void dialog_free(struct dialog *dialog);    /* NULL is fine */
struct dialog *dialog_top(struct app *app); /* or NULL */
/* Lines of an error, or of a plan's errors, to be read. */
void dialog_errors(struct app *app, const char *title,
		   const struct lam_plan_errors *errors, const struct lam_error *err);
bool dialog_leaves(struct key key); /* Esc or ^C */
/* Whether what is typed in a CHOICE may be the beginning of an item's tag. */
bool dialog_may_mean(const struct dialog *dialog, const struct dialog_item *item);
void dialog_key(struct app *app, const struct event *event);

/* complete.c */
void dialog_complete(struct app *app, struct dialog *dialog); /* by Tab */
bool dialog_completes(const char *label); /* a prompt with that label */
/* Names of files that begin as asked, a line each. */
void dialog_completed(struct app *app, const char *found);

/* view.c */
/* The parts of all dialogs, and the lists in them, to the screen's size. */
void dialogs_fit(struct app *app);
/* Which item stands at a place of the screen; SIZE_MAX: none. */
size_t dialog_item_at(const struct dialog *dialog, int x, int y);
bool dialog_has_prompt(const struct dialog *dialog);
void view_dialogs(const struct view *view);

/* help.c: the help, out of the table of actions and the keys that are bound. */
/* All actions with the table's own keys, as tables in Markdown, a group each. */
void help_print_keys(FILE *out);

#endif
