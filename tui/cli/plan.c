/* lamina plan: a plan is made. */
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
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
	else if (lam_file_replace(file, text, strlen(text), &call->err) < 0)
		code = fail(call);
	free(text);
	return code;
}

/* "opt" is "/opt": there is no folder to be in. */
static void root_paths(const char **paths, size_t count)
{
	for (size_t i = 0; i < count; i++)
		paths[i] = lam_xprintf("%s%s", paths[i][0] == '/' ? "" : "/", paths[i]);
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
	char *end;

	*request = (struct lam_plan_request){ .flatten = call_has(call, "flatten"),
					      .splits = splits,
					      .drops = drops };
	request->split_count = call_values(call, "split", splits);
	request->drop_count = call_values(call, "drop", drops);
	root_paths(splits, request->split_count);
	root_paths(drops, request->drop_count);
	if (!keep)
		return 0;
	request->keep = strtoul(keep, &end, 10);
	if (*end || strspn(keep, "0123456789") != strlen(keep) || !*keep ||
	    strlen(keep) > 6)
		return usage_error("plan", "--keep is a number of layers");
	return 0;
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
		image = open_image(call, call->args[0], NULL, &code);
	if (image && lam_plan_make(&plan, image, &request, &call->err) < 0)
		code = fail(call);
	if (plan)
		code = print_plan(call, plan);
	lam_plan_free(plan);
	lam_image_close(image);
	free_paths(splits, request.split_count);
	free_paths(drops, request.drop_count);
	return code;
}

static const struct option OPTIONS[] = {
	{ "flatten", 0, NULL, "everything that is not kept or split becomes one layer" },
	{ "split", 0, "PATH[=NAME]",
	  "PATH and all below it become a layer of their own" },
	{ "keep", 0, "N", "the lowest N layers stay as they are" },
	{ "drop", 0, "PATH", "leave PATH out of the image" },
	{ "output", 'o', "FILE", "write the plan to FILE" },
	{ 0 },
};

const struct command CMD_PLAN = {
	.name = "plan",
	.usage = "IMAGE",
	.summary = "make a plan",
	.about =
		"Prints a plan for IMAGE, which is JSON: with no options, the one that changes nothing.\n\n"
		"  lamina plan oci:app --keep 1 --flatten --split /opt --drop /var/cache/apt -o app.plan.json",
	.options = OPTIONS,
	.least = 1,
	.most = 1,
	.writes = true,
	.run = run_plan,
};
