/* lamina plan: a plan is made. */
#include <stdlib.h>
#include <string.h>

#include <lamina/packages.h>

#include "base/limits.h"
#include "base/memory.h"
#include "cli/print.h"

static int print_plan(struct call *call, const struct lam_plan *plan)
{
	const char *file = call_value(call, "output");
	char *text;
	int code = EXIT_DONE;

	if (lam_plan_format(plan, &text, &call->err) < 0)
		return fail(call);
	if (!file || strcmp(file, "-") == 0)
		print_json_text(text);
	else
		code = write_plan(call, file, text);
	free(text);
	return code;
}

/* "opt" is "/opt": there is no folder to be in. "dpkg:opt" is a package. */
static void root_paths(const char **paths, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		bool as_it_is = paths[i][0] == '/' || lam_package_is_named(paths[i]);

		paths[i] = lam_xprintf("%s%s", as_it_is ? "" : "/", paths[i]);
	}
}

/* What an empty variable leaves behind is not the whole image. */
static int check_paths(const char *option, const char *const *paths, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		size_t len = strcspn(paths[i], "=");

		if (strspn(paths[i], ".") >= len)
			return usage_error(
				"plan",
				"--%s is about a path, and '%s' names none: / is "
				"the whole image",
				option, paths[i]);
	}
	return 0;
}

static void free_paths(const char **paths, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free((char *)(uintptr_t)paths[i]);
	free(paths);
}

static int set_request(struct call *call, struct lam_plan_request *request,
		       const char **splits, const char **drops)
{
	const char *keep = call_value(call, "keep");
	int code;
	char *end;

	*request = (struct lam_plan_request){ .flatten = call_has(call, "flatten"),
					      .splits = splits,
					      .drops = drops };
	request->split_count = call_values(call, "split", splits);
	request->drop_count = call_values(call, "drop", drops);
	code = check_paths("split", splits, request->split_count);
	if (code == 0)
		code = check_paths("drop", drops, request->drop_count);
	root_paths(splits, request->split_count);
	root_paths(drops, request->drop_count);
	if (code || !keep)
		return code;
	if (call_has(call, "keep-base"))
		return usage_error("plan", "--keep-base counts the layers: --keep is not "
					   "for it");
	request->keep = strtoul(keep, &end, 10);
	if (*end || strspn(keep, "0123456789") != strlen(keep) || !*keep ||
	    strlen(keep) > 6)
		return usage_error("plan", "--keep is a number of layers");
	return 0;
}

/* 0, or EXIT_USAGE with the reason told. */
static int check_dockerfile(const struct call *call)
{
	static const char *const others[] = { "flatten", "split", "keep", "keep-base",
					      "drop" };

	if (!call_value(call, "dockerfile"))
		return call_value(call, "target")
			       ? usage_error("plan", "--target is a stage of a "
						     "--dockerfile")
			       : 0;
	for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
		if (call_has(call, others[i]))
			return usage_error("plan",
					   "--dockerfile says all of the plan: --%s is "
					   "not for it",
					   others[i]);
	}
	return 0;
}

static int plan_dockerfile(struct call *call, const struct lam_image *image,
			   struct lam_plan **out)
{
	const char *file = call_value(call, "dockerfile");
	LAM_CLEANUP(lam_buf_fini) struct lam_buf text = LAM_BUF(LAM_MAX_DOCKERFILE);
	LAM_CLEANUP(lam_free_ptr) char *name = lam_path_escape(file, strlen(file));
	struct lam_plan_errors errors = { 0 }, notes = { 0 };
	struct lam_dockerfile_request request = { .name = name,
						  .target = call_value(call, "target") };
	int code = EXIT_DONE;

	if (read_input(call, file, &text) < 0)
		return fail_as(call, EXIT_PLAN);
	request.text = text.data ? text.data : "";
	request.len = text.len;
	if (lam_plan_from_dockerfile(out, image, &request, &errors, &notes, &call->err) <
	    0) {
		if (!errors.count)
			fail(call);
		code = EXIT_PLAN;
	}
	for (size_t i = 0; i < notes.count; i++)
		tell(call, "note: %s", notes.lines[i]);
	tell_errors(call, &errors);
	lam_plan_errors_fini(&errors);
	lam_plan_errors_fini(&notes);
	return code;
}

static int make_plan(struct call *call, const struct lam_image *image,
		     struct lam_plan_request *request, struct lam_plan **out)
{
	int code;

	if (call_value(call, "dockerfile"))
		return plan_dockerfile(call, image, out);
	code = read_base(call, image, &request->keep);
	if (code)
		return code;
	request->stop = &stop_asked;
	return lam_plan_make(out, image, request, &call->err) < 0 ? fail(call)
								  : EXIT_DONE;
}

/* What is asked for may lie in layers that are to stay; or be what the image starts. */
static int try_plan(struct call *call, const struct lam_image *image,
		    const struct lam_plan_request *request, const struct lam_plan *plan)
{
	bool drops = request->drop_count || call_has(call, "dockerfile");
	struct lam_layout *layout = NULL;
	int code = EXIT_DONE;

	if (drops || (request->keep && request->split_count))
		layout = make_layout(call, image, plan, &code);
	if (layout && drops)
		(void)tell_remarks(call, layout, false);
	lam_layout_free(layout);
	return code;
}

static int run_plan(struct call *call)
{
	const char **splits = lam_xcalloc(call->given_count, sizeof *splits);
	const char **drops = lam_xcalloc(call->given_count, sizeof *drops);
	struct lam_plan_request request;
	struct lam_image *image = NULL;
	struct lam_plan *plan = NULL;
	int code = set_request(call, &request, splits, drops);

	if (code == 0)
		code = check_dockerfile(call);
	if (code == 0)
		image = open_image(call, call->args[0], NULL, &code);
	if (image)
		code = make_plan(call, image, &request, &plan);
	if (plan)
		code = try_plan(call, image, &request, plan);
	if (plan && code == EXIT_DONE)
		code = print_plan(call, plan);
	lam_plan_free(plan);
	lam_image_close(image);
	free_paths(splits, request.split_count);
	free_paths(drops, request.drop_count);
	return code;
}

static const struct option OPTIONS[] = {
	{ "flatten", 0, NULL, "everything that is not kept or split becomes one layer" },
	{ "split", 0, "WHAT[=NAME]",
	  "WHAT becomes a layer of its own: a path with all below it, or packages by kind and name (dpkg:gcc-*)" },
	{ "keep", 0, "N", "the lowest N layers stay as they are" },
	{ "keep-base", 0, "BASE",
	  "the lowest layers, which image BASE has too, stay as they are" },
	{ "drop", 0, "WHAT", "leave WHAT out of the image" },
	{ "dockerfile", 0, "FILE",
	  "what a stage that copies from IMAGE means: a layer for each COPY line" },
	{ "target", 0, "STAGE", "its name or number; by default the last" },
	{ "output", 'o', "FILE", "write the plan to FILE" },
	{ "force", 0, NULL, "also over a FILE that holds something else" },
	{ 0 },
};

const struct command CMD_PLAN = {
	.name = "plan",
	.usage = "IMAGE",
	.summary = "make a plan",
	.about =
		"Prints a plan for IMAGE, which is JSON: with no options, the one that changes nothing.\n\n"
		"  lamina plan oci:app --keep 1 --flatten --split /opt --drop /var/cache/apt -o app.plan.json\n\n"
		"--dockerfile takes the lines COPY --from=IMAGE of a Dockerfile's stage that begins with nothing (FROM scratch):\n"
		"each is a layer, the last that takes a path wins, what none takes is left out. A folder is itself and not its\n"
		"contents, a link is itself. What cannot be a plan (RUN, other sources, renaming) is named with its line.",
	.options = OPTIONS,
	.least = 1,
	.most = 1,
	.writes = true,
	.run = run_plan,
};
