/* Which package of the image's system each file belongs to, by the lists that its package
 * managers keep. */
#ifndef MODEL_PACKAGES_H
#define MODEL_PACKAGES_H

#include "base/buf.h"
#include "editor/analysis/facts.h"

#define PACKAGE_NONE UINT32_MAX

struct packages {
	char **names; /* text that can be shown */
	size_t count, cap;
	uint32_t *owner; /* of each node: a package, or PACKAGE_NONE */
};

int packages_init(struct packages *packages, const struct facts *facts,
		  const atomic_bool *stop, struct lam_error *err);
void packages_fini(struct packages *packages);

/* For those that read a package manager's lists. */
struct package_reading {
	struct packages *packages;
	const struct facts *facts;
	const atomic_bool *stop;
	struct lam_buf list; /* what was read last */
};
/* A row of the table in packages.c: adds what its lists have; 0 where there are none. */
typedef int package_read_fn(struct package_reading *reading, struct lam_error *err);
package_read_fn packages_read_dpkg, packages_read_apk;

int packages_read_list(struct package_reading *reading, uint32_t node,
		       struct lam_error *err);
/* The next line of the list from *at on, and its length; NULL: there is none. */
const char *packages_next_line(const struct package_reading *reading, size_t *at,
			       size_t *out_len);
void packages_add(struct package_reading *reading, const char *name, size_t len);
/* The package that was added last has the file at a path, if no other had it before. */
void packages_claim(struct package_reading *reading, const char *path, size_t len);

#endif
