/* Names of places where images are, "oci:DIR:TAG" (core/DESIGN.md, section 6). All
 * strings are new, and the caller's. */
#ifndef LAMINA_REFERENCE_H
#define LAMINA_REFERENCE_H

#include <stdbool.h>

/* All kinds that there are: "oci:DIR[:TAG], oci-archive:FILE[:TAG], ...". */
char *lam_reference_kinds(void);
/* What a name that is typed may become, a line each in order: kinds, paths, and the tags of a
 * layout that is typed. Of what no path tells, as a registry, nothing. */
char *lam_reference_complete(const char *text);
/* Whether a place to write to is where an opened image is; name: that image's, or NULL. */
bool lam_reference_is_of(const char *output, const char *reference, const char *name);
/* A place beside an image, for what is made of it; name: the image's, or NULL. */
char *lam_reference_beside(const char *reference, const char *name);
/* What a file about the image may be called: "app" for "oci:build/app:1". */
char *lam_reference_stem(const char *reference);

#endif
