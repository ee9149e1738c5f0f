/* Reading a plan. Members are picked by name first and looked at in a fixed order, so that
 * nothing depends on the order in which they stand; what is wrong is sorted by its place
 * in the document. */
#include <stdlib.h>
#include <string.h>

#include "base/glob.h"
#include "base/limits.h"
#include "base/memory.h"
#include "base/path.h"
#include "base/size.h"
#include "base/spelling.h"
#include "base/time.h"
#include "plan/config.h"
#include "plan/reader.h"
#include "plan/rule.h"

/* source */

static void read_source(struct lam_plan_reader *r, const struct lam_json *source)
{
	static const char *const names[LAM_MOST_FIELDS] = { "reference", "manifest",
							    "paths", "note" };
	struct lam_plan *plan = r->plan;
	struct lam_json f[LAM_MOST_FIELDS];

	if (!source->value || !lam_plan_read_fields(r, source, names, f))
		return;
	plan->source_reference = lam_plan_copy_text(r, &f[0]);
	plan->source_manifest = lam_plan_copy_text(r, &f[1]);
	plan->source_note = lam_plan_copy_text(r, &f[3]);
	if (!f[2].value || !lam_plan_is_list(r, &f[2], "a list of names"))
		return;
	plan->source_paths =
		lam_xcalloc(json_array_size(f[2].value) + 1, sizeof *plan->source_paths);
	for (struct lam_json p = lam_json_first(&f[2]); p.value; lam_json_step(&p))
		plan->source_paths[plan->source_path_count++] = lam_plan_copy_text(r, &p);
}

/* layers */

static void check_name(struct lam_plan_reader *r, const struct lam_json *at,
		       const char *name)
{
	const char *fault = lam_plan_name_fault(name, strlen(name));
	char shown[LAM_PATH_TEXT];

	if (fault)
		lam_plan_complain(r, at, "%s", fault);
	else if (json_object_get(r->names, name))
		lam_plan_complain(r, at, "a layer before it has the name \"%s\" too",
				  lam_path_text(shown, name, strlen(name), false));
	else
		json_object_set_new(r->names, name, json_true());
}

static bool read_bool(struct lam_plan_reader *r, const struct lam_json *at)
{
	if (at->value && !json_is_boolean(at->value))
		lam_plan_complain(r, at, "expected true or false");
	return json_is_true(at->value);
}

static void read_keep(struct lam_plan_reader *r, const struct lam_json *keep,
		      struct lam_plan_layer *layer, bool from_right, size_t originals)
{
	layer->keep = read_bool(r, keep);
	if (!layer->keep || !from_right)
		return;
	if (layer->rest)
		lam_plan_complain(
			r, keep,
			"a layer that is kept is from exactly one layer of the image, not from \"rest\"");
	else if (originals != 1)
		lam_plan_complain(
			r, keep,
			"a layer that is kept is from exactly one layer of the image, not from %zu",
			originals);
}

static void read_max_size(struct lam_plan_reader *r, const struct lam_json *at,
			  struct lam_plan_layer *layer)
{
	const char *text = lam_plan_text(r, at);
	struct lam_error why;

	if (!text)
		return;
	if (lam_size_parse(&layer->max_size, text, &why) < 0)
		lam_plan_complain(r, at, "%s", why.text);
	else if (layer->max_size == 0)
		lam_plan_complain(r, at, "a layer has at least one byte");
}

static void read_layer(struct lam_plan_reader *r, const struct lam_json *object,
		       uint32_t n)
{
	static const char *const names[LAM_MOST_FIELDS] = {
		"name", "from", "keep", "rewrite", "compression", "note", "max_size"
	};
	struct lam_plan_layer *layer = &r->plan->layers[n];
	struct lam_json f[LAM_MOST_FIELDS];
	size_t originals, faults;
	bool from_right;

	if (!lam_plan_read_fields(r, object, names, f))
		return;
	layer->name = lam_plan_copy_text(r, &f[0]);
	if (!f[0].value)
		lam_plan_complain(r, object, "\"name\" is missing");
	else if (layer->name)
		check_name(r, &f[0], layer->name);
	faults = r->fault_total;
	originals = lam_plan_read_from(r, &f[1], n);
	/* what rests on a wrong "from" is not looked at */
	from_right = r->fault_total == faults;
	read_keep(r, &f[2], layer, from_right, originals);
	layer->rewrite = read_bool(r, &f[3]);
	if (layer->keep && layer->rewrite)
		lam_plan_complain(r, &f[3],
				  "a layer is kept as it is, or written anew: not both");
	lam_plan_read_compression(r, &f[4], &layer->has_compression, &layer->compression);
	layer->note = lam_plan_copy_text(r, &f[5]);
	read_max_size(r, &f[6], layer);
}

static void read_layers(struct lam_plan_reader *r, const struct lam_json *root,
			const struct lam_json *layers)
{
	size_t count = json_array_size(layers->value);

	if (!layers->value) {
		lam_plan_complain(r, root, "\"layers\" is missing");
		return;
	}
	if (!lam_plan_is_list(r, layers, "a list of layers"))
		return;
	if (count > LAM_MAX_LAYERS) {
		lam_plan_complain(r, layers, "a plan has at most %d layers, not %zu",
				  LAM_MAX_LAYERS, count);
		return;
	}
	r->plan->layers = lam_xcalloc(count + 1, sizeof *r->plan->layers);
	r->plan->layer_count = count;
	r->names = json_object();
	for (struct lam_json l = lam_json_first(layers); l.value; lam_json_step(&l))
		read_layer(r, &l, (uint32_t)l.index);
	lam_plan_gather_ranges(r);
}

/* assign */

static void read_pattern(struct lam_plan_reader *r, const struct lam_json *at,
			 enum lam_rule_kind kind, struct lam_plan_rule *rule)
{
	const char *text = lam_plan_text(r, at);
	struct lam_error why;

	rule->kind = kind;
	if (text && lam_rule_kinds[kind].set(rule, text, &why) < 0)
		lam_plan_complain(r, at, "%s", why.text);
}

static void complain_of_layer(struct lam_plan_reader *r, const struct lam_json *to,
			      const char *name)
{
	struct lam_json names = lam_json_root(r->names, NULL);
	char shown[LAM_PATH_TEXT], text[LAM_HINT_TEXT];
	struct lam_spelling near;

	lam_spelling_init(&near, name, strlen(name));
	if (r->fault_count < LAM_MOST_FAULTS) {
		for (struct lam_json known = lam_json_first(&names); known.value;
		     lam_json_step(&known))
			lam_spelling_try(&near, known.key, strlen(known.key));
	}
	lam_plan_complain(r, to, "no layer \"%s\"%s",
			  lam_path_text(shown, name, strlen(name), false),
			  lam_plan_hint(&near, text));
}

static void read_to(struct lam_plan_reader *r, const struct lam_json *object,
		    const struct lam_json *to, struct lam_plan_rule *rule)
{
	if (!to->value) {
		lam_plan_complain(
			r, object,
			"\"to\" is missing: the name of a layer, or null to leave the path out");
		return;
	}
	if (json_is_null(to->value) ||
	    !lam_plan_is_text(r, to, "the name of a layer, or null"))
		return;
	rule->to = lam_plan_copy_text(r, to);
	if (rule->to && r->names && !json_object_get(r->names, rule->to))
		complain_of_layer(r, to, rule->to);
}

static void read_rule(struct lam_plan_reader *r, const struct lam_json *object,
		      struct lam_plan_rule *rule)
{
	static const char *const names[LAM_MOST_FIELDS] = { "to", "note", "path", "glob",
							    "package" };
	const struct lam_json *kinds;
	struct lam_json f[LAM_MOST_FIELDS];
	unsigned kind = LAM_RULE_KIND_COUNT, count = 0;

	if (!lam_plan_read_fields(r, object, names, f))
		return;
	kinds = f + 2; /* in the order of enum lam_rule_kind */
	for (unsigned k = 0; k < LAM_RULE_KIND_COUNT; k++) {
		if (kinds[k].value && count++ == 0)
			kind = k;
	}
	if (count == 1)
		read_pattern(r, &kinds[kind], (enum lam_rule_kind)kind, rule);
	else
		lam_plan_complain(r, object,
				  "needs one of \"path\", \"glob\" and \"package\"%s",
				  count ? ", not several" : "");
	read_to(r, object, &f[0], rule);
	rule->note = lam_plan_copy_text(r, &f[1]);
}

static void read_rules(struct lam_plan_reader *r, const struct lam_json *rules)
{
	struct lam_plan *plan = r->plan;
	size_t size = 0;

	if (!rules->value || !lam_plan_is_list(r, rules, "a list of rules"))
		return;
	plan->rules = lam_xcalloc(json_array_size(rules->value) + 1, sizeof *plan->rules);
	for (struct lam_json v = lam_json_first(rules); v.value; lam_json_step(&v)) {
		struct lam_plan_rule *rule = &plan->rules[plan->rule_count++];

		read_rule(r, &v, rule);
		size += rule->glob ? lam_glob_size(rule->glob) : 0;
		if (size > LAM_MAX_PLAN_GLOBS) {
			lam_plan_complain(
				r, &v,
				"more globs than a plan may have: %u bytes of all together, with their braces written out",
				LAM_MAX_PLAN_GLOBS);
			return;
		}
	}
}

/* times */

static void read_clamp(struct lam_plan_reader *r, const struct lam_json *at)
{
	const char *text = lam_plan_text(r, at);
	struct lam_clamp *times = &r->plan->times;
	uint32_t ns;

	if (!text)
		return;
	times->set = lam_time_parse(text, &times->at, &ns) && ns == 0 && times->at >= 0;
	if (!times->set)
		lam_plan_complain(r, at,
				  "expected a time from 1970 on, in whole seconds, like "
				  "\"2026-01-01T00:00:00Z\"");
}

static void read_times(struct lam_plan_reader *r, const struct lam_json *times)
{
	static const char *const names[LAM_MOST_FIELDS] = { "clamp", "note" };
	struct lam_json f[LAM_MOST_FIELDS];

	if (!times->value)
		return;
	if (lam_json_is_text(times->value) &&
	    strcmp(json_string_value(times->value), "keep") == 0)
		return;
	if (!json_is_object(times->value)) {
		lam_plan_complain(r, times,
				  "expected \"keep\", as without it, or an object with "
				  "\"clamp\"");
		return;
	}
	if (!lam_plan_read_fields(r, times, names, f))
		return;
	if (!f[0].value)
		lam_plan_complain(
			r, times,
			"\"clamp\" is missing: the time that later ones are set to");
	read_clamp(r, &f[0]);
	r->plan->times_note = lam_plan_copy_text(r, &f[1]);
}

/* config */

static void complain_of_setting(void *context, const struct lam_json *at,
				const char *what)
{
	lam_plan_complain(context, at, "%s", what);
}

static void read_settings(struct lam_plan_reader *r, const struct lam_json *settings)
{
	const char *names[LAM_MOST_FIELDS] = { NULL };
	struct lam_json f[LAM_MOST_FIELDS];

	_Static_assert(LAM_SETTING_KIND_COUNT < LAM_MOST_FIELDS, "with the note");
	for (unsigned k = 0; k < LAM_SETTING_KIND_COUNT; k++)
		names[k] = lam_setting_member((enum lam_setting_kind)k);
	names[LAM_SETTING_KIND_COUNT] = "note";
	if (!settings->value || !lam_plan_read_fields(r, settings, names, f))
		return;
	lam_plan_read_settings(&r->plan->settings, f, complain_of_setting, r);
	r->plan->settings_note = lam_plan_copy_text(r, &f[LAM_SETTING_KIND_COUNT]);
}

/* The plan */

/* False where the rest is not for this reader. */
static bool check_version(struct lam_plan_reader *r, const struct lam_json *root)
{
	struct lam_json version = lam_json_first(root);

	while (version.value && strcmp(version.key, "lamina") != 0)
		lam_json_step(&version);
	if (!version.value) {
		lam_plan_complain(r, root,
				  "\"lamina\" is missing: a plan has \"lamina\": 1");
	} else if (json_integer_value(version.value) > 1) {
		lam_plan_complain(
			r, &version,
			"written by a newer lamina: version %lld of plans, and this one reads version 1",
			(long long)json_integer_value(version.value));
		return false;
	} else if (json_integer_value(version.value) != 1) {
		lam_plan_complain(r, &version, "expected 1, the version of plans");
	}
	return true;
}

static void read_plan(struct lam_plan_reader *r, const struct lam_json *root)
{
	static const char *const names[LAM_MOST_FIELDS] = { "lamina", "note",
							    "source", "layers",
							    "assign", "compression",
							    "times",  "config" };
	struct lam_json f[LAM_MOST_FIELDS];

	if (!json_is_object(root->value)) {
		lam_plan_complain(r, root, "expected a plan, which is an object");
		return;
	}
	if (!check_version(r, root) || !lam_plan_read_fields(r, root, names, f))
		return;
	r->plan->note = lam_plan_copy_text(r, &f[1]);
	read_source(r, &f[2]);
	read_layers(r, root, &f[3]);
	read_rules(r, &f[4]);
	lam_plan_read_compression(r, &f[5], &r->plan->has_compression,
				  &r->plan->compression);
	read_times(r, &f[6]);
	read_settings(r, &f[7]);
}

static int parse(struct lam_plan **out, json_t *value, const char *bytes, size_t len,
		 const char *name, struct lam_plan_errors *errors, struct lam_error *err)
{
	LAM_CLEANUP(lam_free_ptr) struct lam_plan_reader *r = lam_xcalloc(1, sizeof *r);
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
	return lam_plan_report(r, bytes, len, name, errors, err);
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
		lam_plan_add_error(errors, lam_xstrdup(err->text), line);
	return err->code;
}
