/* The keys file, read: actions and their keys, and everything that is wrong with it. */
#include "editor/keys/keysfile.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/path.h"

/* There are some hundred actions with two keys each. */
#define MOST_BYTES  (1u << 20)
#define MOST_ERRORS 100

static void add_error(struct keysfile *out, const char *line)
{
	if (out->error_count >= MOST_ERRORS)
		return;
	out->errors =
		lam_xrealloc(out->errors, (out->error_count + 1) * sizeof *out->errors);
	out->errors[out->error_count++] = lam_xstrdup(line);
}

/* "PATH: WHERE: what"; `name` is from the file, and shown escaped. */
static void complain(struct keysfile *out, const struct lam_json *at, const char *what,
		     const char *name)
{
	char shown[LAM_PATH_TEXT];
	struct lam_error err;

	if (name)
		lam_json_fail(at, &err, LAM_EFORMAT, "%s \"%s\"", what,
			      lam_path_text(shown, name, strlen(name), false));
	else
		lam_json_fail(at, &err, LAM_EFORMAT, "%s", what);
	add_error(out, err.text);
}

static void read_key(struct keysfile *out, struct keysfile_item *item,
		     const struct lam_json *at)
{
	const char *name =
		lam_json_is_text(at->value) ? json_string_value(at->value) : NULL;

	if (!name)
		complain(out, at, "expected the name of a key", NULL);
	else if (!key_sequence_parse(&item->sequences[item->count], name))
		complain(out, at, "no key", name);
	else
		item->count++;
}

/* An action all of whose keys are wrong keeps those that it has. */
static void read_action(struct keysfile *out, const struct lam_json *at)
{
	bool is_list = json_is_array(at->value);
	size_t most = is_list ? json_array_size(at->value) : 1;
	struct keysfile_item item = { .action = lam_xstrdup(at->key) };

	item.sequences = lam_xcalloc(most + 1, sizeof *item.sequences);
	for (struct lam_json k = lam_json_first(at); is_list && k.value;
	     lam_json_step(&k))
		read_key(out, &item, &k);
	if (!is_list)
		read_key(out, &item, at);
	if (item.count || most == 0) {
		out->items =
			lam_xrealloc(out->items, (out->count + 1) * sizeof *out->items);
		out->items[out->count++] = item;
		return;
	}
	free(item.action);
	free(item.sequences);
}

void keysfile_read(struct keysfile *out, const char *path,
		   bool (*known)(const char *name))
{
	LAM_CLEANUP(lam_buf_fini) struct lam_buf bytes = LAM_BUF(MOST_BYTES);
	LAM_CLEANUP(lam_free_ptr) char *shown = lam_path_escape(path, strlen(path));
	json_auto_t *value = NULL;
	struct lam_json root;
	struct lam_error err;
	int code = lam_file_read(&bytes, path, &err);

	*out = (struct keysfile){ 0 };
	if (code == LAM_ENOTFOUND)
		return;
	if (code == 0)
		value = lam_json_load(bytes.data, bytes.len, shown, NULL, &err);
	if (!value) {
		add_error(out, err.text);
		return;
	}
	root = lam_json_root(value, shown);
	if (!json_is_object(value))
		complain(out, &root, "expected an object of actions and their keys",
			 NULL);
	for (struct lam_json a = lam_json_first(&root); json_is_object(value) && a.value;
	     lam_json_step(&a)) {
		if (known(a.key))
			read_action(out, &a);
		else
			complain(out, &root, "no action", a.key);
	}
}

void keysfile_fini(struct keysfile *file)
{
	for (size_t i = 0; i < file->count; i++) {
		free(file->items[i].action);
		free(file->items[i].sequences);
	}
	for (size_t i = 0; i < file->error_count; i++)
		free(file->errors[i]);
	free(file->items);
	free(file->errors);
	*file = (struct keysfile){ 0 };
}
