/* The canonical text of a plan: one line for each layer and rule, and what can never win
 * left out. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/size.h"
#include "base/time.h"
#include "plan/config.h"
#include "plan/plan.h"

struct writer {
	struct lam_buf out;
	bool bare; /* without source and notes */
};

/* Takes the value over. It is all text of ours, and so never refused by jansson. */
static void put_value(struct writer *w, json_t *value)
{
	char *text = json_dumps(value, JSON_ENCODE_ANY);
	size_t len;

	assert(text);
	len = strlen(text);
	if (json_is_object(value) && json_object_size(value))
		lam_text_printf(&w->out, "{ %.*s }", (int)len - 2, text + 1);
	else
		lam_text_add(&w->out, text, len);
	free(text);
	json_decref(value);
}

static const char *note_of(const struct writer *w, const char *note)
{
	return w->bare ? NULL : note;
}

/* A member of the plan itself, on a line of its own. */
static void put_key(struct writer *w, const char *key)
{
	lam_text_printf(&w->out, ",\n  \"%s\": ", key);
}

/* An item of one of its lists, on a line of its own. */
static void put_item(struct writer *w, bool *any, json_t *value)
{
	lam_text_puts(&w->out, *any ? ",\n    " : "[\n    ");
	put_value(w, value);
	*any = true;
}

static void end_list(struct writer *w, bool any)
{
	lam_text_puts(&w->out, any ? "\n  ]" : "[]");
}

static void put_source(struct writer *w, const struct lam_plan *plan)
{
	json_t *paths = plan->source_paths ? json_array() : NULL;

	for (size_t i = 0; i < plan->source_path_count; i++)
		json_array_append_new(paths, json_string(plan->source_paths[i]));
	put_key(w, "source");
	put_value(w, json_pack("{s:s*, s:s*, s:o*, s:s*}", "reference",
			       plan->source_reference, "manifest", plan->source_manifest,
			       "paths", paths, "note", plan->source_note));
}

static json_t *compression_text(struct lam_compression compression)
{
	char text[LAM_COMPRESSION_TEXT];

	return json_string(lam_compression_format(compression, text));
}

/* One number or two as they are, three and more as "1-3". */
static void append_range(json_t *list, struct lam_range range)
{
	if (range.last - range.first >= 2) {
		json_array_append_new(list,
				      json_sprintf("%u-%u", range.first, range.last));
		return;
	}
	for (uint32_t i = range.first; i <= range.last; i++)
		json_array_append_new(list, json_integer(i));
}

static json_t *from_of(const struct lam_plan_layer *layer)
{
	json_t *list;

	if (layer->rest)
		return json_string("rest");
	if (!layer->from_count)
		return NULL;
	list = json_array();
	for (size_t i = 0; i < layer->from_count; i++) {
		struct lam_range range = layer->from[i];

		while (i + 1 < layer->from_count &&
		       layer->from[i + 1].first == range.last + 1)
			range.last = layer->from[++i].last;
		append_range(list, range);
	}
	return list;
}

static void put_layers(struct writer *w, const struct lam_plan *plan)
{
	bool any = false;

	put_key(w, "layers");
	for (size_t i = 0; i < plan->layer_count; i++) {
		const struct lam_plan_layer *layer = &plan->layers[i];
		char size[LAM_COUNT_TEXT];

		put_item(w, &any,
			 json_pack("{s:s, s:o*, s:o*, s:o*, s:o*, s:s*, s:s*}", "name",
				   layer->name, "from", from_of(layer), "keep",
				   layer->keep ? json_true() : NULL, "rewrite",
				   layer->rewrite ? json_true() : NULL, "compression",
				   layer->has_compression
					   ? compression_text(layer->compression)
					   : NULL,
				   "max_size",
				   layer->max_size ? lam_size_exact(layer->max_size, size)
						   : NULL,
				   "note", note_of(w, layer->note)));
	}
	end_list(w, any);
}

static void put_rules(struct writer *w, const struct lam_plan *plan, const bool *dead)
{
	bool any = false;

	put_key(w, "assign");
	for (size_t i = 0; i < plan->rule_count; i++) {
		const struct lam_plan_rule *rule = &plan->rules[i];

		if (!dead[i])
			put_item(w, &any,
				 json_pack("{s:s, s:s?, s:s*}",
					   lam_rule_kind_name(rule->kind), rule->pattern,
					   "to", rule->to, "note",
					   note_of(w, rule->note)));
	}
	end_list(w, any);
}

static void put_times(struct writer *w, const struct lam_plan *plan)
{
	char at[LAM_TIME_TEXT];

	if (!plan->times.set)
		return;
	put_key(w, "times");
	put_value(w,
		  json_pack("{s:s, s:s*}", "clamp", lam_time_format(plan->times.at, at),
			    "note", note_of(w, plan->times_note)));
}

static void put_settings(struct writer *w, const struct lam_plan *plan)
{
	const char *note = note_of(w, plan->settings_note);
	json_t *settings = lam_plan_settings_json(&plan->settings);

	if (!settings && !note)
		return;
	settings = settings ? settings : json_object();
	if (note)
		json_object_set_new(settings, "note", json_string(note));
	put_key(w, "config");
	put_value(w, settings);
}

static void put_plan(struct writer *w, const struct lam_plan *plan, const bool *dead)
{
	bool has_source = plan->source_reference || plan->source_manifest ||
			  plan->source_paths || plan->source_note;

	lam_text_puts(&w->out, "{\n  \"lamina\": 1");
	if (note_of(w, plan->note)) {
		put_key(w, "note");
		put_value(w, json_string(plan->note));
	}
	if (has_source && !w->bare)
		put_source(w, plan);
	put_layers(w, plan);
	put_rules(w, plan, dead);
	if (plan->has_compression) {
		put_key(w, "compression");
		put_value(w, compression_text(plan->compression));
	}
	put_times(w, plan);
	put_settings(w, plan);
	lam_text_puts(&w->out, "\n}\n");
}

static void format(struct writer *w, const struct lam_plan *plan)
{
	bool *dead = lam_xcalloc(plan->rule_count + 1, sizeof *dead);

	lam_plan_find_dead(plan, dead);
	put_plan(w, plan, dead);
	free(dead);
}

int lam_plan_format(const struct lam_plan *plan, char **out, struct lam_error *err)
{
	struct writer w = { .out = LAM_TEXT };

	(void)err;
	format(&w, plan);
	*out = lam_text_steal(&w.out);
	return 0;
}

int lam_plan_digest(const struct lam_plan *plan, char out[80], struct lam_error *err)
{
	struct writer w = { .out = LAM_TEXT, .bare = true };
	char shown[LAM_DIGEST_TEXT];
	struct lam_digest digest;

	(void)err;
	format(&w, plan);
	digest = lam_digest_of(LAM_SHA256, w.out.data, w.out.len);
	lam_buf_fini(&w.out);
	snprintf(out, 80, "%s", lam_digest_format(&digest, shown));
	return 0;
}
