/* How places on a network are reached: the options, and what other programs have left in
 * the environment and in their files. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "cli/cmd.h"

#define FILES 8

/* What call->access points to. */
struct paths {
	char *auth[FILES], *certs[FILES];
	size_t auth_count, cert_count;
	char *blobs;
};

static void add(char **list, size_t *count, char *path)
{
	if (path)
		list[(*count)++] = path;
}

/* "$NAME/tail", or where that is not set "$HOME/usual/tail"; NULL where neither is. */
static char *below(const char *name, const char *usual, const char *tail)
{
	const char *base = getenv(name), *home = getenv("HOME");

	if (base && *base)
		return lam_xprintf("%s/%s", base, tail);
	return usual && home && *home ? lam_xprintf("%s/%s%s", home, usual, tail) : NULL;
}

/* In the order in which podman and skopeo look, and then Docker's; $REGISTRY_AUTH_FILE
 * stands for all of them (containers-auth.json(5)). */
static void set_auth(struct call *call)
{
	const char *only = getenv("REGISTRY_AUTH_FILE"), *run = getenv("XDG_RUNTIME_DIR");
	struct paths *p = call->paths;

	call->access.auth_text = getenv("DOCKER_AUTH_CONFIG");
	call->access.auth_files = (const char *const *)p->auth;
	if (only && *only) {
		add(p->auth, &p->auth_count, lam_xstrdup(only));
		return;
	}
	add(p->auth, &p->auth_count,
	    run && *run ? lam_xprintf("%s/containers/auth.json", run)
			: lam_xprintf("/run/containers/%u/auth.json", geteuid()));
	add(p->auth, &p->auth_count,
	    below("XDG_CONFIG_HOME", ".config/", "containers/auth.json"));
	add(p->auth, &p->auth_count, below("DOCKER_CONFIG", ".docker/", "config.json"));
	add(p->auth, &p->auth_count, below("", "", ".dockercfg"));
}

/* containers-certs.d(5), and Docker's. */
static void set_certificates(struct call *call)
{
	struct paths *p = call->paths;

	call->access.cert_dir = call_value(call, "cert-dir");
	call->access.cert_dirs = (const char *const *)p->certs;
	add(p->certs, &p->cert_count,
	    below("XDG_CONFIG_HOME", ".config/", "containers/certs.d"));
	add(p->certs, &p->cert_count, lam_xstrdup("/etc/containers/certs.d"));
	add(p->certs, &p->cert_count, lam_xstrdup("/etc/docker/certs.d"));
}

int access_setup(struct call *call)
{
	const char *verify = call_value(call, "tls-verify");
	struct paths *p = call->paths = lam_xcalloc(1, sizeof *p);

	if (verify && strcmp(verify, "true") != 0 && strcmp(verify, "false") != 0)
		return usage_error(call->command->name, "--tls-verify is true or false");
	call->access.insecure = verify && strcmp(verify, "false") == 0;
	set_auth(call);
	set_certificates(call);
	p->blobs = user_folder("XDG_CACHE_HOME", ".cache", "/blobs");
	call->access.blobs = p->blobs;
	call->access.temporary = temporary_folder();
	return 0;
}

void access_fini(struct call *call)
{
	struct paths *p = call->paths;

	if (!p)
		return;
	for (size_t i = 0; i < FILES; i++) {
		free(p->auth[i]);
		free(p->certs[i]);
	}
	free(p->blobs);
	free(p);
}
