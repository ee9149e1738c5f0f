/* References: where an image is (design, section 6). */
#ifndef LAM_REFERENCE_H
#define LAM_REFERENCE_H

#include <stdbool.h>

#include <lamina/error.h>

enum lam_transport { LAM_OCI, LAM_OCI_ARCHIVE, LAM_DOCKER_ARCHIVE, LAM_STDIO };

struct lam_reference {
	enum lam_transport transport;
	char *path; /* of the folder or file; NULL for STDIO */
	char *name; /* tag (oci, oci-archive) or NAME:TAG (docker-archive), or NULL */
	char *text; /* as given, for messages */
};

/* "oci:DIR[:TAG]", "oci-archive:FILE[:TAG]", "docker-archive:FILE[:NAME:TAG]", "-". A
 * bare path is what is there: a folder with oci-layout, or an archive (which kind, the
 * source finds out: OCI_ARCHIVE); "DIR:TAG" works too where DIR:TAG itself does not
 * exist. Colons: the longest path before a colon where there is a layout (oci) or a file
 * (oci-archive) is the path, and all behind it the tag, which may have colons and slashes
 * as OCI's ref.name may; where there is none, the path goes up to the last colon that no
 * '/' follows, and behind it is a tag by the grammar [A-Za-z0-9_][A-Za-z0-9._-]{0,127};
 * docker-archive: the path ends at the first colon. A
 * name for later transports (docker-daemon:, containers-storage:, docker://) is
 * LAM_EUSAGE with "not supported yet: use skopeo copy NAME oci:DIR:TAG". For output a
 * bare path is LAM_EUSAGE unless it is an existing OCI layout: say "oci:", "oci-archive:"
 * or "docker-archive:". Tags that break the grammar are LAM_EUSAGE, and for output names
 * of a docker-archive that docker would not load. */
int lam_reference_parse(struct lam_reference *out, const char *text, bool for_output,
			struct lam_error *err);
void lam_reference_fini(struct lam_reference *reference);

#endif
