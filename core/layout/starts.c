/* What the image starts, and where, as the plan leaves it: what a container looked for is there
 * yet, or a remark tells that it is not. */
#include <string.h>

#include "base/memory.h"
#include "layer/walk.h"
#include "layout/layout.h"
#include "oci/settings.h"

/* That of a container for which the image says none. */
#define USUAL_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/* Of a name, and of a list of folders, in bytes: what an image holds is not to be trusted. */
#define MOST 4096

/* The merged tree of the source, or of the result. */
struct look {
	const struct lam_layout *layout;
	bool after;
};

static uint32_t look_child(const void *in, uint32_t dir, const char *name, size_t len)
{
	const struct look *look = in;
	const struct lam_layout *l = look->layout;
	uint32_t at = lam_tree_child(l->tree, dir, name, len);

	if (at == LAM_NODE_NONE || !l->tree->nodes[at].live ||
	    (look->after && l->gone[at]))
		return LAM_NODE_NONE;
	return at;
}

static uint32_t look_parent(const void *in, uint32_t node)
{
	return ((const struct look *)in)->layout->tree->nodes[node].parent;
}

static unsigned look_kind(const void *in, uint32_t node)
{
	return ((const struct look *)in)->layout->tree->nodes[node].kind;
}

static struct lam_str look_target(const void *in, uint32_t symlink)
{
	struct lam_stat stat;

	lam_tree_stat(((const struct look *)in)->layout->tree, symlink, &stat);
	return (struct lam_str){ stat.target, stat.target_len };
}

/* Whether a directory, or a program, is at the end of all symlinks. */
static bool is_there(const struct lam_layout *l, bool after, const char *path, bool dir)
{
	static const struct lam_walk_ops ops = { look_child, look_parent, look_kind,
						 look_target };
	const struct look look = { l, after };
	struct lam_walk walk = { .ops = &ops, .tree = &look, .follow = true };
	struct lam_stat stat;

	if (lam_walk(&walk, path, strlen(path)) != LAM_WALK_FOUND)
		return false;
	lam_tree_stat(l->tree, walk.at, &stat);
	return dir ? stat.kind == LAM_KIND_DIR
		   : stat.kind == LAM_KIND_FILE && stat.mode & 0111;
}

/* What the new image says; a new reference, or NULL. */
static json_t *setting(const struct lam_layout *l, enum lam_setting_kind kind,
		       const char *key)
{
	const struct lam_setting *s = lam_settings_find(&l->plan->settings, kind, key);

	if (!s)
		s = lam_settings_find(&l->image->settings, kind, key);
	return s ? lam_setting_json(s) : NULL;
}

/* As execvp() finds it: the path in the source, which is the caller's, and whether one of that
 * name is found in the result; NULL: there is none in the source. */
static char *find_program(const struct lam_layout *l, const char *name,
			  const char *workdir, bool *out_after)
{
	json_auto_t *env = setting(l, LAM_SETTING_ENV, "PATH");
	const char *path = json_is_string(env) ? json_string_value(env) : USUAL_PATH;
	const char *apart = ":";
	char *found = NULL;

	*out_after = false;
	if (strchr(name, '/')) {
		path = *name == '/' ? "" : workdir;
		apart = "";
	}
	if (strlen(name) > MOST || strlen(path) > MOST)
		return NULL;
	for (;;) {
		size_t len = strcspn(path, apart);
		bool ends = len > 0 && path[len - 1] == '/';
		char *at = lam_xprintf("%.*s%s%s", (int)len, path,
				       *name == '/' || ends ? "" : "/", name);

		*out_after = *out_after || is_there(l, true, at, false);
		if (!found && is_there(l, false, at, false))
			found = at;
		else
			free(at);
		if (!path[len])
			return found;
		path += len + 1;
	}
}

static void remark_program(struct lam_layout *l, enum lam_setting_kind kind,
			   const char *name, const char *workdir)
{
	char shown[LAM_PATH_TEXT];
	bool after;
	LAM_CLEANUP(lam_free_ptr) char *path = find_program(l, name, workdir, &after);

	if (path && !after)
		lam_layout_remark_add(l, false,
				      "%s is left out, and the image's %s starts it",
				      lam_path_text(shown, path, strlen(path), false),
				      lam_setting_word(kind));
}

void lam_layout_remark_starts(struct lam_layout *l)
{
	json_auto_t *dir = setting(l, LAM_SETTING_WORKDIR, NULL);
	json_auto_t *entrypoint = setting(l, LAM_SETTING_ENTRYPOINT, NULL);
	json_auto_t *cmd = setting(l, LAM_SETTING_CMD, NULL);
	const char *workdir = json_is_string(dir) ? json_string_value(dir) : "/", *name;
	bool entered = json_array_size(entrypoint) > 0;
	char shown[LAM_PATH_TEXT];

	if (!l->dropped_count)
		return;
	name = json_string_value(json_array_get(entered ? entrypoint : cmd, 0));
	if (name && *name)
		remark_program(l, entered ? LAM_SETTING_ENTRYPOINT : LAM_SETTING_CMD,
			       name, workdir);
	if (is_there(l, false, workdir, true) && !is_there(l, true, workdir, true))
		lam_layout_remark_add(
			l, false,
			"%s is left out, and is the image's workdir: runtimes make it anew, empty",
			lam_path_text(shown, workdir, strlen(workdir), false));
}
