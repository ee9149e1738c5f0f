/* lamina suggest: where to cut an image, by what changed between its versions. */
#include "cli/suggest.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/size.h"
#include "base/workers.h"
#include "cli/print.h"

/* Options */

static int read_numbers(struct suggest *s)
{
	const char *layers = call_value(s->call, "layers"),
		   *size = call_value(s->call, "max-layer-size");
	char *end;

	if (layers) {
		s->request.most_layers = strtoul(layers, &end, 10);
		if (*end || strspn(layers, "0123456789") != strlen(layers) ||
		    strlen(layers) > 4 || !s->request.most_layers)
			return usage_error("suggest", "--layers is a number from 1");
	}
	if (size && (lam_size_parse(&s->request.most_bytes, size, &s->call->err) < 0 ||
		     !s->request.most_bytes))
		return usage_error("suggest", "--max-layer-size is a size as 500M: %.40s",
				   size);
	return 0;
}

static int open_versions(struct suggest *s)
{
	const char **names = lam_xcalloc(s->call->given_count + 1, sizeof *names);
	size_t count = call_values(s->call, "since", names);
	int code = EXIT_DONE;

	names[count++] = s->call->args[0];
	s->versions = lam_xcalloc(count, sizeof *s->versions);
	progress_parts((unsigned)count);
	for (size_t i = 0; i < count && code == 0; i++) {
		if (i)
			progress_next_part();
		s->versions[i] = open_image(s->call, names[i], NULL, &code);
		s->count += s->versions[i] != NULL;
	}
	free(names);
	return code;
}

static int read_request(struct suggest *s)
{
	const char *before = call_value(s->call, "from-plan");
	int code = read_numbers(s);

	if (code == 0)
		code = get_clamp(s->call, &s->request.times);
	if (code == 0 && before) {
		s->before = read_plan(s->call, before, &code);
		s->request.before = s->before;
	}
	if (code || (code = open_versions(s)) != 0)
		return code;
	s->request.versions = (const struct lam_image *const *)s->versions;
	s->request.version_count = s->count;
	s->request.stop = &stop_asked;
	return read_base(s->call, s->versions[s->count - 1], &s->request.keep);
}

/* Comparing */

static struct compared *add_compared(struct suggest *s, const char *name,
				     const char *text)
{
	struct compared *c = &s->compared[s->compared_count++];

	*c = (struct compared){ .name = name, .text = text };
	return c;
}

static bool has_blob(const struct lam_image *image, const char *digest)
{
	for (size_t i = 0; i < lam_image_layer_count(image); i++) {
		if (strcmp(lam_image_layer(image, i)->digest, digest) == 0)
			return true;
	}
	return false;
}

static void compare_today(struct suggest *s)
{
	const struct lam_image *older = s->versions[s->count - 2],
			       *newer = s->versions[s->count - 1];
	struct compared *c = add_compared(s, "today", "today's layers");

	c->pull.layers = lam_image_layer_count(newer);
	for (size_t i = 0; i < c->pull.layers; i++) {
		const struct lam_layer_info *layer = lam_image_layer(newer, i);

		if (has_blob(older, layer->digest))
			continue;
		c->pull.fetched++;
		c->pull.bytes += layer->blob_size;
	}
}

/* Takes the plan over, which may be NULL for what failed. */
static int compare_plan(struct suggest *s, const char *name, const char *text,
			struct lam_plan *plan)
{
	struct lam_error *err = &s->call->err;
	int code = plan ? lam_suggest_pull(&add_compared(s, name, text)->pull, plan,
					   s->versions[s->count - 2],
					   s->versions[s->count - 1], &stop_asked, err)
			: err->code;

	lam_plan_free(plan);
	return code;
}

static int compare_usual(struct suggest *s)
{
	static const struct {
		enum lam_usual_cut cut;
		const char *name, *text;
	} USUAL[] = {
		{ LAM_CUT_ONE, "one", "one layer" },
		{ LAM_CUT_FOLDERS, "folders", "a layer for each top folder" },
		{ LAM_CUT_PACKAGES, "packages", "a layer for each package" },
	};

	for (size_t i = 0; i < sizeof USUAL / sizeof *USUAL; i++) {
		struct lam_plan *plan = NULL;

		if (lam_suggest_usual(&plan, s->versions[s->count - 2], USUAL[i].cut,
				      &stop_asked, &s->call->err) == LAM_EPLAN)
			continue; /* nobody would cut it so */
		if (plan)
			plan->times = s->found->plan->times;
		if (compare_plan(s, USUAL[i].name, USUAL[i].text, plan) < 0)
			return s->call->err.code;
	}
	return 0;
}

static void *suggest_unseen(void *context)
{
	struct unseen *u = context;

	(void)lam_suggest(&u->found, &u->request, &u->err);
	return NULL;
}

static void begin_unseen(struct suggest *s)
{
	struct unseen *u = &s->unseen;

	if (s->count < 2)
		return;
	u->request = s->request;
	u->request.version_count--;
	u->runs = lam_thread_start(&u->thread, suggest_unseen, u) == 0;
	if (!u->runs)
		(void)suggest_unseen(u);
}

static void finish_unseen(struct suggest *s)
{
	if (s->unseen.runs)
		pthread_join(s->unseen.thread, NULL);
	s->unseen.runs = false;
}

static int compare_suggested(struct suggest *s)
{
	struct lam_plan *plan;

	finish_unseen(s);
	if (!s->unseen.found) {
		s->call->err = s->unseen.err;
		return s->call->err.code;
	}
	plan = LAM_STEAL(s->unseen.found->plan);
	return compare_plan(s, "suggested", "suggested, without having seen it", plan);
}

/* What changed alone, each part by itself: no cut can be better. */
static void compare_least(struct suggest *s)
{
	struct compared *c =
		add_compared(s, "least", "the parts that changed, and nothing else");

	c->pull.layers = s->found->part_count;
	for (size_t i = 0; i < s->found->part_count; i++) {
		const struct lam_suggested_part *part = &s->found->parts[i];

		if (!(part->changed >> (s->found->pulls - 1) & 1))
			continue;
		c->pull.fetched++;
		c->pull.bytes += part->bytes;
	}
}

static int compare(struct suggest *s)
{
	if (s->count < 2)
		return 0;
	compare_today(s);
	if (compare_usual(s) < 0 || compare_suggested(s) < 0)
		return fail(s->call);
	compare_least(s);
	return 0;
}
static int suggest(struct suggest *s)
{
	int code = read_request(s);
	char *plan;

	if (code)
		return code;
	begin_unseen(s);
	if (lam_suggest(&s->found, &s->request, &s->call->err) < 0)
		return fail(s->call);
	code = compare(s);
	if (code)
		return code;
	progress_clear();
	if (lam_plan_format(s->found->plan, &plan, &s->call->err) < 0)
		return fail(s->call);
	code = suggest_print(s, plan);
	free(plan);
	return code;
}

static int run_suggest(struct call *call)
{
	struct suggest s = { .call = call };
	int code = suggest(&s);

	finish_unseen(&s);
	lam_suggestion_free(s.unseen.found);
	for (size_t i = 0; i < s.count; i++)
		lam_image_close(s.versions[i]);
	free(s.versions);
	lam_plan_free(s.before);
	lam_suggestion_free(s.found);
	return code;
}

static const struct option OPTIONS[] = {
	{ "since", 0, "OLD",
	  "a version before IMAGE; again for each, in the order of their builds" },
	{ "layers", 0, "N",
	  "a plan of at most so many layers, kept ones too; by default 12. What --max-layer-size splits is written in more" },
	{ "max-layer-size", 0, "SIZE",
	  "none of them larger when compressed, as 500M: an estimate, of which blobs are up to 15 % off; a layer's max_size in the plan is a promise. A file that is larger stays whole" },
	{ "keep-base", 0, "BASE",
	  "the lowest layers, which image BASE has too, stay as they are" },
	{ "from-plan", 0, "PLAN",
	  "yesterday's plan, from which nothing moves that need not" },
	{ "clamp-times", 0, NULL, "set times later than SOURCE_DATE_EPOCH back to it" },
	{ "output", 'o', "FILE", "write the plan to FILE" },
	{ "force", 0, NULL, "also over a FILE that holds something else" },
	{ "json", 0, NULL, "the result as JSON" },
	{ 0 },
};

const struct command CMD_SUGGEST = {
	.name = "suggest",
	.usage = "IMAGE",
	.summary = "where to cut, by what changed",
	.about =
		"Cuts IMAGE so that the next pull is expected to fetch the least: what changed together between the\n"
		"versions given with --since goes together, and apart from what did not. What is cut are packages, and\n"
		"subtrees of what no package owns. With older versions it compares what the newest fetches under other\n"
		"cuts, and under the plan that is made without having seen it.\n\n"
		"  lamina suggest oci:app:1.6 --since oci:app:1.4 --since oci:app:1.5 -o app.plan.json\n"
		"  lamina apply app.plan.json oci:app:1.6 oci:out:1.6",
	.options = OPTIONS,
	.least = 1,
	.most = 1,
	.run = run_suggest,
};
