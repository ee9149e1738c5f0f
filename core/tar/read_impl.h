/* The tar reader, inside: what read.c gives to the maps of sparse files (sparse.c), and
 * these to it. */
#ifndef LAM_TAR_READ_IMPL_H
#define LAM_TAR_READ_IMPL_H

#include "tar/pax.h"
#include "tar/read.h"

#define LAM_TAR_BLOCK 512u
#define LAM_TAR_BUF   (128u << 10)

enum lam_tar_format { LAM_TAR_V7, LAM_TAR_USTAR, LAM_TAR_STAR, LAM_TAR_GNU };

struct lam_tar_reader {
	struct lam_reader *reader;
	unsigned char *buf;
	size_t at, end;
	uint64_t offset;       /* in the tar, of buf[at] */
	struct lam_hash *hash; /* of all of it, or NULL */
	bool input_ended, trailer;
	uint64_t left;  /* stored bytes of the present entry that were not given */
	size_t padding; /* behind them */
	uint64_t data_offset;
	struct lam_entry entry;
	struct lam_pax pax;
	struct lam_buf long_name, long_target;
	bool has_name, has_target;
	bool repeated; /* GNU's headers said another name than what else was there */
	struct lam_buf name, target; /* of the header */
	struct lam_extent *extents;
	size_t extent_count, extent_cap;
};

/* LAM_EFORMAT with the place in the tar. */
int lam_tar_fail(const struct lam_tar_reader *t, struct lam_error *err, const char *what);
/* As much as there is, up to len bytes, in one piece at buf[at]. */
int lam_tar_fill(struct lam_tar_reader *t, size_t len, size_t *out_have,
		 struct lam_error *err);
void lam_tar_advance(struct lam_tar_reader *t, size_t len);
int lam_tar_skip(struct lam_tar_reader *t, uint64_t len, struct lam_error *err);

enum lam_tar_format lam_tar_format_of(const unsigned char *h);

/* sparse.c: the map of an 'S' header h and the blocks behind it. */
int lam_tar_old_sparse(struct lam_tar_reader *t, const unsigned char *h,
		       int64_t *real_size, struct lam_error *err);
int lam_tar_bad_map(const struct lam_tar_reader *t, struct lam_error *err);
enum lam_tar_sparse {
	LAM_TAR_DENSE,
	LAM_TAR_SPARSE_0_0,
	LAM_TAR_SPARSE_0_1,
	LAM_TAR_SPARSE_1_0,
};
/* By the PAX records at hand, whose map the second reads. */
enum lam_tar_sparse lam_tar_sparse_version(const struct lam_pax *pax);
int lam_tar_pax_sparse(struct lam_tar_reader *t, enum lam_tar_sparse version,
		       int64_t *real_size, struct lam_error *err);
int lam_tar_check_extents(const struct lam_tar_reader *t, int64_t real_size,
			  struct lam_error *err);

#endif
