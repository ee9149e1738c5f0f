/* A file that is put in its place whole, or not at all: written under another name beside
 * it, synced, renamed, and its folder synced.
 *
 *	place_begin(&place, file, err);
 *	code = place_write(&place, text, len, err);
 *	code = place_end(&place, code, err);
 *
 * A symlink stays one, and what it leads to is replaced; the mode of a file that was
 * there is kept. */
#ifndef PLACE_H
#define PLACE_H

#include <stddef.h>

#include <lamina/error.h>

struct place {
	char *file, *folder, *temporary;
	int fd; /* may be written to as well */
};

/* LAM_EWRITE with the file's name; nothing is left then. */
int place_begin(struct place *place, const char *file, struct lam_error *err);
int place_write(struct place *place, const void *bytes, size_t len,
		struct lam_error *err);
/* Publishes where code is 0, or else gives up and returns it. */
int place_end(struct place *place, int code, struct lam_error *err);

/* 0, or errno: all of it, whatever interrupts. */
int write_all(int fd, const void *bytes, size_t len);

#endif
