/* Credentials for a registry, from where other programs keep them: auth.json of podman and
 * skopeo (containers-auth.json(5)), config.json of Docker, and the helpers that these name
 * (github.com/docker/docker-credential-helpers). */
#ifndef LAM_CREDENTIALS_H
#define LAM_CREDENTIALS_H

#include <stdatomic.h>
#include <stdbool.h>

#include <lamina/access.h>
#include <lamina/error.h>

struct lam_credentials {
	char *user, *password; /* or NULL */
	char *identity;        /* a refresh token, in the password's place; or NULL */
	char *token;           /* a bearer token as it is; or NULL */
	char *from; /* the file or program, for messages; NULL: there are none */
};

/* Those of an image's name as Docker normalises it ("docker.io/library/app"): of the first
 * file that knows its host; in it the entry of the longest part of the name. None is no
 * failure. LAM_EREAD for a file or a helper that cannot be read. */
int lam_credentials_find(struct lam_credentials *out, const struct lam_access *access,
			 const char *name, const atomic_bool *stop,
			 struct lam_error *err);
void lam_credentials_fini(struct lam_credentials *credentials);

/* Runs "docker-credential-NAME get" with a server's name: helper.c. *out_found is false
 * where it knows none. LAM_EREAD, LAM_ESTOPPED. */
int lam_helper_get(struct lam_credentials *out, const char *name, const char *server,
		   bool *out_found, const atomic_bool *stop, struct lam_error *err);

/* free() of a secret, overwritten first; NULL is fine. */
void lam_free_secret(char *secret);

#endif
