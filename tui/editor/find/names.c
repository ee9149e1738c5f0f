#include "editor/find/names.h"

#include <stdlib.h>
#include <string.h>

#include <lamina/path.h>

void names_text_fini(struct names_text *text)
{
	free(text->data);
	*text = (struct names_text){ 0 };
}

bool names_append(struct names_text *text, const char *bytes, size_t len)
{
	if (text->cap - text->len < len + 1) {
		size_t cap = 2 * text->cap + len + 256;
		char *data = realloc(text->data, cap);

		if (!data)
			return false;
		text->data = data;
		text->cap = cap;
	}
	if (len)
		memcpy(text->data + text->len, bytes, len);
	text->len += len;
	text->data[text->len] = '\0';
	return true;
}

const char *names_of(const struct facts *facts, uint32_t node, struct names_text *scratch,
		     size_t *out_len)
{
	const char *name = lam_tree_name(facts->tree, node, out_len);
	char *shown;
	bool done;

	if (!(facts->flags[node] & FACT_ESCAPED) && !memchr(name, '\\', *out_len))
		return name;
	shown = lam_path_escape(name, *out_len);
	scratch->len = 0;
	done = shown && names_append(scratch, shown, strlen(shown));
	free(shown);
	*out_len = scratch->len;
	return done ? scratch->data : NULL;
}

/* Paths */

void names_paths_init(struct names_paths *paths, const struct facts *facts, bool escaped)
{
	*paths = (struct names_paths){ .facts = facts,
				       .escaped = escaped,
				       .parent = LAM_NODE_NONE };
}

void names_paths_fini(struct names_paths *paths)
{
	names_text_fini(&paths->text);
	names_text_fini(&paths->scratch);
}

static bool begin_parent(struct names_paths *p, uint32_t parent)
{
	char *path = p->escaped ? lam_tree_path_text(p->facts->tree, parent)
				: lam_tree_path(p->facts->tree, parent, &p->parent_len);
	bool done;

	if (!path)
		return false;
	if (p->escaped)
		p->parent_len = strlen(path);
	p->text.len = 0;
	done = names_append(&p->text, path, p->parent_len);
	if (done && parent != LAM_NODE_ROOT) {
		done = names_append(&p->text, "/", 1);
		p->parent_len++;
	}
	p->parent = done ? parent : LAM_NODE_NONE;
	free(path);
	return done;
}

const char *names_path(struct names_paths *p, uint32_t node, size_t *out_len)
{
	uint32_t parent = lam_tree_node(p->facts->tree, node)->parent;
	const char *name;
	size_t len;

	if (p->parent != parent && !begin_parent(p, parent))
		return NULL;
	p->text.len = p->parent_len;
	name = p->escaped ? names_of(p->facts, node, &p->scratch, &len)
			  : lam_tree_name(p->facts->tree, node, &len);
	if (!name || !names_append(&p->text, name, len))
		return NULL;
	*out_len = p->text.len;
	return p->text.data;
}

/* Finding */

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* part has no capitals */
static bool begins_with(const char *text, const char *part, size_t len)
{
	size_t n = 0;

	while (n < len && lower(text[n]) == part[n])
		n++;
	return n == len;
}

static size_t find_without_case(const char *text, size_t len, const char *part,
				size_t part_len)
{
	char small = part[0],
	     large = small >= 'a' && small <= 'z' ? (char)(small - 32) : small;

	for (size_t at = 0; at + part_len <= len; at++) {
		if ((text[at] == small || text[at] == large) &&
		    begins_with(text + at, part, part_len))
			return at;
	}
	return SIZE_MAX;
}

size_t names_find(const char *text, size_t len, const char *part, size_t part_len,
		  bool without_case)
{
	const char *found;

	if (part_len > len)
		return SIZE_MAX;
	if (without_case && part_len)
		return find_without_case(text, len, part, part_len);
	found = memmem(text, len, part, part_len);
	return found ? (size_t)(found - text) : SIZE_MAX;
}

bool names_has_capital(const char *text)
{
	for (; *text; text++) {
		if (*text >= 'A' && *text <= 'Z')
			return true;
	}
	return false;
}
