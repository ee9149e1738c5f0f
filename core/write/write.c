#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "write/write_impl.h"

/* Bytes of tar that are on their way through compression and back. */
#define ON_THE_WAY (8u << 20)

void lam_write_result_fini(struct lam_write_result *result)
{
	free(result->layers);
	*result = (struct lam_write_result){ 0 };
}

/* The stack */

static void describe(struct lam_writing *w, size_t n)
{
	const struct lam_layout_target *t = &w->layout->stack[w->targets[n]];
	struct lam_stack_layer *s = &w->stack[n];

	if (t->kept) {
		const struct lam_image_layer *original = &w->image->layers[t->original];

		*s = (struct lam_stack_layer){ .kept = true,
					       .original = t->original,
					       .diff_id = original->diff_id,
					       .digest = original->descriptor.digest,
					       .media_type =
						       original->descriptor.media_type,
					       .size = original->descriptor.size };
		return;
	}
	snprintf(w->texts[n], sizeof w->texts[n], "lamina: %s", t->info.name);
	*s = (struct lam_stack_layer){ .created_by = w->texts[n],
				       .original = t->original };
	s->media_type = lam_layer_media_type(t->info.compression.codec,
					     w->image->manifest.docker);
	s->comment = t->info.from;
}

static int set_stack(struct lam_writing *w, struct lam_error *err)
{
	size_t most = w->layout->target_count;

	w->stack = calloc(most, sizeof *w->stack);
	w->targets = calloc(most, sizeof *w->targets);
	w->texts = calloc(most, sizeof *w->texts);
	w->tar_sizes = calloc(most, sizeof *w->tar_sizes);
	if (!w->stack || !w->targets || !w->texts || !w->tar_sizes)
		return lam_fail_memory(err);
	for (size_t t = 0; t < most; t++) {
		if (w->layout->stack[t].info.fate == LAM_FATE_EMPTY)
			continue;
		w->targets[w->count] = t;
		describe(w, w->count++);
	}
	return 0;
}

static int read_contents(struct lam_writing *w, const char *reference,
			 struct lam_error *err)
{
	char *folder = NULL;
	int code = 0;

	if (!w->options->spool)
		code = lam_write_spool_folder(&folder, reference, err);
	if (code == 0)
		code = lam_contents_new(&w->contents, w->layout,
					folder ? folder : w->options->spool, w->workers,
					w->options->progress, err);
	free(folder);
	return code;
}

/* Why contents could not be read counts more than what came of it; where what was written
 * is wrong, a blob of the source may be. */
static int write_layers(struct lam_writing *w, struct lam_error *err)
{
	struct lam_error why;
	int code = lam_write_layers(w, err);

	if (code == 0)
		return lam_contents_finish(w->contents, w->workers, err);
	if (atomic_load(&w->wrong))
		(void)lam_contents_finish(w->contents, w->workers, &why);
	if (lam_contents_failed(w->contents, &why) < 0)
		*err = why;
	return err->code;
}

static int fill_result(const struct lam_writing *w, struct lam_write_result *out,
		       struct lam_error *err)
{
	out->layers = calloc(w->count, sizeof *out->layers);
	if (!out->layers)
		return lam_fail_memory(err);
	out->layer_count = w->count;
	out->verified = !w->options->no_verify;
	for (size_t i = 0; i < w->count; i++) {
		char text[LAM_DIGEST_TEXT];
		struct lam_written_layer *l = &out->layers[i];

		snprintf(l->digest, sizeof l->digest, "%s",
			 lam_digest_format(&w->stack[i].digest, text));
		snprintf(l->diff_id, sizeof l->diff_id, "%s",
			 lam_digest_format(&w->stack[i].diff_id, text));
		l->blob_size = (uint64_t)w->stack[i].size;
		l->tar_size = w->tar_sizes[i];
	}
	return 0;
}

static int run(struct lam_writing *w, const char *text, struct lam_write_result *out,
	       struct lam_error *err)
{
	struct lam_reference reference = { 0 };
	int code = lam_reference_parse(&reference, text, true, err);

	w->workers = lam_workers_new(w->threads > 1 ? w->threads : 0);
	if (code == 0)
		code = lam_pieces_new(&w->pieces, ON_THE_WAY,
				      2 * w->threads + LAM_PACKERS, err);
	if (code == 0)
		code = lam_inflaters_new(&w->inflaters, err);
	if (code == 0)
		code = set_stack(w, err);
	if (code == 0)
		code = lam_sink_open(&w->sink, &reference, err);
	if (code == 0)
		code = read_contents(w, text, err);
	if (code == 0)
		code = write_layers(w, err);
	if (code == 0)
		code = fill_result(w, out, err);
	if (code == 0)
		code = lam_write_documents(w, out, err);
	lam_sink_close(w->sink);
	lam_contents_free(w->contents);
	lam_workers_free(w->workers);
	lam_pieces_free(w->pieces);
	lam_inflaters_free(w->inflaters);
	lam_reference_fini(&reference);
	return code;
}

int lam_write_image(const struct lam_layout *layout, const char *reference,
		    const struct lam_write_options *options, struct lam_write_result *out,
		    struct lam_error *err)
{
	struct lam_writing w = { .layout = layout,
				 .image = layout->image,
				 .options = options,
				 .threads = lam_thread_count(options->threads) };
	int code;

	*out = (struct lam_write_result){ 0 };
	code = run(&w, reference, out, err);
	free(w.stack);
	free(w.targets);
	free(w.texts);
	free(w.tar_sizes);
	if (code < 0)
		lam_write_result_fini(out);
	return code;
}

int lam_write_spool_folder(char **out, const char *text, struct lam_error *err)
{
	struct lam_reference reference = { 0 };

	*out = NULL;
	if (lam_reference_parse(&reference, text, true, err) < 0)
		return err->code;
	*out = lam_reference_folder(&reference);
	lam_reference_fini(&reference);
	return 0;
}

int lam_write_replaces(bool *out, const char *text, struct lam_error *err)
{
	struct lam_reference reference = { 0 };
	int code;

	*out = false;
	if (lam_reference_parse(&reference, text, true, err) < 0)
		return err->code;
	code = lam_sink_replaces(out, &reference, err);
	lam_reference_fini(&reference);
	return code;
}
