#include "editor/keysfile.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <lamina/path.h>

/* There are some hundred actions with two keys each. */
#define MOST_BYTES  (1u << 20)
#define MOST_ERRORS 100

struct reading {
	struct keysfile *out;
	char *shown; /* the path, as it can be shown */
	bool (*known)(void *context, const char *name);
	void *context;
	bool failed; /* no memory */
};

/* "PATH: WHERE: what", or "PATH:LINE:COLUMN: what". What stands in the file is hostile as
 * long as it has not been looked at. */
__attribute__((format(printf, 2, 3))) static void complain(struct reading *r,
							   const char *format, ...)
{
	struct keysfile *out = r->out;
	char text[1024], *shown, **errors, *line = NULL;
	va_list args;

	if (out->error_count >= MOST_ERRORS)
		return;
	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	shown = lam_path_escape(text, strlen(text));
	errors = realloc(out->errors, (out->error_count + 1) * sizeof *errors);
	if (errors)
		out->errors = errors;
	if (!shown || !errors || asprintf(&line, "%s:%s", r->shown, shown) < 0)
		r->failed = true;
	else
		out->errors[out->error_count++] = line;
	free(shown);
}

/* Keys */

static void read_key(struct reading *r, struct keysfile_item *item, const json_t *value,
		     const char *where)
{
	const char *name = json_string_value(value);

	if (!name)
		complain(r, " %.100s: expected the name of a key", where);
	else if (!key_sequence_parse(&item->sequences[item->count], name))
		complain(r, " %.100s: no key \"%.100s\"", where, name);
	else
		item->count++;
}

static void read_keys(struct reading *r, struct keysfile_item *item, const json_t *value)
{
	char where[160];

	if (!json_is_array(value)) {
		read_key(r, item, value, item->action);
		return;
	}
	for (size_t i = 0; i < json_array_size(value); i++) {
		snprintf(where, sizeof where, "%.100s[%zu]", item->action, i);
		read_key(r, item, json_array_get(value, i), where);
	}
}

/* An action all of whose keys are wrong keeps those that it has. */
static void read_action(struct reading *r, const char *action, const json_t *value)
{
	size_t most = json_is_array(value) ? json_array_size(value) : 1;
	struct keysfile_item *items, item = { 0 };

	if (!r->known(r->context, action)) {
		complain(r, " no action \"%.100s\"", action);
		return;
	}
	items = realloc(r->out->items, (r->out->count + 1) * sizeof *items);
	if (items)
		r->out->items = items;
	item.action = strdup(action);
	item.sequences = calloc(most + 1, sizeof *item.sequences);
	r->failed = r->failed || !items || !item.action || !item.sequences;
	if (!r->failed)
		read_keys(r, &item, value);
	if (!r->failed && (item.count || most == 0)) {
		items[r->out->count++] = item;
		return;
	}
	free(item.action);
	free(item.sequences);
}

static void read_object(struct reading *r, const char *bytes, size_t len)
{
	json_error_t why;
	json_t *root = json_loadb(bytes, len, JSON_REJECT_DUPLICATES, &why), *value;
	const char *action;

	if (!root) {
		complain(r, "%d:%d: %s", why.line, why.column, why.text);
		return;
	}
	if (!json_is_object(root))
		complain(r, " expected an object of actions and their keys");
	json_object_foreach(root, action, value) read_action(r, action, value);
	json_decref(root);
}

/* The file */

/* What is in an open file, at most `most` bytes; NULL where it cannot be read. */
static char *read_bytes(int fd, size_t most, size_t *out_len)
{
	char *bytes = malloc(most);
	ssize_t got = 1;

	*out_len = 0;
	while (bytes && got && *out_len < most) {
		got = read(fd, bytes + *out_len, most - *out_len);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			break;
		*out_len += (size_t)got;
	}
	if (got >= 0)
		return bytes;
	free(bytes);
	return NULL;
}

static void read_file(struct reading *r, const char *path)
{
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	struct stat st;
	char *bytes;
	size_t len;

	if (fd < 0) {
		if (errno != ENOENT && errno != ENOTDIR)
			complain(r, " %s", strerror(errno));
		return;
	}
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		complain(r, " is no file");
		close(fd);
		return;
	}
	bytes = read_bytes(fd, MOST_BYTES + 1, &len);
	close(fd);
	if (!bytes)
		complain(r, " cannot be read");
	else if (len > MOST_BYTES)
		complain(r, " is larger than 1 MiB");
	else
		read_object(r, bytes, len);
	free(bytes);
}

int keysfile_read(struct keysfile *out, const char *path,
		  bool (*known)(void *context, const char *name), void *context,
		  struct lam_error *err)
{
	struct reading r = { .out = out, .known = known, .context = context };

	*out = (struct keysfile){ 0 };
	r.shown = lam_path_escape(path, strlen(path));
	if (r.shown)
		read_file(&r, path);
	else
		r.failed = true;
	free(r.shown);
	if (!r.failed)
		return 0;
	keysfile_fini(out);
	return lam_fail_memory(err);
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
