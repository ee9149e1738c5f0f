/* Gives a target the inputs that are kept: each file named, or in a folder named; without
 * arguments those of the target's corpus. */
#include <dirent.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "fuzz.h"

static size_t count;

static void play_file(const char *path)
{
	LAM_CLEANUP(lam_buf_fini) struct lam_buf bytes = LAM_BUF(64u << 20);
	struct lam_error err;
	uint8_t *exact;

	MUST(lam_file_read(&bytes, path, &err));
	/* the one that was played last is the one that ends the program */
	fprintf(stderr, "%s\n", path);
	exact = malloc(bytes.len ? bytes.len : 1); /* for who looks behind its end */
	NEED(exact);
	if (bytes.len)
		memcpy(exact, bytes.data, bytes.len);
	(void)LLVMFuzzerTestOneInput(exact, bytes.len);
	free(exact);
	count++;
}

static void play(const char *path)
{
	DIR *dir = opendir(path);
	const struct dirent *entry;
	char below[4096];

	if (!dir) {
		play_file(path);
		return;
	}
	while ((entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(below, sizeof below, "%s/%s", path, entry->d_name);
		play_file(below);
	}
	closedir(dir);
}

int main(int argc, char **argv)
{
	const char *name = strrchr(argv[0], '_');
	char corpus[256];

	snprintf(corpus, sizeof corpus, "tests/fuzz/corpus/%s", name ? name + 1 : "");
	if (argc == 1)
		play(corpus);
	for (int i = 1; i < argc; i++)
		play(argv[i]);
	printf("%zu passed, 0 failed\n", count);
	return count == 0;
}
