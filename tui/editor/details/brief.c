/* Info in one line: "root:root 0755  4 added 211M, 6 changed 1.2K  -> D by rule 4". */
#include <stdio.h>
#include <string.h>

#include "editor/details/version.h"
#include "editor/files/row.h"

static void put_version_short(struct view_line *text, const struct lam_tree *tree,
			      const struct lam_version *version, bool first)
{
	struct lam_stat stat;
	char size[SIZE_TEXT_MAX];

	view_put(text, "%s%u %s", first ? "  " : ", ", version->layer,
		 VERSION_CHANGES[version->change]);
	if (version->change == LAM_CHANGE_DELETED ||
	    version->change == LAM_CHANGE_METADATA)
		return;
	lam_tree_stat_version(tree, version, &stat);
	if (stat.kind == LAM_KIND_FILE)
		view_put(text, " %s", text_size(stat.size, size));
}

static void put_short(struct view_line *text, const struct view *view,
		      const struct row_facts *facts)
{
	const struct lam_tree *tree = lam_image_tree(view->app->image);
	size_t count = version_count(tree, facts->node);
	size_t shown = count < 4 ? count : 4;
	char owner[80];

	view_put(text, " %s %04o",
		 owners_text(view->app->owners, facts->stat.uid, facts->stat.gid, owner),
		 facts->stat.mode);
	for (size_t i = shown; i > 0; i--)
		put_version_short(text, tree, version_at(tree, facts->node, i - 1),
				  i == shown);
	if (count > shown)
		view_put(text, ", %zu more", count - shown);
}

/* Where it goes, which is never cut. */
static void put_goal(struct view_line *text, const struct view *view,
		     const struct row_facts *facts)
{
	const struct app *app = view->app;
	const struct targets *targets = app->effect ? &app->effect->targets : NULL;
	uint32_t to, rule;
	char letters[8] = "several";

	if (!targets || !targets->to || !facts->tree_node->live)
		return;
	to = targets->to[facts->node];
	rule = targets->rule ? targets->rule[facts->node] : LAM_RULE_NONE;
	if (to == LAM_TARGET_NONE)
		snprintf(letters, sizeof letters, "OUT");
	else if (to != TARGET_SEVERAL && view_target(app, to) != SIZE_MAX)
		target_letters(view_target(app, to), letters);
	view_put(text, " %s %s", view->glyphs->arrow, letters);
	if (rule != LAM_RULE_NONE)
		view_put(text, " by rule %u", rule);
	view_put(text, " ");
}

void view_info(const struct view *view)
{
	struct rect area = view->areas.info;
	uint32_t node = app_cursor_node(view->app);
	struct view_line left = { 0 }, right = { 0 };
	struct row_facts facts;
	int goal;

	if (area.width == 0 || node >= view->app->facts->count)
		return;
	facts = row_facts(view, node);
	put_short(&left, view, &facts);
	put_goal(&right, view, &facts);
	goal = text_width(right.bytes);
	canvas_text_right(view->canvas, area.x, area.y, area.width, ROLE_TEXT,
			  right.bytes);
	canvas_text_cut(view->canvas, area.x, area.y, area.width - goal - 1, ROLE_TEXT,
			left.bytes, CUT_END);
}
