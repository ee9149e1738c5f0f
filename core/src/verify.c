#include "verify.h"

#include <stdlib.h>
#include <string.h>

#include "workers.h"

struct verifying {
	const struct lam_layout *layout;
	const struct lam_verify_layer *layers;
	size_t count;
	const struct lam_progress *progress;
	bool ahead;
};

struct reading_back {
	struct verifying *verifying;
	size_t number;
	struct lam_layer *layer;
};

static int check(const struct lam_verify_layer *want, const struct lam_layer_reading *got,
		 struct lam_error *err)
{
	char is[LAM_DIGEST_TEXT];

	if (got->blob_size != want->size ||
	    !lam_digest_equal(&got->digest, &want->digest))
		return lam_fail(
			err, LAM_EWRITE,
			"what was read back has digest %s: the disk or the memory is not "
			"to be trusted",
			lam_digest_format(&got->digest, is));
	if (!lam_digest_equal(&got->diff_id, &want->diff_id))
		return lam_fail(
			err, LAM_EWRITE,
			"the tar that was read back has digest %s: nothing was published",
			lam_digest_format(&got->diff_id, is));
	return 0;
}

static int read_back(void *data, struct lam_error *err)
{
	struct reading_back *r = data;
	struct verifying *v = r->verifying;
	const struct lam_verify_layer *layer = &v->layers[r->number];
	struct lam_step step = { .stage = LAM_STAGE_VERIFY,
				 .layer = r->number,
				 .layer_count = v->count,
				 .total = layer->size };
	struct lam_layer_reading got;
	struct lam_reader *blob = NULL;

	if (lam_reader_file(&blob, layer->fd, false, 0, layer->size, layer->name, err) <
		    0 ||
	    lam_reader_progress(&blob, LAM_STEAL(blob), v->progress, &step, err) < 0)
		return err->code;
	if (lam_layer_read_blob(&r->layer, blob, (uint32_t)r->number, v->ahead,
				LAM_SHA256, LAM_SHA256, NULL, &got, err) < 0 ||
	    check(layer, &got, err) < 0)
		return err->code == LAM_ESTOPPED
			       ? err->code
			       : lam_wrap(err, "verifying layer \"%s\"", layer->name);
	return 0;
}

static int read_all(struct verifying *v, struct lam_lane *lane, struct reading_back *jobs,
		    struct lam_error *err)
{
	struct lam_error first = { 0 };
	size_t next = 0;
	void *done;

	while ((next < v->count && first.code == LAM_OK) || !lam_lane_is_empty(lane)) {
		if (next < v->count && first.code == LAM_OK && !lam_lane_is_full(lane)) {
			jobs[next] =
				(struct reading_back){ .verifying = v, .number = next };
			if (!v->layers[next].kept)
				lam_lane_give(lane, read_back, &jobs[next]);
			next++;
			continue;
		}
		if (lam_lane_take(lane, &done, err) < 0 && first.code == LAM_OK)
			first = *err;
	}
	if (first.code != LAM_OK)
		*err = first;
	return first.code;
}

struct difference {
	const struct lam_layout *layout;
	struct lam_error *err;
};

static int differs(void *context, uint32_t a, uint32_t b, unsigned what)
{
	struct difference *d = context;
	char path[512] = "a path that should not be there";

	(void)b;
	if (a != LAM_NODE_NONE)
		lam_layout_path(d->layout, a, path);
	return lam_fail(
		d->err, LAM_EWRITE,
		"%s: what was written is not what the image has (%#x): nothing was "
		"published",
		path, what);
}

static int compare(struct verifying *v, const struct reading_back *jobs,
		   struct lam_error *err)
{
	const struct lam_layer **stack = calloc(v->count, sizeof *stack);
	struct difference context = { v->layout, err };
	struct lam_tree *tree = NULL;
	int code = stack ? 0 : lam_fail_memory(err);

	for (size_t i = 0; code == 0 && i < v->count; i++)
		stack[i] = v->layers[i].kept
				   ? v->layout->image->indexes[v->layers[i].original]
				   : jobs[i].layer;
	if (code == 0)
		code = lam_tree_new(&tree, stack, v->count, NULL, err);
	if (code == 0)
		code = lam_tree_diff_left(v->layout->tree, v->layout->gone, tree, differs,
					  &context, err);
	lam_tree_free(tree);
	free(stack);
	return code;
}

int lam_verify(const struct lam_layout *layout, const struct lam_verify_layer *layers,
	       size_t count, unsigned threads, const struct lam_progress *progress,
	       struct lam_error *err)
{
	struct verifying v = { layout, layers, count, progress, threads > 1 };
	struct reading_back *jobs = calloc(count, sizeof *jobs);
	struct lam_workers *workers = NULL;
	struct lam_lane *lane = NULL;
	int code = jobs ? 0 : lam_fail_memory(err);

	if (code == 0)
		code = lam_workers_new(&workers, threads > 1 ? threads : 0, err);
	if (code == 0)
		code = lam_lane_new(&lane, workers, threads, err);
	if (code == 0)
		code = read_all(&v, lane, jobs, err);
	if (code == 0)
		code = compare(&v, jobs, err);
	lam_lane_free(lane);
	lam_workers_free(workers);
	for (size_t i = 0; jobs && i < count; i++)
		lam_layer_free(jobs[i].layer);
	free(jobs);
	return code;
}
