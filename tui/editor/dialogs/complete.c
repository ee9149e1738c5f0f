/* Tab: what is typed becomes as much of a name as all that begin so have in common. Names in
 * the image and of the plan are known; those of files are asked for. */
#include <stdlib.h>
#include <string.h>

#include <lamina/path.h>

#include "base/buf.h"
#include "base/memory.h"
#include "base/utf8.h"
#include "editor/dialogs/dialog.h"

#define MOST 1000 /* names that are looked for */

enum kind { KIND_NONE, KIND_PATH, KIND_LAYER, KIND_FILE, KIND_IMAGE };

/* By what stands before the line, or by the argument of the command that is typed. */
static const struct {
	const char *word;
	enum kind kind;
} KINDS[] = {
	{ "Path: ", KIND_PATH }, { "Pattern: ", KIND_PATH }, { "File: ", KIND_FILE },
	{ "To: ", KIND_IMAGE },  { "PATH", KIND_PATH },      { "GLOB", KIND_PATH },
	{ "FILE", KIND_FILE },   { "IMAGE", KIND_IMAGE },    { "LAYER", KIND_LAYER },
};

static enum kind kind_of(const char *word)
{
	for (size_t i = 0; word && i < sizeof KINDS / sizeof *KINDS; i++) {
		if (strcmp(KINDS[i].word, word) == 0)
			return KINDS[i].kind;
	}
	return KIND_NONE;
}

bool dialog_completes(const char *label)
{
	return kind_of(label) != KIND_NONE;
}

/* Where in the line that which is completed begins. */
static enum kind what_is_typed(const struct dialog *d, size_t *out_at)
{
	const char *text = lineedit_text(&d->edit);
	size_t len = strcspn(text, " ");
	LAM_CLEANUP(lam_free_ptr) char *word = NULL;

	*out_at = 0;
	if (d->kind == DIALOG_PROMPT)
		return kind_of(d->label);
	word = lam_xmemdup(text, len);
	*out_at = len + strspn(text + len, " ");
	return text[len] ? kind_of(ACTIONS[action_find(word)].argument) : KIND_NONE;
}

struct names {
	char **items;
	size_t count, cap;
};

static void add(struct names *names, char *name)
{
	LAM_XGROW(names->items, names->count, names->cap);
	names->items[names->count++] = name;
}

static void names_fini(struct names *names)
{
	for (size_t i = 0; i < names->count; i++)
		free(names->items[i]);
	free(names->items);
}

/* The live children of the directory that is typed, as whole paths. */
static void find_paths(const struct app *app, const char *text, struct names *out)
{
	const struct lam_tree *tree = app->facts->tree;
	const char *slash = strrchr(text, '/');
	int dir = slash ? (int)(slash - text) : 0;
	LAM_CLEANUP(lam_free_ptr) char *typed = lam_xprintf("%.*s", dir, text);
	LAM_CLEANUP(lam_free_ptr) char *bytes = NULL;
	const struct lam_node *node;
	struct lam_error err;
	uint32_t at;
	size_t len;

	if (lam_path_unescape(&bytes, &len, typed, &err) < 0)
		return;
	at = lam_tree_find(tree, bytes, len);
	if (at == LAM_NODE_NONE)
		return;
	node = lam_tree_node(tree, at);
	for (uint32_t n = node->first_child;
	     n < node->first_child + node->child_count && out->count < MOST; n++) {
		const struct lam_node *child = lam_tree_node(tree, n);
		char *path;

		if (!child->live)
			continue;
		path = lam_tree_path_text(tree, n);
		if (strncmp(path + (*text != '/'), text, strlen(text)) == 0)
			add(out, lam_xprintf("%s%s", path,
					     child->kind == LAM_KIND_DIR ? "/" : ""));
		free(path);
	}
}

static void find_layers(const struct app *app, const char *text, struct names *out)
{
	const struct lam_plan *plan = app_plan(app);

	for (size_t i = 0; i < plan->layer_count; i++) {
		if (strncmp(plan->layers[i].name, text, strlen(text)) == 0)
			add(out, lam_xstrdup(plan->layers[i].name));
	}
}

static size_t common(const struct names *names)
{
	size_t len = strlen(names->items[0]);

	for (size_t i = 1; i < names->count; i++) {
		size_t n = 0;

		while (n < len && names->items[i][n] == names->items[0][n])
			n++;
		len = n;
	}
	return lam_utf8_cut(names->items[0], len);
}

/* How much of the names is a folder, or a layout, that is typed whole. */
static size_t whole_parts(const char *typed)
{
	size_t len = strlen(typed);

	while (len > 0 && !strchr("/:", typed[len - 1]))
		len--;
	return len;
}

/* What there is to choose from is told where there is more than one. */
static void put(struct app *app, struct dialog *d, size_t at, const struct names *names)
{
	LAM_CLEANUP(lam_buf_fini) struct lam_buf text = LAM_TEXT;
	LAM_CLEANUP(lam_free_ptr) char *line = NULL;
	size_t whole;

	if (!names->count) {
		app_tell(app, ROLE_STATUS, "nothing begins so");
		return;
	}
	line = lam_xprintf("%.*s%.*s", (int)at, lineedit_text(&d->edit),
			   (int)common(names), names->items[0]);
	whole = whole_parts(line + at);
	lineedit_set(&d->edit, line);
	for (size_t i = 0; names->count > 1 && i < names->count && i < 30; i++)
		lam_text_printf(&text, "%s  ", names->items[i] + whole);
	if (text.len)
		app_tell(app, ROLE_STATUS, "%s", text.data);
}

void dialog_complete(struct app *app, struct dialog *d)
{
	LAM_CLEANUP(names_fini) struct names names = { 0 };
	size_t at;
	enum kind kind = what_is_typed(d, &at);
	const char *text = lineedit_text(&d->edit) + at;

	d->edit.offered = false;
	if (kind == KIND_FILE || kind == KIND_IMAGE) {
		struct request *request = app_request(app, REQUEST_COMPLETE);

		request->text = lam_xstrdup(text);
		request->image = kind == KIND_IMAGE;
		return;
	}
	if (kind == KIND_PATH)
		find_paths(app, text, &names);
	else if (kind == KIND_LAYER)
		find_layers(app, text, &names);
	else
		return;
	put(app, d, at, &names);
}

void dialog_completed(struct app *app, const char *found)
{
	LAM_CLEANUP(names_fini) struct names names = { 0 };
	struct dialog *d = dialog_top(app);
	enum kind kind;
	size_t at, len;

	if (!d || (d->kind != DIALOG_PROMPT && d->kind != DIALOG_PALETTE))
		return;
	kind = what_is_typed(d, &at);
	if (kind != KIND_FILE && kind != KIND_IMAGE)
		return;
	for (; *found; found += len + (found[len] != '\0')) {
		len = strcspn(found, "\n");
		add(&names, lam_xmemdup(found, len));
	}
	put(app, d, at, &names);
}
