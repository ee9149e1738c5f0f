/* Large packages as layers. */
#include <stdlib.h>

#include "editor/analysis/packages.h"
#include "editor/analysis/suggest_set.h"

#define LEAST_BYTES   (UINT64_C(1) << 20)
#define MOST_PACKAGES 20

/* Nothing below a directory belongs to anybody; not all of it to one. */
#define OWNER_UNSAID (UINT32_MAX - 1)

struct size {
	uint32_t package;
	uint64_t bytes;
};

static int compare_sizes(const void *a, const void *b)
{
	const struct size *x = a, *y = b;

	if (x->bytes != y->bytes)
		return x->bytes > y->bytes ? -1 : 1;
	return (x->package > y->package) - (x->package < y->package);
}

/* From the owners of files to those of directories: the package that all in it is of.
 * What is not in the target is nobody's. */
static void own_directories(struct suggest_set *set, uint32_t *owner)
{
	const struct lam_tree *tree = set->facts->tree;

	for (uint32_t n = 0; n < set->facts->count; n++) {
		if (lam_tree_node(tree, n)->kind == LAM_KIND_DIR)
			owner[n] = OWNER_UNSAID;
		else if (!suggest_is_pure(set, n))
			owner[n] = PACKAGE_NONE;
	}
	for (uint32_t n = set->facts->count; n-- > 1;) {
		const struct lam_node *node = lam_tree_node(tree, n);
		uint32_t *above = &owner[node->parent];

		if (!node->live || owner[n] == OWNER_UNSAID)
			continue;
		if (*above == OWNER_UNSAID)
			*above = owner[n];
		else if (*above != owner[n])
			*above = PACKAGE_NONE;
	}
	owner[LAM_NODE_ROOT] = PACKAGE_NONE; /* no rule says "/" */
}

static void sum_sizes(const struct suggest_set *set, const uint32_t *owner,
		      struct size *sizes)
{
	for (uint32_t n = 0; n < set->facts->count; n++) {
		const struct lam_node *node = lam_tree_node(set->facts->tree, n);

		if (node->live && node->kind != LAM_KIND_DIR && owner[n] != PACKAGE_NONE)
			sizes[owner[n]].bytes += set->bytes[n];
	}
}

/* The topmost paths that are all of a package. */
static int add_paths(struct suggest_set *set, const uint32_t *owner, uint32_t package,
		     struct lam_error *err)
{
	for (uint32_t n = 1; n < set->facts->count; n++) {
		const struct lam_node *node = lam_tree_node(set->facts->tree, n);

		if (stop_at(set->stop, n))
			return stop_fail(err);
		if (node->live && owner[n] == package && owner[node->parent] != package &&
		    suggest_add(set, n, err) < 0)
			return err->code;
	}
	return 0;
}

static int suggest_large(struct suggest_set *set, const struct packages *packages,
			 struct size *sizes, struct lam_error *err)
{
	uint64_t total = set->bytes[LAM_NODE_ROOT],
		 least = total / 50 > LEAST_BYTES ? total / 50 : LEAST_BYTES;

	qsort(sizes, packages->count, sizeof *sizes, compare_sizes);
	for (size_t i = 0; i < packages->count && i < MOST_PACKAGES; i++) {
		if (sizes[i].bytes < least)
			break;
		if (suggest_begin(set, packages->names[sizes[i].package], err) < 0 ||
		    add_paths(set, packages->owner, sizes[i].package, err) < 0)
			return err->code;
	}
	return 0;
}

int suggest_packages(struct suggest_set *set, struct lam_error *err)
{
	struct packages packages;
	struct size *sizes = NULL;
	int code = packages_init(&packages, set->facts, set->stop, err);

	if (code == 0) {
		sizes = calloc(packages.count + 1, sizeof *sizes);
		code = sizes ? 0 : lam_fail_memory(err);
	}
	if (code == 0) {
		for (uint32_t i = 0; i < packages.count; i++)
			sizes[i].package = i;
		own_directories(set, packages.owner);
		sum_sizes(set, packages.owner, sizes);
		code = suggest_large(set, &packages, sizes, err);
	}
	free(sizes);
	packages_fini(&packages);
	return code;
}
