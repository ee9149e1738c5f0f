/* Ways to cut: large directories, parts of a size, packages, caches. */
#include "editor/analysis/suggest.h"

#include <stdio.h>
#include <string.h>

#include <lamina/edit.h>
#include <lamina/packages.h>
#include <lamina/path.h>

#include "base/buf.h"
#include "base/memory.h"
#include "base/stop.h"
#include "editor/analysis/caches.h"

/* Less is not worth a layer of its own. */
#define LEAST_BYTES   (UINT64_C(1) << 20)
#define MOST_LAYERS   8
#define MOST_PACKAGES 20
/* So many rules nobody reads, and each edit would carry them. */
#define MOST_PATHS 10000

/* The paths of one target, and sums over them */

struct set {
	const struct effect *effect;
	const struct facts *facts;
	const atomic_bool *stop;
	uint32_t target;
	uint64_t *bytes;   /* of files at and below each node that are in the target */
	uint32_t *inside;  /* how many paths that are no directories these are */
	uint32_t *outside; /* and how many are not: a rule here would take them along */
	struct suggestions *out;
	size_t path_count;
};

static bool is_in(const struct set *set, uint32_t n)
{
	uint32_t to = set->effect->targets.to[n];

	return set->target == TARGET_SEVERAL ? to != LAM_TARGET_NONE : to == set->target;
}

static int sum_up(struct set *set, struct lam_error *err)
{
	const struct lam_tree *tree = set->facts->tree;

	for (uint32_t n = set->facts->count; n-- > 0;) {
		const struct lam_node *node = lam_tree_node(tree, n);

		if (lam_stops(set->stop, n))
			return lam_fail_stopped(err);
		if (!node->live)
			continue;
		if (node->kind != LAM_KIND_DIR) {
			bool in = is_in(set, n);

			set->bytes[n] = in ? node->live_bytes : 0;
			set->inside[n] = in;
			set->outside[n] = !in;
		}
		if (n == LAM_NODE_ROOT)
			continue;
		set->bytes[node->parent] += set->bytes[n];
		set->inside[node->parent] += set->inside[n];
		set->outside[node->parent] += set->outside[n];
	}
	return 0;
}

static int set_init(struct set *set, const struct effect *effect,
		    const struct facts *facts, uint32_t target, const atomic_bool *stop,
		    struct lam_error *err)
{
	*set = (struct set){ .effect = effect,
			     .facts = facts,
			     .stop = stop,
			     .target = target,
			     .out = lam_xcalloc(1, sizeof *set->out) };
	set->bytes = calloc(facts->count, sizeof *set->bytes);
	set->inside = calloc(facts->count, sizeof *set->inside);
	set->outside = calloc(facts->count, sizeof *set->outside);
	if (!set->bytes || !set->inside || !set->outside)
		return lam_fail_memory(err);
	return effect->targets.to ? sum_up(set, err) : 0;
}

static void set_fini(struct set *set)
{
	free(set->bytes);
	free(set->inside);
	free(set->outside);
	suggest_free(set->out);
}

static bool is_pure(const struct set *set, uint32_t node)
{
	return set->inside[node] && set->outside[node] == 0;
}

static bool is_taken(const struct suggestions *s, const char *name)
{
	for (size_t i = 0; i < s->count; i++) {
		if (s->items[i].name && strcmp(s->items[i].name, name) == 0)
			return true;
	}
	return false;
}

/* A name that neither the plan has nor another suggestion. */
static char *free_name(const struct set *set, const char *wish)
{
	char *base = lam_plan_free_name(set->effect->plan, wish),
	     *name = lam_xstrdup(base), numbered[300];

	for (unsigned n = 2; is_taken(set->out, name); n++) {
		free(name);
		snprintf(numbered, sizeof numbered, "%.240s-%u", base, n);
		name = lam_plan_free_name(set->effect->plan, numbered);
	}
	free(base);
	return name;
}

/* A new suggestion at the end: a layer with a name near to the wish, or with wish NULL
 * what is left out. */
static void begin(struct set *set, const char *wish)
{
	struct suggestions *s = set->out;
	char *name = wish ? free_name(set, wish) : NULL;

	s->items = lam_xrealloc(s->items, (s->count + 1) * sizeof *s->items);
	s->items[s->count++] = (struct suggestion){ .name = name };
}

/* A rule of the last one; takes the pattern over. */
static void add_pattern(struct set *set, char *pattern)
{
	struct suggestion *s = &set->out->items[set->out->count - 1];

	s->patterns =
		lam_xrealloc(s->patterns, (s->pattern_count + 1) * sizeof *s->patterns);
	s->patterns[s->pattern_count++] = pattern;
}

/* A path of the last one. */
static int add(struct set *set, uint32_t node, struct lam_error *err)
{
	struct suggestion *s = &set->out->items[set->out->count - 1];

	if (++set->path_count > MOST_PATHS)
		return lam_fail(err, LAM_EPLAN,
				"that would need more than %d rules: larger parts need "
				"fewer",
				MOST_PATHS);
	add_pattern(set, lam_tree_path_text(set->facts->tree, node));
	s->bytes += set->bytes[node];
	s->files += set->inside[node];
	return 0;
}

/* Large directories */

struct large {
	uint32_t node;
	uint64_t bytes;
};

static int compare_large(const void *a, const void *b)
{
	const struct large *x = a, *y = b;

	if (x->bytes != y->bytes)
		return x->bytes > y->bytes ? -1 : 1;
	return (x->node > y->node) - (x->node < y->node);
}

static uint64_t least_of(uint64_t total)
{
	return total / 20 > LEAST_BYTES ? total / 20 : LEAST_BYTES;
}

/* dirs: files are not parts, as long as the directory can go as a whole. */
static bool has_large_child(const struct set *set, const struct lam_node *node, bool dirs,
			    uint64_t least)
{
	for (uint32_t i = 0; i < node->child_count; i++) {
		uint32_t child = node->first_child + i;

		if (set->bytes[child] >= least &&
		    (!dirs ||
		     lam_tree_node(set->facts->tree, child)->kind == LAM_KIND_DIR))
			return true;
	}
	return false;
}

/* Large ones that are not too large, or have no large parts: at most twenty. A directory
 * that is looked into comes before what is in it. */
static size_t find_large(const struct set *set, struct bits *inside, struct large out[20])
{
	uint64_t total = set->bytes[LAM_NODE_ROOT], least = least_of(total);
	size_t count = 0;

	bits_set(inside, LAM_NODE_ROOT, true);
	for (uint32_t n = 0; n < set->facts->count && count < 20; n++) {
		const struct lam_node *node = lam_tree_node(set->facts->tree, n);
		bool pure = n != LAM_NODE_ROOT && is_pure(set, n);

		if (n != LAM_NODE_ROOT &&
		    (set->bytes[n] < least || !bits_get(inside, node->parent)))
			continue;
		if ((!pure || set->bytes[n] > total / 3) &&
		    has_large_child(set, node, pure, least))
			bits_set(inside, n, true);
		else if (pure)
			out[count++] = (struct large){ n, set->bytes[n] };
	}
	return count;
}

static int by_directory(struct set *set, struct lam_error *err)
{
	uint64_t total = set->bytes[LAM_NODE_ROOT], sum = 0;
	LAM_CLEANUP(bits_fini) struct bits inside = { 0 };
	struct large large[20];
	size_t count;

	if (!bits_init(&inside, set->facts->count))
		return lam_fail_memory(err);
	count = find_large(set, &inside, large);
	qsort(large, count, sizeof *large, compare_large);
	for (size_t i = 0; i < count && i < MOST_LAYERS && sum < total / 10 * 9; i++) {
		LAM_CLEANUP(lam_free_ptr) char *wish = NULL;
		size_t len;
		const char *name = lam_tree_name(set->facts->tree, large[i].node, &len);

		wish = lam_path_escape(name, len);
		begin(set, wish);
		if (add(set, large[i].node, err) < 0)
			return err->code;
		sum += large[i].bytes;
	}
	return 0;
}

/* Parts of a size */

/* The next node that is not below n; NONE at the end. */
static uint32_t pass(const struct lam_tree *tree, uint32_t n)
{
	while (n != LAM_NODE_ROOT) {
		const struct lam_node *parent =
			lam_tree_node(tree, lam_tree_node(tree, n)->parent);

		if (n + 1 < parent->first_child + parent->child_count)
			return n + 1;
		n = lam_tree_node(tree, n)->parent;
	}
	return LAM_NODE_NONE;
}

struct part {
	uint64_t bytes, size;
	unsigned number; /* 0: none has begun */
	bool stays;      /* the first part, in the layer as it is */
};

static int put_in_part(struct set *set, struct part *part, uint32_t n,
		       struct lam_error *err)
{
	bool whole = set->target == TARGET_SEVERAL;
	char wish[300];

	if (part->number == 0 ||
	    (part->bytes && part->bytes + set->bytes[n] > part->size)) {
		part->stays = part->number == 0 && !whole;
		part->number++;
		part->bytes = 0;
		snprintf(wish, sizeof wish, "%.200s-%u",
			 whole ? "part" : set->effect->plan->layers[set->target].name,
			 part->number);
		if (!part->stays)
			begin(set, wish);
	}
	part->bytes += set->bytes[n];
	return part->stays ? 0 : add(set, n, err);
}

/* A walk from top to bottom: what fits goes as a whole, what is too large is looked into,
 * and a single file that is too large is a part of its own. */
static int by_size(struct set *set, uint64_t size, struct lam_error *err)
{
	const struct lam_tree *tree = set->facts->tree;
	struct part part = { .size = size };
	uint32_t n = LAM_NODE_ROOT;

	for (uint64_t steps = 1; n != LAM_NODE_NONE; steps++) {
		const struct lam_node *node = lam_tree_node(tree, n);
		bool is_dir = node->kind == LAM_KIND_DIR;

		if (lam_stops(set->stop, steps))
			return lam_fail_stopped(err);
		if (set->inside[n] == 0) {
			n = pass(tree, n);
			continue;
		}
		if (is_dir && node->child_count &&
		    (n == LAM_NODE_ROOT || !is_pure(set, n) || set->bytes[n] > size)) {
			n = node->first_child;
			continue;
		}
		if (put_in_part(set, &part, n, err) < 0)
			return err->code;
		n = pass(tree, n);
	}
	return 0;
}

/* Packages: those of one kind and name, as a rule means them all */

struct named {
	const struct lam_package *package; /* one of them */
	uint64_t bytes;                    /* in the target */
	uint32_t files, outside;           /* and how many a rule would take along */
};

static int compare_names(const void *a, const void *b)
{
	const struct named *x = a, *y = b;
	int order = strcmp(x->package->kind, y->package->kind);

	return order ? order : strcmp(x->package->name, y->package->name);
}

static int compare_sizes(const void *a, const void *b)
{
	const struct named *x = a, *y = b;

	if (x->bytes != y->bytes)
		return x->bytes > y->bytes ? -1 : 1;
	return compare_names(a, b);
}

static struct named sum_package(const struct set *set,
				const struct lam_packages *packages, size_t n)
{
	struct named sum = { .package = lam_packages_get(packages, n) };
	size_t count;
	const uint32_t *nodes = lam_packages_nodes(packages, n, &count);

	for (size_t i = 0; i < count; i++) {
		const struct lam_node *node = lam_tree_node(set->facts->tree, nodes[i]);

		if (!node->live || node->kind == LAM_KIND_DIR)
			continue;
		sum.bytes += set->bytes[nodes[i]];
		sum.files += set->inside[nodes[i]];
		sum.outside += set->outside[nodes[i]];
	}
	return sum;
}

/* How many names there are. */
static size_t sum_names(struct named *names, size_t count)
{
	size_t kept = 0;

	qsort(names, count, sizeof *names, compare_names);
	for (size_t i = 0; i < count; i++) {
		if (kept && compare_names(&names[kept - 1], &names[i]) == 0) {
			names[kept - 1].bytes += names[i].bytes;
			names[kept - 1].files += names[i].files;
			names[kept - 1].outside += names[i].outside;
		} else {
			names[kept++] = names[i];
		}
	}
	qsort(names, kept, sizeof *names, compare_sizes);
	return kept;
}

static void add_package(struct set *set, const struct named *named)
{
	struct suggestion *s;

	begin(set, named->package->name);
	add_pattern(set, lam_package_pattern(named->package));
	s = &set->out->items[set->out->count - 1];
	s->kind = LAM_RULE_PACKAGE;
	s->bytes = named->bytes;
	s->files = named->files;
}

/* A package of which a part is in another layer stays: a rule is about all of it. */
static int by_package(struct set *set, struct lam_error *err)
{
	uint64_t total = set->bytes[LAM_NODE_ROOT],
		 least = total / 50 > LEAST_BYTES ? total / 50 : LEAST_BYTES;
	const struct lam_packages *packages;
	LAM_CLEANUP(lam_free_ptr) struct named *names = NULL;
	size_t count, taken = 0;

	if (lam_packages_of(&packages, set->facts->image, set->stop, err) < 0)
		return err->code;
	count = lam_packages_count(packages);
	names = lam_xcalloc(count + 1, sizeof *names);
	for (size_t i = 0; i < count; i++) {
		if (lam_stops(set->stop, 0))
			return lam_fail_stopped(err);
		names[i] = sum_package(set, packages, i);
	}
	count = sum_names(names, count);
	for (size_t i = 0; i < count && taken < MOST_PACKAGES && names[i].bytes >= least;
	     i++) {
		if (names[i].outside)
			continue;
		add_package(set, &names[i]);
		taken++;
	}
	return 0;
}

/* Caches */

/* What is in them: package managers miss the directories themselves. */
static int add_cache(struct set *set, uint32_t dir, bool *begun, struct lam_error *err)
{
	const struct lam_node *node = lam_tree_node(set->facts->tree, dir);

	for (uint32_t i = 0; i < node->child_count; i++) {
		uint32_t n = node->first_child + i;

		if (!is_pure(set, n) || set->bytes[n] == 0)
			continue;
		if (!*begun)
			begin(set, NULL);
		*begun = true;
		if (add(set, n, err) < 0)
			return err->code;
	}
	return 0;
}

static int by_waste(struct set *set, struct lam_error *err)
{
	struct cache *caches;
	bool begun = false;
	size_t count = caches_find(&caches, set->facts);
	int code = 0;

	for (size_t i = 0; code == 0 && i < count; i++) {
		if (caches[i].of_packages)
			code = add_cache(set, caches[i].node, &begun, err);
	}
	free(caches);
	return code;
}

int suggest_new(struct suggestions **out, const struct effect *effect,
		const struct facts *facts, enum suggest_how how, uint32_t target,
		uint64_t size, const atomic_bool *stop, struct lam_error *err)
{
	LAM_CLEANUP(set_fini) struct set set;
	int code = set_init(&set, effect, facts, target, stop, err);

	*out = NULL;
	if (code < 0)
		return code;
	switch (how) {
	case SUGGEST_DIRECTORY: code = by_directory(&set, err); break;
	case SUGGEST_SIZE: code = by_size(&set, size ? size : 1, err); break;
	case SUGGEST_PACKAGE: code = by_package(&set, err); break;
	case SUGGEST_WASTE: code = by_waste(&set, err); break;
	}
	if (code == 0)
		*out = LAM_STEAL(set.out);
	return code;
}

void suggest_free(struct suggestions *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->count; i++) {
		for (size_t k = 0; k < s->items[i].pattern_count; k++)
			free(s->items[i].patterns[k]);
		free(s->items[i].patterns);
		free(s->items[i].name);
	}
	free(s->items);
	free(s);
}
