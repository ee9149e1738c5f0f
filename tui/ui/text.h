/* Text on cells. Everything here takes UTF-8 that has been through lam_path_escape()
 * where it came from an image, or is the program's own; whatever is not printable all the
 * same comes out as '?'. Widths are those of Unicode, whatever the process's locale. */
#ifndef UI_TEXT_H
#define UI_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The next code point of text (never past len), and how many bytes it takes; bytes that
 * are no UTF-8 give U+FFFD, one at a time. */
size_t text_next(const char *text, size_t len, uint32_t *out_code);
/* Neither a control character nor one of those that lam_path_escape() writes out. */
bool text_is_printable(uint32_t code);
/* Columns of one code point: 0 (combining), 1 or 2; unprintable: 1 (shown as '?'). */
int text_code_width(uint32_t code);
/* Columns of all of text. */
int text_width(const char *text);
/* How many bytes of text fit into `columns`, whole characters with what combines with
 * them; their columns in *out_columns (may be NULL). */
size_t text_fit(const char *text, int columns, int *out_columns);
/* The same from the end: the offset from which on the rest fits. */
size_t text_fit_end(const char *text, int columns, int *out_columns);
/* Text for terminals without UTF-8: what is not ASCII as \u{H...}; a new string of the
 * caller's. */
char *text_ascii(const char *text);

#endif
