/* Names of users and groups, from the image's own /etc/passwd and /etc/group. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <lamina/path.h>

#include "base/buf.h"
#include "base/memory.h"
#include "editor/analysis/facts.h"
#include "editor/analysis/preview.h"

/* A list of all users that an image has is far smaller; what is behind is not read. */
#define MOST_BYTES (4u << 20)
/* Linux's own limit for names; two of them and a colon fit into what is shown. */
#define MOST_NAME 32

struct name {
	int64_t id;
	size_t line;
	char text[MOST_NAME + 1];
};

struct names {
	struct name *items; /* by id */
	size_t count, cap;
};

struct owners {
	struct names users, groups;
};

/* "name:x:id:..." */
static bool parse_line(const char *line, struct name *out)
{
	const char *colon = strchr(line, ':'),
		   *second = colon ? strchr(colon + 1, ':') : NULL;
	LAM_CLEANUP(lam_free_ptr) char *shown = NULL;
	char *end;

	if (!second || colon == line || second[1] < '0' || second[1] > '9')
		return false;
	errno = 0;
	out->id = strtoll(second + 1, &end, 10);
	if (errno)
		return false;
	shown = lam_path_escape(line, (size_t)(colon - line));
	if (strlen(shown) > MOST_NAME)
		return false;
	snprintf(out->text, sizeof out->text, "%s", shown);
	return true;
}

static int compare_ids(const void *a, const void *b)
{
	const struct name *x = a, *y = b;

	return (x->id > y->id) - (x->id < y->id);
}

static int compare_names(const void *a, const void *b)
{
	const struct name *x = a, *y = b;
	int order = compare_ids(a, b);

	return order ? order : (x->line > y->line) - (x->line < y->line);
}

/* Sorted by id; of several with one id the first stays, as getpwuid() has it. */
static void sort_names(struct names *names)
{
	size_t kept = 0;

	if (names->count)
		qsort(names->items, names->count, sizeof *names->items, compare_names);
	for (size_t i = 0; i < names->count; i++) {
		if (kept == 0 || names->items[kept - 1].id != names->items[i].id)
			names->items[kept++] = names->items[i];
	}
	names->count = kept;
}

/* Links are followed; nothing where there is no such file. */
static int read_names(struct names *out, const struct lam_image *image, const char *path,
		      const atomic_bool *stop, struct lam_error *err)
{
	LAM_CLEANUP(lam_buf_fini) struct lam_buf text = LAM_BUF(MOST_BYTES);
	const struct lam_tree *tree = lam_image_tree(image);
	uint32_t node;
	char *rest = NULL;

	if (lam_tree_resolve_path(tree, path, strlen(path), &node) != LAM_RESOLVED ||
	    lam_tree_node(tree, node)->kind != LAM_KIND_FILE)
		return 0;
	if (preview_read(&text, image, node, NULL, stop, err) < 0)
		return err->code;
	for (char *line = text.data ? strtok_r(text.data, "\n", &rest) : NULL; line;
	     line = strtok_r(NULL, "\n", &rest)) {
		struct name name = { .line = out->count };

		if (!parse_line(line, &name))
			continue;
		LAM_XGROW(out->items, out->count, out->cap);
		out->items[out->count++] = name;
	}
	sort_names(out);
	return 0;
}

int owners_new(struct owners **out, const struct lam_image *image,
	       const atomic_bool *stop, struct lam_error *err)
{
	struct owners *owners = lam_xcalloc(1, sizeof *owners);

	*out = NULL;
	if (read_names(&owners->users, image, "/etc/passwd", stop, err) < 0 ||
	    read_names(&owners->groups, image, "/etc/group", stop, err) < 0) {
		owners_free(owners);
		return err->code;
	}
	*out = owners;
	return 0;
}

void owners_free(struct owners *owners)
{
	if (!owners)
		return;
	free(owners->users.items);
	free(owners->groups.items);
	free(owners);
}

static const char *name_of(const struct names *names, int64_t id, char number[24])
{
	struct name key = { .id = id };
	const struct name *found = names->count
					   ? bsearch(&key, names->items, names->count,
						     sizeof key, compare_ids)
					   : NULL;

	if (found)
		return found->text;
	snprintf(number, 24, "%lld", (long long)id);
	return number;
}

const char *owners_text(const struct owners *owners, int64_t uid, int64_t gid,
			char out[80])
{
	char user[24], group[24];

	snprintf(out, 80, "%s:%s", name_of(&owners->users, uid, user),
		 name_of(&owners->groups, gid, group));
	return out;
}
