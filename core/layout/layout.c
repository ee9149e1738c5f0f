#include "layout/layout.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/path.h"
#include "tar/write.h"

__attribute__((format(printf, 2, 0))) static char *print(struct lam_arena *arena,
							 const char *format, va_list args)
{
	char text[LAM_ERROR_MAX];

	vsnprintf(text, sizeof text, format, args);
	return lam_arena_copy(arena, text, strlen(text));
}

int lam_layout_error(struct lam_layout *l, struct lam_error *err, const char *format, ...)
{
	char text[LAM_ERROR_MAX], **lines;
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	if (l->errors) {
		lines = realloc(l->errors->lines, (l->errors->count + 1) * sizeof *lines);
		if (!lines)
			return lam_fail_memory(err);
		l->errors->lines = lines;
		lines[l->errors->count] = strdup(text);
		if (!lines[l->errors->count])
			return lam_fail_memory(err);
		l->errors->count++;
	}
	if (err->code == LAM_OK && lam_fail(err, LAM_EPLAN, "%s", text) == LAM_ENOMEM)
		return LAM_ENOMEM;
	return 0;
}

int lam_layout_remark_add(struct lam_layout *l, bool strict, struct lam_error *err,
			  const char *format, ...)
{
	va_list args;
	char *text;

	va_start(args, format);
	text = print(&l->arena, format, args);
	va_end(args);
	if (!text)
		return lam_fail_memory(err);
	if (LAM_GROW(l->remarks, l->remark_count, l->remark_cap, err) < 0)
		return err->code;
	l->remarks[l->remark_count++] = (struct lam_remark){ text, strict };
	return 0;
}

int lam_layout_unkeep(struct lam_layout *l, uint32_t target, struct lam_error *err,
		      const char *format, ...)
{
	struct lam_layout_target *t = &l->stack[target];
	va_list args;

	if (!t->kept)
		return 0;
	va_start(args, format);
	t->info.reason = print(&l->arena, format, args);
	va_end(args);
	if (!t->info.reason)
		return lam_fail_memory(err);
	t->kept = false;
	if (!t->info.keep)
		return 0;
	if (lam_layout_error(l, err, "layer \"%s\" (keep: true) cannot stay as it is: %s",
			     t->info.name, t->info.reason) < 0)
		return err->code;
	return err->code;
}

const char *lam_layout_path(const struct lam_layout *l, uint32_t node, char out[512])
{
	LAM_CLEANUP(lam_buf_fini) struct lam_buf path = LAM_BUF(SIZE_MAX / 2);
	struct lam_error err;

	if (lam_tree_append_path(l->tree, node, &path, &err) < 0)
		path.len = 0;
	return lam_path_text(out, path.data ? path.data : "", path.len, true);
}

/* Making one */

static int start(struct lam_layout *l, struct lam_error *err)
{
	size_t nodes = l->tree->node_count;

	l->owners = malloc(l->image->layer_count * sizeof *l->owners);
	l->wanted = malloc((l->tree->link_count + 1) * sizeof *l->wanted);
	l->targets = malloc(nodes * sizeof *l->targets);
	l->gone = calloc(nodes, sizeof *l->gone);
	l->dropped = calloc(nodes, sizeof *l->dropped);
	l->stack = calloc(l->target_count, sizeof *l->stack);
	if (!l->owners || !l->wanted || !l->targets || !l->gone || !l->dropped ||
	    !l->stack)
		return lam_fail_memory(err);
	for (size_t t = 0; t < l->target_count; t++) {
		const struct lam_plan_layer *p = &l->plan->layers[t];
		struct lam_target *info = &l->stack[t].info;

		info->name = p->name;
		info->keep = p->keep;
		info->compression = p->has_compression         ? p->compression
				    : l->plan->has_compression ? l->plan->compression
							       : LAM_COMPRESSION_DEFAULT;
	}
	return 0;
}

static const char *from_text(struct lam_layout *l, const bool *origins)
{
	char text[1024];
	size_t len = 0, ranges = 0, count = l->image->layer_count;

	for (size_t i = 0, end; i < count && len < sizeof text - 64; i = end) {
		for (end = i; end < count && origins[end];)
			end++;
		if (end == i) {
			end++;
			continue;
		}
		len += (size_t)snprintf(text + len, sizeof text - len, "%s%zu",
					ranges++ ? ", " : "", i);
		if (end > i + 1)
			len += (size_t)snprintf(text + len, sizeof text - len, "-%zu",
						end - 1);
	}
	if (!ranges)
		return "";
	char whole[1100];
	bool one = ranges == 1 && !strchr(text, '-');
	int whole_len =
		snprintf(whole, sizeof whole, "%s %s", one ? "layer" : "layers", text);

	return lam_arena_copy(&l->arena, whole, (size_t)whole_len);
}

/* Counts of what is assigned to each target, and from which originals it came. */
static int count_assigned(struct lam_layout *l, struct lam_error *err)
{
	size_t width = l->image->layer_count;
	bool *origins = calloc(l->target_count * width, sizeof *origins);

	if (!origins)
		return lam_fail_memory(err);
	for (uint32_t n = 0; n < l->tree->node_count; n++) {
		struct lam_target *info;
		struct lam_stat stat;
		size_t names;

		if (lam_stops(l->stop, n)) {
			free(origins);
			return lam_fail_stopped(err);
		}
		if (l->gone[n])
			continue;
		info = &l->stack[l->targets[n]].info;
		origins[l->targets[n] * width + lam_tree_origin(l->tree, n)] = true;
		lam_tree_stat(l->tree, n, &stat);
		if (stat.kind != LAM_KIND_FILE ||
		    lam_tree_first_left(l->tree, n, l->gone, &names) != n)
			continue;
		info->file_count++;
		info->file_bytes += stat.size;
	}
	for (size_t t = 0; t < l->target_count; t++) {
		l->stack[t].info.from = from_text(l, origins + t * width);
		if (!l->stack[t].info.from) {
			free(origins);
			return lam_fail_memory(err);
		}
	}
	free(origins);
	return 0;
}

static int size_items(const struct lam_layout *l, struct lam_layout_target *t,
		      struct lam_error *err)
{
	struct lam_item_scratch scratch = LAM_ITEM_SCRATCH;
	LAM_CLEANUP(lam_buf_fini) struct lam_buf header = LAM_BUF(SIZE_MAX / 2);
	int code = 0;

	t->info.tar_size = LAM_TAR_END;
	for (size_t i = 0; i < t->item_count && code == 0; i++) {
		struct lam_entry entry;

		if (lam_stops(l->stop, i)) {
			code = lam_fail_stopped(err);
			break;
		}
		lam_buf_clear(&header);
		code = lam_item_entry(l->tree, &t->items[i], &scratch, &entry, err);
		if (code == 0)
			code = lam_tar_append_header(&header, &entry, err);
		if (code < 0) {
			char path[512];

			code = lam_wrap(err, "%s",
					lam_layout_path(l, t->items[i].node, path));
			break;
		}
		t->info.tar_size += header.len + entry.size + lam_tar_padding(entry.size);
		t->info.whiteout_count += t->items[i].kind == LAM_ITEM_WHITEOUT ||
					  t->items[i].kind == LAM_ITEM_OPAQUE;
	}
	lam_item_scratch_fini(&scratch);
	return code;
}

static int describe_kept(struct lam_layout *l, struct lam_layout_target *t)
{
	const struct lam_layer_info *original = lam_image_layer(l->image, t->original);

	t->info.fate = LAM_FATE_KEPT;
	t->info.original = t->original;
	t->info.reason = "nothing moved out of it";
	t->info.entry_count = original->entry_count;
	t->info.whiteout_count = original->whiteout_count;
	t->info.tar_size = original->tar_size;
	t->info.blob_size = original->blob_size;
	return 0;
}

static int describe_written(struct lam_layout *l, struct lam_layout_target *t,
			    struct lam_error *err)
{
	const struct lam_plan_layer *planned = &l->plan->layers[t - l->stack];
	bool by_rules = planned->from_count == 0 && !planned->rest;

	t->info.fate = t->original != UINT32_MAX ? LAM_FATE_REWRITTEN : LAM_FATE_NEW;
	t->info.original = t->original;
	if (!t->info.reason)
		t->info.reason =
			by_rules ? "what rules give to it" : "several layers in one";
	if (t->item_count == 0) {
		t->info.fate = LAM_FATE_EMPTY;
		t->info.reason = "nothing is left in it";
		return lam_layout_remark_add(
			l, false, err, "layer \"%s\" holds nothing and is not written",
			t->info.name);
	}
	t->info.entry_count = (uint32_t)t->item_count;
	return size_items(l, t, err);
}

static int describe(struct lam_layout *l, struct lam_error *err)
{
	size_t written = 0;

	if (count_assigned(l, err) < 0)
		return err->code;
	for (uint32_t i = 0; i < l->target_count; i++) {
		struct lam_layout_target *t = &l->stack[i];

		if (!t->kept &&
		    lam_layout_items(l, i, &t->items, &t->item_count, err) < 0)
			return err->code;
		if ((t->kept ? describe_kept(l, t) : describe_written(l, t, err)) < 0)
			return err->code;
		written += t->info.fate != LAM_FATE_EMPTY;
	}
	if (written)
		return 0;
	/* an image has at least one layer */
	l->stack[0].info.fate = LAM_FATE_NEW;
	l->stack[0].info.tar_size = LAM_TAR_END;
	return 0;
}

static int remark_groups(struct lam_layout *l, struct lam_error *err)
{
	char path[512];

	for (size_t i = 0; i < l->tree->link_count; i++) {
		uint32_t node = l->tree->links[i].node;

		if (l->gone[node] || l->targets[node] == l->wanted[i])
			continue;
		if (lam_layout_remark_add(
			    l, false, err,
			    "%s is a hard link and stays with the first name of its file, in layer "
			    "\"%s\" instead of \"%s\"",
			    lam_layout_path(l, node, path),
			    l->stack[l->targets[node]].info.name,
			    l->stack[l->wanted[i]].info.name) < 0)
			return err->code;
	}
	return 0;
}

static int make(struct lam_layout *l, struct lam_error *err)
{
	if (start(l, err) < 0)
		return err->code;
	if (lam_layout_assign(l, err) < 0)
		return err->code;
	for (size_t t = 0; t < l->target_count; t++)
		l->stack[t].kept = l->stack[t].original != UINT32_MAX;
	if (lam_layout_stack(l, err) < 0)
		return err->code;
	if (remark_groups(l, err) < 0 || lam_layout_remark_hidden(l, err) < 0)
		return err->code;
	return describe(l, err);
}

static struct lam_layout *allocate(const struct lam_image *image,
				   const struct lam_plan *plan, const atomic_bool *stop)
{
	struct lam_layout *l = calloc(1, sizeof *l);

	if (!l)
		return NULL;
	l->image = image;
	l->plan = plan;
	l->tree = image->tree;
	l->target_count = plan->layer_count;
	l->stop = stop;
	return l;
}

int lam_layout_new_stoppable(struct lam_layout **out, const struct lam_image *image,
			     const struct lam_plan *plan, struct lam_plan_errors *errors,
			     const atomic_bool *stop, struct lam_error *err)
{
	struct lam_layout *l = allocate(image, plan, stop);
	int code;

	*out = NULL;
	if (!l)
		return lam_fail_memory(err);
	l->errors = errors;
	err->code = LAM_OK;
	code = make(l, err);
	l->errors = NULL;
	l->stop = NULL;
	if (code < 0)
		lam_layout_free(l);
	else
		*out = l;
	return code;
}

int lam_layout_new(struct lam_layout **out, const struct lam_image *image,
		   const struct lam_plan *plan, struct lam_plan_errors *errors,
		   struct lam_error *err)
{
	return lam_layout_new_stoppable(out, image, plan, errors, NULL, err);
}

int lam_layout_assignment(uint32_t **out_targets, uint32_t **out_rules,
			  const struct lam_image *image, const struct lam_plan *plan,
			  const atomic_bool *stop, struct lam_error *err)
{
	struct lam_layout *l = allocate(image, plan, stop);
	int code;

	*out_targets = *out_rules = NULL;
	if (!l)
		return lam_fail_memory(err);
	err->code = LAM_OK;
	code = start(l, err);
	if (code == 0)
		code = lam_layout_assign(l, err);
	if (code == 0) {
		*out_targets = LAM_STEAL(l->targets);
		*out_rules = LAM_STEAL(l->match.rules);
	}
	lam_layout_free(l);
	return code;
}

void lam_layout_free(struct lam_layout *l)
{
	if (!l)
		return;
	lam_match_fini(&l->match);
	for (size_t t = 0; l->stack && t < l->target_count; t++)
		free(l->stack[t].items);
	free(l->stack);
	free(l->owners);
	free(l->wanted);
	free(l->targets);
	free(l->gone);
	free(l->dropped);
	free(l->marks);
	free(l->remarks);
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

bool lam_layout_is_identity(const struct lam_layout *layout)
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

size_t lam_layout_remark_count(const struct lam_layout *layout)
{
	return layout->remark_count;
}

const struct lam_remark *lam_layout_remark(const struct lam_layout *layout, size_t n)
{
	return &layout->remarks[n];
}
