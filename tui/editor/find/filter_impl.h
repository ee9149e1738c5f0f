/* Filters, inside: words that filter_parse.c makes and filter.c asks. */
#ifndef FILTER_IMPL_H
#define FILTER_IMPL_H

#include "editor/find/filter.h"

/* By cost: what is quick to say no is asked first. */
enum word_kind {
	WORD_FLAG,
	WORD_TYPE,
	WORD_RULE,
	WORD_MARKED,
	WORD_TO,
	WORD_FROM,
	WORD_SIZE,
	WORD_UID,
	WORD_GID,
	WORD_MODE,
	WORD_NEWER,
	WORD_OLDER,
	WORD_PACKAGE,
	WORD_PART,
	WORD_NAME_GLOB,
	WORD_PATH_GLOB,
};

struct word {
	enum word_kind kind;
	bool is_not;
	bool without_case;     /* PART */
	char relation;         /* SIZE: '<', '>', '=', 'l' (<=) or 'g' (>=) */
	unsigned flags;        /* FLAG; TYPE: bits of kinds */
	uint64_t number;       /* SIZE, MODE */
	int64_t value;         /* UID, GID; seconds of NEWER and OLDER */
	struct bits layers;    /* FROM */
	char *text;            /* PART, TO, PACKAGE */
	struct lam_glob *glob; /* of PACKAGE NULL: of none */
};

struct filter {
	struct word *words; /* the quick ones first */
	size_t count;
};

#endif
