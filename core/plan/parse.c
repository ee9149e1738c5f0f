/* Reading a plan. Members are picked by name first and looked at in a fixed order, so that
 * nothing depends on the order in which they stand; what is wrong is sorted by its place
 * in the document. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/glob.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/memory.h"
#include "base/path.h"
#include "base/size.h"
#include "base/spelling.h"
#include "base/time.h"
#include "plan/config.h"
#include "plan/plan.h"
#include "plan/rule.h"

/* More than anybody reads: the rest are only counted. */
#define MOST_FAULTS LAM_MAX_NOTES
#define MOST_FIELDS 8
#define NOBODY      UINT32_MAX

struct fault {
	struct lam_json_place place;
	char *text;
};

struct reader {
	struct lam_plan *plan;
	struct fault faults[MOST_FAULTS + 1]; /* sorted */
	size_t fault_count, fault_total;
	json_t *names;                   /* of layers; NULL: not known */
	uint32_t owners[LAM_MAX_LAYERS]; /* of each original: the layer that names it */
	const char *rest;                /* name of the layer that is "rest" */
};

/* What is wrong */

static int compare_places(const struct lam_json_place *a, const struct lam_json_place *b)
{
	size_t i = 0;

	while (i < a->depth && i < b->depth && a->way[i] == b->way[i])
		i++;
	if (i == a->depth || i == b->depth)
		return (a->depth > b->depth) - (a->depth < b->depth);
	return a->way[i] < b->way[i] ? -1 : 1;
}

__attribute__((format(printf, 3, 4))) static void
complain(struct reader *r, const struct lam_json *at, const char *format, ...)
{
	struct fault fault = { .place = lam_json_place(at) };
	size_t slot = r->fault_count;
	char text[LAM_ERROR_MAX];
	struct lam_error line;
	va_list args;

	r->fault_total++;
	while (slot > 0 && compare_places(&r->faults[slot - 1].place, &fault.place) > 0)
		slot--;
	if (slot == MOST_FAULTS)
		return;
	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	lam_json_fail(at, &line, LAM_EPLAN, "%s", text);
	fault.text = lam_xstrdup(line.text);
	memmove(r->faults + slot + 1, r->faults + slot,
		(r->fault_count - slot) * sizeof *r->faults);
	r->faults[slot] = fault;
	if (r->fault_count == MOST_FAULTS)
		free(r->faults[MOST_FAULTS].text);
	else
		r->fault_count++;
}

/* "; did you mean \"x\"?", or nothing. */
#define HINT_TEXT (LAM_PATH_TEXT + 32)
static const char *hint(const struct lam_near *near, char out[HINT_TEXT])
{
	char shown[LAM_PATH_TEXT];

	out[0] = '\0';
	if (near->best)
		snprintf(out, HINT_TEXT, "; did you mean \"%s\"?",
			 lam_path_text(shown, near->best, near->best_len, false));
	return out;
}

/* Values. What is not there (a value of NULL) is no error for these. */

static bool is_text(struct reader *r, const struct lam_json *at, const char *what)
{
	if (lam_json_is_text(at->value))
		return true;
	complain(r, at, "expected %s", what);
	return false;
}

static bool is_list(struct reader *r, const struct lam_json *at, const char *what)
{
	if (json_is_array(at->value))
		return true;
	complain(r, at, "expected %s", what);
	return false;
}

/* The text of a string that is there and is one; NULL otherwise. */
static const char *text_of(struct reader *r, const struct lam_json *at)
{
	const char *text;

	if (!at->value || !is_text(r, at, "a string"))
		return NULL;
	text = json_string_value(at->value);
	if (strlen(text) == json_string_length(at->value))
		return text;
	complain(r, at, "a string with \\u0000 in it");
	return NULL;
}

static char *copy_text(struct reader *r, const struct lam_json *at)
{
	const char *text = text_of(r, at);

	return lam_xcopy(text);
}

static void read_compression(struct reader *r, const struct lam_json *at, bool *out_has,
			     struct lam_compression *out)
{
	const char *text = text_of(r, at);
	struct lam_error why;

	if (!text)
		return;
	if (lam_compression_parse(out, text, &why) < 0)
		complain(r, at, "%s", why.text);
	else
		*out_has = true;
}

/* Members by name: out[i] is that of names[i]; others are unknown fields. False where
 * object is none. */
static bool read_fields(struct reader *r, const struct lam_json *object,
			const char *const names[MOST_FIELDS],
			struct lam_json out[MOST_FIELDS])
{
	char text[HINT_TEXT];

	memset(out, 0, MOST_FIELDS * sizeof *out);
	if (!json_is_object(object->value)) {
		complain(r, object, "expected an object");
		return false;
	}
	for (struct lam_json m = lam_json_first(object); m.value; lam_json_step(&m)) {
		struct lam_near near;
		size_t i = 0;

		while (i < MOST_FIELDS && names[i] && strcmp(names[i], m.key) != 0)
			i++;
		if (i < MOST_FIELDS && names[i]) {
			out[i] = m;
			continue;
		}
		lam_near_init(&near, m.key, strlen(m.key));
		for (i = 0; i < MOST_FIELDS && names[i]; i++)
			lam_near_try(&near, names[i], strlen(names[i]));
		complain(r, &m, "unknown field%s", hint(&near, text));
	}
	return true;
}

/* source */

static void read_source(struct reader *r, const struct lam_json *source)
{
	static const char *const names[MOST_FIELDS] = { "reference", "manifest", "paths",
							"note" };
	struct lam_plan *plan = r->plan;
	struct lam_json f[MOST_FIELDS];

	if (!source->value || !read_fields(r, source, names, f))
		return;
	plan->source_reference = copy_text(r, &f[0]);
	plan->source_manifest = copy_text(r, &f[1]);
	plan->source_note = copy_text(r, &f[3]);
	if (!f[2].value || !is_list(r, &f[2], "a list of names"))
		return;
	plan->source_paths =
		lam_xcalloc(json_array_size(f[2].value) + 1, sizeof *plan->source_paths);
	for (struct lam_json p = lam_json_first(&f[2]); p.value; lam_json_step(&p))
		plan->source_paths[plan->source_path_count++] = copy_text(r, &p);
}

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

static bool read_range(struct reader *r, const struct lam_json *at, struct lam_range *out)
{
	bool is_string = lam_json_is_text(at->value);
	const char *text = is_string ? text_of(r, at) : NULL;

	if (is_string && !text)
		return false;
	if (json_is_integer(at->value) && json_integer_value(at->value) >= 0 &&
	    json_integer_value(at->value) < LAM_MAX_LAYERS) {
		out->first = out->last = (uint32_t)json_integer_value(at->value);
		return true;
	}
	if (!text && (json_is_integer(at->value) || json_is_string(at->value)))
		complain(r, at, "expected the number of a layer, 0 to %d",
			 LAM_MAX_LAYERS - 1);
	else if (!text)
		complain(r, at, "expected a number or a range like \"1-3\"");
	else if (!parse_range(text, out))
		complain(r, at, "expected a number or a range like \"1-3\", up to %d",
			 LAM_MAX_LAYERS - 1);
	else if (out->first > out->last)
		complain(r, at, "the range runs backwards; write \"%u-%u\"", out->last,
			 out->first);
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

static void own_range(struct reader *r, const struct lam_json *at, struct lam_range range,
		      uint32_t layer)
{
	char one[LAM_PATH_TEXT], other[LAM_PATH_TEXT];

	for (uint32_t i = range.first; i <= range.last; i++) {
		uint32_t owner = r->owners[i];

		if (owner == NOBODY) {
			r->owners[i] = layer;
			continue;
		}
		if (owner == layer)
			complain(r, at, "layer %u of the image is named twice", i);
		else
			complain(
				r, at,
				"layer %u of the image is in two layers, \"%s\" and \"%s\"",
				i, name_of(r->plan, owner, one),
				name_of(r->plan, layer, other));
		return;
	}
}

static void read_rest(struct reader *r, const struct lam_json *from,
		      struct lam_plan_layer *layer)
{
	const char *text = text_of(r, from);
	char shown[LAM_PATH_TEXT];

	if (!text)
		return;
	if (strcmp(text, "rest") != 0) {
		complain(
			r, from,
			"expected \"rest\" or a list of numbers and ranges like [0, \"2-4\"]");
		return;
	}
	layer->rest = true;
	if (r->rest)
		complain(r, from, "only one layer can be \"rest\", and \"%s\" is",
			 lam_path_text(shown, r->rest, strlen(r->rest), false));
	else
		r->rest = layer->name ? layer->name : "another";
}

/* How many originals the layer is from. */
static size_t read_from(struct reader *r, const struct lam_json *from, uint32_t n)
{
	size_t count = 0;

	if (lam_json_is_text(from->value)) {
		read_rest(r, from, &r->plan->layers[n]);
		return 0;
	}
	if (!from->value ||
	    !is_list(r, from,
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

/* The originals of each layer, from owners: sorted, and as few ranges as there can be. */
static void gather_ranges(struct reader *r)
{
	for (uint32_t i = 0, end; i < LAM_MAX_LAYERS; i = end) {
		struct lam_plan_layer *layer;

		end = i + 1;
		if (r->owners[i] == NOBODY)
			continue;
		while (end < LAM_MAX_LAYERS && r->owners[end] == r->owners[i])
			end++;
		layer = &r->plan->layers[r->owners[i]];
		layer->from = lam_xrealloc(layer->from,
					   (layer->from_count + 1) * sizeof *layer->from);
		layer->from[layer->from_count++] = (struct lam_range){ i, end - 1 };
	}
}

/* layers */

static void check_name(struct reader *r, const struct lam_json *at, const char *name)
{
	const char *fault = lam_plan_name_fault(name, strlen(name));
	char shown[LAM_PATH_TEXT];

	if (fault)
		complain(r, at, "%s", fault);
	else if (json_object_get(r->names, name))
		complain(r, at, "a layer before it has the name \"%s\" too",
			 lam_path_text(shown, name, strlen(name), false));
	else
		json_object_set_new(r->names, name, json_true());
}

static bool read_bool(struct reader *r, const struct lam_json *at)
{
	if (at->value && !json_is_boolean(at->value))
		complain(r, at, "expected true or false");
	return json_is_true(at->value);
}

static void read_keep(struct reader *r, const struct lam_json *keep,
		      struct lam_plan_layer *layer, bool from_right, size_t originals)
{
	layer->keep = read_bool(r, keep);
	if (!layer->keep || !from_right)
		return;
	if (layer->rest)
		complain(
			r, keep,
			"a layer that is kept is from exactly one layer of the image, not from \"rest\"");
	else if (originals != 1)
		complain(
			r, keep,
			"a layer that is kept is from exactly one layer of the image, not from %zu",
			originals);
}

static void read_max_size(struct reader *r, const struct lam_json *at,
			  struct lam_plan_layer *layer)
{
	const char *text = text_of(r, at);
	struct lam_error why;

	if (!text)
		return;
	if (lam_size_parse(&layer->max_size, text, &why) < 0)
		complain(r, at, "%s", why.text);
	else if (layer->max_size == 0)
		complain(r, at, "a layer has at least one byte");
}

static void read_layer(struct reader *r, const struct lam_json *object, uint32_t n)
{
	static const char *const names[MOST_FIELDS] = { "name",    "from",        "keep",
							"rewrite", "compression", "note",
							"max_size" };
	struct lam_plan_layer *layer = &r->plan->layers[n];
	struct lam_json f[MOST_FIELDS];
	size_t originals, faults;
	bool from_right;

	if (!read_fields(r, object, names, f))
		return;
	layer->name = copy_text(r, &f[0]);
	if (!f[0].value)
		complain(r, object, "\"name\" is missing");
	else if (layer->name)
		check_name(r, &f[0], layer->name);
	faults = r->fault_total;
	originals = read_from(r, &f[1], n);
	/* what rests on a wrong "from" is not looked at */
	from_right = r->fault_total == faults;
	read_keep(r, &f[2], layer, from_right, originals);
	layer->rewrite = read_bool(r, &f[3]);
	if (layer->keep && layer->rewrite)
		complain(r, &f[3], "a layer is kept as it is, or written anew: not both");
	read_compression(r, &f[4], &layer->has_compression, &layer->compression);
	layer->note = copy_text(r, &f[5]);
	read_max_size(r, &f[6], layer);
}

static void read_layers(struct reader *r, const struct lam_json *root,
			const struct lam_json *layers)
{
	size_t count = json_array_size(layers->value);

	if (!layers->value) {
		complain(r, root, "\"layers\" is missing");
		return;
	}
	if (!is_list(r, layers, "a list of layers"))
		return;
	if (count > LAM_MAX_LAYERS) {
		complain(r, layers, "a plan has at most %d layers, not %zu",
			 LAM_MAX_LAYERS, count);
		return;
	}
	r->plan->layers = lam_xcalloc(count + 1, sizeof *r->plan->layers);
	r->plan->layer_count = count;
	r->names = json_object();
	for (struct lam_json l = lam_json_first(layers); l.value; lam_json_step(&l))
		read_layer(r, &l, (uint32_t)l.index);
	gather_ranges(r);
}

/* assign */

static void read_pattern(struct reader *r, const struct lam_json *at,
			 enum lam_rule_kind kind, struct lam_plan_rule *rule)
{
	const char *text = text_of(r, at);
	struct lam_error why;

	rule->kind = kind;
	if (text && lam_rule_kinds[kind].set(rule, text, &why) < 0)
		complain(r, at, "%s", why.text);
}

static void complain_of_layer(struct reader *r, const struct lam_json *to,
			      const char *name)
{
	struct lam_json names = lam_json_root(r->names, NULL);
	char shown[LAM_PATH_TEXT], text[HINT_TEXT];
	struct lam_near near;

	lam_near_init(&near, name, strlen(name));
	if (r->fault_count < MOST_FAULTS) {
		for (struct lam_json known = lam_json_first(&names); known.value;
		     lam_json_step(&known))
			lam_near_try(&near, known.key, strlen(known.key));
	}
	complain(r, to, "no layer \"%s\"%s",
		 lam_path_text(shown, name, strlen(name), false), hint(&near, text));
}

static void read_to(struct reader *r, const struct lam_json *object,
		    const struct lam_json *to, struct lam_plan_rule *rule)
{
	if (!to->value) {
		complain(
			r, object,
			"\"to\" is missing: the name of a layer, or null to leave the path out");
		return;
	}
	if (json_is_null(to->value) || !is_text(r, to, "the name of a layer, or null"))
		return;
	rule->to = copy_text(r, to);
	if (rule->to && r->names && !json_object_get(r->names, rule->to))
		complain_of_layer(r, to, rule->to);
}

static void read_rule(struct reader *r, const struct lam_json *object,
		      struct lam_plan_rule *rule)
{
	static const char *const names[MOST_FIELDS] = { "to", "note", "path", "glob",
							"package" };
	const struct lam_json *kinds;
	struct lam_json f[MOST_FIELDS];
	unsigned kind = LAM_RULE_KIND_COUNT, count = 0;

	if (!read_fields(r, object, names, f))
		return;
	kinds = f + 2; /* in the order of enum lam_rule_kind */
	for (unsigned k = 0; k < LAM_RULE_KIND_COUNT; k++) {
		if (kinds[k].value && count++ == 0)
			kind = k;
	}
	if (count == 1)
		read_pattern(r, &kinds[kind], (enum lam_rule_kind)kind, rule);
	else
		complain(r, object, "needs one of \"path\", \"glob\" and \"package\"%s",
			 count ? ", not several" : "");
	read_to(r, object, &f[0], rule);
	rule->note = copy_text(r, &f[1]);
}

static void read_rules(struct reader *r, const struct lam_json *rules)
{
	struct lam_plan *plan = r->plan;
	size_t size = 0;

	if (!rules->value || !is_list(r, rules, "a list of rules"))
		return;
	plan->rules = lam_xcalloc(json_array_size(rules->value) + 1, sizeof *plan->rules);
	for (struct lam_json v = lam_json_first(rules); v.value; lam_json_step(&v)) {
		struct lam_plan_rule *rule = &plan->rules[plan->rule_count++];

		read_rule(r, &v, rule);
		size += rule->glob ? lam_glob_size(rule->glob) : 0;
		if (size > LAM_MAX_PLAN_GLOBS) {
			complain(
				r, &v,
				"more globs than a plan may have: %u bytes of all together, with their braces written out",
				LAM_MAX_PLAN_GLOBS);
			return;
		}
	}
}

/* times */

static void read_clamp(struct reader *r, const struct lam_json *at)
{
	const char *text = text_of(r, at);
	struct lam_clamp *times = &r->plan->times;
	uint32_t ns;

	if (!text)
		return;
	times->set = lam_time_parse(text, &times->at, &ns) && ns == 0 && times->at >= 0;
	if (!times->set)
		complain(r, at,
			 "expected a time from 1970 on, in whole seconds, like "
			 "\"2026-01-01T00:00:00Z\"");
}

static void read_times(struct reader *r, const struct lam_json *times)
{
	static const char *const names[MOST_FIELDS] = { "clamp", "note" };
	struct lam_json f[MOST_FIELDS];

	if (!times->value)
		return;
	if (lam_json_is_text(times->value)) {
		if (strcmp(json_string_value(times->value), "keep") != 0)
			complain(r, times,
				 "expected \"keep\", or an object with \"clamp\"");
		return;
	}
	if (!read_fields(r, times, names, f))
		return;
	if (!f[0].value)
		complain(r, times,
			 "\"clamp\" is missing: the time that later ones are set to");
	read_clamp(r, &f[0]);
	r->plan->times_note = copy_text(r, &f[1]);
}

/* config */

static void complain_of_setting(void *context, const struct lam_json *at,
				const char *what)
{
	complain(context, at, "%s", what);
}

static void read_settings(struct reader *r, const struct lam_json *settings)
{
	const char *names[MOST_FIELDS] = { NULL };
	struct lam_json f[MOST_FIELDS];

	_Static_assert(LAM_SETTING_KIND_COUNT < MOST_FIELDS, "with the note");
	for (unsigned k = 0; k < LAM_SETTING_KIND_COUNT; k++)
		names[k] = lam_setting_member((enum lam_setting_kind)k);
	names[LAM_SETTING_KIND_COUNT] = "note";
	if (!settings->value || !read_fields(r, settings, names, f))
		return;
	lam_plan_read_settings(&r->plan->settings, f, complain_of_setting, r);
	r->plan->settings_note = copy_text(r, &f[LAM_SETTING_KIND_COUNT]);
}

/* The plan */

/* False where the rest is not for this reader. */
static bool check_version(struct reader *r, const struct lam_json *root)
{
	struct lam_json version = lam_json_first(root);

	while (version.value && strcmp(version.key, "lamina") != 0)
		lam_json_step(&version);
	if (!version.value) {
		complain(r, root, "\"lamina\" is missing: a plan has \"lamina\": 1");
	} else if (json_integer_value(version.value) > 1) {
		complain(
			r, &version,
			"written by a newer lamina: version %lld of plans, and this one reads version 1",
			(long long)json_integer_value(version.value));
		return false;
	} else if (json_integer_value(version.value) != 1) {
		complain(r, &version, "expected 1, the version of plans");
	}
	return true;
}

static void read_plan(struct reader *r, const struct lam_json *root)
{
	static const char *const names[MOST_FIELDS] = { "lamina", "note",   "source",
							"layers", "assign", "compression",
							"times",  "config" };
	struct lam_json f[MOST_FIELDS];

	if (!json_is_object(root->value)) {
		complain(r, root, "expected a plan, which is an object");
		return;
	}
	if (!check_version(r, root) || !read_fields(r, root, names, f))
		return;
	r->plan->note = copy_text(r, &f[1]);
	read_source(r, &f[2]);
	read_layers(r, root, &f[3]);
	read_rules(r, &f[4]);
	read_compression(r, &f[5], &r->plan->has_compression, &r->plan->compression);
	read_times(r, &f[6]);
	read_settings(r, &f[7]);
}

/* Takes the text over; errors may be NULL. */
static void add_error(struct lam_plan_errors *errors, char *text, size_t line)
{
	errors->lines =
		lam_xrealloc(errors->lines, (errors->count + 1) * sizeof *errors->lines);
	errors->at = lam_xrealloc(errors->at, (errors->count + 1) * sizeof *errors->at);
	errors->lines[errors->count] = text;
	errors->at[errors->count++] = line;
}

static int report(struct reader *r, const char *bytes, size_t len, const char *name,
		  struct lam_plan_errors *errors, struct lam_error *err)
{
	struct lam_json_place places[MOST_FAULTS];
	size_t more = r->fault_total - r->fault_count;

	lam_fail(err, LAM_EPLAN, "%s", r->faults[0].text);
	for (size_t i = 0; i < r->fault_count; i++)
		places[i] = r->faults[i].place;
	if (errors)
		lam_json_find_lines(bytes, len, places, r->fault_count);
	for (size_t i = 0; i < r->fault_count; i++) {
		if (errors)
			add_error(errors, r->faults[i].text, places[i].line);
		else
			free(r->faults[i].text);
	}
	if (errors && more)
		add_error(errors, lam_xprintf("%s: %zu more errors", name, more), 1);
	return err->code;
}

static int parse(struct lam_plan **out, json_t *value, const char *bytes, size_t len,
		 const char *name, struct lam_plan_errors *errors, struct lam_error *err)
{
	LAM_CLEANUP(lam_free_ptr) struct reader *r = lam_xcalloc(1, sizeof *r);
	struct lam_json root = lam_json_root(value, name);

	r->plan = lam_xcalloc(1, sizeof *r->plan);
	memset(r->owners, 0xff, sizeof r->owners);
	read_plan(r, &root);
	json_decref(r->names);
	if (!r->fault_total) {
		*out = r->plan;
		return 0;
	}
	lam_plan_free(r->plan);
	return report(r, bytes, len, name, errors, err);
}

int lam_plan_parse(struct lam_plan **out, const char *bytes, size_t len, const char *name,
		   struct lam_plan_errors *errors, struct lam_error *err)
{
	json_auto_t *root = NULL;
	size_t line = 1;

	*out = NULL;
	if (len > LAM_MAX_PLAN)
		lam_fail(err, LAM_EPLAN, "%s: a plan has at most %u bytes", name,
			 LAM_MAX_PLAN);
	else
		root = lam_json_load(bytes, len, name, &line, err);
	if (root)
		return parse(out, root, bytes, len, name, errors, err);
	/* bad JSON is one error, and a plan's like the others */
	err->code = LAM_EPLAN;
	if (errors)
		add_error(errors, lam_xstrdup(err->text), line);
	return err->code;
}
