/* What readers of an image's documents understand differently: keys that differ in case. */
#include "oci/doc.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

/* The key as Go compares it. */
static char *fold(const char *key)
{
	char *folded = lam_xstrdup(key), *to = folded;

	for (; *key; key++, to++) {
		*to = *key >= 'A' && *key <= 'Z' ? (char)(*key + 'a' - 'A') : *key;
		if (strncmp(key, "\xc5\xbf", 2) == 0) {
			*to = 's';
			key += 1;
		} else if (strncmp(key, "\xe2\x84\xaa", 3) == 0) {
			*to = 'k';
			key += 2;
		}
	}
	*to = '\0';
	return folded;
}

static bool is_map(const struct lam_json *object)
{
	static const char *const maps[] = { "annotations", "labels", "volumes",
					    "exposedports" };
	LAM_CLEANUP(lam_free_ptr)
	char *key = object->above && object->key ? fold(object->key) : NULL;
	bool found = false;

	for (size_t i = 0; key && i < sizeof maps / sizeof *maps && !found; i++)
		found = strcmp(key, maps[i]) == 0;
	return found;
}

static int check_keys(const struct lam_json *object, struct lam_error *err)
{
	json_auto_t *seen = json_object();

	for (struct lam_json m = lam_json_first(object); m.value; lam_json_step(&m)) {
		LAM_CLEANUP(lam_free_ptr) char *key = fold(m.key);

		if (json_object_get(seen, key))
			return lam_json_fail(
				&m, err, LAM_EFORMAT,
				"a key that the object has already in another case: readers take "
				"one or the other");
		json_object_set_new(seen, key, json_true());
	}
	return 0;
}

static int check_value(const struct lam_json *value, struct lam_error *err)
{
	if (json_is_object(value->value) && !is_map(value) && check_keys(value, err) < 0)
		return err->code;
	for (struct lam_json v = lam_json_first(value); v.value; lam_json_step(&v)) {
		if (check_value(&v, err) < 0)
			return err->code;
	}
	return 0;
}

int lam_doc_parse(struct lam_doc *out, const char *bytes, size_t len, size_t max,
		  const char *name, struct lam_error *err)
{
	struct lam_json root;

	*out = (struct lam_doc){ .len = len };
	if (len > max)
		return lam_fail(err, LAM_EFORMAT, "%s: is larger than %zu bytes", name,
				max);
	out->root = lam_json_load(bytes, len, name, NULL, err);
	if (!out->root)
		return err->code;
	root = lam_json_root(out->root, name);
	if (check_value(&root, err) < 0) {
		lam_doc_fini(out);
		return err->code;
	}
	out->bytes = lam_xmemdup(bytes, len);
	return 0;
}

void lam_doc_fini(struct lam_doc *doc)
{
	json_decref(doc->root);
	free(doc->bytes);
	*doc = (struct lam_doc){ 0 };
}

/* A field as the specification has it: 't' text, 'l' a list of it, 's' either, 'm' a map
 * of it. */
static int check_field(const struct lam_json *value, char kind, struct lam_error *err)
{
	bool is_text = kind == 't' || (kind == 's' && json_is_string(value->value));
	const char *text;

	if (is_text)
		return lam_json_text(value, &text, err);
	if (kind == 'm' ? !json_is_object(value->value) : !json_is_array(value->value))
		return lam_json_fail(value, err, LAM_EFORMAT, "expected %s of strings",
				     kind == 'm' ? "a map" : "a list");
	for (struct lam_json v = lam_json_first(value); v.value; lam_json_step(&v)) {
		if (!json_is_null(v.value) && !lam_json_is_text(v.value))
			return lam_json_fail(&v, err, LAM_EFORMAT, "expected a string");
	}
	return 0;
}

static int check_case(const struct lam_json *member, const char *const fields[],
		      struct lam_error *err)
{
	LAM_CLEANUP(lam_free_ptr) char *folded = fold(member->key);

	for (const char *const *f = fields; *f; f++) {
		LAM_CLEANUP(lam_free_ptr) char *field = fold(*f + 1);

		if (strcmp(folded, field) == 0 && strcmp(member->key, *f + 1) != 0)
			return lam_json_fail(
				member, err, LAM_EFORMAT,
				"readers that do not mind case take this for \"%s\"",
				*f + 1);
	}
	return 0;
}

int lam_doc_check_fields(const struct lam_json *object, const char *const fields[],
			 struct lam_error *err)
{
	if (object->value && !json_is_object(object->value))
		return lam_json_fail(object, err, LAM_EFORMAT, "expected an object");
	for (struct lam_json m = lam_json_first(object); m.value; lam_json_step(&m)) {
		if (check_case(&m, fields, err) < 0)
			return err->code;
	}
	for (const char *const *f = fields; *f; f++) {
		struct lam_json value = lam_json_member(object, *f + 1);

		if (value.value && **f != '-' && check_field(&value, **f, err) < 0)
			return err->code;
	}
	return 0;
}
