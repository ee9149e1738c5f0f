/* References: where an image is (core/DESIGN.md, section 6). */
#ifndef LAM_REFERENCE_H
#define LAM_REFERENCE_H

#include <stdbool.h>

#include <lamina/access.h>
#include <lamina/error.h>

struct lam_store;

struct lam_reference {
	const struct lam_store *store; /* of which kind it is: kind.h */
	char *path; /* of the folder or file; NULL: standard input or output */
	char *name; /* tag (oci, oci-archive) or NAME:TAG (docker-archive), or NULL */
	char *text; /* as given, for messages */
	const struct lam_access *access; /* the caller's, set by it; or NULL */
};

/* "oci:DIR[:TAG]", "oci-archive:FILE[:TAG]", "docker-archive:FILE[:NAME:TAG]", "-" (an
 * archive). A bare path is what is there: a folder with oci-layout, or an archive (which
 * kind, opening finds out); "DIR:TAG" works too where DIR:TAG itself does not exist.
 * Colons: the longest path before a colon where there is an image of the kind is the
 * path, and all behind it the tag, which may have colons and slashes as OCI's ref.name
 * may; where there is none, and for docker-archive always, the path ends at the first
 * colon. "@N" and "@sha256:..." behind the path or its colon name the N-th image there, or
 * one by its digest. Kinds that have no paths read names their own way. For output a
 * bare path is LAM_EUSAGE unless it is an existing OCI layout. Tags that break the
 * grammar are LAM_EUSAGE, and for output names of a docker-archive that docker would not
 * load. */
int lam_reference_parse(struct lam_reference *out, const char *text, bool for_output,
			struct lam_error *err);
void lam_reference_fini(struct lam_reference *reference);

/* The folder that is there and on the same filesystem as the place, for temporary files;
 * the caller's. access->temporary, or "/tmp", for standard input and output and for what is on
 * no filesystem here. */
char *lam_reference_folder(const struct lam_reference *reference);
/* LAM_EWRITE where nothing can be made in that. */
int lam_reference_check_folder(const struct lam_reference *reference,
			       struct lam_error *err);

/* Whether each blob is a file of its own there, in a folder that is opened at no cost. */
bool lam_reference_has_blob_files(const struct lam_reference *reference);

/* "oci:DIR[:TAG], ...": those that layers are taken from; a new string. */
char *lam_reference_kinds_of_blobs(void);

#endif
