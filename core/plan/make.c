/* Plans from what `lamina plan` was asked for. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <lamina/edit.h>
#include <lamina/packages.h>
#include <lamina/path.h>

#include "base/memory.h"
#include "image/title.h"
#include "plan/plan.h"
#include "plan/rule.h"

int lam_plan_find_path(const struct lam_tree *tree, const char *text, bool dead_too,
		       char **out, uint32_t *out_node, struct lam_error *err)
{
	LAM_CLEANUP(lam_buf_fini) struct lam_buf bytes = LAM_BUF(SIZE_MAX / 2);
	char *leads = NULL;
	uint32_t node, real;

	*out = NULL;
	if (lam_plan_clean_path(out, &bytes, text, err) < 0)
		return lam_wrap(err, "%s", text);
	node = lam_tree_find(tree, bytes.data ? bytes.data : "", bytes.len);
	*out_node = node;
	if (node != LAM_NODE_NONE && (dead_too || lam_tree_node(tree, node)->live))
		return 0;
	if (lam_tree_resolve_path(tree, bytes.data ? bytes.data : "", bytes.len, &real) ==
	    LAM_RESOLVED)
		leads = lam_tree_path_text(tree, real);
	if (leads)
		(void)lam_fail(err, LAM_EPLAN, "%s: is below a symlink; use %s", *out,
			       leads);
	else
		(void)lam_fail(err, LAM_EPLAN, "%s: no such path in the image", *out);
	free(leads);
	free(*out);
	*out = NULL;
	return err->code;
}

void lam_plan_add_source(struct lam_plan *plan, const struct lam_image *image)
{
	const struct lam_tree *tree = lam_image_tree(image);
	const struct lam_node *root = lam_tree_node(tree, LAM_NODE_ROOT);
	const char *reference = lam_image_reference(image);
	size_t cap = 0;

	plan->source_reference = lam_path_escape(reference, strlen(reference));
	plan->source_manifest = lam_xstrdup(lam_image_manifest_digest(image));
	for (uint32_t n = root->first_child; n < root->first_child + root->child_count;
	     n++) {
		size_t len;
		const char *name = lam_tree_name(tree, n, &len);

		if (!lam_tree_node(tree, n)->live)
			continue;
		LAM_XGROW(plan->source_paths, plan->source_path_count, cap);
		plan->source_paths[plan->source_path_count++] =
			lam_path_escape(name, len);
	}
}

struct making {
	const struct lam_image *image;
	const struct lam_tree *tree;
	const atomic_bool *stop;
	struct lam_plan *plan;
	size_t layer_cap, rule_cap;
};

/* Takes the name over. */
static struct lam_plan_layer *add_layer(struct making *m, char *name)
{
	struct lam_plan_layer *layer;

	LAM_XGROW(m->plan->layers, m->plan->layer_count, m->layer_cap);
	layer = &m->plan->layers[m->plan->layer_count++];
	*layer = (struct lam_plan_layer){ .name = name };
	return layer;
}

static bool is_above(const char *path, const char *other)
{
	size_t len = strcmp(path, "/") == 0 ? 0 : strlen(path);

	return strncmp(path, other, len) == 0 && other[len] == '/';
}

/* Takes the rule over, whose kind and pattern are set. Of two paths, one below the other,
 * the lower one's rule comes last and wins, in whatever order they were asked for. */
static int add_rule(struct making *m, struct lam_plan_rule rule, const char *to,
		    struct lam_error *err)
{
	struct lam_plan *plan = m->plan;
	size_t at = plan->rule_count;

	LAM_XGROW(plan->rules, plan->rule_count, m->rule_cap);
	for (size_t i = plan->rule_count; i-- > 0;) {
		if (strcmp(plan->rules[i].pattern, rule.pattern) == 0) {
			(void)lam_fail(err, LAM_EPLAN, "%s: is asked for twice",
				       rule.pattern);
			lam_rule_fini(&rule);
			return err->code;
		}
		if (is_above(rule.pattern, plan->rules[i].pattern))
			at = i;
	}
	memmove(plan->rules + at + 1, plan->rules + at,
		(plan->rule_count - at) * sizeof *plan->rules);
	rule.to = lam_xcopy(to);
	plan->rules[at] = rule;
	plan->rule_count++;
	return 0;
}

/* The path's last name, made another where a layer has it already. */
static char *name_after(const struct making *m, uint32_t node)
{
	size_t len;
	const char *bytes = lam_tree_name(m->tree, node, &len);
	char *base = len ? lam_path_escape(bytes, len) : lam_xstrdup("root");
	bool fits = strlen(base) <= LAM_MAX_PLAN_NAME - 8;
	char *name = lam_plan_free_name(m->plan, fits ? base : "split");

	free(base);
	return name;
}

/* A path without a name, or with one behind the last "=", which may be part of the path:
 * what exists decides. *out_name: NULL for none. */
static int find_split(const struct making *m, const char *text, char **out_pattern,
		      const char **out_name, uint32_t *out_node, struct lam_error *err)
{
	const char *equals = strrchr(text, '=');
	LAM_CLEANUP(lam_free_ptr) char *front = NULL;

	*out_name = NULL;
	if (lam_plan_find_path(m->tree, text, false, out_pattern, out_node, err) == 0)
		return 0;
	if (!equals)
		return err->code;
	front = lam_xmemdup(text, (size_t)(equals - text));
	*out_name = equals + 1;
	return lam_plan_find_path(m->tree, front, false, out_pattern, out_node, err);
}

/* A path that is not there and looks like packages of no kind. */
static int hint_kinds(const char *text, struct lam_error *err)
{
	LAM_CLEANUP(lam_buf_fini) struct lam_buf kinds = LAM_TEXT;
	LAM_CLEANUP(lam_free_ptr) char *told = NULL;
	const char *kind;

	text += *text == '/';
	if (text[strcspn(text, ":/")] != ':')
		return err->code;
	for (size_t i = 0; (kind = lam_package_kind(i)); i++)
		lam_text_printf(&kinds, "%s%s", i ? ", " : "", kind);
	told = lam_xstrdup(err->text);
	return lam_fail(err, LAM_EPLAN, "%s; packages are of the kinds %s", told,
			kinds.data);
}

static int add_path_split(struct making *m, const char *text, struct lam_plan_rule *rule,
			  char **out_name, struct lam_error *err)
{
	const char *given;
	uint32_t node;

	*rule = (struct lam_plan_rule){ .kind = LAM_RULE_PATH };
	if (find_split(m, text, &rule->pattern, &given, &node, err) < 0)
		return hint_kinds(text, err);
	*out_name = given ? lam_xstrdup(given) : name_after(m, node);
	return 0;
}

/* Packages: "KIND:NAME" */

/* The rule for packages, if the image has any that it means. */
static int find_package(const struct making *m, const char *text,
			struct lam_plan_rule *out, struct lam_error *err)
{
	const struct lam_packages *packages;
	bool any;

	if (lam_rule_init(out, LAM_RULE_PACKAGE, text, NULL, err) < 0)
		return err->code;
	if (lam_packages_of(&packages, m->image, m->stop, err) == 0) {
		any = lam_rule_means_package(out, packages);
		if (!any && lam_packages_note_count(packages))
			(void)lam_fail(err, LAM_EPLAN,
				       "%s: no such package in the image; %s",
				       out->pattern, lam_packages_note(packages, 0));
		else if (!any)
			(void)lam_fail(err, LAM_EPLAN, "%s: no such package in the image",
				       out->pattern);
		if (any)
			return 0;
	}
	lam_rule_fini(out);
	return err->code;
}

/* What of the pattern is no glob, without the dash that is before one: "gcc" for
 * "dpkg:gcc-*". */
static char *name_after_packages(const struct making *m, const char *pattern)
{
	const char *begin = strchr(pattern, ':') + 1;
	size_t len = strcspn(begin, "*?[{\\");
	LAM_CLEANUP(lam_free_ptr) char *name = NULL;

	while (len && begin[len] && strchr("-/", begin[len - 1]))
		len--;
	name = len ? lam_xmemdup(begin, len)
		   : lam_xmemdup(pattern, (size_t)(begin - pattern) - 1);
	return lam_plan_free_name(m->plan, name);
}

static int add_package_split(struct making *m, const char *text,
			     struct lam_plan_rule *rule, char **out_name,
			     struct lam_error *err)
{
	const char *equals = strrchr(text, '=');
	LAM_CLEANUP(lam_free_ptr)
	char *pattern =
		equals ? lam_xmemdup(text, (size_t)(equals - text)) : lam_xstrdup(text);

	if (find_package(m, pattern, rule, err) < 0)
		return err->code;
	*out_name =
		equals ? lam_xstrdup(equals + 1) : name_after_packages(m, rule->pattern);
	return 0;
}

static int add_split(struct making *m, const char *text, struct lam_error *err)
{
	LAM_CLEANUP(lam_free_ptr) char *name = NULL;
	struct lam_plan_rule rule = { 0 };
	const char *fault;
	int code = lam_package_is_named(text)
			   ? add_package_split(m, text, &rule, &name, err)
			   : add_path_split(m, text, &rule, &name, err);

	if (code < 0)
		return code;
	fault = lam_plan_name_fault(name, strlen(name));
	if (fault) {
		lam_rule_fini(&rule);
		return lam_fail(err, LAM_EPLAN, "%s: %s", text, fault);
	}
	if (lam_plan_find_layer(m->plan, name) == SIZE_MAX)
		add_layer(m, lam_xstrdup(name));
	return add_rule(m, rule, name, err);
}

static int add_drop(struct making *m, const char *text, struct lam_error *err)
{
	struct lam_plan_rule rule = { .kind = LAM_RULE_PATH };
	uint32_t node;

	if (lam_package_is_named(text)) {
		if (find_package(m, text, &rule, err) < 0)
			return err->code;
	} else if (lam_plan_find_path(m->tree, text, true, &rule.pattern, &node, err) <
		   0) {
		return hint_kinds(text, err);
	}
	return add_rule(m, rule, NULL, err);
}

/* A name that no layer has: what the layer is, with its number where that is another's. */
static char *name_original(const struct making *m, uint32_t number)
{
	LAM_CLEANUP(lam_free_ptr) char *title = lam_layer_title(m->image, number);
	LAM_CLEANUP(lam_free_ptr) char *numbered = NULL;
	char suffix[16];
	int room = LAM_TITLE - snprintf(suffix, sizeof suffix, "-%u", number);

	if (title && lam_plan_find_layer(m->plan, title) == SIZE_MAX)
		return lam_xstrdup(title);
	numbered = lam_xprintf("%.*s%s", room, title ? title : "layer", suffix);
	return lam_plan_free_name(m->plan, numbered);
}

static void add_original(struct making *m, uint32_t number, bool keep)
{
	struct lam_plan_layer *layer = add_layer(m, name_original(m, number));

	layer->keep = keep;
	layer->from = lam_xmalloc(sizeof *layer->from);
	layer->from[0] = (struct lam_range){ number, number };
	layer->from_count = 1;
}

/* The originals are named last, as what was asked for has the name that it was given, and
 * stand below it. */
static void add_originals(struct making *m, size_t count, size_t keep)
{
	struct lam_plan *plan = m->plan;
	size_t others = plan->layer_count;
	LAM_CLEANUP(lam_free_ptr)
	struct lam_plan_layer *above = lam_xcalloc(others + 1, sizeof *above);

	for (uint32_t i = 0; i < count; i++)
		add_original(m, i, i < keep);
	if (!count)
		return;
	memcpy(above, plan->layers, others * sizeof *above);
	memmove(plan->layers, plan->layers + others, count * sizeof *above);
	memcpy(plan->layers + count, above, others * sizeof *above);
}

static int make(struct making *m, const struct lam_plan_request *request,
		struct lam_error *err)
{
	size_t count = lam_image_layer_count(m->image);
	bool flat = request->flatten && request->keep < count;

	if (request->keep > count)
		return lam_fail(err, LAM_EPLAN,
				"%zu layers to keep, and the image has %zu",
				request->keep, count);
	lam_plan_add_source(m->plan, m->image);
	if (flat)
		add_layer(m, lam_xstrdup("rest"))->rest = true;
	for (size_t i = 0; i < request->split_count; i++) {
		if (add_split(m, request->splits[i], err) < 0)
			return err->code;
	}
	for (size_t i = 0; i < request->drop_count; i++) {
		if (add_drop(m, request->drops[i], err) < 0)
			return err->code;
	}
	add_originals(m, flat ? request->keep : count, request->keep);
	return 0;
}

int lam_plan_make(struct lam_plan **out, const struct lam_image *image,
		  const struct lam_plan_request *request, struct lam_error *err)
{
	struct making m = { .image = image,
			    .tree = lam_image_tree(image),
			    .stop = request->stop,
			    .plan = lam_xcalloc(1, sizeof *m.plan) };

	*out = NULL;
	if (make(&m, request, err) < 0) {
		lam_plan_free(m.plan);
		return err->code;
	}
	*out = m.plan;
	return 0;
}
