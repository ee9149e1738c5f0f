/* What an inode is, as a layer's entry or the merged tree has it, and how two of them
 * differ. */
#ifndef LAMINA_STAT_H
#define LAMINA_STAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum lam_kind {
	LAM_KIND_FILE,
	LAM_KIND_SYMLINK,
	LAM_KIND_CHAR,
	LAM_KIND_BLOCK,
	LAM_KIND_DIR,
	LAM_KIND_FIFO,
};

struct lam_attribute { /* an extended attribute or another PAX record that is kept */
	const char *key;
	size_t key_len;
	const char *value;
	size_t value_len;
};

/* An inode's data as a version has it. Pointers live as long as the image. */
struct lam_stat {
	enum lam_kind kind;
	uint32_t mode; /* 07777 */
	int64_t uid, gid;
	int64_t mtime_s;
	uint32_t mtime_ns;
	uint64_t size; /* of files */
	uint32_t dev_major, dev_minor;
	const char *target; /* of symlinks, as it is; not '\0'-terminated */
	size_t target_len;
	const struct lam_attribute *attributes; /* sorted by key */
	size_t attribute_count;
	uint32_t layer; /* the origin: whose entry decides this; for a hard link, that of
			   the inode */
	uint32_t inode; /* two names are one file where layer and inode are the same */
	uint8_t content[32]; /* of files: the SHA-256 of the content */
};

/* Bits that say in what two paths differ. */
enum lam_difference {
	LAM_DIFF_KIND = 1,
	LAM_DIFF_MODE = 2,
	LAM_DIFF_OWNER = 4,
	LAM_DIFF_TIME = 8,
	LAM_DIFF_SIZE = 16,
	LAM_DIFF_CONTENT = 32,
	LAM_DIFF_TARGET = 64,
	LAM_DIFF_DEVICE = 128,
	LAM_DIFF_ATTRIBUTES = 256,
	LAM_DIFF_LINKS = 512, /* the set of names differs */
	LAM_DIFF_ONLY_A = 1024,
	LAM_DIFF_ONLY_B = 2048,
};

/* Times that are later than `at`, in seconds since 1970, count as `at`. All-zero: every time
 * counts as it is. */
struct lam_clamp {
	bool set;
	int64_t at;
};
bool lam_clamp_is_later(struct lam_clamp clamp, int64_t s, uint32_t ns);
void lam_clamp_time(struct lam_clamp clamp, int64_t *s, uint32_t *ns);

/* Which of these two stats show; names (LINKS, ONLY_A, ONLY_B) are not theirs to know. */
unsigned lam_stat_compare(const struct lam_stat *a, const struct lam_stat *b);

#endif
