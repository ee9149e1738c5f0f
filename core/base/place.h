/* A file that is put in its place whole, or not at all: written under another name beside
 * it, synced, renamed, and its folder synced.
 *
 *	place_begin(&place, file, err);
 *	... to place.fd ...
 *	code = place_end(&place, code, err);
 *	place_text(file, text, err);   all of it at once
 *
 * A symlink stays one, and what it leads to is replaced; the mode of a file that was
 * there is kept. Devices, pipes and folders are refused. */
#ifndef PLACE_H
#define PLACE_H

#include <stddef.h>

#include <lamina/error.h>

struct place {
	char *file, *folder, *temporary;
	int fd; /* to write to */
};

/* LAM_EWRITE with the file's name; nothing is left then. */
int place_begin(struct place *place, const char *file, struct lam_error *err);
/* Publishes where code is 0, or else gives up and returns it. */
int place_end(struct place *place, int code, struct lam_error *err);

int place_text(const char *file, const char *text, struct lam_error *err);

/* The system's words behind a file's name. Returns code. */
int fail_file(struct lam_error *err, enum lam_code code, int errnum, const char *file);
/* 0, or errno: all of it, whatever interrupts. */
int write_all(int fd, const void *bytes, size_t len);

#endif
