#include "editor/find/filter_word.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <lamina/path.h>

#include "editor/find/names.h"

static const struct {
	const char *name;
	unsigned flag;
} FLAGS[] = {
	{ "dangling", FACT_DANGLING }, { "loop", FACT_LOOP },
	{ "above", FACT_ABOVE_ROOT },  { "linked", FACT_LINKED },
	{ "power", FACT_POWER },       { "versions", FACT_VERSIONS },
	{ "escaped", FACT_ESCAPED },   { "dead", FACT_DEAD },
};

static const struct {
	char letter;
	enum lam_kind kind;
} TYPES[] = {
	{ 'f', LAM_KIND_FILE }, { 'd', LAM_KIND_DIR },   { 'l', LAM_KIND_SYMLINK },
	{ 'c', LAM_KIND_CHAR }, { 'b', LAM_KIND_BLOCK }, { 'p', LAM_KIND_FIFO },
};

static int bad(struct lam_error *err, const char *what)
{
	return lam_fail(err, LAM_EUSAGE, "%s", what);
}

static int parse_size(struct word *w, const char *text, struct lam_error *err)
{
	static const char units[] = "kmgt";
	const char *unit;
	double number;
	char *end;

	w->kind = WORD_SIZE;
	w->relation = text[1] != '=' || text[0] == '=' ? text[0]
		      : text[0] == '<'                 ? 'l'
						       : 'g';
	text += w->relation == 'l' || w->relation == 'g' ? 2 : 1;
	number = strtod(text, &end);
	if (end == text || *text < '0' || *text > '9' || !(number < 1e15))
		return bad(err, "expected a size like >1M, <=200 or =0");
	unit = *end ? strchr(units, *end | 0x20) : NULL;
	if ((*end && !unit) || (unit && end[1]))
		return bad(err, "a size is a number, with k, M, G or T behind it");
	for (size_t i = unit ? (size_t)(unit - units) + 1 : 0; i > 0; i--)
		number *= 1024;
	if (number >= 1.8e19)
		return bad(err, "a size that no file has");
	w->number = (uint64_t)number;
	return 0;
}

/* "4", "1-3", "4,7-9" */
static int parse_layers(struct word *w, const char *text, struct lam_error *err)
{
	w->kind = WORD_FROM;
	if (!bits_init(&w->layers, WORD_LAYERS))
		return lam_fail_memory(err);
	do {
		char *end;
		unsigned long first = strtoul(text, &end, 10), last = first;

		if (end == text || *text < '0' || *text > '9')
			return bad(err, "expected layers like 4 or 1-3");
		if (*end == '-' && end[1] >= '0' && end[1] <= '9')
			last = strtoul(end + 1, &end, 10);
		if ((*end && *end != ',') || last < first || last >= WORD_LAYERS)
			return bad(err, "expected layers like 4 or 1-3");
		for (; first <= last; first++)
			bits_set(&w->layers, (uint32_t)first, true);
		text = end;
	} while (*text++ == ',');
	return 0;
}

static int parse_types(struct word *w, const char *text, struct lam_error *err)
{
	w->kind = WORD_TYPE;
	for (; *text; text++) {
		unsigned kind = 0;

		for (size_t i = 0; i < sizeof TYPES / sizeof *TYPES; i++)
			kind |= *text == TYPES[i].letter ? 1u << TYPES[i].kind : 0;
		if (!kind)
			break;
		w->flags |= kind;
	}
	if (*text || !w->flags)
		return bad(err, "expected some of f, d, l, c, b and p");
	return 0;
}

static int parse_target(struct word *w, const char *text, struct lam_error *err)
{
	w->kind = WORD_TO;
	if (!*text)
		return bad(err, "expected a layer, \"-\" or \"*\"");
	w->text = strdup(text);
	return w->text ? 0 : lam_fail_memory(err);
}

static int parse_id(struct word *w, enum word_kind kind, const char *text,
		    struct lam_error *err)
{
	char *end;

	w->kind = kind;
	errno = 0;
	w->value = strtoll(text, &end, 10);
	if (end == text || *end || errno || text[0] == ' ')
		return bad(err, "expected a number");
	return 0;
}

static int parse_uid(struct word *w, const char *text, struct lam_error *err)
{
	return parse_id(w, WORD_UID, text, err);
}

static int parse_gid(struct word *w, const char *text, struct lam_error *err)
{
	return parse_id(w, WORD_GID, text, err);
}

static int parse_mode(struct word *w, const char *text, struct lam_error *err)
{
	char *end;

	w->kind = WORD_MODE;
	w->number = strtoul(text, &end, 8);
	if (end == text || *end || w->number > 07777 || text[0] < '0' || text[0] > '7')
		return bad(err, "expected bits of a mode, in octal, like 4000");
	return 0;
}

/* Seconds of the beginning of a day, in UTC. */
static int parse_day(struct word *w, enum word_kind kind, const char *text,
		     struct lam_error *err)
{
	struct tm day = { 0 };
	const char *end = strptime(text, "%Y-%m-%d", &day);

	w->kind = kind;
	if (!end || *end)
		return bad(err, "expected a day like 2024-01-31");
	w->value = timegm(&day);
	return 0;
}

static int parse_newer(struct word *w, const char *text, struct lam_error *err)
{
	return parse_day(w, WORD_NEWER, text, err);
}

static int parse_older(struct word *w, const char *text, struct lam_error *err)
{
	return parse_day(w, WORD_OLDER, text, err);
}

static const struct {
	const char *key;
	int (*parse)(struct word *word, const char *text, struct lam_error *err);
} KEYS[] = {
	{ "from:", parse_layers }, { "to:", parse_target },   { "type:", parse_types },
	{ "uid:", parse_uid },     { "gid:", parse_gid },     { "mode:", parse_mode },
	{ "newer:", parse_newer }, { "older:", parse_older },
};

/* Globs of plans are absolute: a name's stands behind one slash, and a path without one
 * in front is looked for in any directory. */
static int parse_glob(struct word *w, const char *text, struct lam_error *err)
{
	bool is_path = strchr(text, '/');
	const char *front = !is_path ? "/" : text[0] == '/' ? "" : "/**/";
	size_t len = strlen(text);
	char *glob;
	int code;

	w->kind = is_path ? WORD_PATH_GLOB : WORD_NAME_GLOB;
	while (len > 1 && text[len - 1] == '/')
		len--;
	glob = malloc(strlen(front) + len + 1);
	if (!glob)
		return lam_fail_memory(err);
	sprintf(glob, "%s%.*s", front, (int)len, text);
	code = lam_glob_new(&w->glob, glob, err);
	free(glob);
	return code == LAM_EPLAN ? lam_fail(err, LAM_EUSAGE, "%s", err->text) : code;
}

static int parse_name(struct word *w, const char *text, struct lam_error *err)
{
	for (size_t i = 0; i < sizeof FLAGS / sizeof *FLAGS; i++) {
		if (strcmp(text, FLAGS[i].name) == 0) {
			w->kind = WORD_FLAG;
			w->flags = FLAGS[i].flag;
			return 0;
		}
	}
	if (strcmp(text, "rule") == 0) {
		w->kind = WORD_RULE;
		return 0;
	}
	if (strpbrk(text, "*?[{/"))
		return parse_glob(w, text, err);
	w->kind = WORD_PART;
	w->without_case = !names_has_capital(text);
	w->text = strdup(text);
	return w->text ? 0 : lam_fail_memory(err);
}

static int parse_plain(struct word *w, const char *text, struct lam_error *err)
{
	if (!*text)
		return bad(err, "expected a word behind it");
	if (strchr("<>=", text[0]))
		return parse_size(w, text, err);
	for (size_t i = 0; i < sizeof KEYS / sizeof *KEYS; i++) {
		size_t len = strlen(KEYS[i].key);

		if (strncmp(text, KEYS[i].key, len) == 0)
			return KEYS[i].parse(w, text + len, err);
	}
	return parse_name(w, text, err);
}

int word_parse(struct word *out, const char *text, struct lam_error *err)
{
	char *shown;

	*out = (struct word){ .is_not = text[0] == '!' };
	if (parse_plain(out, text + out->is_not, err) == 0)
		return 0;
	word_fini(out);
	if (err->code == LAM_ENOMEM)
		return err->code;
	shown = lam_path_escape(text, strlen(text));
	(void)lam_wrap(err, "%.200s", shown ? shown : "filter");
	free(shown);
	return err->code;
}

void word_fini(struct word *w)
{
	bits_fini(&w->layers);
	free(w->text);
	lam_glob_free(w->glob);
	*w = (struct word){ 0 };
}
