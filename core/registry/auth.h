/* What a registry wants to see before it answers: nothing, a name with its password, or a
 * token that another server gives for them (distribution's token specification). What it
 * wants, it says with its first 401.
 *
 *	lam_auth_value(auth, scope, &value, stop, err);     the header's value, or NULL
 *	... the request; where its status is 401, once or twice more:
 *	lam_auth_refused(auth, answer, value, err);
 */
#ifndef LAM_AUTH_H
#define LAM_AUTH_H

#include <lamina/access.h>

#include "io/http.h"

struct lam_auth;

/* name: the image's, as Docker normalises it; its host is `url`'s. All of it outlives. */
struct lam_auth *lam_auth_new(struct lam_http *client, const struct lam_access *access,
			      const char *name);
void lam_auth_free(struct lam_auth *auth); /* NULL is fine */

/* scope: one or several as "repository:NAME:pull,push", apart by blanks. Asks for a token
 * where there is none, or the last one has run out. The value is to be freed by
 * lam_free_secret(). Any thread. LAM_EREAD, LAM_ESTOPPED. */
int lam_auth_value(struct lam_auth *auth, const char *scope, char **out,
		   const atomic_bool *stop, struct lam_error *err);
/* Learns from a 401; what was sent, or NULL, is not sent again. LAM_EREAD where nothing
 * else can be: the credentials are refused, or there are none. */
int lam_auth_refused(struct lam_auth *auth, const struct lam_http_answer *answer,
		     const char *value, const atomic_bool *stop, struct lam_error *err);

/* Whether a text holds one of the secrets, as an answer's may. */
bool lam_auth_is_in(struct lam_auth *auth, const char *text);
/* Where the credentials are from; NULL: there are none. */
const char *lam_auth_from(const struct lam_auth *auth);

#endif
