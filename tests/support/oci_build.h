/* OCI layouts for tests, made of tars. */
#ifndef OCI_BUILD_H
#define OCI_BUILD_H

#include <lamina/compression.h>

#include "base/buf.h"
#include "base/digest.h"

/* A new empty folder below the system's temporary one; a new string. */
char *oci_folder(void);
void oci_remove(const char *folder);

/* Writes folder/name, an image tagged "latest" of one layer for each tar, base first. */
void oci_build(const char *folder, const struct lam_buf *tars, size_t count,
	       enum lam_codec codec);
/* The path of a blob in a layout, which lives until the next call. */
const char *oci_blob(const char *folder, const char *digest);
/* Turns one byte in the middle of a file. */
void oci_damage(const char *path);
/* Names in a folder, dots left out; -1: there is none. */
int oci_count(const char *folder);

#endif
