/* What a new image takes the place of, where it is written to a name that has an image: the
 * rules of all kinds of store. A manifest is replaced whole. In an index the image of the
 * same platform is, and all else stays as it is, to the byte of each descriptor; where none
 * is of that platform the new one comes to the others. A new index takes the place of an old
 * one if it has an image for each of its platforms. Attestations of what is replaced, and
 * what else in the index speaks of it, go, and only if the options say so. */
#ifndef LAM_REPLACE_H
#define LAM_REPLACE_H

#include "store/kind.h"
#include "store/referrers.h"

struct lam_replaced {
	bool any;                       /* there is an image under the name */
	struct lam_referrers referrers; /* what spoke of it, with its fate */
	/* What is not in its place any more: the image, and the index that it was in. */
	struct lam_digest gone[2];
	/* What will stand under the name: the new image, or an index that holds it. */
	struct lam_sink_image top;
	struct lam_buf
		index; /* that index, which is to be stored; empty: there is none */
};
void lam_replaced_fini(struct lam_replaced *replaced);

struct lam_replace {
	const char *place; /* for messages */
	const struct lam_sink_options *options;
	const struct lam_sink_image *image; /* NULL: it is not there yet, and what would
					       happen is looked at: top and index are not
					       made */
	struct lam_blob_reader reader;      /* of the output */
};

/* old: what stands under the name; NULL: nothing. *out is the caller's, also after a
 * failure. LAM_EWRITE where an image would be lost. What is said of the image is only
 * gathered: see below. */
int lam_replace(struct lam_replaced *out, const struct lam_replace *replace,
		const struct lam_descriptor *old, struct lam_error *err);
/* Takes out of what was gathered what is written again as it is. */
void lam_replace_keep(struct lam_replaced *replaced, const struct lam_replace *replace);
/* LAM_EWRITE where something speaks of what is replaced, would be lost, and nobody said
 * that it goes. */
int lam_replace_check(const struct lam_replaced *replaced,
		      const struct lam_replace *replace, struct lam_error *err);
/* Gives the sink the index that was made, synced, and what was said of what is replaced. */
int lam_replace_settle(struct lam_sink *sink, struct lam_replaced *replaced,
		       struct lam_error *err);
/* Whether an index that is written has an image in this one's place. */
bool lam_replace_covers(const struct lam_sink_options *options,
			const struct lam_index_entry *entry);

#endif
