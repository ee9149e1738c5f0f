/* Parts that are built from one source change together: system packages of one version, and
 * those of npm that share a scope, too. They are cut as one, as long as they did. */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/memory.h"
#include "package/package.h"
#include "suggest/parts.h"

/* What packages of one source have in common besides kind and version: the bytes of the
 * name up to a slash; SIZE_MAX: nothing tells. */
static size_t source_len(const struct lam_package *p)
{
	const char *slash = strchr(p->name, '/');

	if (!p->version[0])
		return SIZE_MAX;
	if (slash)
		return (size_t)(slash - p->name);
	return lam_package_is_of_source(p->kind) ? 0 : SIZE_MAX;
}

static int compare_text(const char *a, size_t a_len, const char *b, size_t b_len)
{
	int order = memcmp(a, b, a_len < b_len ? a_len : b_len);

	return order ? order : (a_len > b_len) - (a_len < b_len);
}

/* 0: of one source, and changed together. */
static int compare_sources(const struct lam_parts *parts, const struct lam_part *x,
			   const struct lam_part *y)
{
	const struct lam_package *p = lam_packages_get(parts->packages, x->package),
				 *q = lam_packages_get(parts->packages, y->package);
	int order = strcmp(p->kind, q->kind);

	order = order ? order : strcmp(p->version, q->version);
	order = order ? order
		      : compare_text(p->name, source_len(p), q->name, source_len(q));
	if (order)
		return order;
	if (x->cut.changed != y->cut.changed)
		return x->cut.changed < y->cut.changed ? -1 : 1;
	return parts->was ? (x->cut.was > y->cut.was) - (x->cut.was < y->cut.was) : 0;
}

static int compare_parts(const void *a, const void *b, void *context)
{
	const struct lam_parts *parts = context;
	uint32_t m = *(const uint32_t *)a, n = *(const uint32_t *)b;
	int order = compare_sources(parts, &parts->items[m], &parts->items[n]);

	return order ? order : (m > n) - (m < n);
}

static size_t list_members(const struct lam_parts *p, uint32_t *out)
{
	size_t count = 0;

	for (uint32_t i = 0; i < p->count; i++) {
		uint32_t package = p->items[i].package;

		if (package != LAM_PACKAGE_NONE &&
		    source_len(lam_packages_get(p->packages, package)) != SIZE_MAX)
			out[count++] = i;
	}
	qsort_r(out, count, sizeof *out, compare_parts, (void *)(uintptr_t)p);
	return count;
}

/* A part goes along with another of its family, if a layer can hold both. */
static bool join(struct lam_cut_part *with, const struct lam_cut_part *part,
		 uint64_t most_bytes)
{
	if (most_bytes && with->bytes + part->bytes > most_bytes)
		return false;
	with->bytes += part->bytes;
	with->stays = part->stays < with->stays ? part->stays : with->stays;
	return true;
}

struct lam_cut_part *lam_parts_join(struct lam_parts *p, size_t *out_count)
{
	struct lam_cut_part *cut = lam_xcalloc(p->count, sizeof *cut);
	LAM_CLEANUP(lam_free_ptr)
	uint32_t *order = lam_xcalloc(p->count, sizeof *order);
	size_t members = list_members(p, order);
	uint32_t count = 0;

	for (size_t i = 0; i < p->count; i++)
		p->items[i].joined = UINT32_MAX;
	for (size_t i = 0; i < members; i++) {
		struct lam_part *part = &p->items[order[i]],
				*last = i ? &p->items[order[i - 1]] : NULL;

		if (last && compare_sources(p, last, part) == 0 &&
		    join(&cut[last->joined], &part->cut, p->request->most_bytes)) {
			part->joined = last->joined;
			continue;
		}
		part->joined = count;
		cut[count++] = part->cut;
	}
	for (uint32_t i = 0; i < p->count; i++) {
		if (p->items[i].joined != UINT32_MAX)
			continue;
		p->items[i].joined = count;
		cut[count++] = p->items[i].cut;
	}
	*out_count = count;
	return cut;
}
