/* Info: what an entry is, where it comes from, where it goes. */
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/size.h"
#include "editor/details/details.h"
#include "editor/files/files.h"

#define SHOWN_VERSIONS 12 /* the rest is History's */
#define SHOWN_LINKS    40
#define SHOWN_VALUE    64 /* bytes of an attribute */

static void put_what(struct lines *lines, const struct row_facts *facts)
{
	const struct app *app = lines->view->app;
	char owner[80], size[24], count[32], time[40];
	uint32_t live = facts->tree_node->live_count;

	owners_text(app->owners, facts->stat.uid, facts->stat.gid, owner);
	if (facts->stat.kind == LAM_KIND_DIR)
		lines_printf(lines, ROLE_TEXT, 0, "directory  %04o %s  %s in %s entries",
			     facts->stat.mode, owner, row_size(facts, app, size),
			     lam_count_text(live, count));
	else
		lines_printf(lines, ROLE_TEXT, 0, "%s  %04o %s%s%s",
			     version_kind(facts->stat.kind), facts->stat.mode, owner,
			     facts->stat.kind == LAM_KIND_SYMLINK ? "" : "  ",
			     facts->stat.kind == LAM_KIND_SYMLINK
				     ? ""
				     : row_size(facts, app, size));
	if (facts->tree_node->implied)
		lines_text(lines, ROLE_DIM, 0, 2,
			   "no layer has an entry for it: 0755 root is implied");
	else
		lines_printf(lines, ROLE_DIM, 0, "modified %s",
			     version_time(facts->stat.mtime_s, time));
}

static void put_link(struct lines *lines, const struct row_facts *facts)
{
	static const char *const words[] = {
		[LAM_RESOLVED] = "leads to ",
		[LAM_DANGLING] = "dangling: it leads to nothing in this image",
		[LAM_LOOP] = "loop: it leads back to itself",
		[LAM_ABOVE_ROOT] = "above root: its .. leaves the root",
	};
	enum lam_resolution resolution;
	uint32_t to = LAM_NODE_NONE, about = lines->about;

	if (facts->stat.kind != LAM_KIND_SYMLINK)
		return;
	lines_bytes(lines, ROLE_LINK, 0, "-> ", facts->stat.target,
		    facts->stat.target_len);
	resolution = lam_tree_resolve(lines->view->app->facts->tree, facts->node, &to);
	if (resolution != LAM_RESOLVED)
		lines_text(lines, ROLE_WARNING, 0, 2, words[resolution]);
	if (resolution != LAM_RESOLVED && resolution != LAM_ABOVE_ROOT)
		return;
	if (to < lines->view->app->facts->count) {
		lines->about = to;
		lines_path(lines, ROLE_TEXT, 0, words[LAM_RESOLVED], to);
		lines->about = about;
	}
}

static void put_flags(struct lines *lines, const struct row_facts *facts)
{
	unsigned flags = facts->flags;

	if (flags & FACT_DEAD)
		lines_text(lines, ROLE_WARNING, 0, 2,
			   "not visible any more: its bytes are shipped all the same");
	if (flags & FACT_ESCAPED)
		lines_text(lines, ROLE_WARNING, 0, 2,
			   "its name is not printable: shown escaped");
	if (flags & (FACT_SETUID | FACT_SETGID))
		lines_printf(lines, ROLE_WARNING, 0, "%s%s%s: it runs with rights of %s",
			     flags & FACT_SETUID ? "setuid" : "",
			     (facts->stat.mode & 06000) == 06000 ? ", " : "",
			     flags & FACT_SETGID ? "setgid" : "",
			     flags & FACT_SETUID ? "its owner" : "its group");
	if (flags & FACT_CAPABILITY)
		lines_text(lines, ROLE_WARNING, 0, 2,
			   "a file capability: it runs with rights of its own");
}

static void put_rule(struct lines *lines, uint32_t rule)
{
	const struct lam_plan *plan = lines->view->app->plan.effect->plan;

	if (rule == LAM_RULE_NONE || rule >= plan->rule_count) {
		lines_text(lines, ROLE_DIM, 2, 0,
			   "by default: where its layer of origin goes");
		return;
	}
	lines_printf(lines, ROLE_DIM, 2, "by rule %u: %s %s", rule,
		     lam_rule_kind_name(plan->rules[rule].kind),
		     plan->rules[rule].pattern);
}

static void put_plan(struct lines *lines, const struct row_facts *facts)
{
	const struct app *app = lines->view->app;
	const struct targets *targets =
		app->plan.effect ? &app->plan.effect->targets : NULL;
	uint32_t to;
	size_t target;
	char letters[8];

	if (!targets || !targets->to || !facts->tree_node->live)
		return;
	to = targets->to[facts->node];
	target = to < TARGET_SEVERAL ? view_target(app, to) : SIZE_MAX;
	if (to == TARGET_SEVERAL)
		lines_text(lines, ROLE_TEXT, 0, 2,
			   "Plan: its entries go to several layers");
	else if (to == LAM_TARGET_NONE)
		lines_text(lines, ROLE_WARNING, 0, 2, "Plan: LEFT OUT of the image");
	else if (target != SIZE_MAX)
		lines_printf(lines, ROLE_TEXT, 0, "Plan: layer %s %s",
			     target_letters(target, letters),
			     app_plan(app)->layers[target].name);
	if (targets->rule && to != TARGET_SEVERAL)
		put_rule(lines, targets->rule[facts->node]);
}

static void put_origin(struct lines *lines, const struct row_facts *facts)
{
	const struct app *app = lines->view->app;
	uint32_t from = app->facts->from[facts->node];
	char text[64];

	if (!facts->tree_node->live)
		return;
	lines_printf(lines, ROLE_TEXT, 0, "From: layer%s %s",
		     layersets_size(&app->facts->sets, from) > 1 ? "s" : "",
		     layersets_text(&app->facts->sets, from, 40, text));
}

static void put_links(struct lines *lines, const struct row_facts *facts)
{
	uint32_t *links, about = lines->about;
	size_t count;
	struct lam_error err;

	if (!(facts->flags & FACT_LINKED) ||
	    lam_tree_links(lines->view->app->facts->tree, facts->node, &links, &count,
			   &err) < 0)
		return;
	lines_blank(lines);
	lines_printf(lines, ROLE_TEXT, 0, "%zu names of one file", count);
	for (size_t i = 0; i < count && i < SHOWN_LINKS; i++) {
		lines->about = links[i];
		lines_path(lines, ROLE_TEXT, 2, "", links[i]);
	}
	lines->about = about;
	if (count > SHOWN_LINKS)
		lines_printf(lines, ROLE_DIM, 2, "and %zu more", count - SHOWN_LINKS);
	free(links);
}

static void put_attributes(struct lines *lines, const struct row_facts *facts)
{
	size_t count = facts->stat.attribute_count;

	if (count == 0)
		return;
	lines_blank(lines);
	lines_text(lines, ROLE_TEXT, 0, 2, "Attributes");
	for (size_t i = 0; i < count && i < SHOWN_LINKS; i++) {
		const struct lam_attribute *a = &facts->stat.attributes[i];
		size_t len = a->value_len < SHOWN_VALUE ? a->value_len : SHOWN_VALUE;
		LAM_CLEANUP(lam_free_ptr)
		char *key = view_escape(lines->view, a->key, a->key_len);
		LAM_CLEANUP(lam_free_ptr)
		char *value = view_escape(lines->view, a->value, len);

		lines_printf(lines, ROLE_TEXT, 2, "%s=%s%s", key, value,
			     len < a->value_len ? lines->view->glyphs->dots : "");
	}
}

/* What one layer did, in one line. */
static void put_version(struct lines *lines, const struct lam_version *version)
{
	const struct app *app = lines->view->app;
	const struct lam_layer_info *info = lam_image_layer(app->image, version->layer);
	struct rect area = lines->area;
	int y = lines_next(lines);
	struct lam_stat stat;
	char size[LAM_SIZE_TEXT] = "-", *by;

	if (y < 0)
		return;
	if (version->change != LAM_CHANGE_DELETED) {
		lam_tree_stat_version(lines->view->app->facts->tree, version, &stat);
		if (stat.kind == LAM_KIND_FILE)
			lam_size_text(stat.size, size);
	}
	canvas_textf(lines->canvas, area.x, y, area.width, ROLE_TEXT, "%4u  %-8s %6s",
		     version->layer, VERSION_CHANGES[version->change], size);
	by = view_escape(lines->view, info->created_by, strlen(info->created_by));
	canvas_text_cut(lines->canvas, area.x + 23, y, area.width - 23, ROLE_DIM, by,
			CUT_END);
	free(by);
}

static void put_versions(struct lines *lines, uint32_t node)
{
	const struct lam_tree *tree = lines->view->app->facts->tree;
	size_t count = version_count(tree, node);
	size_t shown = count < SHOWN_VERSIONS ? count : SHOWN_VERSIONS;

	if (count == 0)
		return;
	lines_blank(lines);
	lines_text(lines, ROLE_TEXT, 0, 2, "History of this path");
	if (shown < count)
		lines_printf(lines, ROLE_DIM, 4, "%zu earlier ones: see History",
			     count - shown);
	for (size_t i = shown; i > 0; i--)
		put_version(lines, version_at(tree, node, i - 1));
}

void info_lines(struct lines *lines)
{
	uint32_t node = lines->view->app->details.node;
	struct row_facts facts = row_facts(lines->view, node);

	lines_path(lines, row_style(&facts), 0, "", node);
	put_what(lines, &facts);
	put_link(lines, &facts);
	put_flags(lines, &facts);
	lines_blank(lines);
	put_origin(lines, &facts);
	put_plan(lines, &facts);
	put_versions(lines, node);
	put_links(lines, &facts);
	put_attributes(lines, &facts);
}

/* In one line: "root:root 0755  4 added 211M, 6 changed 1.2K  -> D by rule 4" */

static void put_version_short(struct lam_buf *text, const struct lam_tree *tree,
			      const struct lam_version *version, bool first)
{
	struct lam_stat stat;
	char size[LAM_SIZE_TEXT];

	lam_text_printf(text, "%s%u %s", first ? "  " : ", ", version->layer,
			VERSION_CHANGES[version->change]);
	if (version->change == LAM_CHANGE_DELETED ||
	    version->change == LAM_CHANGE_METADATA)
		return;
	lam_tree_stat_version(tree, version, &stat);
	if (stat.kind == LAM_KIND_FILE)
		lam_text_printf(text, " %s", lam_size_text(stat.size, size));
}

static void put_short(struct lam_buf *text, const struct view *view,
		      const struct row_facts *facts)
{
	const struct lam_tree *tree = view->app->facts->tree;
	size_t count = version_count(tree, facts->node);
	size_t shown = count < 4 ? count : 4;
	char owner[80];

	lam_text_printf(
		text, " %s %04o",
		owners_text(view->app->owners, facts->stat.uid, facts->stat.gid, owner),
		facts->stat.mode);
	for (size_t i = shown; i > 0; i--)
		put_version_short(text, tree, version_at(tree, facts->node, i - 1),
				  i == shown);
	if (count > shown)
		lam_text_printf(text, ", %zu more", count - shown);
}

/* Where it goes, which is never cut. */
static void put_goal(struct lam_buf *text, const struct view *view,
		     const struct row_facts *facts)
{
	const struct app *app = view->app;
	const struct targets *targets =
		app->plan.effect ? &app->plan.effect->targets : NULL;
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
	lam_text_printf(text, " %s %s", view->glyphs->arrow, letters);
	if (rule != LAM_RULE_NONE)
		lam_text_printf(text, " by rule %u", rule);
	lam_text_printf(text, " ");
}

void info_line(const struct view *view)
{
	LAM_CLEANUP(lam_buf_fini) struct lam_buf left = LAM_TEXT, right = LAM_TEXT;
	struct rect area = view->app->areas.info;
	uint32_t node = app_cursor_node(view->app);
	struct row_facts facts;
	int goal = 0;

	if (node >= view->app->facts->count)
		return;
	facts = row_facts(view, node);
	put_short(&left, view, &facts);
	put_goal(&right, view, &facts);
	if (right.len)
		goal = text_width(right.data);
	if (goal)
		canvas_text_right(view->canvas, area.x, area.y, area.width, ROLE_TEXT,
				  right.data);
	canvas_text_cut(view->canvas, area.x, area.y, area.width - goal - 1, ROLE_TEXT,
			left.data, CUT_END);
}
