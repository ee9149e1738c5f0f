/* The parts of an image: whose each path is, and what is known of each part. */
#include "suggest/parts.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/memory.h"
#include "layout/layout.h"
#include "suggest/history.h"

/* How often parts change of which nothing was seen, in shares of pulls. */
#define RATE_OF_PACKAGE 0.04
#define RATE_OF_LOWEST  0.05 /* what is no package's, in the lowest layer */
#define RATE_OF_HIGHEST 0.8
#define SEEN_FOR_RATE   6.0 /* so many pulls weigh as much as RATE_OF_PACKAGE */
/* After so many pulls at which it stayed something is half as likely to change as before:
 * what no package has is code or data, which shows soon. */
#define PULLS_OF_PACKAGE 6.0
#define PULLS_OF_LOOSE   1.0
#define YEAR             31557600.0

unsigned lam_parts_pulls(const struct lam_parts *p)
{
	return (unsigned)(p->request->version_count - 1);
}

double lam_parts_layer_rate(const struct lam_parts *p, uint32_t layer)
{
	size_t count = lam_image_layer_count(p->image);

	if (count < 2)
		return (RATE_OF_LOWEST + RATE_OF_HIGHEST) / 2;
	return RATE_OF_LOWEST +
	       (RATE_OF_HIGHEST - RATE_OF_LOWEST) * layer / (double)(count - 1);
}

double lam_parts_risk(const struct lam_parts *p, double rate, double pulls,
		      int64_t newest)
{
	/* an image may say any time */
	double years = ((double)p->newest - (double)newest) / YEAR;

	years = years > 0 ? years : 0;

	return rate / (1 + years) * pulls / (pulls + lam_parts_pulls(p));
}

/* What changes is one of many files, or one that is large. */
double lam_parts_loose_risk(const struct lam_parts *p, const struct lam_loose *loose)
{
	const struct lam_loose *all = &p->loose[loose->layer];
	double bytes = all->bytes > 0 ? loose->bytes / all->bytes : 0,
	       files = all->files ? loose->files / (double)all->files : 0,
	       share = (bytes + files) / 2;

	return lam_parts_risk(p, lam_parts_layer_rate(p, loose->layer), PULLS_OF_LOOSE,
			      loose->newest) *
	       (share < 1 ? share : 1);
}

void lam_loose_add(struct lam_loose *loose, const struct lam_parts *p, uint32_t n)
{
	uint32_t origin = lam_tree_origin(p->tree, n);
	struct lam_stat stat;

	loose->bytes += (double)p->bytes[n];
	loose->layer = origin > loose->layer ? origin : loose->layer;
	if (p->tree->nodes[n].kind == LAM_KIND_DIR)
		return;
	lam_tree_stat(p->tree, n, &stat);
	loose->files++;
	loose->newest = stat.mtime_s > loose->newest ? stat.mtime_s : loose->newest;
}

uint32_t lam_parts_add(struct lam_parts *p, uint32_t package, uint32_t node)
{
	LAM_XGROW(p->items, p->count, p->cap);
	p->items[p->count++] = (struct lam_part){
		.package = package,
		.node = node,
		.cut = { .was = LAM_CUT_NEW },
		.all = { .newest = INT64_MIN },
		.largest = -1,
	};
	return (uint32_t)p->count - 1;
}

void lam_parts_put(struct lam_parts *p, uint32_t n, uint32_t number)
{
	struct lam_part *part = &p->items[number];
	double bytes = p->bytes[n];

	p->of[n] = number;
	lam_loose_add(&part->all, p, n);
	part->cut.changed |= p->history.changed[n];
	if (bytes > part->largest) {
		part->largest = bytes;
		part->cut.was = p->was ? p->was[n] : lam_tree_origin(p->tree, n);
	}
}

/* Whether a path can be cut: it is there, above the layers that stay, and not left out. */
static bool may_move(const struct lam_parts *p, uint32_t n)
{
	return p->tree->nodes[n].live &&
	       lam_tree_origin(p->tree, n) >= p->request->keep &&
	       !(p->was && p->was[n] == LAM_TARGET_NONE);
}

/* Packages */

/* Packages of one name are one part: a rule names them all. */
static int compare_packages(const void *a, const void *b, void *context)
{
	const struct lam_packages *packages = context;
	const struct lam_package *x = lam_packages_get(packages, *(const uint32_t *)a),
				 *y = lam_packages_get(packages, *(const uint32_t *)b);
	int order = strcmp(x->kind, y->kind);

	return order ? order : strcmp(x->name, y->name);
}

/* Whether all of what a package has is above the layers that stay. */
static bool is_free(const struct lam_parts *p, uint32_t package)
{
	size_t count, live = 0;
	const uint32_t *nodes = lam_packages_nodes(p->packages, package, &count);

	for (size_t i = 0; i < count; i++) {
		bool moves = may_move(p, nodes[i]);

		live += moves;
		if (!moves && p->tree->nodes[nodes[i]].live &&
		    lam_tree_origin(p->tree, nodes[i]) < p->request->keep)
			return false;
	}
	return live > 0;
}

static void put_package(struct lam_parts *p, uint32_t package, uint32_t part)
{
	size_t count;
	const uint32_t *nodes = lam_packages_nodes(p->packages, package, &count);

	for (size_t i = 0; i < count; i++) {
		if (may_move(p, nodes[i]))
			lam_parts_put(p, nodes[i], part);
	}
}

/* order[]: packages that have one name stand together. */
static void add_packages(struct lam_parts *p, const uint32_t *order, size_t count)
{
	void *packages = (void *)(uintptr_t)p->packages;

	for (size_t begin = 0, end; begin < count; begin = end) {
		bool free = true;

		for (end = begin; end < count; end++) {
			if (compare_packages(&order[begin], &order[end], packages))
				break;
			free = free && is_free(p, order[end]);
		}
		if (!free)
			continue;
		lam_parts_add(p, order[begin], LAM_NODE_NONE);
		for (size_t i = begin; i < end; i++)
			put_package(p, order[i], (uint32_t)p->count - 1);
	}
}

static int read_packages(struct lam_parts *p, struct lam_error *err)
{
	LAM_CLEANUP(lam_free_ptr) uint32_t *order = NULL;
	size_t count;

	if (lam_packages_of(&p->packages, p->image, p->request->stop, err) < 0)
		return err->code;
	count = lam_packages_count(p->packages);
	order = lam_xcalloc(count + 1, sizeof *order);
	for (uint32_t i = 0; i < count; i++)
		order[i] = i;
	qsort_r(order, count, sizeof *order, compare_packages,
		(void *)(uintptr_t)p->packages);
	add_packages(p, order, count);
	return 0;
}

static const char *kind_of(const struct lam_parts *p, const struct lam_part *part)
{
	return lam_packages_get(p->packages, part->package)->kind;
}

/* Seen at enough pulls, packages of a kind change more or less than usual. They are not
 * so many witnesses as there are of them: a base that is brought up to date brings
 * many at once, and none until then. */
static double package_rate(const struct lam_parts *p, const char *kind)
{
	double changes = 0, count = 0;

	for (size_t i = 0; i < p->count; i++) {
		if (p->items[i].package == LAM_PACKAGE_NONE ||
		    strcmp(kind_of(p, &p->items[i]), kind) != 0)
			continue;
		changes += __builtin_popcountll(p->items[i].cut.changed);
		count++;
	}
	return (RATE_OF_PACKAGE * SEEN_FOR_RATE + changes / count) /
	       (SEEN_FOR_RATE + lam_parts_pulls(p));
}

/* What changed may do so again without what changed along with it: the less likely, the
 * more often they did. */
static double apart(const struct lam_parts *p, uint64_t changed)
{
	unsigned changes = (unsigned)__builtin_popcountll(changed);

	return lam_cut_seen(changes, lam_parts_pulls(p)) / (changes + 1);
}

/* Packages of a kind stand together. */
static void rate_parts(struct lam_parts *p)
{
	const char *kind = NULL;
	double rate = 0;

	for (size_t i = 0; i < p->count; i++) {
		struct lam_part *part = &p->items[i];
		bool loose = part->package == LAM_PACKAGE_NONE;
		double risk;

		if (!loose && (!kind || strcmp(kind, kind_of(p, part)) != 0)) {
			kind = kind_of(p, part);
			rate = package_rate(p, kind);
		}
		risk = loose ? lam_parts_loose_risk(p, &part->all)
			     : lam_parts_risk(p, rate, PULLS_OF_PACKAGE,
					      part->all.newest);
		part->cut.bytes = (uint64_t)part->all.bytes;
		part->cut.stays = (1 - risk) * (1 - apart(p, part->cut.changed));
	}
}

static int init(struct lam_parts *p, struct lam_error *err)
{
	const struct lam_suggest_request *r = p->request;
	LAM_CLEANUP(lam_free_ptr) uint32_t *rules = NULL;

	p->compression = r->before && r->before->has_compression
				 ? r->before->compression
				 : LAM_COMPRESSION_DEFAULT;
	p->of = malloc(p->tree->node_count * sizeof *p->of);
	if (!p->of)
		return lam_fail_memory(err);
	if (lam_history_read(&p->history, r->versions, r->version_count, r->times,
			     r->stop, err) < 0 ||
	    lam_entry_bytes(&p->bytes, p->image, p->compression, r->stop, err) < 0)
		return err->code;
	return r->before ? lam_layout_assignment(&p->was, &rules, p->image, r->before,
						 r->stop, err)
			 : 0;
}

/* Before anybody claims them: all that may move is the rest. */
static void put_rest(struct lam_parts *p)
{
	lam_parts_add(p, LAM_PACKAGE_NONE, LAM_NODE_NONE);
	for (uint32_t n = 0; n < p->tree->node_count; n++) {
		bool moves = may_move(p, n);

		p->of[n] = moves ? LAM_PART_REST : LAM_PART_NONE;
	}
}

/* Once packages have what is theirs. */
static void sum_loose(struct lam_parts *p)
{
	size_t count = lam_image_layer_count(p->image);

	p->loose = lam_xcalloc(count + 1, sizeof *p->loose);
	for (uint32_t n = 0; n < p->tree->node_count; n++) {
		if (p->of[n] == LAM_PART_REST)
			lam_loose_add(&p->loose[lam_tree_origin(p->tree, n)], p, n);
	}
	p->newest = INT64_MIN;
	for (size_t i = 0; i < count; i++)
		p->newest =
			p->loose[i].newest > p->newest ? p->loose[i].newest : p->newest;
	for (size_t i = 0; i < p->count; i++)
		p->newest = p->items[i].all.newest > p->newest ? p->items[i].all.newest
							       : p->newest;
}

int lam_parts_make(struct lam_parts *p, const struct lam_suggest_request *request,
		   struct lam_error *err)
{
	const struct lam_image *last = request->versions[request->version_count - 1];

	*p = (struct lam_parts){ .request = request,
				 .image = last,
				 .tree = lam_image_tree(last) };
	if (init(p, err) < 0)
		return err->code;
	put_rest(p);
	if (read_packages(p, err) < 0)
		return err->code;
	sum_loose(p);
	if (lam_parts_add_subtrees(p, err) < 0)
		return err->code;
	rate_parts(p);
	return 0;
}

void lam_parts_fini(struct lam_parts *p)
{
	free(p->items);
	free(p->of);
	lam_history_fini(&p->history);
	free(p->bytes);
	free(p->was);
	free(p->loose);
}
