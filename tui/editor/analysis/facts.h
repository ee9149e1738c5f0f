/* What the screen wants to know of each path, worked out once for an image. Immutable
 * once made; all of it may be read from any thread. `stop` (may be NULL) ends a call
 * within a few milliseconds: it then returns LAM_ESTOPPED. */
#ifndef MODEL_FACTS_H
#define MODEL_FACTS_H

#include <stdatomic.h>

#include <lamina/image.h>

#include "editor/analysis/layersets.h"
#include "editor/list/bits.h"

enum fact {
	FACT_DANGLING = 1,
	FACT_LOOP = 2,
	FACT_ABOVE_ROOT = 4,
	FACT_LINKED = 8, /* one of several names of a file */
	FACT_SETUID = 16,
	FACT_VERSIONS = 32, /* no directory, and more than one layer holds a version */
	FACT_ESCAPED = 64,  /* its name is not printable as it is */
	FACT_DEAD = 128,
	FACT_SETGID = 256,
	FACT_CAPABILITY = 512, /* in an attribute of its */
};
/* A file that runs with other rights than those of who runs it. */
#define FACTS_POWER (FACT_SETUID | FACT_SETGID | FACT_CAPABILITY)
/* Those that "next flagged entry" stops at. */
#define FACTS_PROBLEM (FACT_DANGLING | FACT_LOOP | FACT_ABOVE_ROOT | FACT_ESCAPED)

struct link_to {
	uint32_t target, symlink;
};

struct facts {
	const struct lam_image *image;
	const struct lam_tree *tree;
	uint32_t count;  /* of nodes */
	uint16_t *flags; /* of each */
	struct layersets sets;
	uint32_t *from; /* origins of the live paths at and below: one of the sets. A dead
			   node: of its last version */
	uint64_t
		*dead_bytes; /* sizes of all versions at and below that are not visible */
	uint32_t *children;  /* live children alone */
	struct link_to *links; /* live symlinks that lead somewhere, by target */
	size_t link_count;
	uint32_t flagged_count;
};

/* Whether no live path shows what a version holds, asked for the first time; false for
 * versions that hold nothing. `met` is made by the other, and bits_fini()'d. */
int facts_meet_init(const struct lam_tree *tree, struct bits *met, struct lam_error *err);
bool facts_meet_dead(const struct lam_tree *tree, struct bits *met,
		     const struct lam_version *version);

int facts_new(struct facts **out, const struct lam_image *image, const atomic_bool *stop,
	      struct lam_error *err);
void facts_free(struct facts *facts);

/* How many symlinks lead to a node; they stand in links[] from *out_first on. */
size_t facts_links_to(const struct facts *facts, uint32_t node, size_t *out_first);

/* "root"-like names are not carried by images' trees, but by their /etc/passwd and
 * /etc/group: read once from the image, "0" where there is none. */
struct owners;
int owners_new(struct owners **out, const struct lam_image *image,
	       const atomic_bool *stop, struct lam_error *err);
void owners_free(struct owners *owners);
/* "root:root", "1000:1000"; escaped text. */
const char *owners_text(const struct owners *owners, int64_t uid, int64_t gid,
			char out[80]);

#endif
