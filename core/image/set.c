/* Which images a reference names: one by its platform or its digest, or all of them. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "image/image.h"

/* "os/arch[/variant]", cut in place. */
static int split_platform(char *text, struct lam_platform *out, struct lam_error *err)
{
	char *arch = strchr(text, '/'), *variant = arch ? strchr(arch + 1, '/') : NULL;

	if (!arch || arch == text || !arch[1])
		return lam_fail(err, LAM_EUSAGE,
				"platform: expected OS/ARCHITECTURE[/VARIANT], such as "
				"linux/arm64");
	*arch++ = '\0';
	if (variant)
		*variant++ = '\0';
	*out = (struct lam_platform){ .os = text,
				      .architecture = arch,
				      .variant = variant && *variant ? variant : NULL };
	return 0;
}

int lam_image_open_source(struct lam_source **out, const char *text,
			  const struct lam_open_options *o, struct lam_source_set *set,
			  struct lam_error *err)
{
	LAM_CLEANUP(lam_reference_fini) struct lam_reference reference = { 0 };
	LAM_CLEANUP(lam_free_ptr)
	char *platform = o->platform && !set ? lam_xstrdup(o->platform) : NULL;
	struct lam_source_options options = {
		.temporary = o->temporary ? o->temporary : "/tmp",
		.progress = o->progress,
		.set = set,
		.of = o->set ? &o->set->all : NULL,
		.referrers = o->referrers,
	};

	if (o->set)
		options.only = o->set->all.images[o->n].manifest;
	if ((platform && split_platform(platform, &options.platform, err) < 0) ||
	    lam_reference_parse(&reference, text, false, err) < 0)
		return err->code;
	reference.access = o->access;
	return lam_source_open(out, &reference, &options, err);
}

int lam_image_set_open(struct lam_image_set **out, const char *reference,
		       const struct lam_open_options *options, struct lam_error *err)
{
	struct lam_image_set *set = lam_xcalloc(1, sizeof *set);

	*out = NULL;
	if (strcmp(reference, "-") == 0)
		(void)lam_fail(
			err, LAM_EUSAGE,
			"-: all platforms are read from a place that can be opened "
			"more than once: name a file");
	else if (lam_image_open_source(&set->source, reference, options, &set->all,
				       err) == 0)
		*out = set;
	if (*out)
		return 0;
	lam_image_set_close(set);
	return err->code;
}

void lam_image_set_close(struct lam_image_set *set)
{
	if (!set)
		return;
	lam_source_close(set->source);
	lam_source_set_fini(&set->all);
	free(set);
}

size_t lam_image_set_count(const struct lam_image_set *set)
{
	return set->all.count;
}
