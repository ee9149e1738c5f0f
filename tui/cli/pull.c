/* What a client that has other images fetches of one. */
#include "cli/pull.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/size.h"

static const char *digest_of(const struct lam_image *image, size_t n)
{
	return lam_image_layer(image, n)->digest;
}

static bool has_blob(const struct lam_image *image, const char *digest)
{
	for (size_t i = 0; i < lam_image_layer_count(image); i++) {
		if (strcmp(digest_of(image, i), digest) == 0)
			return true;
	}
	return false;
}

/* How many layers two images have in common from the base on. */
static size_t shared_chain(const struct lam_image *a, const struct lam_image *b)
{
	size_t n = 0;

	while (n < lam_image_layer_count(a) && n < lam_image_layer_count(b) &&
	       strcmp(digest_of(a, n), digest_of(b, n)) == 0)
		n++;
	return n;
}

static int try_old(struct call *call, const char *reference,
		   const struct lam_image *image, struct pull *p, size_t *chain)
{
	int code = EXIT_DONE;
	struct lam_image *old = open_image(call, reference, NULL, &code);
	size_t shared;

	if (!old)
		return code;
	for (size_t i = 0; i < lam_image_layer_count(image); i++)
		p->had[i] = p->had[i] || has_blob(old, digest_of(image, i));
	shared = shared_chain(image, old);
	*chain = shared > *chain ? shared : *chain;
	lam_image_close(old);
	return 0;
}

/* A blob that is in the image twice is fetched once. */
static void count_layer(const struct lam_image *image, size_t n, size_t chain,
			struct pull *p)
{
	uint64_t size = lam_image_layer(image, n)->blob_size;
	bool here = p->had[n];

	for (size_t i = 0; i < n && !here; i++)
		here = strcmp(digest_of(image, i), digest_of(image, n)) == 0;
	p->layers += !here;
	p->bytes += here ? 0 : size;
	p->chain_layers += n >= chain;
	p->chain_bytes += n >= chain ? size : 0;
}

int pull_count(struct call *call, const struct lam_image *image, struct pull *out)
{
	LAM_CLEANUP(lam_free_ptr)
	const char **olds = lam_xcalloc(call->given_count + 1, sizeof *olds);
	size_t count = lam_image_layer_count(image), chain = 0;
	int code = 0;

	*out = (struct pull){ .had = lam_xcalloc(count + 1, sizeof *out->had),
			      .old_count = call_values(call, "against", olds) };
	for (size_t i = 0; i < out->old_count && code == 0; i++)
		code = try_old(call, olds[i], image, out, &chain);
	for (size_t i = 0; i < count; i++)
		count_layer(image, i, chain, out);
	return code;
}

void pull_fini(struct pull *pull)
{
	free(pull->had);
}

void pull_print(const struct lam_image *image, const struct pull *pull)
{
	char size[LAM_SIZE_TEXT];

	if (!pull->old_count)
		return;
	print_line(stdout, "a client with %s fetches %zu of %zu layers, %s",
		   pull->old_count == 1 ? "the old image" : "the old images",
		   pull->layers, lam_image_layer_count(image),
		   lam_size_text(pull->bytes, size));
	if (pull->chain_layers != pull->layers)
		print_line(stdout,
			   "Docker's own store fetches %zu, %s: all from the first that "
			   "differs on",
			   pull->chain_layers, lam_size_text(pull->chain_bytes, size));
}

json_t *pull_json(const struct pull *pull)
{
	return json_pack("{s:I, s:I, s:I, s:I}", "layers", (json_int_t)pull->layers,
			 "bytes", (json_int_t)pull->bytes, "docker_layers",
			 (json_int_t)pull->chain_layers, "docker_bytes",
			 (json_int_t)pull->chain_bytes);
}

static int read_size(struct call *call, const char *name, const char *text, uint64_t *out)
{
	*out = UINT64_MAX;
	if (!text || lam_size_parse(out, text, &call->err) == 0)
		return 0;
	return usage_error(call->command->name, "--%s is a size as 50M%s: %.40s", name,
			   strcmp(name, "max-waste") == 0 ? " or a share as 5%" : "",
			   text);
}

int pull_read_limits(struct call *call, struct pull_limits *out)
{
	const char *waste = call_value(call, "max-waste");
	char *end = NULL;
	double percent = waste ? strtod(waste, &end) : 0;
	bool share = waste && end > waste && strcmp(end, "%") == 0 && percent >= 0 &&
		     percent <= 100;
	int code;

	*out = (struct pull_limits){ .waste_share = share ? percent / 100 : 2 };
	code = read_size(call, "max-pull", call_value(call, "max-pull"), &out->most_pull);
	return code ? code
		    : read_size(call, "max-waste", share ? NULL : waste,
				&out->most_waste);
}

static int tell_over(const struct call *call, const char *what, uint64_t is,
		     uint64_t most)
{
	char a[LAM_SIZE_TEXT], b[LAM_SIZE_TEXT];

	if (is <= most)
		return 0;
	tell(call, "%s: %s %s, and at most %s is wanted", call->args[0], what,
	     lam_size_text(is, a), lam_size_text(most, b));
	return EXIT_DIFFERENT;
}

int pull_check(struct call *call, const struct lam_image *image, const struct pull *pull,
	       const struct pull_limits *limits)
{
	uint64_t waste = 0, tars = 0, most = limits->most_waste;
	int fetched = tell_over(call, "a client fetches", pull->bytes, limits->most_pull);

	for (size_t i = 0; i < lam_image_layer_count(image); i++) {
		waste += lam_image_layer(image, i)->waste_bytes;
		tars += lam_image_layer(image, i)->tar_size;
	}
	if (limits->waste_share <= 1)
		most = (uint64_t)((double)tars * limits->waste_share);
	return tell_over(call, "dead entries hold", waste, most) ? EXIT_DIFFERENT
								 : fetched;
}

const struct option PULL_OPTIONS[] = {
	{ "json", 0, NULL, "as JSON" },
	{ "against", 0, "OLD",
	  "what a client that has this image fetches; may be given again" },
	{ "max-pull", 0, "SIZE", "exit with 1 where that is more, as 50M" },
	{ "max-waste", 0, "SIZE|N%",
	  "exit with 1 where dead entries hold more, or more of all tars" },
	{ 0 },
};
