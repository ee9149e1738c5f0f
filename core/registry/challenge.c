/* Challenges: schemes, each with its parameters behind it, all apart by commas. */
#include "registry/challenge.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/memory.h"

void lam_challenge_fini(struct lam_challenge *c)
{
	free(c->realm);
	free(c->service);
	free(c->scope);
	*c = (struct lam_challenge){ 0 };
}

static size_t skip(const char *at)
{
	return strspn(at, " \t,");
}

/* A token, or what stands in quotes; *at is moved behind it. A new string. */
static char *take_value(const char **at)
{
	LAM_CLEANUP(lam_buf_fini) struct lam_buf text = LAM_TEXT;
	const char *c = *at;
	bool quoted = *c == '"';

	for (c += quoted; *c && (quoted ? *c != '"' : !strchr(" \t,", *c)); c++) {
		if (quoted && *c == '\\' && c[1])
			c++;
		lam_text_putc(&text, *c);
	}
	*at = c + (quoted && *c == '"');
	return lam_text_steal(&text);
}

static void keep(struct lam_challenge *c, const char *name, size_t len, char *value)
{
	char **into = len == 5 && strncasecmp(name, "realm", 5) == 0     ? &c->realm
		      : len == 7 && strncasecmp(name, "service", 7) == 0 ? &c->service
		      : len == 5 && strncasecmp(name, "scope", 5) == 0   ? &c->scope
									 : NULL;

	if (into && !*into && *value)
		*into = LAM_STEAL(value);
	free(value);
}

/* "name = value" is a parameter of the last scheme, anything else the next scheme. */
void lam_challenge_add(struct lam_challenge *out, const char *at)
{
	bool bearer = false;

	for (at += skip(at); *at; at += skip(at)) {
		size_t len = strcspn(at, " \t,=");
		const char *name = at, *next = at + len + strspn(at + len, " \t");

		if (len && *next == '=') {
			char *value;

			next++;
			next += strspn(next, " \t");
			value = take_value(&next);
			if (bearer)
				keep(out, name, len, value);
			else
				free(value);
			at = next;
			continue;
		}
		bearer = len == 6 && strncasecmp(name, "Bearer", 6) == 0;
		out->bearer = out->bearer || bearer;
		out->basic =
			out->basic || (len == 5 && strncasecmp(name, "Basic", 5) == 0);
		at += len ? len : 1;
	}
}

void lam_challenge_read(struct lam_challenge *out, const struct lam_http_answer *answer)
{
	const char *header;

	*out = (struct lam_challenge){ 0 };
	for (size_t n = 0;
	     (header = lam_http_header(answer, "WWW-Authenticate", n)) != NULL; n++)
		lam_challenge_add(out, header);
}
