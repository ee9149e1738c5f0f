/* Python's packages: NAME-VERSION.dist-info/RECORD, wherever there is one: lines of CSV that
 * begin with a path from the folder that the dist-info is in (PEP 376, PEP 627). Names are
 * as PEP 503 normalises them. */
#include <string.h>

#include "base/memory.h"
#include "package/package.h"

/* A field of CSV from *at on, appended: bare, or in quotes, where two stand for one. */
static void append_field(struct lam_buf *out, const char *line, size_t len)
{
	if (len == 0 || line[0] != '"') {
		const char *comma = memchr(line, ',', len);

		lam_text_add(out, line, comma ? (size_t)(comma - line) : len);
		return;
	}
	for (size_t i = 1; i < len; i++) {
		if (line[i] == '"' && (++i == len || line[i] != '"'))
			return;
		lam_text_putc(out, line[i]);
	}
}

/* "pip install --target" installs to lib/python of another folder, and moves what is there
 * and the scripts beside it into its own: the RECORD says ../../bin/x of what is bin/x now. */
static void follow_target(const struct lam_package_reading *r, struct lam_buf *path,
			  size_t prefix)
{
	static const char up[] = "../../";
	LAM_CLEANUP(lam_buf_fini) struct lam_buf inside = LAM_TEXT;
	size_t begin = prefix + sizeof up - 1;

	if (path->len <= begin || memcmp(path->data + prefix, up, sizeof up - 1) != 0)
		return;
	lam_text_add(&inside, path->data, prefix);
	lam_text_add(&inside, path->data + begin, path->len - begin);
	if (lam_package_find(r, inside.data, LAM_KIND_FILE) == LAM_NODE_NONE)
		return;
	path->len = prefix;
	lam_text_add(path, inside.data + prefix, inside.len - prefix);
}

static int take_record(struct lam_package_reading *r,
		       const struct lam_package_record *rec, const char *text, size_t len,
		       struct lam_error *err)
{
	uint32_t info = lam_tree_node(r->tree, rec->node)->parent;
	struct lam_buf *path = lam_package_path(r, lam_tree_node(r->tree, info)->parent);
	size_t prefix = path->len, at = 0, line_len;
	const char *line;

	while ((line = lam_package_next_line(r, text, len, &at, &line_len))) {
		if (line_len && line[line_len - 1] == '\r')
			line_len--;
		path->len = prefix;
		append_field(path, line, line_len);
		follow_target(r, path, prefix);
		if (path->len > prefix) {
			size_t begin = path->data[prefix] == '/' ? prefix : 0;

			if (lam_package_claim(r, rec->package, path->data + begin,
					      path->len - begin, err) < 0)
				return err->code;
		}
	}
	return 0;
}

/* Small letters, and one "-" for each run of "-", "_" and "." */
static void normalise(struct lam_buf *out, struct lam_str name)
{
	lam_buf_clear(out);
	for (size_t i = 0; i < name.len; i++) {
		char c = name.bytes[i];

		if (c == '-' || c == '_' || c == '.') {
			if (out->len == 0 || out->data[out->len - 1] != '-')
				lam_text_putc(out, '-');
		} else {
			lam_text_putc(out, c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c);
		}
	}
}

static void add(struct lam_package_reading *r, uint32_t info,
		struct lam_package_records *records)
{
	LAM_CLEANUP(lam_buf_fini) struct lam_buf name = LAM_TEXT;
	uint32_t node = lam_package_file(r, info, "RECORD");
	struct lam_package_id id = { 0 };
	const char *dash;

	id.name.bytes = lam_tree_name(r->tree, info, &id.name.len);
	if (node == LAM_NODE_NONE || !lam_package_strip(&id.name, ".dist-info"))
		return;
	dash = memchr(id.name.bytes, '-', id.name.len);
	if (!dash || dash == id.name.bytes)
		return;
	id.version = (struct lam_str){ dash + 1,
				       (size_t)(id.name.bytes + id.name.len - dash) - 1 };
	id.name.len = (size_t)(dash - id.name.bytes);
	normalise(&name, id.name);
	id.name = (struct lam_str){ name.data, name.len };
	(void)lam_package_record(r, records, node, &id);
}

int lam_package_read_pip(struct lam_package_reading *r, struct lam_error *err)
{
	LAM_CLEANUP(lam_package_records_fini) struct lam_package_records records = { 0 };

	for (uint32_t n = 0; n < lam_tree_count(r->tree); n++) {
		if (lam_package_is_dir(r, n, NULL))
			add(r, n, &records);
	}
	return lam_package_read_records(r, &records, take_record, err);
}
