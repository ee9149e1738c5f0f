/* Names of images: OCI's ref.name (annotations.md), and what docker loads. */
#include <regex.h>
#include <string.h>

#include "base/buf.h"
#include "base/memory.h"
#include "base/path.h"
#include "base/text.h"
#include "store/kind.h"

#define ALNUM "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

static bool is_tag(const char *text)
{
	size_t len = strlen(text);

	return len >= 1 && len <= 128 && text[0] != '.' && text[0] != '-' &&
	       strspn(text, ALNUM "_.-") == len;
}

/* Words of letters and digits with separators -._:@/+ between them. */
static bool is_ref_name(const char *text)
{
	size_t len = strlen(text);

	return len >= 1 && len <= 255 && text[0] != '/' &&
	       strspn(text, ALNUM "_.-:@/+") == len;
}

int lam_check_ref_name(const struct lam_reference *r, bool for_output,
		       struct lam_error *err)
{
	char text[LAM_PATH_TEXT];

	(void)for_output;
	if (!r->name || is_tag(r->name) || is_ref_name(r->name))
		return 0;
	return lam_fail(
		err, LAM_EUSAGE,
		"%s: what stands behind the path is no tag: letters, digits and ._- are",
		lam_path_text(text, r->text, strlen(r->text), false));
}

char *lam_docker_name(const char *name)
{
	static const char hub[] = "docker.io/", old[] = "index."
							"docker.io/";
	const char *slash = strchr(name, '/'), *last = strrchr(name, '/');
	size_t first = slash ? (size_t)(slash - name) : 0;
	bool host = slash && (memchr(name, '.', first) || memchr(name, ':', first) ||
			      lam_text_behind(name, "localhost/"));
	bool tagged = strchr(last ? last : name, ':') != NULL;

	if (lam_text_behind(name, hub))
		name = lam_text_behind(name, hub);
	else if (lam_text_behind(name, old))
		name = lam_text_behind(name, old);
	else if (host)
		return lam_xprintf("%s%s", name, tagged ? "" : ":latest");
	return lam_xprintf("%s%s%s%s", hub, strchr(name, '/') ? "" : "library/", name,
			   tagged ? "" : ":latest");
}

bool lam_is_same_name(const char *a, const char *b)
{
	LAM_CLEANUP(lam_free_ptr) char *one = lam_docker_name(a);
	LAM_CLEANUP(lam_free_ptr) char *two = lam_docker_name(b);

	return strcmp(one, two) == 0;
}

/* The grammar of github.com/distribution/reference, less digests. Where the first
 * component cannot be a host, it may still be one of the path. */
bool lam_is_docker_name(const char *name)
{
#define LABEL "[[:alnum:]]([[:alnum:]-]*[[:alnum:]])?"
#define PORT  ":[[:digit:]]+"
#define WORD  "[[:lower:][:digit:]]+((\\.|_|__|-+)[[:lower:][:digit:]]+)*"
	static const char grammar[] =
		"^((localhost|" LABEL "(\\." LABEL ")+)(" PORT ")?/|" LABEL PORT
		"/)?" WORD "(/" WORD ")*(:[[:alnum:]_][[:alnum:]_.-]{0,127})?$";
	regex_t regex;
	int code;

	if (regcomp(&regex, grammar, REG_EXTENDED | REG_NOSUB) != 0)
		lam_out_of_memory();
	code = is_ref_name(name) ? regexec(&regex, name, 0, NULL, 0) : REG_NOMATCH;
	regfree(&regex);
	return code == 0;
}

int lam_check_docker_name(const struct lam_reference *r, bool for_output,
			  struct lam_error *err)
{
	char shown[LAM_PATH_TEXT], name[LAM_PATH_TEXT];

	if (!for_output || !r->name)
		return lam_check_ref_name(r, for_output, err);
	if (lam_is_docker_name(r->name))
		return 0;
	return lam_fail(
		err, LAM_EUSAGE,
		"%s: \"%s\" is no name that docker loads; it is [HOST[:PORT]/]NAME[:TAG], such as "
		"example.com/team/my-app:1.0, NAME in small letters and digits",
		lam_path_text(shown, r->text, strlen(r->text), false),
		lam_path_text(name, r->name, strlen(r->name), false));
}
