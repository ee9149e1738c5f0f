/* Outer archives: tars that hold an OCI layout, what `docker save` wrote, or both. These
 * two kinds of store share how members are found, and how they are packed. Members are
 * sorted, mtime 0, owner 0:0, modes 0755 and 0644. Outer archives may be compressed (outer.h):
 * these and standard input are spooled. What libarchive says is only used to look members up by name; every blob's
 * digest is checked by who reads it. */
#ifndef LAM_ARCHIVE_H
#define LAM_ARCHIVE_H

#include "io/spool.h"
#include "store/kind.h"

struct lam_member {
	const char *name;   /* canonical */
	const char *target; /* canonical, of a link; else NULL */
	uint64_t offset, size;
	bool dense; /* of the file of what had holes */
	bool twice; /* the archive has another of this name */
};

/* What may stand in an archive beside the blobs: max 0 where it does not. */
struct lam_archive_documents {
	struct lam_buf index, saved; /* index.json of a layout, and manifest.json */
	bool has_index, has_saved;
};
void lam_archive_documents_fini(struct lam_archive_documents *documents);

bool lam_archive_is_at(const char *path);
/* Makes source->own. */
int lam_archive_open(struct lam_source *source, const struct lam_reference *reference,
		     const struct lam_source_options *options,
		     struct lam_archive_documents *out, struct lam_error *err);
/* The same of a tar that is in a spool, which is the source's from now on. */
int lam_archive_open_spool(struct lam_source *source, struct lam_spool *spool,
			   const struct lam_source_options *options,
			   struct lam_archive_documents *out, struct lam_error *err);
void lam_archive_close(struct lam_source *source);
int lam_archive_find_blob(const struct lam_source *source,
			  const struct lam_descriptor *blob, const void **out_where,
			  struct lam_error *err);
int lam_archive_open_blob(const struct lam_source *source,
			  const struct lam_descriptor *blob, const void *where,
			  uint64_t offset, struct lam_reader **out,
			  struct lam_error *err);
/* Follows links in the archive; *out is NULL where there is no such member. LAM_EFORMAT
 * for a name that stands twice, or links in a circle. */
int lam_archive_find(const struct lam_source *source, const char *name,
		     const struct lam_member **out, struct lam_error *err);
/* The bytes of a member, of at most out->max. */
int lam_archive_read(const struct lam_source *source, const struct lam_member *member,
		     struct lam_buf *out, struct lam_error *err);

/* What an archive of this name holds must be the image that is replaced. */
int lam_archive_open_sink(struct lam_sink *sink, struct lam_error *err);
int lam_archive_replaces(struct lam_replaced *out, const struct lam_reference *reference,
			 const struct lam_sink_options *options, struct lam_error *err);
/* saved: manifest.json; NULL: none. */
int lam_archive_publish(struct lam_sink *sink, const struct lam_sink_image *image,
			const struct lam_buf *index, const struct lam_buf *saved,
			struct lam_error *err);

/* To a descriptor, and nowhere else. */
int lam_archive_pack(struct lam_sink *sink, const struct lam_sink_image *image,
		     const struct lam_buf *index, const struct lam_buf *saved, int fd,
		     struct lam_error *err);

#endif
