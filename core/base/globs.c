/* Many globs as one automaton: a trie of tokens, and sets of its nodes that go along a path. */
#include <stdlib.h>
#include <string.h>

#include "base/glob.h"
#include "base/memory.h"
#include "base/stop.h"

/* Newest classes of a node that are compared with one that comes: the same mostly stand in
 * globs that follow each other. */
#define CLASSES_TRIED 8

struct node {             /* a token, reached by those before it */
	uint32_t next;    /* sibling; 0: none, as the root is nobody's */
	uint32_t bytes;   /* the first child that is a byte */
	uint32_t others;  /* the first child that is none */
	uint32_t accepts; /* in accepts, + 1: globs that end here */
	uint32_t class;
	uint8_t kind, byte;
};

struct accept {
	uint32_t number, next; /* + 1 */
};

struct lam_globs {
	struct node *nodes;
	size_t count, cap;
	const struct lam_glob_class **classes;
	size_t class_count, class_cap;
	struct accept *accepts;
	size_t accept_count, accept_cap;
	uint32_t *seen; /* of each node: the round in which it came into a set */
	size_t seen_cap;
	uint32_t round;
	struct lam_globs_state here, next,
		late[4]; /* while stepping; late ones wait for the
						       end of a character of several bytes */
	uint64_t work;
};

/* The trie */

struct lam_globs *lam_globs_new(void)
{
	struct lam_globs *g = lam_xcalloc(1, sizeof *g);

	LAM_XGROW(g->nodes, g->count, g->cap);
	g->nodes[g->count++] = (struct node){ .kind = LAM_GLOB_BYTE };
	return g;
}

void lam_globs_free(struct lam_globs *g)
{
	if (!g)
		return;
	lam_globs_state_fini(&g->here);
	lam_globs_state_fini(&g->next);
	for (size_t i = 0; i < 4; i++)
		lam_globs_state_fini(&g->late[i]);
	free(g->nodes);
	free(g->classes);
	free(g->accepts);
	free(g->seen);
	free(g);
}

static bool same_class(const struct lam_glob_class *a, const struct lam_glob_class *b)
{
	return a->negated == b->negated && a->count == b->count &&
	       memcmp(a->ranges, b->ranges, a->count * sizeof *a->ranges) == 0;
}

static uint32_t find_child(const struct lam_globs *g, uint32_t parent,
			   const struct lam_glob_token *token,
			   const struct lam_glob_class *class)
{
	bool byte = token->kind == LAM_GLOB_BYTE;
	uint32_t at = byte ? g->nodes[parent].bytes : g->nodes[parent].others;
	size_t tried = 0;

	for (; at; at = g->nodes[at].next) {
		const struct node *n = &g->nodes[at];

		if (n->kind != token->kind)
			continue;
		if (byte ? n->byte == token->byte
			 : !class || same_class(g->classes[n->class], class))
			return at;
		if (class && ++tried == CLASSES_TRIED)
			return 0;
	}
	return 0;
}

static uint32_t add_child(struct lam_globs *g, uint32_t parent,
			  const struct lam_glob_token *token,
			  const struct lam_glob_class *class)
{
	uint32_t at = (uint32_t)g->count, *list;

	LAM_XGROW(g->nodes, g->count, g->cap);
	list = token->kind == LAM_GLOB_BYTE ? &g->nodes[parent].bytes
					    : &g->nodes[parent].others;
	g->nodes[g->count++] = (struct node){ .next = *list,
					      .class = (uint32_t)g->class_count,
					      .kind = token->kind,
					      .byte = token->byte };
	*list = at;
	if (class) {
		LAM_XGROW(g->classes, g->class_count, g->class_cap);
		g->classes[g->class_count++] = class;
	}
	return at;
}

void lam_globs_add(struct lam_globs *g, const struct lam_glob *glob, uint32_t number)
{
	for (size_t i = 0; i < glob->count; i++) {
		const struct lam_glob_program *p = &glob->programs[i];
		uint32_t at = 0;

		for (size_t t = 0; t < p->count; t++) {
			const struct lam_glob_token *token = &p->tokens[t];
			const struct lam_glob_class *class =
				token->kind == LAM_GLOB_CLASS
					? &glob->classes[token->class]
					: NULL;
			uint32_t child = find_child(g, at, token, class);

			at = child ? child : add_child(g, at, token, class);
		}
		LAM_XGROW(g->accepts, g->accept_count, g->accept_cap);
		g->accepts[g->accept_count] =
			(struct accept){ number, g->nodes[at].accepts };
		g->nodes[at].accepts = (uint32_t)++g->accept_count;
	}
}

/* Sets of nodes */

void lam_globs_state_fini(struct lam_globs_state *state)
{
	free(state->nodes);
	*state = (struct lam_globs_state){ 0 };
}

static void push(struct lam_globs_state *state, uint32_t node)
{
	if (state->count == state->cap)
		LAM_XGROW(state->nodes, state->count, state->cap);
	state->nodes[state->count++] = node;
}

static void new_round(struct lam_globs *g)
{
	if (g->seen_cap < g->count || g->round == UINT32_MAX) {
		free(g->seen);
		g->seen = lam_xcalloc(g->count, sizeof *g->seen);
		g->seen_cap = g->count;
		g->round = 0;
	}
	g->round++;
}

/* What may follow a node at once. Behind a "**" that is a whole component it is only what
 * begins one. */
static bool is_open(const struct node *n, bool slash)
{
	return n->kind != LAM_GLOB_ANY_PATH || slash;
}

/* Adds a node, and the stars behind it, which match nothing too. A star's list of those
 * that follow it is gone through when its turn comes. */
static void add(struct lam_globs *g, struct lam_globs_state *state, uint32_t node)
{
	size_t at = state->count;

	if (g->seen[node] == g->round)
		return;
	g->seen[node] = g->round;
	push(state, node);
	for (; at < state->count; at++) {
		const struct node *n = &g->nodes[state->nodes[at]];

		for (uint32_t c = is_open(n, state->slash) ? n->others : 0; c;
		     c = g->nodes[c].next) {
			uint8_t kind = g->nodes[c].kind;

			g->work++;
			if (kind == LAM_GLOB_CLASS || kind == LAM_GLOB_ANY_ONE ||
			    g->seen[c] == g->round)
				continue;
			g->seen[c] = g->round;
			push(state, c);
		}
	}
}

static bool takes(const struct lam_globs *g, const struct node *n, uint32_t character)
{
	if (n->kind == LAM_GLOB_CLASS)
		return lam_glob_in_class(g->classes[n->class], character);
	return n->kind == LAM_GLOB_ANY_ONE && character != '/';
}

/* One node over one byte, the first of a character of `used`. */
static void step_node(struct lam_globs *g, uint32_t at, unsigned char byte,
		      uint32_t character, size_t used, size_t position)
{
	const struct node *n = &g->nodes[at];

	if (n->kind == LAM_GLOB_ANY_BYTES || n->kind == LAM_GLOB_ANY_PATH ||
	    (n->kind == LAM_GLOB_ANY_RUN && byte != '/'))
		add(g, &g->next, at);
	if (!is_open(n, g->here.slash))
		return;
	for (uint32_t c = n->bytes; c; c = g->nodes[c].next) {
		g->work++;
		if (g->nodes[c].byte == byte) {
			add(g, &g->next, c);
			break;
		}
	}
	for (uint32_t c = n->others; c; c = g->nodes[c].next) {
		g->work++;
		if (!takes(g, &g->nodes[c], character))
			continue;
		if (used == 1)
			add(g, &g->next, c);
		else
			push(&g->late[(position + used) % 4], c);
	}
}

static void swap(struct lam_globs_state *a, struct lam_globs_state *b)
{
	struct lam_globs_state c = *a;

	*a = *b;
	*b = c;
}

/* From `here` to `next`, which is `here` then. */
static bool step_byte(struct lam_globs *g, const unsigned char *bytes, size_t len,
		      size_t position, const atomic_bool *stop)
{
	struct lam_globs_state *late = &g->late[(position + 1) % 4];
	uint32_t character;
	size_t used = lam_glob_char(bytes + position, len - position, &character);

	new_round(g);
	g->next.count = 0;
	g->next.slash = bytes[position] == '/';
	for (size_t i = 0; i < late->count; i++)
		add(g, &g->next, late->nodes[i]);
	late->count = 0;
	for (size_t i = 0; i < g->here.count; i++) {
		step_node(g, g->here.nodes[i], bytes[position], character, used,
			  position);
		if (++g->work >= 100000) {
			g->work = 0;
			if (lam_stops(stop, 0))
				return false;
		}
	}
	swap(&g->here, &g->next);
	return true;
}

static void copy(struct lam_globs_state *out, const struct lam_globs_state *from)
{
	out->count = 0;
	for (size_t i = 0; i < from->count; i++)
		push(out, from->nodes[i]);
	out->slash = from->slash;
}

static bool is_alive(const struct lam_globs *g)
{
	return g->here.count || g->late[0].count || g->late[1].count ||
	       g->late[2].count || g->late[3].count;
}

void lam_globs_begin(const struct lam_globs *g, struct lam_globs_state *out)
{
	(void)g;
	out->count = 0;
	out->slash = false;
	push(out, 0); /* all begin with a slash */
}

bool lam_globs_step(struct lam_globs *g, const struct lam_globs_state *from,
		    const char *bytes, size_t len, struct lam_globs_state *out,
		    const atomic_bool *stop)
{
	copy(&g->here, from);
	for (size_t i = 0; i < len && is_alive(g); i++) {
		if (!step_byte(g, (const unsigned char *)bytes, len, i, stop))
			return false;
	}
	copy(out, &g->here);
	for (size_t i = 0; i < 4; i++)
		g->late[i].count = 0;
	return true;
}

uint32_t lam_globs_next(const struct lam_globs *g, const struct lam_globs_state *state,
			struct lam_globs_matches *m)
{
	const struct accept *accept;

	while (!m->next) {
		const struct node *n;

		if (m->at == state->count)
			return UINT32_MAX;
		n = &g->nodes[state->nodes[m->at++]];
		m->next = is_open(n, state->slash) ? n->accepts : 0;
	}
	accept = &g->accepts[m->next - 1];
	m->next = accept->next;
	return accept->number;
}
