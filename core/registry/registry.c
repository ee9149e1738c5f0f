/* Requests to a registry: where it is, what it wants to see, and what it says that went
 * wrong. */
#include "registry/registry.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/memory.h"
#include "base/path.h"
#include "registry/auth.h"
#include "registry/credentials.h"
#include "registry/impl.h"
#include "registry/patience.h"

#define MAX_ERROR (64u << 10)
#define HURRY     5 /* seconds */
#define REFUSALS  3 /* tokens that are asked for anew, for one request */
/* In two pieces, as no registry has a place in this code. */
#define HUB "docker.io"
#define HUB_HOST     \
	"registry-1" \
	"." HUB

/* Certificates */

static bool ends_in(const char *name, const char *end)
{
	size_t len = strlen(name), tail = strlen(end);

	return len > tail && strcmp(name + len - tail, end) == 0;
}

struct certificates {
	struct lam_buf ca;
	char *certificate, *key;
};

static void certificates_fini(struct certificates *c)
{
	lam_buf_fini(&c->ca);
	free(c->certificate);
	free(c->key);
}

static int add_certificate(struct certificates *c, const char *folder, const char *name,
			   struct lam_error *err)
{
	LAM_CLEANUP(lam_free_ptr) char *path = lam_xprintf("%s/%s", folder, name);

	if (ends_in(name, ".crt"))
		return lam_file_read(&c->ca, path, err) < 0
			       ? err->code
			       : lam_buf_append_char(&c->ca, '\n', err);
	if (ends_in(name, ".cert") && !c->certificate) {
		c->certificate = lam_xstrdup(path);
		c->key = lam_xprintf("%.*s.key", (int)(strlen(path) - 5), path);
	}
	return 0;
}

/* containers-certs.d(5). A folder that is not there is none. */
static int add_folder(struct certificates *c, const char *folder, struct lam_error *err)
{
	DIR *dir = opendir(folder);
	struct dirent *entry;
	int code = 0;

	while (dir && code == 0 && (entry = readdir(dir)) != NULL)
		code = add_certificate(c, folder, entry->d_name, err);
	if (dir)
		closedir(dir);
	return code;
}

static int find_certificates(struct certificates *c, const struct lam_access *access,
			     const char *host, struct lam_error *err)
{
	struct stat st;

	if (access->cert_dir && stat(access->cert_dir, &st) < 0)
		return lam_fail(err, LAM_EREAD, "%s: there is no such folder",
				access->cert_dir);
	if (access->cert_dir)
		return add_folder(c, access->cert_dir, err);
	for (size_t i = 0; access->cert_dirs && access->cert_dirs[i]; i++) {
		LAM_CLEANUP(lam_free_ptr)
		char *folder = lam_xprintf("%s/%s", access->cert_dirs[i], host);

		if (add_folder(c, folder, err) < 0)
			return err->code;
	}
	return 0;
}

/* A registry */

static int open_client(struct lam_registry *r, struct lam_error *err)
{
	LAM_CLEANUP(certificates_fini)
	struct certificates c = { .ca = LAM_BUF(LAM_MAX_CERTIFICATES) };

	if (r->access && find_certificates(&c, r->access, r->host, err) < 0)
		return err->code;
	return lam_http_new(
		&r->client,
		&(struct lam_http_options){ .insecure = r->access && r->access->insecure,
					    .ca = c.ca.len ? c.ca.data : NULL,
					    .client_certificate = c.certificate,
					    .client_key = c.key },
		err);
}

int lam_registry_new(struct lam_registry **out, const char *name, bool push,
		     const struct lam_access *access, struct lam_error *err)
{
	struct lam_registry *r = lam_xcalloc(1, sizeof *r);
	const char *slash = strchr(name, '/');

	*out = NULL;
	r->name = lam_xstrdup(name);
	r->path = r->name + (slash - name) + 1;
	r->host = lam_xmemdup(name, (size_t)(slash - name));
	r->push = push;
	r->access = access;
	if (open_client(r, err) < 0) {
		lam_registry_free(r);
		return err->code;
	}
	r->auth = lam_auth_new(r->client, access, r->name);
	*out = r;
	return 0;
}

void lam_registry_free(struct lam_registry *r)
{
	if (!r)
		return;
	lam_auth_free(r->auth);
	lam_http_free(r->client);
	free(r->name);
	free(r->host);
	free(r);
}

void lam_registry_hurry(struct lam_registry *r)
{
	r->hurried = true;
}

const char *lam_registry_path(const struct lam_registry *r)
{
	return r->path;
}

bool lam_registry_same_host(const struct lam_registry *a, const struct lam_registry *b)
{
	return strcmp(a->host, b->host) == 0;
}

/* Requests */

/* Of a path behind "/v2/PATH/"; a new string. */
static char *url_of(const struct lam_registry *r, const char *path)
{
	return lam_xprintf("%s://%s/v2/%s/%s", atomic_load(&r->plain) ? "http" : "https",
			   strcmp(r->host, HUB) == 0 ? HUB_HOST : r->host, r->path, path);
}

static char *scope_of(const struct lam_registry *r, const struct lam_registry_request *q)
{
	char *own = lam_xprintf("repository:%s:%s", r->path,
				r->push ? "pull,push" : "pull"),
	     *both;

	if (!q->from || strcmp(q->from, r->path) == 0)
		return own;
	both = lam_xprintf("%s repository:%s:pull", own, q->from);
	free(own);
	return both;
}

/* Once. The login goes to the registry's own place alone, wherever it sends us. */
static int try_once(struct lam_http_answer **out, struct lam_registry *r,
		    const struct lam_registry_request *q, const char *url,
		    const char *value, struct lam_error *err)
{
	LAM_CLEANUP(lam_free_ptr) char *home = url_of(r, "");
	const struct lam_http_request request = {
		.method = q->method,
		.url = url,
		.headers = q->headers,
		.authorization = lam_http_same_place(home, url) ? value : NULL,
		.send = q->send,
		.context = q->context,
		.send_len = q->send_len,
		.seconds = r->hurried ? HURRY : q->seconds,
		.stop = q->stop,
	};

	return lam_http_send(out, r->client, &request, err);
}

/* What --tls-verify=false allows where a host speaks no TLS; found out once. */
static bool try_plain(struct lam_registry *r, const struct lam_registry_request *q,
		      const struct lam_http_answer *answer, int code)
{
	if (code == 0) {
		atomic_store(&r->reached, true);
		return false;
	}
	if (q->url || !r->access || !r->access->insecure || atomic_load(&r->reached) ||
	    atomic_load(&r->plain) || !lam_http_is_transient(answer))
		return false;
	atomic_store(&r->plain, true);
	return true;
}

/* Whether to try again with what the registry wants to see; *code says what came of it. */
static bool give_login(struct lam_registry *r, const struct lam_registry_request *q,
		       const struct lam_http_answer *answer, const char *value,
		       unsigned *refusals, int *code, struct lam_error *err)
{
	LAM_CLEANUP(lam_free_ptr) char *home = url_of(r, "");

	if (*code < 0 || lam_http_status(answer) != 401 ||
	    !lam_http_same_place(home, lam_http_url(answer)))
		return false;
	if (++*refusals > REFUSALS)
		return false;
	*code = lam_auth_refused(r->auth, answer, value, q->stop, err);
	return *code == 0;
}

/* What helps where TLS fails, or is not spoken. */
static void add_hint(const struct lam_registry *r, struct lam_error *err)
{
	size_t len = strlen(err->text);

	if (r->access && r->access->insecure)
		return;
	if (strstr(err->text, "certificate"))
		snprintf(err->text + len, sizeof err->text - len,
			 "; --cert-dir names a folder with the certificate of its "
			 "authority");
	else if (strstr(err->text, "SSL"))
		snprintf(err->text + len, sizeof err->text - len,
			 "; --tls-verify=false is for registries without TLS");
}

int lam_registry_send(struct lam_http_answer **out, struct lam_registry *r,
		      const struct lam_registry_request *q, struct lam_error *err)
{
	LAM_CLEANUP(lam_free_ptr) char *scope = scope_of(r, q);
	struct lam_patience patience = { 0 };
	unsigned refusals = 0;
	bool again = true;
	int code = 0;

	*out = NULL;
	while (again) {
		LAM_CLEANUP(lam_free_ptr)
		char *url = q->url ? lam_xstrdup(q->url) : url_of(r, q->path);
		char *value;

		lam_http_close(*out);
		*out = NULL;
		if (lam_auth_value(r->auth, scope, &value, q->stop, err) < 0)
			return err->code;
		code = try_once(out, r, q, url, value, err);
		again = try_plain(r, q, *out, code) ||
			give_login(r, q, *out, value, &refusals, &code, err) ||
			(!q->once && !r->hurried &&
			 (code == 0 || atomic_load(&r->reached)) &&
			 lam_patience_again(&patience, *out, &code, q->stop, err));
		lam_free_secret(value);
	}
	if (code == LAM_EREAD && !atomic_load(&r->reached))
		add_hint(r, err);
	return code;
}

/* What went wrong */

/* The first error of the document that registries answer with, as one line, if it has no
 * secret in it. */
static void read_error(struct lam_registry *r, struct lam_http_answer *answer,
		       struct lam_buf *text)
{
	LAM_CLEANUP(lam_buf_fini) struct lam_buf bytes = LAM_BUF(MAX_ERROR);
	const char *code, *message;
	char shown[LAM_PATH_TEXT];
	struct lam_error hidden;
	json_t *root, *first;

	if (lam_http_read(answer, &bytes, &hidden) < 0 || bytes.len == 0)
		return;
	root = lam_json_load(bytes.data, bytes.len, "error", NULL, &hidden);
	first = json_array_get(json_object_get(root, "errors"), 0);
	code = json_string_value(json_object_get(first, "code"));
	message = json_string_value(json_object_get(first, "message"));
	if (code && !lam_auth_is_in(r->auth, code))
		lam_text_printf(text, ": %s",
				lam_path_text(shown, code, strlen(code), false));
	if (message && *message && !lam_auth_is_in(r->auth, message))
		lam_text_printf(text, ": %s",
				lam_path_text(shown, message, strlen(message), false));
	json_decref(root);
}

/* What to do about it; "": that is not known. */
static const char *advice_for(unsigned status, enum lam_code code)
{
	if (status == 405 && code == LAM_EWRITE)
		return ": it takes nothing, as it is read-only or a cache of another: "
		       "write to that one, or ask who runs it";
	if (status == 413)
		return ": that is larger than it takes: ask who runs it for a higher "
		       "limit, or make smaller layers with --split";
	if (status == 429)
		return ": too many requests: log in, or try again later";
	if (status >= 500)
		return code == LAM_EWRITE ? ": it is full or out of order: ask who runs "
					    "it, or try again later"
					  : ": it is out of order: try again later";
	return "";
}

int lam_registry_fail(struct lam_registry *r, struct lam_http_answer *answer,
		      enum lam_code code, const char *what, struct lam_error *err)
{
	LAM_CLEANUP(lam_buf_fini) struct lam_buf text = LAM_TEXT;
	unsigned status = lam_http_status(answer);
	const char *from = lam_auth_from(r->auth);

	read_error(r, answer, &text);
	if (status == 401 || status == 403)
		return lam_fail(
			err, LAM_EREAD, "%s: %s: not allowed to %s%s (status %u%s)",
			r->name, what, from ? "the login from " : "who is not logged in",
			from ? from : ": log in with skopeo login or docker login",
			status, text.data ? text.data : "");
	return lam_fail(err, code, "%s: %s%s (status %u)%s", r->name, what,
			text.data ? text.data : "", status, advice_for(status, code));
}
