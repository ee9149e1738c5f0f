#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "base/memory.h"
#include "oci/json.h"
#include "plan/plan.h"

/* The first failure stays, and nothing is written behind it. */
struct writer {
	struct lam_buf *out;
	struct lam_error *err;
	bool bare; /* without source and notes */
	bool first;
	bool failed;
};

static void put(struct writer *w, const char *text)
{
	if (!w->failed)
		w->failed = lam_buf_append_text(w->out, text, w->err) < 0;
}

static void put_string(struct writer *w, const char *text)
{
	if (!w->failed)
		w->failed =
			lam_json_append_string(w->out, text, strlen(text), w->err) < 0;
}

static void put_number(struct writer *w, uint32_t number)
{
	if (!w->failed)
		w->failed = lam_buf_printf(w->out, w->err, "%u", number) < 0;
}

static void open_object(struct writer *w)
{
	put(w, "{ ");
	w->first = true;
}

static void put_key(struct writer *w, const char *key)
{
	put(w, w->first ? "\"" : ", \"");
	put(w, key);
	put(w, "\": ");
	w->first = false;
}

static void put_member(struct writer *w, const char *key, const char *text)
{
	put_key(w, key);
	put_string(w, text);
}

static void close_object(struct writer *w)
{
	put(w, w->first ? "}" : " }");
}

static void put_note(struct writer *w, const char *note)
{
	if (note && !w->bare)
		put_member(w, "note", note);
}

/* A member of the plan itself, on a line of its own. */
static void put_line(struct writer *w, const char *key)
{
	put(w, ",\n  \"");
	put(w, key);
	put(w, "\": ");
}

static void put_source(struct writer *w, const struct lam_plan *plan)
{
	put_line(w, "source");
	open_object(w);
	if (plan->source_reference)
		put_member(w, "reference", plan->source_reference);
	if (plan->source_manifest)
		put_member(w, "manifest", plan->source_manifest);
	if (plan->source_paths) {
		put_key(w, "paths");
		put(w, "[");
		for (size_t i = 0; i < plan->source_path_count; i++) {
			put(w, i ? ", " : "");
			put_string(w, plan->source_paths[i]);
		}
		put(w, "]");
	}
	put_note(w, plan->source_note);
	close_object(w);
}

/* Layers */

/* One number or two as they are, three and more as "1-3". */
static void put_range(struct writer *w, struct lam_range range, bool first)
{
	put(w, first ? "" : ", ");
	if (range.last - range.first >= 2) {
		put(w, "\"");
		put_number(w, range.first);
		put(w, "-");
		put_number(w, range.last);
		put(w, "\"");
		return;
	}
	put_number(w, range.first);
	if (range.last == range.first)
		return;
	put(w, ", ");
	put_number(w, range.last);
}

static void put_ranges(struct writer *w, const struct lam_range *ranges, size_t count)
{
	bool first = true;

	put(w, "[");
	for (size_t i = 0; i < count; i++) {
		struct lam_range range = ranges[i];

		while (i + 1 < count && ranges[i + 1].first == range.last + 1)
			range.last = ranges[++i].last;
		put_range(w, range, first);
		first = false;
	}
	put(w, "]");
}

static void put_compression(struct writer *w, struct lam_compression compression)
{
	char text[LAM_COMPRESSION_TEXT];

	put_string(w, lam_compression_format(compression, text));
}

static void put_layer(struct writer *w, const struct lam_plan_layer *layer)
{
	open_object(w);
	put_member(w, "name", layer->name);
	if (layer->rest) {
		put_member(w, "from", "rest");
	} else if (layer->from_count) {
		put_key(w, "from");
		put_ranges(w, layer->from, layer->from_count);
	}
	if (layer->keep) {
		put_key(w, "keep");
		put(w, "true");
	}
	if (layer->has_compression) {
		put_key(w, "compression");
		put_compression(w, layer->compression);
	}
	put_note(w, layer->note);
	close_object(w);
}

static void put_layers(struct writer *w, const struct lam_plan *plan)
{
	put_line(w, "layers");
	put(w, "[");
	for (size_t i = 0; i < plan->layer_count; i++) {
		put(w, i ? ",\n    " : "\n    ");
		put_layer(w, &plan->layers[i]);
	}
	put(w, plan->layer_count ? "\n  ]" : "]");
}

/* Rules */

static void put_rule(struct writer *w, const struct lam_plan_rule *rule)
{
	open_object(w);
	put_member(w, lam_rule_kind_name(rule->kind), rule->pattern);
	put_key(w, "to");
	if (rule->to)
		put_string(w, rule->to);
	else
		put(w, "null");
	put_note(w, rule->note);
	close_object(w);
}

static void put_rules(struct writer *w, const struct lam_plan *plan, const bool *dead)
{
	bool any = false;

	put_line(w, "assign");
	put(w, "[");
	for (size_t i = 0; i < plan->rule_count; i++) {
		if (dead[i])
			continue;
		put(w, any ? ",\n    " : "\n    ");
		put_rule(w, &plan->rules[i]);
		any = true;
	}
	put(w, any ? "\n  ]" : "]");
}

static void put_plan(struct writer *w, const struct lam_plan *plan, const bool *dead)
{
	bool has_source = plan->source_reference || plan->source_manifest ||
			  plan->source_paths || plan->source_note;

	put(w, "{\n  \"lamina\": 1");
	if (plan->note && !w->bare) {
		put_line(w, "note");
		put_string(w, plan->note);
	}
	if (has_source && !w->bare)
		put_source(w, plan);
	put_layers(w, plan);
	put_rules(w, plan, dead);
	if (plan->has_compression) {
		put_line(w, "compression");
		put_compression(w, plan->compression);
	}
	put(w, "\n}\n");
}

static int format(const struct lam_plan *plan, bool bare, struct lam_buf *out,
		  struct lam_error *err)
{
	struct writer w = { .out = out, .err = err, .bare = bare };
	bool *dead = lam_xcalloc(plan->rule_count + 1, sizeof *dead);

	lam_plan_find_dead(plan, dead);
	put_plan(&w, plan, dead);
	free(dead);
	return w.failed ? err->code : 0;
}

int lam_plan_format(const struct lam_plan *plan, char **out, struct lam_error *err)
{
	LAM_CLEANUP(lam_buf_fini) struct lam_buf text = LAM_BUF(SIZE_MAX / 2);

	*out = NULL;
	if (format(plan, false, &text, err) < 0)
		return err->code;
	*out = lam_buf_steal(&text, err);
	return *out ? 0 : err->code;
}

int lam_plan_digest(const struct lam_plan *plan, char out[80], struct lam_error *err)
{
	LAM_CLEANUP(lam_buf_fini) struct lam_buf text = LAM_BUF(SIZE_MAX / 2);
	char shown[LAM_DIGEST_TEXT];
	struct lam_digest digest;

	if (format(plan, true, &text, err) < 0 ||
	    lam_digest_of(&digest, LAM_SHA256, text.data, text.len, err) < 0)
		return err->code;
	lam_digest_format(&digest, shown);
	memcpy(out, shown, strlen(shown) + 1);
	return 0;
}
