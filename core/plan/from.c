/* Reading a plan: which originals its layers are from. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "plan/reader.h"

/* A number of an original; false where the text does not begin with one. */
static bool read_digits(const char **text, uint32_t *out)
{
	size_t len = strspn(*text, "0123456789");

	if (len == 0 || len > 5 || (len > 1 && **text == '0'))
		return false;
	*out = (uint32_t)strtoul(*text, NULL, 10);
	*text += len;
	return *out < LAM_MAX_LAYERS;
}

static bool parse_range(const char *text, struct lam_range *out)
{
	if (!read_digits(&text, &out->first) || *text != '-')
		return false;
	text++;
	return read_digits(&text, &out->last) && *text == '\0';
}

static bool read_range(struct lam_plan_reader *r, const struct lam_json *at,
		       struct lam_range *out)
{
	bool is_string = lam_json_is_text(at->value);
	const char *text = is_string ? lam_plan_text(r, at) : NULL;

	if (is_string && !text)
		return false;
	if (json_is_integer(at->value) && json_integer_value(at->value) >= 0 &&
	    json_integer_value(at->value) < LAM_MAX_LAYERS) {
		out->first = out->last = (uint32_t)json_integer_value(at->value);
		return true;
	}
	if (!text && (json_is_integer(at->value) || json_is_string(at->value)))
		lam_plan_complain(r, at, "expected the number of a layer, 0 to %d",
				  LAM_MAX_LAYERS - 1);
	else if (!text)
		lam_plan_complain(r, at, "expected a number or a range like \"1-3\"");
	else if (!parse_range(text, out))
		lam_plan_complain(r, at,
				  "expected a number or a range like \"1-3\", up to %d",
				  LAM_MAX_LAYERS - 1);
	else if (out->first > out->last)
		lam_plan_complain(r, at, "the range runs backwards; write \"%u-%u\"",
				  out->last, out->first);
	else
		return true;
	return false;
}

static const char *name_of(const struct lam_plan *plan, uint32_t layer,
			   char out[LAM_PATH_TEXT])
{
	const char *name = plan->layers[layer].name;

	if (name)
		lam_path_text(out, name, strlen(name), false);
	else
		snprintf(out, LAM_PATH_TEXT, "layers[%u]", layer);
	return out;
}

static void own_range(struct lam_plan_reader *r, const struct lam_json *at,
		      struct lam_range range, uint32_t layer)
{
	char one[LAM_PATH_TEXT], other[LAM_PATH_TEXT];

	for (uint32_t i = range.first; i <= range.last; i++) {
		uint32_t owner = r->owners[i];

		if (owner == LAM_NOBODY) {
			r->owners[i] = layer;
			continue;
		}
		if (owner == layer)
			lam_plan_complain(r, at, "layer %u of the image is named twice",
					  i);
		else
			lam_plan_complain(
				r, at,
				"layer %u of the image is in two layers, \"%s\" and \"%s\"",
				i, name_of(r->plan, owner, one),
				name_of(r->plan, layer, other));
		return;
	}
}

static void read_rest(struct lam_plan_reader *r, const struct lam_json *from,
		      struct lam_plan_layer *layer)
{
	const char *text = lam_plan_text(r, from);
	char shown[LAM_PATH_TEXT];

	if (!text)
		return;
	if (strcmp(text, "rest") != 0) {
		lam_plan_complain(
			r, from,
			"expected \"rest\" or a list of numbers and ranges like [0, \"2-4\"]");
		return;
	}
	layer->rest = true;
	if (r->rest)
		lam_plan_complain(r, from,
				  "only one layer can be \"rest\", and \"%s\" is",
				  lam_path_text(shown, r->rest, strlen(r->rest), false));
	else
		r->rest = layer->name ? layer->name : "another";
}

size_t lam_plan_read_from(struct lam_plan_reader *r, const struct lam_json *from,
			  uint32_t n)
{
	size_t count = 0;

	if (lam_json_is_text(from->value)) {
		read_rest(r, from, &r->plan->layers[n]);
		return 0;
	}
	if (!from->value ||
	    !lam_plan_is_list(
		    r, from,
		    "\"rest\" or a list of numbers and ranges like [0, \"2-4\"]"))
		return 0;
	for (struct lam_json v = lam_json_first(from); v.value; lam_json_step(&v)) {
		struct lam_range range;

		if (!read_range(r, &v, &range))
			continue;
		own_range(r, &v, range, n);
		count += range.last - range.first + 1;
	}
	return count;
}

void lam_plan_gather_ranges(struct lam_plan_reader *r)
{
	for (uint32_t i = 0, end; i < LAM_MAX_LAYERS; i = end) {
		struct lam_plan_layer *layer;

		end = i + 1;
		if (r->owners[i] == LAM_NOBODY)
			continue;
		while (end < LAM_MAX_LAYERS && r->owners[end] == r->owners[i])
			end++;
		layer = &r->plan->layers[r->owners[i]];
		layer->from = lam_xrealloc(layer->from,
					   (layer->from_count + 1) * sizeof *layer->from);
		layer->from[layer->from_count++] = (struct lam_range){ i, end - 1 };
	}
}
