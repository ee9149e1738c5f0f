/* References: which kind of store, where in the system, and which image there. */
#include "store/reference.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <lamina/reference.h>

#include "base/buf.h"
#include "base/memory.h"
#include "base/offers.h"
#include "base/path.h"
#include "base/spelling.h"
#include "base/text.h"
#include "store/kind.h"

static const struct lam_store *const STORES[] = { &lam_store_layout,
						  &lam_store_oci_archive,
						  &lam_store_docker_archive,
						  &lam_store_dir,
						  &lam_store_registry,
						  &lam_store_docker_daemon,
						  &lam_store_containers_storage,
						  NULL };

/* The kind that is named, or NULL. */
static const struct lam_store *store_of(const char *text)
{
	for (size_t i = 0; STORES[i]; i++) {
		if (lam_text_behind(text, STORES[i]->prefix))
			return STORES[i];
	}
	return NULL;
}

void lam_reference_fini(struct lam_reference *r)
{
	free(r->path);
	free(r->name);
	free(r->text);
	*r = (struct lam_reference){ 0 };
}

static bool exists(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0;
}

/* "oci:DIR[:TAG], oci-archive:FILE[:TAG], ..."; with a place instead of what stands
 * behind the colons where it is given. */
static char *list_kinds(const char *place, const char *last)
{
	LAM_CLEANUP(lam_buf_fini) struct lam_buf text = LAM_TEXT;

	for (size_t i = 0; STORES[i]; i++)
		lam_text_printf(&text, "%s%s%s",
				i == 0          ? ""
				: STORES[i + 1] ? ", "
						: last,
				STORES[i]->prefix, place ? place : STORES[i]->syntax);
	return lam_text_steal(&text);
}

char *lam_reference_kinds(void)
{
	return list_kinds(NULL, ", ");
}

char *lam_reference_kinds_of_blobs(void)
{
	struct lam_buf text = LAM_TEXT;

	for (size_t i = 0; STORES[i]; i++) {
		if (!STORES[i]->no_blobs)
			lam_text_printf(&text, "%s%s%s", text.len ? ", " : "",
					STORES[i]->prefix, STORES[i]->syntax);
	}
	return lam_text_steal(&text);
}

const struct lam_store *lam_reference_add_kinds(struct lam_offers *offers,
						const char *text)
{
	for (size_t i = 0; STORES[i]; i++) {
		if (lam_text_behind(STORES[i]->prefix, text) &&
		    strcmp(STORES[i]->prefix, text) != 0)
			lam_offers_add(offers, lam_xstrdup(STORES[i]->prefix));
	}
	return store_of(text);
}

/* An image of the kind, or of any. */
static bool is_image_at(const char *path, size_t len, const struct lam_store *store)
{
	LAM_CLEANUP(lam_free_ptr) char *text = lam_xmemdup(path, len);

	if (store)
		return store->is_at(text);
	for (size_t i = 0; STORES[i]; i++) {
		if (STORES[i]->is_at && STORES[i]->is_at(text))
			return true;
	}
	return false;
}

/* Where DIR:TAG is cut: nowhere if all of it exists as a path; behind the longest path
 * where there is an image, for its tags may have colons and slashes; else at the first
 * colon, as skopeo does. */
static const char *tag_colon(const char *rest, const struct lam_store *store)
{
	const char *found = NULL;

	if (exists(rest))
		return NULL;
	for (const char *c = strchr(rest, ':'); c; c = strchr(c + 1, ':')) {
		if (c > rest && is_image_at(rest, (size_t)(c - rest), store))
			found = c;
	}
	return found ? found : strchr(rest, ':');
}

/* The '@' of "PATH[:]@N" or "PATH[:]@sha256:..."; NULL: there is none. */
static const char *address_in(const char *rest)
{
	const char *at = strrchr(rest, '@');

	if (!at || at == rest || exists(rest))
		return NULL;
	if (lam_text_behind(at + 1, "sha256:") || lam_text_behind(at + 1, "sha512:"))
		return at;
	return at[1] && strspn(at + 1, "0123456789") == strlen(at + 1) ? at : NULL;
}

static void set_parts(struct lam_reference *out, const char *rest,
		      const struct lam_store *store)
{
	const char *at = address_in(rest), *colon = store && store->first_colon
							    ? strchr(rest, ':')
							    : tag_colon(rest, store);
	size_t len = at      ? (size_t)(at - rest)
		     : colon ? (size_t)(colon - rest)
			     : strlen(rest);

	if (at && len > 1 && rest[len - 1] == ':')
		len--;
	out->path = lam_xmemdup(rest, len);
	out->name = at ? lam_xstrdup(at) : colon ? lam_xstrdup(colon + 1) : NULL;
}

static int check_address(const struct lam_reference *r, const char *shown,
			 bool for_output, struct lam_error *err)
{
	if (!for_output || !r->name || r->name[0] != '@')
		return 0;
	return lam_fail(err, LAM_EUSAGE,
			"%s: an image gets its digest by being written: name a tag",
			shown);
}

/* "oic:app" as it was meant; NULL: what stands before the colon is like no kind. */
static char *mistyped(const char *text)
{
	size_t len = strcspn(text, ":");
	struct lam_spelling near;

	if (!text[len])
		return NULL;
	lam_spelling_init(&near, text, len);
	for (size_t i = 0; STORES[i]; i++)
		lam_spelling_try(&near, STORES[i]->prefix,
				 strcspn(STORES[i]->prefix, ":"));
	return near.best ? lam_xprintf("%.*s:%s%s", (int)near.best_len, near.best,
				       near.best[near.best_len + 1] ? "//" : "",
				       text + len + 1)
			 : NULL;
}

static int parse_bare(struct lam_reference *out, const char *text, bool for_output,
		      struct lam_error *err)
{
	LAM_CLEANUP(lam_free_ptr) char *kinds = NULL;
	LAM_CLEANUP(lam_free_ptr) char *meant = NULL;
	char shown[LAM_PATH_TEXT];
	struct stat st;
	bool there;

	lam_path_text(shown, text, strlen(text), false);
	set_parts(out, text, NULL);
	there = stat(out->path, &st) == 0;
	meant = there ? NULL : mistyped(text);
	if (meant)
		return lam_fail(err, for_output ? LAM_EUSAGE : LAM_ENOTFOUND,
				"%s: there is no such file or folder; did you mean %s?",
				shown, meant);
	kinds = list_kinds(for_output ? shown : NULL, " or ");
	if (!there && !for_output && lam_is_docker_name(text))
		return lam_fail(
			err, LAM_ENOTFOUND,
			"%s: there is no such file or folder; from a registry it is "
			"docker://%s; images are named as %s",
			shown, shown, kinds);
	if (!there && !for_output)
		return lam_fail(
			err, LAM_ENOTFOUND,
			"%s: there is no such file or folder; images are named as %s",
			shown, kinds);
	for (size_t i = 0; STORES[i] && !out->store; i++)
		out->store = STORES[i]->is_at && STORES[i]->is_at(out->path) ? STORES[i]
									     : NULL;
	if (there && S_ISDIR(st.st_mode))
		return out->store
			       ? check_address(out, shown, for_output, err)
			       : lam_fail(err, for_output ? LAM_EUSAGE : LAM_ENOTFOUND,
					  "%s: is a folder without oci-layout, so no OCI "
					  "layout",
					  shown);
	if (!for_output)
		return 0;
	return lam_fail(err, LAM_EUSAGE, "%s: say what it is to be: %s", shown, kinds);
}

static int parse(struct lam_reference *out, const char *text, bool for_output,
		 struct lam_error *err)
{
	char shown[LAM_PATH_TEXT];

	lam_path_text(shown, text, strlen(text), false);
	if (strcmp(text, "-") == 0) {
		out->store = &lam_store_oci_archive;
		return 0;
	}
	out->store = store_of(text);
	if (out->store) {
		const char *rest = text + strlen(out->store->prefix);

		if (out->store->parse)
			return out->store->parse(out, rest, for_output, err);
		set_parts(out, rest, out->store);
		if (!out->path[0])
			return lam_fail(err, LAM_EUSAGE, "%s: names no file or folder",
					shown);
		if (out->name && out->name[0] == '@')
			return check_address(out, shown, for_output, err);
		return out->store->check_name(out, for_output, err);
	}
	return parse_bare(out, text, for_output, err);
}

int lam_reference_parse(struct lam_reference *out, const char *text, bool for_output,
			struct lam_error *err)
{
	*out = (struct lam_reference){ .text = lam_xstrdup(text) };
	if (parse(out, text, for_output, err) == 0)
		return 0;
	lam_reference_fini(out);
	return err->code;
}

bool lam_reference_has_blob_files(const struct lam_reference *r)
{
	return r->store->blob_file != NULL;
}

char *lam_reference_folder(const struct lam_reference *r)
{
	char *folder, *slash;
	struct stat st;
	size_t len;

	if (!r->path || r->store->remote)
		return lam_xstrdup(r->access && r->access->temporary
					   ? r->access->temporary
					   : "/tmp");
	folder = lam_xstrdup(r->path);
	if (stat(r->path, &st) == 0 && S_ISDIR(st.st_mode))
		return folder;
	for (len = strlen(folder); len > 1 && folder[len - 1] == '/'; len--)
		folder[len - 1] = '\0';
	slash = strrchr(folder, '/');
	if (slash) {
		slash[slash == folder] = '\0';
		return folder;
	}
	free(folder);
	return lam_xstrdup(".");
}

int lam_reference_check_folder(const struct lam_reference *r, struct lam_error *err)
{
	LAM_CLEANUP(lam_free_ptr) char *folder = lam_reference_folder(r);
	struct stat st;
	bool there = stat(folder, &st) == 0;

	if (!there && errno == ENOENT)
		return lam_fail(err, LAM_EWRITE,
				"%s: there is no such folder: make it first", folder);
	if (there && !S_ISDIR(st.st_mode))
		return lam_fail(err, LAM_EWRITE, "%s: is no folder", folder);
	if (faccessat(AT_FDCWD, folder, W_OK | X_OK, AT_EACCESS) < 0)
		return lam_fail_errno(err, LAM_EWRITE, errno, "%s", folder);
	return 0;
}

/* Other places of the same image */

static bool is_same_path(const char *a, const char *b)
{
	LAM_CLEANUP(lam_free_ptr) char *one = realpath(a, NULL);
	LAM_CLEANUP(lam_free_ptr) char *two = realpath(b, NULL);

	return one && two ? strcmp(one, two) == 0 : strcmp(a, b) == 0;
}

bool lam_reference_is_of(const char *output, const char *reference, const char *name)
{
	LAM_CLEANUP(lam_reference_fini) struct lam_reference to = { 0 };
	LAM_CLEANUP(lam_reference_fini) struct lam_reference from = { 0 };
	struct lam_error err;

	if (lam_reference_parse(&to, output, true, &err) < 0 ||
	    lam_reference_parse(&from, reference, false, &err) < 0 || !to.path ||
	    !from.path || !is_same_path(to.path, from.path))
		return false;
	/* without a tag an image stands in the place of the only one that has none */
	return to.name && name ? strcmp(to.name, name) == 0 : to.name == name;
}

/* The tag, or the file, with "-layered" behind it; and the layout where no tag was given,
 * as that names its only image. */
char *lam_reference_beside(const char *text, const char *name)
{
	const struct lam_store *store = store_of(text);
	size_t len = strlen(text), tag = name ? strlen(name) : 0;

	if (strcmp(text, "-") == 0)
		return lam_xprintf("%simage-layered.tar", lam_store_oci_archive.prefix);
	if (store && store->remote && strchr(text, '@'))
		return lam_xprintf("%.*s:layered", (int)strcspn(text, "@"), text);
	if (tag && len > tag && strcmp(text + len - tag, name) == 0)
		return lam_xprintf("%s-layered", text);
	if (len > 4 && strcmp(text + len - 4, ".tar") == 0)
		return lam_xprintf("%.*s-layered.tar", (int)(len - 4), text);
	if (!store || store == &lam_store_layout) {
		while (len > 1 && text[len - 1] == '/')
			len--;
		return lam_xprintf("%s%.*s-layered%s%s",
				   store ? "" : lam_store_layout.prefix, (int)len, text,
				   name ? ":" : "", name ? name : "");
	}
	return lam_xprintf("%s:%s-layered", text, name ? name : "image");
}

char *lam_reference_stem(const char *text)
{
	const struct lam_store *store = store_of(text);
	const char *name = store ? text + strlen(store->prefix) : text,
		   *slash = strrchr(name, '/');
	size_t len;

	name = slash ? slash + 1 : name;
	len = strcspn(name, store && store->remote ? ":@" : ":");
	if (len > 4 && strncmp(name + len - 4, ".tar", 4) == 0)
		len -= 4;
	if (len == 0 || *name == '-' || *name == '.')
		return lam_xstrdup("image");
	return lam_xmemdup(name, len);
}
