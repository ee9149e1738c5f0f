/* What a run leaves in the cache for later ones: what each layer's recipe has become, and
 * the layer's index, as if it had been read. */
#include <stdlib.h>

#include "base/memory.h"
#include "base/stop.h"
#include "layer/blob.h"
#include "tar/write.h"
#include "write/write_impl.h"

/* Items to a layer, at the places where the tar has them. */
struct indexing {
	const struct lam_layout *layout;
	struct lam_layer_builder *builder;
	struct lam_member_scratch scratch;
	struct lam_buf header;
	uint64_t at; /* in the tar */
};

/* The reading back has shown that the tar holds just these, each with this content. */
static int add_member(struct indexing *x, const struct lam_member *member,
		      struct lam_error *err)
{
	const struct lam_tree *tree = x->layout->tree;
	struct lam_entry entry;
	struct lam_stat stat;
	uint32_t inode;

	lam_buf_clear(&x->header);
	lam_member_entry(tree, x->layout->plan->times, member, &x->scratch, &entry);
	if (lam_tar_append_header(&x->header, &entry, err) < 0)
		return err->code;
	x->at += x->header.len;
	if (lam_layer_builder_add(x->builder, &entry, x->at, &inode, err) < 0)
		return err->code;
	if (entry.type != LAM_TYPE_FILE)
		return 0;
	x->at += entry.size + lam_tar_padding(entry.size);
	if (inode == LAM_INODE_NONE)
		return 0;
	lam_tree_stat(tree, member->node, &stat);
	return lam_layer_builder_content(x->builder, inode, stat.content, err);
}

static int add_items(struct indexing *x, const struct lam_layout_target *target,
		     const atomic_bool *stop, struct lam_error *err)
{
	for (size_t i = 0; i < target->member_count; i++) {
		if (lam_stops(stop, i))
			return lam_fail_stopped(err);
		if (add_member(x, &target->members[i], err) < 0)
			return err->code;
	}
	return 0;
}

static int make_index(struct lam_layer **out, const struct lam_writing *w, size_t n,
		      struct lam_error *err)
{
	struct indexing x = { .layout = w->layout,
			      .scratch = LAM_MEMBER_SCRATCH,
			      .header = LAM_BUF(SIZE_MAX / 2) };
	int code = lam_layer_builder_new(&x.builder, (uint32_t)n, err);

	if (code == 0)
		code = add_items(&x, &w->layout->stack[w->targets[n]],
				 w->options->progress ? w->options->progress->stop : NULL,
				 err);
	if (code == 0)
		code = lam_layer_builder_finish(x.builder, out, err);
	lam_layer_builder_free(x.builder);
	lam_member_scratch_fini(&x.scratch);
	lam_buf_fini(&x.header);
	return code;
}

/* One after the other, as each takes memory. One that cannot be made is made when the
 * layer is read. */
static void remember_index(struct lam_writing *w, size_t n,
			   const struct lam_layer_reading *reading)
{
	struct lam_layer *index = NULL;
	struct lam_error ignored;

	if (make_index(&index, w, n, &ignored) < 0)
		return;
	index->points = w->points[n];
	w->points[n] = (struct lam_checkpoints){ 0 };
	lam_layer_note_stream(index);
	lam_reuse_remember_index(w->reuse, index, reading);
	lam_layer_free(index);
}

/* Only what was proven. */
void lam_write_remember(struct lam_writing *w)
{
	for (size_t n = 0; n < w->count && !w->options->no_verify; n++) {
		const struct lam_stack_layer *s = &w->stack[n];
		const struct lam_layer_reading reading = {
			.digest = s->digest,
			.diff_id = s->diff_id,
			.blob_size = (uint64_t)s->size,
			.tar_size = w->tar_sizes[n],
			.codec = w->layout->stack[w->targets[n]].info.compression.codec
		};

		if (!w->reused[n].target || w->reused[n].taken)
			continue;
		lam_reuse_remember(w->reuse, &w->reused[n], &reading);
		remember_index(w, n, &reading);
	}
}
