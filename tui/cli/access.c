/* How places on a network are reached: the options, and what other programs have left in
 * the environment and in their files. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/json.h"
#include "base/memory.h"
#include "cli/cmd.h"

#define FILES 8

/* What call->access points to. */
struct paths {
	char *auth[FILES], *certs[FILES];
	size_t auth_count, cert_count;
	char *blobs, *docker_host, *docker_certs, *podman_host;
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

/* Docker's contexts: folders by the SHA-256 of their names. */
static void take_context(struct paths *p, const char *config, const char *name)
{
	const struct lam_digest digest = lam_digest_of(LAM_SHA256, name, strlen(name));
	char hex[LAM_DIGEST_TEXT];
	const char *folder = lam_digest_hex(&digest, hex);
	LAM_CLEANUP(lam_free_ptr)
	char *file = lam_xprintf("%s/contexts/meta/%s/meta.json", config, folder);
	LAM_CLEANUP(lam_free_ptr)
	char *certs = lam_xprintf("%s/contexts/tls/%s/docker", config, folder);
	json_auto_t *meta = json_load_file(file, 0, NULL);

	p->docker_host = lam_xcopy(json_string_value(json_object_get(
		json_object_get(json_object_get(meta, "Endpoints"), "docker"), "Host")));
	if (access(certs, F_OK) == 0)
		p->docker_certs = lam_xstrdup(certs);
}

/* The context that is named, or the current one. False: there is none but the default. */
static bool find_context(struct paths *p, const char *config)
{
	const char *context = getenv("DOCKER_CONTEXT");
	LAM_CLEANUP(lam_free_ptr) char *file = lam_xprintf("%s/config.json", config);
	json_auto_t *json = NULL;

	if (!context || !*context) {
		json = json_load_file(file, 0, NULL);
		context = json_string_value(json_object_get(json, "currentContext"));
	}
	if (!context || strcmp(context, "default") == 0)
		return false;
	take_context(p, config, context);
	return true;
}

/* The environment's host, or else the context's. */
static void set_docker(struct paths *p)
{
	const char *host = getenv("DOCKER_HOST"), *verify = getenv("DOCKER_TLS_VERIFY"),
		   *certs = getenv("DOCKER_CERT_PATH");
	LAM_CLEANUP(lam_free_ptr) char *config = below("DOCKER_CONFIG", ".docker", "");

	if (host && *host)
		p->docker_host = lam_xstrdup(host);
	else if (config && find_context(p, config))
		return;
	if (verify && *verify)
		p->docker_certs = lam_xcopy(certs && *certs ? certs : config);
}

/* $CONTAINER_HOST, or else a socket that is there. */
static char *podman_host(void)
{
	const char *host = getenv("CONTAINER_HOST"), *run = getenv("XDG_RUNTIME_DIR");
	char *places[] = {
		run && *run ? lam_xprintf("unix://%s/podman/podman.sock", run) : NULL,
		lam_xstrdup("unix:///run/podman/podman.sock"),
	};
	char *found = host && *host ? lam_xstrdup(host) : NULL;

	for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
		if (!found && places[i] && access(places[i] + 7, R_OK | W_OK) == 0)
			found = lam_xstrdup(places[i]);
		free(places[i]);
	}
	return found;
}

static void set_engines(struct call *call)
{
	struct paths *p = call->paths;

	set_docker(p);
	p->podman_host = podman_host();
	call->access.docker_host = p->docker_host;
	call->access.docker_certs = p->docker_certs;
	call->access.podman_host = p->podman_host;
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
	set_engines(call);
	p->blobs = user_folder("XDG_CACHE_HOME", ".cache", "/blobs");
	call->access.blobs = p->blobs;
	call->access.keeps_blobs = call->command->writes;
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
	free(p->docker_host);
	free(p->docker_certs);
	free(p->podman_host);
	free(p);
}
