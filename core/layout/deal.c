/* Which part of a layer that is split each path is in: by sizes and hashes of names, from the
 * top of the tree down, so that a file that changes changes its own part alone. */
#include "layout/deal.h"

#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "base/limits.h"
#include "base/memory.h"
#include "base/sort.h"
#include "base/stop.h"
#include "tar/write.h"

#define NONE   LAM_DEAL_NONE
#define OPENED (NONE - 1) /* of a directory: what is in it is in several parts */
/* What is less than this share of a part, of a directory that is opened, is with others like
 * it: each level of a deep tree has some files of its own. */
#define CRUMB 64

/* What of the layer is at and below a child of the directory at hand; or in a directory that
 * is opened, all above it with it. */
struct share {
	uint64_t hash; /* of its name; of its path */
	uint64_t bytes;
	uint32_t node;
};

struct shares {
	struct share *items;
	size_t count, cap;
};

struct parting {
	const struct lam_layout *layout;
	uint32_t target;
	uint64_t most; /* bytes of a part's tar, less what each has besides */
	uint64_t
		*bytes; /* node -> of the layer, at and below it, headers included; a hard
			    link's are at the first name of its file; 0: nothing */
	uint64_t *above; /* directory -> headers of it and of all above it */
	uint32_t *parts; /* node -> its part */
	uint32_t count;
	uint64_t again; /* bytes of headers of directories above the parts */
	uint32_t *dirs; /* that are too large for one part, still to be looked into */
	size_t dir_count, dir_cap;
	struct shares small, crumbs;
	struct lam_member_scratch scratch;
	struct lam_buf header;
};

static void parting_fini(struct parting *p)
{
	free(p->bytes);
	free(p->above);
	free(p->parts);
	free(p->dirs);
	free(p->small.items);
	free(p->crumbs.items);
	lam_member_scratch_fini(&p->scratch);
	lam_buf_fini(&p->header);
}

/* How large it is */

static int size_of(struct parting *p, const struct lam_member *member, uint64_t *out,
		   struct lam_error *err)
{
	const struct lam_layout *l = p->layout;
	struct lam_entry entry;

	lam_buf_clear(&p->header);
	lam_member_entry(l->tree, l->plan->times, member, &p->scratch, &entry);
	if (lam_tar_append_header(&p->header, &entry, err) < 0)
		return err->code;
	*out = p->header.len + entry.size + lam_tar_padding(entry.size);
	return 0;
}

static bool is_in(const struct parting *p, uint32_t n)
{
	return !p->layout->gone[n] && p->layout->targets[n] == p->target;
}

/* Parents have smaller numbers. */
static int weigh_dirs(struct parting *p, struct lam_error *err)
{
	const struct lam_tree *tree = p->layout->tree;

	for (uint32_t n = 0; n < tree->node_count; n++) {
		const struct lam_member member = { n, n, LAM_MEMBER_ENTRY };
		uint64_t own = 0;

		if (lam_stops(p->layout->stop, n))
			return lam_fail_stopped(err);
		if (p->layout->gone[n] || tree->nodes[n].kind != LAM_KIND_DIR)
			continue;
		if (size_of(p, &member, &own, err) < 0)
			return err->code;
		p->above[n] = own + (n ? p->above[tree->nodes[n].parent] : 0);
	}
	return 0;
}

/* A link that is not the first name may bring directories along. */
static int weigh_file(struct parting *p, uint32_t n, struct lam_error *err)
{
	size_t names;
	uint32_t first = lam_left_first(&p->layout->left, n, &names);
	const struct lam_member member = { n, first,
					   first == n ? LAM_MEMBER_ENTRY
						      : LAM_MEMBER_LINK };
	uint64_t own = 0;

	if (size_of(p, &member, &own, err) < 0)
		return err->code;
	p->bytes[first] += own;
	if (first != n)
		p->bytes[first] += p->above[p->layout->tree->nodes[n].parent];
	return 0;
}

static int weigh(struct parting *p, struct lam_error *err)
{
	const struct lam_tree *tree = p->layout->tree;

	if (weigh_dirs(p, err) < 0)
		return err->code;
	for (uint32_t n = 0; n < tree->node_count; n++) {
		if (lam_stops(p->layout->stop, n))
			return lam_fail_stopped(err);
		if (is_in(p, n) && tree->nodes[n].kind != LAM_KIND_DIR &&
		    weigh_file(p, n, err) < 0)
			return err->code;
	}
	for (uint32_t n = tree->node_count; n-- > 1;) {
		uint32_t parent = tree->nodes[n].parent;

		if (tree->nodes[n].kind == LAM_KIND_DIR && (p->bytes[n] || is_in(p, n)))
			p->bytes[n] += p->above[n] - p->above[parent];
		p->bytes[parent] += p->bytes[n];
	}
	return 0;
}

/* Which part */

static int compare_shares(const void *a, const void *b, void *unused)
{
	const struct share *x = a, *y = b;

	(void)unused;
	if (x->hash != y->hash)
		return x->hash < y->hash ? -1 : 1;
	return (x->node > y->node) - (x->node < y->node); /* by name */
}

static bool fits(const struct parting *p, uint32_t dir, uint64_t bytes)
{
	return p->above[dir] + bytes <= p->most;
}

/* Behind those of the same highest bit, of those in which they differ; where they differ in
 * none, behind as many as fit. */
static size_t border(const struct parting *p, uint32_t dir, const struct share *s,
		     size_t count)
{
	uint64_t differ = s[0].hash ^ s[count - 1].hash, bytes = s[0].bytes;
	size_t at = 1;

	if (differ) {
		uint64_t bit = UINT64_C(1) << (63 - __builtin_clzll(differ));

		while (!(s[at].hash & bit))
			at++;
		return at;
	}
	while (at + 1 < count && fits(p, dir, bytes + s[at].bytes))
		bytes += s[at++].bytes;
	return at;
}

/* Halves of what the hashes say, until each is a part: as deep as a hash has bits. */
static void halve(struct parting *p, uint32_t dir, const struct share *s, size_t count)
{
	while (count) {
		uint64_t bytes = 0;
		size_t at;

		for (size_t i = 0; i < count; i++)
			bytes += s[i].bytes;
		if (count == 1 || fits(p, dir, bytes)) {
			for (size_t i = 0; i < count; i++)
				p->parts[s[i].node] = p->count;
			p->count++;
			p->again += p->above[dir];
			return;
		}
		at = border(p, dir, s, count);
		halve(p, dir, s, at);
		s += at;
		count -= at;
	}
}

static int deal(struct parting *p, uint32_t dir, struct shares *shares,
		struct lam_error *err)
{
	if (lam_sort(shares->items, shares->count, sizeof *shares->items, compare_shares,
		     NULL, p->layout->stop, err) < 0)
		return err->code;
	halve(p, dir, shares->items, shares->count);
	return 0;
}

static int add_share(struct shares *shares, uint32_t n, const char *called, size_t len,
		     uint64_t bytes, struct lam_error *err)
{
	struct lam_digest digest = lam_digest_of(LAM_SHA256, called, len);
	struct share share = { .node = n, .bytes = bytes };

	for (size_t i = 0; i < 8; i++)
		share.hash = share.hash << 8 | digest.bytes[i];
	if (LAM_GROW(shares->items, shares->count, shares->cap, err) < 0)
		return err->code;
	shares->items[shares->count++] = share;
	return 0;
}

static int add_crumb(struct parting *p, uint32_t dir, uint64_t bytes,
		     struct lam_error *err)
{
	LAM_CLEANUP(lam_buf_fini) struct lam_buf path = LAM_TEXT;

	lam_tree_append_path(p->layout->tree, dir, &path);
	p->again += p->above[dir];
	return add_share(&p->crumbs, dir, path.data ? path.data : "", path.len, bytes,
			 err);
}

/* What is more than half of a part by itself is one, or is looked into: among others it
 * would leave a part to nearly nothing, again and again. */
static int add_large(struct parting *p, uint32_t n, struct lam_error *err)
{
	bool dir = p->layout->tree->nodes[n].kind == LAM_KIND_DIR;
	uint32_t parent = p->layout->tree->nodes[n].parent;

	if (!dir || fits(p, parent, p->bytes[n])) {
		p->parts[n] = p->count++;
		p->again += p->above[parent];
		return 0;
	}
	if (LAM_GROW(p->dirs, p->dir_count, p->dir_cap, err) < 0)
		return err->code;
	p->dirs[p->dir_count++] = n;
	return 0;
}

static int add_child(struct parting *p, uint32_t n, struct lam_error *err)
{
	size_t len;
	const char *name = lam_tree_name(p->layout->tree, n, &len);

	if (p->bytes[n] > p->most / 2)
		return add_large(p, n, err);
	return p->bytes[n] ? add_share(&p->small, n, name, len, p->bytes[n], err) : 0;
}

static int look_into(struct parting *p, uint32_t dir, struct lam_error *err)
{
	const struct lam_node *node = &p->layout->tree->nodes[dir];
	size_t before = p->count + p->dir_count;
	uint64_t small = p->above[dir];

	p->small.count = 0;
	p->parts[dir] = OPENED;
	for (uint32_t n = node->first_child; n < node->first_child + node->child_count;
	     n++) {
		if (add_child(p, n, err) < 0)
			return err->code;
		small += p->bytes[n] <= p->most / 2 ? p->bytes[n] : 0;
	}
	if (p->small.count ? small < p->most / CRUMB : p->count + p->dir_count == before)
		return add_crumb(p, dir, small, err);
	return deal(p, dir, &p->small, err);
}

/* What is below goes along; a directory that is in several parts is of the first of them,
 * and names of one file are where the first is. */
static void spread(struct parting *p)
{
	const struct lam_tree *tree = p->layout->tree;

	for (uint32_t n = 1; n < tree->node_count; n++) {
		if (p->parts[n] == NONE)
			p->parts[n] = p->parts[tree->nodes[n].parent];
	}
	for (uint32_t n = tree->node_count; n-- > 1;) {
		uint32_t *above = &p->parts[tree->nodes[n].parent];

		if (p->bytes[n] && p->parts[n] < *above)
			*above = p->parts[n];
	}
	for (uint32_t n = 1; n < tree->node_count; n++) {
		size_t names;

		if (is_in(p, n) && tree->nodes[n].kind != LAM_KIND_DIR)
			p->parts[n] =
				p->parts[lam_left_first(&p->layout->left, n, &names)];
	}
}

static int part(struct parting *p, bool *out_fits, struct lam_error *err)
{
	size_t nodes = p->layout->tree->node_count;

	p->bytes = calloc(nodes, sizeof *p->bytes);
	p->above = calloc(nodes, sizeof *p->above);
	p->parts = malloc(nodes * sizeof *p->parts);
	if (!p->bytes || !p->above || !p->parts)
		return lam_fail_memory(err);
	memset(p->parts, 0xff, nodes * sizeof *p->parts);
	if (weigh(p, err) < 0)
		return err->code;
	*out_fits = fits(p, LAM_NODE_ROOT, p->bytes[LAM_NODE_ROOT]);
	if (*out_fits) {
		p->count = 1;
		return 0;
	}
	do {
		uint32_t dir = p->dir_count ? p->dirs[--p->dir_count] : LAM_NODE_ROOT;

		if (lam_stops(p->layout->stop, 0))
			return lam_fail_stopped(err);
		if (look_into(p, dir, err) < 0)
			return err->code;
	} while (p->dir_count && p->again <= LAM_MAX_SPLIT_DIRS);
	/* each has what is above it already */
	if (deal(p, LAM_NODE_ROOT, &p->crumbs, err) < 0)
		return err->code;
	spread(p);
	return 0;
}

int lam_deal_make(struct lam_deal *out, const struct lam_layout *layout, uint32_t target,
		  uint64_t most, struct lam_error *err)
{
	LAM_CLEANUP(parting_fini)
	struct parting p = { .layout = layout,
			     .target = target,
			     .most = most,
			     .scratch = LAM_MEMBER_SCRATCH,
			     .header = LAM_BUF(SIZE_MAX / 2) };

	*out = (struct lam_deal){ 0 };
	if (part(&p, &out->fits, err) < 0)
		return err->code;
	out->count = p.count;
	out->again = p.again;
	out->of = LAM_STEAL(p.parts);
	return 0;
}

void lam_deal_fini(struct lam_deal *deal)
{
	free(deal->of);
}
