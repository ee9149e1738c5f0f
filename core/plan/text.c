/* The texts of a plan: names of layers, paths and globs. */
#include <ctype.h>
#include <stdint.h>
#include <string.h>

#include "base/limits.h"
#include "base/path.h"
#include "plan/plan.h"

const char *lam_plan_name_fault(const char *name, size_t len)
{
	if (len == 0)
		return "a layer needs a name";
	if (len > LAM_MAX_PLAN_NAME)
		return "a name has at most 255 bytes";
	return lam_path_may_show(name, len)
		       ? NULL
		       : "a name has no control characters and no invisible ones";
}

/* Paths */

static bool has_parent(const char *path, size_t len)
{
	for (size_t at = 0; at < len;) {
		const char *slash = memchr(path + at, '/', len - at);
		size_t part = slash ? (size_t)(slash - path) - at : len - at;

		if (part == 2 && memcmp(path + at, "..", 2) == 0)
			return true;
		at += part + 1;
	}
	return false;
}

static int clean_bytes(struct lam_buf *out, const char *text, struct lam_error *err)
{
	LAM_CLEANUP(lam_buf_fini) struct lam_buf raw = LAM_BUF(SIZE_MAX / 2);
	bool clamped;

	if (text[0] != '/')
		return lam_fail(err, LAM_EPLAN, "a path begins with \"/\"");
	if (lam_path_append_unescaped(&raw, text, strlen(text), err) < 0)
		return err->code;
	if (memchr(raw.data, '\0', raw.len))
		return lam_fail(err, LAM_EPLAN, "a path has no zero byte");
	if (has_parent(raw.data, raw.len))
		return lam_fail(err, LAM_EPLAN, "\"..\" is not taken in a path");
	lam_buf_clear(out);
	if (lam_path_clean(raw.data, raw.len, out, &clamped, err) < 0)
		return err->code == LAM_ENOMEM
			       ? err->code
			       : lam_fail(err, LAM_EPLAN, "the path is too long");
	if (out->len > LAM_MAX_PATH)
		return lam_fail(err, LAM_EPLAN, "a path has at most %u bytes",
				LAM_MAX_PATH);
	return 0;
}

int lam_plan_clean_path(char **out, struct lam_buf *out_bytes, const char *text,
			struct lam_error *err)
{
	LAM_CLEANUP(lam_buf_fini)
	struct lam_buf own = LAM_TEXT, escaped = LAM_TEXT;
	struct lam_buf *bytes = out_bytes ? out_bytes : &own;

	*out = NULL;
	if (clean_bytes(bytes, text, err) < 0)
		return err->code;
	lam_text_putc(&escaped, '/');
	lam_path_append_escaped(&escaped, bytes->data ? bytes->data : "", bytes->len);
	*out = lam_text_steal(&escaped);
	return 0;
}

/* Globs */

/* What an escape keeps from having its meaning. A slash has none to lose, but is no end
 * of a component in \x2f. */
static const char SPECIAL[] = "*?[]{},!^-/";

struct glob_text {
	struct lam_buf out;
	struct lam_buf run; /* bytes that stand as the escaper writes them */
	enum {
		NO_CLASS,
		CLASS_OPEN,
		CLASS_NEGATED,
		CLASS_BEGUN
	} class; /* in brackets; begun: a ']' ends it */
};

static void flush(struct glob_text *t)
{
	lam_path_append_escaped(&t->out, t->run.data ? t->run.data : "", t->run.len);
	lam_buf_clear(&t->run);
}

static int append_literal(struct glob_text *t, char c, struct lam_error *err)
{
	if (c == '\0')
		return lam_fail(err, LAM_EPLAN, "a path has no zero byte");
	if (!strchr(SPECIAL, c))
		return lam_buf_append_char(&t->run, c, err);
	flush(t);
	return c == '/' ? lam_buf_append_text(&t->out, "\\x2f", err)
			: lam_buf_printf(&t->out, err, "\\%c", c);
}

/* The escape at text, which is its backslash; *out_used of text. */
static int append_escape(struct glob_text *t, const char *text, size_t *out_used,
			 struct lam_error *err)
{
	LAM_CLEANUP(lam_buf_fini) struct lam_buf bytes = LAM_BUF(LAM_MAX_PATH);
	char kind = text[1];
	const char *close = kind == 'u' ? strchr(text, '}') : NULL;

	*out_used = kind == 'x' ? 4 : close ? (size_t)(close - text) + 1 : 2;
	if (kind == '\0' || strnlen(text, *out_used) < *out_used)
		return lam_fail(err, LAM_EPLAN, "a backslash that escapes nothing");
	if (kind != '\\' && ispunct((unsigned char)kind))
		return append_literal(t, kind, err);
	if (lam_path_append_unescaped(&bytes, text, *out_used, err) < 0)
		return err->code;
	for (size_t i = 0; i < bytes.len; i++) {
		if (append_literal(t, bytes.data[i], err) < 0)
			return err->code;
	}
	return 0;
}

static void follow_class(struct glob_text *t, char c)
{
	if (t->class == NO_CLASS)
		t->class = c == '[' ? CLASS_OPEN : NO_CLASS;
	else if (c == ']' && t->class == CLASS_BEGUN)
		t->class = NO_CLASS;
	else if ((c == '!' || c == '^') && t->class == CLASS_OPEN)
		t->class = CLASS_NEGATED;
	else
		t->class = CLASS_BEGUN;
}

/* Between brackets each escape is a member of its own: two bytes of a character stay two.
 */
static int respell_escape(struct glob_text *t, const char *text, size_t *out_used,
			  struct lam_error *err)
{
	if (t->class == NO_CLASS)
		return append_escape(t, text, out_used, err);
	t->class = CLASS_BEGUN;
	flush(t);
	if (append_escape(t, text, out_used, err) < 0)
		return err->code;
	flush(t);
	return 0;
}

static int respell(struct glob_text *t, const char *text, struct lam_error *err)
{
	while (*text) {
		size_t used = 1;

		if (*text == '\\') {
			if (respell_escape(t, text, &used, err) < 0)
				return err->code;
		} else {
			follow_class(t, *text);
			if (lam_buf_append_char(&t->run, *text, err) < 0)
				return err->code;
		}
		text += used;
	}
	flush(t);
	return 0;
}

/* No path has an empty component or ".", so a glob with one would match nothing. */
static void drop_empty(char *text)
{
	char *to = text;

	for (const char *from = text; *from; from++) {
		if (*from == '/' && (from[1] == '/' || from[1] == '\0'))
			continue;
		if (*from == '/' && from[1] == '.' &&
		    (from[2] == '/' || from[2] == '\0')) {
			from++;
			continue;
		}
		*to++ = *from;
	}
	if (to == text)
		*to++ = '/';
	*to = '\0';
}

static int clean_glob(char **out, struct glob_text *t, const char *text,
		      struct lam_error *err)
{
	if (text[0] != '/')
		return lam_fail(err, LAM_EPLAN, "a glob begins with \"/\"");
	if (respell(t, text, err) < 0)
		return err->code;
	if (t->out.len > LAM_MAX_PATH)
		return lam_fail(err, LAM_EPLAN, "a glob has at most %u bytes",
				LAM_MAX_PATH);
	if (has_parent(t->out.data, t->out.len))
		return lam_fail(err, LAM_EPLAN, "\"..\" is not taken in a glob");
	drop_empty(t->out.data);
	t->out.len = strlen(t->out.data);
	*out = lam_text_steal(&t->out);
	return 0;
}

int lam_plan_clean_glob(char **out, const char *text, struct lam_error *err)
{
	struct glob_text t = { .out = LAM_TEXT, .run = LAM_TEXT };
	int code;

	*out = NULL;
	code = clean_glob(out, &t, text, err);
	lam_buf_fini(&t.out);
	lam_buf_fini(&t.run);
	return code;
}
