/* The beginning of a file, as lines of text or of a hex dump. */
#include "editor/analysis/preview.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <lamina/path.h>

#include "base/buf.h"
#include "base/memory.h"
#include "base/stop.h"
#include "ui/text.h"

#define TAB 8

struct reading {
	struct lam_buf *out;
	bool full;
};

static int take(void *context, const void *bytes, size_t len, struct lam_error *err)
{
	struct reading *reading = context;
	struct lam_buf *out = reading->out;
	size_t room = out->max - out->len;

	if (lam_buf_append(out, bytes, len < room ? len : room, err) < 0)
		return err->code;
	reading->full = out->len == out->max;
	/* There is no other way to end the reading early. */
	return reading->full ? lam_fail_stopped(err) : 0;
}

int preview_read(struct lam_buf *out, const struct lam_image *image, uint32_t node,
		 const struct lam_version *version, const atomic_bool *stop,
		 struct lam_error *err)
{
	struct reading reading = { .out = out };
	int code = lam_image_read_file(image, node, version, take, &reading, stop, err);

	return reading.full ? 0 : code;
}

/* The version whose content is shown: of a dead path the last that had one. */
static const struct lam_version *version_of(const struct lam_tree *tree, uint32_t node)
{
	uint32_t n = lam_tree_node(tree, node)->version;

	if (lam_tree_node(tree, node)->live)
		return NULL;
	while (n != LAM_NODE_NONE &&
	       lam_tree_version(tree, n)->change == LAM_CHANGE_DELETED)
		n = lam_tree_version(tree, n)->previous;
	return n == LAM_NODE_NONE ? NULL : lam_tree_version(tree, n);
}

/* Only a stop by the caller is a failure. */
static int read_bytes(struct preview *preview, const struct lam_image *image,
		      uint32_t node, const atomic_bool *stop, struct lam_error *err)
{
	const struct lam_version *version = version_of(lam_image_tree(image), node);
	struct lam_buf text = LAM_BUF(PREVIEW_MAX);
	int code = preview_read(&text, image, node, version, stop, &preview->err);

	preview->bytes = text.data;
	preview->len = text.len;
	if (code == LAM_ESTOPPED || code == LAM_ENOMEM) {
		*err = preview->err;
		return code;
	}
	if (code == 0) {
		preview->err = (struct lam_error){ .code = LAM_OK };
		preview->cut = preview->len < preview->size;
	}
	return 0;
}

/* A zero byte, or one byte in ten that no text has. */
static bool is_binary(const char *bytes, size_t len)
{
	size_t odd = 0;

	for (size_t at = 0; at < len;) {
		uint32_t code;
		size_t used = text_next(bytes + at, len - at, &code);

		if (code == 0)
			return true;
		odd += code == 0xfffd ||
		       (code < 0x20 && !strchr("\t\n\r\f\033", (int)code));
		at += used;
	}
	return odd * 10 > len;
}

static void make_room(struct preview *preview, size_t count)
{
	preview->lines = lam_xcalloc(count + 1, sizeof *preview->lines);
	preview->columns = lam_xcalloc(count + 1, sizeof *preview->columns);
}

/* Takes the line over. */
static void add_line(struct preview *preview, char *line)
{
	line[text_fit(line, PREVIEW_COLUMNS, NULL)] = '\0';
	preview->columns[preview->line_count] = (uint16_t)text_width(line);
	preview->lines[preview->line_count++] = line;
}

char *preview_line(const char *bytes, size_t len, size_t most)
{
	struct lam_buf line = LAM_TEXT;
	size_t columns = 0;

	while (len > 0 && columns < most) {
		size_t run = 0;

		while (run < len && bytes[run] != '\t' && bytes[run] != '\\')
			run++;
		if (run > 0) {
			LAM_CLEANUP(lam_free_ptr)
			char *escaped = lam_path_escape(bytes, run);

			lam_text_puts(&line, escaped);
			columns += (size_t)text_width(escaped);
		} else if (*bytes == '\t') {
			size_t blanks = TAB - columns % TAB;

			lam_text_add(&line, "        ", blanks);
			columns += blanks;
		} else {
			lam_text_putc(&line, '\\');
			columns++;
		}
		run = run > 0 ? run : 1;
		bytes += run;
		len -= run;
	}
	return lam_text_steal(&line);
}

static void make_text(struct preview *preview)
{
	const char *at = preview->bytes, *end = at + preview->len;
	size_t count = 1;

	for (const char *p = at; p < end; p++)
		count += *p == '\n';
	make_room(preview, count);
	while (at < end) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));
		size_t len = (size_t)((newline ? newline : end) - at);

		if (len > 0 && at[len - 1] == '\r')
			len--;
		add_line(preview, preview_line(at, len, PREVIEW_COLUMNS));
		at = newline ? newline + 1 : end;
	}
}

const char *preview_hex(const char *bytes, size_t len, size_t at, size_t each,
			char out[PREVIEW_HEX_MAX])
{
	static const char digits[] = "0123456789abcdef";
	size_t put = (size_t)snprintf(out, PREVIEW_HEX_MAX, "%08zx ", at);

	for (size_t i = 0; i < each; i++) {
		unsigned char byte = at + i < len ? (unsigned char)bytes[at + i] : 0;

		if (i % 8 == 0)
			out[put++] = ' ';
		out[put++] = at + i < len ? digits[byte >> 4] : ' ';
		out[put++] = at + i < len ? digits[byte & 15] : ' ';
		out[put++] = ' ';
	}
	out[put++] = ' ';
	out[put++] = '|';
	for (size_t i = at; i < at + each && i < len; i++)
		out[put++] = bytes[i] >= 0x20 && bytes[i] < 0x7f ? bytes[i] : '.';
	out[put++] = '|';
	out[put] = '\0';
	return out;
}

static void make_hex(struct preview *preview)
{
	char text[PREVIEW_HEX_MAX];

	make_room(preview, (preview->len + 15) / 16);
	for (size_t at = 0; at < preview->len; at += 16)
		add_line(preview, lam_xstrdup(preview_hex(preview->bytes, preview->len,
							  at, 16, text)));
}

/* The one line of what has no bytes; NULL: it has. */
static const char *word_for(const struct lam_stat *stat, uint32_t node)
{
	if (node == LAM_NODE_NONE)
		return "a symlink that leads to nothing";
	switch (stat->kind) {
	case LAM_KIND_DIR: return "a directory";
	case LAM_KIND_CHAR: return "a character device";
	case LAM_KIND_BLOCK: return "a block device";
	case LAM_KIND_FIFO: return "a FIFO";
	case LAM_KIND_SYMLINK: return "a symlink that leads to nothing";
	case LAM_KIND_FILE: break;
	}
	return NULL;
}

static int fill(struct preview *preview, const struct lam_image *image,
		const atomic_bool *stop, struct lam_error *err)
{
	const struct lam_tree *tree = lam_image_tree(image);
	uint32_t node = preview->node;
	struct lam_stat stat;
	const char *word;

	lam_tree_stat(tree, node, &stat);
	if (stat.kind == LAM_KIND_SYMLINK &&
	    lam_tree_resolve(tree, preview->node, &node) == LAM_RESOLVED)
		lam_tree_stat(tree, node, &stat);
	word = word_for(&stat, node);
	if (word) {
		make_room(preview, 1);
		add_line(preview, lam_xstrdup(word));
		return 0;
	}
	preview->size = stat.size;
	if (read_bytes(preview, image, node, stop, err) < 0)
		return err->code;
	if (preview->err.code != LAM_OK || preview->len == 0)
		return 0;
	preview->binary = is_binary(preview->bytes, preview->len);
	if (preview->binary)
		make_hex(preview);
	else
		make_text(preview);
	return 0;
}

int preview_new(struct preview **out, const struct lam_image *image, uint32_t node,
		const atomic_bool *stop, struct lam_error *err)
{
	struct preview *preview = lam_xcalloc(1, sizeof *preview);

	*out = NULL;
	preview->node = node;
	if (fill(preview, image, stop, err) < 0) {
		preview_free(preview);
		return err->code;
	}
	*out = preview;
	return 0;
}

void preview_free(struct preview *preview)
{
	if (!preview)
		return;
	for (size_t i = 0; i < preview->line_count; i++)
		free(preview->lines[i]);
	free(preview->lines);
	free(preview->columns);
	free(preview->bytes);
	free(preview);
}
