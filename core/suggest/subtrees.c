/* What no package owns, cut into subtrees: as few as pay. A subtree is a part of its own
 * where it is expected to be fetched less often than the rest, which is taken to be
 * fetched at every pull, and that is worth a rule; and it is looked into where what is in
 * it does not change together. The best of all ways to do so, from the leaves up. */
#include <stdlib.h>

#include "base/buf.h"
#include "base/memory.h"
#include "suggest/parts.h"
#include "tree/tree.h"

/* A rule must save so many bytes at a pull, or this share of the image. */
#define RULE_BYTES 16384.0
#define RULE_SHARE (1.0 / 4096)

enum choice {
	CHOICE_LOOK, /* what is in it says by itself; its own entry is of the rest */
	CHOICE_REST,
	CHOICE_OWN,
};

struct sub {
	struct lam_loose all; /* at and below */
	double best;          /* bytes of these expected at a pull, rules included */
	uint64_t changed;
	uint32_t was;
	bool alone; /* nothing of a package or a kept layer is below, and yesterday's
		       plan has all in one layer */
	uint8_t choice;
};

struct subtrees {
	struct lam_parts *parts;
	const struct lam_tree *tree;
	struct sub *subs; /* of each node */
	double rule;
};

static double chance_of(const struct subtrees *s, const struct sub *sub)
{
	const struct lam_parts *p = s->parts;
	double seen = lam_cut_seen((unsigned)__builtin_popcountll(sub->changed),
				   lam_parts_pulls(p));

	return 1 - (1 - seen) * (1 - lam_parts_loose_risk(p, &sub->all));
}

/* sub->best is that of the children so far. */
static void choose(const struct subtrees *s, uint32_t n, struct sub *sub)
{
	bool is_dir = s->tree->nodes[n].kind == LAM_KIND_DIR;
	double look = is_dir ? sub->best + (double)s->parts->bytes[n] : sub->all.bytes,
	       own = s->rule + sub->all.bytes * chance_of(s, sub);

	sub->choice = is_dir ? CHOICE_LOOK : CHOICE_REST;
	sub->best = look;
	if (!sub->alone || n == LAM_NODE_ROOT)
		return;
	if (sub->all.bytes <= sub->best) {
		sub->choice = CHOICE_REST;
		sub->best = sub->all.bytes;
	}
	if (own <= sub->best) {
		sub->choice = CHOICE_OWN;
		sub->best = own;
	}
}

static void add_own(const struct subtrees *s, uint32_t n, struct sub *sub)
{
	const struct lam_parts *p = s->parts;

	lam_loose_add(&sub->all, p, n);
	sub->changed |= p->history.changed[n];
	if (p->was && sub->was == LAM_CUT_NEW)
		sub->was = p->was[n];
	sub->alone = sub->alone && (!p->was || sub->was == p->was[n] ||
				    s->tree->nodes[n].kind == LAM_KIND_DIR);
}

static void add_below(const struct subtrees *s, struct sub *above, const struct sub *sub)
{
	above->all.bytes += sub->all.bytes;
	above->all.files += sub->all.files;
	above->all.newest =
		sub->all.newest > above->all.newest ? sub->all.newest : above->all.newest;
	above->all.layer =
		sub->all.layer > above->all.layer ? sub->all.layer : above->all.layer;
	above->best += sub->best;
	above->changed |= sub->changed;
	if (s->parts->was && above->was == LAM_CUT_NEW)
		above->was = sub->was;
	above->alone =
		above->alone && sub->alone && (!s->parts->was || above->was == sub->was);
}

/* Children have larger numbers than what they are in. */
static int choose_all(struct subtrees *s, struct lam_error *err)
{
	for (uint32_t n = 0; n < s->tree->node_count; n++)
		s->subs[n] = (struct sub){ .all.newest = INT64_MIN,
					   .was = LAM_CUT_NEW,
					   .alone = true };
	for (uint32_t n = s->tree->node_count; n-- > 0;) {
		struct sub *sub = &s->subs[n];

		if (lam_stops(s->parts->request->stop, n))
			return lam_fail_stopped(err);
		if (!s->tree->nodes[n].live)
			continue;
		if (s->parts->of[n] == LAM_PART_REST)
			add_own(s, n, sub);
		else
			sub->alone = false;
		choose(s, n, sub);
		if (n != LAM_NODE_ROOT)
			add_below(s, &s->subs[s->tree->nodes[n].parent], sub);
	}
	return 0;
}

/* From the root on: what is in a subtree that was chosen goes along. */
static void take(struct subtrees *s)
{
	for (uint32_t n = 0; n < s->tree->node_count; n++) {
		uint32_t parent = s->tree->nodes[n].parent, part = LAM_PART_REST;
		struct sub *above = &s->subs[parent], *sub = &s->subs[n];

		if (s->parts->of[n] != LAM_PART_REST)
			continue;
		if (n != LAM_NODE_ROOT && above->choice != CHOICE_LOOK) {
			sub->choice = above->choice;
			part = s->parts->of[parent];
		} else if (sub->choice == CHOICE_OWN) {
			part = lam_parts_add(s->parts, LAM_PACKAGE_NONE, n);
		}
		lam_parts_put(s->parts, n, part);
	}
}

int lam_parts_add_subtrees(struct lam_parts *parts, struct lam_error *err)
{
	struct subtrees s = { .parts = parts, .tree = parts->tree };
	double total = 0;
	int code;

	s.subs = malloc(s.tree->node_count * sizeof *s.subs);
	if (!s.subs)
		return lam_fail_memory(err);
	for (uint32_t n = 0; n < s.tree->node_count; n++)
		total += (double)parts->bytes[n];
	s.rule = total * RULE_SHARE > RULE_BYTES ? total * RULE_SHARE : RULE_BYTES;
	code = choose_all(&s, err);
	if (code == 0)
		take(&s);
	free(s.subs);
	return code;
}
