/* Globs: alternatives in braces are written out, so that a pattern is a few plain ones, each a
 * list of tokens that is matched by a table of what may come next. */
#include "base/glob.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/braces.h"
#include "base/limits.h"
#include "base/memory.h"
#include "base/path.h"
#include "base/utf8.h"

/* Compiling */

size_t lam_glob_char(const unsigned char *p, size_t left, uint32_t *out)
{
	size_t len = lam_utf8_decode((const char *)p, left, out);

	if (len)
		return len;
	*out = 0x110000 + p[0];
	return 1;
}

static int add_token(struct lam_glob_program *p, struct lam_glob_token token,
		     struct lam_error *err)
{
	if (LAM_GROW(p->tokens, p->count, p->cap, err) < 0)
		return err->code;
	p->tokens[p->count++] = token;
	return 0;
}

/* What a backslash at text[0] begins; *used bytes of the text. The escapes of the text
 * form, and any other character for itself. */
static int unescape(const char *text, struct lam_buf *out, size_t *used,
		    struct lam_error *err)
{
	static const char known[] = "\\ntrxu";
	const char *brace;

	if (!text[1])
		return lam_fail(err, LAM_EPLAN, "ends in a backslash");
	*used = 2;
	if (!strchr(known, text[1]))
		return lam_buf_append_char(out, text[1], err);
	if (text[1] == 'x')
		*used = 4;
	brace = text[1] == 'u' ? strchr(text, '}') : NULL;
	if (brace)
		*used = (size_t)(brace - text) + 1;
	if (strlen(text) < *used)
		*used = strlen(text);
	return lam_path_append_unescaped(out, text, *used, err);
}

static int class_char(const char *text, size_t *at, uint32_t *out, struct lam_error *err)
{
	LAM_CLEANUP(lam_buf_fini) struct lam_buf bytes = LAM_BUF(16);
	size_t used = 1;

	if (text[*at] == '\\') {
		if (unescape(text + *at, &bytes, &used, err) < 0)
			return err->code;
		lam_glob_char((const unsigned char *)bytes.data, bytes.len, out);
	} else {
		used = lam_glob_char((const unsigned char *)text + *at,
				     strlen(text + *at), out);
	}
	*at += used;
	return 0;
}

static int compile_class(struct lam_glob *g, struct lam_glob_program *p, const char *text,
			 size_t *at, struct lam_error *err)
{
	size_t end = lam_class_end(text, *at);
	struct lam_glob_class *c;

	if (!end)
		return lam_fail(err, LAM_EPLAN, "a '[' without its ']'");
	if (LAM_GROW(g->classes, g->class_count, g->class_cap, err) < 0)
		return err->code;
	c = &g->classes[g->class_count++];
	*c = (struct lam_glob_class){ 0 };
	++*at;
	if (text[*at] == '!' || text[*at] == '^') {
		c->negated = true;
		++*at;
	}
	while (*at < end - 1) {
		struct lam_glob_range r;

		if (class_char(text, at, &r.first, err) < 0)
			return err->code;
		r.last = r.first;
		if (text[*at] == '-' && *at + 1 < end - 1) {
			++*at;
			if (class_char(text, at, &r.last, err) < 0)
				return err->code;
		}
		if (r.last < r.first)
			return lam_fail(err, LAM_EPLAN,
					"a range in brackets that runs backwards");
		if (LAM_GROW(c->ranges, c->count, c->cap, err) < 0)
			return err->code;
		c->ranges[c->count++] = r;
	}
	*at = end;
	return add_token(
		p,
		(struct lam_glob_token){ .kind = LAM_GLOB_CLASS,
					 .class = (uint32_t)(g->class_count - 1) },
		err);
}

static int compile_stars(struct lam_glob_program *p, const char *text, size_t *at,
			 struct lam_error *err)
{
	size_t stars = strspn(text + *at, "*");
	bool whole =
		stars == 2 && *at > 0 && text[*at - 1] == '/' && text[*at + 2] == '/';

	*at += stars;
	if (stars == 1)
		return add_token(p, (struct lam_glob_token){ .kind = LAM_GLOB_ANY_RUN },
				 err);
	if (whole) {
		++*at; /* the slash is part of it */
		return add_token(p, (struct lam_glob_token){ .kind = LAM_GLOB_ANY_PATH },
				 err);
	}
	/* at the end behind a slash it is what is below, and not the directory itself */
	if (*at >= stars + 1 && text[*at - stars - 1] == '/' && !text[*at] &&
	    add_token(p, (struct lam_glob_token){ .kind = LAM_GLOB_ANY_ONE }, err) < 0)
		return err->code;
	return add_token(p, (struct lam_glob_token){ .kind = LAM_GLOB_ANY_BYTES }, err);
}

static int compile_escape(struct lam_glob_program *p, const char *text, size_t *at,
			  struct lam_error *err)
{
	LAM_CLEANUP(lam_buf_fini) struct lam_buf bytes = LAM_BUF(16);
	size_t used;

	if (unescape(text + *at, &bytes, &used, err) < 0)
		return err->code;
	*at += used;
	for (size_t i = 0; i < bytes.len; i++) {
		if (add_token(p,
			      (struct lam_glob_token){ .kind = LAM_GLOB_BYTE,
						       .byte = (uint8_t)bytes.data[i] },
			      err) < 0)
			return err->code;
	}
	return 0;
}

static int compile(struct lam_glob *g, struct lam_glob_program *p, const char *text,
		   struct lam_error *err)
{
	size_t at = 0;

	while (text[at]) {
		int code;

		switch (text[at]) {
		case '*': code = compile_stars(p, text, &at, err); break;
		case '[': code = compile_class(g, p, text, &at, err); break;
		case '\\': code = compile_escape(p, text, &at, err); break;
		case '?':
			at++;
			code = add_token(
				p, (struct lam_glob_token){ .kind = LAM_GLOB_ANY_ONE },
				err);
			break;
		default:
			code = add_token(
				p,
				(struct lam_glob_token){ .kind = LAM_GLOB_BYTE,
							 .byte = (uint8_t)text[at++] },
				err);
			break;
		}
		if (code < 0)
			return code;
	}
	return 0;
}

/* Matching: the set of tokens that may come next, byte by byte. */

bool lam_glob_in_class(const struct lam_glob_class *c, uint32_t x)
{
	bool in = false;

	for (size_t i = 0; i < c->count && !in; i++)
		in = x >= c->ranges[i].first && x <= c->ranges[i].last;
	return in != c->negated && x != '/';
}

/* Whether pattern[t..] matches path[i..], for all t of one i: cell[t]. Rows are filled
 * from the end of the path; characters of more than one byte look several rows down. The
 * first `front` tokens are bytes that are known to match. */
static bool match_program(const struct lam_glob *g, const struct lam_glob_program *p,
			  size_t front, const char *path, size_t len, bool *rows)
{
	const unsigned char *bytes = (const unsigned char *)path;
	size_t width = p->count + 1;

	for (size_t i = len + 1; i-- > front;) {
		bool *row = rows + (i % 5) * width;
		uint32_t c = 0;
		size_t used = i < len ? lam_glob_char(bytes + i, len - i, &c) : 0;
		const bool *next = rows + ((i + 1) % 5) * width,
			   *after = rows + ((i + used) % 5) * width;

		row[p->count] = i == len;
		for (size_t t = p->count; t-- > front;) {
			const struct lam_glob_token *k = &p->tokens[t];

			switch ((enum lam_glob_kind)k->kind) {
			case LAM_GLOB_BYTE:
				row[t] = i < len && bytes[i] == k->byte && next[t + 1];
				break;
			case LAM_GLOB_ANY_ONE:
				row[t] = used && c != '/' && after[t + 1];
				break;
			case LAM_GLOB_CLASS:
				row[t] = used &&
					 lam_glob_in_class(&g->classes[k->class], c) &&
					 after[t + 1];
				break;
			case LAM_GLOB_ANY_RUN:
				row[t] = row[t + 1] || (used && c != '/' && next[t]);
				break;
			case LAM_GLOB_ANY_BYTES:
				row[t] = row[t + 1] || (used && next[t]);
				break;
			case LAM_GLOB_ANY_PATH:
				/* what follows may begin here if this is a component's
				 * begin */
				row[t] = (i > 0 && bytes[i - 1] == '/' && row[t + 1]) ||
					 (used && next[t]);
				break;
			}
		}
	}
	return rows[(front % 5) * width + front];
}

/* The bytes that a pattern begins with; false where the path does not. */
static bool literal_front(const struct lam_glob_program *p, const char *path, size_t len,
			  size_t *out_front)
{
	size_t t = 0;

	for (; t < p->count && p->tokens[t].kind == LAM_GLOB_BYTE; t++) {
		if (t >= len || (uint8_t)path[t] != p->tokens[t].byte)
			return false;
	}
	*out_front = t;
	return true;
}

/* What ends in bytes matches only what ends in them. */
static bool literal_end(const struct lam_glob_program *p, const char *path, size_t len)
{
	for (size_t n = 1; n <= p->count && p->tokens[p->count - n].kind == LAM_GLOB_BYTE;
	     n++) {
		if (n > len || (uint8_t)path[len - n] != p->tokens[p->count - n].byte)
			return false;
	}
	return true;
}

bool lam_glob_match(const struct lam_glob *g, const char *path, size_t len)
{
	bool small[5 * 256], matched = false;

	for (size_t i = 0; i < g->count && !matched; i++) {
		const struct lam_glob_program *p = &g->programs[i];
		size_t need = 5 * (p->count + 1), front;
		bool *rows = small;

		if (!literal_front(p, path, len, &front) || !literal_end(p, path, len))
			continue;
		if (need > sizeof small / sizeof *small) {
			rows = malloc(need * sizeof *rows);
			if (!rows)
				return false;
		}
		matched = match_program(g, p, front, path, len, rows);
		if (rows != small)
			free(rows);
	}
	return matched;
}

/* The base: what all alternatives begin with, up to a slash. */
static int set_base(struct lam_glob *g, struct lam_error *err)
{
	size_t common = SIZE_MAX, cut = 0;

	for (size_t i = 0; i < g->count; i++) {
		const struct lam_glob_program *p = &g->programs[i],
					      *first = &g->programs[0];
		size_t n = 0;

		while (n < p->count && n < first->count &&
		       p->tokens[n].kind == LAM_GLOB_BYTE &&
		       first->tokens[n].kind == LAM_GLOB_BYTE &&
		       p->tokens[n].byte == first->tokens[n].byte)
			n++;
		common = n < common ? n : common;
	}
	/* a pattern without anything special is its own base */
	for (size_t n = 0; n < common && g->count; n++) {
		if (g->programs[0].tokens[n].byte == '/')
			cut = n;
	}
	if (g->count == 1 && common == g->programs[0].count)
		cut = common;
	for (size_t n = 1; n < cut; n++) {
		if (lam_buf_append_char(&g->base, (char)g->programs[0].tokens[n].byte,
					err) < 0)
			return err->code;
	}
	return 0;
}

static int compile_all(struct lam_glob *g, const struct lam_texts *texts,
		       struct lam_error *err)
{
	for (size_t i = 0; i < texts->count; i++) {
		if (LAM_GROW(g->programs, g->count, g->cap, err) < 0)
			return err->code;
		g->programs[g->count] = (struct lam_glob_program){ 0 };
		if (compile(g, &g->programs[g->count++], texts->items[i], err) < 0)
			return err->code;
	}
	return set_base(g, err);
}

int lam_glob_new(struct lam_glob **out, const char *text, struct lam_error *err)
{
	struct lam_glob *g = calloc(1, sizeof *g);
	struct lam_texts texts = { 0 };
	int code;

	*out = NULL;
	if (!g)
		return lam_fail_memory(err);
	g->base = LAM_BUF(SIZE_MAX / 2);
	if (text[0] != '/')
		code = lam_fail(err, LAM_EPLAN,
				"begins with '/', as whole paths are matched");
	else
		code = lam_braces_expand(&texts, text, err);
	if (code == 0)
		code = compile_all(g, &texts, err);
	lam_texts_fini(&texts);
	if (code < 0)
		lam_glob_free(g);
	else
		*out = g;
	return code;
}

struct lam_glob *lam_glob_share(struct lam_glob *g)
{
	if (g)
		g->holders++;
	return g;
}

size_t lam_glob_size(const struct lam_glob *g)
{
	size_t size = 0;

	for (size_t i = 0; i < g->count; i++)
		size += g->programs[i].count;
	return size;
}

void lam_glob_free(struct lam_glob *g)
{
	if (!g || g->holders--)
		return;
	for (size_t i = 0; i < g->count; i++)
		free(g->programs[i].tokens);
	for (size_t i = 0; i < g->class_count; i++)
		free(g->classes[i].ranges);
	free(g->programs);
	free(g->classes);
	lam_buf_fini(&g->base);
	free(g);
}

const char *lam_glob_base(const struct lam_glob *g, size_t *out_len)
{
	*out_len = g->base.len;
	return g->base.data ? g->base.data : "";
}
