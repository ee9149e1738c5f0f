/* Applies layers in order, as overlayfs shows them (core/DESIGN.md, section 3). */
#include "tree/merge.h"

#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/stop.h"
#include "io/stream.h"
#include "layer/walk.h"

#define NONE LAM_NODE_NONE
#define ROOT LAM_NODE_ROOT

static int note_node(struct lam_merge *m, uint32_t at, enum lam_odd odd,
		     struct lam_error *err)
{
	LAM_CLEANUP(lam_buf_fini) struct lam_buf path = LAM_TEXT;
	const struct lam_tree *tree = m->tree;

	if (!m->notes)
		return 0;
	if (lam_dentry_path(tree->nodes, sizeof *tree->nodes, &tree->names, at, &path,
			    err) < 0)
		return err->code;
	lam_notes_add(m->notes, odd, m->number, path.data ? path.data : "", path.len);
	return 0;
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
		return memcmp(lam_layer_content(ol, a), lam_layer_content(nl, b),
			      LAM_CONTENT) == 0;
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
static bool is_plain(const struct lam_merge *m, uint32_t version)
{
	const struct lam_version *v = &m->tree->versions[version];
	const struct lam_layer *holder;

	if (v->inode == NONE)
		return true;
	const struct lam_inode *inode =
		lam_layer_inode(m->tree->layers[v->inode_layer], v->inode, &holder);
	const struct lam_extra *extra = lam_layer_extra(holder, inode);
	struct lam_owner owner = lam_layer_owner(holder, inode);

	return inode->mode == 0755 && owner.uid == 0 && owner.gid == 0 &&
	       !(extra && extra->record_count);
}

/* Whether the layer itself has deleted a directory there that was not plain. */
static bool hides_other(const struct lam_merge *m, uint32_t at)
{
	const struct lam_node *t = &m->tree->nodes[at];
	uint32_t v = t->version;

	if (v == NONE || t->live || t->kind != LAM_KIND_DIR ||
	    m->tree->versions[v].layer != m->number)
		return false;
	v = m->tree->versions[v].previous;
	return v != NONE && !is_plain(m, v);
}

static int note_implied(struct lam_merge *m, uint32_t at, bool keeps,
			struct lam_error *err)
{
	const struct lam_node *t = &m->tree->nodes[at];

	if (keeps)
		return t->version == NONE || is_plain(m, t->version)
			       ? 0
			       : note_node(m, at, LAM_ODD_IMPLIED_OVER, err);
	if (t->live && t->kind != LAM_KIND_DIR)
		return note_node(m, at, LAM_ODD_DIRECTORY_OVER, err);
	return hides_other(m, at) ? note_node(m, at, LAM_ODD_IMPLIED_IN_OPAQUE, err) : 0;
}

/* A directory that the layer only implies, over what is there. */
static int apply_implied(struct lam_merge *m, const struct lam_layer_node *node,
			 uint32_t at, struct lam_error *err)
{
	const struct lam_node *t = &m->tree->nodes[at];
	bool over_dir = t->live && t->kind == LAM_KIND_DIR,
	     keeps = over_dir && node->opaque != LAM_OPAQUE_NEW;

	if (note_implied(m, at, keeps, err) < 0)
		return err->code;
	if (keeps)
		return 0;
	if (lam_merge_push(m, at,
			   (struct lam_version){ .inode = NONE,
						 .inode_layer = (uint16_t)m->number,
						 .implied = true,
						 .change = over_dir  ? LAM_CHANGE_METADATA
							   : t->live ? LAM_CHANGE_REPLACED
								     : LAM_CHANGE_ADDED },
			   err) < 0)
		return err->code;
	m->tree->nodes[at].kind = LAM_KIND_DIR;
	lam_merge_set_live(m, at, true);
	return 0;
}

static const struct lam_attribute *attributes_of(const struct lam_merge *m,
						 struct lam_ref ref, size_t *out_count)
{
	const struct lam_layer *holder;
	const struct lam_inode *inode =
		lam_layer_inode(m->tree->layers[ref.layer], ref.inode, &holder);
	const struct lam_extra *extra = lam_layer_extra(holder, inode);

	*out_count = extra ? extra->record_count : 0;
	return *out_count ? holder->records + extra->records : NULL;
}

static bool has_key(const struct lam_attribute *records, size_t count,
		    const struct lam_attribute *as)
{
	for (size_t i = 0; i < count; i++) {
		if (records[i].key_len == as->key_len &&
		    memcmp(records[i].key, as->key, as->key_len) == 0)
			return true;
	}
	return false;
}

/* A directory's entry that is without an attribute which the lower one has. */
static bool drops_attribute(const struct lam_merge *m, uint32_t at, struct lam_ref ref)
{
	static const char prefix[] = "SCHILY.xattr.";
	const struct lam_node *t = &m->tree->nodes[at];
	const struct lam_attribute *old, *new;
	size_t old_count, new_count;

	if (!t->live || t->kind != LAM_KIND_DIR || t->version == NONE ||
	    m->tree->versions[t->version].inode == NONE ||
	    m->tree->versions[t->version].layer == m->number)
		return false;
	old = attributes_of(m,
			    (struct lam_ref){ m->tree->versions[t->version].inode_layer,
					      m->tree->versions[t->version].inode },
			    &old_count);
	new = attributes_of(m, ref, &new_count);
	for (size_t i = 0; i < old_count; i++) {
		if (old[i].key_len >= sizeof prefix &&
		    memcmp(old[i].key, prefix, sizeof prefix - 1) == 0 &&
		    !has_key(new, new_count, &old[i]))
			return true;
	}
	return false;
}

static int apply_entry(struct lam_merge *m, const struct lam_layer_node *node,
		       uint32_t at, struct lam_ref ref, struct lam_error *err)
{
	struct lam_node *t = &m->tree->nodes[at];
	bool dir = node->kind == LAM_KIND_DIR;
	struct lam_version version = { .inode = ref.inode,
				       .inode_layer = (uint16_t)ref.layer };

	if (t->live && t->kind == LAM_KIND_DIR && (!dir || node->opaque) &&
	    lam_merge_delete(m, at, false, err) < 0)
		return err->code;
	if (dir && ref.inode == NONE)
		return apply_implied(m, node, at, err);
	if (m->notes && dir && drops_attribute(m, at, ref) &&
	    note_node(m, at, LAM_ODD_XATTR_LOWER, err) < 0)
		return err->code;
	version.change = change_of(m, at, ref);
	if (lam_merge_push(m, at, version, err) < 0)
		return err->code;
	m->tree->nodes[at].kind = kind_of(m, ref);
	lam_merge_set_live(m, at, true);
	return 0;
}

/* What only the note needs a place in the tree for. */
static int note_child(struct lam_merge *m, uint32_t parent, uint32_t name,
		      enum lam_odd odd, struct lam_error *err)
{
	uint32_t at;

	if (!m->notes)
		return 0;
	return lam_merge_get(m, parent, name, &at, err) < 0 ? err->code
							    : note_node(m, at, odd, err);
}

/* A directory that no lower layer shows. */
static bool is_all_new(const struct lam_merge *m, const struct lam_layer_node *dir,
		       uint32_t at)
{
	uint32_t v = m->tree->nodes[at].version;

	if (at == ROOT)
		return m->tree->layer_count == 1;
	return dir->opaque || (v != NONE && m->tree->versions[v].layer == m->number &&
			       m->tree->versions[v].change != LAM_CHANGE_METADATA &&
			       m->tree->versions[v].change != LAM_CHANGE_SAME);
}

static int apply_whiteout(struct lam_merge *m, const struct lam_layer_node *node,
			  uint32_t parent, struct lam_error *err)
{
	uint32_t at = lam_merge_live(m, parent, node->name);

	if (at != NONE)
		return lam_merge_delete(m, at, true, err);
	if (!is_all_new(m, &m->layer->nodes[node->parent], parent))
		return 0;
	return note_child(m, parent, node->name, LAM_ODD_WH_LISTED, err);
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
	if (node->mark == LAM_MARK_WHITEOUT)
		return apply_whiteout(m, node, parent, err);
	if (node->mark == LAM_MARK_LINK && ref.inode == NONE)
		return 0; /* once all else is there */
	if (lam_merge_get(m, parent, node->name, &at, err) < 0)
		return err->code;
	m->map[n] = at;
	if (node->mark == LAM_MARK_LINK && note_node(m, at, LAM_ODD_LINK_BELOW, err) < 0)
		return err->code;
	return apply_entry(m, node, at, ref, err);
}

/* Hard links to lower layers */

static uint32_t below_child(const void *tree, uint32_t dir, const char *name, size_t len)
{
	return lam_merge_find(tree, dir, name, len);
}

static uint32_t below_parent(const void *tree, uint32_t node)
{
	const struct lam_merge *m = tree;

	return m->tree->nodes[node].parent;
}

static unsigned below_kind(const void *tree, uint32_t node)
{
	const struct lam_merge *m = tree;

	return m->tree->nodes[node].kind;
}

static struct lam_str below_target(const void *tree, uint32_t symlink)
{
	const struct lam_layer *holder;
	const struct lam_inode *inode = lam_merge_inode(tree, symlink, &holder);

	return lam_layer_target(holder, inode);
}

static const struct lam_walk_ops BELOW = { below_child, below_parent, below_kind,
					   below_target };

/* What a link leads to in what is merged so far; its last component is not followed. */
static struct lam_ref find_below(const struct lam_merge *m, uint32_t link, bool *through)
{
	struct lam_walk walk = { .ops = &BELOW, .tree = m };
	const struct lam_layer *holder;
	const struct lam_inode *inode =
		lam_layer_inode(m->layer, m->layer->nodes[link].inode, &holder);
	struct lam_str path = lam_layer_target(holder, inode);

	if (lam_walk(&walk, path.bytes, path.len) != LAM_WALK_FOUND ||
	    m->tree->nodes[walk.at].kind == LAM_KIND_DIR)
		return (struct lam_ref){ 0, NONE };
	const struct lam_version *v = &m->tree->versions[m->tree->nodes[walk.at].version];

	*through = walk.links > 0;
	return (struct lam_ref){ v->inode_layer, v->inode };
}

/* Before the layer itself changes anything. */
static int find_links(struct lam_merge *m, struct lam_error *err)
{
	bool through;

	m->below_count = 0;
	for (uint32_t n = 0; n < m->layer->node_count; n++) {
		if (m->layer->nodes[n].mark != LAM_MARK_LINK)
			continue;
		if (m->below_count % LAM_STEPS == 0 && lam_merge_check(m, err) < 0)
			return err->code;
		if (LAM_GROW(m->below, m->below_count, m->below_cap, err) < 0)
			return err->code;
		m->below[m->below_count++] = find_below(m, n, &through);
	}
	return 0;
}

/* A link that leads to nothing below may lead to the layer's own files, through a symlink
 * of a lower layer. */
static int apply_late_link(struct lam_merge *m, uint32_t n, struct lam_error *err)
{
	const struct lam_layer_node *node = &m->layer->nodes[n];
	uint32_t parent = m->map[node->parent], at;
	bool through = false;
	struct lam_ref ref = find_below(m, n, &through);

	if (parent == NONE)
		return 0;
	if (ref.inode == NONE || !through) {
		m->tree->lost_links[m->number]++;
		return note_child(m, parent, node->name, LAM_ODD_LINK_NOWHERE, err);
	}
	if (lam_merge_get(m, parent, node->name, &at, err) < 0 ||
	    note_node(m, at, LAM_ODD_LINK_THROUGH, err) < 0)
		return err->code;
	return apply_entry(m, node, at, ref, err);
}

static int apply_late_links(struct lam_merge *m, struct lam_error *err)
{
	size_t link = 0;

	for (uint32_t n = 0; link < m->below_count; n++) {
		if (m->layer->nodes[n].mark == LAM_MARK_LINK &&
		    m->below[link++].inode == NONE && apply_late_link(m, n, err) < 0)
			return err->code;
	}
	return 0;
}

/* All layers */

/* Memory is asked for this many nodes ahead. */
#define AHEAD 12u

static void look_ahead(const struct lam_merge *m, uint32_t n)
{
	const struct lam_layer *layer = m->layer;
	const struct lam_layer_node *node;

	if (m->like || m->alone || layer->node_count - n <= AHEAD)
		return;
	node = &layer->nodes[n + AHEAD];
	if (node->parent < n && m->map[node->parent] != NONE)
		lam_dentries_prefetch(&m->dentries, m->map[node->parent],
				      m->names[node->name]);
}

static int apply_layer(struct lam_merge *m, struct lam_error *err)
{
	const struct lam_layer *layer = m->layer;
	size_t link = 0;

	m->map = lam_alloc_large(layer->node_count * sizeof *m->map);
	if (!m->map)
		return lam_fail_memory(err);
	if (lam_merge_take_names(m, err) < 0 || find_links(m, err) < 0)
		return err->code;
	m->alone = m->tree->layer_count == 1 && m->below_count == 0;
	if (!m->like && !m->alone &&
	    lam_dentries_reserve(&m->dentries, layer->node_count, err) < 0)
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
	return apply_late_links(m, err);
}

static int merge_all(struct lam_merge *m, struct lam_error *err)
{
	struct lam_tree *tree = m->tree;

	if (lam_merge_start(m, err) < 0)
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
	tree->lost_links = calloc(layer_count + 1, sizeof *tree->lost_links);
	code = tree->lost_links ? merge_all(m, err) : lam_fail_memory(err);
	lam_dentries_fini(&m->dentries);
	free(m->below);
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

void lam_tree_free(struct lam_tree *tree)
{
	if (!tree)
		return;
	lam_names_fini(&tree->names);
	free(tree->nodes);
	free(tree->versions);
	free(tree->links);
	free(tree->inode_begin);
	free(tree->inode_names);
	free(tree->lost_links);
	free(tree);
}
