/* A layout as a value: what the steps that make it share, and what others ask of it. */
#include "layout/layout.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "codec/codec.h"

char *lam_layout_copy(struct lam_layout *l, const char *text)
{
	char *out = lam_arena_copy(&l->arena, text, strlen(text));

	if (!out)
		lam_out_of_memory();
	return out;
}

void lam_layout_error(struct lam_layout *l, struct lam_error *err, const char *format,
		      ...)
{
	char text[LAM_ERROR_MAX];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	if (l->errors) {
		l->errors->lines =
			lam_xrealloc(l->errors->lines,
				     (l->errors->count + 1) * sizeof *l->errors->lines);
		l->errors->lines[l->errors->count++] = lam_xstrdup(text);
	}
	if (err->code == LAM_OK)
		(void)lam_fail(err, LAM_EPLAN, "%s", text);
}

int lam_layout_unkeep(struct lam_layout *l, uint32_t target, struct lam_error *err,
		      const char *format, ...)
{
	struct lam_layout_target *t = &l->stack[target];
	char text[LAM_ERROR_MAX];
	va_list args;

	if (!t->kept)
		return 0;
	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	t->info.reason = lam_layout_copy(l, text);
	t->kept = false;
	if (t->hive)
		lam_layout_error(l, err,
				 "layer \"%s\" has changes of Windows' registry (%s), "
				 "and is kept as it is or not at all: %s",
				 t->info.name, t->hive, t->info.reason);
	else if (t->info.keep)
		lam_layout_error(l, err,
				 "layer \"%s\" (keep: true) cannot stay as it is: %s",
				 t->info.name, t->info.reason);
	return err->code;
}

const char *lam_layout_path(const struct lam_layout *l, uint32_t node,
			    char out[LAM_PATH_TEXT])
{
	LAM_CLEANUP(lam_buf_fini) struct lam_buf path = LAM_TEXT;

	lam_tree_append_path(l->tree, node, &path);
	return lam_path_text(out, path.data ? path.data : "", path.len, true);
}

uint32_t lam_layout_next(const struct lam_tree *tree, uint32_t node, uint32_t top)
{
	if (tree->nodes[node].child_count)
		return tree->nodes[node].first_child;
	for (; node != top; node = tree->nodes[node].parent) {
		const struct lam_node *parent = &tree->nodes[tree->nodes[node].parent];

		if (node + 1 < parent->first_child + parent->child_count)
			return node + 1;
	}
	return LAM_NODE_NONE;
}

void lam_layout_free(struct lam_layout *l)
{
	if (!l)
		return;
	lam_match_fini(&l->match);
	for (size_t t = 0; l->stack && t < l->target_count; t++) {
		free(l->stack[t].members);
		lam_layer_free(l->stack[t].layer);
	}
	free(l->stack);
	free(l->layers);
	free(l->owners);
	free(l->wanted);
	free(l->targets);
	free(l->gone);
	lam_left_fini(&l->left);
	free(l->dropped);
	free(l->marks);
	free(l->remarks);
	free(l->changes);
	lam_arena_fini(&l->arena);
	free(l);
}

/* What others ask */

const struct lam_image *lam_layout_image(const struct lam_layout *layout)
{
	return layout->image;
}

const struct lam_plan *lam_layout_plan(const struct lam_layout *layout)
{
	return layout->plan;
}

size_t lam_layout_target_count(const struct lam_layout *layout)
{
	return layout->target_count;
}

const struct lam_target *lam_layout_target(const struct lam_layout *layout, size_t n)
{
	return &layout->stack[n].info;
}

const struct lam_target *lam_layout_layer(const struct lam_layout *layout, size_t n)
{
	return &layout->layers[n];
}

const char *lam_target_text(const struct lam_target *t, char out[LAM_TARGET_TEXT])
{
	if (t->parts > 1)
		snprintf(out, LAM_TARGET_TEXT, "%s %u/%u", t->name, t->part, t->parts);
	else
		snprintf(out, LAM_TARGET_TEXT, "%s", t->name);
	return out;
}

bool lam_layout_is_same_stack(const struct lam_layout *layout)
{
	size_t next = 0;

	for (size_t t = 0; t < layout->target_count; t++) {
		if (layout->stack[t].info.fate == LAM_FATE_EMPTY)
			continue;
		if (layout->stack[t].info.fate != LAM_FATE_KEPT ||
		    layout->stack[t].original != next++)
			return false;
	}
	return next == layout->image->layer_count;
}

bool lam_layout_is_identity(const struct lam_layout *layout)
{
	return lam_layout_is_same_stack(layout) && !layout->change_count;
}

const struct lam_codec_row *lam_layout_codec_of_oci(const struct lam_layout *layout)
{
	for (size_t t = 0; t < layout->target_count; t++) {
		const struct lam_target *info = &layout->stack[t].info;
		const struct lam_codec_row *row = lam_codec_row(
			info->fate == LAM_FATE_KEPT
				? layout->image->layers[info->original].info.codec
				: info->compression.codec);

		if (info->fate != LAM_FATE_EMPTY && row->only_oci)
			return row;
	}
	return NULL;
}

bool lam_layout_is_docker(const struct lam_layout *layout)
{
	return layout->image->manifest.docker && !lam_layout_annotates(layout) &&
	       (!lam_layout_codec_of_oci(layout) || lam_layout_is_same_stack(layout));
}

uint32_t lam_layout_target_of(const struct lam_layout *layout, uint32_t node)
{
	return layout->gone[node] ? LAM_TARGET_NONE : layout->targets[node];
}

uint32_t lam_layout_rule_of(const struct lam_layout *layout, uint32_t node)
{
	return layout->match.rules[node];
}

void lam_layout_dropped(const struct lam_layout *layout, uint32_t *out_entries,
			uint64_t *out_bytes)
{
	*out_entries = layout->dropped_count;
	*out_bytes = layout->dropped_bytes;
}

uint32_t lam_layout_clamped(const struct lam_layout *layout)
{
	return layout->clamped;
}
