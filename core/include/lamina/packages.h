/* The packages that an image's own databases say are installed, and which package each path
 * of the merged tree belongs to. Read once from an image; a plain value after that,
 * immutable, for any thread; it borrows nothing.
 *
 *	if (lam_packages_read(&packages, image, NULL, &err) < 0)
 *		...
 *	owner = lam_packages_owner(packages, node);
 *	if (owner != LAM_PACKAGE_NONE)
 *		name = lam_packages_get(packages, owner)->name;
 */
#ifndef LAMINA_PACKAGES_H
#define LAMINA_PACKAGES_H

#include <lamina/image.h>

#define LAM_PACKAGE_NONE UINT32_MAX

struct lam_packages;

/* Strings are in the text form of path.h, and live as long as the packages. Several
 * packages of a kind may have one name: of other architectures, or other versions in other
 * folders. */
struct lam_package {
	const char *kind;    /* of its database: lam_package_kind() */
	const char *name;    /* as its package manager's commands have it */
	const char *version; /* as the database has it; "" where it says none */
	const char *arch;    /* the same */
};

/* The kinds of database, in the order in which they are asked: of two packages that list a
 * path, one of an earlier kind has it, and of one kind the one that stands first. NULL
 * after the last. */
const char *lam_package_kind(size_t n);
/* Whether a text begins with a kind and a colon, as patterns of packages do. */
bool lam_package_is_named(const char *text);

/* Reads all databases of the merged tree. LAM_EREAD and LAM_EFORMAT where the image's
 * content cannot be read, LAM_ESTOPPED (stop may be NULL), LAM_ENOMEM; a database that is
 * there and not understood is no failure, but a note. */
int lam_packages_read(struct lam_packages **out, const struct lam_image *image,
		      const atomic_bool *stop, struct lam_error *err);
void lam_packages_free(struct lam_packages *packages); /* NULL is fine */

/* The same, read when they are asked for first and kept as long as the image is open: not
 * the caller's to free. */
int lam_packages_of(const struct lam_packages **out, const struct lam_image *image,
		    const atomic_bool *stop, struct lam_error *err);

/* Also those that have no path of their own. In the order of their kinds; of one kind in
 * the order of its database. */
size_t lam_packages_count(const struct lam_packages *packages);
const struct lam_package *lam_packages_get(const struct lam_packages *packages, size_t n);

/* The pattern of a plan's rule ("dpkg:gcc-12") for the packages that have the kind and the
 * name of one: a new string of the caller's. */
char *lam_package_pattern(const struct lam_package *package);

/* The package that a node of the image's merged tree belongs to, or LAM_PACKAGE_NONE:
 *
 *	file, link, device  the package that lists it, by whatever names of directories:
 *	                    /lib/x is /usr/lib/x where /lib is a link there
 *	link                the same; but of dpkg, whose lists do not say what a directory
 *	                    is, nobody's where any of them has something below that name,
 *	                    and where it is one of the merged /usr (/lib -> usr/lib)
 *	directory           the package that all that is live in it belongs to, listed or
 *	                    not; an empty one, one that lists it
 *	dead node           the package that lists its path
 */
uint32_t lam_packages_owner(const struct lam_packages *packages, uint32_t node);

/* The nodes that a package owns, in order of number. They live as long as the packages. */
const uint32_t *lam_packages_nodes(const struct lam_packages *packages, size_t n,
				   size_t *out_count);

/* What could not be read, a line each that names the database: at most 1,000. */
size_t lam_packages_note_count(const struct lam_packages *packages);
const char *lam_packages_note(const struct lam_packages *packages, size_t n);

#endif
