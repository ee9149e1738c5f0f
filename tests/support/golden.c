#include "golden.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool write_golden(const char *path, const char *text)
{
	FILE *out = fopen(path, "w");
	bool good = out && fputs(text, out) >= 0;

	if (out && fclose(out) != 0)
		good = false;
	if (!good)
		perror(path);
	return good;
}

/* The whole file, or NULL. */
static char *read_golden(const char *path)
{
	FILE *in = fopen(path, "r");
	char *text = NULL;
	size_t size = 0;

	if (!in)
		return NULL;
	if (getdelim(&text, &size, '\0', in) < 0 && !text)
		text = strdup("");
	fclose(in);
	return text;
}

static void tell_difference(const char *path, const char *wanted, const char *text)
{
	unsigned line = 1;

	while (*wanted || *text) {
		size_t wanted_len = strcspn(wanted, "\n"), len = strcspn(text, "\n");

		if (wanted_len != len || memcmp(wanted, text, len) != 0) {
			fprintf(stderr, "%s:%u: wanted, and got\n%.*s\n%.*s\n", path,
				line, (int)wanted_len, wanted, (int)len, text);
			return;
		}
		wanted += wanted_len + (wanted[wanted_len] == '\n');
		text += len + (text[len] == '\n');
		line++;
	}
}

bool golden_equal(const char *name, const char *text)
{
	const char *bless = getenv("BLESS");
	char path[512];
	char *wanted;
	bool equal;

	snprintf(path, sizeof path, "tests/golden/%s", name);
	if (bless && *bless)
		return write_golden(path, text);
	wanted = read_golden(path);
	equal = wanted && strcmp(wanted, text) == 0;
	if (!wanted)
		perror(path);
	else if (!equal)
		tell_difference(path, wanted, text);
	free(wanted);
	return equal;
}
