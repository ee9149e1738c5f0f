#include "editor/plan/journal_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <lamina/path.h>

char *journal_path(const char *dir, const char *name)
{
	size_t len = strlen(dir) + strlen(name) + 2;
	char *path = malloc(len);

	if (path)
		snprintf(path, len, "%s/%s", dir, name);
	return path;
}

/* Folders */

static int fail_at(struct lam_error *err, int errnum, const char *path)
{
	char *shown = lam_path_escape(path, strlen(path));
	int code = lam_fail_errno(err, LAM_EWRITE, errnum, "journal: %.500s",
				  shown ? shown : "");

	free(shown);
	return code;
}

int journal_make_dir(const char *dir, struct lam_error *err)
{
	char *path = strdup(dir), *slash;

	if (!path)
		return lam_fail_memory(err);
	for (slash = path + 1; (slash = strchr(slash, '/')); *slash++ = '/') {
		*slash = '\0';
		/* what is wrong with it shows at the last one */
		(void)mkdir(path, 0700);
	}
	free(path);
	if (mkdir(dir, 0700) == 0 || errno == EEXIST)
		return 0;
	return fail_at(err, errno, dir);
}

/* Lines */

/* A JSON string; NULL on no memory. */
static char *quote(const char *text)
{
	json_t *value = json_string(text);
	char *out = value ? json_dumps(value, JSON_ENCODE_ANY) : NULL;

	json_decref(value);
	return out;
}

/* The same of any bytes, in their text form. */
static char *quote_bytes(const char *bytes)
{
	char *text = lam_path_escape(bytes, strlen(bytes)), *out;

	out = text ? quote(text) : NULL;
	free(text);
	return out;
}

char *journal_first_line(const char *reference, const char *plan_file, int64_t time)
{
	char *here = getcwd(NULL, 0), *shown = quote_bytes(reference),
	     *file = plan_file ? quote_bytes(plan_file) : strdup("null"),
	     *folder = here ? quote_bytes(here) : strdup("null"), *line = NULL;

	if (!shown || !file || !folder ||
	    asprintf(&line,
		     "{\"lamina-journal\":1,\"reference\":%s,\"plan-file\":%s,"
		     "\"folder\":%s,\"time\":%lld}\n",
		     shown, file, folder, (long long)time) < 0)
		line = NULL;
	free(here);
	free(shown);
	free(file);
	free(folder);
	return line;
}

char *journal_state_line(const char *name, int64_t time, const struct lam_plan *plan,
			 struct lam_error *err)
{
	char *shown = quote(name), *text = NULL, *line = NULL;

	if (!shown) /* no UTF-8, which no name of ours is */
		shown = quote_bytes(name);
	if (!shown)
		(void)lam_fail_memory(err);
	if (!shown || lam_plan_format(plan, &text, err) < 0) {
		free(shown);
		return NULL;
	}
	/* between values alone: in strings they are escaped */
	for (char *c = text; *c; c++)
		*c = *c == '\n' ? ' ' : *c;
	if (asprintf(&line, "{\"name\":%s,\"time\":%lld,\"plan\":%s}\n", shown,
		     (long long)time, text) < 0) {
		line = NULL;
		(void)lam_fail_memory(err);
	}
	free(shown);
	free(text);
	return line;
}

json_t *journal_parse_line(const char *line, size_t len)
{
	json_t *value = json_loadb(line, len, JSON_REJECT_DUPLICATES, NULL);

	if (json_is_object(value))
		return value;
	json_decref(value);
	return NULL;
}

/* Names of ours may hold escaped paths, whose backslashes stay; but a file can be written
 * by others. */
static bool can_be_shown(const char *text)
{
	for (;; text++) {
		size_t run = strcspn(text, "\\");

		if (lam_path_is_escaped(text, run))
			return false;
		text += run;
		if (!*text)
			return true;
	}
}

char *journal_text(const json_t *object, const char *key, bool raw)
{
	const char *text = json_string_value(json_object_get(object, key));
	struct lam_error why;
	char *bytes;
	size_t len;

	if (!text)
		return NULL;
	if (!raw)
		return can_be_shown(text) ? strdup(text)
					  : lam_path_escape(text, strlen(text));
	if (lam_path_unescape(&bytes, &len, text, &why) < 0)
		return NULL;
	if (strlen(bytes) == len)
		return bytes;
	free(bytes);
	return NULL;
}

char *journal_plan_file(const json_t *object)
{
	char *file = journal_text(object, "plan-file", true), *path = NULL,
	     *folder = journal_text(object, "folder", true), *here = getcwd(NULL, 0);

	if (file && file[0] != '/' && folder && !(here && strcmp(here, folder) == 0))
		path = journal_path(folder, file);
	free(folder);
	free(here);
	if (!path)
		return file;
	free(file);
	return path;
}

struct lam_plan *journal_plan(const json_t *object)
{
	const json_t *value = json_object_get(object, "plan");
	char *text = value ? json_dumps(value, JSON_COMPACT) : NULL;
	struct lam_plan *plan = NULL;
	struct lam_error why;

	if (text && lam_plan_parse(&plan, text, strlen(text), "journal", NULL, &why) < 0)
		plan = NULL;
	free(text);
	return plan;
}
