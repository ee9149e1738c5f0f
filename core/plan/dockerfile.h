/* Dockerfiles, read as BuildKit's frontend reads them, as far as a plan can come of one:
 * lines (dockerfile_lines.c), words and variables (dockerfile_words.c), paths
 * (dockerfile_paths.c), and the rules that a stage's copies mean (dockerfile.c). The
 * text is not trusted: it has no zero byte, and is bounded. */
#ifndef LAM_PLAN_DOCKERFILE_H
#define LAM_PLAN_DOCKERFILE_H

#include "base/buf.h"
#include "plan/rule.h"
#include "tar/entry.h"

/* Lines */

struct lam_dockerfile {
	const char *at, *end;
	size_t line; /* that was read last, from 1 */
	char escape; /* '\\' or '`' */
	bool directives, escape_seen;
};
void lam_dockerfile_init(struct lam_dockerfile *d, const char *text, size_t len);

struct lam_instruction {
	size_t line;
	char *word, *rest; /* "COPY", in capitals; what is behind it, trimmed */
	bool heredoc;      /* it had one, which was passed over */
};
/* 1, or 0 behind the last. To be freed also after failure: LAM_EPLAN, about d->line. */
int lam_dockerfile_next(struct lam_dockerfile *d, struct lam_instruction *out,
			struct lam_error *err);
void lam_instruction_fini(struct lam_instruction *instruction);

/* Words */

#define LAM_DOCKERFILE_WORD      4096u /* bytes of one that is expanded */
#define LAM_DOCKERFILE_VARIABLES 1000u

struct lam_variable {
	char *name, *value; /* value NULL: it is not set */
	bool env;           /* of ENV, which ARG does not change */
};
struct lam_variables {
	struct lam_variable *items;
	size_t count, cap;
};
void lam_variables_fini(struct lam_variables *variables);
const struct lam_variable *lam_variables_find(const struct lam_variables *variables,
					      const char *name, size_t len);
int lam_variables_set(struct lam_variables *variables, const char *name,
		      const char *value, bool env, struct lam_error *err);

struct lam_words {
	char **items;
	size_t count, cap;
};
void lam_words_fini(struct lam_words *words);
/* What blanks part; quoted: not those in quotes, which stay. */
void lam_words_split(struct lam_words *out, const char *text, char escape, bool quoted);
/* A JSON list of strings; false where it is none, and blanks part words. */
bool lam_words_json(struct lam_words *out, const char *text);
/* Takes "--name=value" words from the front of *text. */
void lam_words_flags(struct lam_words *out, const char **text);
/* A word with its variables, without its quotes: a pattern, in which a backslash takes
 * the meaning from what is behind it. */
int lam_words_expand(char **out, const char *word, char escape,
		     const struct lam_variables *variables, struct lam_error *err);

/* Paths: patterns of Go's filepath.Match */

/* "/dir/pattern" without ".", doubled slashes and a slash at the end. */
int lam_pattern_join(char **out, const char *dir, const char *pattern,
		     struct lam_error *err);
bool lam_pattern_is_wild(const char *pattern);
/* The directory that the last name is in. */
char *lam_pattern_parent(const char *pattern);
/* What it is without its escapes. */
char *lam_pattern_bytes(const char *pattern);
/* The rule for it. deep: "**" is any number of directories, as in moby/patternmatcher. */
int lam_pattern_rule(struct lam_plan_rule *out, const char *pattern, bool deep,
		     struct lam_error *err);

#endif
