/* Words of a Dockerfile: parted, unquoted, with their variables. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/memory.h"
#include "plan/dockerfile.h"

#define BLANKS    " \t\n\v\f\r"
#define MOST_DEEP 8 /* "${a:-${b:-c}}" */

/* Variables */

void lam_variables_fini(struct lam_variables *v)
{
	for (size_t i = 0; i < v->count; i++) {
		free(v->items[i].name);
		free(v->items[i].value);
	}
	free(v->items);
	*v = (struct lam_variables){ 0 };
}

const struct lam_variable *lam_variables_find(const struct lam_variables *v,
					      const char *name, size_t len)
{
	for (size_t i = 0; i < v->count; i++) {
		if (strlen(v->items[i].name) == len &&
		    memcmp(v->items[i].name, name, len) == 0)
			return &v->items[i];
	}
	return NULL;
}

int lam_variables_set(struct lam_variables *v, const char *name, const char *value,
		      bool env, struct lam_error *err)
{
	const struct lam_variable *old = lam_variables_find(v, name, strlen(name));
	struct lam_variable *to;

	if (old && old->env && !env)
		return 0;
	if (!old && v->count == LAM_DOCKERFILE_VARIABLES)
		return lam_fail(err, LAM_EPLAN, "more than %u variables",
				LAM_DOCKERFILE_VARIABLES);
	if (!old) {
		LAM_XGROW(v->items, v->count, v->cap);
		v->items[v->count++] = (struct lam_variable){ .name = lam_xstrdup(name) };
	}
	to = old ? &v->items[old - v->items] : &v->items[v->count - 1];
	free(to->value);
	to->value = lam_xcopy(value);
	to->env = env;
	return 0;
}

/* Parting */

void lam_words_fini(struct lam_words *w)
{
	for (size_t i = 0; i < w->count; i++)
		free(w->items[i]);
	free(w->items);
	*w = (struct lam_words){ 0 };
}

static void add(struct lam_words *w, char *word)
{
	LAM_XGROW(w->items, w->count, w->cap);
	w->items[w->count++] = word;
}

/* Of the word at the text's begin. */
static size_t quoted_len(const char *text, char escape)
{
	char quote = '\0';
	size_t len = 0;

	for (; text[len] && (quote || !strchr(BLANKS, text[len])); len++) {
		if (text[len] == escape && quote != '\'' && text[len + 1])
			len++;
		else if (quote == text[len])
			quote = '\0';
		else if (!quote && (text[len] == '"' || text[len] == '\''))
			quote = text[len];
	}
	return len;
}

void lam_words_split(struct lam_words *out, const char *text, char escape, bool quoted)
{
	for (text += strspn(text, BLANKS); *text; text += strspn(text, BLANKS)) {
		size_t len = quoted ? quoted_len(text, escape) : strcspn(text, BLANKS);

		add(out, lam_xmemdup(text, len));
		text += len;
	}
}

bool lam_words_json(struct lam_words *out, const char *text)
{
	struct lam_error err;
	json_auto_t *list =
		*text == '[' ? lam_json_load(text, strlen(text), "COPY", NULL, &err)
			     : NULL;

	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *item = json_array_get(list, i);

		if (!lam_json_is_text(item) ||
		    strlen(json_string_value(item)) != json_string_length(item))
			return false;
	}
	for (size_t i = 0; i < json_array_size(list); i++)
		add(out, lam_xstrdup(json_string_value(json_array_get(list, i))));
	return list;
}

void lam_words_flags(struct lam_words *out, const char **text)
{
	while (strncmp(*text, "--", 2) == 0) {
		size_t len = strcspn(*text, BLANKS);

		if (len > 2)
			add(out, lam_xmemdup(*text, len));
		*text += len;
		*text += strspn(*text, BLANKS);
		if (len == 2)
			return;
	}
}

/* Expanding */

struct expanding {
	const struct lam_variables *variables;
	char escape;
	struct lam_buf out;
};

static int expand(struct expanding *e, const char *text, size_t len, unsigned depth,
		  struct lam_error *err);

static size_t name_len(const char *text, size_t len)
{
	size_t n = 0;

	while (n < len && (isalnum((unsigned char)text[n]) || text[n] == '_') &&
	       !(n == 0 && isdigit((unsigned char)text[n])))
		n++;
	return n;
}

/* Of what stands between "${" and its "}"; len where that is missing. */
static size_t braced_len(const char *text, size_t len)
{
	size_t at = 0, open = 0;

	for (; at < len && (open || text[at] != '}'); at++) {
		if (at + 1 < len && text[at] == '$' && text[at + 1] == '{')
			open++;
		else if (text[at] == '}')
			open--;
	}
	return at;
}

/* "name", "name:-word" and its like. */
static int expand_braced(struct expanding *e, const char *text, size_t len,
			 unsigned depth, struct lam_error *err)
{
	size_t name = name_len(text, len), at = name;
	const struct lam_variable *v = lam_variables_find(e->variables, text, name);
	const char *value = v ? v->value : NULL;
	char how;

	if (name && at == len)
		return lam_buf_append_text(&e->out, value ? value : "", err);
	if (at < len && text[at] == ':') {
		value = value && *value ? value : NULL;
		at++;
	}
	how = at < len ? text[at++] : '\0';
	if (!name || !how || !strchr("-+?", how))
		return lam_fail(err, LAM_EPLAN,
				"${%.*s} is of a kind that is not known here", (int)len,
				text);
	if (how == '?' && !value)
		return lam_fail(err, LAM_EPLAN, "%.*s has to be set", (int)name, text);
	if ((how == '+') == (value != NULL))
		return how == '?' ? 0 : expand(e, text + at, len - at, depth + 1, err);
	return how == '+' ? 0 : lam_buf_append_text(&e->out, value, err);
}

/* Behind a '$'; *used of the text. */
static int expand_variable(struct expanding *e, const char *text, size_t len,
			   size_t *used, unsigned depth, struct lam_error *err)
{
	const struct lam_variable *v;

	if (depth > MOST_DEEP)
		return lam_fail(err, LAM_EPLAN,
				"variables in variables, more than %d deep", MOST_DEEP);
	if (len && *text == '{') {
		size_t braced = braced_len(text + 1, len - 1);

		if (braced == len - 1)
			return lam_fail(err, LAM_EPLAN, "a ${ without its }");
		*used = braced + 2;
		return expand_braced(e, text + 1, braced, depth, err);
	}
	*used = name_len(text, len);
	if (*used == 0)
		return lam_buf_append_char(&e->out, '$', err);
	v = lam_variables_find(e->variables, text, *used);
	return lam_buf_append_text(&e->out, v && v->value ? v->value : "", err);
}

/* Behind the escape. In double quotes it means something before few characters alone. */
static int expand_escaped(struct expanding *e, char c, bool quoted, struct lam_error *err)
{
	if (c == '$')
		return lam_buf_append_char(&e->out, c, err);
	if (quoted && c != '"' && c != e->escape &&
	    lam_buf_append_char(&e->out, e->escape, err) < 0)
		return err->code;
	if ((!quoted || c == e->escape || c == '"') &&
	    lam_buf_append_char(&e->out, '\\', err) < 0)
		return err->code;
	return lam_buf_append_char(&e->out, c, err);
}

static int expand(struct expanding *e, const char *text, size_t len, unsigned depth,
		  struct lam_error *err)
{
	char quote = '\0';

	for (size_t at = 0; at < len; at++) {
		char c = text[at];
		size_t used = 0;
		int code = 0;

		if (c == quote)
			quote = '\0';
		else if (!quote && (c == '"' || c == '\''))
			quote = c;
		else if (c == e->escape && quote != '\'' && at + 1 < len)
			code = expand_escaped(e, text[++at], quote, err);
		else if (c == '$' && quote != '\'')
			code = expand_variable(e, text + at + 1, len - at - 1, &used,
					       depth, err);
		else
			code = lam_buf_append_char(&e->out, c, err);
		if (code < 0)
			return err->code;
		at += used;
	}
	return quote ? lam_fail(err, LAM_EPLAN, "a quote that does not end") : 0;
}

int lam_words_expand(char **out, const char *word, char escape,
		     const struct lam_variables *variables, struct lam_error *err)
{
	struct expanding e = { variables, escape, LAM_BUF(LAM_DOCKERFILE_WORD) };

	*out = NULL;
	if (expand(&e, word, strlen(word), 0, err) < 0) {
		lam_buf_fini(&e.out);
		err->code = LAM_EPLAN;
		return err->code;
	}
	*out = lam_text_steal(&e.out);
	return 0;
}
