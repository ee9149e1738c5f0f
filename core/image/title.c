/* What a layer is called where nobody gave it a name: by its files. */
#include "image/title.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "image/image.h"
#include "layer/layer.h"

static bool may_stand(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || (c && strchr("._-", c));
}

char *lam_title_of_name(const char *bytes, size_t len)
{
	size_t used = 0;
	bool letter = false;

	while (len && strchr("._-", *bytes)) {
		bytes++;
		len--;
	}
	while (used < len && used < LAM_TITLE && may_stand(bytes[used])) {
		letter |= bytes[used] > '9' && bytes[used] != '_';
		used++;
	}
	while (used && strchr("._-", bytes[used - 1]))
		used--;
	return letter ? lam_xmemdup(bytes, used) : NULL;
}

bool lam_title_is_common(const char *name, size_t len)
{
	static const char *const common[] = { "usr", "local", "lib",     "lib32", "lib64",
					      "bin", "sbin",  "libexec", "share", "etc",
					      "var", "src",   "tmp" };

	for (size_t i = 0; i < sizeof common / sizeof *common; i++) {
		if (strlen(common[i]) == len && memcmp(common[i], name, len) == 0)
			return true;
	}
	return memmem(name, len, "-linux-", 7) != NULL;
}

/* Bytes of files at and below each node: a new array. */
static uint64_t *sum_bytes(const struct lam_layer *layer)
{
	uint64_t *bytes = lam_xcalloc(layer->node_count, sizeof *bytes);

	for (uint32_t n = layer->node_count; n-- > 1;) {
		const struct lam_layer_node *node = &layer->nodes[n];
		const struct lam_layer *holder;

		if (node->mark == LAM_MARK_ENTRY && node->kind == LAM_KIND_FILE &&
		    node->inode != LAM_INODE_NONE)
			bytes[n] = lam_layer_inode(layer, node->inode, &holder)->size;
		bytes[node->parent] += bytes[n];
	}
	return bytes;
}

/* Down from the root as long as one name has more than half of the layer's bytes, to the
 * second that tells something: "/opt/app" is "app", whatever is in it. A file gives its
 * name where no folder on the way tells anything. */
static char *title_of_files(const struct lam_layer *layer)
{
	LAM_CLEANUP(lam_free_ptr) uint64_t *bytes = sum_bytes(layer);
	char *title = NULL;
	unsigned telling = 0;

	/* parents come before their children, so this is one way down */
	for (uint32_t n = 1, at = 0; n < layer->node_count && telling < 2; n++) {
		const struct lam_layer_node *node = &layer->nodes[n];
		const char *name;
		char *now;
		size_t len;
		bool tells;

		if (node->parent != at || bytes[n] <= bytes[0] / 2)
			continue;
		at = n;
		name = lam_names_get(&layer->names, node->name, &len);
		now = lam_title_of_name(name, len);
		tells = !lam_title_is_common(name, len);
		if (!now || (title && !tells) ||
		    (telling && node->kind != LAM_KIND_DIR)) {
			free(now);
			continue;
		}
		free(title);
		title = now;
		telling += tells;
	}
	return title;
}

/* A system that other layers stand on. */
static bool is_system(const struct lam_layer *layer)
{
	bool etc = false, programs = false;

	for (uint32_t n = 1; n < layer->node_count && layer->nodes[n].parent == 0; n++) {
		size_t len;
		const char *name =
			lam_names_get(&layer->names, layer->nodes[n].name, &len);

		etc |= len == 3 && memcmp(name, "etc", 3) == 0;
		programs |= len == 3 &&
			    (memcmp(name, "usr", 3) == 0 || memcmp(name, "bin", 3) == 0);
	}
	return etc && programs;
}

char *lam_layer_title(const struct lam_image *image, uint32_t layer)
{
	char *title =
		lam_title_of_words(image->layers[layer].info.created_by, layer == 0);

	if (title)
		return title;
	if (layer == 0 && is_system(image->indexes[0]))
		return lam_xstrdup("base");
	return title_of_files(image->indexes[layer]);
}
