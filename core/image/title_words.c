/* What a layer is called where nobody gave it a name: by the command that made it. */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/memory.h"
#include "base/text.h"
#include "image/title.h"

/* Words apart by blanks, of a text that is cut up. */
struct words {
	char *rest;
	bool ends; /* with the last word that was given, the command */
};

/* NULL: there is none left. Without the quotes around it. */
static char *next_word(struct words *words)
{
	char *word = words->rest + strspn(words->rest, " ");
	size_t len = strcspn(word, " ");

	if (!len)
		return NULL;
	words->rest = word + len + (word[len] == ' ');
	word[len] = '\0';
	words->ends = word[len - 1] == ';' || strcmp(word, "&&") == 0 ||
		      strcmp(word, "||") == 0 || strcmp(word, "|") == 0;
	if (words->ends)
		word[word[len - 1] == ';' ? len - 1 : 0] = '\0';
	return word + (*word == '"' || *word == '\'');
}

static void skip_command(struct words *words)
{
	while (!words->ends && next_word(words))
		;
}

static bool is_one_of(const char *word, const char *const *list)
{
	while (*list && strcmp(*list, word) != 0)
		list++;
	return *list != NULL;
}

/* A word of the command that is no option, nor an option's value; NULL: none is left. */
static char *next_argument(struct words *words)
{
	static const char *const valued[] = { "-c",
					      "-f",
					      "-i",
					      "-n",
					      "-o",
					      "-r",
					      "-t",
					      "-X",
					      "--extra-index-url",
					      "--index-url",
					      "--prefix",
					      "--repository",
					      "--requirement",
					      "--root",
					      "--target",
					      "--target-release",
					      "--virtual",
					      NULL };

	while (!words->ends) {
		char *word = next_word(words);

		if (!word)
			return NULL;
		if (is_one_of(word, valued))
			(void)next_word(words);
		else if (*word && *word != '-')
			return word;
	}
	return NULL;
}

static const char *base_of(const char *word)
{
	const char *slash = strrchr(word, '/');

	return slash ? slash + 1 : word;
}

/* Commands that put packages into an image */

static const struct installer {
	const char *program, *verbs;
	const char *title; /* where no package is named; NULL: that tells nothing */
	bool unnamed;      /* what is named is no package */
} INSTALLERS[] = {
	{ "apt-get", " install ", NULL, false },
	{ "apt", " install ", NULL, false },
	{ "aptitude", " install ", NULL, false },
	{ "apk", " add ", NULL, false },
	{ "dnf", " install ", NULL, false },
	{ "microdnf", " install ", NULL, false },
	{ "yum", " install ", NULL, false },
	{ "tdnf", " install ", NULL, false },
	{ "zypper", " install in ", NULL, false },
	{ "conda", " install create ", "conda", false },
	{ "mamba", " install create ", "conda", false },
	{ "pip", " install ", "pip", false },
	{ "pip3", " install ", "pip", false },
	{ "pipx", " install ", "pip", false },
	{ "uv", " sync pip ", "pip", true },
	{ "poetry", " install ", "poetry", true },
	{ "npm", " install i ci ", "npm", false },
	{ "pnpm", " install i add ", "pnpm", false },
	{ "yarn", " install add ", "yarn", false },
	{ "gem", " install ", "gem", false },
	{ "bundle", " install ", "bundle", true },
	{ "composer", " install ", "composer", true },
	{ "cargo", " install build ", "cargo", true },
	{ "go", " install build ", "go", true },
};

static const struct installer *find_installer(const char *program, const char *verb)
{
	LAM_CLEANUP(lam_free_ptr) char *among = lam_xprintf(" %s ", verb);

	for (size_t i = 0; i < sizeof INSTALLERS / sizeof *INSTALLERS; i++) {
		if (strcmp(INSTALLERS[i].program, program) == 0 &&
		    strstr(INSTALLERS[i].verbs, among))
			return &INSTALLERS[i];
	}
	return NULL;
}

/* "@scope/name@1.2" is "name"; what is a file, a URL or the current folder is none. */
static char *title_of_package(const char *word)
{
	if (*word == '@')
		word = base_of(word);
	return strchr(word, '/') || *word == '.' ? NULL
						 : lam_title_of_name(word, strlen(word));
}

static char *title_of_install(struct words *words, const char *program)
{
	const char *verb = next_argument(words), *word;
	const struct installer *installer = verb ? find_installer(program, verb) : NULL;
	char *title = NULL;

	if (!installer)
		return NULL;
	while (!installer->unnamed && !title && (word = next_argument(words)))
		title = title_of_package(word);
	return title || !installer->title ? title : lam_xstrdup(installer->title);
}

/* What stands before a command's name: "set -e", settings of its environment, "if". */
static bool is_prelude(const char *word)
{
	static const char *const preludes[] = { "sudo", "env",  "exec", "time",
						"if",   "then", "else", "do",
						"!",    "{",    "(",    NULL };

	return *word == '-' || strchr(word, '=') || is_one_of(word, preludes);
}

/* Whether packages are taken out again: then those that were put in were there to build
 * with. */
static bool takes_out(const char *text)
{
	return strstr(text, "autoremove") || strstr(text, "auto-remove") ||
	       strstr(text, " purge ") || strstr(text, "apk del");
}

static char *title_of_run(char *text)
{
	struct words words = { .rest = text };
	const char *word, *program;
	char *title = NULL;

	if (takes_out(text))
		return NULL;
	while (!title && (word = next_word(&words))) {
		if (words.ends || is_prelude(word)) {
			words.ends = false;
			continue;
		}
		program = base_of(word);
		if (strncmp(program, "python", 6) == 0)
			continue; /* "-m", and then "pip" */
		title = title_of_install(&words, program);
		skip_command(&words);
		words.ends = false;
	}
	return title;
}

/* COPY, ADD, WORKDIR */

static char *title_of_path(const char *path)
{
	size_t len = strlen(path);
	char *title = NULL;

	while (len && !title) {
		size_t begin;

		while (len && path[len - 1] == '/')
			len--;
		for (begin = len; begin && path[begin - 1] != '/'; begin--)
			;
		if (!lam_title_is_common(path + begin, len - begin))
			title = lam_title_of_name(path + begin, len - begin);
		len = begin;
	}
	return title;
}

/* "app.tar.gz" as "app". */
static char *title_of_source(const char *source)
{
	char *title = strchr(source, ':') ? NULL : title_of_path(source);
	char *archive = title ? strstr(title, ".tar") : NULL;

	if (archive)
		*archive = '\0';
	return title;
}

/* Where files were put tells more than where they came from, if it is not a place that
 * many put theirs. "file:6a3f in /opt": the older builder's sources are digests. */
static char *title_of_copy(const char *text, bool unpacks, bool lowest)
{
	LAM_CLEANUP(lam_free_ptr) char *cut = lam_xstrdup(text);
	struct words words = { .rest = cut };
	const char *word, *source = NULL, *last = NULL;
	char *title;

	while ((word = next_word(&words))) {
		if (strncmp(word, "--", 2) == 0)
			continue;
		source = source ? source : word;
		last = word;
	}
	if (!last || source == last)
		return NULL;
	if (unpacks && lowest && strcmp(last, "/") == 0)
		return lam_xstrdup("base");
	title = title_of_path(last);
	return title ? title : title_of_source(source);
}

/* An image that was cut before: "lamina: opt", but no name that says no more than a number
 * which is another one now. */
static char *title_of_target(const char *name)
{
	const char *number = lam_text_behind(name, "layer-");

	if (number && strspn(number, "0123456789") == strlen(number))
		return NULL;
	return lam_title_of_name(name, strlen(name));
}

char *lam_title_of_words(const char *created_by, bool lowest)
{
	LAM_CLEANUP(lam_free_ptr) char *text = lam_made_by(created_by);
	const char *rest;

	/* a builder's own word for it, and no command */
	if (!strchr(text, ' ') && strcmp(text, created_by) == 0)
		return lam_title_of_name(text, strlen(text));
	if ((rest = lam_text_behind(text, "lamina: ")))
		return title_of_target(rest);
	if ((rest = lam_text_behind(text, "COPY ")))
		return title_of_copy(rest, false, lowest);
	if ((rest = lam_text_behind(text, "ADD ")))
		return title_of_copy(rest, true, lowest);
	if ((rest = lam_text_behind(text, "WORKDIR ")))
		return title_of_path(rest);
	return title_of_run(text);
}
