/* Texts that are kept in tests/golden/ and must come out the same; run from the
 * repository's root, as tests/run.sh does. `make bless` writes them anew. */
#ifndef GOLDEN_H
#define GOLDEN_H

#include <stdbool.h>

/* False where text differs from the file, with the first line that does on standard
 * error. With BLESS=1 in the environment the file is written, and all is well. */
bool golden_equal(const char *name, const char *text);

#endif
