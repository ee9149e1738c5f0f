/* What commands are given: images, plans, paths, the environment. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/limits.h"
#include "base/memory.h"
#include "base/time.h"
#include "cli/print.h"
#include "shell/shell.h"

#define LAST_SECOND INT64_C(253402300799) /* of the year 9999 */

const char *const KIND_NAMES[] = { "file", "symlink", "char", "block", "dir", "fifo" };
const char *const CHANGE_NAMES[] = { "added", "changed", "metadata", "same", "deleted" };
const char *const FATE_NAMES[] = { "kept", "rewritten", "new", "empty" };

char *user_folder(const char *name, const char *usual, const char *tail)
{
	const char *base = getenv(name), *home = getenv("HOME");

	if (base && base[0] == '/')
		return lam_xprintf("%s/lamina%s", base, tail);
	return home && home[0] == '/' ? lam_xprintf("%s/%s/lamina%s", home, usual, tail)
				      : NULL;
}

const char *temporary_folder(void)
{
	const char *folder = getenv("TMPDIR");

	return folder && *folder ? folder : "/tmp";
}

static struct lam_image *open_by(struct call *call, const char *reference,
				 const struct lam_open_options *by, int *out_exit)
{
	char *cache = call->read_all ? NULL : user_folder("XDG_CACHE_HOME", ".cache", "");
	struct lam_open_options options = *by;
	struct lam_image *image;
	int code;

	options.threads = call->threads;
	options.temporary = temporary_folder();
	options.progress = &call->progress;
	options.cache = cache;
	options.access = &call->access;
	options.referrers = call->referrers;
	code = lam_image_open(&image, reference, &options, &call->err);
	free(cache);
	if (code < 0) {
		*out_exit = fail(call);
		return NULL;
	}
	progress_clear();
	return image;
}

struct lam_image *open_image(struct call *call, const char *reference, const char *spool,
			     int *out_exit)
{
	const struct lam_open_options by = { .platform = call_value(call, "platform"),
					     .spool = spool };

	if (!wants_all_platforms(call))
		return open_by(call, reference, &by, out_exit);
	*out_exit = usage_error(call->command->name,
				"%s: --platform names one here; apply, inspect and check "
				"take all",
				call->command->name);
	return NULL;
}

int open_given(struct call *call, const char *option, struct lam_image ***out,
	       size_t *out_count)
{
	LAM_CLEANUP(lam_free_ptr)
	const char **names = lam_xcalloc(call->given_count + 1, sizeof *names);
	size_t count = call_values(call, option, names);
	int code = EXIT_DONE;

	*out = lam_xcalloc(count + 1, sizeof **out);
	*out_count = 0;
	for (size_t i = 0; i < count && code == EXIT_DONE; i++) {
		(*out)[i] = open_image(call, names[i], NULL, &code);
		*out_count += (*out)[i] != NULL;
	}
	return code;
}

void close_given(struct lam_image **images, size_t count)
{
	for (size_t i = 0; i < count; i++)
		lam_image_close(images[i]);
	free(images);
}

bool wants_all_platforms(const struct call *call)
{
	const char *platform = call_value(call, "platform");

	return platform && strcmp(platform, "all") == 0;
}

struct lam_image_set *open_set(struct call *call, const char *reference, int *out_exit)
{
	const struct lam_open_options options = { .temporary = temporary_folder(),
						  .progress = &call->progress,
						  .access = &call->access,
						  .referrers = call->referrers };
	struct lam_image_set *set;

	if (lam_image_set_open(&set, reference, &options, &call->err) < 0)
		*out_exit = fail(call);
	return set;
}

struct lam_image *open_listed(struct call *call, const char *reference,
			      const struct lam_image_set *set, size_t n, int *out_exit)
{
	const struct lam_open_options by = { .set = set, .n = n };

	return open_by(call, reference, &by, out_exit);
}

int read_input(struct call *call, const char *file, struct lam_buf *out)
{
	bool standard = strcmp(file, "-") == 0;
	int fd = standard ? STDIN_FILENO : open(file, O_RDONLY | O_CLOEXEC), code;

	if (fd < 0)
		return lam_file_fail(&call->err, LAM_EPLAN, errno, file);
	code = lam_file_read_fd(out, fd, file, &call->err);
	if (!standard)
		close(fd);
	return code;
}

void tell_errors(const struct call *call, const struct lam_plan_errors *errors)
{
	for (size_t i = 0; i < errors->count; i++)
		tell_error(call, errors->lines[i]);
}

/* What is no plan's file and looks like an image is told to be in the wrong place. */
static void tell_swapped(struct call *call, const char *file)
{
	char why[LAM_ERROR_MAX];
	bool is_folder = access(file, F_OK) == 0;

	if (!strchr(file, ':') && !is_folder)
		return;
	snprintf(why, sizeof why, "%s", call->err.text);
	(void)lam_fail(&call->err, LAM_EPLAN, "%s; the plan comes first: lamina %s %s",
		       why, call->command->name, call->command->usage);
}

struct lam_plan *read_plan(struct call *call, const char *file, int *out_exit)
{
	struct lam_plan_errors errors = { 0 };
	const char *name = strcmp(file, "-") == 0 ? "standard input" : file;
	struct lam_plan *plan = NULL;
	LAM_CLEANUP(lam_buf_fini) struct lam_buf text = LAM_BUF(LAM_MAX_PLAN);
	char *shown;

	if (read_input(call, file, &text) < 0) {
		tell_swapped(call, file);
		*out_exit = fail_as(call, EXIT_PLAN);
		return NULL;
	}
	shown = lam_path_escape(name, strlen(name));
	if (lam_plan_parse(&plan, text.data, text.len, shown, &errors, &call->err) < 0) {
		if (errors.count)
			tell_errors(call, &errors);
		else
			fail(call);
		*out_exit = EXIT_PLAN;
	}
	lam_plan_errors_fini(&errors);
	free(shown);
	return plan;
}

int write_plan(struct call *call, const char *file, const char *text)
{
	bool differs;

	if (shell_save(file, text, NULL, call_has(call, "force"), &differs, &call->err) <
	    0)
		return fail_as(call, EXIT_OUTPUT);
	if (!differs)
		return EXIT_DONE;
	tell(call,
	     "%s: holds something else, and stays as it is: another name, or --force",
	     file);
	return EXIT_OUTPUT;
}

/* The lowest layers that both have, by their digests or by those of their tars. */
static size_t shared_base(const struct lam_image *a, const struct lam_image *b)
{
	size_t n = 0;

	while (n < lam_image_layer_count(a) && n < lam_image_layer_count(b)) {
		const struct lam_layer_info *x = lam_image_layer(a, n),
					    *y = lam_image_layer(b, n);

		if (strcmp(x->digest, y->digest) != 0 &&
		    strcmp(x->diff_id, y->diff_id) != 0)
			break;
		n++;
	}
	return n;
}

int read_base(struct call *call, const struct lam_image *image, size_t *out)
{
	const char *name = call_value(call, "keep-base");
	struct lam_image *base;
	int code = EXIT_DONE;

	if (!name)
		return 0;
	base = open_image(call, name, NULL, &code);
	if (!base)
		return code;
	*out = shared_base(image, base);
	if (*out == 0) {
		(void)lam_fail(&call->err, LAM_EUSAGE,
			       "--keep-base %s: its lowest layer is not that of %s", name,
			       call->args[0]);
		code = fail(call);
	} else if (*out < lam_image_layer_count(base)) {
		tell(call, "note: %zu of the %zu layers of %s are in %s, and stay", *out,
		     lam_image_layer_count(base), name, call->args[0]);
	}
	lam_image_close(base);
	return code;
}

struct lam_layout *make_layout(struct call *call, const struct lam_image *image,
			       const struct lam_plan *plan, int *out_exit)
{
	struct lam_plan_errors errors = { 0 };
	struct lam_layout *layout = NULL;

	if (lam_layout_new(&layout, image, plan, &errors, &stop_asked, &call->err) < 0) {
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

#define MOST_ALIKE 10 /* remarks of a kind */

int tell_remarks(struct call *call, const struct lam_layout *layout, bool strict)
{
	size_t count = lam_layout_remark_count(layout), alike = 0;
	int code = 0;

	for (size_t i = 0; i < count; i++) {
		const struct lam_remark *r = lam_layout_remark(layout, i);
		const struct lam_remark *next =
			i + 1 < count ? lam_layout_remark(layout, i + 1) : NULL;
		bool last = !next || next->kind != r->kind || next->strict != r->strict;

		if (++alike <= MOST_ALIKE && strict && r->strict) {
			(void)lam_fail(&call->err, LAM_EPLAN, "%s", r->text);
			code = fail(call);
		} else if (alike <= MOST_ALIKE) {
			tell(call, "note: %s", r->text);
		}
		if (last && alike > MOST_ALIKE)
			tell(call, "note: and %zu more like the last: --json has all",
			     alike - MOST_ALIKE);
		alike = last ? 0 : alike;
	}
	return code;
}

/* A path from the command line is in the text form, as listings print it. */
int read_layer(struct call *call, const char *command, long *out)
{
	const char *text = call_value(call, "layer");
	char *end;

	*out = -1;
	if (!text)
		return 0;
	*out = strtol(text, &end, 10);
	if (*end || end == text || *out < 0)
		return usage_error(command, "--layer is the number of a layer");
	return 0;
}

bool has_layer(struct call *call, const struct lam_image *image, long layer)
{
	size_t count = lam_image_layer_count(image);

	if (layer < 0 || (size_t)layer < count)
		return true;
	if (count > 1)
		(void)lam_fail(&call->err, LAM_ENOTFOUND,
			       "%s: has no layer %ld: its layers are 0 to %zu",
			       call->args[0], layer, count - 1);
	else
		(void)lam_fail(&call->err, LAM_ENOTFOUND,
			       "%s: has no layer %ld: it has %s", call->args[0], layer,
			       count ? "layer 0 alone" : "none");
	return false;
}

uint32_t find_path(struct call *call, const struct lam_image *image, const char *path,
		   bool dead_too)
{
	const struct lam_tree *tree = lam_image_tree(image);
	uint32_t node = LAM_NODE_NONE, real;
	const char *layer = call_value(call, "layer");
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
	(void)lam_fail(&call->err, LAM_ENOTFOUND, "%s: %s%s%s%s", shown,
		       node != LAM_NODE_NONE
			       ? "was deleted; 'lamina log' tells by which layer"
		       : layer ? "no such path in layer "
			       : "no such path in the image",
		       node == LAM_NODE_NONE && layer ? layer : "",
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

/* Where it is set. */
static int get_epoch(const struct call *call, struct lam_clamp *out)
{
	const char *text = getenv("SOURCE_DATE_EPOCH");

	*out = (struct lam_clamp){ .set = text && *text };
	if (!out->set)
		return 0;
	out->at = strtoll(text, NULL, 10);
	if (strspn(text, "0123456789") != strlen(text) || strlen(text) > 12 ||
	    out->at > LAST_SECOND)
		return usage_error(call->command->name,
				   "SOURCE_DATE_EPOCH is a number of seconds, before "
				   "the year 10000");
	return 0;
}

int get_created(const struct call *call, char out[LAM_TIME_TEXT])
{
	struct lam_clamp epoch;
	int code = get_epoch(call, &epoch);

	out[0] = '\0';
	if (code == 0 && epoch.set)
		lam_time_format(epoch.at, out);
	return code;
}

int get_clamp(const struct call *call, struct lam_clamp *out)
{
	int code = get_epoch(call, out);

	if (!call_has(call, "clamp-times"))
		*out = (struct lam_clamp){ 0 };
	else if (code == 0 && !out->set)
		return usage_error(call->command->name,
				   "--clamp-times needs SOURCE_DATE_EPOCH, the time in "
				   "seconds that later ones are set to");
	return code;
}
