/* The Engine API of Docker, which Podman's socket speaks, too: images as streams of tar, out
 * and in. The version that the engine names is the one that is spoken, as engines refuse
 * older ones (Docker 29) and newer ones. */
#ifndef LAM_ENGINE_H
#define LAM_ENGINE_H

#include "io/spool.h"
#include "store/kind.h"

struct lam_engine;

/* host: "unix:///path", "tcp://host:port"; certs: a folder of ca.pem, cert.pem and key.pem as far as they are there,
 * with which TLS is spoken, or NULL. LAM_EREAD where nobody answers. */
int lam_engine_open(struct lam_engine **out, const char *host, const char *certs,
		    const struct lam_progress *progress, struct lam_error *err);
void lam_engine_close(struct lam_engine *engine); /* NULL is fine */

/* LAM_ENOTFOUND where it has no such image. */
int lam_engine_save(struct lam_engine *engine, const char *name, struct lam_spool *into,
		    struct lam_error *err);
/* write() is called in a thread of its own, and writes the tar to the descriptor. What the
 * engine says is wrong with it is LAM_EWRITE. */
int lam_engine_load(struct lam_engine *engine,
		    int (*write)(void *context, int fd, struct lam_error *err),
		    void *context, struct lam_error *err);
/* *out_id: what it calls the image of this name, a new string; NULL: it has none. */
int lam_engine_find(struct lam_engine *engine, const char *name, char **out_id,
		    struct lam_error *err);

#endif
