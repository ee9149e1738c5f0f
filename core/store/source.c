#include "store/source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/path.h"
#include "store/source_impl.h"

int lam_extent_open(const struct lam_extent_of_file *extent, int *out_fd, bool *out_own,
		    struct lam_error *err)
{
	char text[LAM_PATH_TEXT];
	struct stat st;
	int fd;

	*out_own = extent->fd < 0;
	*out_fd = extent->fd;
	if (extent->fd >= 0)
		return 0;
	if (!extent->path)
		return lam_fail(
			err, LAM_EREAD,
			"its blob is not there: copy the image again, with its foreign layers");
	lam_path_text(text, extent->path, strlen(extent->path), false);
	fd = open(extent->path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return lam_fail_errno(err, LAM_EREAD, errno, "%s", text);
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		close(fd);
		return lam_fail(err, LAM_EREAD, "%s: is no regular file", text);
	}
	if ((uint64_t)st.st_size != extent->size) {
		close(fd);
		return lam_fail(
			err, LAM_EFORMAT,
			"%s: has %lld bytes, its descriptor says %llu: copy the image again",
			text, (long long)st.st_size, (unsigned long long)extent->size);
	}
	*out_fd = fd;
	return 0;
}

int lam_source_add_name(struct lam_source *source, const char *name,
			struct lam_error *err)
{
	const char *copy = lam_arena_copy(&source->arena, name, strlen(name));

	if (!copy)
		return lam_fail_memory(err);
	if (LAM_GROW(source->names, source->name_count, source->name_cap, err) < 0)
		return err->code;
	source->names[source->name_count++] = copy;
	return 0;
}

int lam_source_list_names(const struct lam_source *source, struct lam_buf *out,
			  struct lam_error *err)
{
	const size_t most = 20;

	for (size_t i = 0; i < source->name_count && i < most; i++) {
		char text[LAM_PATH_TEXT];

		if (lam_buf_printf(out, err, "%s%s", i ? ", " : "",
				   lam_path_text(text, source->names[i],
						 strlen(source->names[i]), false)) < 0)
			return err->code;
	}
	if (source->name_count > most)
		return lam_buf_printf(out, err, " and %zu more",
				      source->name_count - most);
	return source->name_count ? 0
				  : lam_buf_append_text(out, "nothing with a name", err);
}

int lam_source_read_blob(struct lam_source *source, const struct lam_descriptor *d,
			 size_t max, struct lam_buf *out, struct lam_error *err)
{
	struct lam_extent_of_file extent;
	struct lam_reader *reader = NULL;
	char digest[LAM_DIGEST_TEXT];
	size_t got = 0;
	bool own;
	int fd;

	lam_digest_format(&d->digest, digest);
	if ((uint64_t)d->size > max)
		return lam_fail(err, LAM_EFORMAT, "%s: is larger than %zu bytes", digest,
				max);
	if (source->find_blob(source, &d->digest, (uint64_t)d->size, &extent, err) < 0 ||
	    lam_extent_open(&extent, &fd, &own, err) < 0 ||
	    lam_reader_file(&reader, fd, own, extent.offset, extent.size, digest, err) <
		    0)
		return err->code;
	out->max = max;
	lam_buf_clear(out);
	if (lam_buf_reserve(out, (size_t)d->size, err) == 0 &&
	    lam_read_full(reader, out->data, (size_t)d->size, &got, err) == 0) {
		out->len = got;
		out->data[got] = '\0';
		lam_reader_close(reader);
		return lam_descriptor_check(d, out->data, out->len, digest, err);
	}
	lam_reader_close(reader);
	return err->code;
}

int lam_source_open_layer(const struct lam_source *source, size_t n,
			  struct lam_reader **out, struct lam_error *err)
{
	return lam_source_open_layer_from(source, n, 0, out, err);
}

int lam_source_open_layer_from(const struct lam_source *source, size_t n, uint64_t offset,
			       struct lam_reader **out, struct lam_error *err)
{
	const struct lam_source_layer *layer = &source->image.layers[n];
	bool own;
	int fd;

	*out = NULL;
	if (offset > layer->blob.size)
		return lam_fail(err, LAM_EREAD, "the layer has become shorter");
	if (lam_extent_open(&layer->blob, &fd, &own, err) < 0)
		return err->code;
	return lam_reader_file(out, fd, own, layer->blob.offset + offset,
			       layer->blob.size - offset,
			       layer->blob.path ? layer->blob.path : source->shown, err);
}

static int set_platform(struct lam_source *s, const struct lam_platform *p,
			struct lam_error *err)
{
	const char *parts[3] = { p->os, p->architecture, p->variant };
	const char **into[3] = { &s->wanted.os, &s->wanted.architecture,
				 &s->wanted.variant };

	for (size_t i = 0; i < 3; i++) {
		*into[i] = parts[i]
				   ? lam_arena_copy(&s->arena, parts[i], strlen(parts[i]))
				   : NULL;
		if (parts[i] && !*into[i])
			return lam_fail_memory(err);
	}
	return 0;
}

static int open_source(struct lam_source *s, const struct lam_reference *reference,
		       const struct lam_source_options *options, struct lam_error *err)
{
	s->dir = -1;
	s->archive.fd = -1;
	s->image.manifest = LAM_BUF(LAM_MAX_MANIFEST);
	s->image.config = LAM_BUF(LAM_MAX_CONFIG);
	s->shown = lam_arena_copy(&s->arena, reference->text, strlen(reference->text));
	s->path = reference->path ? lam_arena_copy(&s->arena, reference->path,
						   strlen(reference->path))
				  : NULL;
	if (!s->shown || (reference->path && !s->path))
		return lam_fail_memory(err);
	if (set_platform(s, &options->platform, err) < 0)
		return err->code;
	if (reference->transport == LAM_OCI)
		return lam_source_open_folder(s, reference->name, err);
	return lam_source_open_archive(s, reference, options, err);
}

int lam_source_open(struct lam_source **out, const struct lam_reference *reference,
		    const struct lam_source_options *options, struct lam_error *err)
{
	struct lam_source *s = calloc(1, sizeof *s);

	*out = NULL;
	if (!s)
		return lam_fail_memory(err);
	if (open_source(s, reference, options, err) < 0) {
		char text[LAM_PATH_TEXT];

		lam_source_close(s);
		if (err->code == LAM_ESTOPPED || err->code == LAM_ENOMEM)
			return err->code;
		return lam_wrap(err, "%s",
				lam_path_text(text, reference->text,
					      strlen(reference->text), false));
	}
	*out = s;
	return 0;
}

void lam_source_close(struct lam_source *s)
{
	if (!s)
		return;
	if (s->dir >= 0)
		close(s->dir);
	lam_archive_close(&s->archive);
	lam_buf_fini(&s->image.manifest);
	lam_buf_fini(&s->image.config);
	free(s->image.layers);
	free(s->names);
	lam_arena_fini(&s->arena);
	free(s);
}

const struct lam_source_image *lam_source_image(const struct lam_source *source)
{
	return &source->image;
}

size_t lam_source_name_count(const struct lam_source *source)
{
	return source->name_count;
}

const char *lam_source_name(const struct lam_source *source, size_t n)
{
	return source->names[n];
}
