#include "editor/plan/line.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* A place in JSON that may have errors: it is only looked over, never read for meaning.
 */
struct place {
	const char *at;
	size_t line;
};

static void step(struct place *p)
{
	p->line += *p->at == '\n';
	p->at++;
}

static void skip_blanks(struct place *p)
{
	while (*p->at && isspace((unsigned char)*p->at))
		step(p);
}

static void skip_string(struct place *p)
{
	for (step(p); *p->at && *p->at != '"'; step(p)) {
		if (*p->at == '\\' && p->at[1])
			step(p);
	}
	if (*p->at)
		step(p);
}

/* Behind a value: a string, a bracketed one to its end, or a word. */
static void skip_value(struct place *p)
{
	size_t depth = 0;

	do {
		skip_blanks(p);
		if (*p->at == '"') {
			skip_string(p);
			continue;
		}
		if (*p->at == '{' || *p->at == '[')
			depth++;
		else if ((*p->at == '}' || *p->at == ']') && depth)
			depth--;
		if (*p->at && !(depth == 0 && strchr(",}]", *p->at) && p->at[0] == ','))
			step(p);
		while (depth == 0 && *p->at && !strchr(" \t\r\n,}]", *p->at))
			step(p);
	} while (depth && *p->at);
}

static bool enter_key(struct place *p, const char *key, size_t len)
{
	if (*p->at != '{')
		return false;
	step(p);
	for (skip_blanks(p); *p->at == '"'; skip_blanks(p)) {
		const char *name = p->at + 1;
		size_t name_len;

		skip_string(p);
		name_len = (size_t)(p->at - name) - 1;
		skip_blanks(p);
		if (*p->at != ':')
			return false;
		step(p);
		skip_blanks(p);
		if (name_len == len && memcmp(name, key, len) == 0)
			return true;
		skip_value(p);
		skip_blanks(p);
		if (*p->at == ',')
			step(p);
	}
	return false;
}

static bool enter_index(struct place *p, unsigned long index)
{
	if (*p->at != '[')
		return false;
	step(p);
	for (skip_blanks(p); index > 0 && *p->at && *p->at != ']'; index--) {
		skip_value(p);
		skip_blanks(p);
		if (*p->at == ',')
			step(p);
		skip_blanks(p);
	}
	return index == 0 && *p->at && *p->at != ']';
}

/* "assign[2].to" as far as the text has it. */
static size_t find_path(const char *text, const char *path, size_t len)
{
	struct place p = { text, 1 };
	const char *end = path + len;

	skip_blanks(&p);
	while (path < end) {
		struct place before = p;
		bool found;

		if (*path == '[') {
			found = enter_index(&p, strtoul(path + 1, NULL, 10));
			path += strcspn(path, "]");
			path += path < end;
		} else {
			size_t word;

			path += *path == '.';
			word = strcspn(path, ".[: ");
			found = enter_key(&p, path, word);
			path += word;
			if (!word)
				break;
		}
		if (!found)
			return before.line;
	}
	return p.line;
}

size_t plan_error_line(const char *text, const char *message)
{
	const char *colon = strchr(message, ':');
	unsigned long line;
	char *end;

	if (!colon)
		return 1;
	line = strtoul(colon + 1, &end, 10);
	if (end > colon + 1 && line > 0)
		return line;
	message = colon + 1 + strspn(colon + 1, " ");
	return find_path(text, message, strcspn(message, ": "));
}
