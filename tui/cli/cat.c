/* lamina cat: a file of the merged filesystem. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/base64.h"
#include "base/memory.h"
#include "cli/print.h"

#define HELD_MOST 65536

/* What waits for more: a line for a terminal, or what three bytes of base64 are made of. */
struct held {
	struct lam_buf bytes;
	const char *head; /* of JSON, printed with the first of it; or NULL */
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

static void print_head(struct held *h)
{
	if (h->head)
		print_json_text(h->head);
	h->head = NULL;
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
	print_head(h);
	h->put(h->bytes.data, whole);
	memmove(h->bytes.data, h->bytes.data + whole, h->bytes.len - whole);
	h->bytes.len -= whole;
	return 0;
}

/* A file, and which version of it; NULL: what is visible. */
struct wanted {
	const struct lam_image *image;
	uint32_t node;
	const struct lam_version *version;
};

static int read_held(struct call *call, const struct wanted *w, const char *head,
		     void (*put)(const char *bytes, size_t len))
{
	struct held h = { .bytes = LAM_TEXT, .head = head, .put = put };
	int code = lam_image_read_file(w->image, w->node, w->version, hold, &h,
				       &stop_asked, &call->err);

	if (code == 0)
		print_head(&h);
	if (code == 0 && h.bytes.len > 0)
		put(h.bytes.data, h.bytes.len);
	lam_buf_fini(&h.bytes);
	return code;
}

static int read_as_json(struct call *call, const struct wanted *w)
{
	LAM_CLEANUP(lam_free_ptr)
	char *path = lam_tree_path_text(lam_image_tree(w->image), w->node);
	json_auto_t *name = json_shown(path);
	LAM_CLEANUP(lam_free_ptr) char *text = json_dumps(name, JSON_ENCODE_ANY);
	LAM_CLEANUP(lam_free_ptr) char *head = NULL;
	int code;

	if (!text)
		lam_out_of_memory();
	head = lam_xprintf("{\"lamina\":1,\"path\":%s,\"content\":\"", text);
	code = read_held(call, w, head, put_base64);
	if (code == 0)
		print_own(stdout, "\"}\n");
	return code;
}

static int cat(struct call *call, const struct wanted *w)
{
	struct content_output out = { STDOUT_FILENO, "standard output" };
	int code;

	if (call_has(call, "json"))
		code = read_as_json(call, w);
	else if (isatty(STDOUT_FILENO))
		code = read_held(call, w, NULL, put_shown);
	else
		code = lam_image_read_file(w->image, w->node, w->version, put_content,
					   &out, &stop_asked, &call->err);
	return code < 0 ? fail(call) : EXIT_DONE;
}

/* What is visible, through symlinks. */
static int cat_visible(struct call *call, const struct lam_image *image)
{
	const struct lam_tree *tree = lam_image_tree(image);
	struct wanted w = { .image = image };
	LAM_CLEANUP(lam_free_ptr) char *bytes = NULL, *path = NULL;
	uint32_t real;
	size_t len;
	bool there;

	if (lam_path_unescape(&bytes, &len, call->args[1], &call->err) < 0)
		return fail_as(call, EXIT_IMAGE);
	/* what does not lead anywhere is told by find_path */
	there = lam_tree_resolve_path(tree, bytes, len, &real) != LAM_LOOP &&
		real != LAM_NODE_NONE;
	w.node = there ? real : find_path(call, image, call->args[1], false);
	if (w.node == LAM_NODE_NONE)
		return EXIT_IMAGE;
	if (lam_tree_node(tree, w.node)->kind != LAM_KIND_SYMLINK)
		return cat(call, &w);
	path = lam_tree_path_text(tree, w.node);
	(void)lam_fail(&call->err, LAM_ENOTFOUND,
		       "%s: is a symlink that leads to no file (%s)", path,
		       resolution_name(tree, w.node));
	return fail(call);
}

/* What a layer holds at the path itself, whether or not it is visible. */
static int cat_of_layer(struct call *call, const struct lam_image *image, long layer)
{
	const struct lam_tree *tree = lam_image_tree(image);
	struct wanted w = { .image = image };
	LAM_CLEANUP(lam_free_ptr) char *path = NULL;
	struct lam_stat stat = { .kind = LAM_KIND_DIR };

	if (!has_layer(call, image, layer))
		return fail(call);
	w.node = find_path(call, image, call->args[1], true);
	if (w.node == LAM_NODE_NONE)
		return EXIT_IMAGE;
	for (uint32_t v = lam_tree_node(tree, w.node)->version; v != LAM_NODE_NONE;
	     v = lam_tree_version(tree, v)->previous) {
		if (lam_tree_version(tree, v)->layer == layer)
			w.version = lam_tree_version(tree, v);
	}
	if (w.version && w.version->change != LAM_CHANGE_DELETED)
		lam_tree_stat_version(tree, w.version, &stat);
	if (stat.kind == LAM_KIND_FILE)
		return cat(call, &w);
	path = lam_tree_path_text(tree, w.node);
	(void)lam_fail(&call->err, LAM_ENOTFOUND,
		       "%s: layer %ld has no file of that name; 'lamina log' tells which "
		       "have",
		       path, layer);
	return fail(call);
}

static int run_cat(struct call *call)
{
	struct lam_image *image;
	long layer;
	int code = read_layer(call, "cat", &layer);

	if (code)
		return code;
	image = open_image(call, call->args[0], NULL, &code);
	if (!image)
		return code;
	code = layer < 0 ? cat_visible(call, image) : cat_of_layer(call, image, layer);
	lam_image_close(image);
	return code;
}

static const struct option OPTIONS[] = {
	{ "layer", 0, "N",
	  "what layer N holds at the path itself, visible or not; symlinks are not followed then" },
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
