/* The tree while it grows. */
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "tree/merge.h"

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
		const struct lam_node *t = &m->tree->nodes[m->slots[at].number - 1];

		if (m->slots[at].tag == tag && t->parent == parent && t->name == name)
			break;
	}
	return &m->slots[at];
}

static int set_slot_count(struct lam_merge *m, size_t count, struct lam_error *err)
{
	struct lam_twig_slot *slots = lam_zeroed_large(count, sizeof *slots);
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
	if (m->like)
		return;
	__builtin_prefetch(&m->slots[twig_tag(m->tree, parent, m->names[name]) &
				     (m->slot_count - 1)],
			   1);
}

/* Among twigs that are all there; layers mostly have siblings in the same order. */
static uint32_t child_there(struct lam_merge *m, uint32_t parent, uint32_t name)
{
	const struct lam_node *next = &m->tree->nodes[m->next];
	size_t len, next_len;
	const char *bytes = lam_names_get(&m->layer->names, name, &len);

	if (m->next < m->twig_count && next->parent == parent) {
		const char *next_bytes =
			lam_names_get(&m->tree->names, next->name, &next_len);

		if (next_len == len && memcmp(next_bytes, bytes, len) == 0)
			return m->next++;
	}
	uint32_t at = lam_tree_child(m->tree, parent, bytes, len);

	if (at != NONE)
		m->next = at + 1;
	return at;
}

static int get_there(struct lam_merge *m, uint32_t parent, uint32_t name, uint32_t *out,
		     struct lam_error *err)
{
	*out = child_there(m, parent, name);
	m->unlike = *out == NONE;
	return m->unlike ? lam_fail(err, LAM_EFORMAT, "a path that is not in the tree")
			 : 0;
}

int lam_twig_get(struct lam_merge *m, uint32_t parent, uint32_t name, uint32_t *out,
		 struct lam_error *err)
{
	struct lam_twig_slot *slot;

	if (m->like)
		return get_there(m, parent, name, out, err);
	name = m->names[name];
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
	if (LAM_GROW(m->tree->nodes, m->twig_count, m->twig_cap, err) < 0)
		return err->code;
	*out = (uint32_t)m->twig_count++;
	*slot = (struct lam_twig_slot){ *out + 1, twig_tag(m->tree, parent, name) };
	m->tree->nodes[*out] =
		(struct lam_node){ .parent = parent,
				   .name = name,
				   .first_child = NONE,
				   .child_count = m->tree->nodes[parent].first_child,
				   .version = NONE };
	m->tree->nodes[parent].first_child = *out;
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
	version.previous = m->tree->nodes[at].version;
	version.layer = (uint16_t)m->number;
	m->tree->nodes[at].version = tree->version_count;
	tree->versions[tree->version_count++] = version;
	return 0;
}

void lam_twig_set_live(struct lam_merge *m, uint32_t at, bool live)
{
	struct lam_node *t = &m->tree->nodes[at];

	if (t->live == live)
		return;
	t->live = live;
	if (live)
		m->tree->nodes[t->parent].live_count++;
	else
		m->tree->nodes[t->parent].live_count--;
}

static uint32_t first_child(const struct lam_merge *m, uint32_t at)
{
	const struct lam_node *t = &m->tree->nodes[at];

	return m->like && t->child_count == 0 ? NONE : t->first_child;
}

static uint32_t next_sibling(const struct lam_merge *m, uint32_t at)
{
	const struct lam_node *t = &m->tree->nodes[at], *p = &m->tree->nodes[t->parent];

	if (!m->like)
		return t->child_count;
	return at + 1 < p->first_child + p->child_count ? at + 1 : NONE;
}

/* Children before parents do not matter here: each gets its own deletion. */
int lam_twig_delete(struct lam_merge *m, uint32_t top, bool itself, struct lam_error *err)
{
	const struct lam_version deletion = { .inode = NONE,
					      .change = LAM_CHANGE_DELETED };
	uint32_t at = m->tree->nodes[top].live_count ? first_child(m, top) : NONE;

	while (at != NONE && at != top) {
		struct lam_node *t = &m->tree->nodes[at];

		if (t->live && t->live_count) {
			at = first_child(m, at);
			continue;
		}
		if (t->live) {
			if (lam_twig_push(m, at, deletion, err) < 0)
				return err->code;
			lam_twig_set_live(m, at, false);
		}
		/* up, over parents that have nothing live any more */
		while (at != top && next_sibling(m, at) == NONE) {
			at = m->tree->nodes[at].parent;
			if (at == top)
				break;
			if (lam_twig_push(m, at, deletion, err) < 0)
				return err->code;
			lam_twig_set_live(m, at, false);
		}
		if (at != top)
			at = next_sibling(m, at);
	}
	if (!itself)
		return 0;
	lam_twig_set_live(m, top, false);
	return lam_twig_push(m, top, deletion, err);
}

static uint32_t if_live(const struct lam_merge *m, uint32_t at)
{
	return at != NONE && m->tree->nodes[at].live ? at : NONE;
}

static uint32_t find_named(const struct lam_merge *m, uint32_t parent, uint32_t name)
{
	return m->slot_count ? if_live(m, twig_slot(m, parent, name)->number - 1) : NONE;
}

uint32_t lam_twig_live(struct lam_merge *m, uint32_t parent, uint32_t name)
{
	return m->like ? if_live(m, child_there(m, parent, name))
		       : find_named(m, parent, m->names[name]);
}

uint32_t lam_twig_find(const struct lam_merge *m, uint32_t parent, const char *name,
		       size_t len)
{
	uint32_t number;

	if (m->like)
		return if_live(m, lam_tree_child(m->tree, parent, name, len));
	number = lam_names_find(&m->tree->names, name, len);
	return number == UINT32_MAX ? NONE : find_named(m, parent, number);
}

const struct lam_inode *lam_twig_inode(const struct lam_merge *m, uint32_t at,
				       const struct lam_layer **out_holder)
{
	const struct lam_version *v = &m->tree->versions[m->tree->nodes[at].version];

	return v->inode == NONE ? NULL
				: lam_layer_inode(m->tree->layers[v->inode_layer],
						  v->inode, out_holder);
}
