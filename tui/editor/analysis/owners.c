/* Names of users and groups, from the image's own /etc/passwd and /etc/group. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <lamina/path.h>

#include "editor/analysis/facts.h"
#include "editor/list/bits.h"

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

struct text {
	char *bytes;
	size_t len, cap;
};

static int take_piece(void *context, const void *bytes, size_t len, struct lam_error *err)
{
	struct text *text = context;

	if (len > MOST_BYTES - text->len)
		len = MOST_BYTES - text->len;
	if (text->len + len > text->cap) {
		size_t cap = 2 * text->cap + len;
		char *more = realloc(text->bytes, cap);

		if (!more)
			return lam_fail_memory(err);
		text->bytes = more;
		text->cap = cap;
	}
	if (len)
		memcpy(text->bytes + text->len, bytes, len);
	text->len += len;
	return 0;
}

/* What is at a path of the image, links followed; nothing where there is no such file. */
static int read_text(struct text *out, const struct lam_image *image, const char *path,
		     struct lam_error *err)
{
	const struct lam_tree *tree = lam_image_tree(image);
	uint32_t node;

	if (lam_tree_resolve_path(tree, path, strlen(path), &node) != LAM_RESOLVED ||
	    lam_tree_node(tree, node)->kind != LAM_KIND_FILE)
		return 0;
	return lam_image_read_file(image, node, NULL, take_piece, out, err);
}

/* "name:x:id:..." */
static bool parse_line(const char *line, size_t len, struct name *out)
{
	const char *end = line + len, *colon = memchr(line, ':', len),
		   *second = colon ? memchr(colon + 1, ':', (size_t)(end - colon - 1))
				   : NULL;
	char digits[24] = "", *rest, *shown;
	size_t digit_len;

	if (!second || colon == line)
		return false;
	for (digit_len = 0; second + 1 + digit_len < end; digit_len++) {
		char c = second[1 + digit_len];

		if (c < '0' || c > '9' || digit_len + 1 == sizeof digits)
			break;
		digits[digit_len] = c;
	}
	errno = 0;
	out->id = strtoll(digits, &rest, 10);
	if (digit_len == 0 || errno)
		return false;
	shown = lam_path_escape(line, (size_t)(colon - line));
	if (shown && strlen(shown) <= MOST_NAME)
		snprintf(out->text, sizeof out->text, "%s", shown);
	else
		out->text[0] = '\0';
	free(shown);
	return out->text[0];
}

static int add_name(struct names *names, const struct name *name, struct lam_error *err)
{
	if (names->count == names->cap) {
		size_t cap = names->cap ? 2 * names->cap : 64;
		struct name *items = realloc(names->items, cap * sizeof *items);

		if (!items)
			return lam_fail_memory(err);
		names->items = items;
		names->cap = cap;
	}
	names->items[names->count] = *name;
	names->items[names->count].line = names->count;
	names->count++;
	return 0;
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

static int read_names(struct names *out, const struct lam_image *image, const char *path,
		      struct lam_error *err)
{
	struct text text = { 0 };
	int code = read_text(&text, image, path, err);
	size_t end;

	for (size_t at = 0; code == 0 && at < text.len; at = end + 1) {
		const char *line = text.bytes + at,
			   *newline = memchr(line, '\n', text.len - at);
		struct name name;

		end = newline ? at + (size_t)(newline - line) : text.len;
		if (parse_line(line, end - at, &name))
			code = add_name(out, &name, err);
	}
	free(text.bytes);
	sort_names(out);
	return code;
}

int owners_new(struct owners **out, const struct lam_image *image, struct lam_error *err)
{
	struct owners *owners = calloc(1, sizeof *owners);

	*out = NULL;
	if (!owners)
		return lam_fail_memory(err);
	if (read_names(&owners->users, image, "/etc/passwd", err) < 0 ||
	    read_names(&owners->groups, image, "/etc/group", err) < 0) {
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
