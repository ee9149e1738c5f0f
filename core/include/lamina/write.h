/* Writes a layout as an image: encodes what is new, keeps what is kept, reads back,
 * compares, publishes. */
#ifndef LAMINA_WRITE_H
#define LAMINA_WRITE_H

#include <lamina/access.h>
#include <lamina/layout.h>

struct lam_write_options {
	unsigned threads;    /* 0: as many as there are cores */
	bool no_verify;      /* leaves out the reading back, nothing else */
	const char *created; /* RFC 3339, from SOURCE_DATE_EPOCH; NULL: the image's */
	const struct lam_progress *progress;
	const char *spool; /* folder for contents that do not fit in memory, in files
			      without a name; NULL: lam_write_spool_folder's */
	const struct lam_access *access; /* may be NULL */
	bool drop_attestations; /* what speaks of an image that is replaced or written anew
				   goes; without it nothing is written then */
	const char *cache;      /* folder where it stands what was written before, as in
			      lam_open_options; NULL: nothing is known */
	const char *reuse; /* an image, or a folder of blobs, from which layers that were
			      written before are taken, besides the output itself; or
			      NULL */
	struct lam_write_ahead *ahead; /* begun for the same place; NULL: by writing */
};

/* Begins to hash what writing there may take as it is, in a thread, where that is known and
 * costs nothing to find out: it may be begun before the image is opened. NULL where there
 * is nothing to do; never an error, as writing looks itself. options are looked at
 * alone until this returns, but for progress->stop. */
struct lam_write_ahead *lam_write_ahead_new(const char *reference,
					    const struct lam_write_options *options);
/* Ends that; NULL is nothing. */
void lam_write_ahead_free(struct lam_write_ahead *ahead);

/* "sha512:", which kept layers may have, and more than its 128 digits. */
#define LAM_WRITTEN_DIGEST 144

struct lam_written_layer {
	char digest[LAM_WRITTEN_DIGEST], diff_id[LAM_WRITTEN_DIGEST];
	uint64_t blob_size, tar_size;
	bool reused;     /* it was written before, and there */
	uint64_t copied; /* bytes of its tar in pieces that were there */
};

struct lam_write_result {
	char manifest_digest[LAM_WRITTEN_DIGEST], config_digest[LAM_WRITTEN_DIGEST];
	bool verified;
	struct lam_written_layer *layers; /* of the image that was written, base first */
	size_t layer_count;
	/* The index that stands under the name, and holds the image; "": none does. */
	char index_digest[LAM_WRITTEN_DIGEST];
	struct lam_referrers referrers; /* what spoke of what was there, with its fate */
};
void lam_write_result_fini(struct lam_write_result *result);

/* A folder on the output's filesystem for lam_open_options.spool, a new string of the
 * caller's. "." for an output that is not there; access->temporary for one that is on no
 * filesystem here. access may be NULL. */
int lam_write_spool_folder(char **out, const char *reference,
			   const struct lam_access *access, struct lam_error *err);

/* Whether an image stands in the reference's place, which writing there replaces: its tag
 * in a layout, or the archive's file; and what speaks of it and would go, or be left without
 * it, which is the caller's, also after failure. image: what is to be written there, or NULL.
 * LAM_EUSAGE for what is no place to write to, LAM_EWRITE where writing there would be
 * refused at once; LAM_ESTOPPED. progress may be NULL. */
int lam_write_replaces(bool *out, struct lam_referrers *out_lost,
		       const struct lam_image *image, const char *reference,
		       const struct lam_access *access,
		       const struct lam_progress *progress, struct lam_error *err);
/* LAM_EWRITE where a place of that kind cannot hold what the layout makes: a layer's
 * compression, or annotations. */
int lam_write_check_place(const struct lam_layout *layout, const char *reference,
			  struct lam_error *err);

/* Which of the layout's targets are there already, in the output or in options->reuse, and
 * would be taken if their blobs are right; *out is the caller's (free()). Nothing is made
 * or changed. Errors are about options->reuse. */
int lam_write_forecast(bool **out, const struct lam_layout *layout, const char *reference,
		       const struct lam_write_options *options, struct lam_error *err);

/* What speaks of what lam_write_image() or, with a set, lam_write_set() would replace or
 * write anew, with the fate that it would have; the caller's, also after a failure.
 * LAM_EUSAGE, LAM_EWRITE where they would refuse at once: also attestations, without
 * options->drop_attestations. Nothing is made or changed. set may be NULL. */
int lam_write_foresee(struct lam_referrers *out, const struct lam_image_set *set,
		      const struct lam_layout *const *layouts, const char *reference,
		      const struct lam_write_options *options, struct lam_error *err);

/* Layers that files are taken from are read once, unless the image was opened with a
 * spool and has them; whatever is read is checked (LAM_EREAD, LAM_EFORMAT). Kept blobs
 * are checked where they are copied, and not touched where the output has them. A layer
 * that was written before, and whose blob is in the output or in options->reuse, is not
 * written again: its digest and its entries are checked instead. The same bytes come out.
 * LAM_EWRITE, LAM_EREAD, LAM_EFORMAT, LAM_ESTOPPED, LAM_ENOMEM: nothing was published.
 * reference: design, section 6; it may be the layout that the image is read from. */
int lam_write_image(const struct lam_layout *layout, const char *reference,
		    const struct lam_write_options *options, struct lam_write_result *out,
		    struct lam_error *err);

/* All images of a set, each with its layout, and their index with the rest of what it
 * names: one publication. results has room for each; what is told of the index stands in
 * the first. A set without an index is one image. */
int lam_write_set(const struct lam_image_set *set,
		  const struct lam_layout *const *layouts, const char *reference,
		  const struct lam_write_options *options,
		  struct lam_write_result *results, struct lam_error *err);

#endif
