/* "layers" of a plan: names, and which layers of the image each is made from. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/path.h"
#include "plan/reader.h"

/* layers[].from */

/* A number of an original; false where the text does not begin with one. */
static bool read_digits(const char **text, uint32_t *out)
{
	size_t len = strspn(*text, "0123456789");

	if (len == 0 || len > 4 || (len > 1 && **text == '0'))
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

static bool read_range(struct lam_reader *r, const struct lam_json *value,
		       struct lam_range *out)
{
	const char *text;
	struct lam_error why;
	int64_t number;

	if (lam_json_type(value) == LAM_JSON_NUMBER) {
		if (lam_json_int(r->doc, value, &number, &why) < 0 || number < 0 ||
		    number >= LAM_MAX_LAYERS) {
			lam_reader_complain(r, value,
					    "expected the number of a layer, 0 to %d",
					    LAM_MAX_LAYERS - 1);
			return false;
		}
		out->first = out->last = (uint32_t)number;
		return true;
	}
	if (!lam_reader_expect(r, value, LAM_JSON_STRING,
			       "a number or a range like \"1-3\""))
		return false;
	text = lam_reader_text(r, value);
	if (!text)
		return false;
	if (!parse_range(text, out)) {
		lam_reader_complain(r, value,
				    "expected a number or a range like \"1-3\", up to %d",
				    LAM_MAX_LAYERS - 1);
		return false;
	}
	if (out->first <= out->last)
		return true;
	lam_reader_complain(r, value, "the range runs backwards; write \"%u-%u\"",
			    out->last, out->first);
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

static void own_range(struct lam_reader *r, const struct lam_json *value,
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
			lam_reader_complain(r, value,
					    "layer %u of the image is named twice", i);
		else
			lam_reader_complain(
				r, value,
				"layer %u of the image is in two layers, \"%s\" and \"%s\"",
				i, name_of(r->plan, owner, one),
				name_of(r->plan, layer, other));
		return;
	}
}

static bool read_ranges(struct lam_reader *r, const struct lam_json *value,
			uint32_t layer, size_t *out_count)
{
	size_t faults = r->fault_total;

	for (const struct lam_json *v = lam_json_first(value); v; v = lam_json_next(v)) {
		struct lam_range range;

		if (!read_range(r, v, &range))
			continue;
		own_range(r, v, range, layer);
		*out_count += range.last - range.first + 1;
	}
	return r->fault_total == faults;
}

static bool read_rest(struct lam_reader *r, const struct lam_json *value,
		      struct lam_plan_layer *layer)
{
	const char *text = lam_reader_text(r, value);
	char shown[LAM_PATH_TEXT];

	if (!text)
		return false;
	if (strcmp(text, "rest") != 0) {
		lam_reader_complain(
			r, value,
			"expected \"rest\" or a list of numbers and ranges like [0, \"2-4\"]");
		return false;
	}
	layer->rest = true;
	if (r->rest)
		lam_reader_complain(
			r, value, "only one layer can be \"rest\", and \"%s\" is",
			lam_path_text(shown, r->rest, strlen(r->rest), false));
	else
		r->rest = layer->name ? layer->name : "another";
	return true;
}

/* False where it is wrong, so that what rests on it is not looked at. */
static bool read_from(struct lam_reader *r, const struct lam_json *value, uint32_t n,
		      size_t *out_count)
{
	if (!value)
		return true;
	if (lam_json_type(value) == LAM_JSON_STRING)
		return read_rest(r, value, &r->plan->layers[n]);
	return lam_reader_expect(
		       r, value, LAM_JSON_ARRAY,
		       "\"rest\" or a list of numbers and ranges like [0, \"2-4\"]") &&
	       read_ranges(r, value, n, out_count);
}

/* layers */

static void check_name(struct lam_reader *r, const struct lam_json *value,
		       const char *name)
{
	const char *fault = lam_plan_name_fault(name, strlen(name));
	uint32_t number, before = r->names.count;
	char shown[LAM_PATH_TEXT];

	if (fault) {
		lam_reader_complain(r, value, "%s", fault);
		return;
	}
	lam_reader_check(r,
			 lam_names_add(&r->names, name, strlen(name), &number, r->err));
	if (!r->failed && number < before)
		lam_reader_complain(r, value, "a layer before it has the name \"%s\" too",
				    lam_path_text(shown, name, strlen(name), false));
}

static void read_name(struct lam_reader *r, const struct lam_json *object,
		      const struct lam_json *value, char **out)
{
	lam_reader_copy(r, out, value);
	if (!value)
		lam_reader_complain(r, object, "\"name\" is missing");
	else if (*out)
		check_name(r, value, *out);
}

static void read_keep(struct lam_reader *r, const struct lam_json *value,
		      struct lam_plan_layer *layer, bool from_right, size_t originals)
{
	struct lam_error why;

	if (!value || !lam_reader_expect(r, value, LAM_JSON_BOOL, "true or false"))
		return;
	if (lam_json_bool(r->doc, value, &layer->keep, &why) < 0)
		lam_reader_complain_of(r, value, &why);
	if (!layer->keep || !from_right)
		return;
	if (layer->rest)
		lam_reader_complain(
			r, value,
			"a layer that is kept is from exactly one layer of the image, not from \"rest\"");
	else if (originals != 1)
		lam_reader_complain(
			r, value,
			"a layer that is kept is from exactly one layer of the image, not from %zu",
			originals);
}

static void read_layer(struct lam_reader *r, const struct lam_json *object, uint32_t n)
{
	static const char *const names[] = { "name", "from", "keep", "compression",
					     "note" };
	struct lam_plan_layer *layer = &r->plan->layers[n];
	const struct lam_json *f[LAM_MOST_FIELDS];
	size_t originals = 0;
	bool right;

	if (!lam_reader_fields(r, object, LAM_FIELDS(names), f))
		return;
	read_name(r, object, f[0], &layer->name);
	right = read_from(r, f[1], n, &originals);
	read_keep(r, f[2], layer, right, originals);
	lam_reader_compression(r, f[3], &layer->has_compression, &layer->compression);
	lam_reader_copy(r, &layer->note, f[4]);
}

/* The originals of each layer, from owners: sorted, and as few ranges as there can be. */
static void gather_ranges(struct lam_reader *r)
{
	for (uint32_t i = 0, end; i < LAM_MAX_LAYERS && !r->failed; i = end) {
		struct lam_plan_layer *layer;
		struct lam_range *from;

		end = i + 1;
		if (r->owners[i] == LAM_NOBODY)
			continue;
		while (end < LAM_MAX_LAYERS && r->owners[end] == r->owners[i])
			end++;
		layer = &r->plan->layers[r->owners[i]];
		from = realloc(layer->from, (layer->from_count + 1) * sizeof *from);
		if (!from) {
			lam_reader_check(r, lam_fail_memory(r->err));
			return;
		}
		from[layer->from_count++] = (struct lam_range){ i, end - 1 };
		layer->from = from;
	}
}

void lam_plan_read_layers(struct lam_reader *r, const struct lam_json *root,
			  const struct lam_json *value)
{
	uint32_t n = 0;
	size_t count;

	if (!value) {
		lam_reader_complain(r, root, "\"layers\" is missing");
		return;
	}
	if (!lam_reader_expect(r, value, LAM_JSON_ARRAY, "a list of layers"))
		return;
	count = lam_json_count(value);
	if (count == 0 || count > LAM_MAX_LAYERS) {
		lam_reader_complain(r, value, "a plan has 1 to %d layers, not %zu",
				    LAM_MAX_LAYERS, count);
		return;
	}
	r->plan->layers = lam_reader_allocate(r, count, sizeof *r->plan->layers);
	if (!r->plan->layers)
		return;
	r->plan->layer_count = count;
	r->names_known = true;
	for (const struct lam_json *v = lam_json_first(value); v; v = lam_json_next(v))
		read_layer(r, v, n++);
	gather_ranges(r);
}
