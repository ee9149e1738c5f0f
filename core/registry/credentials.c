/* Which entry of which file is meant, and what it says. No text of these files gets into a
 * message: parsers tell what they stumble over. */
#include "registry/credentials.h"

#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "base/file.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/path.h"

#define MAX_FILE (4u << 20)
/* What Docker's own registry is called in these files; it is written in two pieces, as no
 * registry has a place in this code. */
#define HUB     "docker.io"
#define HUB_OLD "index." HUB
#define HUB_URL "https://" HUB_OLD "/v1/"

void lam_free_secret(char *secret)
{
	if (secret)
		explicit_bzero(secret, strlen(secret));
	free(secret);
}

void lam_credentials_fini(struct lam_credentials *c)
{
	lam_free_secret(c->password);
	lam_free_secret(c->identity);
	lam_free_secret(c->token);
	free(c->user);
	free(c->from);
	*c = (struct lam_credentials){ 0 };
}

/* Names */

/* "https://host/v1/" is host; Docker's own has several names. A new string. */
static char *normal_key(const char *key)
{
	const char *at = strstr(key, "://"), *rest = at ? at + 3 : key;
	size_t len = at ? strcspn(rest, "/") : strlen(rest);
	char *out;

	while (len && rest[len - 1] == '/')
		len--;
	out = lam_xmemdup(rest, len);
	if (strcmp(out, HUB_OLD) == 0 || strcmp(out, "registry-1"
						     "." HUB) == 0) {
		free(out);
		return lam_xstrdup(HUB);
	}
	return out;
}

/* The member whose key is this name. */
static json_t *find_member(json_t *object, const char *name, size_t len)
{
	const char *key;
	json_t *value;

	json_object_foreach(object, key, value)
	{
		char *normal = normal_key(key);
		bool same = strlen(normal) == len && strncmp(normal, name, len) == 0;

		free(normal);
		if (same)
			return value;
	}
	return NULL;
}

static size_t host_length(const char *name)
{
	return strcspn(name, "/");
}

/* Without its last component; 0 behind the host. */
static size_t shorter(const char *name, size_t len)
{
	if (len <= host_length(name))
		return 0;
	while (name[len - 1] != '/')
		len--;
	return len - 1;
}

/* Entries */

static const char *text_of(const json_t *entry, const char *key)
{
	const char *text = json_string_value(json_object_get(entry, key));

	return text && *text ? text : NULL;
}

static char *copy_of(const json_t *entry, const char *key)
{
	const char *text = text_of(entry, key);

	return lam_xcopy(text);
}

/* base64 of "user:password". */
static int read_auth(struct lam_credentials *out, const char *auth, const char *file,
		     struct lam_error *err)
{
	LAM_CLEANUP(lam_buf_fini) struct lam_buf plain = LAM_TEXT;
	const char *colon;

	if (!lam_base64_decode(&plain, auth, strlen(auth)) ||
	    !(colon = plain.len ? strchr(plain.data, ':') : NULL))
		return lam_fail(err, LAM_EREAD,
				"%s: an \"auth\" is not base64 of USER:PASSWORD: log in "
				"again",
				file);
	out->user = lam_xmemdup(plain.data, (size_t)(colon - plain.data));
	out->password = lam_xstrdup(colon + 1);
	explicit_bzero(plain.data, plain.len);
	return 0;
}

/* An entry may be there and say nothing: a helper has it then. */
static int read_entry(struct lam_credentials *out, const json_t *entry, const char *file,
		      struct lam_error *err)
{
	const char *auth = text_of(entry, "auth");

	if (auth && read_auth(out, auth, file, err) < 0)
		return err->code;
	if (!auth && text_of(entry, "username") && text_of(entry, "password")) {
		out->user = copy_of(entry, "username");
		out->password = copy_of(entry, "password");
	}
	out->identity = copy_of(entry, "identitytoken");
	out->token = copy_of(entry, "registrytoken");
	if (out->user || out->identity || out->token)
		out->from = lam_xstrdup(file);
	return 0;
}

/* Files */

struct file {
	const char *name, *shown;
	json_t *root;
	bool old; /* .dockercfg: entries alone */
};

static int ask_helper(struct lam_credentials *out, const struct file *f,
		      const char *helper, const char *name, size_t len,
		      const atomic_bool *stop, struct lam_error *err)
{
	LAM_CLEANUP(lam_free_ptr) char *part = lam_xmemdup(name, len);
	bool found;

	if (lam_helper_get(out, helper, strcmp(part, HUB) == 0 ? HUB_URL : part, &found,
			   stop, err) < 0)
		return err->code == LAM_ESTOPPED ? err->code
						 : lam_wrap(err, "%s", f->shown);
	return 0;
}

/* The entry of the longest part of the name, a helper before what is written down. */
static int look_in(struct lam_credentials *out, const struct file *f, const char *name,
		   const atomic_bool *stop, struct lam_error *err)
{
	json_t *auths = f->old ? f->root : json_object_get(f->root, "auths"),
	       *helpers = json_object_get(f->root, "credHelpers");
	const char *store = f->old ? NULL : text_of(f->root, "credsStore");

	for (size_t len = strlen(name); len && !out->from; len = shorter(name, len)) {
		json_t *entry = find_member(auths, name, len);
		const char *helper =
			f->old ? NULL
			       : json_string_value(find_member(helpers, name, len));

		if (helper && *helper &&
		    ask_helper(out, f, helper, name, len, stop, err) < 0)
			return err->code;
		if (!out->from && entry && read_entry(out, entry, f->shown, err) < 0)
			return err->code;
	}
	if (!out->from && store)
		return ask_helper(out, f, store, name, host_length(name), stop, err);
	return 0;
}

static int look_in_text(struct lam_credentials *out, const char *bytes, size_t len,
			struct file *f, const char *name, const atomic_bool *stop,
			struct lam_error *err)
{
	struct lam_error hidden;
	int code;

	f->root = lam_json_load(bytes, len, "credentials", NULL, &hidden);
	if (!f->root)
		return lam_fail(err, LAM_EREAD, "%s: is no JSON that can be read",
				f->shown);
	code = look_in(out, f, name, stop, err);
	json_decref(f->root);
	return code;
}

static int look_in_file(struct lam_credentials *out, const char *path, const char *name,
			const atomic_bool *stop, struct lam_error *err)
{
	LAM_CLEANUP(lam_buf_fini) struct lam_buf bytes = LAM_BUF(MAX_FILE);
	char shown[LAM_PATH_TEXT];
	size_t len = strlen(path), old = strlen(".dockercfg");
	struct file f = { .name = path,
			  .shown = lam_path_text(shown, path, len, false),
			  .old = len > old &&
				 strcmp(path + len - old, ".dockercfg") == 0 };
	int code;

	code = lam_file_read(&bytes, path, err);
	if (code == LAM_ENOTFOUND || (code == 0 && bytes.len == 0))
		return 0;
	if (code < 0)
		return code;
	code = look_in_text(out, bytes.data, bytes.len, &f, name, stop, err);
	explicit_bzero(bytes.data, bytes.len);
	return code;
}

int lam_credentials_find(struct lam_credentials *out, const struct lam_access *access,
			 const char *name, const atomic_bool *stop, struct lam_error *err)
{
	struct file text = { .shown = "$DOCKER_AUTH_CONFIG" };
	int code = 0;

	*out = (struct lam_credentials){ 0 };
	if (!access)
		return 0;
	if (access->auth_text && *access->auth_text)
		code = look_in_text(out, access->auth_text, strlen(access->auth_text),
				    &text, name, stop, err);
	for (size_t i = 0;
	     code == 0 && !out->from && access->auth_files && access->auth_files[i]; i++)
		code = look_in_file(out, access->auth_files[i], name, stop, err);
	if (code < 0)
		lam_credentials_fini(out);
	return code;
}
