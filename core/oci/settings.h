/* Settings (lamina/setting.h) in the documents of an image: read, changed, and shown to be
 * all that changed. */
#ifndef LAM_SETTINGS_H
#define LAM_SETTINGS_H

#include <lamina/setting.h>

#include "oci/manifest.h"

/* A value of JSON as what a setting holds, NULL for null; and that as JSON, a new reference or
 * NULL. */
char *lam_setting_text(const json_t *value);
json_t *lam_setting_json(const struct lam_setting *setting);
/* All that an image has. */
void lam_settings_read(struct lam_settings *out, const struct lam_config *config,
		       const struct lam_manifest *manifest);
/* Sorts what was filled in, in any order. */
void lam_settings_sort(struct lam_settings *settings);
/* What `more` has, in the place of what `into` has of it. */
void lam_settings_take(struct lam_settings *into, const struct lam_settings *more);
/* A new reference to a document's root with those of `changes` that stand in it: the
 * manifest's, or the config's. A value of NULL takes the setting out. */
json_t *lam_settings_change(json_t *root, const struct lam_settings *changes,
			    bool manifest);

/* That the new documents say what the old ones do, but for the changes, and for what follows
 * from the stack: layers, diff_ids, history, `created`, and, unless `same_stack`, what
 * oci/claims.h drops. LAM_EWRITE names what differs. */
int lam_settings_prove(const struct lam_config *old_config,
		       const struct lam_config *new_config,
		       const struct lam_manifest *old_manifest,
		       const struct lam_manifest *new_manifest,
		       const struct lam_settings *changes, bool same_stack,
		       struct lam_error *err);

#endif
