/* A folder that one test has, and that goes with it. */
#ifndef FOLDER_H
#define FOLDER_H

extern char *folder;

/* cmocka's set-up and teardown */
int make_folder(void **state);
int remove_folder(void **state);

/* A name in it; a new string. */
char *in_folder(const char *name);

#endif
