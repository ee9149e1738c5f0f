/* Filters: words that are parsed once, and asked of many nodes. */
#include "editor/find/filter.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <lamina/glob.h>
#include <lamina/path.h>

#include "base/buf.h"
#include "base/memory.h"
#include "base/size.h"
#include "base/stop.h"
#include "editor/find/names.h"

/* By cost: what is quick to say no is asked first. */
enum word_kind {
	WORD_FLAG,
	WORD_TYPE,
	WORD_RULE,
	WORD_TO,
	WORD_FROM,
	WORD_SIZE,
	WORD_UID,
	WORD_GID,
	WORD_MODE,
	WORD_NEWER,
	WORD_OLDER,
	WORD_PART,
	WORD_NAME_GLOB,
	WORD_PATH_GLOB,
};

/* Layers' numbers have at most four digits. */
#define WORD_LAYERS 4096

struct word {
	enum word_kind kind;
	bool is_not;
	bool without_case;  /* PART */
	char relation;      /* SIZE: '<', '>', '=', 'l' (<=) or 'g' (>=) */
	unsigned flags;     /* FLAG; TYPE: bits of kinds */
	uint64_t number;    /* SIZE, MODE */
	int64_t value;      /* UID, GID; seconds of NEWER and OLDER */
	struct bits layers; /* FROM */
	char *text;         /* PART, TO */
	struct lam_glob *glob;
};

struct filter {
	struct word *words; /* the quick ones first */
	size_t count;
};

static const char BLANKS[] = " \t";

/* Words */

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
	w->kind = WORD_SIZE;
	w->relation = *text++;
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
	LAM_CLEANUP(lam_free_ptr) char *glob = NULL;
	int code;

	w->kind = is_path ? WORD_PATH_GLOB : WORD_NAME_GLOB;
	while (len > 1 && text[len - 1] == '/')
		len--;
	glob = lam_xprintf("%s%.*s", front, (int)len, text);
	code = lam_glob_new(&w->glob, glob, err);
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
	w->text = lam_xstrdup(text);
	return 0;
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

bool filter_asks_targets(const struct filter *f)
{
	for (size_t i = 0; i < f->count; i++) {
		if (f->words[i].kind == WORD_TO || f->words[i].kind == WORD_RULE)
			return true;
	}
	return false;
}

bool filter_asks_dead(const struct filter *f)
{
	for (size_t i = 0; i < f->count; i++) {
		if (f->words[i].kind == WORD_FLAG && f->words[i].flags == FACT_DEAD &&
		    !f->words[i].is_not)
			return true;
	}
	return false;
}

/* Matching */

/* What is worked out once for many nodes. */
struct asking {
	const struct filter *filter;
	const struct facts *facts;
	const struct targets *targets; /* NULL: not known */
	uint32_t *to; /* of each word: the target that it means; TO_NOBODY: none */
	struct lam_buf scratch, name;
	struct names_paths paths;
};
#define TO_NOBODY (UINT32_MAX - 2)

static uint32_t find_target(const struct word *w, const struct targets *targets)
{
	size_t found;

	if (w->kind != WORD_TO || !targets || !targets->plan)
		return TO_NOBODY;
	if (strcmp(w->text, "-") == 0)
		return LAM_TARGET_NONE;
	if (strcmp(w->text, "*") == 0)
		return TARGET_SEVERAL;
	found = target_parse(targets->plan, w->text);
	return found == SIZE_MAX ? TO_NOBODY : (uint32_t)found;
}

static void asking_init(struct asking *a, const struct filter *filter,
			const struct facts *facts, const struct targets *targets)
{
	*a = (struct asking){ .filter = filter,
			      .facts = facts,
			      .targets = targets,
			      .to = lam_xcalloc(filter->count, sizeof *a->to),
			      .scratch = LAM_TEXT,
			      .name = LAM_TEXT };
	names_paths_init(&a->paths, facts, false);
	for (size_t i = 0; i < filter->count; i++)
		a->to[i] = find_target(&filter->words[i], targets);
}

static void asking_fini(struct asking *a)
{
	free(a->to);
	lam_buf_fini(&a->scratch);
	lam_buf_fini(&a->name);
	names_paths_fini(&a->paths);
}

static bool match_size(const struct word *w, const struct lam_stat *stat)
{
	if (stat->kind != LAM_KIND_FILE)
		return false;
	switch (w->relation) {
	case '<': return stat->size < w->number;
	case '>': return stat->size > w->number;
	case 'l': return stat->size <= w->number;
	case 'g': return stat->size >= w->number;
	default: return stat->size == w->number;
	}
}

static bool match_stat(const struct word *w, const struct lam_tree *tree, uint32_t n)
{
	struct lam_stat stat;

	lam_tree_stat(tree, n, &stat);
	switch ((int)w->kind) {
	case WORD_SIZE: return match_size(w, &stat);
	case WORD_UID: return stat.uid == w->value;
	case WORD_GID: return stat.gid == w->value;
	case WORD_MODE: return (stat.mode & w->number) == w->number;
	case WORD_NEWER: return stat.mtime_s >= w->value;
	default: return stat.mtime_s < w->value;
	}
}

static bool match_part(struct asking *a, const struct word *w, uint32_t n)
{
	size_t len;
	const char *text = names_of(a->facts, n, &a->scratch, &len);

	return names_find(text, len, w->text, strlen(w->text), w->without_case) !=
	       SIZE_MAX;
}

static bool match_glob(struct asking *a, const struct word *w, uint32_t n)
{
	const char *text;
	size_t len;

	if (w->kind == WORD_PATH_GLOB) {
		text = names_path(&a->paths, n, &len);
		return lam_glob_match(w->glob, text, len);
	}
	text = lam_tree_name(a->facts->tree, n, &len);
	lam_buf_clear(&a->name);
	lam_text_putc(&a->name, '/');
	lam_text_add(&a->name, text, len);
	return lam_glob_match(w->glob, a->name.data, a->name.len);
}

static bool match_to(const struct asking *a, uint32_t to, uint32_t n)
{
	return to != TO_NOBODY && a->targets->to && a->targets->to[n] == to &&
	       !(a->facts->flags[n] & FACT_DEAD);
}

static bool match_word(struct asking *a, size_t number, uint32_t n)
{
	const struct word *w = &a->filter->words[number];
	const struct lam_tree *tree = a->facts->tree;
	uint32_t origin;

	switch (w->kind) {
	case WORD_FLAG: return a->facts->flags[n] & w->flags;
	case WORD_TYPE: return w->flags >> lam_tree_node(tree, n)->kind & 1;
	case WORD_RULE: return a->targets && bits_get(&a->targets->ruled, n);
	case WORD_TO: return match_to(a, a->to[number], n);
	case WORD_FROM:
		origin = lam_tree_origin(tree, n);
		return origin < WORD_LAYERS && bits_get(&w->layers, origin);
	case WORD_SIZE:
	case WORD_UID:
	case WORD_GID:
	case WORD_MODE:
	case WORD_NEWER:
	case WORD_OLDER: return match_stat(w, tree, n);
	case WORD_PART: return match_part(a, w, n);
	case WORD_NAME_GLOB:
	case WORD_PATH_GLOB: break;
	}
	return match_glob(a, w, n);
}

static bool match_all(struct asking *a, uint32_t n)
{
	for (size_t i = 0; i < a->filter->count; i++) {
		if (match_word(a, i, n) == a->filter->words[i].is_not)
			return false;
	}
	return true;
}

bool filter_matches(const struct filter *filter, const struct facts *facts,
		    const struct targets *targets, uint32_t node)
{
	LAM_CLEANUP(asking_fini) struct asking a;

	asking_init(&a, filter, facts, targets);
	return match_all(&a, node);
}

/* Many */

static uint64_t bytes_of(const struct facts *facts, uint32_t n)
{
	const struct lam_node *node = lam_tree_node(facts->tree, n);
	struct lam_stat stat;

	if (node->kind != LAM_KIND_FILE)
		return 0;
	if (node->live)
		return node->live_bytes;
	lam_tree_stat(facts->tree, n, &stat);
	return stat.size;
}

/* below: nodes at and below the root, as numbers go up. */
static int match_nodes(struct asking *a, struct filter_result *r, uint32_t root,
		       struct bits *below, bool ghosts, const atomic_bool *stop,
		       struct lam_error *err)
{
	bits_set(below, root, true);
	for (uint32_t n = root + 1; n < a->facts->count; n++) {
		if (lam_stops(stop, (uint64_t)n << 2))
			return lam_fail_stopped(err);
		if (!bits_get(below, lam_tree_node(a->facts->tree, n)->parent))
			continue;
		bits_set(below, n, true);
		if ((!ghosts && (a->facts->flags[n] & FACT_DEAD)) || !match_all(a, n))
			continue;
		bits_set(&r->match, n, true);
		r->match_count++;
		r->match_bytes += bytes_of(a->facts, n);
	}
	return 0;
}

static void show_parents(struct filter_result *r, const struct lam_tree *tree)
{
	memcpy(r->shown.words, r->match.words,
	       ((size_t)r->match.count / 64 + 1) * sizeof *r->match.words);
	for (uint32_t n = r->shown.count; n-- > 1;) {
		if (bits_get(&r->shown, n))
			bits_set(&r->shown, lam_tree_node(tree, n)->parent, true);
	}
}

int filter_run(const struct filter *filter, const struct facts *facts,
	       const struct targets *targets, uint32_t root, bool ghosts,
	       const atomic_bool *stop, struct filter_result **out, struct lam_error *err)
{
	struct filter_result *r = lam_xcalloc(1, sizeof *r);
	LAM_CLEANUP(bits_fini) struct bits below = { 0 };
	LAM_CLEANUP(asking_fini) struct asking a;
	int code;

	*out = NULL;
	asking_init(&a, filter, facts, targets);
	code = bits_init(&r->match, facts->count) && bits_init(&r->shown, facts->count) &&
			       bits_init(&below, facts->count)
		       ? match_nodes(&a, r, root, &below, ghosts, stop, err)
		       : lam_fail_memory(err);
	if (code < 0) {
		filter_result_free(r);
		return code;
	}
	show_parents(r, facts->tree);
	*out = r;
	return 0;
}

void filter_result_free(struct filter_result *result)
{
	if (!result)
		return;
	bits_fini(&result->match);
	bits_fini(&result->shown);
	free(result);
}
