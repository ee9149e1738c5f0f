/* lamina apply: plan, image, output. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "cli/part.h"
#include "cli/print.h"

struct apply {
	struct call *call;
	struct lam_plan *plan;
	struct lam_image_set *set; /* of all platforms; NULL: one image */
	struct part *parts;
	size_t count;
	char *spool, *cache;
	struct lam_write_ahead *ahead;
	char created[LAM_TIME_TEXT];
};

/* The plan was made for one of them. */
static int check_pinned(struct apply *a)
{
	const char *want = a->plan->source_manifest;

	if (!call_has(a->call, "pinned"))
		return 0;
	for (size_t i = 0; want && i < a->count; i++) {
		if (strcmp(lam_image_manifest_digest(a->parts[i].image), want) == 0)
			return 0;
	}
	(void)lam_fail(&a->call->err, LAM_EPLAN,
		       "%s: is %s, and the plan was made for %s", a->call->args[1],
		       lam_image_manifest_digest(a->parts[0].image),
		       want ? want : "no image in particular (no source.manifest)");
	return fail(a->call);
}

static void print_layouts(const struct apply *a, FILE *out, bool color)
{
	for (size_t i = 0; i < a->count; i++) {
		if (a->set)
			print_line(out, "%s", lam_image_platform(a->parts[i].image));
		part_print(&a->parts[i], out, color);
	}
}

/* One image as it is, all platforms as a list. results: NULL in a dry run. */
static void print_as_json(const struct apply *a, const struct lam_write_result *results,
			  const struct lam_referrers *referrers)
{
	json_t *json = json_pack("{s:i}", "lamina", 1), *images = json_array();

	for (size_t i = 0; i < a->count; i++) {
		json_t *part = part_json(&a->parts[i], results ? &results[i] : NULL);

		json_object_set_new(part, "platform",
				    json_string(lam_image_platform(a->parts[i].image)));
		json_array_append_new(images, part);
	}
	if (a->set)
		json_object_set(json, "images", images);
	else
		json_object_update(json, json_array_get(images, 0));
	json_decref(images);
	if (results && results[0].index_digest[0])
		json_object_set_new(json, "index", json_string(results[0].index_digest));
	json_object_set_new(json, "referrers", json_referrers(referrers));
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
					   .spool = a->spool,
					   .ahead = a->ahead,
					   .drop_attestations =
						   call_has(call, "drop-attestations") };
}

/* Layers that were not written, as they were before. */
static void tell_reused(const struct apply *a, const struct lam_layout *layout,
			const struct lam_write_result *result)
{
	size_t next = 0;
	char name[LAM_TARGET_TEXT];

	for (size_t i = 0; i < lam_layout_target_count(layout); i++) {
		const struct lam_target *t = lam_layout_target(layout, i);

		if (t->fate == LAM_FATE_EMPTY)
			continue;
		if (result->layers[next++].reused)
			tell(a->call, "reused: layer \"%s\" was there",
			     lam_target_text(t, name));
	}
}

/* What stands under the name comes last. */
static void print_written(const struct apply *a, const struct lam_write_result *results)
{
	const char *place = a->call->args[2], *index = results[0].index_digest;
	FILE *out = strcmp(place, "-") == 0 ? stderr : stdout;
	const char *verified = results[0].verified ? "" : " (not verified)";

	print_referrers(stderr, &results[0].referrers);
	for (size_t i = 0; i < a->count; i++)
		print_line(out, "%s %s%s", results[i].manifest_digest,
			   index[0] ? lam_image_platform(a->parts[i].image) : place,
			   verified);
	if (index[0])
		print_line(out, "%s %s", index, place);
}

/* What was said of the source speaks of that alone. */
static void tell_referrers(const struct apply *a)
{
	const struct lam_referrers *all = lam_image_referrers(a->parts[0].image);

	for (size_t n = 0; n < all->count && !a->set; n++)
		tell(a->call, "note: %s %s speaks of the source, and is not written",
		     all->items[n].kind, all->items[n].digest);
}

/* A new array. */
static const struct lam_layout **layouts_of(const struct apply *a)
{
	const struct lam_layout **layouts = lam_xcalloc(a->count, sizeof *layouts);

	for (size_t i = 0; i < a->count; i++)
		layouts[i] = a->parts[i].layout;
	return layouts;
}

static int write_parts(struct apply *a, struct lam_write_result *results)
{
	const struct lam_write_options options = options_of(a);
	const struct lam_layout **layouts = layouts_of(a);
	const char *place = a->call->args[2];
	int code;

	code = a->set ? lam_write_set(a->set, layouts, place, &options, results,
				      &a->call->err)
		      : lam_write_image(layouts[0], place, &options, results,
					&a->call->err);
	free(layouts);
	return code;
}

static int write_all(struct apply *a)
{
	LAM_CLEANUP(lam_free_ptr)
	struct lam_write_result *results = lam_xcalloc(a->count, sizeof *results);

	tell_referrers(a);
	print_layouts(a, stderr, a->call->color_err);
	if (write_parts(a, results) < 0)
		return fail(a->call);
	progress_clear();
	for (size_t i = 0; i < a->count; i++)
		tell_reused(a, a->parts[i].layout, &results[i]);
	if (call_has(a->call, "json"))
		print_as_json(a, results, &results[0].referrers);
	else
		print_written(a, results);
	for (size_t i = 0; i < a->count; i++)
		lam_write_result_fini(&results[i]);
	return EXIT_DONE;
}

/* What of it is there already, and what a client fetches of it. Returns the exit code. */
static int forecast(struct apply *a, const struct lam_write_options *options)
{
	int code = 0;

	for (size_t i = 0; i < a->count && code == 0; i++) {
		struct part *p = &a->parts[i];

		if (lam_write_forecast(&p->there, p->layout, a->call->args[2], options,
				       &a->call->err) < 0)
			return fail(a->call);
		if (call_has(a->call, "against"))
			code = pull_open(a->call, &p->pull);
		if (code == 0 && p->pull.old_count)
			code = pull_count_planned(a->call, p->layout, &p->pull);
	}
	return code;
}

/* What it would write is told also where it would be refused. */
static int dry_run(struct apply *a)
{
	LAM_CLEANUP(lam_referrers_fini) struct lam_referrers told = { 0 };
	LAM_CLEANUP(lam_free_ptr) const struct lam_layout **layouts = layouts_of(a);
	const struct lam_write_options options = options_of(a);
	bool refused;
	int code;

	tell_referrers(a);
	if ((code = forecast(a, &options)) != 0)
		return code;
	refused = lam_write_foresee(&told, a->set, layouts, a->call->args[2], &options,
				    &a->call->err) < 0;
	if (call_has(a->call, "json")) {
		print_as_json(a, NULL, &told);
	} else {
		print_layouts(a, stdout, a->call->color_out);
		print_referrers(stdout, &told);
	}
	return refused ? fail(a->call) : EXIT_DONE;
}

static int open_all(struct apply *a)
{
	const char *reference = a->call->args[1];
	bool all = wants_all_platforms(a->call);
	int code = EXIT_DONE;

	if (all)
		a->set = open_set(a->call, reference, &code);
	if (code)
		return code;
	a->count = all ? lam_image_set_count(a->set) : 1;
	a->parts = lam_xcalloc(a->count, sizeof *a->parts);
	for (size_t i = 0; i < a->count; i++) {
		struct part *p = &a->parts[i];

		/* the contents of all of them are not kept at a time */
		p->image = all ? open_listed(a->call, reference, a->set, i, &code)
			       : open_image(a->call, reference, a->spool, &code);
		if (!p->image)
			return code;
	}
	return 0;
}

static int lay_out_all(struct apply *a)
{
	int code = 0;

	for (size_t i = 0; i < a->count && code == 0; i++) {
		struct part *p = &a->parts[i];

		p->layout = make_layout(a->call, p->image, a->plan, &code);
		if (!p->layout)
			return code;
		code = tell_remarks(a->call, p->layout, call_has(a->call, "strict"));
	}
	return code;
}

static int apply(struct apply *a)
{
	int code = get_created(a->call, a->created);
	struct lam_clamp clamp;

	if (code == 0)
		code = get_clamp(a->call, &clamp);
	if (code)
		return code;
	a->plan = read_plan(a->call, a->call->args[0], &code);
	if (!a->plan)
		return code;
	if (clamp.set)
		a->plan->times = clamp;
	if (!call_has(a->call, "dry-run")) {
		const struct lam_write_options options = options_of(a);

		a->ahead = lam_write_ahead_new(a->call->args[2], &options);
	}
	if ((code = open_all(a)) != 0 || (code = check_pinned(a)) != 0 ||
	    (code = lay_out_all(a)) != 0)
		return code;
	return call_has(a->call, "dry-run") ? dry_run(a) : write_all(a);
}

static int run_apply(struct call *call)
{
	struct apply a = { .call = call };
	int code;

	if (strcmp(call->args[0], "-") == 0 && strcmp(call->args[1], "-") == 0)
		return usage_error(
			"apply",
			"apply: the plan and the image cannot both be standard input");
	if (call_has(call, "against") &&
	    (!call_has(call, "dry-run") || wants_all_platforms(call)))
		return usage_error("apply",
				   "apply: --against goes with --dry-run, and is of "
				   "one platform");
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
	for (size_t i = 0; a.parts && i < a.count; i++) {
		lam_layout_free(a.parts[i].layout);
		lam_image_close(a.parts[i].image);
		free(a.parts[i].there);
		pull_fini(&a.parts[i].pull);
	}
	free(a.parts);
	lam_write_ahead_free(a.ahead);
	lam_image_set_close(a.set);
	lam_plan_free(a.plan);
	free(a.spool);
	free(a.cache);
	return code;
}

static const struct option OPTIONS[] = {
	{ "dry-run", 0, NULL, "show what would be written, and write nothing" },
	{ "against", 0, "OLD",
	  "with --dry-run: what a client that has this image fetches; may be given again" },
	{ "pinned", 0, NULL,
	  "refuse an image that is not the one the plan was made for" },
	{ "strict", 0, NULL,
	  "rules that match nothing and paths that are new are errors" },
	{ "clamp-times", 0, NULL,
	  "set times later than SOURCE_DATE_EPOCH back to it, whatever the plan says" },
	{ "reuse", 0, "IMAGE", "take layers that were written before from there, too" },
	{ "no-verify", 0, NULL, "do not read back what was written" },
	{ "drop-attestations", 0, NULL,
	  "attestations and signatures of what is replaced go" },
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
	.writes = true,
	.run = run_apply,
};
