/* An image, opened: its layers, their merged tree, and what was odd on the way. Opening
 * reads every layer once and checks every digest, size and diff_id; what does not match
 * is an error. Nothing is unpacked to the filesystem.
 *
 * With a cache, layers whose index is in it are not read: that the blob is there and as
 * long as it should be is checked, and the rest is believed of what has the digests that
 * the manifest and the config name. Manifest and config themselves are always checked. */
#ifndef LAMINA_IMAGE_H
#define LAMINA_IMAGE_H

#include <lamina/access.h>
#include <lamina/compression.h>
#include <lamina/note.h>
#include <lamina/progress.h>
#include <lamina/referrer.h>
#include <lamina/setting.h>
#include <lamina/tree.h>

struct lam_image;

struct lam_image_set;

struct lam_open_options {
	const struct lam_image_set *set; /* of the same reference, whose n-th image is
					    meant; NULL: by platform */
	size_t n;
	const char *platform;  /* "os/arch[/variant]", of any variant where it names none;
				  or NULL: this machine's where there is a choice */
	unsigned threads;      /* 0: as many as there are cores */
	const char *temporary; /* folder for what does not fit in memory; NULL: /tmp */
	const char *spool; /* not NULL: an image that will be written from: layer contents
			      are kept in this folder (in files without a name), so that
			      each layer is inflated once; what is cached is not read,
			      and not kept there */
	const struct lam_progress *progress;
	const char *cache; /* folder for indexes of layers, made where it is missing;
			      NULL: none. Runs may share it, and anybody may empty it;
			      what is damaged in it is made anew */
	const struct lam_access *access; /* for images on a network; NULL: as if nothing
					    were known */
	bool referrers; /* a registry is asked for all that it knows to speak of the image:
			   a few requests more */
};

/* reference: core/DESIGN.md, section 6. LAM_EUSAGE, LAM_ENOTFOUND, LAM_EREAD, LAM_EFORMAT,
 * LAM_ESTOPPED, LAM_ENOMEM; LAM_EWRITE where the spool has no space. */
int lam_image_open(struct lam_image **out, const char *reference,
		   const struct lam_open_options *options, struct lam_error *err);
void lam_image_close(struct lam_image *image); /* NULL is fine */

/* All images that a reference names, one for each platform: an index's, or the one that is
 * there. They are opened by lam_open_options.set, which need not outlive that. Standard
 * input cannot be opened so often: LAM_EUSAGE. */
int lam_image_set_open(struct lam_image_set **out, const char *reference,
		       const struct lam_open_options *options, struct lam_error *err);
void lam_image_set_close(struct lam_image_set *set); /* NULL is fine */
size_t lam_image_set_count(const struct lam_image_set *set);

struct lam_layer_info {
	const char *digest;  /* "sha256:..." of the blob as stored */
	const char *diff_id; /* of its tar */
	const char *media_type;
	const char *created_by; /* from the history, or "" */
	enum lam_codec codec;   /* as it is, by its first bytes */
	uint64_t blob_size;     /* bytes */
	uint64_t tar_size;
	uint32_t entry_count; /* of the tar, whiteouts too */
	uint32_t whiteout_count;
	uint64_t file_bytes;  /* contents of all its files */
	uint32_t dead_count;  /* entries that are not visible in the merged tree */
	uint64_t waste_bytes; /* contents of those */
	bool missing; /* a foreign layer that the image is without: shown as empty */
};

const char *lam_image_reference(const struct lam_image *image); /* as given */
const char *lam_image_name(const struct lam_image *image); /* tag or NAME:TAG, or NULL */
const char *lam_image_manifest_digest(
	const struct lam_image
		*image); /* for a docker-archive: of the manifest made for it */
const char *lam_image_config_digest(const struct lam_image *image);
const char *
lam_image_platform(const struct lam_image *image); /* "linux/amd64", "linux/arm/v7" */
size_t lam_image_layer_count(const struct lam_image *image);
const struct lam_layer_info *lam_image_layer(const struct lam_image *image, size_t n);
/* What made a layer in the words that its author typed, without the shell and the builder's
 * own marks: raw bytes in one line, a new string of the caller's; "" where nothing is known.
 */
char *lam_made_by(const char *created_by);
const struct lam_tree *lam_image_tree(const struct lam_image *image);

/* What it says beside its files; and its history, entries without a layer too. */
const struct lam_settings *lam_image_settings(const struct lam_image *image);
const struct lam_history_entry *lam_image_history(const struct lam_image *image,
						  size_t *out_count);

/* What speaks of it, or of an index that it stands in. */
const struct lam_referrers *lam_image_referrers(const struct lam_image *image);

/* At most 1,000 notes are kept, in order of layer; the total goes on. */
size_t lam_image_note_count(const struct lam_image *image); /* of those kept */
uint64_t lam_image_note_total(const struct lam_image *image);
const struct lam_note *lam_image_note(const struct lam_image *image, size_t n);

/* Gives the content of a file, in order, in pieces, to write(); write() returns 0, or a
 * negative code with err set, which ends it. stop (NULL: never) ends it too, also while a
 * registry is waited for. version NULL: what is visible. Symlinks are not followed; other
 * kinds have no content. In a compressed layer the way is 8 MiB or a little more from the last
 * checkpoint, where the compressor left places for these (gzip does). What was given is
 * checked: LAM_EFORMAT in the end where it is not what was indexed. */
int lam_image_read_file(const struct lam_image *image, uint32_t node,
			const struct lam_version *version,
			int (*write)(void *context, const void *bytes, size_t len,
				     struct lam_error *err),
			void *context, const atomic_bool *stop, struct lam_error *err);

/* The contents of many files, whole, to take(): each with its place among `nodes`, in the
 * order in which they lie in the layers, so that a layer is inflated once at most, and not
 * where nothing of it is asked for. What is no visible file is passed over. bytes end with
 * a '\0' and are valid during the call; NULL where they are more than `most`. take()
 * returns 0, or a negative code with err set, which ends it. Checked as above; stop may be
 * NULL. */
int lam_image_read_files(const struct lam_image *image, const uint32_t *nodes,
			 size_t count, size_t most,
			 int (*take)(void *context, size_t n, const char *bytes,
				     size_t len, struct lam_error *err),
			 void *context, const atomic_bool *stop, struct lam_error *err);

/* What the blob of its layer makes of a file's content, in bytes of each byte: measured
 * over the pieces of some MiB that the file is in. Not for DELETED. */
double lam_image_packed(const struct lam_image *image, const struct lam_version *version);

/* A subtree as a tar with final metadata, whole hard-link groups, paths relative to the
 * node's parent ("opt/app/…"), the root as "./": canonical as written layers are. Links whose first name is outside stand as
 * files. Contents come from the spools; for layers without one (not asked for, or cached)
 * each file is looked for by itself, which is slow where there are many. */
int lam_image_export(const struct lam_image *image, uint32_t node,
		     int (*write)(void *context, const void *bytes, size_t len,
				  struct lam_error *err),
		     void *context, const atomic_bool *stop, struct lam_error *err);

#endif
