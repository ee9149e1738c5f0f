#include "plan/reader.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/path.h"
#include "base/spelling.h"

/* What is wrong */

void lam_reader_check(struct lam_reader *r, int code)
{
	if (code < 0)
		r->failed = true;
}

/* Where a fault at a place of the document goes; false where too many stand before it. */
static bool find_slot(struct lam_reader *r, size_t at, size_t *out_slot)
{
	size_t slot = r->fault_count;

	r->fault_total++;
	while (slot > 0 && r->faults[slot - 1].at > at)
		slot--;
	*out_slot = slot;
	return slot < LAM_MOST_FAULTS && !r->failed;
}

static void insert(struct lam_reader *r, size_t slot, size_t at, char *line)
{
	if (r->fault_count == LAM_MOST_FAULTS)
		free(r->faults[--r->fault_count].line);
	if (LAM_GROW(r->faults, r->fault_count, r->fault_cap, r->err) < 0) {
		free(line);
		r->failed = true;
		return;
	}
	memmove(r->faults + slot + 1, r->faults + slot,
		(r->fault_count - slot) * sizeof *r->faults);
	r->faults[slot] = (struct lam_fault){ at, line };
	r->fault_count++;
}

/* "NAME: JSON.PATH: text"; keys are the document's and so escaped. */
static char *make_line(struct lam_reader *r, const struct lam_json *value,
		       const char *text)
{
	LAM_CLEANUP(lam_buf_fini)
	struct lam_buf path = LAM_BUF(SIZE_MAX / 2), line = LAM_BUF(SIZE_MAX / 2);
	char shown[LAM_PATH_TEXT];

	if (lam_json_path(value, &path, r->err) < 0)
		return NULL;
	lam_path_text(shown, path.data ? path.data : "", path.len, false);
	if (lam_buf_printf(&line, r->err, "%s: %s%s%s", lam_doc_name(r->doc), shown,
			   shown[0] ? ": " : "", text) < 0)
		return NULL;
	return lam_buf_steal(&line, r->err);
}

void lam_reader_complain(struct lam_reader *r, const struct lam_json *value,
			 const char *format, ...)
{
	char text[LAM_ERROR_MAX], *line;
	size_t begin, end, slot;
	va_list args;

	lam_json_span(value, &begin, &end);
	if (!find_slot(r, begin, &slot))
		return;
	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	line = make_line(r, value, text);
	if (line)
		insert(r, slot, begin, line);
	else
		r->failed = true;
}

/* An error of another module about a value. */
void lam_reader_complain_of(struct lam_reader *r, const struct lam_json *value,
			    const struct lam_error *why)
{
	if (why->code == LAM_ENOMEM)
		lam_reader_check(r, lam_fail_memory(r->err));
	else
		lam_reader_complain(r, value, "%s", why->text);
}

/* Values */

bool lam_reader_expect(struct lam_reader *r, const struct lam_json *value,
		       enum lam_json_type type, const char *what)
{
	if (lam_json_type(value) == type)
		return true;
	lam_reader_complain(r, value, "expected %s", what);
	return false;
}

/* The text of a string that is there and is one; NULL otherwise. */
const char *lam_reader_text(struct lam_reader *r, const struct lam_json *value)
{
	struct lam_error why;
	const char *text;
	size_t len;

	if (!value || !lam_reader_expect(r, value, LAM_JSON_STRING, "a string"))
		return NULL;
	if (lam_json_string(r->doc, value, &text, &len, &why) < 0) {
		lam_reader_complain_of(r, value, &why);
		return NULL;
	}
	if (strlen(text) == len)
		return text;
	lam_reader_complain(r, value, "a string with \\u0000 in it");
	return NULL;
}

void lam_reader_copy(struct lam_reader *r, char **out, const struct lam_json *value)
{
	const char *text = lam_reader_text(r, value);

	if (!text)
		return;
	*out = strdup(text);
	if (!*out)
		lam_reader_check(r, lam_fail_memory(r->err));
}

void *lam_reader_allocate(struct lam_reader *r, size_t count, size_t size)
{
	void *array = calloc(count ? count : 1, size);

	if (!array)
		lam_reader_check(r, lam_fail_memory(r->err));
	return array;
}

void lam_reader_compression(struct lam_reader *r, const struct lam_json *value,
			    bool *out_has, struct lam_compression *out)
{
	const char *text = lam_reader_text(r, value);
	struct lam_error why;

	if (!text)
		return;
	if (lam_compression_parse(out, text, &why) < 0)
		lam_reader_complain_of(r, value, &why);
	else
		*out_has = true;
}

const char *lam_reader_hint(const struct lam_near *near, char out[LAM_HINT_TEXT])
{
	char shown[LAM_PATH_TEXT];

	out[0] = '\0';
	if (near->best)
		snprintf(out, LAM_HINT_TEXT, "; did you mean \"%s\"?",
			 lam_path_text(shown, near->best, near->best_len, false));
	return out;
}

static size_t find_field(struct lam_fields fields, const char *key)
{
	size_t i = 0;

	while (i < fields.count && strcmp(fields.names[i], key) != 0)
		i++;
	return i;
}

bool lam_reader_fields(struct lam_reader *r, const struct lam_json *object,
		       struct lam_fields fields,
		       const struct lam_json *out[LAM_MOST_FIELDS])
{
	char hint[LAM_HINT_TEXT];

	for (size_t i = 0; i < LAM_MOST_FIELDS; i++)
		out[i] = NULL;
	if (!lam_reader_expect(r, object, LAM_JSON_OBJECT, "an object"))
		return false;
	for (const struct lam_json *m = lam_json_first(object); m; m = lam_json_next(m)) {
		size_t found = find_field(fields, lam_json_key(m));
		struct lam_near near;

		if (found < fields.count) {
			out[found] = m;
			continue;
		}
		lam_near_init(&near, lam_json_key(m), strlen(lam_json_key(m)));
		for (size_t i = 0; i < fields.count; i++)
			lam_near_try(&near, fields.names[i], strlen(fields.names[i]));
		lam_reader_complain(r, m, "unknown field%s",
				    lam_reader_hint(&near, hint));
	}
	return true;
}
