#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "cli/cmd.h"
#include "ui/text.h"

const char *const KIND_NAMES[] = { "file", "symlink", "char", "block", "dir", "fifo" };
const char *const CHANGE_NAMES[] = { "added", "changed", "metadata", "same", "deleted" };
const char *const FATE_NAMES[] = { "kept", "rewritten", "new", "empty" };

char *user_folder(const char *name, const char *usual, const char *tail)
{
	const char *base = getenv(name), *home = getenv("HOME");

	if (base && base[0] == '/')
		return text_format("%s/lamina%s", base, tail);
	return home && home[0] == '/' ? text_format("%s/%s/lamina%s", home, usual, tail)
				      : NULL;
}

struct lam_image *open_image(struct call *call, const char *reference, const char *spool,
			     int *out_exit)
{
	const char *temporary = getenv("TMPDIR");
	char *cache = call->read_all ? NULL : user_folder("XDG_CACHE_HOME", ".cache", "");
	struct lam_open_options options = {
		.platform = call_value(call, "platform"),
		.threads = call->threads,
		.spool = spool,
		.temporary = temporary && *temporary ? temporary : "/tmp",
		.progress = &call->progress,
		.cache = cache,
	};
	struct lam_image *image;
	int code = lam_image_open(&image, reference, &options, &call->err);

	free(cache);
	if (code < 0) {
		*out_exit = fail(call);
		return NULL;
	}
	progress_clear();
	return image;
}

/* To the end; NULL with errno. */
static char *read_all(int fd, size_t *out_len)
{
	size_t cap = 1 << 16, len = 0;
	char *text = malloc(cap);
	ssize_t got = 1;

	if (!text)
		return NULL;
	while (got != 0) {
		if (len + 1 == cap) {
			char *more = cap < (128u << 20) ? realloc(text, cap * 2) : NULL;

			if (!more) {
				errno = cap < (128u << 20) ? ENOMEM : EFBIG;
				break;
			}
			text = more;
			cap *= 2;
		}
		got = read(fd, text + len, cap - len - 1);
		if (got < 0 && errno != EINTR)
			break;
		len += got > 0 ? (size_t)got : 0;
	}
	if (got != 0) {
		free(text);
		return NULL;
	}
	text[len] = '\0';
	*out_len = len;
	return text;
}

int read_input(struct call *call, const char *file, char **out, size_t *out_len)
{
	bool standard = strcmp(file, "-") == 0;
	int fd = standard ? STDIN_FILENO : open(file, O_RDONLY | O_CLOEXEC);
	int why;

	*out = fd < 0 ? NULL : read_all(fd, out_len);
	why = errno;
	if (fd >= 0 && !standard)
		close(fd);
	return *out ? 0 : lam_file_fail(&call->err, LAM_EPLAN, why, file);
}

static void tell_errors(const struct call *call, const struct lam_plan_errors *errors)
{
	progress_clear();
	for (size_t i = 0; i < errors->count; i++)
		fprintf(stderr, "%slamina:%s %s\n", call->color_err ? "\033[31m" : "",
			call->color_err ? "\033[0m" : "", errors->lines[i]);
}

struct lam_plan *read_plan(struct call *call, const char *file, int *out_exit)
{
	struct lam_plan_errors errors = { 0 };
	const char *name = strcmp(file, "-") == 0 ? "standard input" : file;
	struct lam_plan *plan = NULL;
	size_t len;
	char *text, *shown;

	if (read_input(call, file, &text, &len) < 0) {
		*out_exit = fail_as(call, EXIT_PLAN);
		return NULL;
	}
	shown = lam_path_escape(name, strlen(name));
	if (lam_plan_parse(&plan, text, len, shown ? shown : "plan", &errors,
			   &call->err) < 0) {
		if (errors.count)
			tell_errors(call, &errors);
		else
			fail(call);
		*out_exit = EXIT_PLAN;
	}
	lam_plan_errors_fini(&errors);
	free(shown);
	free(text);
	return plan;
}

struct lam_layout *make_layout(struct call *call, const struct lam_image *image,
			       const struct lam_plan *plan, int *out_exit)
{
	struct lam_plan_errors errors = { 0 };
	struct lam_layout *layout = NULL;

	if (lam_layout_new(&layout, image, plan, &errors, &call->err) < 0) {
		if (errors.count) {
			tell_errors(call, &errors);
			*out_exit = EXIT_PLAN;
		} else {
			*out_exit = fail(call);
		}
	}
	lam_plan_errors_fini(&errors);
	return layout;
}

/* A path from the command line is in the text form, as listings print it. */
uint32_t find_path(struct call *call, const struct lam_image *image, const char *path,
		   bool dead_too)
{
	const struct lam_tree *tree = lam_image_tree(image);
	uint32_t node = LAM_NODE_NONE, real;
	char *bytes, *shown, *leads = NULL;
	size_t len;

	if (lam_path_unescape(&bytes, &len, path, &call->err) < 0) {
		call->err.code = LAM_EUSAGE;
		fail(call);
		return LAM_NODE_NONE;
	}
	node = lam_tree_find(tree, bytes, len);
	if (node != LAM_NODE_NONE && (dead_too || lam_tree_node(tree, node)->live)) {
		free(bytes);
		return node;
	}
	if (lam_tree_resolve_path(tree, bytes, len, &real) == LAM_RESOLVED)
		leads = lam_tree_path_text(tree, real);
	free(bytes);
	shown = lam_path_escape(path, strlen(path));
	(void)lam_fail(&call->err, LAM_ENOTFOUND, "%s: %s%s%s", shown ? shown : "?",
		       node == LAM_NODE_NONE
			       ? "no such path in the image"
			       : "was deleted; 'lamina log' tells by which layer",
		       leads ? "; through symlinks it is " : "", leads ? leads : "");
	free(shown);
	free(leads);
	fail(call);
	return LAM_NODE_NONE;
}

const char *resolution_name(const struct lam_tree *tree, uint32_t node)
{
	uint32_t target;

	switch (lam_tree_resolve(tree, node, &target)) {
	case LAM_DANGLING: return "dangling";
	case LAM_LOOP: return "loop";
	case LAM_ABOVE_ROOT: return "above root";
	case LAM_RESOLVED: break;
	}
	return NULL;
}

int get_created(const struct call *call, char out[CREATED_MAX])
{
	const char *text = getenv("SOURCE_DATE_EPOCH");
	struct tm tm;
	time_t when;
	char *end;

	out[0] = '\0';
	if (!text || !*text)
		return 0;
	when = (time_t)strtoll(text, &end, 10);
	if (*end || strspn(text, "0123456789") != strlen(text) || strlen(text) > 12 ||
	    !gmtime_r(&when, &tm))
		return usage_error(call->command->name,
				   "SOURCE_DATE_EPOCH is a number of seconds");
	strftime(out, CREATED_MAX, "%Y-%m-%dT%H:%M:%SZ", &tm);
	return 0;
}
