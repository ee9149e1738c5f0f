/* A layer's index as bytes, for the cache: written as it stands in memory, and believed
 * only once every number in it has been checked. Machines that lay memory out otherwise
 * find another `order` and make their own. */
#ifndef LAM_LAYER_STORE_H
#define LAM_LAYER_STORE_H

#include "layer/blob.h"

/* Changes with anything below, with struct lam_layer_node, lam_inode, lam_extra,
 * lam_extent, lam_checkpoint, with enum lam_odd, and with what an index says of
 * the same tar. */
#define LAM_STORE_VERSION 4u

/* What a stored index is asked for by. */
struct lam_layer_key {
	struct lam_digest digest, diff_id; /* of the blob, of its tar */
	uint64_t blob_size;
};

/* LAM_EWRITE, and nothing written, where it would be more than max bytes. */
int lam_layer_save(const struct lam_layer *layer, const struct lam_layer_reading *reading,
		   uint64_t max, struct lam_writer *to, struct lam_error *err);
/* `block` (malloc) is owned, also on failure; the layer's arrays are in it. False: it is
 * not the index of that layer, or it is damaged. */
bool lam_layer_load(struct lam_layer **out, struct lam_layer_reading *out_reading,
		    void *block, size_t size, const struct lam_layer_key *key,
		    uint32_t number);

/* The form: a header, and then the sections one after another, each padded with zeros to
 * a multiple of 8. */
enum lam_store_section {
	LAM_STORE_OFFSETS, /* of names: count + 1 */
	LAM_STORE_NAMES,
	LAM_STORE_NODES,
	LAM_STORE_INODES,
	LAM_STORE_OWNERS,
	LAM_STORE_CONTENTS,
	LAM_STORE_TEXT,
	LAM_STORE_EXTRAS,
	LAM_STORE_RECORDS, /* struct lam_store_record */
	LAM_STORE_RECORD_TEXT,
	LAM_STORE_EXTENTS,
	LAM_STORE_NOTES, /* struct lam_store_note */
	LAM_STORE_NOTE_TEXT,
	LAM_STORE_POINTS,
	LAM_STORE_WINDOWS,
	LAM_STORE_SECTIONS,
};

struct lam_store_header {
	char magic[8];
	uint32_t version, order;
	uint64_t checksum; /* CRC-64 (ECMA, reflected) of all that follows it */
	uint64_t size;     /* of the whole */
	uint64_t blob_size, tar_size, file_bytes, note_total;
	uint32_t codec, entry_count, whiteout_count;
	uint32_t digest_algorithm, diff_id_algorithm, unused;
	uint8_t digest[64], diff_id[64];
	uint64_t counts[LAM_STORE_SECTIONS]; /* of things; bytes for text */
};

struct lam_store_record { /* key and then value stand in the record text at `at` */
	uint64_t at;
	uint32_t key_len, value_len;
};

struct lam_store_note {   /* the path, in text form, stands in the note text at `at` */
	uint32_t at, len; /* len 0: no path */
	uint32_t rule;    /* enum lam_odd */
};

#define LAM_STORE_MAGIC   "lam-idx"
#define LAM_STORE_ORDER   0x01020304u
#define LAM_STORE_CHECKED (offsetof(struct lam_store_header, size))

#endif
