/* One image of several by its platform: the one that is asked for, or this machine's. */
#include <string.h>
#include <sys/utsname.h>

#include "base/text.h"
#include "oci/platform.h"
#include "store/candidates.h"

bool lam_source_takes(const struct lam_source *s, const struct lam_platform *have)
{
	struct lam_platform want = s->wanted;

	if (!want.os || !have->os || !have->architecture)
		return true;
	lam_platform_normalise(&want);
	return lam_platform_fits(*have, &want, true) ||
	       (!s->wanted.variant && lam_platform_fits(*have, &want, false));
}

static struct lam_platform wanted(const struct lam_source *s, struct utsname *machine)
{
	struct lam_platform p = s->wanted;

	if (!p.os) {
		uname(machine);
		p = (struct lam_platform){ .os = "linux",
					   .architecture = machine->machine };
	}
	lam_platform_normalise(&p);
	return p;
}

/* Choosing by platform */

bool lam_candidates_are_one(const struct lam_candidates *c)
{
	for (size_t i = 1; i < c->count; i++) {
		if (!lam_digest_equal(&c->all[0].manifest.digest,
				      &c->all[i].manifest.digest))
			return false;
	}
	return c->count > 0;
}

static int fail_platform(const struct lam_candidates *c, const struct lam_platform *want,
			 struct lam_error *err)
{
	LAM_CLEANUP(lam_buf_fini) struct lam_buf list = LAM_TEXT;
	LAM_CLEANUP(lam_buf_fini) struct lam_buf asked = LAM_TEXT;

	for (size_t i = 0; i < c->count; i++) {
		const struct lam_platform p = lam_candidate_platform(&c->all[i]);

		if (!p.os)
			continue;
		lam_text_puts(&list, list.len ? ", " : "");
		lam_platform_text(&list, &p);
		if (p.os_version)
			lam_text_printf(&list, " (%.60s)", p.os_version);
	}
	lam_platform_text(&asked, want);
	return lam_fail(err, LAM_ENOTFOUND,
			"has no image for %s; --platform takes one of: %s", asked.data,
			list.len ? list.data : "none that says its platform");
}

static int fail_several(const struct lam_candidates *c, const struct lam_platform *want,
			bool exactly, struct lam_error *err)
{
	LAM_CLEANUP(lam_buf_fini) struct lam_buf list = LAM_TEXT;
	char digest[LAM_DIGEST_TEXT];

	for (size_t i = 0; i < c->count; i++) {
		const struct lam_platform p = lam_candidate_platform(&c->all[i]);

		if (!lam_platform_fits(p, want, exactly))
			continue;
		lam_text_printf(&list, "%s@%s (", list.len ? ", " : "",
				lam_digest_format(&c->all[i].manifest.digest, digest));
		lam_platform_text(&list, &p);
		if (p.os_version)
			lam_text_printf(&list, " %.60s", p.os_version);
		lam_text_putc(&list, ')');
	}
	return lam_fail(err, LAM_ENOTFOUND,
			"holds several images that this may mean; name one of: %s",
			list.data);
}

/* Of those that fit *out is one; whether there are others. */
static bool find_fit(const struct lam_candidates *c, const struct lam_platform *want,
		     bool exactly, const struct lam_candidate **out)
{
	*out = NULL;
	for (size_t i = 0; i < c->count; i++) {
		const struct lam_candidate *now = &c->all[i];

		if (!lam_platform_fits(lam_candidate_platform(now), want, exactly))
			continue;
		if (*out &&
		    !lam_digest_equal(&(*out)->manifest.digest, &now->manifest.digest))
			return true;
		*out = *out ? *out : now;
	}
	return false;
}

static bool is_absent(const struct lam_candidates *c,
		      const struct lam_candidate *candidate)
{
	const void *where;
	struct lam_error err;

	return c->source->store->find_blob(c->source, &candidate->manifest, &where,
					   &err) == LAM_EREAD;
}

/* What was saved for one platform names the others all the same. Whether any was left
 * out; where none is there, all stay. */
static bool pass_over_absent(struct lam_candidates *c)
{
	size_t there = 0, all = c->count;

	for (size_t i = 0; i < all; i++) {
		struct lam_candidate now = c->all[i];

		if (is_absent(c, &now))
			continue;
		c->all[i] = c->all[there];
		c->all[there++] = now;
	}
	if (there > 0)
		lam_candidates_drop(c, there);
	return c->count < all;
}

/* The one image, or the one for the platform; of another variant only where none was
 * asked for. */
static int pick_of_all(struct lam_candidates *c, const struct lam_candidate **out,
		       struct lam_error *err)
{
	const struct lam_platform *asked = &c->source->wanted;
	struct utsname machine;
	struct lam_platform want = wanted(c->source, &machine);

	if (c->count == 0)
		return lam_fail(err, LAM_ENOTFOUND, "holds no image");
	*out = &c->all[0];
	if (lam_candidates_are_one(c) && !asked->os)
		return 0;
	for (size_t i = 0; i < c->count; i++)
		lam_candidate_look(c, &c->all[i]);
	if (lam_candidates_are_one(c) && !c->all[0].os)
		return 0;
	for (int exactly = 1; exactly >= (asked->variant ? 1 : 0); exactly--) {
		if (find_fit(c, &want, exactly, out))
			return fail_several(c, &want, exactly, err);
		if (*out)
			return 0;
	}
	return fail_platform(c, &want, err);
}

int lam_candidates_pick(struct lam_candidates *c, const struct lam_candidate **out,
			struct lam_error *err)
{
	int code = pick_of_all(c, out, err);

	if (!c->source->store->partial || c->count < 2 ||
	    (code == 0 && !is_absent(c, *out)) || !pass_over_absent(c))
		return code;
	*err = (struct lam_error){ 0 };
	return pick_of_all(c, out, err);
}
