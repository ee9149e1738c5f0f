/* UTF-8 as Unicode has it: shortest form, no surrogates, at most U+10FFFF. */
#ifndef LAM_UTF8_H
#define LAM_UTF8_H

#include <stddef.h>
#include <stdint.h>

/* How many bytes the first character takes, itself in *out; 0: no character stands there,
 * or len is 0. */
size_t lam_utf8_decode(const char *bytes, size_t len, uint32_t *out);
/* 1 to 4 bytes; c is a character. */
size_t lam_utf8_encode(uint32_t c, char out[4]);
/* How many bytes of a longer text that is valid fit into `most`, in whole characters. */
size_t lam_utf8_cut(const char *text, size_t most);

#endif
