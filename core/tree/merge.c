/* Applies layers in order, as overlayfs shows them (design, section 3). */
#include "tree/merge.h"

#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "io/stream.h"

#define NONE LAM_NODE_NONE
#define ROOT LAM_NODE_ROOT

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

static int note_twig(struct lam_merge *m, uint32_t at, const char *const text[2],
		     struct lam_error *err)
{
	LAM_CLEANUP(lam_buf_fini) struct lam_buf front = LAM_BUF(SIZE_MAX / 2);

	if (!m->notes)
		return 0;
	lam_buf_clear(&m->path);
	for (; at != ROOT; at = m->tree->nodes[at].parent) {
		size_t len;
		const char *name =
			lam_names_get(&m->tree->names, m->tree->nodes[at].name, &len);

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

static bool same_content(const struct lam_merge *m, const struct lam_version *old,
			 struct lam_ref new)
{
	const struct lam_layer *ol, *nl;
	const struct lam_inode *a = lam_layer_inode(m->tree->layers[old->inode_layer],
						    old->inode, &ol),
			       *b = lam_layer_inode(m->tree->layers[new.layer], new.inode,
						    &nl);

	if (a->kind != b->kind || a->size != b->size)
		return false;
	if (a->kind == LAM_KIND_FILE)
		return memcmp(a->content, b->content, sizeof a->content) == 0;
	return a->kind != LAM_KIND_SYMLINK || a->size == 0 ||
	       memcmp(lam_layer_target(ol, a).bytes, lam_layer_target(nl, b).bytes,
		      (size_t)a->size) == 0;
}

static uint8_t kind_of(const struct lam_merge *m, struct lam_ref ref)
{
	const struct lam_layer *holder;

	return lam_layer_inode(m->tree->layers[ref.layer], ref.inode, &holder)->kind;
}

static uint8_t change_of(const struct lam_merge *m, uint32_t at, struct lam_ref new)
{
	const struct lam_node *t = &m->tree->nodes[at];
	const struct lam_version *old;
	struct lam_stat a, b;

	if (!t->live)
		return LAM_CHANGE_ADDED;
	if (t->version == NONE)
		return LAM_CHANGE_METADATA;
	old = &m->tree->versions[t->version];
	if (old->inode == NONE)
		return t->kind == LAM_KIND_DIR && kind_of(m, new) == LAM_KIND_DIR
			       ? LAM_CHANGE_METADATA
			       : LAM_CHANGE_REPLACED;
	if (!same_content(m, old, new))
		return LAM_CHANGE_REPLACED;
	lam_layer_stat(m->tree->layers[old->inode_layer], old->inode, &a);
	lam_layer_stat(m->tree->layers[new.layer], new.inode, &b);
	return lam_stat_compare(&a, &b) ? LAM_CHANGE_METADATA : LAM_CHANGE_SAME;
}

/* As one that no entry describes. */
static bool is_plain(const struct lam_merge *m, uint32_t at)
{
	const struct lam_layer *holder;
	const struct lam_inode *inode = lam_twig_inode(m, at, &holder);

	if (!inode)
		return true;
	struct lam_owner owner = lam_layer_owner(holder, inode);

	return inode->mode == 0755 && owner.uid == 0 && owner.gid == 0;
}

/* A directory that the layer only implies, over what is there. */
static int apply_implied(struct lam_merge *m, uint32_t at, struct lam_error *err)
{
	struct lam_node *t = &m->tree->nodes[at];

	if (t->live && t->kind == LAM_KIND_DIR)
		return is_plain(m, at) ? 0 : note_twig(m, at, IMPLIED_OVER, err);
	if (t->live && note_twig(m, at, DIRECTORY_OVER, err) < 0)
		return err->code;
	if (lam_twig_push(m, at,
			  (struct lam_version){ .inode = NONE,
						.inode_layer = (uint16_t)m->number,
						.implied = true,
						.change = t->live ? LAM_CHANGE_REPLACED
								  : LAM_CHANGE_ADDED },
			  err) < 0)
		return err->code;
	m->tree->nodes[at].kind = LAM_KIND_DIR;
	lam_twig_set_live(m, at, true);
	return 0;
}

static int apply_entry(struct lam_merge *m, const struct lam_layer_node *node,
		       uint32_t at, struct lam_ref ref, struct lam_error *err)
{
	struct lam_node *t = &m->tree->nodes[at];
	bool dir = node->kind == LAM_KIND_DIR;
	struct lam_version version = { .inode = ref.inode,
				       .inode_layer = (uint16_t)ref.layer };

	if (t->live && t->kind == LAM_KIND_DIR && (!dir || node->opaque) &&
	    lam_twig_delete(m, at, false, err) < 0)
		return err->code;
	if (dir && ref.inode == NONE)
		return apply_implied(m, at, err);
	version.change = change_of(m, at, ref);
	if (lam_twig_push(m, at, version, err) < 0)
		return err->code;
	m->tree->nodes[at].kind = kind_of(m, ref);
	lam_twig_set_live(m, at, true);
	return 0;
}

static int apply_node(struct lam_merge *m, uint32_t n, size_t *link,
		      struct lam_error *err)
{
	const struct lam_layer_node *node = &m->layer->nodes[n];
	struct lam_ref ref = { m->number, node->inode };
	uint32_t parent = m->map[node->parent], at = NONE;

	m->map[n] = NONE;
	if (node->mark == LAM_MARK_LINK)
		ref = m->below[(*link)++];
	if (parent == NONE)
		return 0;
	if (node->mark == LAM_MARK_WHITEOUT) {
		at = lam_twig_live(m, parent, node->name);
		return at != NONE ? lam_twig_delete(m, at, true, err) : 0;
	}
	if (node->mark == LAM_MARK_LINK && ref.inode == NONE) {
		m->tree->lost_links[m->number]++;
		/* its place in the tree is needed for the note alone */
		if (!m->notes)
			return 0;
		return lam_twig_get(m, parent, node->name, &at, err) < 0
			       ? err->code
			       : note_twig(m, at, LINK_NOWHERE, err);
	}
	if (lam_twig_get(m, parent, node->name, &at, err) < 0)
		return err->code;
	m->map[n] = at;
	if (node->mark == LAM_MARK_LINK && note_twig(m, at, LINK_BELOW, err) < 0)
		return err->code;
	return apply_entry(m, node, at, ref, err);
}

static int take_names(struct lam_merge *m, struct lam_error *err)
{
	const struct lam_names *from = &m->layer->names;

	m->names = malloc((from->count + 1) * sizeof *m->names);
	if (!m->names)
		return lam_fail_memory(err);
	if (lam_names_reserve(&m->tree->names, from->count, err) < 0)
		return err->code;
	for (uint32_t first = 0; first < from->count; first += LAM_STEPS) {
		uint32_t left = from->count - first,
			 now = left < LAM_STEPS ? left : LAM_STEPS;

		if (lam_merge_check(m, err) < 0 ||
		    lam_names_add_from(&m->tree->names, from, first, now,
				       m->names + first, err) < 0)
			return err->code;
	}
	return 0;
}

/* Memory is asked for this many nodes ahead. */
#define AHEAD 12u

static void look_ahead(const struct lam_merge *m, uint32_t n)
{
	const struct lam_layer *layer = m->layer;
	const struct lam_layer_node *node;

	if (layer->node_count - n <= AHEAD)
		return;
	node = &layer->nodes[n + AHEAD];
	if (node->parent < n && m->map[node->parent] != NONE)
		lam_twig_prefetch(m, m->map[node->parent], node->name);
}

static int apply_layer(struct lam_merge *m, struct lam_error *err)
{
	const struct lam_layer *layer = m->layer;
	size_t link = 0;

	m->map = malloc(layer->node_count * sizeof *m->map);
	if (!m->map)
		return lam_fail_memory(err);
	if (!m->like &&
	    (take_names(m, err) < 0 || lam_twig_reserve(m, layer->node_count, err) < 0))
		return err->code;
	if (lam_merge_links(m, err) < 0)
		return err->code;
	m->map[0] = ROOT;
	if (layer->nodes[0].inode != LAM_INODE_NONE &&
	    apply_entry(m, &layer->nodes[0], ROOT,
			(struct lam_ref){ m->number, layer->nodes[0].inode }, err) < 0)
		return err->code;
	for (uint32_t n = 1; n < layer->node_count; n++) {
		if (n % LAM_STEPS == 0 && lam_merge_check(m, err) < 0)
			return err->code;
		look_ahead(m, n);
		if (apply_node(m, n, &link, err) < 0)
			return err->code;
	}
	return 0;
}

/* Room for as many as there can be: what stays unused is no memory. */
static int reserve(struct lam_merge *m, struct lam_error *err)
{
	struct lam_tree *tree = m->tree;
	size_t most = 1;

	for (size_t i = 0; i < tree->layer_count; i++)
		most += tree->layers[i]->node_count;
	tree->nodes = lam_alloc_large(most * sizeof *tree->nodes);
	m->twig_cap = most;
	m->version_cap = 2 * most; /* each path of each layer may be deleted again */
	tree->versions = lam_alloc_large(m->version_cap * sizeof *tree->versions);
	return tree->nodes && tree->versions ? 0 : lam_fail_memory(err);
}

static int merge_start(struct lam_merge *m, struct lam_error *err)
{
	uint32_t root;

	if (lam_names_add(&m->tree->names, "", 0, &root, err) < 0 || reserve(m, err) < 0)
		return err->code;
	m->tree->nodes[ROOT] = (struct lam_node){ .first_child = NONE,
						  .child_count = NONE,
						  .version = NONE,
						  .name = root,
						  .kind = LAM_KIND_DIR,
						  .live = true };
	m->twig_count = 1;
	return 0;
}

static int merge_start_like(struct lam_merge *m, struct lam_error *err)
{
	struct lam_tree *tree = m->tree;
	uint32_t count = m->like->node_count;

	tree->nodes = malloc(count * sizeof *tree->nodes);
	if (!tree->nodes)
		return lam_fail_memory(err);
	m->twig_count = tree->node_count = count;
	for (uint32_t n = 0; n < count; n++) {
		const struct lam_node *node = &m->like->nodes[n];

		tree->nodes[n] = (struct lam_node){ .parent = node->parent,
						    .name = node->name,
						    .first_child = node->first_child,
						    .child_count = node->child_count,
						    .version = NONE };
	}
	tree->nodes[ROOT].kind = LAM_KIND_DIR;
	tree->nodes[ROOT].live = true;
	return lam_names_lend(&tree->names, &m->like->names, false, err);
}

static int merge_all(struct lam_merge *m, struct lam_error *err)
{
	struct lam_tree *tree = m->tree;

	if ((m->like ? merge_start_like(m, err) : merge_start(m, err)) < 0)
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
			return code == LAM_ESTOPPED ? code
						    : lam_wrap(err, "layer %zu", i);
	}
	return lam_merge_finish(m, err);
}

int lam_merge_check(const struct lam_merge *m, struct lam_error *err)
{
	return lam_progress_stopped(m->progress) ? lam_fail(err, LAM_ESTOPPED, "stopped")
						 : 0;
}

static int merge(struct lam_tree **out, struct lam_merge *m,
		 const struct lam_layer *const *layers, size_t layer_count,
		 struct lam_error *err)
{
	struct lam_tree *tree = calloc(1, sizeof *tree);
	int code;

	*out = NULL;
	if (!tree)
		return lam_fail_memory(err);
	tree->layers = layers;
	tree->layer_count = layer_count;
	m->tree = tree;
	m->path = LAM_BUF(SIZE_MAX / 2);
	tree->lost_links = calloc(layer_count + 1, sizeof *tree->lost_links);
	code = tree->lost_links ? merge_all(m, err) : lam_fail_memory(err);
	free(m->slots);
	free(m->below);
	lam_buf_fini(&m->path);
	if (code < 0)
		lam_tree_free(tree);
	else
		*out = tree;
	return code;
}

int lam_tree_merge(struct lam_tree **out, const struct lam_layer *const *layers,
		   size_t layer_count, struct lam_notes *notes,
		   const struct lam_progress *progress, struct lam_error *err)
{
	struct lam_merge m = { .notes = notes, .progress = progress };

	return merge(out, &m, layers, layer_count, err);
}

int lam_tree_merge_like(struct lam_tree **out, const struct lam_tree *like,
			const struct lam_layer *const *layers, size_t layer_count,
			const struct lam_progress *progress, struct lam_error *err)
{
	struct lam_merge m = { .like = like, .progress = progress };
	struct lam_error found;
	int code = merge(out, &m, layers, layer_count, &found);

	if (code == 0 || m.unlike)
		return 0;
	*err = found;
	return code;
}

int lam_tree_new(struct lam_tree **out, const struct lam_layer *const *layers,
		 size_t layer_count, struct lam_notes *notes, struct lam_error *err)
{
	return lam_tree_merge(out, layers, layer_count, notes, NULL, err);
}

void lam_tree_free(struct lam_tree *tree)
{
	if (!tree)
		return;
	lam_names_fini(&tree->names);
	free(tree->nodes);
	free(tree->versions);
	free(tree->links);
	free(tree->lost_links);
	free(tree);
}
