/* What the name of an image that is typed may become: kinds, paths, and a layout's tags. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include <lamina/reference.h>

#include "base/limits.h"
#include "base/memory.h"
#include "base/offers.h"
#include "base/text.h"
#include "store/folder.h"

/* Names in a layout that begin so, `front` before each. */
static void add_tags(struct lam_offers *offers, const char *front, const char *path,
		     const char *typed)
{
	LAM_CLEANUP(lam_buf_fini) struct lam_buf bytes = LAM_BUF(LAM_MAX_INDEX);
	LAM_CLEANUP(lam_index_fini) struct lam_index index = { 0 };
	int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct lam_error err;

	if (dir >= 0 && lam_folder_read(dir, "index.json", &bytes, &err) == 0 &&
	    lam_index_parse(&index, bytes.data ? bytes.data : "", bytes.len, path, NULL,
			    &err) == 0) {
		for (size_t i = 0; i < index.count; i++) {
			const struct lam_index_entry *e = &index.entries[i];
			const char *tag = e->ref_name ? e->ref_name : e->image_name;

			if (tag && lam_text_behind(tag, typed))
				lam_offers_add(offers,
					       lam_xprintf("%s%s:%s", front, path, tag));
		}
	}
	if (dir >= 0)
		close(dir);
}

/* "DIR:ta", and "DIR" where all of it is one. */
static void complete_tags(struct lam_offers *offers, const char *front, const char *rest)
{
	size_t len = strlen(rest);

	for (size_t at = len; at > 0; at--) {
		LAM_CLEANUP(lam_free_ptr) char *path = NULL;

		if ((at < len && rest[at] != ':') || rest[at - 1] == '/')
			continue;
		path = lam_xmemdup(rest, at);
		if (!lam_store_layout.is_at(path))
			continue;
		add_tags(offers, front, path, at < len ? rest + at + 1 : "");
		return;
	}
}

char *lam_reference_complete(const char *text)
{
	LAM_CLEANUP(lam_offers_fini) struct lam_offers offers = { 0 };
	const struct lam_store *store = lam_reference_add_kinds(&offers, text);
	const char *front = store ? store->prefix : "", *rest = text + strlen(front);
	bool folders = store && lam_text_behind(store->syntax, "DIR");

	if (store && !folders && !lam_text_behind(store->syntax, "FILE"))
		return lam_xstrdup("");
	if (!store || store == &lam_store_layout)
		complete_tags(&offers, front, rest);
	if (!offers.count || !store)
		lam_offers_add_paths(&offers, front, rest, folders,
				     lam_store_layout.is_at);
	return lam_offers_lines(&offers);
}
