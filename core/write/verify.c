#include "write/verify.h"

#include <stdlib.h>
#include <string.h>

#include <lamina/image.h>

#include "base/digest.h"
#include "base/limits.h"
#include "base/path.h"
#include "tar/read.h"

#define PIECE (256u << 10)

struct verifying {
	const struct lam_layout *layout;
	struct lam_tar_reader *tar;
	struct lam_item_scratch scratch;
	struct lam_buf name;
	struct lam_hash hash;
	char *piece; /* PIECE bytes of content on their way */
};

static bool same_text(struct lam_str a, struct lam_str b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.bytes, b.bytes, a.len) == 0);
}

static bool same_records(const struct lam_entry *is, const struct lam_entry *want)
{
	if (is->record_count != want->record_count)
		return false;
	for (size_t i = 0; i < is->record_count; i++) {
		if (!same_text(is->records[i].key, want->records[i].key) ||
		    !same_text(is->records[i].value, want->records[i].value))
			return false;
	}
	return true;
}

/* Whether a name in the tar is a clean one. */
static int same_name(struct verifying *v, struct lam_str is, struct lam_str want,
		     bool *out, struct lam_error *err)
{
	bool clamped;

	lam_buf_clear(&v->name);
	if (lam_path_clean(is.bytes, is.len, &v->name, &clamped, err) < 0)
		return err->code;
	*out = !clamped && same_text((struct lam_str){ v->name.data, v->name.len }, want);
	return 0;
}

/* enum lam_difference's bits, as for trees. */
static unsigned compare_metadata(const struct lam_entry *is, const struct lam_entry *want)
{
	unsigned what = 0;

	if (is->type != want->type || is->extents)
		what |= LAM_DIFF_KIND;
	if (is->mode != want->mode)
		what |= LAM_DIFF_MODE;
	if (is->uid != want->uid || is->gid != want->gid)
		what |= LAM_DIFF_OWNER;
	if (is->mtime_s != want->mtime_s || is->mtime_ns != want->mtime_ns)
		what |= LAM_DIFF_TIME;
	if (is->size != want->size || is->stored != want->stored)
		what |= LAM_DIFF_SIZE;
	/* a link's are those of its file */
	if (want->type != LAM_TYPE_LINK &&
	    (is->dev_major != want->dev_major || is->dev_minor != want->dev_minor))
		what |= LAM_DIFF_DEVICE;
	if (!same_records(is, want))
		what |= LAM_DIFF_ATTRIBUTES;
	return what;
}

static int compare_names(struct verifying *v, const struct lam_entry *is,
			 const struct lam_entry *want, unsigned *what,
			 struct lam_error *err)
{
	bool path, target = same_text(is->target, want->target);

	if (same_name(v, is->path, want->path, &path, err) < 0 ||
	    (want->type == LAM_TYPE_LINK &&
	     same_name(v, is->target, want->target, &target, err) < 0))
		return err->code;
	if (!path)
		*what |= LAM_DIFF_ONLY_A;
	if (!target)
		*what |= want->type == LAM_TYPE_LINK ? LAM_DIFF_LINKS : LAM_DIFF_TARGET;
	return 0;
}

static int compare_content(struct verifying *v, const struct lam_item *item,
			   unsigned *what, struct lam_error *err)
{
	struct lam_digest digest;
	struct lam_stat stat;
	size_t got = 1;

	lam_hash_reset(&v->hash);
	while (got > 0) {
		if (lam_tar_read_hashing(v->tar, v->piece, PIECE, &got, &v->hash, err) <
		    0)
			return err->code;
	}
	lam_hash_final(&v->hash, &digest);
	lam_tree_stat(v->layout->tree, item->node, &stat);
	if (memcmp(stat.content, digest.bytes, sizeof stat.content) != 0)
		*what |= LAM_DIFF_CONTENT;
	return 0;
}

static int fail_different(const struct verifying *v, const struct lam_item *item,
			  unsigned what, struct lam_error *err)
{
	char path[512] = "a path that should not be there";

	if (item)
		lam_layout_path(v->layout, item->node, path);
	return lam_fail(
		err, LAM_EWRITE,
		"%s: what was written is not what the image has (%#x): nothing was "
		"published",
		path, what);
}

static int compare(struct verifying *v, const struct lam_item *item,
		   const struct lam_entry *is, struct lam_error *err)
{
	struct lam_entry want;
	unsigned what;

	if (lam_item_entry(v->layout->tree, item, &v->scratch, &want, err) < 0)
		return err->code;
	what = compare_metadata(is, &want);
	if (compare_names(v, is, &want, &what, err) < 0)
		return err->code;
	if (what == 0 && item->kind == LAM_ITEM_ENTRY && want.type == LAM_TYPE_FILE &&
	    compare_content(v, item, &what, err) < 0)
		return err->code;
	return what ? fail_different(v, item, what, err) : 0;
}

static int compare_all(struct verifying *v, const struct lam_layout_target *target,
		       struct lam_error *err)
{
	const struct lam_entry *entry;
	size_t n = 0;
	int got;

	while ((got = lam_tar_next(v->tar, &entry, err)) > 0) {
		if (n == target->item_count)
			return fail_different(v, NULL, LAM_DIFF_ONLY_B, err);
		if (compare(v, &target->items[n++], entry, err) < 0)
			return err->code;
	}
	if (got == 0 && n < target->item_count)
		return fail_different(v, &target->items[n], LAM_DIFF_ONLY_A, err);
	return got;
}

int lam_verify(const struct lam_layout *layout, const struct lam_layout_target *target,
	       struct lam_reader *tar, struct lam_error *err)
{
	struct verifying v = { .layout = layout,
			       .scratch = LAM_ITEM_SCRATCH,
			       .name = LAM_BUF(LAM_MAX_PATH),
			       .piece = malloc(PIECE) };
	int code = v.piece ? 0 : lam_fail_memory(err);

	v.tar = lam_tar_reader_new(tar);
	lam_hash_init(&v.hash, LAM_SHA256);
	if (code == 0)
		code = compare_all(&v, target, err);
	lam_tar_reader_free(v.tar);
	lam_hash_fini(&v.hash);
	lam_item_scratch_fini(&v.scratch);
	lam_buf_fini(&v.name);
	free(v.piece);
	return code;
}
