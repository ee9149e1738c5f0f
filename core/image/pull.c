/* What of a stack is fetched, by the digests of its blobs. */
#include <stdlib.h>
#include <string.h>

#include <lamina/pull.h>

#include "base/memory.h"

static bool is_blob(const struct lam_pull_layer *layer, const char *digest)
{
	return !layer->none && layer->digest && strcmp(layer->digest, digest) == 0;
}

static bool has_blob(const struct lam_image *image, const struct lam_pull_layer *layer)
{
	for (size_t i = 0; i < lam_image_layer_count(image); i++) {
		if (is_blob(layer, lam_image_layer(image, i)->digest))
			return true;
	}
	return false;
}

/* How many layers, from the base on, are the image's own; where they end in the stack. */
static size_t shared_chain(const struct lam_pull_layer *layers, size_t count,
			   const struct lam_image *old)
{
	size_t n = 0, of_old = 0;

	for (; n < count; n++) {
		if (layers[n].none)
			continue;
		if (of_old == lam_image_layer_count(old) ||
		    !is_blob(&layers[n], lam_image_layer(old, of_old++)->digest))
			break;
	}
	return n;
}

static void count_layer(struct lam_pull *p, const struct lam_pull_layer *layers, size_t n,
			size_t chain)
{
	bool here = p->had[n];

	if (layers[n].none)
		return;
	for (size_t i = 0; i < n && !here; i++)
		here = layers[n].digest && is_blob(&layers[i], layers[n].digest);
	p->count++;
	p->layers += !here;
	p->bytes += here ? 0 : layers[n].size;
	p->chain_layers += n >= chain;
	p->chain_bytes += n >= chain ? layers[n].size : 0;
}

void lam_pull_count(struct lam_pull *out, const struct lam_pull_layer *layers,
		    size_t count, const struct lam_image *const *olds, size_t old_count)
{
	size_t chain = 0;

	*out = (struct lam_pull){ .had = lam_xcalloc(count + 1, sizeof *out->had) };
	for (size_t o = 0; o < old_count; o++) {
		size_t shared = shared_chain(layers, count, olds[o]);

		chain = shared > chain ? shared : chain;
		for (size_t n = 0; n < count; n++)
			out->had[n] = out->had[n] || has_blob(olds[o], &layers[n]);
	}
	for (size_t n = 0; n < count; n++)
		count_layer(out, layers, n, chain);
}

void lam_pull_fini(struct lam_pull *pull)
{
	free(pull->had);
	*pull = (struct lam_pull){ 0 };
}
