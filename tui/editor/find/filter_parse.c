/* Filters as text: words are parsed once. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <lamina/glob.h>
#include <lamina/path.h>

#include "base/buf.h"
#include "base/limits.h"
#include "base/memory.h"
#include "base/size.h"
#include "base/spelling.h"
#include "editor/find/filter_impl.h"
#include "editor/find/names.h"

const char *const FILTER_SYNTAX[] = {
	"*.so lib /usr/*  size>1M <=200  type:fdlcbp  !WORD: not",
	"from:4 from:1-3  to:D to:- left out  rule marked",
	"dangling loop above linked versions escaped ghost",
	"setuid setgid capability  power: any of these",
	"pkg:gcc-* pkg:npm:left-pad of this package  pkg:- of none",
	"uid:0 gid:0 mode:4000  newer:2024-01-31 older:2024-01-31",
	NULL,
};

static const char BLANKS[] = " \t", RELATIONS[] = "<>=";

/* Words */

static const struct {
	const char *name;
	unsigned flag;
} FLAGS[] = {
	{ "dangling", FACT_DANGLING },
	{ "loop", FACT_LOOP },
	{ "above", FACT_ABOVE_ROOT },
	{ "linked", FACT_LINKED },
	{ "versions", FACT_VERSIONS },
	{ "escaped", FACT_ESCAPED },
	{ "dead", FACT_DEAD },
	{ "ghost", FACT_DEAD },
	{ "setuid", FACT_SETUID },
	{ "setgid", FACT_SETGID },
	{ "capability", FACT_CAPABILITY },
	{ "power", FACTS_POWER },
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

/* Without a relation, behind "size:", it is that size. */
static int parse_size(struct word *w, const char *text, struct lam_error *err)
{
	w->kind = WORD_SIZE;
	w->relation = *text && strchr(RELATIONS, *text) ? *text++ : '=';
	if (*text == '=' && w->relation != '=') {
		w->relation = w->relation == '<' ? 'l' : 'g';
		text++;
	}
	if (*text < '0' || *text > '9')
		return bad(err, "expected a size like >1M, <=200 or =0");
	return lam_size_parse(&w->number, text, err);
}

/* "4", "1-3", "4,7-9" */
static int parse_layers(struct word *w, const char *text, struct lam_error *err)
{
	w->kind = WORD_FROM;
	if (!bits_init(&w->layers, LAM_MAX_LAYERS))
		return lam_fail_memory(err);
	do {
		char *end;
		unsigned long first = strtoul(text, &end, 10), last = first;

		if (end == text || *text < '0' || *text > '9')
			return bad(err, "expected layers like 4 or 1-3");
		if (*end == '-' && end[1] >= '0' && end[1] <= '9')
			last = strtoul(end + 1, &end, 10);
		if ((*end && *end != ',') || last < first || last >= LAM_MAX_LAYERS)
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
	w->text = lam_xstrdup(text);
	return 0;
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

static int make_glob(struct word *w, const char *text, struct lam_error *err)
{
	int code = lam_glob_new(&w->glob, text, err);

	return code == LAM_EPLAN ? lam_fail(err, LAM_EUSAGE, "%s", err->text) : code;
}

/* "-", of none, has no glob. */
static int parse_package(struct word *w, const char *text, struct lam_error *err)
{
	LAM_CLEANUP(lam_free_ptr) char *glob = lam_xprintf("/%s", text);

	w->kind = WORD_PACKAGE;
	if (!*text)
		return bad(err, "expected a package's name, or \"-\"");
	w->text = lam_xstrdup(text);
	return strcmp(text, "-") == 0 ? 0 : make_glob(w, glob, err);
}

static const struct key {
	const char *name;
	int (*parse)(struct word *word, const char *text, struct lam_error *err);
	bool relates; /* "size>1M" */
} KEYS[] = {
	{ "from", parse_layers, false }, { "to", parse_target, false },
	{ "type", parse_types, false },  { "uid", parse_uid, false },
	{ "gid", parse_gid, false },     { "mode", parse_mode, false },
	{ "newer", parse_newer, false }, { "older", parse_older, false },
	{ "pkg", parse_package, false }, { "size", parse_size, true },
};

/* Globs of plans are absolute: a name's stands behind one slash, and a path without one
 * in front is looked for in any directory. */
static int parse_glob(struct word *w, const char *text, struct lam_error *err)
{
	bool is_path = strchr(text, '/');
	const char *front = !is_path ? "/" : text[0] == '/' ? "" : "/**/";
	size_t len = strlen(text);
	LAM_CLEANUP(lam_free_ptr) char *glob = NULL;

	w->kind = is_path ? WORD_PATH_GLOB : WORD_NAME_GLOB;
	while (len > 1 && text[len - 1] == '/')
		len--;
	glob = lam_xprintf("%s%.*s", front, (int)len, text);
	return make_glob(w, glob, err);
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
	if (strcmp(text, "rule") == 0 || strcmp(text, "marked") == 0) {
		w->kind = *text == 'r' ? WORD_RULE : WORD_MARKED;
		return 0;
	}
	if (strpbrk(text, "*?[{/"))
		return parse_glob(w, text, err);
	w->kind = WORD_PART;
	w->without_case = !names_has_capital(text);
	w->text = lam_xstrdup(text);
	return 0;
}

/* "form:4": how long the small letters in front of a colon or a relation are, which are a
 * word like from:4, or a mistake; 0: it is no such thing. What has one in its name is found
 * by a glob ("form?4"). */
static size_t key_len(const char *text)
{
	size_t len = strspn(text, "abcdefghijklmnopqrstuvwxyz");
	bool is_key = text[len] == ':' ? text[len + 1] != ':'
				       : text[len] && strchr(RELATIONS, text[len]);

	return is_key ? len : 0;
}

static const struct key *find_key(const char *text, size_t len)
{
	for (size_t i = 0; i < sizeof KEYS / sizeof *KEYS; i++) {
		if (strlen(KEYS[i].name) == len && strncmp(KEYS[i].name, text, len) == 0)
			return &KEYS[i];
	}
	return NULL;
}

static int no_such_key(const char *text, size_t len, struct lam_error *err)
{
	struct lam_spelling near;

	lam_spelling_init(&near, text, len);
	for (size_t i = 0; i < sizeof KEYS / sizeof *KEYS; i++)
		lam_spelling_try(&near, KEYS[i].name, strlen(KEYS[i].name));
	return lam_fail(err, LAM_EUSAGE,
			"no such word%s%s%s; a name with a \"%c\" in it: %.*s?%s",
			near.best ? "; did you mean " : "", near.best ? near.best : "",
			near.best ? ":?" : "", text[len], (int)len, text, text + len + 1);
}

static int parse_key(struct word *w, const struct key *key, const char *behind,
		     struct lam_error *err)
{
	if (*behind == ':' || (*behind == '=' && !key->relates))
		behind++;
	else if (!key->relates)
		return lam_fail(err, LAM_EUSAGE, "only sizes are compared: %s:%s",
				key->name, behind + 1);
	return key->parse(w, behind, err);
}

static int parse_plain(struct word *w, const char *text, struct lam_error *err)
{
	size_t len = key_len(text);
	const struct key *key = find_key(text, len);

	if (!*text)
		return bad(err, "expected a word behind it");
	if (strchr(RELATIONS, text[0]))
		return parse_size(w, text, err);
	if (key)
		return parse_key(w, key, text + len, err);
	return len && !strpbrk(text, "*?[{/") ? no_such_key(text, len, err)
					      : parse_name(w, text, err);
}

static void word_fini(struct word *w)
{
	bits_fini(&w->layers);
	free(w->text);
	lam_glob_free(w->glob);
}

/* On failure the word stands in front, and there is nothing to free. */
static int parse_word(struct word *out, const char *text, struct lam_error *err)
{
	LAM_CLEANUP(lam_free_ptr) char *shown = NULL;

	*out = (struct word){ .is_not = text[0] == '!' };
	if (parse_plain(out, text + out->is_not, err) == 0)
		return 0;
	word_fini(out);
	if (err->code == LAM_ENOMEM)
		return err->code;
	shown = lam_path_escape(text, strlen(text));
	return lam_wrap(err, "%.200s", shown);
}

static int compare_words(const void *a, const void *b)
{
	const struct word *x = a, *y = b;

	return (x->kind > y->kind) - (x->kind < y->kind);
}

int filter_parse(struct filter **out, const char *text, struct lam_error *err)
{
	LAM_CLEANUP(lam_free_ptr) char *copy = lam_xstrdup(text);
	struct filter *f = lam_xcalloc(1, sizeof *f);
	size_t cap = 0;
	char *rest;

	*out = NULL;
	for (char *word = strtok_r(copy, BLANKS, &rest); word;
	     word = strtok_r(NULL, BLANKS, &rest)) {
		LAM_XGROW(f->words, f->count, cap);
		if (parse_word(&f->words[f->count], word, err) < 0) {
			filter_free(f);
			return err->code;
		}
		f->count++;
	}
	if (f->count == 0) {
		filter_free(f);
		return 0;
	}
	qsort(f->words, f->count, sizeof *f->words, compare_words);
	*out = f;
	return 0;
}

void filter_free(struct filter *f)
{
	if (!f)
		return;
	for (size_t i = 0; i < f->count; i++)
		word_fini(&f->words[i]);
	free(f->words);
	free(f);
}
