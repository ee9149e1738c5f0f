/* The way to a token, and how long it is good for. */
#include "registry/auth.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "base/base64.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/stop.h"
#include "base/time.h"
#include "registry/challenge.h"
#include "registry/credentials.h"
#include "registry/patience.h"

#define MAX_ANSWER (1u << 20)
/* Where it does not say, by the specification; and a token is renewed so long before its
 * end. Seconds. */
#define USUAL 60
#define EARLY 5

struct token {
	struct token *next;
	char *scope, *value; /* "Bearer ..." */
	int64_t end;         /* of the monotonic clock */
};

struct lam_auth {
	struct lam_http *client;
	const struct lam_access *access;
	const char *name;
	pthread_mutex_t lock; /* of all that follows */
	bool looked;          /* for credentials */
	struct lam_credentials credentials;
	bool challenged;
	struct lam_challenge challenge;
	char *realm;  /* resolved */
	bool refused; /* a token with the scope that we asked for was, once */
	struct token *tokens;
};

struct lam_auth *lam_auth_new(struct lam_http *client, const struct lam_access *access,
			      const char *name)
{
	struct lam_auth *auth = lam_xcalloc(1, sizeof *auth);

	auth->client = client;
	auth->access = access;
	auth->name = name;
	pthread_mutex_init(&auth->lock, NULL);
	return auth;
}

static void free_tokens(struct lam_auth *auth)
{
	while (auth->tokens) {
		struct token *t = auth->tokens;

		auth->tokens = t->next;
		lam_free_secret(t->value);
		free(t->scope);
		free(t);
	}
}

void lam_auth_free(struct lam_auth *auth)
{
	if (!auth)
		return;
	free_tokens(auth);
	lam_credentials_fini(&auth->credentials);
	lam_challenge_fini(&auth->challenge);
	pthread_mutex_destroy(&auth->lock);
	free(auth->realm);
	free(auth);
}

static char *basic_of(const struct lam_credentials *c)
{
	LAM_CLEANUP(lam_buf_fini) struct lam_buf text = LAM_TEXT;
	char *both = lam_xprintf("%s:%s", c->user, c->password);

	lam_text_puts(&text, "Basic ");
	lam_base64_encode(&text, both, strlen(both));
	lam_free_secret(both);
	return lam_text_steal(&text);
}

/* Tokens */

static const char *next_scope(const char *at, size_t *len)
{
	at += strspn(at, " ");
	*len = strcspn(at, " ");
	return at;
}

static void add_pair(struct lam_buf *text, const char *name, const char *value)
{
	lam_text_printf(text, "%s%s=", text->len ? "&" : "", name);
	lam_http_escape(text, value);
}

/* The scopes, each with its own parameter, or all in one. */
static void add_scopes(struct lam_buf *text, const char *scopes)
{
	size_t len;

	for (const char *at = next_scope(scopes, &len); len;
	     at = next_scope(at + len, &len)) {
		char *scope = lam_xmemdup(at, len);

		add_pair(text, "scope", scope);
		free(scope);
	}
}

struct asking {
	struct lam_buf url, form;
	struct lam_http_bytes bytes;
	char *basic;
};

static void asking_fini(struct asking *a)
{
	if (a->form.len)
		explicit_bzero(a->form.data, a->form.len);
	lam_buf_fini(&a->form);
	lam_buf_fini(&a->url);
	lam_free_secret(a->basic);
}

/* A refresh token goes in a form, a password in its header. */
static struct lam_http_request request_of(struct asking *a, const struct lam_auth *auth,
					  const char *scopes, const atomic_bool *stop)
{
	static const char *const headers[] = {
		"Content-Type: application/x-www-form-urlencoded", NULL
	};
	const struct lam_credentials *c = &auth->credentials;
	LAM_CLEANUP(lam_buf_fini) struct lam_buf query = LAM_TEXT;
	struct lam_http_request request = { .stop = stop, .stay = c->identity != NULL };

	lam_text_puts(&a->url, auth->realm);
	if (c->identity) {
		add_pair(&a->form, "grant_type", "refresh_token");
		add_pair(&a->form, "refresh_token", c->identity);
		add_pair(&a->form, "client_id", "lamina");
		add_pair(&a->form, "service",
			 auth->challenge.service ? auth->challenge.service : "");
		add_pair(&a->form, "scope", scopes);
		a->bytes = (struct lam_http_bytes){ .bytes = a->form.data,
						    .len = a->form.len };
		request.method = "POST";
		request.headers = headers;
		request.send = lam_http_send_bytes;
		request.context = &a->bytes;
		request.send_len = (int64_t)a->form.len;
	} else {
		if (auth->challenge.service)
			add_pair(&query, "service", auth->challenge.service);
		add_scopes(&query, scopes);
		if (c->user)
			add_pair(&query, "account", c->user);
		lam_text_printf(&a->url, "%s%s", strchr(auth->realm, '?') ? "&" : "?",
				query.data ? query.data : "");
		a->basic = c->user ? basic_of(c) : NULL;
		request.authorization = a->basic;
	}
	request.url = a->url.data;
	return request;
}

/* Whether a header can hold it: another line of it would be another header. */
static bool is_token(const char *text)
{
	if (!text || !*text)
		return false;
	while (*text > ' ' && *text < 0x7f)
		text++;
	return !*text;
}

static int read_token(struct token *out, struct lam_auth *auth,
		      struct lam_http_answer *answer, struct lam_error *err)
{
	LAM_CLEANUP(lam_buf_fini) struct lam_buf bytes = LAM_BUF(MAX_ANSWER);
	LAM_CLEANUP(lam_free_ptr) char *shown = NULL;
	struct lam_error hidden;
	const char *token, *next;
	json_t *root, *seconds;
	time_t good = USUAL;

	if (lam_http_read(answer, &bytes, err) < 0)
		return err->code;
	root = lam_json_load(bytes.data ? bytes.data : "", bytes.len, "token", NULL,
			     &hidden);
	if (bytes.len)
		explicit_bzero(bytes.data, bytes.len);
	token = json_string_value(json_object_get(root, "token"));
	if (!token || !*token)
		token = json_string_value(json_object_get(root, "access_token"));
	seconds = json_object_get(root, "expires_in");
	if (json_is_integer(seconds) && json_integer_value(seconds) > 0)
		good = (time_t)json_integer_value(seconds);
	next = json_string_value(json_object_get(root, "refresh_token"));
	if (auth->credentials.identity && next && *next) {
		lam_free_secret(auth->credentials.identity);
		auth->credentials.identity = lam_xstrdup(next);
	}
	if (is_token(token)) {
		out->value = lam_xprintf("Bearer %s", token);
		out->end = lam_now_ms() / 1000 + (good > 2 * EARLY ? good - EARLY : good);
	}
	json_decref(root);
	if (out->value)
		return 0;
	shown = lam_http_shown(auth->realm);
	return lam_fail(err, LAM_EREAD, "%s: gives no token", shown);
}

static int fail_token(const struct lam_auth *auth, const struct lam_http_answer *answer,
		      struct lam_error *err)
{
	LAM_CLEANUP(lam_free_ptr) char *shown = lam_http_shown(auth->realm);
	unsigned status = lam_http_status(answer);

	if (status != 401 && status != 403)
		return lam_fail(err, LAM_EREAD, "%s: asking for a token: status %u",
				shown, status);
	return auth->credentials.from
		       ? lam_fail(err, LAM_EREAD,
				  "%s: refuses the login from %s: log in again", shown,
				  auth->credentials.from)
		       : lam_fail(err, LAM_EREAD,
				  "%s: refuses a token to who is not logged in: log in "
				  "with skopeo login or docker login",
				  shown);
}

static int ask(struct token *out, struct lam_auth *auth, const char *scopes,
	       const atomic_bool *stop, struct lam_error *err)
{
	LAM_CLEANUP(asking_fini)
	struct asking a = { .url = LAM_TEXT, .form = LAM_TEXT };
	struct lam_http_request request = request_of(&a, auth, scopes, stop);
	struct lam_patience patience = { 0 };
	struct lam_http_answer *answer;
	int code = lam_http_send(&answer, auth->client, &request, err);

	while (lam_patience_again(&patience, answer, &code, stop, err)) {
		lam_http_close(answer);
		code = lam_http_send(&answer, auth->client, &request, err);
	}
	if (code == 0)
		code = lam_http_status(answer) == 200 ? read_token(out, auth, answer, err)
						      : fail_token(auth, answer, err);
	lam_http_close(answer);
	return code;
}

/* What the registry itself asked for is asked for too once ours alone was not enough. */
static char *scopes_of(const struct lam_auth *auth, const char *scope)
{
	const char *said = auth->challenge.scope;

	return auth->refused && said && !strstr(scope, said)
		       ? lam_xprintf("%s %s", scope, said)
		       : lam_xstrdup(scope);
}

static int token_for(struct lam_auth *auth, const char *scope, const struct token **out,
		     const atomic_bool *stop, struct lam_error *err)
{
	LAM_CLEANUP(lam_free_ptr) char *scopes = NULL;
	struct token *t = auth->tokens;

	while (t && strcmp(t->scope, scope) != 0)
		t = t->next;
	if (!t) {
		t = lam_xcalloc(1, sizeof *t);
		t->scope = lam_xstrdup(scope);
		t->next = auth->tokens;
		auth->tokens = t;
	}
	*out = t;
	if (t->value && lam_now_ms() / 1000 < t->end)
		return 0;
	lam_free_secret(t->value);
	t->value = NULL;
	scopes = scopes_of(auth, scope);
	return ask(t, auth, scopes, stop, err);
}

static int value_of(struct lam_auth *auth, const char *scope, char **out,
		    const atomic_bool *stop, struct lam_error *err)
{
	const struct lam_credentials *c = &auth->credentials;
	const struct token *token;

	if (!auth->challenged)
		return 0;
	if (auth->challenge.bearer && c->token) {
		*out = lam_xprintf("Bearer %s", c->token);
	} else if (auth->challenge.bearer) {
		if (token_for(auth, scope, &token, stop, err) < 0)
			return err->code;
		*out = lam_xstrdup(token->value);
	} else if (auth->challenge.basic && c->user) {
		*out = basic_of(c);
	}
	return 0;
}

int lam_auth_value(struct lam_auth *auth, const char *scope, char **out,
		   const atomic_bool *stop, struct lam_error *err)
{
	int code;

	*out = NULL;
	pthread_mutex_lock(&auth->lock);
	code = value_of(auth, scope, out, stop, err);
	pthread_mutex_unlock(&auth->lock);
	return code;
}

/* Challenges */

static bool is_loopback(const char *url)
{
	static const char *const hosts[] = { "localhost", "127.", "[::1]", "0.0.0.0" };
	const char *at = strstr(url, "://");

	for (size_t i = 0; at && i < sizeof hosts / sizeof *hosts; i++) {
		if (strncasecmp(at + 3, hosts[i], strlen(hosts[i])) == 0)
			return true;
	}
	return false;
}

/* Where tokens are to be asked for is the registry's word: the login goes there. */
static int set_realm(struct lam_auth *auth, const char *url, struct lam_error *err)
{
	LAM_CLEANUP(lam_free_ptr) char *shown = lam_http_shown(url);

	free(auth->realm);
	auth->realm =
		lam_http_resolve(url, auth->challenge.realm ? auth->challenge.realm : "");
	if (!auth->challenge.realm || !auth->realm)
		return lam_fail(
			err, LAM_EREAD,
			"%s: asks for a token, and does not say where it is given",
			shown);
	if (strncasecmp(url, "https:", 6) == 0 &&
	    strncasecmp(auth->realm, "https:", 6) != 0)
		return lam_fail(
			err, LAM_EREAD,
			"%s: asks for a token that is given without TLS: no login "
			"is sent there",
			shown);
	if (is_loopback(auth->realm) && !is_loopback(url))
		return lam_fail(err, LAM_EREAD,
				"%s: asks for a token of this machine's own: no login is "
				"sent there",
				shown);
	return 0;
}

static int look_for_credentials(struct lam_auth *auth, const atomic_bool *stop,
				struct lam_error *err)
{
	if (auth->looked)
		return 0;
	if (lam_credentials_find(&auth->credentials, auth->access, auth->name, stop,
				 err) < 0)
		return err->code;
	auth->looked = true;
	return 0;
}

/* The token that was refused, if it is still the one: another thread may have renewed it. */
static bool forget(struct lam_auth *auth, const char *value)
{
	for (struct token *t = auth->tokens; t; t = t->next) {
		if (t->value && strcmp(t->value, value) == 0) {
			t->end = 0;
			return true;
		}
	}
	return false;
}

static int fail_refused(const struct lam_auth *auth, const char *url,
			struct lam_error *err)
{
	LAM_CLEANUP(lam_free_ptr) char *shown = lam_http_shown(url);

	if (auth->credentials.from)
		return lam_fail(err, LAM_EREAD,
				"%s: refuses the login from %s: log in again", shown,
				auth->credentials.from);
	return lam_fail(err, LAM_EREAD,
			"%s: wants a login: log in with skopeo login or docker login",
			shown);
}

static int learn(struct lam_auth *auth, const struct lam_http_answer *answer,
		 const char *value, const atomic_bool *stop, struct lam_error *err)
{
	struct lam_challenge c;

	lam_challenge_read(&c, answer);
	if (c.basic || c.bearer) {
		lam_challenge_fini(&auth->challenge);
		auth->challenge = c;
	}
	auth->challenged = true;
	if (look_for_credentials(auth, stop, err) < 0 ||
	    (auth->challenge.bearer && !auth->credentials.token &&
	     set_realm(auth, lam_http_url(answer), err) < 0))
		return err->code;
	if (value && auth->challenge.bearer && !auth->credentials.token) {
		auth->refused = forget(auth, value) || auth->refused;
		return 0;
	}
	if (!value &&
	    (auth->challenge.bearer || (auth->challenge.basic && auth->credentials.user)))
		return 0;
	return fail_refused(auth, lam_http_url(answer), err);
}

int lam_auth_refused(struct lam_auth *auth, const struct lam_http_answer *answer,
		     const char *value, const atomic_bool *stop, struct lam_error *err)
{
	int code;

	pthread_mutex_lock(&auth->lock);
	code = learn(auth, answer, value, stop, err);
	pthread_mutex_unlock(&auth->lock);
	return code;
}

/* What is told */

static bool holds(const char *text, const char *secret)
{
	return secret && strlen(secret) > 2 && strstr(text, secret) != NULL;
}

bool lam_auth_is_in(struct lam_auth *auth, const char *text)
{
	const struct lam_credentials *c = &auth->credentials;
	LAM_CLEANUP(lam_free_ptr) char *basic = NULL;
	bool found;

	pthread_mutex_lock(&auth->lock);
	basic = c->user && c->password ? basic_of(c) : NULL;
	found = holds(text, c->password) || holds(text, c->identity) ||
		holds(text, c->token) || (basic && holds(text, basic + 6));
	for (const struct token *t = auth->tokens; t; t = t->next)
		found = found || (t->value && holds(text, t->value + 7));
	pthread_mutex_unlock(&auth->lock);
	return found;
}

const char *lam_auth_from(const struct lam_auth *auth)
{
	return auth->credentials.from;
}
