/* Archives: any bytes, or members of which the documents may name each other's digests, so
 * that more than digests is tried: in the names and contents of members (fuzz.h) `@K` (K a
 * digit) is the hex digest of member K's content, if it stands before, and `#K` its size. */
#include <string.h>

#include "fuzz.h"
#include "tar_build.h"

#define MOST 10

struct member {
	struct lam_buf name, content;
};

static void expand(struct lam_buf *out, const char *bytes, size_t len,
		   const struct member *members, size_t count)
{
	for (size_t i = 0; i < len; i++) {
		size_t k = i + 1 < len ? (size_t)(bytes[i + 1] - '0') : count;
		char hex[LAM_DIGEST_TEXT];

		if ((bytes[i] != '@' && bytes[i] != '#') || k >= count) {
			lam_text_putc(out, bytes[i]);
			continue;
		}
		if (bytes[i] == '@') {
			struct lam_digest digest = lam_digest_of(
				LAM_SHA256,
				members[k].content.data ? members[k].content.data : "",
				members[k].content.len);

			lam_text_puts(out, lam_digest_hex(&digest, hex));
		} else {
			lam_text_printf(out, "%zu", members[k].content.len);
		}
		i++;
	}
}

static size_t split(struct fuzz *fuzz, struct member members[MOST])
{
	struct lam_str name, content;
	size_t count = 0;

	for (; count < MOST && fuzz_member(fuzz, &name, &content); count++) {
		members[count] = (struct member){ LAM_TEXT, LAM_TEXT };
		expand(&members[count].name, name.bytes, name.len, members, count);
		expand(&members[count].content, content.bytes, content.len, members,
		       count);
	}
	return count;
}

static struct lam_buf pack(const struct member *members, size_t count)
{
	struct lam_buf tar = LAM_TEXT;

	for (size_t i = 0; i < count; i++) {
		const char *name = members[i].name.data ? members[i].name.data : "";

		/* "NAME -> TARGET" is a link */
		const char *arrow = strstr(name, " -> ");
		char first[256];

		snprintf(first, sizeof first, "%.*s",
			 arrow ? (int)(arrow - name) : (int)strlen(name), name);
		tar_append(&tar,
			   &(struct tar_member){
				   .name = first,
				   .flag = arrow ? '2' : '0',
				   .link = arrow ? arrow + 4 : NULL,
				   .body = members[i].content.data,
				   .body_len = arrow ? 0 : members[i].content.len });
	}
	tar_append_end(&tar);
	return tar;
}

static void open_as(const char *kind, const char *file)
{
	struct lam_open_options options = { .platform = "linux/amd64",
					    .threads = 1,
					    .temporary = fuzz_folder() };
	struct lam_image *image;
	struct lam_error err;
	char reference[4200];
	int code;

	snprintf(reference, sizeof reference, "%s%s", kind, file);
	code = lam_image_open(&image, reference, &options, &err);
	if (code < 0)
		need_error(code, &err);
	else
		lam_image_close(image);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const kinds[] = { "oci-archive:", "docker-archive:", "" };
	struct fuzz fuzz = { data, size };
	unsigned how = fuzz_byte(&fuzz);
	struct member members[MOST];
	size_t count = how & 4 ? 0 : split(&fuzz, members);
	struct lam_buf tar = { 0 };
	const char *file;

	if (count)
		tar = pack(members, count);
	file = count ? fuzz_put("archive.tar", tar.data, tar.len)
		     : fuzz_put("archive.tar", fuzz.at, fuzz.left);
	open_as(kinds[how % 3], file);
	for (size_t i = 0; i < count; i++) {
		lam_buf_fini(&members[i].name);
		lam_buf_fini(&members[i].content);
	}
	lam_buf_fini(&tar);
	return 0;
}
