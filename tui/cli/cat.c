/* lamina cat: a file of the merged filesystem. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/base64.h"
#include "cli/print.h"

#define HELD_MOST 65536

/* What waits for more: a line for a terminal, or what three bytes of base64 are made of. */
struct held {
	struct lam_buf bytes;
	void (*put)(const char *bytes, size_t len);
};

/* A file may hold what drives a terminal: there it is shown in the text form, by line. */
static void put_shown(const char *bytes, size_t len)
{
	while (len > 0) {
		const char *end = memchr(bytes, '\n', len);
		size_t line = end ? (size_t)(end - bytes) : len;

		print_bytes(stdout, bytes, line);
		if (end)
			print_own(stdout, "\n");
		bytes += line + (end != NULL);
		len -= line + (end != NULL);
	}
}

static void put_base64(const char *bytes, size_t len)
{
	LAM_CLEANUP(lam_buf_fini) struct lam_buf text = LAM_TEXT;

	lam_base64_encode(&text, bytes, len);
	print_own(stdout, text.data ? text.data : "");
}

/* Gives on what is whole: up to the last end of a line, or three bytes at a time. */
static int hold(void *context, const void *bytes, size_t len, struct lam_error *err)
{
	struct held *h = context;
	const char *end;
	size_t whole;

	(void)err;
	lam_text_add(&h->bytes, bytes, len);
	end = h->put == put_shown && h->bytes.len > 0
		      ? memrchr(h->bytes.data, '\n', h->bytes.len)
		      : NULL;
	whole = end                         ? (size_t)(end - h->bytes.data) + 1
		: h->bytes.len >= HELD_MOST ? h->bytes.len / 3 * 3
					    : 0;
	if (whole == 0)
		return 0;
	h->put(h->bytes.data, whole);
	memmove(h->bytes.data, h->bytes.data + whole, h->bytes.len - whole);
	h->bytes.len -= whole;
	return 0;
}

static int read_held(struct call *call, const struct lam_image *image, uint32_t node,
		     void (*put)(const char *bytes, size_t len))
{
	struct held h = { .bytes = LAM_TEXT, .put = put };
	int code =
		lam_image_read_file(image, node, NULL, hold, &h, &stop_asked, &call->err);

	if (code == 0 && h.bytes.len > 0)
		put(h.bytes.data, h.bytes.len);
	lam_buf_fini(&h.bytes);
	return code;
}

static int read_as_json(struct call *call, const struct lam_image *image, uint32_t node)
{
	char *path = lam_tree_path_text(lam_image_tree(image), node);
	int code;

	print_own(stdout, "{\"lamina\":1,\"path\":");
	print_json_value(json_shown(path));
	print_own(stdout, ",\"content\":\"");
	code = read_held(call, image, node, put_base64);
	print_own(stdout, "\"}\n");
	free(path);
	return code;
}

static int cat(struct call *call, const struct lam_image *image, uint32_t node)
{
	const struct lam_tree *tree = lam_image_tree(image);
	struct content_output out = { STDOUT_FILENO, "standard output" };
	int code;
	char *path;

	if (lam_tree_node(tree, node)->kind == LAM_KIND_SYMLINK) {
		path = lam_tree_path_text(tree, node);
		lam_fail(&call->err, LAM_ENOTFOUND,
			 "%s: is a symlink that leads to no file (%s)", path,
			 resolution_name(tree, node));
		free(path);
		return fail(call);
	}
	if (call_has(call, "json"))
		code = read_as_json(call, image, node);
	else if (isatty(STDOUT_FILENO))
		code = read_held(call, image, node, put_shown);
	else
		code = lam_image_read_file(image, node, NULL, put_content, &out,
					   &stop_asked, &call->err);
	return code < 0 ? fail(call) : EXIT_DONE;
}

static int run_cat(struct call *call)
{
	const struct lam_tree *tree;
	uint32_t node, real;
	int code = EXIT_DONE;
	struct lam_image *image = open_image(call, call->args[0], NULL, &code);
	char *bytes;
	size_t len;

	if (!image)
		return code;
	tree = lam_image_tree(image);
	code = EXIT_IMAGE;
	if (lam_path_unescape(&bytes, &len, call->args[1], &call->err) == 0) {
		/* through symlinks, as cat does; what does not lead anywhere is told by
		 * find_path */
		bool there = lam_tree_resolve_path(tree, bytes, len, &real) != LAM_LOOP &&
			     real != LAM_NODE_NONE;

		node = there ? real : find_path(call, image, call->args[1], false);
		if (node != LAM_NODE_NONE)
			code = cat(call, image, node);
		free(bytes);
	} else {
		code = fail_as(call, EXIT_IMAGE);
	}
	lam_image_close(image);
	return code;
}

static const struct option OPTIONS[] = {
	{ "json", 0, NULL, "as JSON, with the content in base64" },
	{ 0 },
};

const struct command CMD_CAT = {
	.name = "cat",
	.usage = "IMAGE PATH",
	.summary = "a file's content",
	.about =
		"Prints a file of the merged filesystem. Symlinks are followed inside the image. On a terminal what\n"
		"could drive it is shown escaped; elsewhere, the bytes are as they are.",
	.options = OPTIONS,
	.least = 2,
	.most = 2,
	.run = run_cat,
};
