/* An image, opened: its documents, its layers, their merged tree; and what others ask of
 * it. */
#include "image/image.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "base/limits.h"
#include "base/memory.h"
#include "base/path.h"
#include "oci/settings.h"

struct opening {
	struct lam_image *image;
	const struct lam_open_options *options;
	const struct lam_progress *progress;
};

static int set_layers(struct lam_image *image, const struct lam_source_image *from,
		      struct lam_error *err)
{
	if (image->config.diff_id_count != from->layer_count)
		return lam_fail(
			err, LAM_EFORMAT,
			"the config lists %zu diff_ids for %zu layers: build the image again",
			image->config.diff_id_count, from->layer_count);
	if (from->layer_count > LAM_MAX_LAYERS)
		return lam_fail(err, LAM_EFORMAT,
				"an image of %zu layers: at most %u are read",
				from->layer_count, LAM_MAX_LAYERS);
	image->layers = calloc(from->layer_count + 1, sizeof *image->layers);
	image->indexes = calloc(from->layer_count + 1, sizeof *image->indexes);
	if (!image->layers || !image->indexes)
		return lam_fail_memory(err);
	image->layer_count = from->layer_count;
	for (size_t i = 0; i < from->layer_count; i++) {
		struct lam_image_layer *layer = &image->layers[i];

		layer->descriptor = from->layers[i].descriptor;
		layer->diff_id = image->config.diff_ids[i];
	}
	return 0;
}

static int set_history(struct lam_image *image, struct lam_error *err)
{
	size_t *history = malloc(image->layer_count * sizeof *history);

	if (!history)
		return lam_fail_memory(err);
	lam_config_layer_history(&image->config, image->layer_count, history);
	for (size_t i = 0; i < image->layer_count; i++) {
		const struct lam_history_entry *h =
			history[i] == SIZE_MAX ? NULL
					       : &image->config.history[history[i]];

		image->layers[i].info.created_by =
			h && h->created_by ? h->created_by : "";
	}
	free(history);
	return 0;
}

static void set_platform(struct lam_image *image)
{
	const struct lam_platform *p = &image->config.platform;

	snprintf(image->platform, sizeof image->platform, "%s/%s%s%s",
		 p->os ? p->os : "unknown", p->architecture ? p->architecture : "unknown",
		 p->variant ? "/" : "", p->variant ? p->variant : "");
}

static int make_manifest(struct lam_image *image, size_t config_size,
			 struct lam_error *err)
{
	LAM_CLEANUP(lam_buf_fini) struct lam_buf made = LAM_BUF(LAM_MAX_MANIFEST);
	LAM_CLEANUP(lam_free_ptr)
	struct lam_stack_layer *stack = lam_xcalloc(image->layer_count, sizeof *stack);

	for (size_t i = 0; i < image->layer_count; i++) {
		const struct lam_image_layer *layer = &image->layers[i];

		stack[i] = (struct lam_stack_layer){ .original = i,
						     .digest = layer->descriptor.digest,
						     .media_type = layer->info.media_type,
						     .size = layer->descriptor.size,
						     .diff_id = layer->diff_id };
	}
	if (lam_manifest_make(&image->config_digest, (int64_t)config_size, stack,
			      image->layer_count, &made, err) < 0)
		return err->code;
	image->manifest_digest = lam_digest_of(LAM_SHA256, made.data, made.len);
	return lam_manifest_parse(&image->manifest, made.data, made.len, "manifest", NULL,
				  err);
}

/* What of each layer is not visible any more. */
static void count_waste(struct lam_image *image)
{
	const struct lam_tree *tree = image->tree;
	size_t number = 0;

	for (uint32_t n = 0; n < tree->node_count; n++) {
		const struct lam_node *node = &tree->nodes[n];

		for (uint32_t v = node->version; v != LAM_NODE_NONE;
		     v = tree->versions[v].previous) {
			const struct lam_version *version = &tree->versions[v];

			if (version->inode != LAM_INODE_NONE &&
			    (!node->live || v != node->version))
				image->layers[version->layer].info.dead_count++;
		}
	}
	for (size_t i = 0; i < image->layer_count; i++) {
		const struct lam_layer *layer = image->indexes[i];

		for (uint32_t n = 0; n < layer->inode_count; n++, number++) {
			if (layer->inodes[n].kind == LAM_KIND_FILE &&
			    !lam_tree_inode_names(tree, number))
				image->layers[i].info.waste_bytes +=
					layer->inodes[n].size;
		}
	}
}

static int merge(struct opening *o, struct lam_error *err)
{
	struct lam_image *image = o->image;
	struct lam_notes meeting = { 0 };
	int code = lam_tree_merge(&image->tree, image->indexes, image->layer_count,
				  &meeting, o->progress, err);

	for (size_t i = 0; i < image->layer_count; i++)
		lam_notes_append(&image->notes, &image->indexes[i]->notes);
	lam_notes_append(&image->notes, &meeting);
	lam_notes_fini(&meeting);
	if (code == 0)
		count_waste(image);
	return code;
}

static bool has_sha512(const struct lam_image *image)
{
	bool has = lam_source_image(image->source)->manifest_digest.algorithm ==
			   LAM_SHA512 ||
		   image->manifest.config.digest.algorithm == LAM_SHA512;

	for (size_t i = 0; i < image->layer_count && !has; i++)
		has = image->layers[i].descriptor.digest.algorithm == LAM_SHA512;
	return has;
}

static void note_oddities(struct lam_image *image)
{
	if (image->config.history_count &&
	    lam_config_layer_entries(&image->config) != image->layer_count)
		lam_notes_add(&image->notes, LAM_ODD_HISTORY, LAM_NOTE_IMAGE, NULL, 0);
	if (!image->config.history_count && image->layer_count)
		lam_notes_add(&image->notes, LAM_ODD_NO_HISTORY, LAM_NOTE_IMAGE, NULL, 0);
	if (lam_config_has_odd_times(&image->config))
		lam_notes_add(&image->notes, LAM_ODD_CREATED, LAM_NOTE_IMAGE, NULL, 0);
	if (lam_source_image(image->source)->wrong_data)
		lam_notes_add(&image->notes, LAM_ODD_DATA, LAM_NOTE_IMAGE, NULL, 0);
	if (has_sha512(image))
		lam_notes_add(&image->notes, LAM_ODD_SHA512, LAM_NOTE_IMAGE, NULL, 0);
	if (image->layer_count > LAM_DOCKER_LAYERS)
		lam_notes_add(&image->notes, LAM_ODD_MANY_LAYERS, LAM_NOTE_IMAGE, NULL,
			      0);
}

static int read_documents(struct opening *o, struct lam_error *err)
{
	struct lam_image *image = o->image;
	const struct lam_source_image *from = lam_source_image(image->source);

	image->manifest_digest = from->manifest_digest;
	image->config_digest = from->config_digest;
	if (from->manifest.len &&
	    lam_manifest_parse(&image->manifest, from->manifest.data, from->manifest.len,
			       "manifest", from->manifest_media_type, err) < 0)
		return err->code;
	if (lam_config_parse(&image->config, from->config.data, from->config.len,
			     "config", err) < 0)
		return lam_advise(err, "build the image again");
	set_platform(image);
	if (set_layers(image, from, err) < 0 ||
	    lam_image_read_layers(image, o->options, err) < 0 ||
	    set_history(image, err) < 0)
		return err->code;
	if (!image->manifest.doc.root && make_manifest(image, from->config.len, err) < 0)
		return err->code;
	lam_digest_format(&image->manifest_digest, image->manifest_text);
	lam_digest_format(&image->config_digest, image->config_text);
	lam_settings_read(&image->settings, &image->config, &image->manifest);
	note_oddities(image);
	return merge(o, err);
}

int lam_image_open(struct lam_image **out, const char *reference,
		   const struct lam_open_options *options, struct lam_error *err)
{
	struct lam_image *image = calloc(1, sizeof *image);
	struct opening o = { image, options, options->progress };
	int code;

	*out = NULL;
	if (!image)
		return lam_fail_memory(err);
	image->packages = lam_xcalloc(1, sizeof *image->packages);
	(void)pthread_mutex_init(&image->packages->lock, NULL);
	image->reference = strdup(reference);
	code = image->reference ? lam_image_open_source(&image->source, reference,
							options, NULL, err)
				: lam_fail_memory(err);
	if (code == 0) {
		code = read_documents(&o, err);
		if (code < 0 && code != LAM_ESTOPPED && code != LAM_ENOMEM) {
			char text[LAM_PATH_TEXT];

			code = lam_wrap(
				err, "%s",
				lam_path_text(text, reference, strlen(reference), false));
		}
	}
	if (code < 0)
		lam_image_close(image);
	else
		*out = image;
	return code;
}

void lam_image_close(struct lam_image *image)
{
	if (!image)
		return;
	if (image->packages->value)
		image->packages->free(image->packages->value);
	(void)pthread_mutex_destroy(&image->packages->lock);
	free(image->packages);
	lam_tree_free(image->tree);
	for (size_t i = 0; i < image->layer_count; i++) {
		lam_spool_free(image->layers[i].spool);
		lam_layer_free((struct lam_layer *)(uintptr_t)image->indexes[i]);
	}
	free(image->layers);
	free(image->indexes);
	lam_settings_fini(&image->settings);
	lam_manifest_fini(&image->manifest);
	lam_config_fini(&image->config);
	lam_notes_fini(&image->notes);
	lam_source_close(image->source);
	free(image->reference);
	free(image);
}

/* What others ask */

const char *lam_image_reference(const struct lam_image *image)
{
	return image->reference;
}

const char *lam_image_name(const struct lam_image *image)
{
	return lam_source_image(image->source)->name;
}

const char *lam_image_manifest_digest(const struct lam_image *image)
{
	return image->manifest_text;
}

const char *lam_image_config_digest(const struct lam_image *image)
{
	return image->config_text;
}

const char *lam_image_platform(const struct lam_image *image)
{
	return image->platform;
}

size_t lam_image_layer_count(const struct lam_image *image)
{
	return image->layer_count;
}

const struct lam_layer_info *lam_image_layer(const struct lam_image *image, size_t n)
{
	return &image->layers[n].info;
}

const struct lam_settings *lam_image_settings(const struct lam_image *image)
{
	return &image->settings;
}

const struct lam_history_entry *lam_image_history(const struct lam_image *image,
						  size_t *out_count)
{
	*out_count = image->config.history_count;
	return image->config.history;
}

const struct lam_tree *lam_image_tree(const struct lam_image *image)
{
	return image->tree;
}

const struct lam_referrers *lam_image_referrers(const struct lam_image *image)
{
	return &lam_source_image(image->source)->referrers;
}

size_t lam_image_note_count(const struct lam_image *image)
{
	return image->notes.count;
}

uint64_t lam_image_note_total(const struct lam_image *image)
{
	return image->notes.total;
}

const struct lam_note *lam_image_note(const struct lam_image *image, size_t n)
{
	return &image->notes.items[n];
}
