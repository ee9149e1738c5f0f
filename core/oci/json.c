#include "oci/json.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "oci/json_scan.h"
#include "tar/number.h"

int lam_doc_parse(struct lam_doc **out, const char *bytes, size_t len, const char *name,
		  struct lam_error *err)
{
	struct lam_doc *doc = calloc(1, sizeof *doc);

	*out = NULL;
	if (!doc)
		return lam_fail_memory(err);
	doc->bytes = malloc(len + 1);
	doc->name = strdup(name);
	if (!doc->bytes || !doc->name) {
		lam_doc_free(doc);
		return lam_fail_memory(err);
	}
	if (len)
		memcpy(doc->bytes, bytes, len);
	doc->bytes[len] = '\0';
	doc->len = len;
	if (lam_json_scan(doc, err) < 0) {
		lam_doc_free(doc);
		return err->code;
	}
	*out = doc;
	return 0;
}

void lam_doc_free(struct lam_doc *doc)
{
	if (!doc)
		return;
	lam_arena_fini(&doc->arena);
	free(doc->bytes);
	free(doc->name);
	free(doc);
}

void lam_doc_free_ptr(struct lam_doc **doc)
{
	lam_doc_free(*doc);
}

const char *lam_doc_bytes(const struct lam_doc *doc, size_t *out_len)
{
	*out_len = doc->len;
	return doc->bytes;
}

const char *lam_doc_name(const struct lam_doc *doc)
{
	return doc->name;
}

const struct lam_json *lam_doc_root(const struct lam_doc *doc)
{
	return doc->root;
}

enum lam_json_type lam_json_type(const struct lam_json *value)
{
	return value->type;
}

const struct lam_json *lam_json_first(const struct lam_json *value)
{
	return value->first;
}

const struct lam_json *lam_json_next(const struct lam_json *value)
{
	return value->next;
}

size_t lam_json_count(const struct lam_json *value)
{
	return value->count;
}

const char *lam_json_key(const struct lam_json *member)
{
	return member->key;
}

const struct lam_json *lam_json_get(const struct lam_json *object, const char *key)
{
	if (object->type != LAM_JSON_OBJECT)
		return NULL;
	for (const struct lam_json *m = object->first; m; m = m->next) {
		if (strcmp(m->key, key) == 0)
			return m->type == LAM_JSON_NULL ? NULL : m;
	}
	return NULL;
}

/* Equal as Go folds ASCII letters and the two others that fold to them. */
static bool equal_folded(const char *a, const char *b)
{
	for (; *a && *b; a++, b++) {
		char c = *a >= 'A' && *a <= 'Z' ? (char)(*a + 32) : *a;
		char d = *b >= 'A' && *b <= 'Z' ? (char)(*b + 32) : *b;

		if (strncmp(a, "\xc5\xbf", 2) == 0) {
			c = 's';
			a += 1;
		} else if (strncmp(a, "\xe2\x84\xaa", 3) == 0) {
			c = 'k';
			a += 2;
		}
		if (c != d)
			return false;
	}
	return *a == *b;
}

int lam_json_check_case(const struct lam_doc *doc, const struct lam_json *object,
			const char *const keys[], struct lam_error *err)
{
	for (const struct lam_json *m = object->first; m; m = m->next) {
		for (const char *const *key = keys; *key; key++) {
			if (strcmp(m->key, *key) != 0 && equal_folded(m->key, *key))
				return lam_json_fail(
					doc, m, err, LAM_EFORMAT,
					"readers that do not mind case take this for \"%s\"",
					*key);
		}
	}
	return 0;
}

void lam_json_span(const struct lam_json *value, size_t *out_begin, size_t *out_end)
{
	*out_begin = value->begin;
	*out_end = value->end;
}

size_t lam_json_member_begin(const struct lam_json *member)
{
	return member->member_begin;
}

int lam_json_path(const struct lam_json *value, struct lam_buf *out,
		  struct lam_error *err)
{
	if (!value->parent)
		return 0;
	if (lam_json_path(value->parent, out, err) < 0)
		return err->code;
	if (!value->key)
		return lam_buf_printf(out, err, "[%zu]", value->index);
	return lam_buf_printf(out, err, "%s%s", out->len ? "." : "", value->key);
}

int lam_json_fail(const struct lam_doc *doc, const struct lam_json *value,
		  struct lam_error *err, enum lam_code code, const char *format, ...)
{
	LAM_CLEANUP(lam_buf_fini) struct lam_buf path = LAM_BUF(SIZE_MAX / 2);
	char text[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	if (lam_json_path(value, &path, err) < 0)
		return err->code;
	return lam_fail(err, code, "%s: %.500s%s%s", doc->name,
			path.data ? path.data : "", path.len ? ": " : "", text);
}

int lam_json_string(const struct lam_doc *doc, const struct lam_json *value,
		    const char **out, size_t *out_len, struct lam_error *err)
{
	if (value->type != LAM_JSON_STRING)
		return lam_json_fail(doc, value, err, LAM_EFORMAT, "expected a string");
	if (!out_len && memchr(value->text, '\0', value->text_len))
		return lam_json_fail(doc, value, err, LAM_EFORMAT,
				     "a string with \\u0000 in it");
	*out = value->text;
	if (out_len)
		*out_len = value->text_len;
	return 0;
}

int lam_json_int(const struct lam_doc *doc, const struct lam_json *value, int64_t *out,
		 struct lam_error *err)
{
	if (value->type != LAM_JSON_NUMBER ||
	    !lam_tar_decimal(doc->bytes + value->begin, value->end - value->begin, out))
		return lam_json_fail(doc, value, err, LAM_EFORMAT,
				     "expected a whole number");
	return 0;
}

int lam_json_bool(const struct lam_doc *doc, const struct lam_json *value, bool *out,
		  struct lam_error *err)
{
	if (value->type != LAM_JSON_BOOL)
		return lam_json_fail(doc, value, err, LAM_EFORMAT,
				     "expected true or false");
	*out = doc->bytes[value->begin] == 't';
	return 0;
}

int lam_json_get_string(const struct lam_doc *doc, const struct lam_json *object,
			const char *key, bool required, const char **out,
			struct lam_error *err)
{
	const struct lam_json *value = lam_json_get(object, key);

	*out = NULL;
	if (value)
		return lam_json_string(doc, value, out, NULL, err);
	return required ? lam_json_fail(doc, object, err, LAM_EFORMAT, "%s is missing",
					key)
			: 0;
}

int lam_json_append_string(struct lam_buf *out, const char *text, size_t len,
			   struct lam_error *err)
{
	static const char from[] = "\"\\\n\r\t", to[] = "\"\\nrt";

	if (lam_buf_append_char(out, '"', err) < 0)
		return err->code;
	for (size_t i = 0; i < len; i++) {
		const char *known = text[i] ? strchr(from, text[i]) : NULL;
		int code;

		if (known)
			code = lam_buf_printf(out, err, "\\%c", to[known - from]);
		else if ((unsigned char)text[i] < 0x20)
			code = lam_buf_printf(out, err, "\\u%04x",
					      (unsigned)(unsigned char)text[i]);
		else if (len - i >= 3 && memcmp(text + i, "\xe2\x80", 2) == 0 &&
			 ((unsigned char)text[i + 2] & 0xfe) == 0xa8) {
			code = lam_buf_printf(out, err, "\\u%04x",
					      0x2028u +
						      ((unsigned char)text[i + 2] & 1u));
			i += 2;
		} else {
			code = lam_buf_append_char(out, text[i], err);
		}
		if (code < 0)
			return code;
	}
	return lam_buf_append_char(out, '"', err);
}

int lam_doc_splice(const struct lam_doc *doc, const struct lam_splice *splices,
		   size_t count, struct lam_buf *out, struct lam_error *err)
{
	size_t at = 0;

	for (size_t i = 0; i < count; i++) {
		if (lam_buf_append(out, doc->bytes + at, splices[i].begin - at, err) <
			    0 ||
		    lam_buf_append(out, splices[i].bytes, splices[i].len, err) < 0)
			return err->code;
		at = splices[i].end;
	}
	return lam_buf_append(out, doc->bytes + at, doc->len - at, err);
}
