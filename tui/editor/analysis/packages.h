/* Which package of the image's system each file belongs to, by the lists that dpkg
 * (/var/lib/dpkg/info) and apk (/lib/apk/db/installed) keep. */
#ifndef MODEL_PACKAGES_H
#define MODEL_PACKAGES_H

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

#endif
