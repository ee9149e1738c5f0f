/* The details' pane: its tabs, whose lines are made one after another, and of which those
 * that are seen are drawn. The same code counts them, draws them, and tells what one of
 * them is about. */
#ifndef DETAILS_H
#define DETAILS_H

#include "editor/find/search.h"
#include "editor/frame/view.h"

void details_init(struct details *details);
void details_fini(struct details *details);
void details_fit(struct app *app);
void details_draw(const struct view *view);
/* The tab whose name stands at a column of the title; TAB_COUNT: none. */
enum tab details_tab_at(const struct app *app, int x);
void details_want_nothing(struct app *app);
void info_line(const struct view *view); /* Info in a line, where the pane is not seen */

struct lines {
	const struct view *view;
	struct canvas *canvas; /* NULL: nothing is drawn */
	struct rect area;      /* its width counts also where nothing is drawn */
	size_t top;            /* the line at the top of the area */
	size_t count;          /* lines so far */
	uint32_t about;        /* the path that the next lines are about */
	size_t asked;          /* a line, and in `answer` what it is about */
	uint32_t answer;
	size_t item; /* the asked line's number among lines_many(); SIZE_MAX: it is none */
	size_t first;      /* the first line that is about a path; SIZE_MAX: none */
	struct bits *hits; /* those of lines that are broken over several rows are set,
			      the row where they begin, and those of a dump; or NULL */
	size_t looked;     /* rows below it need no other look for hits */
};

void details_lines(struct lines *lines); /* of the tab that is seen */
/* The area that text is wrapped to: a column is left for the scroll mark. */
struct rect details_text_area(const struct areas *areas);

/* What makes the lines of a tab, and asks for what it lacks. */
#define TAB(id, name, short_name, of_node, make, want) \
	void make(struct lines *lines);                \
	void want(struct app *app);
#include "editor/details/tabs.def"
#undef TAB

/* lines.c */
/* Begins a line: where to draw it, or -1. */
int lines_next(struct lines *lines);
/* `count` lines that are alike: put() is called for those alone that are seen, with their
 * number and where to draw; about(), which may be NULL, for the one that is asked for. */
struct lines_many {
	size_t count;
	void (*put)(struct lines *lines, const struct lines_many *many, size_t n, int y);
	uint32_t (*about)(const struct lines_many *many, size_t n);
	const void *context;
};
void lines_many(struct lines *lines, const struct lines_many *many);
/* Passes over lines that nothing is drawn of. */
void lines_pass(struct lines *lines, size_t count);
/* Whether any of the next `count` lines is seen. */
bool lines_are_seen(const struct lines *lines, size_t count);
void lines_blank(struct lines *lines);
/* Wrapped; continuation lines stand `hang` columns to the right of the first. */
void lines_text(struct lines *lines, style_t style, int indent, int hang,
		const char *text);
void lines_printf(struct lines *lines, style_t style, int indent, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
/* Bytes of an image behind a label. */
void lines_bytes(struct lines *lines, style_t style, int indent, const char *label,
		 const char *bytes, size_t len);
/* A path behind a label; a very long one is cut in the middle. */
void lines_path(struct lines *lines, style_t style, int indent, const char *label,
		uint32_t node);

/* find.c */
/* Goes to the next row that holds it; NULL: nothing is searched for any more. */
void details_search(struct app *app, const char *pattern);
void details_search_step(struct app *app, bool backwards);
/* Lights up what is found, where it was drawn. */
void details_light(const struct view *view, struct rect area);

/* waste.c */
struct waste_line {
	const struct waste_cause *cause; /* NULL: the cursor is at none */
	const struct waste_item *item;   /* NULL: it is at the cause itself */
};
struct waste_line waste_here(const struct app *app);
/* Whether a layer of the plan is one of the image's, and nothing besides. */
bool waste_is_blob(const struct lam_plan *plan, size_t layer);
/* Unfolds the cause under the cursor, or folds it; false: it is at none. */
bool waste_toggle(struct app *app);
/* "owner changed in app-3: chown -R app /opt": raw bytes, the caller's. */
char *waste_cause_text(const struct app *app, const struct waste_cause *cause);

/* config.c: what the image says, and what the plan makes of it */
struct config_row {
	enum lam_setting_kind kind;
	const char *key, *before, *after; /* as lam_setting_change has them */
};
/* The row under the cursor; false: the cursor is at none. */
bool config_here(const struct app *app, struct config_row *out);
/* As it is typed behind ":set": "env NAME=VALUE". A new string. */
char *config_text(enum lam_setting_kind kind, const char *key, const char *value);

/* history.c: what layers did to a path */
extern const char *const VERSION_CHANGES[]; /* "added", ...: of enum lam_change */
size_t version_count(const struct lam_tree *tree, uint32_t node);
/* The version that `back` others follow. */
const struct lam_version *version_at(const struct lam_tree *tree, uint32_t node,
				     size_t back);
const char *version_kind(enum lam_kind kind);
/* "2024-01-31 12:00:00 UTC" */
const char *version_time(int64_t seconds, char out[40]);

#endif
