/* The header WWW-Authenticate (RFC 9110, 11.6.1). */
#ifndef LAM_CHALLENGE_H
#define LAM_CHALLENGE_H

#include "io/http.h"

struct lam_challenge {
	bool basic, bearer;            /* what is offered */
	char *realm, *service, *scope; /* of the bearer's; or NULL */
};

/* Of all such headers of an answer. */
void lam_challenge_read(struct lam_challenge *out, const struct lam_http_answer *answer);
/* The same of one header's value; adds to what is there. */
void lam_challenge_add(struct lam_challenge *out, const char *header);
void lam_challenge_fini(struct lam_challenge *challenge);

#endif
