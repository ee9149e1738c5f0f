/* pacman's packages: a folder NAME-VERSION-RELEASE of each below /var/lib/pacman/local, whose
 * file "files" has the paths, a line each between "%FILES%" and a blank line; those of
 * directories end with a slash. */
#include <string.h>

#include "package/package.h"

static int take_files(struct lam_package_reading *r, const struct lam_package_record *rec,
		      const char *text, size_t len, struct lam_error *err)
{
	const char *line;
	size_t at = 0, line_len;
	bool inside = false;

	while ((line = lam_package_next_line(r, text, len, &at, &line_len))) {
		if (line_len == 0)
			inside = false;
		else if (line[0] == '%')
			inside = line_len == 7 && memcmp(line, "%FILES%", 7) == 0;
		else if (inside &&
			 lam_package_claim(r, rec->package, line, line_len, err) < 0)
			return err->code;
	}
	return 0;
}

int lam_package_read_alpm(struct lam_package_reading *r, struct lam_error *err)
{
	LAM_CLEANUP(lam_package_records_fini) struct lam_package_records records = { 0 };
	uint32_t local = lam_package_find(r, "/var/lib/pacman/local", LAM_KIND_DIR), end;

	if (local == LAM_NODE_NONE)
		return 0;
	end = lam_package_children(r, local, &local);
	for (uint32_t n = local; n < end; n++) {
		struct lam_package_id id;
		uint32_t files;

		id.name.bytes = lam_tree_name(r->tree, n, &id.name.len);
		files = lam_package_file(r, n, "files");
		if (files != LAM_NODE_NONE && lam_package_split(&id))
			(void)lam_package_record(r, &records, files, &id);
	}
	return lam_package_read_records(r, &records, take_files, err);
}
