/* Errors: every function that can fail takes a struct lam_error of the caller as its last
 * argument and returns 0 or a negative enum lam_code; the same code stands in the struct.
 * The text is one line, lower case, without a final newline, and names the object;
 * lam_wrap() puts context in front of it on the way up:
 *
 *	if (lam_tar_next(tar, &entry, err) < 0)
 *		return lam_wrap(err, "layer %zu", n);
 *
 * Nothing here allocates, so an error about memory can be told too. A programmer's
 * mistake is an assert. */
#ifndef LAMINA_ERROR_H
#define LAMINA_ERROR_H

enum lam_code {
	LAM_OK = 0,
	LAM_EUSAGE =
		-1, /* what the caller asked for makes no sense: a reference, an option */
	LAM_EREAD = -2,     /* the system could not read: missing, no permission, I/O */
	LAM_EFORMAT = -3,   /* the input is damaged, or not understood */
	LAM_ENOTFOUND = -4, /* a tag, a platform or a path that is not there */
	LAM_EPLAN = -5,     /* the plan is wrong, or does not fit the image */
	LAM_EWRITE = -6,    /* the output could not be written */
	LAM_ESTOPPED = -7,  /* the caller asked to stop (struct lam_progress) */
	LAM_ENOMEM = -8,    /* out of memory */
};

#define LAM_ERROR_MAX 4096

struct lam_error {
	enum lam_code code;
	char text[LAM_ERROR_MAX]; /* cut with "..." where it would not fit */
};

/* Sets code and text, returns code. */
int lam_fail(struct lam_error *err, enum lam_code code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* The same with ": " and the system's words for errnum behind the text. ENOMEM becomes
 * LAM_ENOMEM. */
int lam_fail_errno(struct lam_error *err, enum lam_code code, int errnum,
		   const char *format, ...) __attribute__((format(printf, 4, 5)));

/* LAM_ENOMEM with its usual text. */
int lam_fail_memory(struct lam_error *err);

/* Puts "context: " in front of the text of an error that was set, returns its code. */
int lam_wrap(struct lam_error *err, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* Puts ": advice" behind the text of LAM_EFORMAT, that of no other code; returns the
 * code. */
int lam_advise(struct lam_error *err, const char *advice);

#endif
