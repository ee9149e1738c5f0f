/* When a config says that it or a part of it was made: a time of RFC 3339, as Go decodes
 * it. With anything else no runtime reads the config. */
#include <stdlib.h>
#include <string.h>

#include "base/time.h"
#include "oci/manifest.h"

enum fault { FINE, ODD, LATER };

static enum fault fault_of(const json_t *object, struct lam_clamp clamp)
{
	const json_t *created = json_object_get(object, "created");
	int64_t s;
	uint32_t ns;

	if (!json_is_string(created))
		return FINE;
	if (!lam_time_parse(json_string_value(created), &s, &ns))
		return ODD;
	return lam_clamp_is_later(clamp, s, ns) ? LATER : FINE;
}

bool lam_config_has_odd_times(const struct lam_config *config)
{
	const json_t *history = json_object_get(config->doc.root, "history");
	const struct lam_clamp none = { 0 };
	bool odd = fault_of(config->doc.root, none) == ODD;

	for (size_t i = 0; i < json_array_size(history) && !odd; i++)
		odd = fault_of(json_array_get(history, i), none) == ODD;
	return odd;
}

static void set_time(json_t *object, enum fault fault, struct lam_clamp clamp)
{
	char at[LAM_TIME_TEXT];

	if (fault == ODD)
		json_object_del(object, "created");
	else
		json_object_set_new(object, "created",
				    json_string(lam_time_format(clamp.at, at)));
}

void lam_created_edit(json_t *config, struct lam_clamp clamp)
{
	json_t *history = json_object_get(config, "history");
	enum fault fault = fault_of(config, clamp);

	if (fault != FINE)
		set_time(config, fault, clamp);
	for (size_t i = 0; i < json_array_size(history); i++) {
		const json_t *entry = json_array_get(history, i);
		json_t *edited;

		fault = fault_of(entry, clamp);
		if (fault == FINE)
			continue;
		edited = json_copy((json_t *)(uintptr_t)entry);
		set_time(edited, fault, clamp);
		json_array_set_new(history, i, edited);
	}
}
