#include "fuzz.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "buf_writer.h"
#include "image_build.h"
#include "tree_dump.h"

void need_error(int code, const struct lam_error *err)
{
	NEED(code < 0 && err->code == (enum lam_code)code && err->text[0]);
}

/* Inputs */

unsigned fuzz_byte(struct fuzz *fuzz)
{
	if (fuzz->left == 0)
		return 0;
	fuzz->left--;
	return *fuzz->at++;
}

unsigned fuzz_below(struct fuzz *fuzz, unsigned count)
{
	return fuzz_byte(fuzz) % count;
}

const char *fuzz_line(struct fuzz *fuzz, size_t *out_len)
{
	const char *line = (const char *)fuzz->at;
	const char *end = fuzz->left ? memchr(line, '\n', fuzz->left) : NULL;

	*out_len = end ? (size_t)(end - line) : fuzz->left;
	fuzz->at += *out_len + (end != NULL);
	fuzz->left -= *out_len + (end != NULL);
	return line;
}

bool fuzz_member(struct fuzz *fuzz, struct lam_str *name, struct lam_str *content)
{
	static const char mark[] = { '\n', '-', '-' };
	const char *at = (const char *)fuzz->at, *end = at + fuzz->left, *line, *next;

	at = fuzz->left ? memmem(at, fuzz->left, mark, sizeof mark) : NULL;
	line = at ? memchr(at + 1, '\n', (size_t)(end - at) - 1) : NULL;
	if (!line)
		return false;
	next = memmem(line, (size_t)(end - line), mark, sizeof mark);
	*name = (struct lam_str){ at + sizeof mark, (size_t)(line - at) - sizeof mark };
	*content = (struct lam_str){ line + 1, 0 };
	if (next != line)
		content->len = (size_t)((next ? next : end) - line) - 1;
	fuzz->left = next ? (size_t)(end - next) : 0;
	fuzz->at += (next ? next : end) - (const char *)fuzz->at;
	return true;
}

/* Readers */

struct pieces {
	struct lam_reader reader;
	size_t most, turn;
};

static int pieces_read(struct lam_reader *self, void *buf, size_t cap, size_t *out_len,
		       struct lam_error *err)
{
	struct pieces *p = (struct pieces *)(void *)self;
	size_t len = 1 + p->turn++ % p->most;

	return lam_read(p->reader.inner, buf, len < cap ? len : cap, out_len, err);
}

struct lam_reader *fuzz_pieces(struct lam_reader *inner, size_t most)
{
	static const struct lam_reader_ops ops = { .read = pieces_read };
	struct pieces *p = malloc(sizeof *p);

	NEED(p);
	*p = (struct pieces){ { &ops, inner }, most, most / 2 };
	return &p->reader;
}

/* Files */

static char *folder;

static void remove_folder(void)
{
	image_remove(folder);
	free(folder);
}

const char *fuzz_folder(void)
{
	if (!folder) {
		folder = image_temporary();
		NEED(atexit(remove_folder) == 0);
	}
	return folder;
}

const char *fuzz_put(const char *name, const void *bytes, size_t len)
{
	static char path[4096];
	FILE *file;

	snprintf(path, sizeof path, "%s/%s", fuzz_folder(), name);
	file = fopen(path, "wb");
	NEED(file && fwrite(bytes, 1, len, file) == len && fclose(file) == 0);
	return path;
}

/* Images */

static const struct image_entry base[] = {
	{ "etc/passwd", .body = "root:x:0:0::/:/bin/sh\n" },
	{ "usr/lib/libc.so.6", .size = 2000, .mode = 0755 },
	{ "usr/lib64", 'l', .target = "lib" },
	{ "var/log", 'd', .uid = 4, .gid = 4 },
	{ "var/log/old", .body = "old\n" },
	{ .path = "a", .kind = 'd' },
	{ "a/b", .body = "x" },
};
static const struct image_entry top[] = {
	{ "opt/app/main.py", .body = "print(1)\n" },
	{ "opt/app/same", 'h', .target = "opt/app/main.py" },
	{ "opt/app/model.bin", .size = 3000 },
	{ "var/log/.wh.old", .body = "" },
	{ "etc/passwd", .body = "root:x:0:0::/:/bin/sh\n", .uid = 1 },
	{ "dangling", 'l', .target = "../../missing" },
	{ "a/.wh..wh..opq", .body = "" },
};

char *fuzz_image_folder(void)
{
	static const struct image_layer layers[] = { IMAGE_LAYER(base),
						     IMAGE_LAYER(top) };
	static char dir[4096];

	if (dir[0])
		return dir;
	snprintf(dir, sizeof dir, "%s/image", fuzz_folder());
	image_build(dir, layers, 2);
	return dir;
}

static struct lam_image *image;

static void close_image(void)
{
	lam_image_close(image);
}

const struct lam_image *fuzz_image(void)
{
	struct lam_open_options options = { .platform = "linux/amd64", .threads = 1 };
	struct lam_error err;

	if (image)
		return image;
	MUST(lam_image_open(&image, fuzz_image_folder(), &options, &err));
	NEED(atexit(close_image) == 0);
	return image;
}

/* Of few entries, as an index of layer `number`. */
static struct lam_layer *layer_of(uint32_t number, const struct lam_entry *entries,
				  size_t count)
{
	struct lam_layer_builder *builder;
	struct lam_layer *layer;
	struct lam_error err;
	uint32_t inode;

	MUST(lam_layer_builder_new(&builder, number, &err));
	for (size_t i = 0; i < count; i++)
		MUST(lam_layer_builder_add(builder, &entries[i], 512, &inode, &err));
	MUST(lam_layer_builder_finish(builder, &layer, &err));
	lam_layer_builder_free(builder);
	return layer;
}

#define AT(kind, name)                                                                  \
	{                                                                               \
		.type = LAM_TYPE_##kind, .path = { name, sizeof name - 1 }, .target = { \
			"a",                                                            \
			1                                                               \
		}                                                                       \
	}

bool fuzz_look(const struct lam_layer *layer, struct lam_buf *text)
{
	static const struct lam_entry below[] = { AT(DIR, "a"), AT(FILE, "a/b"),
						  AT(SYMLINK, "l"), AT(FILE, "f"),
						  AT(LINK, "h") };
	static const struct lam_entry above[] = { AT(FILE, "a/c"), AT(FILE, ".wh.f"),
						  AT(DIR, "l"),
						  AT(FILE, "b/.wh..wh..opq"),
						  AT(LINK, "d") };
	struct lam_layer *lower = layer_of(0, below, 2), *upper = layer_of(2, above, 4);
	const struct lam_layer *layers[] = { lower, layer, upper };
	struct lam_notes notes = { 0 };
	struct lam_tree *tree = NULL;
	struct lam_error err;

	if (lam_tree_merge(&tree, layers, 3, &notes, NULL, &err) < 0)
		NEED(strstr(err.text, "its cached index is damaged"));
	else
		tree_dump(text, tree);
	layer_dump(text, layer);
	notes_dump(text, &layer->notes);
	notes_dump(text, &notes);
	lam_notes_fini(&notes);
	lam_tree_free(tree);
	lam_layer_free(lower);
	lam_layer_free(upper);
	return tree;
}

void fuzz_store(const struct lam_layer *layer, const struct lam_layer_reading *reading,
		const struct lam_layer_key *key, const struct lam_buf *seen)
{
	struct lam_buf stored = LAM_TEXT, text = LAM_TEXT;
	struct lam_writer *to = buf_writer(&stored);
	struct lam_layer_reading again;
	struct lam_layer *loaded;
	struct lam_error err;
	size_t size;

	MUST(lam_layer_save(layer, reading, UINT64_MAX, to, &err));
	lam_writer_close(to);
	size = stored.len;
	NEED(lam_layer_load(&loaded, &again, lam_text_steal(&stored), size, key, 1));
	NEED(fuzz_look(loaded, &text));
	NEED(text.len == seen->len && memcmp(text.data, seen->data, text.len) == 0);
	lam_buf_fini(&text);
	lam_layer_free(loaded);
}
