#include "editor/analysis/preview.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <lamina/path.h>

#include "ui/text.h"

#define TAB 8

struct reading {
	struct preview *preview;
	const atomic_bool *stop;
	bool full;
};

static int take(void *context, const void *bytes, size_t len, struct lam_error *err)
{
	struct reading *reading = context;
	struct preview *preview = reading->preview;
	size_t room = PREVIEW_MAX - preview->len;

	if (reading->stop && atomic_load(reading->stop))
		return lam_fail(err, LAM_ESTOPPED, "stopped");
	if (!preview->bytes && !(preview->bytes = malloc(PREVIEW_MAX)))
		return lam_fail_memory(err);
	memcpy(preview->bytes + preview->len, bytes, len < room ? len : room);
	preview->len += len < room ? len : room;
	reading->full = preview->len == PREVIEW_MAX;
	/* There is no other way to end the reading early. */
	return reading->full ? lam_fail(err, LAM_ESTOPPED, "enough was read") : 0;
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
	struct reading reading = { .preview = preview, .stop = stop };
	const struct lam_version *version = version_of(lam_image_tree(image), node);
	int code =
		lam_image_read_file(image, node, version, take, &reading, &preview->err);

	if (code == 0 || reading.full) {
		preview->err = (struct lam_error){ .code = LAM_OK };
		preview->cut = preview->len < preview->size;
		return 0;
	}
	if (code == LAM_ESTOPPED || code == LAM_ENOMEM) {
		*err = preview->err;
		return code;
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

static int add_line(struct preview *preview, size_t cap, char *line,
		    struct lam_error *err)
{
	if (!line)
		return lam_fail_memory(err);
	if (preview->line_count == cap) {
		free(line);
		return 0;
	}
	line[text_fit(line, PREVIEW_COLUMNS, NULL)] = '\0';
	preview->columns[preview->line_count] = (uint16_t)text_width(line);
	preview->lines[preview->line_count++] = line;
	return 0;
}

static bool has_room(struct preview *preview, size_t count)
{
	preview->lines = calloc(count + 1, sizeof *preview->lines);
	preview->columns = calloc(count + 1, sizeof *preview->columns);
	return preview->lines && preview->columns;
}

/* The text form of a run without tabs and backslashes goes behind *line. */
static bool append(char **line, size_t *columns, const char *bytes, size_t len)
{
	char *escaped = lam_path_escape(bytes, len), *longer;
	size_t before = strlen(*line);

	if (!escaped)
		return false;
	longer = realloc(*line, before + strlen(escaped) + 1);
	if (longer) {
		*line = longer;
		memcpy(longer + before, escaped, strlen(escaped) + 1);
		*columns += (size_t)text_width(escaped);
	}
	free(escaped);
	return longer;
}

static bool append_plain(char **line, size_t *columns, const char *text, size_t len)
{
	size_t before = strlen(*line);
	char *longer = realloc(*line, before + len + 1);

	if (!longer)
		return false;
	*line = longer;
	memcpy(longer + before, text, len);
	longer[before + len] = '\0';
	*columns += len;
	return true;
}

static char *text_line(const char *bytes, size_t len)
{
	static const char blanks[TAB + 1] = "        ";
	char *line = strdup("");
	size_t columns = 0;
	bool fine = line;

	while (fine && len > 0 && columns < PREVIEW_COLUMNS) {
		size_t run = 0;

		while (run < len && bytes[run] != '\t' && bytes[run] != '\\')
			run++;
		if (run > 0)
			fine = append(&line, &columns, bytes, run);
		else if (*bytes == '\t')
			fine = append_plain(&line, &columns, blanks, TAB - columns % TAB);
		else
			fine = append_plain(&line, &columns, "\\", 1);
		run = run > 0 ? run : 1;
		bytes += run;
		len -= run;
	}
	if (fine)
		return line;
	free(line);
	return NULL;
}

static int make_text(struct preview *preview, struct lam_error *err)
{
	const char *at = preview->bytes, *end = at + preview->len;
	size_t count = 1;
	int code = 0;

	for (const char *p = at; p < end; p++)
		count += *p == '\n';
	if (!has_room(preview, count))
		return lam_fail_memory(err);
	while (at < end && code == 0) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));
		const char *stop = newline ? newline : end;
		size_t len = (size_t)(stop - at);

		if (len > 0 && at[len - 1] == '\r')
			len--;
		code = add_line(preview, count, text_line(at, len), err);
		at = newline ? newline + 1 : end;
	}
	return code;
}

const char *preview_hex(const char *bytes, size_t len, size_t at, size_t each,
			char out[PREVIEW_HEX_MAX])
{
	size_t put = (size_t)snprintf(out, PREVIEW_HEX_MAX, "%08zx ", at);

	for (size_t i = 0; i < each; i++) {
		const char *gap = i % 8 == 0 ? " " : "";

		put += (size_t)(at + i < len ? snprintf(out + put, PREVIEW_HEX_MAX - put,
							"%s%02x ", gap,
							(unsigned char)bytes[at + i])
					     : snprintf(out + put, PREVIEW_HEX_MAX - put,
							"%s   ", gap));
	}
	out[put++] = ' ';
	out[put++] = '|';
	for (size_t i = at; i < at + each && i < len; i++)
		out[put++] = bytes[i] >= 0x20 && bytes[i] < 0x7f ? bytes[i] : '.';
	out[put++] = '|';
	out[put] = '\0';
	return out;
}

static int make_hex(struct preview *preview, struct lam_error *err)
{
	size_t count = (preview->len + 15) / 16;
	char text[PREVIEW_HEX_MAX];
	int code = 0;

	if (!has_room(preview, count))
		return lam_fail_memory(err);
	for (size_t i = 0; i < count && code == 0; i++)
		code = add_line(preview, count,
				strdup(preview_hex(preview->bytes, preview->len, i * 16,
						   16, text)),
				err);
	return code;
}

static int make_lines(struct preview *preview, struct lam_error *err)
{
	preview->binary = is_binary(preview->bytes, preview->len);
	return preview->binary ? make_hex(preview, err) : make_text(preview, err);
}

/* The one line of what has no bytes. */
static int make_word(struct preview *preview, const char *word, struct lam_error *err)
{
	if (!has_room(preview, 1))
		return lam_fail_memory(err);
	return add_line(preview, 1, strdup(word), err);
}

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
	int code;

	lam_tree_stat(tree, node, &stat);
	if (stat.kind == LAM_KIND_SYMLINK &&
	    lam_tree_resolve(tree, preview->node, &node) == LAM_RESOLVED)
		lam_tree_stat(tree, node, &stat);
	word = word_for(&stat, node);
	if (word)
		return make_word(preview, word, err);
	preview->size = stat.size;
	code = read_bytes(preview, image, node, stop, err);
	if (code < 0 || preview->err.code != LAM_OK || preview->len == 0)
		return code;
	return make_lines(preview, err);
}

int preview_new(struct preview **out, const struct lam_image *image, uint32_t node,
		const atomic_bool *stop, struct lam_error *err)
{
	struct preview *preview = calloc(1, sizeof *preview);
	int code;

	*out = NULL;
	if (!preview)
		return lam_fail_memory(err);
	preview->node = node;
	code = fill(preview, image, stop, err);
	if (code < 0) {
		preview_free(preview);
		return code;
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
