/* lamina diff: how two merged filesystems differ. */
#include <stdlib.h>
#include <string.h>

#include "cli/print.h"

struct difference {
	const struct lam_tree *a, *b;
	bool json;
	size_t count;
};

static const struct {
	unsigned bit;
	const char *name;
} WHAT[] = {
	{ LAM_DIFF_KIND, "kind" },
	{ LAM_DIFF_MODE, "mode" },
	{ LAM_DIFF_OWNER, "owner" },
	{ LAM_DIFF_TIME, "time" },
	{ LAM_DIFF_SIZE, "size" },
	{ LAM_DIFF_CONTENT, "content" },
	{ LAM_DIFF_TARGET, "target" },
	{ LAM_DIFF_DEVICE, "device" },
	{ LAM_DIFF_ATTRIBUTES, "attributes" },
	{ LAM_DIFF_LINKS, "hard links" },
};

static void print_plain(char sign, const char *path, unsigned what)
{
	const char *between = " (";

	print(stdout, "%c %s", sign, path);
	for (size_t i = 0; i < sizeof WHAT / sizeof *WHAT; i++) {
		if (!(what & WHAT[i].bit))
			continue;
		print(stdout, "%s%s", between, WHAT[i].name);
		between = ", ";
	}
	print_own(stdout, sign == '~' ? ")\n" : "\n");
}

static json_t *make_json(char sign, const char *path, unsigned what)
{
	json_t *names = json_array();

	for (size_t i = 0; i < sizeof WHAT / sizeof *WHAT; i++) {
		if (what & WHAT[i].bit)
			json_array_append_new(names, json_string(WHAT[i].name));
	}
	return json_pack("{s:s, s:o, s:o}", "change",
			 sign == '-'   ? "removed"
			 : sign == '+' ? "added"
				       : "changed",
			 "path", json_shown(path), "what", names);
}

static int found(void *context, uint32_t a, uint32_t b, unsigned what)
{
	struct difference *d = context;
	char *path = a != LAM_NODE_NONE ? lam_tree_path_text(d->a, a)
					: lam_tree_path_text(d->b, b);
	char sign = what & LAM_DIFF_ONLY_A ? '-' : what & LAM_DIFF_ONLY_B ? '+' : '~';

	if (d->json)
		print_json_item(make_json(sign, path, what), d->count == 0);
	else
		print_plain(sign, path, what);
	free(path);
	d->count++;
	return 0;
}

static int run_diff(struct call *call)
{
	struct lam_image *a, *b = NULL;
	struct difference d = { .json = call_has(call, "json") };
	struct lam_clamp clamp;
	int code = get_clamp(call, &clamp);

	if (code)
		return code;
	progress_parts(2);
	a = open_image(call, call->args[0], NULL, &code);
	progress_next_part();
	if (a)
		b = open_image(call, call->args[1], NULL, &code);
	if (b) {
		d.a = lam_image_tree(a);
		d.b = lam_image_tree(b);
		if (d.json)
			print_own(stdout, "{\"lamina\":1,\"differences\":[");
		if (lam_tree_diff(d.a, d.b, clamp, found, &d, &call->err) < 0)
			code = fail(call);
		else
			code = d.count ? EXIT_DIFFERENT : EXIT_DONE;
		if (d.json)
			print_own(stdout, "]}\n");
	}
	lam_image_close(a);
	lam_image_close(b);
	return code;
}

static const struct option OPTIONS[] = {
	{ "clamp-times", 0, NULL,
	  "times later than SOURCE_DATE_EPOCH count as that, in both" },
	{ "json", 0, NULL, "as JSON" },
	{ 0 },
};

const struct command CMD_DIFF = {
	.name = "diff",
	.usage = "A B",
	.summary = "how two images' merged filesystems differ",
	.about =
		"Lists paths of the merged filesystems that differ: '-' in A alone, '+' in B alone, '~' in both. Exits with 1 if there "
		"are any. What the images say beside their files (env, user, labels) is not compared.",
	.options = OPTIONS,
	.least = 2,
	.most = 2,
	.run = run_diff,
};
