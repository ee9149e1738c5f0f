/* Settings in the documents of an image. */
#include "oci/settings.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/path.h"
#include "base/text.h"
#include "oci/claims.h"

static const struct row {
	const char *member, *word; /* in a plan, in messages */
	const char *name;          /* in its document */
	enum { MAP, LIST_OF_PAIRS, LIST, TEXT } form;
	bool manifest;
} ROWS[LAM_SETTING_KIND_COUNT] = {
	[LAM_SETTING_ENTRYPOINT] = { "entrypoint", "entrypoint", "Entrypoint", LIST,
				     false },
	[LAM_SETTING_CMD] = { "cmd", "cmd", "Cmd", LIST, false },
	[LAM_SETTING_USER] = { "user", "user", "User", TEXT, false },
	[LAM_SETTING_WORKDIR] = { "workdir", "workdir", "WorkingDir", TEXT, false },
	[LAM_SETTING_ENV] = { "env", "env", "Env", LIST_OF_PAIRS, false },
	[LAM_SETTING_LABEL] = { "labels", "label", "Labels", MAP, false },
	[LAM_SETTING_ANNOTATION] = { "annotations", "annotation", "annotations", MAP,
				     true },
};

const char *lam_setting_member(enum lam_setting_kind kind)
{
	return ROWS[kind].member;
}

const char *lam_setting_word(enum lam_setting_kind kind)
{
	return ROWS[kind].word;
}

bool lam_setting_has_key(enum lam_setting_kind kind)
{
	return ROWS[kind].form == MAP || ROWS[kind].form == LIST_OF_PAIRS;
}

bool lam_setting_is_list(enum lam_setting_kind kind)
{
	return ROWS[kind].form == LIST;
}

/* As values */

void lam_settings_fini(struct lam_settings *s)
{
	for (size_t i = 0; i < s->count; i++) {
		free(s->items[i].key);
		free(s->items[i].value);
	}
	free(s->items);
	*s = (struct lam_settings){ 0 };
}

static int compare(const void *a, const void *b)
{
	const struct lam_setting *x = a, *y = b;

	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	return x->key && y->key ? strcmp(x->key, y->key) : 0;
}

void lam_settings_sort(struct lam_settings *s)
{
	if (s->count)
		qsort(s->items, s->count, sizeof *s->items, compare);
}

bool lam_settings_equal(const struct lam_settings *a, const struct lam_settings *b)
{
	bool same = a->count == b->count;

	for (size_t i = 0; i < a->count && same; i++)
		same = compare(&a->items[i], &b->items[i]) == 0 &&
		       lam_same_text(a->items[i].value, b->items[i].value);
	return same;
}

const struct lam_setting *lam_settings_find(const struct lam_settings *s,
					    enum lam_setting_kind kind, const char *key)
{
	const struct lam_setting wanted = { .kind = kind, .key = (char *)(uintptr_t)key };

	return s->count ? bsearch(&wanted, s->items, s->count, sizeof wanted, compare)
			: NULL;
}

static struct lam_setting copy_one(const struct lam_setting *s)
{
	return (struct lam_setting){ s->kind, lam_xcopy(s->key), lam_xcopy(s->value) };
}

void lam_settings_take(struct lam_settings *into, const struct lam_settings *more)
{
	struct lam_settings all = { 0 };

	all.items = lam_xcalloc(into->count + more->count + 1, sizeof *all.items);
	for (size_t i = 0; i < into->count; i++) {
		const struct lam_setting *s = &into->items[i];

		if (!lam_settings_find(more, s->kind, s->key))
			all.items[all.count++] = copy_one(s);
	}
	for (size_t i = 0; i < more->count; i++)
		all.items[all.count++] = copy_one(&more->items[i]);
	lam_settings_sort(&all);
	lam_settings_fini(into);
	*into = all;
}

void lam_settings_copy(struct lam_settings *out, const struct lam_settings *s)
{
	*out = (struct lam_settings){ 0 };
	lam_settings_take(out, s);
}

/* A value */

char *lam_setting_text(const json_t *value)
{
	struct lam_buf text = LAM_TEXT;
	struct lam_error never;

	if (json_is_null(value))
		return NULL;
	(void)lam_json_dump(value, JSON_ENCODE_ANY, &text, &never);
	return lam_text_steal(&text);
}

json_t *lam_setting_json(const struct lam_setting *setting)
{
	return setting->value ? json_loads(setting->value, JSON_DECODE_ANY, NULL) : NULL;
}

/* Reading */

/* Where a kind stands: a member of it is its own; NULL: there is no such object. */
static json_t *holder_of(json_t *root, const struct row *row)
{
	return row->manifest ? root : json_object_get(root, "config");
}

/* "KEY=VALUE"; one without a sign is a key alone. */
static char *key_of_pair(const json_t *pair, const char **out_value)
{
	const char *text = json_string_value(pair);
	size_t len = text ? strcspn(text, "=") : 0;

	*out_value = text && text[len] ? text + len + 1 : "";
	return lam_xmemdup(text ? text : "", len);
}

/* A new reference; of two values of one key the last, as runtimes have it. */
static json_t *map_of_pairs(const json_t *list)
{
	json_t *map = json_object();

	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *value;
		char *key = key_of_pair(json_array_get(list, i), &value);

		json_object_set_new(map, key, json_string(value));
		free(key);
	}
	return map;
}

struct reading {
	struct lam_settings *out;
	size_t cap;
};

static void add(struct reading *r, enum lam_setting_kind kind, const char *key,
		const json_t *value)
{
	LAM_XGROW(r->out->items, r->out->count, r->cap);
	r->out->items[r->out->count++] =
		(struct lam_setting){ kind, lam_xcopy(key), lam_setting_text(value) };
}

static void read_kind(struct reading *r, json_t *root, enum lam_setting_kind kind)
{
	const struct row *row = &ROWS[kind];
	json_t *found = json_object_get(holder_of(root, row), row->name), *value;
	json_auto_t *map = NULL;
	const char *key;

	if (!found || json_is_null(found))
		return;
	if (!lam_setting_has_key(kind)) {
		add(r, kind, NULL, found);
		return;
	}
	map = row->form == MAP ? json_incref(found) : map_of_pairs(found);
	json_object_foreach(map, key, value) add(r, kind, key, value);
}

void lam_settings_read(struct lam_settings *out, const struct lam_config *config,
		       const struct lam_manifest *manifest)
{
	struct reading r = { .out = out };

	*out = (struct lam_settings){ 0 };
	for (unsigned k = 0; k < LAM_SETTING_KIND_COUNT; k++)
		read_kind(&r, ROWS[k].manifest ? manifest->doc.root : config->doc.root,
			  (enum lam_setting_kind)k);
	lam_settings_sort(out);
}

/* Changing */

static json_t *change_map(const json_t *old, const struct lam_setting *s, size_t count)
{
	json_t *map =
		json_is_object(old) ? json_copy((json_t *)(uintptr_t)old) : json_object();

	for (size_t i = 0; i < count; i++) {
		if (s[i].value)
			json_object_set_new(map, s[i].key, lam_setting_json(&s[i]));
		else
			json_object_del(map, s[i].key);
	}
	return map;
}

static void add_pair(json_t *list, const struct lam_setting *s)
{
	json_auto_t *value = lam_setting_json(s);
	char *text;

	if (!value)
		return;
	text = lam_xprintf("%s=%s", s->key, json_string_value(value));
	json_array_append_new(list, json_string(text));
	free(text);
}

/* A pair stands where the first of its key stood; new ones come last. */
static json_t *change_pairs(const json_t *old, const struct lam_setting *s, size_t count)
{
	const struct lam_settings all = { (struct lam_setting *)(uintptr_t)s, count };
	LAM_CLEANUP(lam_free_ptr) bool *done = lam_xcalloc(count, sizeof *done);
	json_t *list = json_array();

	for (size_t i = 0; i < json_array_size(old); i++) {
		json_t *pair = json_array_get(old, i);
		const struct lam_setting *found;
		const char *value;
		char *key = key_of_pair(pair, &value);

		found = lam_settings_find(&all, s->kind, key);
		free(key);
		if (!found)
			json_array_append(list, pair);
		else if (!done[found - s])
			add_pair(list, found);
		if (found)
			done[found - s] = true;
	}
	for (size_t i = 0; i < count; i++) {
		if (!done[i])
			add_pair(list, &s[i]);
	}
	return list;
}

/* `count` of one kind. What is left empty goes. */
static void change_kind(json_t *holder, const struct lam_setting *s, size_t count)
{
	const struct row *row = &ROWS[s->kind];
	json_t *old = json_object_get(holder, row->name), *new = NULL;

	switch (row->form) {
	case MAP: new = change_map(old, s, count); break;
	case LIST_OF_PAIRS: new = change_pairs(old, s, count); break;
	case LIST:
	case TEXT: new = lam_setting_json(s); break;
	}
	if (new && (!lam_setting_has_key(s->kind) || json_object_size(new) ||
		    json_array_size(new)))
		json_object_set(holder, row->name, new);
	else
		json_object_del(holder, row->name);
	json_decref(new);
}

json_t *lam_settings_change(json_t *root, const struct lam_settings *changes,
			    bool manifest)
{
	json_t *out = json_copy(root), *run = json_object_get(root, "config");

	run = !manifest && json_is_object(run) ? json_copy(run) : json_object();
	for (size_t i = 0, end; i < changes->count; i = end) {
		const struct lam_setting *s = &changes->items[i];

		for (end = i;
		     end < changes->count && changes->items[end].kind == s->kind;)
			end++;
		if (ROWS[s->kind].manifest == manifest)
			change_kind(manifest ? out : run, s, end - i);
	}
	if (!manifest && (json_object_size(run) || json_object_get(root, "config")))
		json_object_set(out, "config", run);
	json_decref(run);
	return out;
}

/* The proof */

/* What is not compared: what changes, and what follows from the stack. */
struct left_out {
	const struct lam_settings *changes;
	bool same_stack;
};

static void drop_empty(json_t *object, const char *member)
{
	const json_t *value = json_object_get(object, member);

	if (!json_object_size(value))
		json_object_del(object, member);
}

static json_t *rest_of_config(const struct lam_config *config, const struct left_out *o)
{
	json_t *rest = lam_settings_change(config->doc.root, o->changes, false),
	       *run = json_copy(json_object_get(rest, "config"));

	json_object_del(rest, "rootfs");
	json_object_del(rest, "history");
	json_object_del(rest, "created");
	if (!run)
		return rest;
	if (!o->same_stack)
		lam_claims_drop(run, "Labels");
	json_object_set_new(rest, "config", run);
	drop_empty(rest, "config");
	return rest;
}

static json_t *rest_of_manifest(const struct lam_manifest *manifest,
				const struct left_out *o)
{
	json_t *rest = lam_settings_change(manifest->doc.root, o->changes, true),
	       *said = json_copy(json_object_get(rest, "annotations"));

	json_object_del(rest, "config");
	json_object_del(rest, "layers");
	json_object_del(rest, "mediaType");
	if (!said)
		return rest;
	json_object_del(said, LAM_ANNOTATION_SOURCE);
	json_object_del(said, LAM_ANNOTATION_PLAN);
	json_object_set_new(rest, "annotations", said);
	if (!o->same_stack)
		lam_claims_drop(rest, "annotations");
	drop_empty(rest, "annotations");
	return rest;
}

/* A member of one that is another in the other, or not there; NULL: none. */
static const char *find_other(json_t *one, const json_t *other)
{
	const char *key;
	json_t *value;

	json_object_foreach(one, key, value)
	{
		if (!json_equal(value, json_object_get(other, key)))
			return key;
	}
	return NULL;
}

/* Takes both over. */
static int compare_rests(json_t *old, json_t *new, const char *what,
			 struct lam_error *err)
{
	json_auto_t *a = old, *b = new;
	const char *key = find_other(a, b);
	char shown[LAM_PATH_TEXT];

	key = key ? key : find_other(b, a);
	if (!key)
		return 0;
	return lam_fail(err, LAM_EWRITE,
			"the new %s differs from the source's in \"%s\", which no plan "
			"asked for",
			what, lam_path_text(shown, key, strlen(key), false));
}

static int compare_changes(const struct lam_config *config,
			   const struct lam_manifest *manifest,
			   const struct lam_settings *changes, struct lam_error *err)
{
	struct lam_settings now;
	char shown[LAM_PATH_TEXT];
	int code = 0;

	lam_settings_read(&now, config, manifest);
	for (size_t i = 0; i < changes->count && code == 0; i++) {
		const struct lam_setting *s = &changes->items[i],
					 *is = lam_settings_find(&now, s->kind, s->key);
		const char *key = s->key ? s->key : "";

		if (!lam_same_text(is ? is->value : NULL, s->value))
			code = lam_fail(err, LAM_EWRITE,
					"the new image has another %s %s than the plan",
					lam_setting_word(s->kind),
					lam_path_text(shown, key, strlen(key), false));
	}
	lam_settings_fini(&now);
	return code;
}

int lam_settings_prove(const struct lam_config *old_config,
		       const struct lam_config *new_config,
		       const struct lam_manifest *old_manifest,
		       const struct lam_manifest *new_manifest,
		       const struct lam_settings *changes, bool same_stack,
		       struct lam_error *err)
{
	struct lam_settings gone;
	const struct left_out o = { &gone, same_stack };
	int code;

	lam_settings_copy(&gone, changes);
	for (size_t i = 0; i < gone.count; i++) {
		free(gone.items[i].value);
		gone.items[i].value = NULL;
	}
	code = compare_rests(rest_of_config(old_config, &o),
			     rest_of_config(new_config, &o), "config", err);
	if (code == 0)
		code = compare_rests(rest_of_manifest(old_manifest, &o),
				     rest_of_manifest(new_manifest, &o), "manifest", err);
	if (code == 0)
		code = compare_changes(new_config, new_manifest, changes, err);
	lam_settings_fini(&gone);
	return code;
}
