/* A registry, inside. */
#ifndef LAM_REGISTRY_IMPL_H
#define LAM_REGISTRY_IMPL_H

#include "registry/registry.h"

struct lam_registry {
	char *name, *host;
	const char *path; /* in name */
	bool push, hurried;
	const struct lam_access *access;
	struct lam_http *client;
	struct lam_auth *auth;
	atomic_bool plain;   /* it speaks no TLS */
	atomic_bool reached; /* it has answered */
};

#endif
