/* A file that is there, looked at as an output: whether an archive may take its place. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "store/archive.h"
#include "store/replace.h"

/* Whether it is what an image of this name is called in archives. */
static bool is_called(const char *tag, const char *name)
{
	const char *behind = strrchr(name, ':');

	return strcmp(tag, name) == 0 || (behind && strcmp(tag, behind + 1) == 0) ||
	       lam_is_same_name(tag, name);
}

static int fail_several(const char *path, struct lam_error *err)
{
	return lam_fail(err, LAM_EWRITE,
			"%s: holds several images, which would be lost: remove it or "
			"choose another name",
			path);
}

static int fail_existing(const char *path, struct lam_error *err)
{
	if (err->code == LAM_ENOTFOUND)
		return fail_several(path, err);
	if (err->code == LAM_EFORMAT)
		return lam_fail(err, LAM_EWRITE,
				"%s: is there, and no image archive: remove it or "
				"choose another name",
				path);
	if (err->code == LAM_EREAD)
		err->code = LAM_EWRITE;
	return err->code;
}

/* What of it would be lost where an index is written in its place. */
static int check_set(const struct lam_sink_options *o, const struct lam_source_set *set,
		     struct lam_replaced *out, bool *lost, struct lam_error *err)
{
	LAM_CLEANUP(lam_index_fini) struct lam_index index = { 0 };

	for (size_t i = 0; i < set->count && !*lost; i++) {
		const struct lam_index_entry e = {
			.descriptor.digest = set->images[i].manifest,
			.platform = set->images[i].platform,
		};

		*lost = !lam_replace_covers(o, &e);
	}
	if (set->index.len == 0)
		return 0;
	if (lam_index_parse(&index, set->index.data, set->index.len, "index", NULL, err) <
	    0)
		return err->code;
	for (size_t i = 0; i < index.count; i++) {
		struct lam_referrer found;

		if (!lam_referrer_read(&found, &index.entries[i], NULL))
			continue;
		lam_referrers_copy(&out->referrers, &found, LAM_REFERRER_DROPPED);
		lam_referrer_fini(&found);
	}
	return 0;
}

static bool has_other_names(const struct lam_source *source, const char *name)
{
	bool others = source->name_count > 1;

	for (size_t i = 0; i < source->name_count && !others; i++)
		others = !name || !is_called(source->names[i], name);
	return others;
}

/* What a file of this name holds must be the image that is replaced, or other images
 * would be lost; all that speaks of it goes with the file. */
static int check_images(struct lam_replaced *out, const struct lam_reference *r,
			const struct lam_sink_options *o, const char *folder,
			struct lam_error *err)
{
	LAM_CLEANUP(lam_source_set_fini) struct lam_source_set set = { 0 };
	const struct lam_source_options options = { .temporary = folder,
						    .set = o->platform_count ? &set
									     : NULL };
	const struct lam_replace replace = { .place = r->path, .options = o };
	struct lam_reference reference = { .store = r->store,
					   .path = r->path,
					   .text = r->path };
	struct lam_source *source;
	bool several, others;
	int code = 0;

	if (lam_source_open(&source, &reference, &options, err) < 0)
		return fail_existing(r->path, err);
	several = source->others;
	others = has_other_names(source, r->name);
	if (options.set)
		code = check_set(o, &set, out, &several, err);
	for (size_t i = 0; i < source->image.referrers.count; i++)
		lam_referrers_copy(&out->referrers, &source->image.referrers.items[i],
				   LAM_REFERRER_DROPPED);
	lam_source_close(source);
	if (code < 0)
		return fail_existing(r->path, err);
	if (several)
		return fail_several(r->path, err);
	if (others)
		return lam_fail(
			err, LAM_EWRITE,
			"%s: holds an image of another name, which would be lost: "
			"remove it or choose another name",
			r->path);
	lam_replace_keep(out, &replace);
	return lam_replace_check(out, &replace, err);
}

static int check_existing(struct lam_replaced *out, const struct lam_reference *r,
			  const struct lam_sink_options *options, const char *folder,
			  struct lam_error *err)
{
	const char *path = r->path;
	struct stat st;

	*out = (struct lam_replaced){ 0 };
	if (stat(path, &st) < 0)
		return errno == ENOENT
			       ? 0
			       : lam_fail_errno(err, LAM_EWRITE, errno, "%s", path);
	if (!S_ISREG(st.st_mode))
		return lam_fail(err, LAM_EWRITE,
				"%s: is there, and no regular file: choose another name",
				path);
	out->any = st.st_size > 0; /* an empty file is no image */
	return out->any ? check_images(out, r, options, folder, err) : 0;
}

int lam_archive_open_sink(struct lam_sink *sink, struct lam_error *err)
{
	LAM_CLEANUP(lam_replaced_fini) struct lam_replaced replaced = { 0 };

	sink->directory = lam_reference_folder(sink->reference);
	if (sink->reference->path && lam_reference_check_folder(sink->reference, err) < 0)
		return err->code;
	if (lam_sink_open_directory(sink, err) < 0)
		return err->code;
	if (!sink->reference->path)
		return isatty(STDOUT_FILENO)
			       ? lam_fail(
					 err, LAM_EWRITE,
					 "standard output is a terminal: an archive goes "
					 "to a file or a pipe")
			       : 0;
	lam_sink_sweep(sink);
	if (check_existing(&replaced, sink->reference, sink->options, sink->directory,
			   err) < 0)
		return err->code;
	return lam_replace_settle(sink, &replaced, err);
}

int lam_archive_replaces(struct lam_replaced *out, const struct lam_reference *reference,
			 const struct lam_sink_options *options, struct lam_error *err)
{
	LAM_CLEANUP(lam_free_ptr) char *folder = lam_reference_folder(reference);

	*out = (struct lam_replaced){ 0 };
	if (!reference->path)
		return 0;
	if (lam_reference_check_folder(reference, err) < 0)
		return err->code;
	return check_existing(out, reference, options, folder, err);
}
