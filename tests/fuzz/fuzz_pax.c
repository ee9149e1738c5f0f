/* The records of a PAX header: those that are carried come back from a header that is
 * written with them. */
#include <string.h>

#include "base/limits.h"
#include "base/path.h"
#include "fuzz.h"
#include "tar/pax.h"
#include "tar/read.h"
#include "tar/write.h"

static bool equal(struct lam_str a, struct lam_str b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.bytes, b.bytes, a.len) == 0);
}

static void compare(const struct lam_entry *a, const struct lam_entry *b)
{
	NEED(equal(a->path, b->path) && a->uid == b->uid && a->gid == b->gid);
	NEED(a->mtime_s == b->mtime_s && a->mtime_ns == b->mtime_ns);
	NEED(a->record_count == b->record_count);
	for (size_t i = 0; i < a->record_count; i++) {
		NEED(equal(a->records[i].key, b->records[i].key));
		NEED(equal(a->records[i].value, b->records[i].value));
	}
}

static void write_and_read(struct lam_entry *entry)
{
	LAM_CLEANUP(lam_buf_fini) struct lam_buf path = LAM_BUF(LAM_MAX_PATH);
	LAM_CLEANUP(lam_buf_fini) struct lam_buf tar = LAM_BUF(64u << 20);
	static const char end[LAM_TAR_END];
	const struct lam_entry *again;
	struct lam_tar_reader *reader;
	struct lam_reader *from;
	struct lam_error err;
	bool clamped;
	int code =
		lam_path_clean(entry->path.bytes, entry->path.len, &path, &clamped, &err);

	entry->path =
		(struct lam_str){ path.len ? path.data : "x", path.len ? path.len : 1 };
	entry->target = (struct lam_str){ "", 0 };
	if (code == 0)
		code = lam_tar_append_header(&tar, entry, &err);
	if (code < 0) {
		need_error(code, &err);
		return;
	}
	MUST(lam_buf_append(&tar, end, sizeof end, &err));
	from = lam_reader_memory(tar.data, tar.len);
	reader = lam_tar_reader_new(from);
	MUST(lam_tar_next(reader, &again, &err));
	compare(entry, again);
	NEED(lam_tar_next(reader, &again, &err) == 0);
	lam_tar_reader_free(reader);
	lam_reader_close(from);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct lam_pax pax = { .body = LAM_BUF(1u << 20) };
	struct lam_entry entry = {
		.type = LAM_TYPE_FILE, .flag = '0', .path = { "file", 4 }, .mode = 0644
	};
	struct lam_error err;
	int64_t file_size = 0;
	int code;

	if (lam_buf_append(&pax.body, data, size, &err) < 0)
		return 0;
	code = lam_pax_parse(&pax, &err);
	if (code == 0)
		code = lam_pax_apply(&pax, &entry, &file_size, &err);
	if (code < 0)
		need_error(code, &err);
	if (code == 0) {
		(void)lam_pax_find(&pax, "path");
		lam_pax_carry(&pax, &entry.record_count);
		entry.records = pax.records;
		write_and_read(&entry);
	}
	lam_pax_fini(&pax);
	return 0;
}
