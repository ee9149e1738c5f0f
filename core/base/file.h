/* Files of the system: read whole, put in their place whole, and without a name. Errors
 * name the file as lam_path_escape() shows it. */
#ifndef LAM_FILE_H
#define LAM_FILE_H

#include <stddef.h>
#include <sys/types.h>

#include <lamina/error.h>

#include "base/buf.h"

/* The system's words behind a file's name. Returns code. */
int lam_file_fail(struct lam_error *err, enum lam_code code, int errnum,
		  const char *file);

/* Appends all of a regular file, out->max bytes at most. LAM_ENOTFOUND where there is
 * none, LAM_EREAD where it cannot be read, is something else or is larger. */
int lam_file_read(struct lam_buf *out, const char *file, struct lam_error *err);
/* The same from a descriptor of any kind, up to its end; `file` is for messages. */
int lam_file_read_fd(struct lam_buf *out, int fd, const char *file,
		     struct lam_error *err);

/* A file that is put in its place whole, or not at all: written under another name beside
 * it, synced, renamed, and its folder synced.
 *
 *	lam_file_begin(&new, file, err);
 *	... to new.fd ...
 *	code = lam_file_end(&new, code, err);
 *
 * A symlink stays one, and what it leads to is replaced; mode, group and owner of a file
 * that was there are kept, as far as that is allowed, a new one's mode is the umask's.
 * Devices, pipes and folders are refused. Where the system can, the file has no name
 * until it is whole; names that killed writers left are removed. */
struct lam_new_file {
	char *file, *folder;
	char *temporary; /* NULL: it has no name as yet */
	int fd;          /* to write to */
};

/* LAM_EWRITE with the file's name; nothing is left then. */
int lam_file_begin(struct lam_new_file *new_file, const char *file,
		   struct lam_error *err);
/* Publishes where code is 0, or else gives up and returns it. */
int lam_file_end(struct lam_new_file *new_file, int code, struct lam_error *err);
/* All of it at once. */
int lam_file_replace(const char *file, const void *bytes, size_t len,
		     struct lam_error *err);

/* A file in a folder that has no name, or has lost it already; -1 and errno. */
int lam_file_nameless(const char *folder);

/* A folder and those above it that are not there, for the user alone. 0, or errno. */
int lam_folders_make(const char *folder);

/* 0, or errno: all of it, whatever interrupts. */
int lam_write_all(int fd, const void *bytes, size_t len);

#endif
