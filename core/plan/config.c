/* A plan's "config": read, written, and edited. */
#include "plan/config.h"

#include <stdlib.h>
#include <string.h>

#include <lamina/edit.h>

#include "base/memory.h"
#include "base/text.h"
#include "oci/settings.h"

/* Reading */

struct reading {
	struct lam_settings *out;
	size_t cap;
	void (*complain)(void *context, const struct lam_json *at, const char *what);
	void *context;
};

/* What is wrong with a key; NULL: nothing. */
static const char *key_fault(enum lam_setting_kind kind, const char *key)
{
	if (!*key)
		return "a name is missing";
	if (kind == LAM_SETTING_ENV && strchr(key, '='))
		return "a variable's name has no \"=\"";
	if (kind == LAM_SETTING_ANNOTATION && lam_text_behind(key, LAM_ANNOTATION_PREFIX))
		return "what begins with \"" LAM_ANNOTATION_PREFIX
		       "\" is written by lamina itself";
	return NULL;
}

/* It, or one of a list. */
static bool has_nul(const json_t *value)
{
	bool found = json_is_string(value) &&
		     strlen(json_string_value(value)) != json_string_length(value);

	for (size_t i = 0; i < json_array_size(value) && !found; i++)
		found = has_nul(json_array_get(value, i));
	return found;
}

/* From "/", or as Windows has it; runc and containerd start nothing anywhere else. */
static bool is_absolute(const char *path)
{
	return !*path || strchr("/\\", *path) || path[1] == ':';
}

static const char *value_fault(enum lam_setting_kind kind, const json_t *value)
{
	bool fine = lam_json_is_text(value);

	if (json_is_null(value))
		return NULL;
	if (has_nul(value))
		return "a text here cannot have a NUL (\\u0000) in it";
	if (kind == LAM_SETTING_WORKDIR && fine && !is_absolute(json_string_value(value)))
		return "expected an absolute path: no container starts in another";
	if (!lam_setting_is_list(kind))
		return fine ? NULL : "expected a string, or null";
	fine = json_is_array(value);
	for (size_t i = 0; i < json_array_size(value) && fine; i++)
		fine = lam_json_is_text(json_array_get(value, i));
	return fine ? NULL : "expected a list of strings, or null";
}

static void read_setting(struct reading *r, enum lam_setting_kind kind, const char *key,
			 const struct lam_json *at)
{
	const char *fault = key ? key_fault(kind, key) : NULL;

	fault = fault ? fault : value_fault(kind, at->value);
	if (fault) {
		r->complain(r->context, at, fault);
		return;
	}
	LAM_XGROW(r->out->items, r->out->count, r->cap);
	r->out->items[r->out->count++] =
		(struct lam_setting){ kind, lam_xcopy(key), lam_setting_text(at->value) };
}

static void read_map(struct reading *r, enum lam_setting_kind kind,
		     const struct lam_json *map)
{
	if (!json_is_object(map->value))
		r->complain(r->context, map, "expected an object");
	for (struct lam_json m = lam_json_first(map); m.value; lam_json_step(&m)) {
		if (json_is_object(map->value))
			read_setting(r, kind, m.key, &m);
	}
}

void lam_plan_read_settings(struct lam_settings *out,
			    const struct lam_json members[LAM_SETTING_KIND_COUNT],
			    void (*complain)(void *context, const struct lam_json *at,
					     const char *what),
			    void *context)
{
	struct reading r = { .out = out, .complain = complain, .context = context };

	for (unsigned k = 0; k < LAM_SETTING_KIND_COUNT; k++) {
		enum lam_setting_kind kind = (enum lam_setting_kind)k;

		if (!members[k].value)
			continue;
		if (lam_setting_has_key(kind))
			read_map(&r, kind, &members[k]);
		else
			read_setting(&r, kind, NULL, &members[k]);
	}
	lam_settings_sort(out);
}

/* Writing */

static json_t *json_of(const struct lam_setting *s)
{
	json_t *value = lam_setting_json(s);

	return value ? value : json_null();
}

json_t *lam_plan_settings_json(const struct lam_settings *settings)
{
	json_t *object = settings->count ? json_object() : NULL;

	for (size_t i = 0; i < settings->count; i++) {
		const struct lam_setting *s = &settings->items[i];
		const char *member = lam_setting_member(s->kind);
		json_t *map = json_object_get(object, member);

		if (!s->key) {
			json_object_set_new(object, member, json_of(s));
			continue;
		}
		if (!map) {
			map = json_object();
			json_object_set_new(object, member, map);
		}
		json_object_set_new(map, s->key, json_of(s));
	}
	return object;
}

/* Editing */

/* What was typed; NULL: it is no such value. */
static json_t *value_of(enum lam_setting_kind kind, const char *text)
{
	bool list = lam_setting_is_list(kind);
	json_t *value;

	if (*text == (list ? '[' : '"'))
		return json_loads(text, JSON_DECODE_ANY, NULL);
	if (!list)
		return json_string(text);
	if (text[strcspn(text, " ")])
		return NULL;
	value = json_array();
	json_array_append_new(value, json_string(text));
	return value;
}

int lam_edit_setting(struct lam_plan *plan, enum lam_setting_kind kind, const char *key,
		     const char *value, struct lam_error *err)
{
	const char *fault = key ? key_fault(kind, key) : NULL;
	struct lam_setting one = { kind, (char *)(uintptr_t)key, NULL };
	json_auto_t *json = NULL;

	if (!fault) {
		json = value ? value_of(kind, value) : json_null();
		fault = json ? value_fault(kind, json)
			: lam_setting_is_list(kind)
				? "expected a list of strings like [\"a\", \"b\"]"
				: "what begins with a quote is a string of JSON's";
	}
	if (fault)
		return lam_fail(err, LAM_EPLAN, "%s: %s", lam_setting_word(kind), fault);
	one.value = lam_setting_text(json);
	lam_settings_take(&plan->settings, &(struct lam_settings){ &one, 1 });
	free(one.value);
	return 0;
}

void lam_edit_setting_clear(struct lam_plan *plan, enum lam_setting_kind kind,
			    const char *key)
{
	struct lam_settings *all = &plan->settings;
	const struct lam_setting *found = lam_settings_find(all, kind, key);
	size_t at;

	if (!found)
		return;
	at = (size_t)(found - all->items);
	free(all->items[at].key);
	free(all->items[at].value);
	all->count--;
	memmove(all->items + at, all->items + at + 1,
		(all->count - at) * sizeof *all->items);
}
