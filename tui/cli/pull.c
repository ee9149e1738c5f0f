/* What a client that has other images fetches of one. */
#include "cli/pull.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/size.h"

int pull_open(struct call *call, struct pull *out)
{
	*out = (struct pull){ 0 };
	return open_given(call, "against", &out->olds, &out->old_count);
}

/* As those who count it want them. */
static const struct lam_image *const *olds_of(const struct pull *p)
{
	return (const struct lam_image *const *)p->olds;
}

void pull_count(const struct lam_image *image, struct pull *p)
{
	size_t count = lam_image_layer_count(image);
	LAM_CLEANUP(lam_free_ptr)
	struct lam_pull_layer *layers = lam_xcalloc(count + 1, sizeof *layers);

	for (size_t i = 0; i < count; i++) {
		const struct lam_layer_info *l = lam_image_layer(image, i);

		layers[i] = (struct lam_pull_layer){ .digest = l->digest,
						     .size = l->blob_size };
	}
	lam_pull_count(&p->of, layers, count, olds_of(p), p->old_count);
}

int pull_count_planned(struct call *call, const struct lam_layout *layout, struct pull *p)
{
	size_t count = lam_layout_target_count(layout);
	LAM_CLEANUP(lam_free_ptr)
	uint64_t *sizes = lam_xcalloc(count + 1, sizeof *sizes);

	p->planned = true;
	if (lam_layout_blob_sizes(layout, sizes, &stop_asked, &call->err) < 0 ||
	    lam_layout_pull(&p->of, layout, sizes, olds_of(p), p->old_count, &stop_asked,
			    &call->err) < 0)
		return fail(call);
	for (size_t t = 0; t < count; t++)
		p->estimated = p->estimated ||
			       (!p->of.had[t] &&
				!lam_layout_size_is_exact(lam_layout_target(layout, t)));
	return 0;
}

void pull_fini(struct pull *pull)
{
	close_given(pull->olds, pull->old_count);
	lam_pull_fini(&pull->of);
}

void pull_print(const struct pull *pull)
{
	const struct lam_pull *of = &pull->of;
	const char *about = pull->estimated ? "about " : "";
	char size[LAM_SIZE_TEXT];

	if (!pull->old_count)
		return;
	print_line(stdout, "a client with %s fetches %zu of %zu layers, %s%s",
		   pull->old_count == 1 ? "the old image" : "the old images", of->layers,
		   of->count, about, lam_size_text(of->bytes, size));
	if (of->chain_layers != of->layers)
		print_line(
			stdout,
			"Docker's own store fetches %zu, %s%s: all from the first that "
			"differs on",
			of->chain_layers, about, lam_size_text(of->chain_bytes, size));
}

json_t *pull_json(const struct pull *pull)
{
	const struct lam_pull *of = &pull->of;
	json_t *json = json_pack("{s:I, s:I, s:I, s:I}", "layers", (json_int_t)of->layers,
				 "bytes", (json_int_t)of->bytes, "docker_layers",
				 (json_int_t)of->chain_layers, "docker_bytes",
				 (json_int_t)of->chain_bytes);

	if (pull->planned)
		json_object_set_new(json, "estimated", json_boolean(pull->estimated));
	return json;
}

static int read_size(struct call *call, const char *name, const char *text, uint64_t *out)
{
	*out = UINT64_MAX;
	if (!text || lam_size_parse(out, text, &call->err) == 0)
		return 0;
	return usage_error(call->command->name, "--%s is a size as 50M%s: %.40s", name,
			   strcmp(name, "max-waste") == 0 ? " or a share as 5%" : "",
			   text);
}

int pull_read_limits(struct call *call, struct pull_limits *out)
{
	const char *waste = call_value(call, "max-waste");
	double percent = 0;
	const char *end = waste ? lam_size_number(&percent, waste) : NULL;
	bool share = end && strcmp(end, "%") == 0 && percent <= 100;
	int code;

	*out = (struct pull_limits){ .waste_share = share ? percent / 100 : 2 };
	code = read_size(call, "max-pull", call_value(call, "max-pull"), &out->most_pull);
	return code ? code
		    : read_size(call, "max-waste", share ? NULL : waste,
				&out->most_waste);
}

static int tell_over(const struct call *call, const char *what, uint64_t is,
		     uint64_t most)
{
	char a[LAM_SIZE_TEXT], b[LAM_SIZE_TEXT];

	if (is <= most)
		return 0;
	tell(call, "%s: %s %s, and at most %s is wanted", call->args[0], what,
	     lam_size_text(is, a), lam_size_text(most, b));
	return EXIT_DIFFERENT;
}

int pull_check(struct call *call, const struct lam_image *image, const struct pull *pull,
	       const struct pull_limits *limits)
{
	uint64_t waste = 0, tars = 0, most = limits->most_waste;
	int fetched =
		tell_over(call, "a client fetches", pull->of.bytes, limits->most_pull);

	for (size_t i = 0; i < lam_image_layer_count(image); i++) {
		waste += lam_image_layer(image, i)->waste_bytes;
		tars += lam_image_layer(image, i)->tar_size;
	}
	if (limits->waste_share <= 1)
		most = (uint64_t)((double)tars * limits->waste_share);
	return tell_over(call, "dead entries hold", waste, most) ? EXIT_DIFFERENT
								 : fetched;
}

const struct option PULL_OPTIONS[] = {
	{ "json", 0, NULL, "as JSON" },
	{ "against", 0, "OLD",
	  "what a client that has this image fetches; may be given again" },
	{ "max-pull", 0, "SIZE", "exit with 1 where that is more, as 50M" },
	{ "max-waste", 0, "SIZE|N%",
	  "exit with 1 where dead entries hold more, or more of all tars" },
	{ 0 },
};
