/* Databases of packages, and the tree that they speak of: members as fuzz.h has them, of which
 * "NAME -> TARGET" is a link and "NAME/" a directory. Whatever they say, the packages are
 * whole: each path has one owner at most, and what is shown can be shown. */
#include <string.h>

#include <lamina/packages.h>

#include "base/path.h"
#include "fuzz.h"
#include "image/image.h"

/* One that no reader takes is left out. */
static void add(struct lam_layer_builder *builder, struct lam_spool *spool,
		struct lam_str name, struct lam_str content)
{
	const char *arrow = memmem(name.bytes, name.len, " -> ", 4);
	struct lam_entry entry = { .type = LAM_TYPE_FILE, .path = name, .mode = 0644 };
	struct lam_error err;
	uint32_t inode;

	if (arrow) {
		entry.type = LAM_TYPE_SYMLINK;
		entry.path.len = (size_t)(arrow - name.bytes);
		entry.target =
			(struct lam_str){ arrow + 4, name.len - entry.path.len - 4 };
	} else if (name.len && name.bytes[name.len - 1] == '/') {
		entry.type = LAM_TYPE_DIR;
	} else {
		entry.size = entry.stored = content.len;
	}
	if (lam_layer_builder_add(builder, &entry, lam_spool_size(spool), &inode, &err) <
	    0)
		return;
	MUST(lam_spool_append(spool, content.bytes, content.len, &err));
}

static struct lam_layer *layer_of(struct fuzz *fuzz, struct lam_spool *spool)
{
	struct lam_layer_builder *builder;
	struct lam_str name, content;
	struct lam_layer *layer;
	struct lam_error err;

	MUST(lam_layer_builder_new(&builder, 0, &err));
	while (fuzz_member(fuzz, &name, &content))
		add(builder, spool, name, content);
	MUST(lam_layer_builder_finish(builder, &layer, &err));
	lam_layer_builder_free(builder);
	return layer;
}

static void need_shown(const char *text)
{
	NEED(lam_path_may_show(text, strlen(text)));
}

static void look_at(const struct lam_packages *packages, const struct lam_tree *tree)
{
	size_t owned = 0, count;

	for (size_t i = 0; i < lam_packages_count(packages); i++) {
		const struct lam_package *p = lam_packages_get(packages, i);
		const uint32_t *nodes = lam_packages_nodes(packages, i, &count);
		char *pattern = lam_package_pattern(p);

		NEED(lam_package_is_named(pattern));
		need_shown(pattern);
		need_shown(p->name);
		need_shown(p->version);
		need_shown(p->arch);
		free(pattern);
		for (size_t k = 0; k < count; k++) {
			NEED(k == 0 || nodes[k] > nodes[k - 1]);
			NEED(lam_packages_owner(packages, nodes[k]) == i);
		}
		owned += count;
	}
	for (uint32_t n = 0; n < lam_tree_count(tree); n++)
		owned -= lam_packages_owner(packages, n) != LAM_PACKAGE_NONE;
	NEED(owned == 0);
	for (size_t i = 0; i < lam_packages_note_count(packages); i++)
		need_shown(lam_packages_note(packages, i));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz fuzz = { data, size };
	struct lam_image_layer stored = { .spool = lam_spool_new("", size) };
	const struct lam_layer *layer = layer_of(&fuzz, stored.spool);
	struct lam_image image = { .layers = &stored,
				   .indexes = &layer,
				   .layer_count = 1 };
	struct lam_packages *packages;
	struct lam_error err;

	MUST(lam_tree_merge(&image.tree, image.indexes, 1, NULL, NULL, &err));
	MUST(lam_packages_read(&packages, &image, NULL, &err));
	look_at(packages, image.tree);
	lam_packages_free(packages);
	lam_tree_free(image.tree);
	lam_layer_free((struct lam_layer *)(uintptr_t)layer);
	lam_spool_free(stored.spool);
	return 0;
}
