/* The plan that a stage of a Dockerfile means: a layer for each of its COPY lines, and of the
 * lines that take a path the last wins. */
#include <ctype.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/limits.h"
#include "base/memory.h"
#include "base/path.h"
#include "plan/dockerfile_stage.h"
#include "plan/plan.h"

/* What is told */

static void add_line(struct lam_plan_errors *to, const char *name, size_t line,
		     const char *text)
{
	if (to->count == LAM_MAX_NOTES)
		return;
	to->lines = lam_xrealloc(to->lines, (to->count + 1) * sizeof *to->lines);
	to->at = lam_xrealloc(to->at, (to->count + 1) * sizeof *to->at);
	to->at[to->count] = line;
	to->lines[to->count++] = line ? lam_xprintf("%s:%zu: %s", name, line, text)
				      : lam_xprintf("%s: %s", name, text);
}

void lam_stage_tell(struct lam_stage_making *m, struct lam_plan_errors *to, size_t line,
		    const char *format, ...)
{
	LAM_CLEANUP(lam_free_ptr) char *text = NULL;
	LAM_CLEANUP(lam_free_ptr) char *shown = NULL;
	va_list args;

	va_start(args, format);
	text = lam_xvprintf(format, args);
	va_end(args);
	if (!lam_path_may_show(text, strlen(text)))
		shown = lam_path_escape(text, strlen(text));
	add_line(to, m->name, line, shown ? shown : text);
	if (to == m->errors && m->err->code == LAM_OK)
		(void)lam_fail(m->err, LAM_EPLAN, "%s", to->lines[0]);
}

char *lam_stage_expand(struct lam_stage_making *m, const struct lam_variables *variables,
		       const char *word, size_t line)
{
	struct lam_error err;
	char *out;

	if (lam_words_expand(&out, word, m->escape, variables, &err) < 0)
		lam_stage_tell(m, m->errors, line, "%s: %s", word, err.text);
	return out;
}

/* Stages */

/* "FROM [--platform=P] IMAGE [AS NAME]": the words, without flags. */
static void split_from(const struct lam_instruction *i, struct lam_words *out)
{
	LAM_CLEANUP(lam_words_fini) struct lam_words flags = { 0 };
	const char *at = i->rest;

	lam_words_flags(&flags, &at);
	lam_words_split(out, at, '\\', false);
}

/* A small letter, and more of these, digits, "-", "_" and "."; case does not count. */
static bool is_stage_name(const char *name)
{
	return isalpha((unsigned char)*name) &&
	       !name[strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				  "0123456789-_.")];
}

static void add_stage(struct lam_stage_making *m, const struct lam_instruction *i)
{
	LAM_CLEANUP(lam_words_fini) struct lam_words words = { 0 };
	bool named;

	split_from(i, &words);
	named = words.count == 3 && strcasecmp(words.items[1], "AS") == 0;
	if (!named && words.count != 1)
		lam_stage_tell(m, m->errors, i->line,
			       "FROM takes an image, or IMAGE AS NAME");
	else if (named && !is_stage_name(words.items[2]))
		lam_stage_tell(
			m, m->errors, i->line,
			"%s: a stage's name begins with a letter, and has letters, "
			"digits, -, _ and . alone",
			words.items[2]);
	LAM_XGROW(m->stages, m->stage_count, m->stage_cap);
	m->stages[m->stage_count++] =
		(struct lam_dockerfile_stage){ named ? lam_xstrdup(words.items[2]) : NULL,
					       i->line };
}

size_t lam_stage_find(const struct lam_stage_making *m, const char *name)
{
	char *end;
	unsigned long number = strtoul(name, &end, 10);

	for (size_t i = m->stage_count; i-- > 0;) {
		if (m->stages[i].name && strcasecmp(m->stages[i].name, name) == 0)
			return i;
	}
	return isdigit((unsigned char)*name) && !*end && number < m->stage_count
		       ? number
		       : SIZE_MAX;
}

static void find_stages(struct lam_stage_making *m, const char *text, size_t len,
			const char *target)
{
	struct lam_dockerfile d;
	struct lam_error err;
	int got = 1;

	lam_dockerfile_init(&d, text, len);
	while (got > 0) {
		LAM_CLEANUP(lam_instruction_fini) struct lam_instruction i;

		got = lam_dockerfile_next(&d, &i, &err);
		if (got > 0 && strcmp(i.word, "FROM") == 0)
			add_stage(m, &i);
	}
	if (got < 0)
		lam_stage_tell(m, m->errors, d.line, "%s", err.text);
	else if (!m->stage_count)
		lam_stage_tell(m, m->errors, 0,
			       "no FROM: there is no stage to make a plan of");
	m->target = target ? lam_stage_find(m, target) : m->stage_count - 1;
	if (got == 0 && m->stage_count && m->target == SIZE_MAX)
		lam_stage_tell(m, m->errors, 0, "no stage \"%s\"", target);
}

/* Instructions that say how paths are to be read */

static void run_from(struct lam_stage_making *m, const struct lam_instruction *i)
{
	LAM_CLEANUP(lam_words_fini) struct lam_words words = { 0 };
	LAM_CLEANUP(lam_free_ptr) char *image = NULL;

	split_from(i, &words);
	image = words.count ? lam_stage_expand(m, &m->global, words.items[0], i->line)
			    : NULL;
	if (image && strcasecmp(image, "scratch") != 0)
		lam_stage_tell(
			m, m->errors, i->line,
			"begins with %s: a plan begins with nothing, as FROM scratch does",
			image);
}

/* One "NAME" or "NAME=value". */
static void set_variable(struct lam_stage_making *m, const struct lam_instruction *i,
			 struct lam_variables *to, char *word, bool env)
{
	const struct lam_variable *known;
	LAM_CLEANUP(lam_free_ptr) char *value = NULL;
	char *equals = strchr(word, '=');
	struct lam_error err;

	if (equals) {
		value = lam_stage_expand(m, to, equals + 1, i->line);
		*equals = '\0';
		if (!value)
			return;
	} else {
		known = lam_variables_find(&m->global, word, strlen(word));
		value = known ? lam_xcopy(known->value) : NULL;
	}
	if (lam_variables_set(to, word, value, env, &err) < 0)
		lam_stage_tell(m, m->errors, i->line, "%s", err.text);
}

static void set_variables(struct lam_stage_making *m, const struct lam_instruction *i,
			  struct lam_variables *to, bool env)
{
	LAM_CLEANUP(lam_words_fini) struct lam_words words = { 0 };

	lam_words_split(&words, i->rest, m->escape, true);
	for (size_t n = 0; n < words.count; n++)
		set_variable(m, i, to, words.items[n], env);
}

static void run_arg(struct lam_stage_making *m, const struct lam_instruction *i)
{
	set_variables(m, i, &m->local, false);
}

/* Not taken: they would come on top of the image's, and a stage that begins with nothing has
 * its own alone. */
static void run_config(struct lam_stage_making *m, const struct lam_instruction *i)
{
	for (unsigned k = 0; k < LAM_SETTING_KIND_COUNT; k++) {
		enum lam_setting_kind kind = (enum lam_setting_kind)k;

		if (strcasecmp(lam_setting_word(kind), i->word) != 0)
			continue;
		lam_stage_tell(
			m, m->notes, i->line,
			"%s is not taken, and the image's own stays: write \"%s\" into "
			"the plan's \"config\" to change that",
			i->word, lam_setting_member(kind));
		return;
	}
	lam_stage_tell(m, m->notes, i->line,
		       "%s is not for a plan: the image's own config stays", i->word);
}

/* "ENV a=1 b=2", and "ENV a 1". */
static void run_env(struct lam_stage_making *m, const struct lam_instruction *i)
{
	size_t name = strcspn(i->rest, "= \t");

	run_config(m, i);
	if (i->rest[name] == '=') {
		set_variables(m, i, &m->local, true);
	} else {
		LAM_CLEANUP(lam_free_ptr)
		char *word = lam_xprintf("%.*s=%s", (int)name, i->rest,
					 i->rest + name + strspn(i->rest + name, " \t"));

		set_variable(m, i, &m->local, word, true);
	}
}

static void run_workdir(struct lam_stage_making *m, const struct lam_instruction *i)
{
	LAM_CLEANUP(lam_free_ptr)
	char *to = lam_stage_expand(m, &m->local, i->rest, i->line);
	struct lam_error err;
	char *joined;

	run_config(m, i);
	if (!to)
		return;
	if (lam_pattern_join(&joined, *to == '/' ? "" : m->workdir, to, &err) < 0) {
		lam_stage_tell(m, m->errors, i->line, "%s: %s", to, err.text);
		return;
	}
	free(m->workdir);
	m->workdir = joined;
}

/* The stage */

static void run_other(struct lam_stage_making *m, const struct lam_instruction *i)
{
	lam_stage_tell(
		m, m->errors, i->line,
		"%s makes what is in no image yet: a plan moves paths, and that is all",
		i->word);
}

static const struct {
	const char *word;
	void (*run)(struct lam_stage_making *m, const struct lam_instruction *i);
} INSTRUCTIONS[] = {
	{ "FROM", run_from },
	{ "ARG", run_arg },
	{ "ENV", run_env },
	{ "WORKDIR", run_workdir },
	{ "COPY", lam_stage_copy },
	{ "RUN", run_other },
	{ "ADD", run_other },
	{ "CMD", run_config },
	{ "ENTRYPOINT", run_config },
	{ "EXPOSE", run_config },
	{ "HEALTHCHECK", run_config },
	{ "LABEL", run_config },
	{ "MAINTAINER", run_config },
	{ "ONBUILD", run_config },
	{ "SHELL", run_config },
	{ "STOPSIGNAL", run_config },
	{ "USER", run_config },
	{ "VOLUME", run_config },
};

static void run_instruction(struct lam_stage_making *m, const struct lam_instruction *i)
{
	for (size_t n = 0; n < sizeof INSTRUCTIONS / sizeof *INSTRUCTIONS; n++) {
		if (strcmp(INSTRUCTIONS[n].word, i->word) == 0) {
			INSTRUCTIONS[n].run(m, i);
			return;
		}
	}
	lam_stage_tell(m, m->errors, i->line, "no instruction: %s", i->word);
}

static void run_stage(struct lam_stage_making *m, const char *text, size_t len)
{
	struct lam_dockerfile d;
	struct lam_error err;
	size_t stages = 0;
	int got = 1;

	lam_dockerfile_init(&d, text, len);
	while (got > 0 && stages <= m->target + 1) {
		LAM_CLEANUP(lam_instruction_fini) struct lam_instruction i;

		got = lam_dockerfile_next(&d, &i, &err);
		if (got <= 0)
			return;
		m->escape = d.escape;
		stages += strcmp(i.word, "FROM") == 0;
		if (stages == 0 && strcmp(i.word, "ARG") == 0)
			set_variables(m, &i, &m->global, false);
		else if (stages == m->target + 1)
			run_instruction(m, &i);
	}
}

/* Names at the top of the image of which no line takes anything. */
static int tell_untaken(struct lam_stage_making *m, const struct lam_image *image,
			const struct lam_plan *plan, struct lam_error *err)
{
	const struct lam_tree *tree = m->tree;
	const struct lam_node *root = lam_tree_node(tree, LAM_NODE_ROOT);
	size_t count = lam_tree_count(tree), left = 0;
	LAM_CLEANUP(lam_match_fini) struct lam_match match = { 0 };
	LAM_CLEANUP(lam_buf_fini) struct lam_buf names = LAM_TEXT;
	LAM_CLEANUP(lam_free_ptr) bool *taken = lam_xcalloc(count, sizeof *taken);

	if (lam_match_new(&match, image, plan, NULL, err) < 0)
		return err->code;
	/* parents have smaller numbers */
	for (uint32_t n = (uint32_t)count; n-- > 1;) {
		uint32_t rule = match.rules[n];

		taken[n] = taken[n] || (lam_tree_node(tree, n)->live &&
					(rule == UINT32_MAX || plan->rules[rule].to));
		if (taken[n])
			taken[lam_tree_node(tree, n)->parent] = true;
	}
	for (uint32_t n = root->first_child; n < root->first_child + root->child_count;
	     n++) {
		size_t len;
		const char *name = lam_tree_name(tree, n, &len);
		LAM_CLEANUP(lam_free_ptr) char *shown = lam_path_escape(name, len);

		if (taken[n] || !lam_tree_node(tree, n)->live)
			continue;
		if (left++ < 40)
			lam_text_printf(&names, "%s/%s", left > 1 ? ", " : "", shown);
	}
	if (left)
		lam_stage_tell(m, m->notes, 0,
			       "no line takes %s%s: left out of the image", names.data,
			       left > 40 ? " and others" : "");
	return 0;
}

static void making_fini(struct lam_stage_making *m)
{
	for (size_t i = 0; i < m->stage_count; i++)
		free(m->stages[i].name);
	free(m->stages);
	free(m->workdir);
	free(m->source);
	lam_variables_fini(&m->global);
	lam_variables_fini(&m->local);
	lam_claims_fini(&m->claims);
}

static int check_text(const char *text, size_t len, struct lam_error *err)
{
	if (len > LAM_MAX_DOCKERFILE)
		return lam_fail(err, LAM_EPLAN, "a Dockerfile has at most %u bytes here",
				LAM_MAX_DOCKERFILE);
	if (memchr(text, '\0', len))
		return lam_fail(err, LAM_EPLAN, "a zero byte: this is no text");
	return 0;
}

int lam_plan_from_dockerfile(struct lam_plan **out, const struct lam_image *image,
			     const struct lam_dockerfile_request *request,
			     struct lam_plan_errors *errors,
			     struct lam_plan_errors *notes, struct lam_error *err)
{
	LAM_CLEANUP(making_fini)
	struct lam_stage_making m = { .tree = lam_image_tree(image),
				      .name = request->name,
				      .errors = errors,
				      .notes = notes,
				      .err = err,
				      .workdir = lam_xstrdup("/") };
	struct lam_error wrong;

	*out = NULL;
	err->code = LAM_OK;
	if (check_text(request->text, request->len, &wrong) < 0)
		lam_stage_tell(&m, errors, 0, "%s", wrong.text);
	else
		find_stages(&m, request->text, request->len, request->target);
	if (!errors->count)
		run_stage(&m, request->text, request->len);
	if (!errors->count && !m.claims.layer_count)
		lam_stage_tell(&m, errors, m.stages[m.target].line,
			       "the stage copies nothing");
	if (errors->count)
		return err->code;
	*out = lam_claims_plan(&m.claims);
	lam_plan_add_source(*out, image);
	if (tell_untaken(&m, image, *out, err) == 0)
		return 0;
	lam_plan_free(LAM_STEAL(*out));
	return err->code;
}
