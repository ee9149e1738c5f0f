/* What a layer is called where nobody gave it a name: "python3" by the command that made it,
 * "opt" by the folder that most of it is in. Of letters, digits, ".", "-" and "_" alone,
 * whatever the history and the names in the layer hold. */
#ifndef LAM_TITLE_H
#define LAM_TITLE_H

#include <lamina/image.h>

/* No title is longer. */
#define LAM_TITLE 18

/* A new string of the caller's; NULL: nothing tells. What the layer itself and its history
 * hold decides, and what number it has. */
char *lam_layer_title(const struct lam_image *image, uint32_t layer);

/* title_words.c: the same by what made it alone; lowest: it is the base. */
char *lam_title_of_words(const char *created_by, bool lowest);

/* What of a path's last name can be a title, a new string; NULL: nothing. */
char *lam_title_of_name(const char *bytes, size_t len);
/* Names that tell nothing: "lib", "share", "x86_64-linux-gnu". */
bool lam_title_is_common(const char *name, size_t len);

#endif
