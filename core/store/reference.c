#include "store/reference.h"

#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/path.h"

static const struct {
	const char *prefix;
	enum lam_transport transport;
} TRANSPORTS[] = {
	{ "oci:", LAM_OCI },
	{ "oci-archive:", LAM_OCI_ARCHIVE },
	{ "docker-archive:", LAM_DOCKER_ARCHIVE },
};

static const char *const LATER[] = { "docker-daemon:", "containers-storage:", "docker://",
				     "dir:", NULL };

void lam_reference_fini(struct lam_reference *r)
{
	free(r->path);
	free(r->name);
	free(r->text);
	*r = (struct lam_reference){ 0 };
}

static bool is_tag(const char *text)
{
	static const char word[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";
	size_t len = strlen(text);

	return len >= 1 && len <= 128 && strchr(word, text[0]) &&
	       strspn(text,
		      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-") ==
		       len;
}

/* OCI's ref.name grammar (annotations.md): words of letters and digits with separators
 * -._:@/+ between them. */
static bool is_ref_name(const char *text)
{
	size_t len = strlen(text);

	return len >= 1 && len <= 255 && text[0] != '/' &&
	       strspn(text,
		      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-:@/+") ==
		       len;
}

static bool exists(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0;
}

static int set_parts(struct lam_reference *out, const char *rest, const char *colon,
		     struct lam_error *err)
{
	out->path = colon ? strndup(rest, (size_t)(colon - rest)) : strdup(rest);
	out->name = colon ? strdup(colon + 1) : NULL;
	if (!out->path || (colon && !out->name))
		return lam_fail_memory(err);
	return 0;
}

static bool holds_image(const char *path, size_t len, enum lam_transport transport)
{
	char text[4096]; /* no path that can be opened is longer */
	struct stat st;

	if (len == 0 || len >= sizeof text)
		return false;
	len = (size_t)snprintf(text, sizeof text, "%.*s%s", (int)len, path,
			       transport == LAM_OCI ? "/oci-layout" : "");
	return len < sizeof text && stat(text, &st) == 0 && !S_ISDIR(st.st_mode);
}

/* Where DIR:TAG is cut: nowhere if all of it exists as a path; behind the longest path
 * where there is an image of one of two transports, for its tags may have colons and
 * slashes; else at the last colon that no slash follows. */
static const char *tag_colon(const char *rest, enum lam_transport a, enum lam_transport b)
{
	const char *last = NULL, *found = NULL;

	if (exists(rest))
		return NULL;
	for (const char *c = strchr(rest, ':'); c; c = strchr(c + 1, ':')) {
		size_t len = (size_t)(c - rest);

		if (holds_image(rest, len, a) || holds_image(rest, len, b))
			found = c;
		last = c;
	}
	if (found)
		return found;
	return last && !strchr(last, '/') ? last : NULL;
}

/* What docker and skopeo load: the grammar of github.com/distribution/reference, less
 * digests. Where the first component cannot be a host, it may still be one of the path.
 */
static int check_image_name(const struct lam_reference *r, struct lam_error *err)
{
#define LABEL "[[:alnum:]]([[:alnum:]-]*[[:alnum:]])?"
#define PORT  ":[[:digit:]]+"
#define WORD  "[[:lower:][:digit:]]+((\\.|_|__|-+)[[:lower:][:digit:]]+)*"
	static const char grammar[] =
		"^((localhost|" LABEL "(\\." LABEL ")+)(" PORT ")?/|" LABEL PORT
		"/)?" WORD "(/" WORD ")*(:[[:alnum:]_][[:alnum:]_.-]{0,127})?$";
	char shown[LAM_PATH_TEXT], name[LAM_PATH_TEXT];
	regex_t regex;
	int code;

	if (regcomp(&regex, grammar, REG_EXTENDED | REG_NOSUB) != 0)
		return lam_fail_memory(err);
	code = is_ref_name(r->name) ? regexec(&regex, r->name, 0, NULL, 0) : REG_NOMATCH;
	regfree(&regex);
	if (code == 0)
		return 0;
	if (code != REG_NOMATCH)
		return lam_fail_memory(err);
	return lam_fail(
		err, LAM_EUSAGE,
		"%s: \"%s\" is no name that docker loads; it is [HOST[:PORT]/]NAME[:TAG], such as "
		"example.com/team/my-app:1.0, NAME in small letters and digits",
		lam_path_text(shown, r->text, strlen(r->text), false),
		lam_path_text(name, r->name, strlen(r->name), false));
}

static int check_name(const struct lam_reference *r, bool for_output,
		      struct lam_error *err)
{
	char text[LAM_PATH_TEXT];

	if (!r->path[0])
		return lam_fail(err, LAM_EUSAGE, "%s: names no file or folder",
				lam_path_text(text, r->text, strlen(r->text), false));
	if (for_output && r->name && r->transport == LAM_DOCKER_ARCHIVE)
		return check_image_name(r, err);
	if (!r->name || is_tag(r->name) ||
	    ((r->transport != LAM_OCI || strpbrk(r->name, ":/")) && is_ref_name(r->name)))
		return 0;
	return lam_fail(
		err, LAM_EUSAGE,
		"%s: what stands behind the path is no tag: letters, digits and ._- are",
		lam_path_text(text, r->text, strlen(r->text), false));
}

static int parse_bare(struct lam_reference *out, const char *text, bool for_output,
		      struct lam_error *err)
{
	LAM_CLEANUP(lam_buf_fini) struct lam_buf layout = LAM_BUF(SIZE_MAX / 2);
	char shown[LAM_PATH_TEXT];
	struct stat st;

	lam_path_text(shown, text, strlen(text), false);
	if (set_parts(out, text, tag_colon(text, LAM_OCI, LAM_OCI_ARCHIVE), err) < 0)
		return err->code;
	if (stat(out->path, &st) < 0 && !for_output)
		return lam_fail(
			err, LAM_ENOTFOUND,
			"%s: there is no such file or folder; images are named as oci:DIR:TAG, "
			"oci-archive:FILE or docker-archive:FILE",
			shown);
	if (stat(out->path, &st) == 0 && S_ISDIR(st.st_mode)) {
		if (lam_buf_printf(&layout, err, "%s/oci-layout", out->path) < 0)
			return err->code;
		out->transport = LAM_OCI;
		if (exists(layout.data))
			return 0;
		return lam_fail(err, for_output ? LAM_EUSAGE : LAM_ENOTFOUND,
				"%s: is a folder without oci-layout, so no OCI layout",
				shown);
	}
	out->transport = LAM_OCI_ARCHIVE;
	if (!for_output)
		return 0;
	return lam_fail(
		err, LAM_EUSAGE,
		"%s: say what it is to be: oci:%s, oci-archive:%s or docker-archive:%s",
		shown, shown, shown, shown);
}

static int parse(struct lam_reference *out, const char *text, bool for_output,
		 struct lam_error *err)
{
	char shown[LAM_PATH_TEXT];

	if (strcmp(text, "-") == 0) {
		out->transport = LAM_STDIO;
		return 0;
	}
	for (size_t i = 0; i < sizeof TRANSPORTS / sizeof *TRANSPORTS; i++) {
		size_t len = strlen(TRANSPORTS[i].prefix);
		const char *rest = text + len;

		if (strncmp(text, TRANSPORTS[i].prefix, len) != 0)
			continue;
		out->transport = TRANSPORTS[i].transport;
		if (set_parts(out, rest,
			      out->transport == LAM_DOCKER_ARCHIVE
				      ? strchr(rest, ':')
				      : tag_colon(rest, out->transport, out->transport),
			      err) < 0)
			return err->code;
		return check_name(out, for_output, err);
	}
	for (const char *const *later = LATER; *later; later++) {
		if (strncmp(text, *later, strlen(*later)) == 0)
			return lam_fail(
				err, LAM_EUSAGE,
				"%s: not supported yet: use skopeo copy %s oci:DIR:TAG first",
				lam_path_text(shown, text, strlen(text), false), shown);
	}
	return parse_bare(out, text, for_output, err);
}

int lam_reference_parse(struct lam_reference *out, const char *text, bool for_output,
			struct lam_error *err)
{
	*out = (struct lam_reference){ 0 };
	out->text = strdup(text);
	if ((out->text ? parse(out, text, for_output, err) : lam_fail_memory(err)) < 0) {
		lam_reference_fini(out);
		return err->code;
	}
	return 0;
}
