/* Folders of files that were kept for later use: the latest are found, and what was not
 * used for longest goes. */
#ifndef LAM_TRIM_H
#define LAM_TRIM_H

#include <stddef.h>
#include <stdint.h>

struct lam_trim {
	const char *const
		*prefixes; /* of the files' names, one of them; ends with NULL */
	const char *suffix;
	const char *temporary; /* the prefix of files that are being made, which may begin
				  with one of those */
	uint64_t max;          /* bytes of all of them */
};

/* Removes files, those first whose time is the oldest, until the rest is within the bound,
 * and what a killed run has left. What cannot be looked at or removed stays. */
void lam_folder_trim(const char *folder, const struct lam_trim *trim);
/* Names of such files, those first whose time is the latest, `most` at most; array and
 * names are the caller's. folder NULL: none. */
size_t lam_folder_latest(const char *folder, const struct lam_trim *which, size_t most,
			 char ***out);

#endif
