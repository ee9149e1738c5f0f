/* Libraries that are loaded when they are first needed: those that bring others along, whose
 * loading would take longer than what most commands do. */
#ifndef LAM_LIBRARY_H
#define LAM_LIBRARY_H

#include <stdbool.h>

#include <lamina/error.h>

struct lam_library {
	const char *soname;       /* as the header at compile time is of */
	const char *const *names; /* of functions, ends with NULL */
	void *functions; /* a struct of pointers to them, in this order, and of nothing else */
	bool loaded;
};

/* Any thread; does nothing from the second time on. LAM_EREAD: it is not installed, or has
 * not all of the functions. */
int lam_library_load(struct lam_library *library, struct lam_error *err);

#endif
