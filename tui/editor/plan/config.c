/* What the plan sets of what the image says: typed, taken out, and left as it was. */
#include <string.h>

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

void config_set(struct app *app, const char *text)
{
	LAM_CLEANUP(lam_free_ptr) char *key = NULL;
	enum lam_setting_kind kind;
	const char *value, *equals;
	struct lam_error err;
	struct lam_plan *plan;
	int code;

	if (!text) {
		ask(app, NULL);
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
	equals = strchr(value, '=');
	if (lam_setting_has_key(kind)) {
		key = lam_xmemdup(value,
				  equals ? (size_t)(equals - value) : strlen(value));
		value = equals ? equals + 1 : NULL;
	} else if (!*value) {
		value = NULL;
	}
	plan = plan_copy(app);
	/* what is not there need not be taken out */
	if (!value && !lam_settings_find(lam_image_settings(app->image), kind, key)) {
		lam_edit_setting_clear(plan, kind, key);
		plan_push(app, plan, "take out %s", text);
		return;
	}
	code = lam_edit_setting(plan, kind, key, value, &err);
	if (!plan_changed(app, plan, code, &err, "%s %s", value ? "set" : "take out",
			  text))
		ask(app, text);
}

bool config_change_here(struct app *app)
{
	struct config_row row;

	if (!config_here(app, &row))
		return false;
	LAM_CLEANUP(lam_free_ptr)
	char *text = config_text(row.kind, row.key, row.after ? row.after : row.before);
	ask(app, text);
	return true;
}

bool config_take_out_here(struct app *app)
{
	struct config_row row;

	if (!config_here(app, &row))
		return false;
	LAM_CLEANUP(lam_free_ptr) char *text = config_text(row.kind, row.key, NULL);
	config_set(app, text);
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
