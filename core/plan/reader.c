/* Reading a plan: what is wrong, and values. */
#include "plan/reader.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

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

void lam_plan_complain(struct lam_plan_reader *r, const struct lam_json *at,
		       const char *format, ...)
{
	struct lam_plan_fault fault = { .place = lam_json_place(at) };
	size_t slot = r->fault_count;
	char text[LAM_ERROR_MAX];
	struct lam_error line;
	va_list args;

	r->fault_total++;
	while (slot > 0 && compare_places(&r->faults[slot - 1].place, &fault.place) > 0)
		slot--;
	if (slot == LAM_MOST_FAULTS)
		return;
	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	lam_json_fail(at, &line, LAM_EPLAN, "%s", text);
	fault.text = lam_xstrdup(line.text);
	memmove(r->faults + slot + 1, r->faults + slot,
		(r->fault_count - slot) * sizeof *r->faults);
	r->faults[slot] = fault;
	if (r->fault_count == LAM_MOST_FAULTS)
		free(r->faults[LAM_MOST_FAULTS].text);
	else
		r->fault_count++;
}

const char *lam_plan_hint(const struct lam_spelling *near, char out[LAM_HINT_TEXT])
{
	char shown[LAM_PATH_TEXT];

	out[0] = '\0';
	if (near->best)
		snprintf(out, LAM_HINT_TEXT, "; did you mean \"%s\"?",
			 lam_path_text(shown, near->best, near->best_len, false));
	return out;
}

/* Values */

bool lam_plan_is_text(struct lam_plan_reader *r, const struct lam_json *at,
		      const char *what)
{
	if (lam_json_is_text(at->value))
		return true;
	lam_plan_complain(r, at, "expected %s", what);
	return false;
}

bool lam_plan_is_list(struct lam_plan_reader *r, const struct lam_json *at,
		      const char *what)
{
	if (json_is_array(at->value))
		return true;
	lam_plan_complain(r, at, "expected %s", what);
	return false;
}

const char *lam_plan_text(struct lam_plan_reader *r, const struct lam_json *at)
{
	const char *text;

	if (!at->value || !lam_plan_is_text(r, at, "a string"))
		return NULL;
	text = json_string_value(at->value);
	if (strlen(text) == json_string_length(at->value))
		return text;
	lam_plan_complain(r, at, "a string with \\u0000 in it");
	return NULL;
}

char *lam_plan_copy_text(struct lam_plan_reader *r, const struct lam_json *at)
{
	const char *text = lam_plan_text(r, at);

	return lam_xcopy(text);
}

void lam_plan_read_compression(struct lam_plan_reader *r, const struct lam_json *at,
			       bool *out_has, struct lam_compression *out)
{
	const char *text = lam_plan_text(r, at);
	struct lam_error why;

	if (!text)
		return;
	if (lam_compression_parse(out, text, &why) < 0)
		lam_plan_complain(r, at, "%s", why.text);
	else
		*out_has = true;
}

bool lam_plan_read_fields(struct lam_plan_reader *r, const struct lam_json *object,
			  const char *const names[LAM_MOST_FIELDS],
			  struct lam_json out[LAM_MOST_FIELDS])
{
	char text[LAM_HINT_TEXT];

	memset(out, 0, LAM_MOST_FIELDS * sizeof *out);
	if (!json_is_object(object->value)) {
		lam_plan_complain(r, object, "expected an object");
		return false;
	}
	for (struct lam_json m = lam_json_first(object); m.value; lam_json_step(&m)) {
		struct lam_spelling near;
		size_t i = 0;

		while (i < LAM_MOST_FIELDS && names[i] && strcmp(names[i], m.key) != 0)
			i++;
		if (i < LAM_MOST_FIELDS && names[i]) {
			out[i] = m;
			continue;
		}
		lam_spelling_init(&near, m.key, strlen(m.key));
		for (i = 0; i < LAM_MOST_FIELDS && names[i]; i++)
			lam_spelling_try(&near, names[i], strlen(names[i]));
		lam_plan_complain(r, &m, "unknown field%s", lam_plan_hint(&near, text));
	}
	return true;
}

/* The report */

void lam_plan_add_error(struct lam_plan_errors *errors, char *text, size_t line)
{
	errors->lines =
		lam_xrealloc(errors->lines, (errors->count + 1) * sizeof *errors->lines);
	errors->at = lam_xrealloc(errors->at, (errors->count + 1) * sizeof *errors->at);
	errors->lines[errors->count] = text;
	errors->at[errors->count++] = line;
}

int lam_plan_report(struct lam_plan_reader *r, const char *bytes, size_t len,
		    const char *name, struct lam_plan_errors *errors,
		    struct lam_error *err)
{
	struct lam_json_place places[LAM_MOST_FAULTS];
	size_t more = r->fault_total - r->fault_count;

	lam_fail(err, LAM_EPLAN, "%s", r->faults[0].text);
	for (size_t i = 0; i < r->fault_count; i++)
		places[i] = r->faults[i].place;
	if (errors)
		lam_json_find_lines(bytes, len, places, r->fault_count);
	for (size_t i = 0; i < r->fault_count; i++) {
		if (errors)
			lam_plan_add_error(errors, r->faults[i].text, places[i].line);
		else
			free(r->faults[i].text);
	}
	if (errors && more)
		lam_plan_add_error(errors, lam_xprintf("%s: %zu more errors", name, more),
				   1);
	return err->code;
}
