/* The text form of paths, and globs: the form loses nothing, and a glob alone matches what
 * it does among others. Lines: globs, and last a path. */
#include <string.h>

#include "base/glob.h"
#include "base/limits.h"
#include "base/path.h"
#include "fuzz.h"

#define MOST 8

static void text_form(const char *bytes, size_t len)
{
	char *text = lam_path_escape(bytes, len), *back, *given;
	LAM_CLEANUP(lam_buf_fini) struct lam_buf clean = LAM_BUF(LAM_MAX_PATH);
	LAM_CLEANUP(lam_buf_fini) struct lam_buf again = LAM_BUF(LAM_MAX_PATH);
	char shown[LAM_PATH_TEXT];
	struct lam_error err;
	size_t back_len;
	bool clamped;

	NEED(lam_path_may_show(text, strlen(text)));
	MUST(lam_path_unescape(&back, &back_len, text, &err));
	NEED(back_len == len && memcmp(back, bytes, len) == 0);
	NEED(lam_path_is_escaped(bytes, len) ==
	     (strlen(text) != len || memcmp(text, bytes, len) != 0));
	(void)lam_path_text(shown, bytes, len, true);
	NEED(lam_path_may_show(shown, strlen(shown)));
	free(back);
	free(text);
	given = strndup(bytes, len);
	if (lam_path_unescape(&back, &back_len, given, &err) == 0)
		free(back);
	free(given);
	if (lam_path_clean(bytes, len, &clean, &clamped, &err) < 0)
		return;
	MUST(lam_path_clean(clean.data ? clean.data : "", clean.len, &again, &clamped,
			    &err));
	NEED(clean.len == again.len && !clamped);
}

/* As a tree is walked: by components. */
static void together(struct lam_glob *const *globs, size_t count, const char *path,
		     size_t len)
{
	struct lam_globs *set = lam_globs_new();
	struct lam_globs_state at = { 0 }, next;
	struct lam_globs_matches matches = { 0 };
	bool found[MOST] = { false };

	for (size_t i = 0; i < count; i++)
		lam_globs_add(set, globs[i], (uint32_t)i);
	lam_globs_begin(set, &at);
	for (size_t i = 0, step; i < len; i += step) {
		const char *slash = memchr(path + i, '/', len - i);

		step = slash == path + i ? 1
		       : slash           ? (size_t)(slash - path) - i
					 : len - i;
		next = (struct lam_globs_state){ 0 };
		NEED(lam_globs_step(set, &at, path + i, step, &next, NULL));
		lam_globs_state_fini(&at);
		at = next;
	}
	for (uint32_t n; (n = lam_globs_next(set, &at, &matches)) != UINT32_MAX;) {
		NEED(n < count);
		found[n] = true;
	}
	for (size_t i = 0; i < count; i++)
		NEED(found[i] == lam_glob_match(globs[i], path, len));
	lam_globs_state_fini(&at);
	lam_globs_free(set);
}

/* What matches is in the base. */
static void base(const struct lam_glob *glob, const char *path, size_t len)
{
	size_t base_len;
	const char *dir = lam_glob_base(glob, &base_len);

	if (lam_glob_match(glob, path, len) && base_len)
		NEED(len > base_len && memcmp(path + 1, dir, base_len) == 0 &&
		     (len == base_len + 1 || path[base_len + 1] == '/'));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	LAM_CLEANUP(lam_buf_fini) struct lam_buf path = LAM_TEXT;
	struct fuzz fuzz = { data, size };
	struct lam_glob *globs[MOST];
	struct lam_error err;
	size_t count = 0, len = 0;
	const char *line = "";
	bool clamped;

	text_form((const char *)data, size);
	while (fuzz.left) {
		char *text;

		line = fuzz_line(&fuzz, &len);
		text = strndup(line, len);
		if (count < MOST && text[0] == '/' &&
		    lam_glob_new(&globs[count], text, &err) == 0)
			count++;
		free(text);
	}
	lam_text_putc(&path, '/');
	if (lam_path_clean(line, len, &path, &clamped, &err) == 0)
		together(globs, count, path.data, path.len);
	for (size_t i = 0; i < count; i++) {
		base(globs[i], path.data, path.len);
		lam_glob_free(globs[i]);
	}
	return 0;
}
