/* clang-format off */
/* Filters: words, all of which must hold:
 *
 *	*.so  lib?  [ab]*   the name as a glob; a plain word is a part of the name, without
 *	                    case where it has no capital
 *	/usr/lib/x*         with a slash: the whole path as a glob (as in plans: ** goes over
 *	                    slashes); without one in front, from any directory on
 *	>1M  <=200  =0      size of files (k M G T are powers of 1,024); size>1M, size:>1M too
 *	from:4 from:1-3     origin layer
 *	to:D to:py-deps     target layer, by letter or name; to:- left out; to:* (of
 *	                    directories) several
 *	type:f d l c b p    kind; several letters: any of them
 *	dangling loop above linked versions escaped dead (ghost too)
 *	setuid setgid capability; power (any of these)
 *	rule marked
 *	uid:0 gid:100 mode:4000 (all of these bits)
 *	newer:2024-01-31 older:2024-01-31 (not before that day; before it)
 *	pkg:gcc-* pkg:npm:left-pad (of such a package: a pattern of its name, or of its kind
 *	                    and name); pkg:- (of none)
 *	!WORD               does not hold
 */
/* clang-format on */
#ifndef MODEL_FILTER_H
#define MODEL_FILTER_H

#include "editor/analysis/targets.h"

struct filter;

/* LAM_EUSAGE with what is wrong: which word, and why. *out NULL for a blank text. */
int filter_parse(struct filter **out, const char *text, struct lam_error *err);
void filter_free(struct filter *filter);
bool filter_asks_targets(const struct filter *filter);
bool filter_asks_dead(const struct filter *filter);

struct filter_result {
	struct bits match, shown; /* shown: matches and the directories above them */
	uint32_t match_count;
	uint64_t match_bytes; /* of files */
};
/* What the words are, in a few lines to be shown. */
extern const char *const FILTER_SYNTAX[]; /* ends with NULL */
/* Over all below root. marks: for `marked`, or NULL. ghosts: dead ones too. */
int filter_run(const struct filter *filter, const struct facts *facts,
	       const struct targets *targets, const struct bits *marks, uint32_t root,
	       bool ghosts, const atomic_bool *stop, struct filter_result **out,
	       struct lam_error *err);
void filter_result_free(struct filter_result *result);

#endif
