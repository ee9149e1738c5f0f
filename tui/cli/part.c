/* What a plan makes of an image, told as a table and as JSON. */
#include "cli/part.h"

#include <stdlib.h>
#include <string.h>

#include "base/size.h"

static void print_fate(FILE *out, enum lam_fate fate, bool color)
{
	static const char *const colors[] = { [LAM_FATE_KEPT] = "\033[32m",
					      [LAM_FATE_REWRITTEN] = "\033[33m",
					      [LAM_FATE_NEW] = "\033[36m",
					      [LAM_FATE_EMPTY] = "\033[33m" };

	print_own(out, color ? colors[fate] : "");
	print(out, "%-10s", FATE_NAMES[fate]);
	print_own(out, color ? "\033[0m" : "");
}

static void print_changes(const struct lam_layout *layout, FILE *out)
{
	for (size_t i = 0; i < lam_layout_change_count(layout); i++) {
		const struct lam_setting_change *c = lam_layout_change(layout, i);

		print_line(out, "CHANGED: %s%s%s, %s -> %s", lam_setting_word(c->kind),
			   c->key ? " " : "", c->key ? c->key : "",
			   c->before ? c->before : "none", c->after ? c->after : "none");
	}
}

static int name_width(const struct lam_layout *layout)
{
	char name[LAM_TARGET_TEXT];
	int width = LEAST_NAME;

	for (size_t i = 0; i < lam_layout_target_count(layout); i++)
		width = cell_width(width,
				   lam_target_text(lam_layout_target(layout, i), name));
	return width;
}

static void print_targets(const struct part *p, FILE *out, bool color)
{
	int width = name_width(p->layout);
	char size[LAM_SIZE_TEXT], name[LAM_TARGET_TEXT];

	print_line(out, "%-3s %-*s %-10s %8s %8s %9s  %s", "", width, "layer", "",
		   "entries", "files", "tar", "why");
	for (size_t i = 0; i < lam_layout_target_count(p->layout); i++) {
		const struct lam_target *t = lam_layout_target(p->layout, i);

		print(out, "%-3zu ", i);
		print_cell(out, lam_target_text(t, name), width);
		print(out, " ");
		print_fate(out, t->fate, color);
		print_line(out, " %8u %8u %9s  %s%s%s%s%s%s", t->entry_count,
			   t->file_count, lam_size_text(t->tar_size, size), t->reason,
			   t->from[0] ? " (" : "", t->from, t->from[0] ? ")" : "",
			   p->there && p->there[i] ? "; is there" : "",
			   p->pull.of.had && p->pull.of.had[i] ? "; the client has it"
							       : "");
	}
}

void part_print(const struct part *p, FILE *out, bool color)
{
	uint32_t dropped;
	uint64_t bytes;
	char size[LAM_SIZE_TEXT], at[LAM_TIME_TEXT];

	print_targets(p, out, color);
	lam_layout_dropped(p->layout, &dropped, &bytes);
	print_changes(p->layout, out);
	if (lam_layout_clamped(p->layout))
		print_line(out, "SET BACK to %s: the times of %u paths",
			   lam_time_format(lam_layout_plan(p->layout)->times.at, at),
			   lam_layout_clamped(p->layout));
	if (dropped)
		print_line(out, "LEFT OUT of the image: %u paths, %s", dropped,
			   lam_size_text(bytes, size));
	pull_print(&p->pull);
}

/* "layers 0-2, 5" as a list. */
static json_t *json_numbers(const char *text)
{
	json_t *list = json_array();
	char *end;

	for (text += strcspn(text, "0123456789"); *text;
	     text += strcspn(text, "0123456789")) {
		unsigned long first = strtoul(text, &end, 10),
			      last = *end == '-' ? strtoul(end + 1, &end, 10) : first;

		for (; first <= last; first++)
			json_array_append_new(list, json_integer((json_int_t)first));
		text = end;
	}
	return list;
}

/* w: once it is written; there: in a dry run, whether it is already. */
static json_t *json_target(const struct lam_target *t, const struct lam_written_layer *w,
			   const bool *there, const bool *had)
{
	char compression[LAM_COMPRESSION_TEXT];
	json_t *json = json_pack(
		"{s:o, s:I, s:I, s:s, s:o, s:o, s:I, s:I, s:I, s:I, s:I}", "name",
		json_shown(t->name), "part", (json_int_t)t->part, "parts",
		(json_int_t)t->parts, "fate", FATE_NAMES[t->fate], "reason",
		json_shown(t->reason), "from", json_numbers(t->from), "entries",
		(json_int_t)t->entry_count, "whiteouts", (json_int_t)t->whiteout_count,
		"files", (json_int_t)t->file_count, "file_bytes",
		(json_int_t)t->file_bytes, "tar_size", (json_int_t)t->tar_size);

	if (t->fate == LAM_FATE_KEPT)
		json_object_set_new(json, "original", json_integer(t->original));
	else
		json_object_set_new(
			json, "compression",
			json_string(lam_compression_format(t->compression, compression)));
	if (had && t->fate != LAM_FATE_EMPTY)
		json_object_set_new(json, "had", json_boolean(*had));
	if (w)
		json_object_update_new(json,
				       json_pack("{s:s, s:s, s:I}", "digest", w->digest,
						 "diff_id", w->diff_id, "blob_size",
						 (json_int_t)w->blob_size));
	if (t->fate != LAM_FATE_KEPT && (w || there))
		json_object_set_new(json, "reused", json_boolean(w ? w->reused : *there));
	if (t->fate != LAM_FATE_KEPT && w)
		json_object_set_new(json, "copied", json_integer((json_int_t)w->copied));
	return json;
}

static json_t *json_setting(const char *value)
{
	return value ? json_loads(value, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL)
		     : json_null();
}

static json_t *json_changes(const struct lam_layout *layout)
{
	json_t *list = json_array();

	for (size_t i = 0; i < lam_layout_change_count(layout); i++) {
		const struct lam_setting_change *c = lam_layout_change(layout, i);

		json_array_append_new(list,
				      json_pack("{s:s, s:s*, s:o, s:o}", "of",
						lam_setting_member(c->kind), "key",
						c->key, "before", json_setting(c->before),
						"after", json_setting(c->after)));
	}
	return list;
}

json_t *part_json(const struct part *p, const struct lam_write_result *result)
{
	json_t *layers = json_array(), *remarks = json_array(),
	       *json = json_pack("{s:s}", "source", lam_image_manifest_digest(p->image));
	size_t next = 0;
	uint32_t dropped;
	uint64_t bytes;

	lam_layout_dropped(p->layout, &dropped, &bytes);
	if (result)
		json_object_update_new(json, json_pack("{s:s, s:s, s:b}", "manifest",
						       result->manifest_digest, "config",
						       result->config_digest, "verified",
						       (int)result->verified));
	for (size_t i = 0; i < lam_layout_target_count(p->layout); i++) {
		const struct lam_target *t = lam_layout_target(p->layout, i);
		bool written = result && t->fate != LAM_FATE_EMPTY;

		json_array_append_new(
			layers, json_target(t, written ? &result->layers[next] : NULL,
					    p->there ? &p->there[i] : NULL,
					    p->pull.of.had ? &p->pull.of.had[i] : NULL));
		next += written;
	}
	for (size_t i = 0; i < lam_layout_remark_count(p->layout); i++)
		json_array_append_new(remarks,
				      json_shown(lam_layout_remark(p->layout, i)->text));
	json_object_update_new(
		json,
		json_pack("{s:I, s:I, s:I, s:o, s:o, s:o}", "dropped",
			  (json_int_t)dropped, "dropped_bytes", (json_int_t)bytes,
			  "clamped", (json_int_t)lam_layout_clamped(p->layout), "changes",
			  json_changes(p->layout), "layers", layers, "remarks", remarks));
	if (p->pull.of.had)
		json_object_set_new(json, "fetch", pull_json(&p->pull));
	return json;
}
