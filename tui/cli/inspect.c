/* lamina inspect, lamina check: what an image is, and whether it is that. */
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/size.h"
#include "base/utf8.h"
#include "cli/print.h"
#include "cli/pull.h"

/* Text of the image's documents: not from its files, and hostile all the same. */
static void put_cut(const char *text, size_t most)
{
	char *shown = lam_path_escape(text, strlen(text));
	size_t len = strlen(shown),
	       cut = len > most ? lam_utf8_cut(shown, most - 3) : len;

	print(stdout, "%.*s%s", (int)cut, shown, cut < len ? "..." : "");
	free(shown);
}

static size_t width(void)
{
	struct winsize size;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 40)
		return size.ws_col;
	return isatty(STDOUT_FILENO) ? 80 : SIZE_MAX;
}

static void print_note(const struct lam_note *n)
{
	print(stdout, "%s", n->rule);
	if (n->layer != UINT32_MAX)
		print(stdout, ": layer %u", n->layer);
	print_line(stdout, "%s%s: %s", n->path ? ": " : "", n->path ? n->path : "",
		   n->text);
}

static void print_notes(const struct lam_image *image, size_t most)
{
	size_t count = lam_image_note_count(image);

	for (size_t i = 0; i < count && i < most; i++)
		print_note(lam_image_note(image, i));
	if (lam_image_note_total(image) > most || lam_image_note_total(image) > count)
		print_line(stdout, "and %llu more notes%s",
			   (unsigned long long)lam_image_note_total(image) -
				   (count < most ? count : most),
			   count > most ? "; lamina check lists them" : "");
}

static void print_layers(const struct lam_image *image)
{
	uint64_t blobs = 0, tars = 0, waste = 0;
	char a[LAM_SIZE_TEXT], b[LAM_SIZE_TEXT], c[LAM_SIZE_TEXT];
	size_t room = width();

	print_line(stdout, "%3s  %-12s %-4s %7s %7s %8s %7s  %s", "", "digest", "",
		   "blob", "tar", "entries", "waste", "created by");
	for (size_t i = 0; i < lam_image_layer_count(image); i++) {
		const struct lam_layer_info *l = lam_image_layer(image, i);

		print(stdout, "%3zu  %.12s %-4s %7s %7s %8u %7s  ", i,
		      strchr(l->digest, ':') + 1, lam_codec_name(l->codec),
		      lam_size_text(l->blob_size, a),
		      l->missing ? "missing" : lam_size_text(l->tar_size, b),
		      l->entry_count,
		      l->waste_bytes ? lam_size_text(l->waste_bytes, c) : "-");
		put_cut(l->created_by, room > 70 ? room - 58 : 20);
		print_own(stdout, "\n");
		blobs += l->blob_size;
		tars += l->tar_size;
		waste += l->waste_bytes;
	}
	print_line(stdout, "%3s  %-17s %7s %7s %8s %7s", "", "sum",
		   lam_size_text(blobs, a), lam_size_text(tars, b), "",
		   waste ? lam_size_text(waste, c) : "-");
}

static void print_image(const struct lam_image *image, const struct pull *pull)
{
	const struct lam_node *root = lam_tree_node(lam_image_tree(image), LAM_NODE_ROOT);
	char size[LAM_SIZE_TEXT];

	print_line(stdout, "%s  %s", lam_image_reference(image),
		   lam_image_platform(image));
	print_line(stdout, "manifest %s", lam_image_manifest_digest(image));
	print_own(stdout, "\n");
	print_layers(image);
	print_own(stdout, "\n");
	print_line(stdout, "merged: %u paths, %s in files", root->live_count,
		   lam_size_text(root->live_bytes, size));
	pull_print(pull);
	if (lam_image_referrers(image)->count) {
		print_own(stdout, "\n");
		print_referrers(stdout, lam_image_referrers(image));
	}
	if (lam_image_note_total(image))
		print_own(stdout, "\n");
	print_notes(image, 20);
}

static json_t *json_layer(const struct lam_layer_info *l, size_t n,
			  const struct pull *pull)
{
	json_t *json = json_pack(
		"{s:I, s:s, s:s, s:o, s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:o}",
		"number", (json_int_t)n, "digest", l->digest, "diff_id", l->diff_id,
		"media_type", json_bytes(l->media_type, strlen(l->media_type)), "codec",
		lam_codec_name(l->codec), "blob_size", (json_int_t)l->blob_size,
		"tar_size", (json_int_t)l->tar_size, "entries",
		(json_int_t)l->entry_count, "whiteouts", (json_int_t)l->whiteout_count,
		"file_bytes", (json_int_t)l->file_bytes, "dead",
		(json_int_t)l->dead_count, "waste_bytes", (json_int_t)l->waste_bytes,
		"created_by", json_bytes(l->created_by, strlen(l->created_by)));

	if (l->missing)
		json_object_set_new(json, "missing", json_true());
	if (pull->old_count)
		json_object_set_new(json, "had", json_boolean(pull->of.had[n]));
	return json;
}

static json_t *json_note(const struct lam_note *note)
{
	json_t *json = json_pack("{s:s}", "rule", note->rule);

	if (note->layer != UINT32_MAX)
		json_object_set_new(json, "layer", json_integer(note->layer));
	if (note->path)
		json_object_set_new(json, "path", json_shown(note->path));
	json_object_set_new(json, "text", json_shown(note->text));
	return json;
}

static json_t *json_notes(const struct lam_image *image)
{
	json_t *notes = json_array();

	for (size_t i = 0; i < lam_image_note_count(image); i++)
		json_array_append_new(notes, json_note(lam_image_note(image, i)));
	return notes;
}

static json_t *json_image(const struct lam_image *image, const struct pull *pull)
{
	const struct lam_node *root = lam_tree_node(lam_image_tree(image), LAM_NODE_ROOT);
	const char *reference = lam_image_reference(image),
		   *platform = lam_image_platform(image);
	json_t *layers = json_array();

	for (size_t i = 0; i < lam_image_layer_count(image); i++)
		json_array_append_new(layers,
				      json_layer(lam_image_layer(image, i), i, pull));
	return json_pack("{s:o, s:o, s:s, s:s, s:I, s:I, s:o, s:I, s:o, s:o, s:o*}",
			 "reference", json_bytes(reference, strlen(reference)),
			 "platform", json_bytes(platform, strlen(platform)), "manifest",
			 lam_image_manifest_digest(image), "config",
			 lam_image_config_digest(image), "paths",
			 (json_int_t)root->live_count, "file_bytes",
			 (json_int_t)root->live_bytes, "layers", layers, "note_total",
			 (json_int_t)lam_image_note_total(image), "notes",
			 json_notes(image), "referrers",
			 json_referrers(lam_image_referrers(image)), "fetch",
			 pull->old_count ? pull_json(pull) : NULL);
}

/* What is there and wrong is what check is for; what is not there is not. */
static int damaged_or(const struct call *call, int code, json_t *errors)
{
	if (errors)
		json_array_append_new(errors, json_shown(call->err.text));
	return call->read_all && (call->err.code == LAM_EFORMAT ||
				  call->err.code == LAM_EREAD)
		       ? EXIT_DIFFERENT
		       : code;
}

/* Each image that is meant, one after another: 0, or the worst of their exit codes. */
static int for_each(struct call *call,
		    int (*one)(struct call *call, struct lam_image *image, void *context),
		    void *context, json_t *errors)
{
	int code = EXIT_DONE, worst = EXIT_DONE;
	struct lam_image_set *set = open_set(call, call->args[0], &code);

	if (!set)
		return code;
	for (size_t i = 0; i < lam_image_set_count(set); i++) {
		struct lam_image *image = open_listed(call, call->args[0], set, i, &code);

		code = image ? one(call, image, context) : damaged_or(call, code, errors);
		worst = code > worst ? code : worst;
		lam_image_close(image);
	}
	lam_image_set_close(set);
	return worst;
}

struct inspecting {
	struct pull_limits limits;
	json_t *images; /* of --json */
	size_t shown;
};

static int inspect_one(struct call *call, struct lam_image *image, void *context)
{
	struct inspecting *i = context;
	struct pull pull;
	int code = pull_open(call, &pull);

	if (code == 0) {
		pull_count(image, &pull);
		if (call_has(call, "json")) {
			json_array_append_new(i->images, json_image(image, &pull));
		} else {
			print_own(stdout, i->shown++ ? "\n" : "");
			print_image(image, &pull);
		}
		code = pull_check(call, image, &pull, &i->limits);
	}
	pull_fini(&pull);
	return code;
}

/* One image as it is, all platforms as a list. */
static void print_as_json(const json_t *images, bool all)
{
	json_t *json = json_pack("{s:i}", "lamina", 1);

	if (all)
		json_object_set_new(json, "images",
				    json_incref((json_t *)(uintptr_t)images));
	else
		json_object_update(json, json_array_get(images, 0));
	print_json(json);
}

static int run_inspect(struct call *call)
{
	struct inspecting i = { .images = json_array() };
	bool all = wants_all_platforms(call);
	struct lam_image *image = NULL;
	int code = pull_read_limits(call, &i.limits);

	call->referrers = true;
	if (code == 0 && all && call_has(call, "against"))
		code = usage_error("inspect", "inspect: --against is of one platform");
	if (code == 0 && all)
		code = for_each(call, inspect_one, &i, NULL);
	else if (code == 0 &&
		 (image = open_image(call, call->args[0], NULL, &code)) != NULL)
		code = inspect_one(call, image, &i);
	if (json_array_size(i.images))
		print_as_json(i.images, all);
	json_decref(i.images);
	lam_image_close(image);
	return code;
}

static json_t *json_checked(const struct lam_image *image, size_t missing)
{
	const struct lam_node *root = lam_tree_node(lam_image_tree(image), LAM_NODE_ROOT);

	return json_pack(
		"{s:s, s:s, s:I, s:I, s:I, s:o, s:I, s:o}", "platform",
		lam_image_platform(image), "manifest", lam_image_manifest_digest(image),
		"layers", (json_int_t)lam_image_layer_count(image), "missing",
		(json_int_t)missing, "paths", (json_int_t)root->live_count, "notes",
		json_notes(image), "note_total", (json_int_t)lam_image_note_total(image),
		"referrers", json_referrers(lam_image_referrers(image)));
}

static int check_one(struct call *call, struct lam_image *image, void *context)
{
	json_t *images = context;
	size_t missing = 0;

	for (size_t i = 0; i < lam_image_layer_count(image); i++)
		missing += lam_image_layer(image, i)->missing;
	if (call_has(call, "json")) {
		json_array_append_new(images, json_checked(image, missing));
		return missing > 0 ? EXIT_DIFFERENT : EXIT_DONE;
	}
	print_notes(image, SIZE_MAX);
	print_referrers(stdout, lam_image_referrers(image));
	print(stdout, "%s", lam_image_reference(image));
	if (wants_all_platforms(call))
		print(stdout, " %s", lam_image_platform(image));
	if (missing > 0)
		print_line(stdout, ": %zu of %zu layers are not there", missing,
			   lam_image_layer_count(image));
	else
		print_line(
			stdout, ": all %zu layers are what their digests say, %u paths",
			lam_image_layer_count(image),
			lam_tree_node(lam_image_tree(image), LAM_NODE_ROOT)->live_count);
	return missing > 0 ? EXIT_DIFFERENT : EXIT_DONE;
}

static int run_check(struct call *call)
{
	int code = EXIT_DONE;
	json_t *images = json_array(), *errors = json_array();
	struct lam_image *image = NULL;

	call->read_all = call->referrers = true;
	call->access.blobs = NULL;
	if (wants_all_platforms(call))
		code = for_each(call, check_one, images, errors);
	else if ((image = open_image(call, call->args[0], NULL, &code)) != NULL)
		code = check_one(call, image, images);
	else
		code = damaged_or(call, code, errors);
	if (call_has(call, "json"))
		print_json(
			json_pack("{s:i, s:o, s:b, s:O, s:O}", "lamina", 1, "reference",
				  json_bytes(call->args[0], strlen(call->args[0])), "ok",
				  code == EXIT_DONE, "images", images, "errors", errors));
	json_decref(images);
	json_decref(errors);
	lam_image_close(image);
	return code;
}

const struct command CMD_INSPECT = {
	.name = "inspect",
	.usage = "IMAGE",
	.summary = "the layers and what they hold",
	.about =
		"Shows each layer with its digest, sizes, entries, waste and origin, and what is odd about the image.\n"
		"With --against also what a client that has an older image fetches of it.\n\n"
		"  lamina inspect oci:app:2 --against oci:app:1 --max-pull 50M --max-waste 5%",
	.options = PULL_OPTIONS,
	.least = 1,
	.most = 1,
	.run = run_inspect,
};

const struct command CMD_CHECK = {
	.name = "check",
	.usage = "IMAGE",
	.summary = "verify every digest, size and diff_id",
	.about =
		"Reads all of IMAGE, verifies every digest, size and diff_id, and tells what runtimes read differently.",
	.options = JSON_OPTION,
	.least = 1,
	.most = 1,
	.run = run_check,
};
