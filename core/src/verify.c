#include "verify.h"

struct difference {
	const struct lam_layout *layout;
	struct lam_error *err;
};

static int differs(void *context, uint32_t a, uint32_t b, unsigned what)
{
	struct difference *d = context;
	char path[512] = "a path that should not be there";

	(void)b;
	if (a != LAM_NODE_NONE)
		lam_layout_path(d->layout, a, path);
	return lam_fail(
		d->err, LAM_EWRITE,
		"%s: what was written is not what the image has (%#x): nothing was "
		"published",
		path, what);
}

int lam_verify(const struct lam_layout *layout, const struct lam_layer *const *stack,
	       size_t count, struct lam_error *err)
{
	struct difference context = { layout, err };
	struct lam_tree *tree = NULL;
	int code = lam_tree_new(&tree, stack, count, NULL, err);

	if (code == 0)
		code = lam_tree_diff_left(layout->tree, layout->gone, tree, differs,
					  &context, NULL, err);
	lam_tree_free(tree);
	return code;
}
