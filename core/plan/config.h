/* A plan's "config": what it changes of the image's settings. */
#ifndef LAM_PLAN_CONFIG_H
#define LAM_PLAN_CONFIG_H

#include <lamina/setting.h>

#include "base/json.h"

/* The members of the object are those of lam_setting_member(), in order of their kinds;
 * each that is wrong goes to complain(), and what is left out is not looked at. */
void lam_plan_read_settings(struct lam_settings *out,
			    const struct lam_json members[LAM_SETTING_KIND_COUNT],
			    void (*complain)(void *context, const struct lam_json *at,
					     const char *what),
			    void *context);
/* A new reference; NULL where there are none. */
json_t *lam_plan_settings_json(const struct lam_settings *settings);

#endif
