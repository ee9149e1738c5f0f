/* rpm's databases: each kind of file holds one header for each package. */
#ifndef LAM_PACKAGE_RPM_H
#define LAM_PACKAGE_RPM_H

#include "package/package.h"

/* A package from a header as databases store it: without magic (rpm, "Package Format V4",
 * Header). LAM_EFORMAT where it is not one. */
int lam_rpm_take_header(struct lam_package_reading *reading, const void *bytes,
			size_t len, struct lam_error *err);

/* All packages of a database. LAM_EFORMAT: it, or a header in it, is not understood. */
int lam_rpm_read_sqlite(struct lam_package_reading *reading, const char *bytes,
			size_t len, struct lam_error *err);
int lam_rpm_read_ndb(struct lam_package_reading *reading, const char *bytes, size_t len,
		     struct lam_error *err);

#endif
