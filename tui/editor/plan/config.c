/* What the plan sets of what the image says: typed, taken out, and left as it was. */
#include <string.h>

#include "base/json.h"
#include "base/memory.h"
#include "editor/details/details.h"
#include "editor/dialogs/dialog.h"
#include "editor/plan/plan.h"

/* The kind that the text begins with, and what stands behind it. */
static bool find_kind(const char *text, enum lam_setting_kind *out, const char **out_rest)
{
	size_t len = strcspn(text, " ");

	for (unsigned k = 0; k < LAM_SETTING_KIND_COUNT; k++) {
		const char *word = lam_setting_word((enum lam_setting_kind)k);

		if (strlen(word) != len || strncmp(word, text, len) != 0)
			continue;
		*out = (enum lam_setting_kind)k;
		*out_rest = text + len + strspn(text + len, " ");
		return true;
	}
	return false;
}

static void ask(struct app *app, const char *text)
{
	struct dialog *d =
		dialog_prompt(app, config_set, "Set what the image says", "Set: ", text);

	dialog_line(d, ROLE_DIM,
		    "env NAME=VALUE, label NAME=VALUE, annotation NAME=VALUE");
	dialog_line(d, ROLE_DIM,
		    "user NAME, workdir PATH, cmd [\"sh\", \"-c\"], "
		    "entrypoint [...]");
	dialog_line(d, ROLE_DIM, "without =VALUE it is taken out");
}

/* Takes what the image says already out of the plan. */
static void clear_as_it_is(const struct app *app, struct lam_plan *plan,
			   enum lam_setting_kind kind, const char *key)
{
	const struct lam_setting *is = lam_settings_find(lam_image_settings(app->image),
							 kind, key),
				 *set = lam_settings_find(&plan->settings, kind, key);

	if (set && (!is || !set->value ? !is && !set->value
				       : strcmp(is->value, set->value) == 0))
		lam_edit_setting_clear(plan, kind, key);
}

/* value NULL: it is taken out. */
static bool set(struct app *app, enum lam_setting_kind kind, const char *key,
		const char *value, const char *text)
{
	struct lam_plan *plan = plan_copy(app);
	struct lam_error err;
	int code = lam_edit_setting(plan, kind, key, value, &err);

	if (code == 0)
		clear_as_it_is(app, plan, kind, key);
	return plan_changed(app, plan, code, &err, "%s %s", value ? "set" : "take out",
			    text);
}

/* A name, or a string of JSON's; moves behind it. A new string; NULL: it is no such
 * string. */
static char *take_key(const char **at)
{
	json_auto_t *json = NULL;
	json_error_t where;
	size_t len = strcspn(*at, "=");

	if (**at == '"') {
		json = json_loads(*at, JSON_DECODE_ANY | JSON_DISABLE_EOF_CHECK, &where);
		len = json ? (size_t)where.position : 0;
		if (!json || ((*at)[len] && (*at)[len] != '='))
			return NULL;
	}
	*at += len;
	return json ? lam_xstrdup(json_string_value(json)) : lam_xmemdup(*at - len, len);
}

static char *text_of(const struct config_row *row)
{
	return config_text(row->kind, row->key, row->after ? row->after : row->before);
}

/* Whether the line under the cursor says so already. */
static bool is_said_here(const struct app *app, const char *text)
{
	LAM_CLEANUP(lam_free_ptr) char *said = NULL;
	struct config_row row;

	if (!config_here(app, &row))
		return false;
	said = text_of(&row);
	return row.after && strcmp(said, text) == 0;
}

void config_set(struct app *app, const char *text)
{
	LAM_CLEANUP(lam_free_ptr) char *key = NULL;
	enum lam_setting_kind kind;
	const char *value;

	if (!text) {
		ask(app, NULL);
		return;
	}
	if (is_said_here(app, text)) {
		app_tell(app, ROLE_STATUS, "nothing changes");
		return;
	}
	if (!find_kind(text, &kind, &value)) {
		app_tell(
			app, ROLE_WARNING,
			"env, label, annotation, user, workdir, cmd or entrypoint, not \"%s\"",
			text);
		ask(app, text);
		return;
	}
	if (lam_setting_has_key(kind)) {
		key = take_key(&value);
		if (!key) {
			app_tell(app, ROLE_WARNING,
				 "what begins with a quote is a string of JSON's");
			ask(app, text);
			return;
		}
		value = *value ? value + 1 : NULL;
	} else if (!*value) {
		value = NULL;
	}
	if (!set(app, kind, key, value, text))
		ask(app, text);
}

bool config_change_here(struct app *app)
{
	struct config_row row;

	if (!config_here(app, &row))
		return false;
	LAM_CLEANUP(lam_free_ptr) char *text = text_of(&row);
	ask(app, text);
	return true;
}

bool config_take_out_here(struct app *app)
{
	struct config_row row;

	if (!config_here(app, &row))
		return false;
	LAM_CLEANUP(lam_free_ptr) char *text = config_text(row.kind, row.key, NULL);
	(void)set(app, row.kind, row.key, NULL, text);
	return true;
}

bool config_clear_here(struct app *app)
{
	struct lam_plan *plan;
	struct config_row row;

	if (!config_here(app, &row))
		return false;
	LAM_CLEANUP(lam_free_ptr) char *text = config_text(row.kind, row.key, NULL);
	plan = plan_copy(app);
	lam_edit_setting_clear(plan, row.kind, row.key);
	plan_push(app, plan, "leave %s as it is", text);
	return true;
}
