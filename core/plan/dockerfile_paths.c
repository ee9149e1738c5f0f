/* Patterns of Go's filepath.Match as paths and globs of a plan. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/path.h"
#include "plan/dockerfile.h"

static int add_part(struct lam_buf *out, const char *part, size_t len,
		    struct lam_error *err)
{
	if (len == 0 || (len == 1 && *part == '.'))
		return 0;
	if (len == 2 && memcmp(part, "..", 2) == 0)
		return lam_fail(err, LAM_EPLAN, "\"..\" is not taken in a path");
	lam_text_putc(out, '/');
	lam_text_add(out, part, len);
	return 0;
}

static int add_parts(struct lam_buf *out, const char *pattern, struct lam_error *err)
{
	for (;; pattern++) {
		size_t len = strcspn(pattern, "/");

		if (add_part(out, pattern, len, err) < 0)
			return err->code;
		pattern += len;
		if (!*pattern)
			return 0;
	}
}

int lam_pattern_join(char **out, const char *dir, const char *pattern,
		     struct lam_error *err)
{
	LAM_CLEANUP(lam_buf_fini) struct lam_buf joined = LAM_TEXT;

	*out = NULL;
	if (add_parts(&joined, dir, err) < 0 || add_parts(&joined, pattern, err) < 0)
		return err->code;
	if (!joined.len)
		lam_text_putc(&joined, '/');
	*out = lam_text_steal(&joined);
	return 0;
}

bool lam_pattern_is_wild(const char *pattern)
{
	for (; *pattern; pattern++) {
		if (strchr("*?[", *pattern))
			return true;
		if (*pattern == '\\' && pattern[1])
			pattern++;
	}
	return false;
}

char *lam_pattern_parent(const char *pattern)
{
	const char *slash = strrchr(pattern, '/');

	return slash == pattern ? lam_xstrdup("/")
				: lam_xmemdup(pattern, (size_t)(slash - pattern));
}

char *lam_pattern_bytes(const char *pattern)
{
	LAM_CLEANUP(lam_buf_fini) struct lam_buf out = LAM_TEXT;

	for (; *pattern; pattern++) {
		if (*pattern == '\\' && pattern[1])
			pattern++;
		lam_text_putc(&out, *pattern);
	}
	return lam_text_steal(&out);
}

/* Globs */

struct globbing {
	struct lam_buf out;
	struct lam_buf run; /* bytes without a meaning */
};

static void flush(struct globbing *g)
{
	if (g->run.len)
		lam_path_append_escaped(&g->out, g->run.data, g->run.len);
	lam_buf_clear(&g->run);
}

/* A byte that stands for itself. */
static void put_literal(struct globbing *g, char c)
{
	if (!strchr("*?[]{},!^-", c)) {
		lam_text_putc(&g->run, c);
		return;
	}
	flush(g);
	lam_text_putc(&g->out, '\\');
	lam_text_putc(&g->out, c);
}

static void put_meaning(struct globbing *g, const char *text)
{
	flush(g);
	lam_text_puts(&g->out, text);
}

/* "[^a-z\]]": in Go a ']' or '-' without backslash is no member. *at is behind the '['. */
static int put_class(struct globbing *g, const char **at, struct lam_error *err)
{
	const char *p = *at;
	bool first = true, ranged = false; /* what comes is the end of a range */

	put_meaning(g, *p == '^' ? "[!" : "[");
	p += *p == '^';
	for (; *p && !strchr("]-", *p) && (*p != '\\' || p[1]); p++, first = false) {
		put_literal(g, *p == '\\' ? *++p : *p);
		/* a character may have several bytes */
		if (p[1] == '-' && !ranged && p[2] && p[2] != ']') {
			put_meaning(g, "-");
			p++;
			ranged = true;
		} else if (ranged && ((unsigned char)p[1] & 0xc0) != 0x80) {
			ranged = false;
		}
	}
	if (*p != ']' || first)
		return lam_fail(err, LAM_EPLAN, "a set in brackets that is none");
	put_meaning(g, "]");
	*at = p;
	return 0;
}

static int put_glob(struct globbing *g, const char *p, bool deep, struct lam_error *err)
{
	for (; *p; p++) {
		if (*p == '*') {
			bool two = p[1] == '*';

			while (p[1] == '*')
				p++;
			put_meaning(g, two && deep ? "**" : "*");
		} else if (*p == '?') {
			put_meaning(g, "?");
		} else if (*p == '[') {
			p++;
			if (put_class(g, &p, err) < 0)
				return err->code;
		} else {
			put_literal(g, *p == '\\' && p[1] ? *++p : *p);
		}
	}
	flush(g);
	return 0;
}

int lam_pattern_rule(struct lam_plan_rule *out, const char *pattern, bool deep,
		     struct lam_error *err)
{
	struct globbing g = { LAM_TEXT, LAM_TEXT };
	LAM_CLEANUP(lam_free_ptr) char *bytes = lam_pattern_bytes(pattern);
	LAM_CLEANUP(lam_free_ptr) char *text = lam_path_escape(bytes, strlen(bytes));
	int code;

	if (!lam_pattern_is_wild(pattern))
		return lam_rule_init(out, LAM_RULE_PATH, text, NULL, err);
	code = put_glob(&g, pattern, deep, err);
	if (code == 0)
		code = lam_rule_init(out, LAM_RULE_GLOB, g.out.data, NULL, err);
	lam_buf_fini(&g.out);
	lam_buf_fini(&g.run);
	return code;
}
