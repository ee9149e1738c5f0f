/* What speaks of an image: attestations, signatures and their like, told and as JSON. */
#include <string.h>

#include "cli/print.h"

static const char *const FATES[] = { [LAM_REFERRER_THERE] = "",
				     [LAM_REFERRER_MOVED] = "moved along: ",
				     [LAM_REFERRER_LEFT] = "left, and no longer true: ",
				     [LAM_REFERRER_DROPPED] = "dropped: " };
static const char *const FATE_WORDS[] = { [LAM_REFERRER_THERE] = "there",
					  [LAM_REFERRER_MOVED] = "moved",
					  [LAM_REFERRER_LEFT] = "left",
					  [LAM_REFERRER_DROPPED] = "dropped" };

void print_referrers(FILE *out, const struct lam_referrers *all)
{
	for (size_t i = 0; i < all->count; i++) {
		const struct lam_referrer *r = &all->items[i];

		print(out, "%s%s %s", FATES[r->fate], r->kind, r->digest);
		if (r->of[0])
			print(out, " of %s", r->of);
		if (r->name)
			print(out, ", called %s", r->name);
		if (r->type)
			print(out, " (%s)", r->type);
		print_own(out, "\n");
	}
}

json_t *json_referrers(const struct lam_referrers *all)
{
	json_t *list = json_array();

	for (size_t i = 0; i < all->count; i++) {
		const struct lam_referrer *r = &all->items[i];
		json_t *json = json_pack("{s:s, s:s, s:s}", "kind", r->kind, "digest",
					 r->digest, "fate", FATE_WORDS[r->fate]);

		if (r->of[0])
			json_object_set_new(json, "of", json_string(r->of));
		if (r->name)
			json_object_set_new(json, "name",
					    json_bytes(r->name, strlen(r->name)));
		if (r->type)
			json_object_set_new(json, "type",
					    json_bytes(r->type, strlen(r->type)));
		json_array_append_new(list, json);
	}
	return list;
}
