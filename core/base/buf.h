/* A growable byte buffer with a mandatory maximum. Zero-initialised with LAM_BUF(max);
 * fini frees. What is appended past `max` fails with LAM_EFORMAT ("... is larger than N
 * bytes"), never truncates. */
#ifndef LAM_BUF_H
#define LAM_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <lamina/error.h>

struct lam_buf {
	char *data; /* data[len] is '\0' once something was appended; NULL before */
	size_t len, cap;
	size_t max; /* bytes, without the closing '\0' */
};

#define LAM_BUF(maximum) ((struct lam_buf){ .max = (maximum) })

void lam_buf_fini(struct lam_buf *buf);
void lam_buf_clear(struct lam_buf *buf); /* len = 0, keeps the memory */
int lam_buf_reserve(struct lam_buf *buf, size_t extra, struct lam_error *err);
int lam_buf_append(struct lam_buf *buf, const void *bytes, size_t len,
		   struct lam_error *err);
int lam_buf_append_text(struct lam_buf *buf, const char *text, struct lam_error *err);
int lam_buf_append_char(struct lam_buf *buf, char c, struct lam_error *err);
int lam_buf_printf(struct lam_buf *buf, struct lam_error *err, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* The same for text that needs no bound, as it is made of what is bounded already: these
 * cannot fail, and end the program where there is no memory (memory.h). The maximum must
 * be SIZE_MAX: `struct lam_buf text = LAM_TEXT;` */
#define LAM_TEXT LAM_BUF(SIZE_MAX)
void lam_text_add(struct lam_buf *text, const void *bytes, size_t len);
void lam_text_puts(struct lam_buf *text, const char *more);
void lam_text_putc(struct lam_buf *text, char c);
void lam_text_printf(struct lam_buf *text, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* Hands the memory of any buffer to the caller (free()); "" for an empty one. */
char *lam_text_steal(struct lam_buf *text);

/* For locals: `LAM_CLEANUP(lam_buf_fini) struct lam_buf buf = LAM_BUF(n);` */
#define LAM_CLEANUP(function) __attribute__((cleanup(function)))

/* Gives up ownership of a pointer: `*out = LAM_STEAL(local);` */
#define LAM_STEAL(pointer)                                   \
	__extension__({                                      \
		__typeof__(pointer) lam_stolen_ = (pointer); \
		(pointer) = NULL;                            \
		lam_stolen_;                                 \
	})

/* For `LAM_CLEANUP(lam_free_ptr) char *text`. */
void lam_free_ptr(void *pointer_to_pointer);

#endif
