/* The tree while it grows. */
#include <stdlib.h>
#include <string.h>

#include "limits.h"
#include "tree_merge.h"

#define NONE LAM_NODE_NONE
#define ROOT LAM_NODE_ROOT

static uint32_t twig_tag(const struct lam_tree *tree, uint32_t parent, uint32_t name)
{
	uint64_t x = ((uint64_t)parent << 32 | name) ^ tree->names.seed[0];

	x *= 0x9e3779b97f4a7c15u;
	x ^= x >> 32;
	x *= tree->names.seed[1] | 1;
	return (uint32_t)(x ^ x >> 29);
}

static struct lam_twig_slot *twig_slot(const struct lam_merge *m, uint32_t parent,
				       uint32_t name)
{
	uint32_t tag = twig_tag(m->tree, parent, name);
	size_t mask = m->slot_count - 1, at = tag & mask;

	for (; m->slots[at].number; at = (at + 1) & mask) {
		const struct lam_node *t = &m->twigs[m->slots[at].number - 1];

		if (m->slots[at].tag == tag && t->parent == parent && t->name == name)
			break;
	}
	return &m->slots[at];
}

static int set_slot_count(struct lam_merge *m, size_t count, struct lam_error *err)
{
	struct lam_twig_slot *slots = calloc(count, sizeof *slots);
	size_t mask = count - 1;

	if (!slots)
		return lam_fail_memory(err);
	for (size_t i = 0; i < m->slot_count; i++) {
		size_t at = m->slots[i].tag & mask;

		if (!m->slots[i].number)
			continue;
		while (slots[at].number)
			at = (at + 1) & mask;
		slots[at] = m->slots[i];
	}
	free(m->slots);
	m->slots = slots;
	m->slot_count = count;
	return 0;
}

int lam_twig_reserve(struct lam_merge *m, size_t more, struct lam_error *err)
{
	size_t want = (m->twig_count + more + 1) * 4 / 3, count = 64;

	while (count < want)
		count *= 2;
	return count > m->slot_count ? set_slot_count(m, count, err) : 0;
}

void lam_twig_prefetch(const struct lam_merge *m, uint32_t parent, uint32_t name)
{
	__builtin_prefetch(
		&m->slots[twig_tag(m->tree, parent, name) & (m->slot_count - 1)], 1);
}

int lam_twig_get(struct lam_merge *m, uint32_t parent, uint32_t name, uint32_t *out,
		 struct lam_error *err)
{
	struct lam_twig_slot *slot;

	if (m->twig_count * 4 >= m->slot_count * 3 &&
	    set_slot_count(m, m->slot_count ? m->slot_count * 2 : 64, err) < 0)
		return err->code;
	slot = twig_slot(m, parent, name);
	if (slot->number) {
		*out = slot->number - 1;
		return 0;
	}
	if (m->twig_count >= LAM_MAX_ENTRIES)
		return lam_fail(err, LAM_EFORMAT, "more than %u paths in the image",
				LAM_MAX_ENTRIES);
	if (LAM_GROW(m->twigs, m->twig_count, m->twig_cap, err) < 0)
		return err->code;
	*out = (uint32_t)m->twig_count++;
	*slot = (struct lam_twig_slot){ *out + 1, twig_tag(m->tree, parent, name) };
	m->twigs[*out] = (struct lam_node){ .parent = parent,
					    .name = name,
					    .first_child = NONE,
					    .child_count = m->twigs[parent].first_child,
					    .version = NONE };
	m->twigs[parent].first_child = *out;
	return 0;
}

int lam_twig_push(struct lam_merge *m, uint32_t at, struct lam_version version,
		  struct lam_error *err)
{
	struct lam_tree *tree = m->tree;

	if (tree->version_count >= LAM_MAX_ENTRIES)
		return lam_fail(err, LAM_EFORMAT,
				"more than %u changes of paths in the image",
				LAM_MAX_ENTRIES);
	if (LAM_GROW(tree->versions, (size_t)tree->version_count, m->version_cap, err) <
	    0)
		return err->code;
	version.previous = m->twigs[at].version;
	version.layer = (uint16_t)m->number;
	m->twigs[at].version = tree->version_count;
	tree->versions[tree->version_count++] = version;
	return 0;
}

void lam_twig_set_live(struct lam_merge *m, uint32_t at, bool live)
{
	struct lam_node *t = &m->twigs[at];

	if (t->live == live)
		return;
	t->live = live;
	if (live)
		m->twigs[t->parent].live_count++;
	else
		m->twigs[t->parent].live_count--;
}

/* Children before parents do not matter here: each gets its own deletion. */
int lam_twig_delete(struct lam_merge *m, uint32_t top, bool itself, struct lam_error *err)
{
	const struct lam_version deletion = { .inode = NONE,
					      .change = LAM_CHANGE_DELETED };
	uint32_t at = m->twigs[top].live_count ? m->twigs[top].first_child : NONE;

	while (at != NONE && at != top) {
		struct lam_node *t = &m->twigs[at];

		if (t->live && t->live_count) {
			at = t->first_child;
			continue;
		}
		if (t->live) {
			if (lam_twig_push(m, at, deletion, err) < 0)
				return err->code;
			lam_twig_set_live(m, at, false);
		}
		/* up, over parents that have nothing live any more */
		while (at != top && m->twigs[at].child_count == NONE) {
			at = m->twigs[at].parent;
			if (at == top)
				break;
			if (lam_twig_push(m, at, deletion, err) < 0)
				return err->code;
			lam_twig_set_live(m, at, false);
		}
		if (at != top)
			at = m->twigs[at].child_count;
	}
	if (!itself)
		return 0;
	lam_twig_set_live(m, top, false);
	return lam_twig_push(m, top, deletion, err);
}

uint32_t lam_twig_live(const struct lam_merge *m, uint32_t parent, uint32_t name)
{
	uint32_t at = m->slot_count ? twig_slot(m, parent, name)->number - 1 : NONE;

	return at != NONE && m->twigs[at].live ? at : NONE;
}

uint32_t lam_twig_find(const struct lam_merge *m, uint32_t parent, const char *name,
		       size_t len)
{
	uint32_t number = lam_names_find(&m->tree->names, name, len);

	return number == UINT32_MAX ? NONE : lam_twig_live(m, parent, number);
}

const struct lam_inode *lam_twig_inode(const struct lam_merge *m, uint32_t at)
{
	const struct lam_version *v = &m->tree->versions[m->twigs[at].version];

	return v->inode == NONE ? NULL
				: &m->tree->layers[v->inode_layer]->inodes[v->inode];
}
