/* lamina apply: plan, image, output. */
#include <stdlib.h>
#include <string.h>

#include "base/size.h"
#include "cli/print.h"

struct apply {
	struct call *call;
	struct lam_plan *plan;
	struct lam_image *image;
	struct lam_layout *layout;
	char *spool, *cache;
	bool *there; /* of each target in a dry run: it was written before; or NULL */
	char created[CREATED_MAX];
};

static int check_pinned(struct apply *a)
{
	const char *have = lam_image_manifest_digest(a->image),
		   *want = a->plan->source_manifest;

	if (!call_has(a->call, "pinned") || (want && strcmp(have, want) == 0))
		return 0;
	(void)lam_fail(&a->call->err, LAM_EPLAN,
		       "%s: is %s, and the plan was made for %s", a->call->args[1], have,
		       want ? want : "no image in particular (no source.manifest)");
	return fail(a->call);
}

static int tell_remarks(struct apply *a)
{
	bool strict = call_has(a->call, "strict");
	int code = 0;

	for (size_t i = 0; i < lam_layout_remark_count(a->layout); i++) {
		const struct lam_remark *r = lam_layout_remark(a->layout, i);

		if (strict && r->strict) {
			(void)lam_fail(&a->call->err, LAM_EPLAN, "%s", r->text);
			code = fail(a->call);
		} else {
			tell(a->call, "note: %s", r->text);
		}
	}
	return code;
}

static void print_fate(FILE *out, enum lam_fate fate, bool color)
{
	static const char *const colors[] = { [LAM_FATE_KEPT] = "\033[32m",
					      [LAM_FATE_REWRITTEN] = "\033[33m",
					      [LAM_FATE_NEW] = "\033[36m",
					      [LAM_FATE_EMPTY] = "\033[33m" };

	print_own(out, color ? colors[fate] : "");
	print(out, "%-10s", FATE_NAMES[fate]);
	print_own(out, color ? "\033[0m" : "");
}

static void print_layout(const struct apply *a, FILE *out, bool color)
{
	uint32_t dropped;
	uint64_t bytes;
	char size[LAM_SIZE_TEXT];

	print_line(out, "%-3s %-16s %-10s %8s %8s %9s  %s", "", "layer", "", "entries",
		   "files", "tar", "why");
	for (size_t i = 0; i < lam_layout_target_count(a->layout); i++) {
		const struct lam_target *t = lam_layout_target(a->layout, i);

		print(out, "%-3zu %-16s ", i, t->name);
		print_fate(out, t->fate, color);
		print_line(out, " %8u %8u %9s  %s%s%s%s%s", t->entry_count, t->file_count,
			   lam_size_text(t->tar_size, size), t->reason,
			   t->from[0] ? " (" : "", t->from, t->from[0] ? ")" : "",
			   a->there && a->there[i] ? "; is there" : "");
	}
	lam_layout_dropped(a->layout, &dropped, &bytes);
	if (dropped)
		print_line(out, "LEFT OUT of the image: %u paths, %s", dropped,
			   lam_size_text(bytes, size));
}

/* w: once it is written; there: in a dry run, whether it is already. */
static json_t *json_target(const struct lam_target *t, const struct lam_written_layer *w,
			   const bool *there)
{
	char compression[LAM_COMPRESSION_TEXT];
	json_t *json = json_pack(
		"{s:o, s:s, s:o, s:o, s:I, s:I, s:I, s:I, s:I}", "name",
		json_shown(t->name), "fate", FATE_NAMES[t->fate], "reason",
		json_shown(t->reason), "from", json_shown(t->from), "entries",
		(json_int_t)t->entry_count, "whiteouts", (json_int_t)t->whiteout_count,
		"files", (json_int_t)t->file_count, "file_bytes",
		(json_int_t)t->file_bytes, "tar_size", (json_int_t)t->tar_size);

	if (t->fate == LAM_FATE_KEPT)
		json_object_set_new(json, "original", json_integer(t->original));
	else
		json_object_set_new(
			json, "compression",
			json_string(lam_compression_format(t->compression, compression)));
	if (w)
		json_object_update_new(json,
				       json_pack("{s:s, s:s, s:I}", "digest", w->digest,
						 "diff_id", w->diff_id, "blob_size",
						 (json_int_t)w->blob_size));
	if (t->fate != LAM_FATE_KEPT && (w || there))
		json_object_set_new(json, "reused", json_boolean(w ? w->reused : *there));
	return json;
}

static void print_as_json(const struct apply *a, const struct lam_write_result *result)
{
	json_t *layers = json_array(), *remarks = json_array(),
	       *json = json_pack("{s:i, s:s}", "lamina", 1, "source",
				 lam_image_manifest_digest(a->image));
	size_t next = 0;
	uint32_t dropped;
	uint64_t bytes;

	lam_layout_dropped(a->layout, &dropped, &bytes);
	if (result)
		json_object_update_new(json, json_pack("{s:s, s:s, s:b}", "manifest",
						       result->manifest_digest, "config",
						       result->config_digest, "verified",
						       (int)result->verified));
	for (size_t i = 0; i < lam_layout_target_count(a->layout); i++) {
		const struct lam_target *t = lam_layout_target(a->layout, i);
		bool written = result && t->fate != LAM_FATE_EMPTY;

		json_array_append_new(
			layers, json_target(t, written ? &result->layers[next] : NULL,
					    a->there ? &a->there[i] : NULL));
		next += written;
	}
	for (size_t i = 0; i < lam_layout_remark_count(a->layout); i++)
		json_array_append_new(remarks,
				      json_shown(lam_layout_remark(a->layout, i)->text));
	json_object_update_new(json, json_pack("{s:I, s:I, s:o, s:o}", "dropped",
					       (json_int_t)dropped, "dropped_bytes",
					       (json_int_t)bytes, "layers", layers,
					       "remarks", remarks));
	print_json(json);
}

static struct lam_write_options options_of(const struct apply *a)
{
	const struct call *call = a->call;

	return (struct lam_write_options){ .threads = call->threads,
					   .no_verify = call_has(call, "no-verify"),
					   .created = a->created[0] ? a->created : NULL,
					   .progress = &call->progress,
					   .access = &call->access,
					   .cache = a->cache,
					   .reuse = call_value(call, "reuse"),
					   .spool = a->spool };
}

/* Layers that were not written, as they were before. */
static void tell_reused(const struct apply *a, const struct lam_write_result *result)
{
	size_t next = 0;

	for (size_t i = 0; i < lam_layout_target_count(a->layout); i++) {
		const struct lam_target *t = lam_layout_target(a->layout, i);

		if (t->fate == LAM_FATE_EMPTY)
			continue;
		if (result->layers[next++].reused)
			tell(a->call, "reused: layer \"%s\" was there", t->name);
	}
}

static int write_image(struct apply *a)
{
	struct call *call = a->call;
	const struct lam_write_options options = options_of(a);
	bool standard = strcmp(call->args[2], "-") == 0;
	struct lam_write_result result;

	print_layout(a, stderr, call->color_err);
	if (lam_write_image(a->layout, call->args[2], &options, &result, &call->err) < 0)
		return fail(call);
	progress_clear();
	tell_reused(a, &result);
	if (call_has(call, "json"))
		print_as_json(a, &result);
	else
		print_line(standard ? stderr : stdout, "%s %s%s", result.manifest_digest,
			   call->args[2], result.verified ? "" : " (not verified)");
	lam_write_result_fini(&result);
	return EXIT_DONE;
}

static int dry_run(struct apply *a)
{
	const struct lam_write_options options = options_of(a);

	if (lam_write_forecast(&a->there, a->layout, a->call->args[2], &options,
			       &a->call->err) < 0)
		return fail(a->call);
	if (call_has(a->call, "json"))
		print_as_json(a, NULL);
	else
		print_layout(a, stdout, a->call->color_out);
	return EXIT_DONE;
}

static int apply(struct apply *a)
{
	int code = get_created(a->call, a->created);

	if (code)
		return code;
	a->plan = read_plan(a->call, a->call->args[0], &code);
	if (!a->plan)
		return code;
	a->image = open_image(a->call, a->call->args[1], a->spool, &code);
	if (!a->image)
		return code;
	code = check_pinned(a);
	if (code)
		return code;
	a->layout = make_layout(a->call, a->image, a->plan, &code);
	if (!a->layout)
		return code;
	code = tell_remarks(a);
	if (code)
		return code;
	return call_has(a->call, "dry-run") ? dry_run(a) : write_image(a);
}

static int run_apply(struct call *call)
{
	struct apply a = { .call = call };
	int code;

	if (strcmp(call->args[0], "-") == 0 && strcmp(call->args[1], "-") == 0)
		return usage_error(
			"apply",
			"apply: the plan and the image cannot both be standard input");
	if (!call_has(call, "dry-run") && call_has(call, "json") &&
	    strcmp(call->args[2], "-") == 0)
		return usage_error(
			"apply", "apply: --json and an archive on standard output cannot "
				 "both be had: write to a file, or leave --json out");
	if (!call_has(call, "dry-run") &&
	    lam_write_spool_folder(&a.spool, call->args[2], &call->access, &call->err) <
		    0)
		return fail(call);
	a.cache = user_folder("XDG_CACHE_HOME", ".cache", "");
	code = apply(&a);
	lam_layout_free(a.layout);
	lam_image_close(a.image);
	lam_plan_free(a.plan);
	free(a.spool);
	free(a.cache);
	free(a.there);
	return code;
}

static const struct option OPTIONS[] = {
	{ "dry-run", 0, NULL, "show what would be written, and write nothing" },
	{ "pinned", 0, NULL,
	  "refuse an image that is not the one the plan was made for" },
	{ "strict", 0, NULL,
	  "rules that match nothing and paths that are new are errors" },
	{ "reuse", 0, "IMAGE", "take layers that were written before from there, too" },
	{ "no-verify", 0, NULL, "do not read back what was written" },
	{ "json", 0, NULL, "the result as JSON" },
	{ 0 },
};

const struct command CMD_APPLY = {
	.name = "apply",
	.usage = "PLAN IMAGE OUTPUT",
	.summary = "write an image as a plan says",
	.about =
		"Writes IMAGE with the layers that PLAN asks for to OUTPUT, reads it back and proves that the merged\n"
		"filesystem is the same before OUTPUT exists. PLAN is a file, or - for standard input.\n\n"
		"  lamina plan oci:app --flatten --split /opt | lamina apply - oci:app oci:out:split",
	.options = OPTIONS,
	.least = 3,
	.most = 3,
	.run = run_apply,
};
