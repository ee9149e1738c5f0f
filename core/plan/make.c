/* Plans from what `lamina plan` was asked for. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <lamina/path.h>

#include "base/arena.h"
#include "plan/plan.h"

struct making {
	const struct lam_image *image;
	const struct lam_tree *tree;
	struct lam_plan *plan;
	size_t layer_cap, rule_cap, path_cap;
};

static int add_layer(struct making *m, char *name, struct lam_plan_layer **out,
		     struct lam_error *err)
{
	if (!name)
		return lam_fail_memory(err);
	if (LAM_GROW(m->plan->layers, m->plan->layer_count, m->layer_cap, err) < 0) {
		free(name);
		return err->code;
	}
	*out = &m->plan->layers[m->plan->layer_count++];
	**out = (struct lam_plan_layer){ .name = name };
	return 0;
}

static int add_original(struct making *m, uint32_t number, bool keep,
			struct lam_error *err)
{
	struct lam_plan_layer *layer;
	char name[32];

	snprintf(name, sizeof name, "layer-%u", number);
	if (add_layer(m, strdup(name), &layer, err) < 0)
		return err->code;
	layer->keep = keep;
	layer->from = malloc(sizeof *layer->from);
	if (!layer->from)
		return lam_fail_memory(err);
	layer->from[0] = (struct lam_range){ number, number };
	layer->from_count = 1;
	return 0;
}

static bool is_above(const char *path, const char *other)
{
	size_t len = strcmp(path, "/") == 0 ? 0 : strlen(path);

	return strncmp(path, other, len) == 0 && other[len] == '/';
}

/* Of two paths, one below the other, the lower one's rule comes last and wins, in
 * whatever order they were asked for. */
static int add_rule(struct making *m, char *pattern, const char *to,
		    struct lam_error *err)
{
	size_t at = 0;
	struct lam_plan_rule rule = { .pattern = pattern, .to = to ? strdup(to) : NULL };

	int code = to && !rule.to ? lam_fail_memory(err) : 0;

	if (code == 0)
		code = LAM_GROW(m->plan->rules, m->plan->rule_count, m->rule_cap, err);
	for (size_t i = 0; code == 0 && i < m->plan->rule_count; i++) {
		if (strcmp(m->plan->rules[i].pattern, pattern) == 0)
			code = lam_fail(err, LAM_EPLAN, "%s: is asked for twice",
					pattern);
	}
	if (code < 0) {
		free(pattern);
		free(rule.to);
		return code;
	}
	while (at < m->plan->rule_count && !is_above(pattern, m->plan->rules[at].pattern))
		at++;
	memmove(m->plan->rules + at + 1, m->plan->rules + at,
		(m->plan->rule_count - at) * sizeof rule);
	m->plan->rules[at] = rule;
	m->plan->rule_count++;
	return 0;
}

/* The path's canonical text, if the image has it. */
static int find_path(const struct making *m, const char *text, bool dead_too, char **out,
		     uint32_t *out_node, struct lam_error *err)
{
	LAM_CLEANUP(lam_buf_fini) struct lam_buf bytes = LAM_BUF(SIZE_MAX / 2);
	char *leads = NULL;
	uint32_t node, real;

	*out = NULL;
	if (lam_plan_clean_path(out, &bytes, text, err) < 0)
		return lam_wrap(err, "%s", text);
	node = lam_tree_find(m->tree, bytes.data ? bytes.data : "", bytes.len);
	*out_node = node;
	if (node != LAM_NODE_NONE && (dead_too || lam_tree_node(m->tree, node)->live))
		return 0;
	if (lam_tree_resolve_path(m->tree, bytes.data ? bytes.data : "", bytes.len,
				  &real) == LAM_RESOLVED)
		leads = lam_tree_path_text(m->tree, real);
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

static bool has_layer(const struct making *m, const char *name)
{
	for (size_t i = 0; i < m->plan->layer_count; i++) {
		if (strcmp(m->plan->layers[i].name, name) == 0)
			return true;
	}
	return false;
}

/* The path's last name, made another where a layer has it already. */
static char *name_after(const struct making *m, uint32_t node)
{
	size_t len;
	const char *bytes = lam_tree_name(m->tree, node, &len);
	char *base = len ? lam_path_escape(bytes, len) : strdup("root"), *name;
	size_t room = base ? strlen(base) + 24 : 0;

	if (base && strlen(base) > LAM_MAX_PLAN_NAME - 8) {
		free(base);
		base = strdup("split");
		room = 32;
	}
	name = base ? malloc(room) : NULL;
	if (name)
		snprintf(name, room, "%s", base);
	for (unsigned n = 2; name && has_layer(m, name); n++)
		snprintf(name, room, "%s-%u", base, n);
	free(base);
	return name;
}

static int add_split(struct making *m, const char *text, struct lam_error *err)
{
	const char *equals = strrchr(text, '=');
	struct lam_plan_layer *layer;
	char *pattern = NULL, *name;
	struct lam_error whole;
	uint32_t node;
	char *front;

	/* "=" may be part of the path: what exists decides */
	if (find_path(m, text, false, &pattern, &node, &whole) == 0) {
		equals = NULL;
	} else {
		if (!equals) {
			*err = whole;
			return err->code;
		}
		front = strndup(text, (size_t)(equals - text));
		if (!front)
			return lam_fail_memory(err);
		(void)find_path(m, front, false, &pattern, &node, err);
		free(front);
		if (!pattern)
			return err->code;
	}
	name = equals ? strdup(equals + 1) : name_after(m, node);
	if (name && lam_plan_name_fault(name, strlen(name))) {
		(void)lam_fail(err, LAM_EPLAN, "%s: the layer's name %s", text,
			       lam_plan_name_fault(name, strlen(name)));
		free(name);
		free(pattern);
		return err->code;
	}
	if (name && has_layer(m, name)) {
		int code = add_rule(m, pattern, name, err);

		free(name);
		return code;
	}
	if (add_layer(m, name, &layer, err) < 0) {
		free(pattern);
		return err->code;
	}
	return add_rule(m, pattern, layer->name, err);
}

static int add_drop(struct making *m, const char *text, struct lam_error *err)
{
	uint32_t node;
	char *pattern;

	if (find_path(m, text, true, &pattern, &node, err) < 0)
		return err->code;
	return add_rule(m, pattern, NULL, err);
}

static int add_source(struct making *m, struct lam_error *err)
{
	const struct lam_node *root = lam_tree_node(m->tree, LAM_NODE_ROOT);
	const char *reference = lam_image_reference(m->image);

	m->plan->source_reference = lam_path_escape(reference, strlen(reference));
	m->plan->source_manifest = strdup(lam_image_manifest_digest(m->image));
	if (!m->plan->source_reference || !m->plan->source_manifest)
		return lam_fail_memory(err);
	for (uint32_t n = root->first_child; n < root->first_child + root->child_count;
	     n++) {
		size_t len;
		const char *name = lam_tree_name(m->tree, n, &len);

		if (!lam_tree_node(m->tree, n)->live)
			continue;
		if (LAM_GROW(m->plan->source_paths, m->plan->source_path_count,
			     m->path_cap, err) < 0)
			return err->code;
		m->plan->source_paths[m->plan->source_path_count] =
			lam_path_escape(name, len);
		if (!m->plan->source_paths[m->plan->source_path_count])
			return lam_fail_memory(err);
		m->plan->source_path_count++;
	}
	return 0;
}

static int add_originals(struct making *m, const struct lam_plan_request *request,
			 struct lam_error *err)
{
	size_t count = lam_image_layer_count(m->image);
	struct lam_plan_layer *rest;

	if (request->keep > count)
		return lam_fail(err, LAM_EPLAN,
				"%zu layers to keep, and the image has %zu",
				request->keep, count);
	for (uint32_t i = 0; i < count; i++) {
		if (request->flatten && i >= request->keep)
			break;
		if (add_original(m, i, i < request->keep, err) < 0)
			return err->code;
	}
	if (!request->flatten || request->keep == count)
		return 0;
	if (add_layer(m, strdup("rest"), &rest, err) < 0)
		return err->code;
	rest->rest = true;
	return 0;
}

static int make(struct making *m, const struct lam_plan_request *request,
		struct lam_error *err)
{
	if (add_source(m, err) < 0 || add_originals(m, request, err) < 0)
		return err->code;
	for (size_t i = 0; i < request->split_count; i++) {
		if (add_split(m, request->splits[i], err) < 0)
			return err->code;
	}
	for (size_t i = 0; i < request->drop_count; i++) {
		if (add_drop(m, request->drops[i], err) < 0)
			return err->code;
	}
	return 0;
}

int lam_plan_make(struct lam_plan **out, const struct lam_image *image,
		  const struct lam_plan_request *request, struct lam_error *err)
{
	struct making m = { .image = image,
			    .tree = lam_image_tree(image),
			    .plan = calloc(1, sizeof *m.plan) };

	*out = NULL;
	if (!m.plan)
		return lam_fail_memory(err);
	if (make(&m, request, err) < 0) {
		lam_plan_free(m.plan);
		return err->code;
	}
	*out = m.plan;
	return 0;
}
