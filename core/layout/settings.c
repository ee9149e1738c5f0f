/* What a plan's "config" changes of the image at hand: what is so already is no change. */

#include <string.h>

#include "base/memory.h"
#include "layout/layout.h"

void lam_layout_settle_settings(struct lam_layout *l)
{
	const struct lam_settings *planned = &l->plan->settings;

	l->changes = lam_xcalloc(planned->count + 1, sizeof *l->changes);
	for (size_t i = 0; i < planned->count; i++) {
		const struct lam_setting *s = &planned->items[i],
					 *old = lam_settings_find(&l->image->settings,
								  s->kind, s->key);
		const char *before = old ? old->value : NULL;

		if (before && s->value ? strcmp(before, s->value) == 0
				       : before == s->value)
			continue;
		l->changes[l->change_count++] =
			(struct lam_setting_change){ s->kind, s->key, before, s->value };
	}
}

size_t lam_layout_change_count(const struct lam_layout *layout)
{
	return layout->change_count;
}

const struct lam_setting_change *lam_layout_change(const struct lam_layout *layout,
						   size_t n)
{
	return &layout->changes[n];
}

bool lam_layout_annotates(const struct lam_layout *layout)
{
	bool any = false;

	for (size_t i = 0; i < layout->change_count; i++)
		any = any || layout->changes[i].kind == LAM_SETTING_ANNOTATION;
	return any;
}
