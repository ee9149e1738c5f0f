/* Podman without a socket: its program is asked, by the name that $PATH finds. */
#ifndef LAM_PODMAN_H
#define LAM_PODMAN_H

#include <stdbool.h>

#include <lamina/progress.h>

#include "io/spool.h"

/* LAM_EWRITE with what to do where there is no such program. */
int lam_podman_is_there(struct lam_error *err);
int lam_podman_find(const char *name, bool *out, struct lam_error *err);
int lam_podman_save(const char *name, struct lam_spool *into,
		    const struct lam_progress *progress, struct lam_error *err);
/* write() writes the archive that is loaded to the descriptor. */
int lam_podman_load(int (*write)(void *context, int fd, struct lam_error *err),
		    void *context, struct lam_error *err);

#endif
