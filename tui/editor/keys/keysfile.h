/* The keys file: a JSON object that gives actions other keys, by name:
 *
 *	{ "assign": ["a", "F5"], "down": "j", "fold": [] }
 *
 * What it names has these keys alone. Key names are those of ui/key.h. */
#ifndef APP_KEYSFILE_H
#define APP_KEYSFILE_H

#include <stdbool.h>
#include <stddef.h>

#include "ui/key.h"

struct keysfile_item {
	char *action;
	struct key_sequence *sequences;
	size_t count; /* 0: no key at all */
};

struct keysfile {
	struct keysfile_item *items; /* in the order of the file; what is wrong is left
					out */
	size_t count;
	char **errors; /* lines that can be shown: "keys.json:3:7: ...", "keys.json:
			  assign[1]: no key \"Hyper-X\"" */
	size_t error_count;
};

/* A file that is not there is an empty one; one that is wrong, in whole or in part, gives
 * errors. known: whether an action has that name. */
void keysfile_read(struct keysfile *out, const char *path,
		   bool (*known)(const char *name));
void keysfile_fini(struct keysfile *file);

#endif
