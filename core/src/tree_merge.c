/* Applies layers in order, as overlayfs shows them (design, section 3). */
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "limits.h"
#include "path.h"
#include "tree.h"

#define NONE LAM_NODE_NONE
#define ROOT LAM_NODE_ROOT

/* A node while the tree grows: children are lists in order of arrival, newest first. */
struct twig {
	uint32_t parent, name;
	uint32_t first_child, next_sibling;
	uint32_t version;
	uint32_t live_children;
	uint8_t kind;
	bool live;
};

struct ref {
	uint32_t layer, inode;
};

struct merge {
	struct lam_tree *tree;
	struct lam_notes *notes;
	struct twig *twigs;
	size_t twig_count, twig_cap, version_cap;
	uint32_t number; /* of the layer that is applied */
	const struct lam_layer *layer;
	uint32_t *map;     /* layer node -> twig; NONE: left out */
	uint32_t *names;   /* layer name -> tree name; NONE: not yet */
	struct ref *below; /* for LAM_MARK_LINK nodes in order: what they lead to; inode
			      NONE: nothing */
	size_t below_count, below_cap;
	struct lam_buf path;
};

static const char *const IMPLIED_OVER[] = {
	"implied-parent",
	"a directory that this layer names only in longer paths; it keeps what lower layers say of it, as "
	"containerd and umoci do; Docker and Podman make it 0755 0:0",
};
static const char *const DIRECTORY_OVER[] = {
	"below-non-directory",
	"stands where lower layers have a file or symlink, and this layer names only paths below it; read as a "
	"new directory, as on overlayfs; umoci and plain folders follow a symlink, and fail at a file",
};
static const char *const LINK_BELOW[] = {
	"link-to-lower-layer",
	"a hard link to a file of a lower layer; read as one more name of it, as umoci does; overlayfs "
	"runtimes fail there",
};
static const char *const LINK_NOWHERE[] = {
	"link-to-nothing",
	"a hard link to something that does not exist; left out, as unpackers fail there",
};

/* (parent, name) -> number, over twigs first and over nodes in the end. */

static uint64_t slot_hash(const struct lam_tree *tree, uint32_t parent, uint32_t name)
{
	uint64_t x = ((uint64_t)parent << 32 | name) ^ tree->names.seed[0];

	x *= 0x9e3779b97f4a7c15u;
	x ^= x >> 32;
	x *= tree->names.seed[1] | 1;
	return x ^ x >> 29;
}

static uint32_t *twig_slot(const struct merge *m, uint32_t parent, uint32_t name)
{
	const struct lam_tree *tree = m->tree;
	size_t mask = tree->slot_count - 1, at = slot_hash(tree, parent, name) & mask;

	while (tree->slots[at]) {
		const struct twig *t = &m->twigs[tree->slots[at] - 1];

		if (t->parent == parent && t->name == name)
			break;
		at = (at + 1) & mask;
	}
	return &tree->slots[at];
}

static int slots_grow(struct merge *m, struct lam_error *err)
{
	size_t count = m->tree->slot_count ? m->tree->slot_count * 2 : 64;
	uint32_t *slots = calloc(count, sizeof *slots);

	if (!slots)
		return lam_fail_memory(err);
	free(m->tree->slots);
	m->tree->slots = slots;
	m->tree->slot_count = count;
	for (size_t i = 1; i < m->twig_count; i++)
		*twig_slot(m, m->twigs[i].parent, m->twigs[i].name) = (uint32_t)i + 1;
	return 0;
}

static int twig_get(struct merge *m, uint32_t parent, uint32_t name, uint32_t *out,
		    struct lam_error *err)
{
	uint32_t *slot;

	if (m->twig_count * 4 >= m->tree->slot_count * 3 && slots_grow(m, err) < 0)
		return err->code;
	slot = twig_slot(m, parent, name);
	if (*slot) {
		*out = *slot - 1;
		return 0;
	}
	if (m->twig_count >= LAM_MAX_ENTRIES)
		return lam_fail(err, LAM_EFORMAT, "more than %u paths in the image",
				LAM_MAX_ENTRIES);
	if (LAM_GROW(m->twigs, m->twig_count, m->twig_cap, err) < 0)
		return err->code;
	*out = (uint32_t)m->twig_count++;
	*slot = *out + 1;
	m->twigs[*out] = (struct twig){ .parent = parent,
					.name = name,
					.first_child = NONE,
					.next_sibling = m->twigs[parent].first_child,
					.version = NONE };
	m->twigs[parent].first_child = *out;
	return 0;
}

static int version_push(struct merge *m, uint32_t at, struct lam_version version,
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

static void set_live(struct merge *m, uint32_t at, bool live)
{
	struct twig *t = &m->twigs[at];

	if (t->live == live)
		return;
	t->live = live;
	if (live)
		m->twigs[t->parent].live_children++;
	else
		m->twigs[t->parent].live_children--;
}

/* Everything live below `top` goes, and `top` itself if asked. Children before parents do
 * not matter here: each gets its own deletion. */
static int delete_below(struct merge *m, uint32_t top, bool itself, struct lam_error *err)
{
	const struct lam_version deletion = { .inode = NONE,
					      .change = LAM_CHANGE_DELETED };
	uint32_t at = m->twigs[top].live_children ? m->twigs[top].first_child : NONE;

	while (at != NONE && at != top) {
		struct twig *t = &m->twigs[at];

		if (t->live && t->live_children) {
			at = t->first_child;
			continue;
		}
		if (t->live) {
			if (version_push(m, at, deletion, err) < 0)
				return err->code;
			set_live(m, at, false);
		}
		/* up, over parents that have nothing live any more */
		while (at != top && m->twigs[at].next_sibling == NONE) {
			at = m->twigs[at].parent;
			if (at == top)
				break;
			if (version_push(m, at, deletion, err) < 0)
				return err->code;
			set_live(m, at, false);
		}
		if (at != top)
			at = m->twigs[at].next_sibling;
	}
	if (!itself)
		return 0;
	set_live(m, top, false);
	return version_push(m, top, deletion, err);
}

/* Notes */

static int note_twig(struct merge *m, uint32_t at, const char *const text[2],
		     struct lam_error *err)
{
	LAM_CLEANUP(lam_buf_fini) struct lam_buf front = LAM_BUF(SIZE_MAX / 2);

	if (!m->notes)
		return 0;
	lam_buf_clear(&m->path);
	for (; at != ROOT; at = m->twigs[at].parent) {
		size_t len;
		const char *name =
			lam_names_get(&m->tree->names, m->twigs[at].name, &len);

		lam_buf_clear(&front);
		if (lam_buf_append(&front, name, len, err) < 0 ||
		    (m->path.len &&
		     (lam_buf_append_char(&front, '/', err) < 0 ||
		      lam_buf_append(&front, m->path.data, m->path.len, err) < 0)))
			return err->code;
		struct lam_buf swap = m->path;

		m->path = front;
		front = swap;
	}
	return lam_notes_add(m->notes, text[0], m->number,
			     m->path.data ? m->path.data : "", m->path.len, text[1], err);
}

/* Hard links to lower layers */

static uint32_t twig_find(const struct merge *m, uint32_t parent, const char *name,
			  size_t len)
{
	uint32_t number = lam_names_find(&m->tree->names, name, len), at;

	if (number == UINT32_MAX || m->tree->slot_count == 0)
		return NONE;
	at = *twig_slot(m, parent, number) - 1;
	return at != NONE && m->twigs[at].live ? at : NONE;
}

static const struct lam_inode *twig_inode(const struct merge *m, uint32_t at)
{
	const struct lam_version *v = &m->tree->versions[m->twigs[at].version];

	return v->inode == NONE ? NULL
				: &m->tree->layers[v->inode_layer]->inodes[v->inode];
}

/* Where a path leads in what is merged so far; its last component is not followed. */
static int find_below(struct merge *m, const char *path, size_t path_len, uint32_t *out,
		      struct lam_error *err)
{
	LAM_CLEANUP(lam_buf_fini)
	struct lam_buf rest = LAM_BUF((size_t)LAM_MAX_TAR_HEADER * (LAM_MAX_LINKS + 2));
	size_t at = 0;
	uint32_t here = ROOT;
	int links = 0;

	*out = NONE;
	if (lam_buf_append(&rest, path, path_len, err) < 0)
		return err->code;
	while (at < rest.len) {
		const char *name = rest.data + at,
			   *slash = memchr(name, '/', rest.len - at);
		size_t len = slash ? (size_t)(slash - name) : rest.len - at;
		uint32_t next;

		at += len + (slash ? 1 : 0);
		if (len == 0 || (len == 1 && name[0] == '.'))
			continue;
		if (len == 2 && name[0] == '.' && name[1] == '.') {
			here = m->twigs[here].parent;
			continue;
		}
		if (m->twigs[here].kind != LAM_KIND_DIR)
			return 0;
		next = twig_find(m, here, name, len);
		if (next == NONE)
			return 0;
		const struct lam_inode *inode = twig_inode(m, next);

		if (inode && m->twigs[next].kind == LAM_KIND_SYMLINK && at < rest.len) {
			const char *target =
				m->tree->layers[m->tree->versions[m->twigs[next].version]
							.inode_layer]
					->text +
				inode->target;
			struct lam_buf joined = LAM_BUF(rest.max);

			if (++links > LAM_MAX_LINKS)
				return 0;
			if (lam_buf_append(&joined, target, inode->target_len, err) < 0 ||
			    lam_buf_append_char(&joined, '/', err) < 0 ||
			    lam_buf_append(&joined, rest.data + at, rest.len - at, err) <
				    0) {
				lam_buf_fini(&joined);
				return err->code;
			}
			if (inode->target_len && target[0] == '/')
				here = ROOT;
			lam_buf_fini(&rest);
			rest = joined;
			at = 0;
			continue;
		}
		here = next;
	}
	*out = here;
	return 0;
}

/* What the layer's links to lower layers lead to, before the layer itself changes
 * anything. */
static int resolve_links(struct merge *m, struct lam_error *err)
{
	const struct lam_layer *layer = m->layer;

	m->below_count = 0;
	for (uint32_t n = 0; n < layer->node_count; n++) {
		const struct lam_inode *inode;
		struct ref ref = { 0, NONE };
		uint32_t at;

		if (layer->nodes[n].mark != LAM_MARK_LINK)
			continue;
		inode = &layer->inodes[layer->nodes[n].inode];
		if (find_below(m, layer->text + inode->target, inode->target_len, &at,
			       err) < 0 ||
		    LAM_GROW(m->below, m->below_count, m->below_cap, err) < 0)
			return err->code;
		if (at != NONE && m->twigs[at].kind != LAM_KIND_DIR) {
			const struct lam_version *v =
				&m->tree->versions[m->twigs[at].version];

			ref = (struct ref){ v->inode_layer, v->inode };
		}
		m->below[m->below_count++] = ref;
	}
	return 0;
}

/* One node of a layer */

static bool same_content(const struct merge *m, const struct lam_version *old,
			 struct ref new)
{
	const struct lam_layer *ol = m->tree->layers[old->inode_layer],
			       *nl = m->tree->layers[new.layer];
	const struct lam_inode *a = &ol->inodes[old->inode], *b = &nl->inodes[new.inode];

	if (a->kind != b->kind || a->size != b->size || a->target_len != b->target_len)
		return false;
	if (a->kind == LAM_KIND_FILE)
		return memcmp(a->content, b->content, sizeof a->content) == 0;
	return !a->target_len ||
	       memcmp(ol->text + a->target, nl->text + b->target, a->target_len) == 0;
}

static uint8_t change_of(const struct merge *m, uint32_t at, struct ref new)
{
	const struct twig *t = &m->twigs[at];
	const struct lam_version *old;
	struct lam_stat a, b;

	if (!t->live)
		return LAM_CHANGE_ADDED;
	if (t->version == NONE)
		return LAM_CHANGE_METADATA;
	old = &m->tree->versions[t->version];
	if (old->inode == NONE)
		return t->kind == LAM_KIND_DIR && m->tree->layers[new.layer]
								  ->inodes[new.inode]
								  .kind == LAM_KIND_DIR
			       ? LAM_CHANGE_METADATA
			       : LAM_CHANGE_REPLACED;
	if (!same_content(m, old, new))
		return LAM_CHANGE_REPLACED;
	lam_layer_stat(m->tree->layers[old->inode_layer], old->inode, &a);
	lam_layer_stat(m->tree->layers[new.layer], new.inode, &b);
	return lam_stat_compare(&a, &b) ? LAM_CHANGE_METADATA : LAM_CHANGE_SAME;
}

/* A directory that the layer only implies, over what is there. */
static int apply_implied(struct merge *m, uint32_t at, struct lam_error *err)
{
	struct twig *t = &m->twigs[at];
	const struct lam_inode *inode;

	if (t->live && t->kind == LAM_KIND_DIR) {
		inode = twig_inode(m, at);
		if (inode && (inode->mode != 0755 || inode->uid || inode->gid))
			return note_twig(m, at, IMPLIED_OVER, err);
		return 0;
	}
	if (t->live && note_twig(m, at, DIRECTORY_OVER, err) < 0)
		return err->code;
	if (version_push(m, at,
			 (struct lam_version){ .inode = NONE,
					       .inode_layer = (uint16_t)m->number,
					       .implied = true,
					       .change = t->live ? LAM_CHANGE_REPLACED
								 : LAM_CHANGE_ADDED },
			 err) < 0)
		return err->code;
	m->twigs[at].kind = LAM_KIND_DIR;
	set_live(m, at, true);
	return 0;
}

static int apply_entry(struct merge *m, const struct lam_layer_node *node, uint32_t at,
		       struct ref ref, struct lam_error *err)
{
	struct twig *t = &m->twigs[at];
	bool dir = node->kind == LAM_KIND_DIR;
	struct lam_version version = { .inode = ref.inode,
				       .inode_layer = (uint16_t)ref.layer };

	if (t->live && t->kind == LAM_KIND_DIR && (!dir || node->opaque) &&
	    delete_below(m, at, false, err) < 0)
		return err->code;
	if (dir && ref.inode == NONE)
		return apply_implied(m, at, err);
	version.change = change_of(m, at, ref);
	if (version_push(m, at, version, err) < 0)
		return err->code;
	m->twigs[at].kind = m->tree->layers[ref.layer]->inodes[ref.inode].kind;
	set_live(m, at, true);
	return 0;
}

static int tree_name(struct merge *m, uint32_t name, uint32_t *out, struct lam_error *err)
{
	size_t len;
	const char *bytes;

	if (m->names[name] == NONE) {
		bytes = lam_names_get(&m->layer->names, name, &len);
		if (lam_names_add(&m->tree->names, bytes, len, &m->names[name], err) < 0)
			return err->code;
	}
	*out = m->names[name];
	return 0;
}

static int apply_node(struct merge *m, uint32_t n, size_t *link, struct lam_error *err)
{
	const struct lam_layer_node *node = &m->layer->nodes[n];
	struct ref ref = { m->number, node->inode };
	uint32_t parent = m->map[node->parent], name = 0, at = NONE;

	m->map[n] = NONE;
	if (node->mark == LAM_MARK_LINK)
		ref = m->below[(*link)++];
	if (parent == NONE)
		return 0;
	if (tree_name(m, node->name, &name, err) < 0)
		return err->code;
	if (node->mark == LAM_MARK_WHITEOUT) {
		at = m->tree->slot_count ? *twig_slot(m, parent, name) - 1 : NONE;
		return at != NONE && m->twigs[at].live ? delete_below(m, at, true, err)
						       : 0;
	}
	if (node->mark == LAM_MARK_LINK && ref.inode == NONE) {
		/* its place in the tree is needed for the note alone */
		if (!m->notes)
			return 0;
		return twig_get(m, parent, name, &at, err) < 0
			       ? err->code
			       : note_twig(m, at, LINK_NOWHERE, err);
	}
	if (twig_get(m, parent, name, &at, err) < 0)
		return err->code;
	m->map[n] = at;
	if (node->mark == LAM_MARK_LINK && note_twig(m, at, LINK_BELOW, err) < 0)
		return err->code;
	return apply_entry(m, node, at, ref, err);
}

static int apply_layer(struct merge *m, struct lam_error *err)
{
	const struct lam_layer *layer = m->layer;
	size_t link = 0;

	m->map = malloc(layer->node_count * sizeof *m->map);
	m->names = malloc((layer->names.count + 1) * sizeof *m->names);
	if (!m->map || !m->names)
		return lam_fail_memory(err);
	memset(m->names, 0xff, (layer->names.count + 1) * sizeof *m->names);
	if (resolve_links(m, err) < 0)
		return err->code;
	m->map[0] = ROOT;
	if (layer->nodes[0].inode != LAM_INODE_NONE &&
	    apply_entry(m, &layer->nodes[0], ROOT,
			(struct ref){ m->number, layer->nodes[0].inode }, err) < 0)
		return err->code;
	for (uint32_t n = 1; n < layer->node_count; n++) {
		if (apply_node(m, n, &link, err) < 0)
			return err->code;
	}
	return 0;
}

/* The end: nodes in their final order. */

static int compare_names(const void *a, const void *b, void *context)
{
	const struct lam_names *names = context;
	size_t a_len, b_len;
	const char *x = lam_names_get(names, *(const uint32_t *)a, &a_len);
	const char *y = lam_names_get(names, *(const uint32_t *)b, &b_len);
	int order = memcmp(x, y, a_len < b_len ? a_len : b_len);

	return order ? order : (a_len > b_len) - (a_len < b_len);
}

/* rank[name]: its place among all names as bytes. */
static uint32_t *rank_names(struct lam_names *names)
{
	uint32_t *order = malloc((names->count + 1) * sizeof *order);
	uint32_t *rank = malloc((names->count + 1) * sizeof *rank);

	if (order && rank) {
		for (uint32_t i = 0; i < names->count; i++)
			order[i] = i;
		qsort_r(order, names->count, sizeof *order, compare_names, names);
		for (uint32_t i = 0; i < names->count; i++)
			rank[order[i]] = i;
	} else {
		free(rank);
		rank = NULL;
	}
	free(order);
	return rank;
}

struct child {
	uint32_t rank, twig;
};

static int compare_children(const void *a, const void *b)
{
	const struct child *x = a, *y = b;

	return (x->rank > y->rank) - (x->rank < y->rank);
}

static struct lam_node node_of(const struct merge *m, uint32_t twig, uint32_t parent)
{
	const struct twig *t = &m->twigs[twig];
	struct lam_node node = { .parent = parent,
				 .name = t->name,
				 .version = t->version,
				 .kind = t->kind,
				 .live = t->live };
	uint32_t version = t->version;

	while (version != NONE && m->tree->versions[version].change == LAM_CHANGE_DELETED)
		version = m->tree->versions[version].previous;
	node.implied = version == NONE || m->tree->versions[version].implied;
	return node;
}

static int order_nodes(struct merge *m, struct lam_error *err)
{
	size_t count = m->twig_count;
	struct lam_tree *tree = m->tree;
	uint32_t *rank = rank_names(&tree->names), next = 1;
	uint32_t *order = malloc(count * sizeof *order);
	struct child *children = malloc(count * sizeof *children);

	tree->nodes = malloc(count * sizeof *tree->nodes);
	if (!rank || !order || !children || !tree->nodes) {
		free(rank);
		free(order);
		free(children);
		return lam_fail_memory(err);
	}
	order[0] = ROOT;
	tree->nodes[0] = node_of(m, ROOT, ROOT);
	for (uint32_t n = 0; n < next; n++) {
		uint32_t many = 0;

		for (uint32_t c = m->twigs[order[n]].first_child; c != NONE;
		     c = m->twigs[c].next_sibling) {
			if (m->twigs[c].version != NONE)
				children[many++] =
					(struct child){ rank[m->twigs[c].name], c };
		}
		qsort(children, many, sizeof *children, compare_children);
		tree->nodes[n].first_child = next;
		tree->nodes[n].child_count = many;
		for (uint32_t i = 0; i < many; i++) {
			order[next] = children[i].twig;
			tree->nodes[next++] = node_of(m, children[i].twig, n);
		}
	}
	tree->node_count = next;
	free(rank);
	free(order);
	free(children);
	return 0;
}

static void fill_slots(struct lam_tree *tree)
{
	size_t mask = tree->slot_count - 1;

	if (!tree->slot_count)
		return;
	memset(tree->slots, 0, tree->slot_count * sizeof *tree->slots);
	for (uint32_t n = 1; n < tree->node_count; n++) {
		size_t at = slot_hash(tree, tree->nodes[n].parent, tree->nodes[n].name) &
			    mask;

		while (tree->slots[at])
			at = (at + 1) & mask;
		tree->slots[at] = n + 1;
	}
}

uint32_t lam_tree_child(const struct lam_tree *tree, uint32_t parent, const char *name,
			size_t len)
{
	uint32_t number = lam_names_find(&tree->names, name, len);
	size_t mask = tree->slot_count - 1, at;

	if (number == UINT32_MAX || !tree->slot_count)
		return NONE;
	for (at = slot_hash(tree, parent, number) & mask; tree->slots[at];
	     at = (at + 1) & mask) {
		const struct lam_node *node = &tree->nodes[tree->slots[at] - 1];

		if (node->parent == parent && node->name == number)
			return tree->slots[at] - 1;
	}
	return NONE;
}

static int compare_links(const void *a, const void *b, void *context)
{
	const struct lam_tree_link *x = a, *y = b;

	if (x->layer != y->layer)
		return x->layer < y->layer ? -1 : 1;
	if (x->inode != y->inode)
		return x->inode < y->inode ? -1 : 1;
	return lam_tree_compare(context, x->node, y->node);
}

static const struct lam_version *live_inode(const struct lam_tree *tree, uint32_t n)
{
	const struct lam_node *node = &tree->nodes[n];

	if (!node->live || node->kind == LAM_KIND_DIR)
		return NULL;
	return &tree->versions[node->version];
}

/* used[layer][inode]: live names, 2 for more. */
static uint8_t **count_names(struct lam_tree *tree)
{
	uint8_t **used = calloc(tree->layer_count + 1, sizeof *used);

	for (size_t i = 0; used && i < tree->layer_count; i++) {
		used[i] = calloc((size_t)tree->layers[i]->inode_count + 1, 1);
		if (!used[i]) {
			while (i > 0)
				free(used[--i]);
			free(used);
			return NULL;
		}
	}
	for (uint32_t n = 0; used && n < tree->node_count; n++) {
		const struct lam_version *v = live_inode(tree, n);

		if (v && used[v->inode_layer][v->inode] < 2)
			used[v->inode_layer][v->inode]++;
	}
	return used;
}

static int collect_links(struct lam_tree *tree, struct lam_error *err)
{
	uint8_t **used = count_names(tree);
	size_t cap = 0;
	int code = used ? 0 : lam_fail_memory(err);

	for (uint32_t n = 0; n < tree->node_count && code == 0; n++) {
		const struct lam_version *v = live_inode(tree, n);

		if (!v || used[v->inode_layer][v->inode] < 2)
			continue;
		code = LAM_GROW(tree->links, tree->link_count, cap, err);
		if (code == 0) {
			tree->nodes[n].linked = true;
			tree->links[tree->link_count++] =
				(struct lam_tree_link){ v->inode_layer, v->inode, n };
		}
	}
	for (size_t i = 0; used && i < tree->layer_count; i++)
		free(used[i]);
	free(used);
	if (code == 0 && tree->link_count)
		qsort_r(tree->links, tree->link_count, sizeof *tree->links, compare_links,
			tree);
	return code;
}

static void sum_up(struct lam_tree *tree)
{
	for (uint32_t n = tree->node_count; n-- > 0;) {
		struct lam_node *node = &tree->nodes[n];
		const struct lam_version *v = live_inode(tree, n);

		node->live_count += node->live;
		if (v && node->kind == LAM_KIND_FILE &&
		    (!node->linked || lam_tree_first_link(tree, n) == n))
			node->live_bytes +=
				tree->layers[v->inode_layer]->inodes[v->inode].size;
		if (n == ROOT)
			break;
		tree->nodes[node->parent].live_count += node->live_count;
		tree->nodes[node->parent].live_bytes += node->live_bytes;
	}
}

static int merge_start(struct merge *m, struct lam_error *err)
{
	uint32_t root;

	if (lam_names_add(&m->tree->names, "", 0, &root, err) < 0 ||
	    LAM_GROW(m->twigs, 0, m->twig_cap, err) < 0)
		return err->code;
	m->twigs[ROOT] = (struct twig){ .first_child = NONE,
					.next_sibling = NONE,
					.version = NONE,
					.name = root,
					.kind = LAM_KIND_DIR,
					.live = true };
	m->twig_count = 1;
	return 0;
}

static int merge_all(struct merge *m, struct lam_error *err)
{
	struct lam_tree *tree = m->tree;

	if (merge_start(m, err) < 0)
		return err->code;
	for (size_t i = 0; i < tree->layer_count; i++) {
		int code;

		m->number = (uint32_t)i;
		m->layer = tree->layers[i];
		code = apply_layer(m, err);
		free(m->map);
		free(m->names);
		m->map = m->names = NULL;
		if (code < 0)
			return lam_wrap(err, "layer %zu", i);
	}
	if (order_nodes(m, err) < 0)
		return err->code;
	free(m->twigs);
	m->twigs = NULL;
	fill_slots(tree);
	if (collect_links(tree, err) < 0)
		return err->code;
	sum_up(tree);
	return 0;
}

int lam_tree_new(struct lam_tree **out, const struct lam_layer *const *layers,
		 size_t layer_count, struct lam_notes *notes, struct lam_error *err)
{
	struct lam_tree *tree = calloc(1, sizeof *tree);
	struct merge m = { .tree = tree, .notes = notes, .path = LAM_BUF(SIZE_MAX / 2) };
	int code;

	*out = NULL;
	if (!tree)
		return lam_fail_memory(err);
	tree->layers = layers;
	tree->layer_count = layer_count;
	code = merge_all(&m, err);
	free(m.twigs);
	free(m.below);
	lam_buf_fini(&m.path);
	if (code < 0)
		lam_tree_free(tree);
	else
		*out = tree;
	return code;
}

void lam_tree_free(struct lam_tree *tree)
{
	if (!tree)
		return;
	lam_names_fini(&tree->names);
	free(tree->nodes);
	free(tree->versions);
	free(tree->links);
	free(tree->slots);
	free(tree);
}
