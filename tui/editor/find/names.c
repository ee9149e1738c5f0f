/* Names and paths of many nodes, one after another, as bytes or as the user sees them. */
#include "editor/find/names.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/path.h"

const char *names_of(const struct facts *facts, uint32_t node, struct lam_buf *scratch,
		     size_t *out_len)
{
	const char *name = lam_tree_name(facts->tree, node, out_len);
	char *shown;

	if (!(facts->flags[node] & FACT_ESCAPED) && !memchr(name, '\\', *out_len))
		return name;
	shown = lam_path_escape(name, *out_len);
	lam_buf_clear(scratch);
	lam_text_puts(scratch, shown);
	free(shown);
	*out_len = scratch->len;
	return scratch->data;
}

/* Paths */

void names_paths_init(struct names_paths *paths, const struct facts *facts, bool escaped)
{
	*paths = (struct names_paths){ .facts = facts,
				       .escaped = escaped,
				       .text = LAM_TEXT,
				       .scratch = LAM_TEXT,
				       .parent = LAM_NODE_NONE };
}

void names_paths_fini(struct names_paths *paths)
{
	lam_buf_fini(&paths->text);
	lam_buf_fini(&paths->scratch);
}

static void begin_parent(struct names_paths *p, uint32_t parent)
{
	size_t len;
	char *path = p->escaped ? lam_tree_path_text(p->facts->tree, parent)
				: lam_tree_path(p->facts->tree, parent, &len);

	lam_buf_clear(&p->text);
	lam_text_add(&p->text, path, p->escaped ? strlen(path) : len);
	if (parent != LAM_NODE_ROOT)
		lam_text_putc(&p->text, '/');
	p->parent_len = p->text.len;
	p->parent = parent;
	free(path);
}

const char *names_path(struct names_paths *p, uint32_t node, size_t *out_len)
{
	uint32_t parent = lam_tree_node(p->facts->tree, node)->parent;
	const char *name;
	size_t len;

	if (p->parent != parent)
		begin_parent(p, parent);
	p->text.len = p->parent_len;
	name = p->escaped ? names_of(p->facts, node, &p->scratch, &len)
			  : lam_tree_name(p->facts->tree, node, &len);
	lam_text_add(&p->text, name, len);
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
