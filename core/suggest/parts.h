/* The parts of an image that are cut: packages, subtrees that no package has anything in,
 * and the rest, which no rule names. */
#ifndef LAM_PARTS_H
#define LAM_PARTS_H

#include <lamina/packages.h>
#include <lamina/suggest.h>

#include "suggest/cut.h"
#include "suggest/history.h"

#define LAM_PART_REST 0u         /* always the first */
#define LAM_PART_NONE UINT32_MAX /* dead, or of a layer that is kept */

/* How much there is of something. */
struct lam_loose {
	double bytes;
	uint32_t files;
	uint32_t layer; /* the highest that it is from */
	int64_t newest; /* mtime of its files, seconds; INT64_MIN: it has none */
};

struct lam_part {
	uint32_t package; /* one of those with its name; LAM_PACKAGE_NONE */
	uint32_t node;    /* of a subtree; LAM_NODE_NONE */
	struct lam_cut_part cut;
	struct lam_loose all;
	double largest;  /* of its entries, which tells where it was */
	uint32_t joined; /* what it is cut as, with others of its source */
};

struct lam_parts {
	const struct lam_suggest_request *request;
	const struct lam_image *image; /* the last version */
	const struct lam_tree *tree;
	const struct lam_packages *packages; /* the image's */
	struct lam_part *items;
	size_t count, cap;
	uint32_t *of; /* the part of each node */
	struct lam_history history;
	float *bytes;            /* of each node's entry, compressed */
	uint32_t *was;           /* the target of each node by request->before; or NULL */
	int64_t newest;          /* of all files */
	struct lam_loose *loose; /* of each layer of the image, what no package has */
	struct lam_compression compression; /* that is estimated with */
};

int lam_parts_make(struct lam_parts *parts, const struct lam_suggest_request *request,
		   struct lam_error *err);
void lam_parts_fini(struct lam_parts *parts);
/* subtrees.c: gives what is left, LAM_PART_REST so far, parts of its own where that pays. */
int lam_parts_add_subtrees(struct lam_parts *parts, struct lam_error *err);

/* families.c: what is cut, and which of it each part is; an array of the caller's. */
struct lam_cut_part *lam_parts_join(struct lam_parts *parts, size_t *out_count);

uint32_t lam_parts_add(struct lam_parts *parts, uint32_t package, uint32_t node);
/* A node's entry goes to a part. */
void lam_parts_put(struct lam_parts *parts, uint32_t node, uint32_t part);

unsigned lam_parts_pulls(const struct lam_parts *parts);
/* Adds a node's entry. */
void lam_loose_add(struct lam_loose *loose, const struct lam_parts *parts, uint32_t node);
/* How likely it changes at a pull as it never did: the less the older its newest file is,
 * and the more pulls it did not, half after `pulls` of them. What no package has, as often
 * as its layer is expected to, by its share of that; packages at a rate that is the same
 * for all. */
double lam_parts_risk(const struct lam_parts *parts, double rate, double pulls,
		      int64_t newest);
double lam_parts_loose_risk(const struct lam_parts *parts, const struct lam_loose *loose);
double lam_parts_layer_rate(const struct lam_parts *parts, uint32_t layer);
/* Compressed bytes that each node's entry is estimated to take; an array of the caller's. */
int lam_entry_bytes(float **out, const struct lam_image *image,
		    struct lam_compression compression, const atomic_bool *stop,
		    struct lam_error *err);

#endif
