/* A folder that one test has, and that goes with it. */
#include "folder.h"

#include <stdlib.h>

#include "base/memory.h"
#include "oci_build.h"

char *folder;

int make_folder(void **state)
{
	(void)state;
	folder = oci_folder();
	return 0;
}

int remove_folder(void **state)
{
	(void)state;
	oci_remove(folder);
	free(folder);
	return 0;
}

char *in_folder(const char *name)
{
	return lam_xprintf("%s/%s", folder, name);
}
