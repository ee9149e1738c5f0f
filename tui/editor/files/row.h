/* One row of the files: what it says, and where its columns stand. */
#ifndef APP_VIEW_ROW_H
#define APP_VIEW_ROW_H

#include "editor/frame/view.h"

/* Offsets of columns; -1: there is no room for it. */
struct row_columns {
	int mode, owner, size, from, to, name, name_width;
};
struct row_columns row_columns(int width);

/* What is drawn of a node. */
struct row_facts {
	uint32_t node;
	const struct lam_node *tree_node;
	struct lam_stat stat;
	unsigned flags;
	bool marked, in_range;
};
struct row_facts row_facts(const struct view *view, uint32_t node);
bool row_is_ruled(const struct app *app, uint32_t node); /* a path rule stands at it */
/* The flag that counts most, as a character; ' ': none. */
char row_state(const struct app *app, const struct row_facts *facts);
/* "[dangling]" and the like, apart by blanks; "" for none. */
const char *row_tags(const struct app *app, const struct row_facts *facts, char *out,
		     size_t size);
/* How much the flags want attention. */
style_t row_flag_style(const struct row_facts *facts);
style_t row_style(const struct row_facts *facts);
/* The size column: "12.3M", "8,1" of a device, "-". */
const char *row_size(const struct row_facts *facts, const struct app *app, char out[24]);
/* Where the node goes, three columns: a chip, "*", "-" or "out". */
void row_target(const struct view *view, int x, int y, const struct row_facts *facts);
/* Indentation, fold mark, name, target of a symlink, tags. */
void row_name(const struct view *view, int x, int y, int width, unsigned depth,
	      const struct row_facts *facts);

#endif
