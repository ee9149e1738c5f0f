/* Globs over whole paths: `*` and `?` stop at '/', `**` does not, `[a-z]` and `[!a-z]`
 * are one byte or UTF-8 character, `{a,b}` are alternatives (they nest), a backslash
 * escape of the text form of path.h stands for its bytes, and `\*` and the like for the
 * character itself. A slash before `**` at the end belongs to it: "/a/" + "**" matches
 * what is below /a, not /a. The pattern "/usr/" + "**" + "/x" also matches /usr/x.
 * Matching never backtracks without bound: it takes O(pattern * path) steps. */
#ifndef LAMINA_GLOB_H
#define LAMINA_GLOB_H

#include <stdbool.h>
#include <stddef.h>

#include <lamina/error.h>

struct lam_glob;

/* text starts with '/'. LAM_EPLAN with what is wrong (an unclosed bracket or brace, too
 * many alternatives: 1,000). */
int lam_glob_new(struct lam_glob **out, const char *text, struct lam_error *err);
/* The same for one more holder, who frees it too; from any thread. NULL is fine. */
struct lam_glob *lam_glob_share(struct lam_glob *glob);
void lam_glob_free(struct lam_glob *glob); /* NULL is fine */

/* path: absolute bytes ("/usr/lib"; the root is "/"). Thread-safe on a const glob. */
bool lam_glob_match(const struct lam_glob *glob, const char *path, size_t len);

/* The longest directory that every match is in or is, as canonical bytes without leading
 * slash ("" for the root): nothing outside of it can match. Valid as long as the glob. */
const char *lam_glob_base(const struct lam_glob *glob, size_t *out_len);

#endif
