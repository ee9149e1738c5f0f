/* What an image says beside its files, and a plan may change: how a container is started,
 * and what is said of the image. All else in config and manifest stays. */
#ifndef LAMINA_SETTING_H
#define LAMINA_SETTING_H

#include <stdbool.h>
#include <stddef.h>

enum lam_setting_kind {
	LAM_SETTING_ENTRYPOINT,
	LAM_SETTING_CMD,
	LAM_SETTING_USER,
	LAM_SETTING_WORKDIR,
	LAM_SETTING_ENV,
	LAM_SETTING_LABEL,
	LAM_SETTING_ANNOTATION, /* of the manifest */
	LAM_SETTING_KIND_COUNT,
};
/* Its member in a plan ("labels"), and its word in messages ("label"). */
const char *lam_setting_member(enum lam_setting_kind kind);
const char *lam_setting_word(enum lam_setting_kind kind);
bool lam_setting_has_key(enum lam_setting_kind kind); /* LABEL, ANNOTATION, ENV */
bool lam_setting_is_list(enum lam_setting_kind kind); /* ENTRYPOINT, CMD */

struct lam_setting {
	enum lam_setting_kind kind;
	char *key;   /* of those that have one; else NULL */
	char *value; /* JSON: a string, or a list of strings; NULL: there is none */
};
/* By kind and key, none twice. */
struct lam_settings {
	struct lam_setting *items;
	size_t count;
};
void lam_settings_fini(struct lam_settings *settings);
void lam_settings_copy(struct lam_settings *out, const struct lam_settings *settings);
bool lam_settings_equal(const struct lam_settings *a, const struct lam_settings *b);
/* NULL: it is not among them. key NULL where the kind has none. */
const struct lam_setting *lam_settings_find(const struct lam_settings *settings,
					    enum lam_setting_kind kind, const char *key);

/* An entry of the config's history. */
struct lam_history_entry {
	const char *created_by, *comment; /* NULL: not given */
	bool empty_layer;
};

#endif
