/* The text form of names from an image. Names are bytes and hostile; this is the one way
 * in which they reach a terminal, a listing, a message or a plan, and it loses nothing:
 * printable UTF-8 stands as it is, and
 *
 *	\\  \n  \t  \r   backslash, newline, tab, carriage return
 *	\xHH             a byte that is not part of valid UTF-8, or a control character
 *	                 (C0, DEL, and C1 as its UTF-8 bytes)
 *	\u{H...}         invisible and bidirectional characters, unassigned and private
 *	                 ones that terminals treat unalike: U+00AD, U+034F, U+061C,
 *	                 U+115F-1160, U+17B4-17B5, U+180B-180F, U+200B-200F, U+2028-202E,
 *	                 U+2060-206F, U+3164, U+FDD0-FDEF, U+FE00-FE0F, U+FEFF, U+FFA0,
 *	                 U+FFF0-FFFB, U+E0000-E0FFF
 *
 * Valid UTF-8 is Unicode's: shortest form, no surrogates, at most U+10FFFF. */
#ifndef LAMINA_PATH_H
#define LAMINA_PATH_H

#include <stdbool.h>
#include <stddef.h>

#include <lamina/error.h>

/* A new string of the caller's (free()), never NULL. */
char *lam_path_escape(const char *bytes, size_t len);

/* The bytes of a text form: a new block of the caller's with a closing '\0', its length
 * in *out_len. LAM_EPLAN on a bad escape. */
int lam_path_unescape(char **out_bytes, size_t *out_len, const char *text,
		      struct lam_error *err);

/* True where the text form differs from the bytes. */
bool lam_path_is_escaped(const char *bytes, size_t len);

#endif
