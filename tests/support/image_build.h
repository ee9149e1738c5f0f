/* Small images for tests: an OCI layout, written from a table of entries for each layer.
 *
 *	static const struct image_entry base[] = {
 *		{ "etc/passwd", .body = "root:x:0:0::/:/bin/sh\n" },
 *		{ "bin/su", .body = "ELF", .mode = 04755 },
 *		{ "lib", 'l', .target = "usr/lib" },
 *		{ "var/log", 'd', .uid = 4, .gid = 4 },
 *		{ "big", .size = 1 << 20 },
 *	};
 *	static const struct image_entry top[] = { { .path = ".wh.big" } };
 *	struct image_layer layers[] = { IMAGE_LAYER(base), IMAGE_LAYER(top) };
 *
 *	image_build(dir, layers, 2);          an assert where it cannot
 *	lam_image_open(&image, dir, ...);
 */
#ifndef IMAGE_BUILD_H
#define IMAGE_BUILD_H

#include <lamina/compression.h>
#include <lamina/image.h>

struct image_entry {
	const char *path;   /* without leading slash; whiteouts by their name (".wh.x") */
	char kind;          /* 'f' (0 too), 'd', 'l'ink, 'h'ard link, 'c', 'b', 'p' */
	const char *target; /* of 'l' and 'h' */
	const char *body;   /* of 'f'; NULL: `size` bytes that depend on `seed` alone */
	uint64_t size;      /* with a body, 0: up to its '\0' */
	uint64_t seed;      /* 0: of the path */
	uint32_t mode;      /* 0: 0644, of directories 0755 */
	int64_t uid, gid, mtime;
	const char *attribute; /* "SCHILY.xattr.user.x=value", or NULL */
};

struct image_layer {
	const struct image_entry *entries;
	size_t count;
	/* Not NULL: asked for each of `count` entries in place of the table; what it
	 * points to lives until the next call. */
	void (*make)(void *context, size_t n, struct image_entry *out);
	void *context;
	const char *created_by;             /* NULL: "layer N" */
	struct lam_compression compression; /* all-zero: none */
};
#define IMAGE_LAYER(table)                                                   \
	{                                                                    \
		.entries = (table), .count = sizeof(table) / sizeof *(table) \
	}

/* Into dir, which is made where it is not there, with the tag "latest". */
void image_build(const char *dir, const struct image_layer *layers, size_t layer_count);

/* An image that was built into a temporary folder and opened; asserts where it cannot. */
struct built {
	char *dir; /* the layout; "spool" in it is for what is written from it */
	struct lam_image *image;
};
void built_open(struct built *built, const struct image_layer *layers,
		size_t layer_count);
void built_close(struct built *built); /* the folder goes too */

/* A new temporary folder below $TMPDIR or /tmp, a string of the caller's; and removing
 * one with all in it. */
char *image_temporary(void);
void image_remove(const char *dir);

#endif
