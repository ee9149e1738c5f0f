/* Globs, inside; and many of them as one automaton, which goes along a path once, however
 * many they are. */
#ifndef LAM_GLOB_H
#define LAM_GLOB_H

#include <stdatomic.h>
#include <stdint.h>

#include <lamina/glob.h>

#include "base/buf.h"

enum lam_glob_kind {
	LAM_GLOB_BYTE,
	LAM_GLOB_ANY_ONE,   /* ? */
	LAM_GLOB_ANY_RUN,   /* *: no slash */
	LAM_GLOB_ANY_PATH,  /* a "**" that is a whole component: any number of whole
			       components, with the slash behind each */
	LAM_GLOB_ANY_BYTES, /* any other "**" */
	LAM_GLOB_CLASS,
};

struct lam_glob_token {
	uint8_t kind, byte;
	uint32_t class; /* in classes */
};

struct lam_glob_range {
	uint32_t first,
		last; /* characters; bytes that are no UTF-8 are 0x110000 + byte */
};

struct lam_glob_class {
	struct lam_glob_range *ranges;
	size_t count, cap;
	bool negated;
};

struct lam_glob_program { /* one alternative */
	struct lam_glob_token *tokens;
	size_t count, cap;
};

struct lam_glob {
	atomic_uint holders; /* beside the first */
	struct lam_glob_program *programs;
	size_t count, cap;
	struct lam_glob_class *classes;
	size_t class_count, class_cap;
	struct lam_buf base;
};

/* Tokens, all alternatives together: what a glob costs. */
size_t lam_glob_size(const struct lam_glob *glob);
/* The character at p, of `left` bytes; how many it takes. */
size_t lam_glob_char(const unsigned char *p, size_t left, uint32_t *out);
bool lam_glob_in_class(const struct lam_glob_class *class, uint32_t character);

/* Globs as one automaton: a trie of their tokens, so that those that begin alike are one
 * until they part. */
struct lam_globs;
struct lam_globs *lam_globs_new(void);
void lam_globs_free(struct lam_globs *globs);
/* The glob must outlive the set. number: what a match is told by; not UINT32_MAX. */
void lam_globs_add(struct lam_globs *globs, const struct lam_glob *glob, uint32_t number);

/* How far globs have come at the end of a path. All-zero is one that nothing matches. */
struct lam_globs_state {
	uint32_t *nodes; /* of the trie */
	size_t count, cap;
	bool slash; /* the path ends in one */
};
/* The state before the first byte, and behind more of them: a name, or the slash between
 * two. False where it was stopped. */
void lam_globs_begin(const struct lam_globs *globs, struct lam_globs_state *out);
bool lam_globs_step(struct lam_globs *globs, const struct lam_globs_state *from,
		    const char *bytes, size_t len, struct lam_globs_state *out,
		    const atomic_bool *stop);
void lam_globs_state_fini(struct lam_globs_state *state);
/* The numbers of the globs that match the path, one after another (some may come twice);
 * *at is 0 to begin with. UINT32_MAX after the last. */
struct lam_globs_matches {
	size_t at;
	uint32_t next;
};
uint32_t lam_globs_next(const struct lam_globs *globs,
			const struct lam_globs_state *state,
			struct lam_globs_matches *matches);

#endif
