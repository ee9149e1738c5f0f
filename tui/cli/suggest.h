/* A suggestion, and what it is compared with. */
#ifndef CLI_SUGGEST_H
#define CLI_SUGGEST_H

#include <pthread.h>
#include <stdbool.h>

#include <lamina/suggest.h>

#include "cli/cmd.h"

struct compared { /* what the newest version fetches under a cut */
	const char *name, *text;
	struct lam_suggested_pull pull;
};

/* What is planned as if the newest version were not there yet, meanwhile. */
struct unseen {
	struct lam_suggest_request request;
	struct lam_suggestion *found;
	struct lam_error err;
	pthread_t thread;
	bool runs;
};

struct suggest {
	struct call *call;
	struct lam_image **versions; /* oldest first */
	size_t count;
	struct lam_plan *before;
	struct lam_suggest_request request;
	struct lam_suggestion *found;
	struct unseen unseen;
	struct compared compared[8];
	size_t compared_count;
};

/* The tables, or JSON; plan: its text, for standard output where no file is asked for. An
 * exit code. */
int suggest_print(const struct suggest *s, const char *plan);

#endif
