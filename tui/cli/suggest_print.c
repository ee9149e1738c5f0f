/* A suggestion told as tables, notes and JSON. */
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/memory.h"
#include "base/size.h"
#include "cli/print.h"
#include "cli/suggest.h"

#define MOST_SHOWN 4 /* parts of a layer in the table */

static unsigned changes_of(const struct lam_suggested_part *part)
{
	return (unsigned)__builtin_popcountll(part->changed);
}

static void print_parts(const struct suggest *s, FILE *out, size_t layer)
{
	const struct lam_suggestion *f = s->found;
	size_t shown = 0, more = 0;

	for (size_t i = 0; i < f->part_count; i++) {
		const struct lam_suggested_part *part = &f->parts[i];
		char size[LAM_SIZE_TEXT];

		if (part->layer != layer)
			continue;
		if (shown == MOST_SHOWN) {
			more++;
			continue;
		}
		print(out, "%s%s %s", shown++ ? ", " : "  ",
		      part->name[0] ? part->name : "the rest",
		      lam_size_text(part->bytes, size));
		if (f->pulls)
			print(out, " (%u)", changes_of(part));
	}
	if (more)
		print(out, ", %zu more", more);
}

static void print_layers(const struct suggest *s, FILE *out)
{
	const struct lam_suggestion *f = s->found;
	char size[LAM_SIZE_TEXT], expected[LAM_SIZE_TEXT], changes[16];
	int width = LEAST_NAME;

	for (size_t i = 0; i < f->layer_count; i++)
		width = cell_width(width, f->layers[i].name);
	print_line(out, "%-3s %-*s %8s %8s %8s  %s", "", width, "layer", "size",
		   "changed", "a pull",
		   f->pulls ? "parts (how often they changed)" : "parts");
	for (size_t i = 0; i < f->layer_count; i++) {
		const struct lam_suggested_layer *layer = &f->layers[i];

		snprintf(changes, sizeof changes, "%u of %u", layer->changes, f->pulls);
		print(out, "%-3zu ", i);
		print_cell(out, layer->name, width);
		print(out, " %8s %8s %8s", lam_size_text(layer->bytes, size),
		      f->pulls ? changes : "-",
		      lam_size_text((uint64_t)layer->expected, expected));
		if (layer->keep)
			print(out, "  kept");
		print_parts(s, out, i);
		print_own(out, "\n");
	}
	print_line(out,
		   "a pull is expected to fetch %s; no cut of these parts less than %s",
		   lam_size_text((uint64_t)f->expected, expected),
		   lam_size_text((uint64_t)f->least, size));
}

static void print_compared(const struct suggest *s, FILE *out)
{
	char size[LAM_SIZE_TEXT];

	if (!s->compared_count)
		return;
	print_own(out, "\n");
	print_line(out, "a client with %s fetches of %s, with",
		   lam_image_reference(s->versions[s->count - 2]),
		   lam_image_reference(s->versions[s->count - 1]));
	for (size_t i = 0; i < s->compared_count; i++) {
		const struct compared *c = &s->compared[i];

		print_line(out, "  %-40s %8s  %zu of %zu", c->text,
			   lam_size_text(c->pull.bytes, size), c->pull.fetched,
			   c->pull.layers);
	}
}

/* What becomes of a layer with a part that is too large. */
static void tell_large_part(const struct suggest *s,
			    const struct lam_suggested_part *part)
{
	uint64_t cap = s->found->plan->layers[part->layer].max_size;
	size_t written = s->found->layers[part->layer].written;
	char size[LAM_SIZE_TEXT], most[LAM_SIZE_TEXT], max[LAM_SIZE_TEXT];
	LAM_CLEANUP(lam_free_ptr)
	char *split = written > 1 ? lam_xprintf(", and is split in %zu", written) : NULL;

	tell(s->call, "note: %s is %s by itself, more than the %s of a layer: %s%s%s",
	     part->name[0] ? part->name : "the rest", lam_size_text(part->bytes, size),
	     lam_size_text(s->request.most_bytes, most),
	     cap ? "its layer has a max_size of " : "it cannot be split",
	     cap ? lam_size_text(cap, max) : "", split ? split : "");
}

static void tell_large(const struct suggest *s)
{
	const struct lam_suggestion *f = s->found;
	char size[LAM_SIZE_TEXT], most[LAM_SIZE_TEXT];
	size_t large = 0;

	for (size_t i = 0; i < f->part_count; i++) {
		if (f->parts[i].is_too_large && large++ < MOST_SHOWN)
			tell_large_part(s, &f->parts[i]);
	}
	if (large > MOST_SHOWN)
		tell(s->call, "note: %zu more are too large for a layer",
		     large - MOST_SHOWN);
	for (size_t i = 0; i < f->layer_count; i++) {
		if (s->request.most_bytes && f->layers[i].keep &&
		    f->layers[i].bytes > s->request.most_bytes)
			tell(s->call,
			     "note: layer \"%s\" stays as it is, with %s, more than the %s "
			     "of a layer",
			     f->layers[i].name, lam_size_text(f->layers[i].bytes, size),
			     lam_size_text(s->request.most_bytes, most));
		if (f->layers[i].raised && !s->request.most_bytes)
			tell(s->call,
			     "note: layer \"%s\" has what cannot be split, and is more than "
			     "its max_size was: that is %s now",
			     f->layers[i].name,
			     f->plan->layers[i].max_size
				     ? lam_size_text(f->plan->layers[i].max_size, size)
				     : "gone");
	}
}

static void tell_many(const struct suggest *s)
{
	const struct lam_suggestion *f = s->found;

	if (f->written > f->layer_count)
		tell(s->call,
		     "note: the plan has %zu layers, and %zu are written: those that their "
		     "max_size splits are written in parts",
		     f->layer_count, f->written);
	if (f->written > LAM_DOCKER_LAYERS)
		tell(s->call, "note: %zu layers: Docker takes no more than %d",
		     f->written, LAM_DOCKER_LAYERS);
}

/* What only times tell apart need not be fetched. */
static void tell_times(const struct suggest *s)
{
	const struct lam_suggestion *f = s->found;

	if (f->times && f->plan->times.set)
		tell(s->call,
		     "note: of %llu paths that differ, %llu differ in their time alone, "
		     "as that is earlier than the one that later ones are set back to: "
		     "an earlier SOURCE_DATE_EPOCH takes that away",
		     (unsigned long long)f->changed, (unsigned long long)f->times);
	else if (f->times)
		tell(s->call,
		     "note: of %llu paths that differ, %llu differ in their time alone; "
		     "with --clamp-times and the same SOURCE_DATE_EPOCH at each build "
		     "they do not",
		     (unsigned long long)f->changed, (unsigned long long)f->times);
}

/* Of the pulls that were seen, from 0. */
static json_t *json_pulls(const struct lam_suggested_part *part)
{
	json_t *pulls = json_array();

	for (int n = 0; n < 64; n++) {
		if (part->changed >> n & 1)
			json_array_append_new(pulls, json_integer(n));
	}
	return pulls;
}

static json_t *json_parts(const struct lam_suggestion *f, size_t layer)
{
	json_t *parts = json_array();

	for (size_t i = 0; i < f->part_count; i++) {
		const struct lam_suggested_part *part = &f->parts[i];

		if (part->layer == layer)
			json_array_append_new(
				parts, json_pack("{s:o, s:I, s:i, s:o, s:b}", "name",
						 json_shown(part->name), "bytes",
						 (json_int_t)part->bytes, "changes",
						 (int)changes_of(part), "pulls",
						 json_pulls(part), "too_large",
						 (int)part->is_too_large));
	}
	return parts;
}

static json_t *json_layers(const struct lam_suggestion *f)
{
	json_t *layers = json_array();

	for (size_t i = 0; i < f->layer_count; i++) {
		const struct lam_suggested_layer *layer = &f->layers[i];

		json_array_append_new(layers,
				      json_pack("{s:o, s:I, s:i, s:I, s:b, s:I, s:o}",
						"name", json_shown(layer->name), "bytes",
						(json_int_t)layer->bytes, "changes",
						(int)layer->changes, "expected",
						(json_int_t)layer->expected, "keep",
						(int)layer->keep, "written",
						(json_int_t)layer->written, "parts",
						json_parts(f, i)));
	}
	return layers;
}

static json_t *json_compared(const struct suggest *s)
{
	json_t *cuts = json_array();

	for (size_t i = 0; i < s->compared_count; i++) {
		const struct compared *c = &s->compared[i];

		json_array_append_new(cuts,
				      json_pack("{s:s, s:I, s:I, s:I}", "cut", c->name,
						"layers", (json_int_t)c->pull.layers,
						"fetched", (json_int_t)c->pull.fetched,
						"bytes", (json_int_t)c->pull.bytes));
	}
	return cuts;
}

static void print_as_json(const struct suggest *s, const char *plan)
{
	const struct lam_suggestion *f = s->found;

	print_json(json_pack("{s:i, s:o, s:i, s:I, s:I, s:I, s:I, s:b, s:o, s:o, s:o}",
			     "lamina", 1, "reference",
			     json_shown(lam_image_reference(s->versions[s->count - 1])),
			     "pulls", (int)f->pulls, "changed", (json_int_t)f->changed,
			     "changed_times", (json_int_t)f->times, "expected",
			     (json_int_t)f->expected, "least", (json_int_t)f->least,
			     "exact", (int)f->exact, "layers", json_layers(f), "compared",
			     json_compared(s), "plan", json_loads(plan, 0, NULL)));
}

/* The plan on standard output leaves standard error for the table. */
int suggest_print(const struct suggest *s, const char *plan)
{
	const char *file = call_value(s->call, "output");
	bool standard = file && strcmp(file, "-") == 0;
	FILE *out = standard ? stderr : stdout;

	tell_large(s);
	tell_many(s);
	tell_times(s);
	if (call_has(s->call, "json")) {
		print_as_json(s, plan);
	} else {
		print_layers(s, out);
		print_compared(s, out);
	}
	if (standard && !call_has(s->call, "json"))
		print_json_text(plan);
	return file && !standard ? write_plan(s->call, file, plan) : EXIT_DONE;
}
