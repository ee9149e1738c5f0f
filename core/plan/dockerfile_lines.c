/* The instructions of a Dockerfile: directives, comments, continued lines, heredocs. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/memory.h"
#include "plan/dockerfile.h"

static bool is_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static struct lam_str trim_left(struct lam_str s)
{
	while (s.len && is_blank(*s.bytes)) {
		s.bytes++;
		s.len--;
	}
	return s;
}

static struct lam_str trim(struct lam_str s)
{
	s = trim_left(s);
	while (s.len && is_blank(s.bytes[s.len - 1]))
		s.len--;
	return s;
}

void lam_dockerfile_init(struct lam_dockerfile *d, const char *text, size_t len)
{
	*d = (struct lam_dockerfile){
		.at = text, .end = text + len, .escape = '\\', .directives = true
	};
	if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
		d->at += 3;
}

void lam_instruction_fini(struct lam_instruction *i)
{
	free(i->word);
	free(i->rest);
	*i = (struct lam_instruction){ 0 };
}

static bool take_line(struct lam_dockerfile *d, struct lam_str *out)
{
	const char *end;

	if (d->at == d->end)
		return false;
	end = memchr(d->at, '\n', (size_t)(d->end - d->at));
	end = end ? end : d->end;
	*out = (struct lam_str){ d->at, (size_t)(end - d->at) };
	if (out->len && out->bytes[out->len - 1] == '\r')
		out->len--;
	d->at = end < d->end ? end + 1 : end;
	d->line++;
	return true;
}

/* "# key = value"; false for other comments. */
static bool split_directive(struct lam_str line, struct lam_str *key,
			    struct lam_str *value)
{
	const char *equals;

	if (!line.len || *line.bytes != '#')
		return false;
	equals = memchr(line.bytes, '=', line.len);
	if (!equals)
		return false;
	*key = trim(
		(struct lam_str){ line.bytes + 1, (size_t)(equals - line.bytes) - 1 });
	*value = trim((struct lam_str){ equals + 1,
					(size_t)(line.bytes + line.len - equals) - 1 });
	return key->len && value->len;
}

static bool is_word(struct lam_str s, const char *word)
{
	return s.len == strlen(word) && strncasecmp(s.bytes, word, s.len) == 0;
}

/* They stand before anything else, other comments too. */
static int read_directive(struct lam_dockerfile *d, struct lam_str line,
			  struct lam_error *err)
{
	struct lam_str key, value;

	d->directives = split_directive(line, &key, &value) &&
			(is_word(key, "escape") || is_word(key, "syntax") ||
			 is_word(key, "check"));
	if (!d->directives || !is_word(key, "escape"))
		return 0;
	if (d->escape_seen)
		return lam_fail(err, LAM_EPLAN, "the escape directive is there twice");
	if (value.len != 1 || (*value.bytes != '\\' && *value.bytes != '`'))
		return lam_fail(err, LAM_EPLAN, "the escape directive is \\ or `");
	d->escape_seen = true;
	d->escape = *value.bytes;
	return 0;
}

/* Whether the next line goes on with it. */
static bool add_part(struct lam_buf *text, struct lam_str line, char escape)
{
	size_t len = line.len;
	bool more;

	while (len && (line.bytes[len - 1] == ' ' || line.bytes[len - 1] == '\t'))
		len--;
	more = len && line.bytes[len - 1] == escape &&
	       (len == 1 || line.bytes[len - 2] != escape);
	lam_text_add(text, line.bytes, more ? len - 1 : line.len);
	return more;
}

/* Heredocs */

/* "<<EOF", "3<<-'EOF'" */
static bool is_heredoc(struct lam_str word, struct lam_str *name, bool *tabs)
{
	while (word.len && isdigit((unsigned char)*word.bytes)) {
		word.bytes++;
		word.len--;
	}
	if (word.len < 3 || memcmp(word.bytes, "<<", 2) != 0)
		return false;
	*tabs = word.bytes[2] == '-';
	*name = (struct lam_str){ word.bytes + 2 + *tabs, word.len - 2 - *tabs };
	if (name->len >= 2 && (*name->bytes == '"' || *name->bytes == '\'') &&
	    name->bytes[name->len - 1] == *name->bytes)
		*name = (struct lam_str){ name->bytes + 1, name->len - 2 };
	return name->len && !memchr(name->bytes, '<', name->len);
}

static int pass_heredoc(struct lam_dockerfile *d, struct lam_str name, bool tabs,
			struct lam_error *err)
{
	struct lam_str line;

	while (take_line(d, &line)) {
		while (tabs && line.len && *line.bytes == '\t') {
			line.bytes++;
			line.len--;
		}
		if (line.len == name.len && memcmp(line.bytes, name.bytes, name.len) == 0)
			return 0;
	}
	return lam_fail(err, LAM_EPLAN, "a heredoc that does not end");
}

static int pass_heredocs(struct lam_dockerfile *d, struct lam_instruction *i,
			 struct lam_error *err)
{
	struct lam_str name;
	bool tabs;

	if (strcmp(i->word, "RUN") != 0 && strcmp(i->word, "COPY") != 0 &&
	    strcmp(i->word, "ADD") != 0)
		return 0;
	for (const char *at = i->rest; *at;) {
		size_t len = strcspn(at, " \t\n\v\f\r");

		if (is_heredoc((struct lam_str){ at, len }, &name, &tabs)) {
			i->heredoc = true;
			if (pass_heredoc(d, name, tabs, err) < 0)
				return err->code;
		}
		at += len + strspn(at + len, " \t\n\v\f\r");
	}
	return 0;
}

/* Instructions */

static void split(struct lam_instruction *out, const struct lam_buf *text)
{
	struct lam_str all =
		trim((struct lam_str){ text->data ? text->data : "", text->len });
	size_t len = 0;

	while (len < all.len && !is_blank(all.bytes[len]))
		len++;
	out->word = lam_xmemdup(all.bytes, len);
	for (char *c = out->word; *c; c++)
		*c = (char)toupper((unsigned char)*c);
	all = trim_left((struct lam_str){ all.bytes + len, all.len - len });
	out->rest = lam_xmemdup(all.bytes, all.len);
}

int lam_dockerfile_next(struct lam_dockerfile *d, struct lam_instruction *out,
			struct lam_error *err)
{
	LAM_CLEANUP(lam_buf_fini) struct lam_buf text = LAM_TEXT;
	struct lam_str line, bare;
	bool more;

	*out = (struct lam_instruction){ 0 };
	do {
		if (!take_line(d, &line))
			return 0;
		bare = trim_left(line);
		if (d->directives && read_directive(d, bare, err) < 0)
			return err->code;
	} while (!bare.len || *bare.bytes == '#');
	out->line = d->line;
	more = add_part(&text, bare, d->escape);
	while (more && take_line(d, &line)) {
		bare = trim_left(line);
		if (bare.len && *bare.bytes != '#')
			more = add_part(&text, line, d->escape);
	}
	split(out, &text);
	return pass_heredocs(d, out, err) < 0 ? err->code : 1;
}
