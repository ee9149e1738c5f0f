/* Plans (core/DESIGN.md, section 4): an ordered stack of target layers, base first, and ordered
 * rules that assign paths to them, the last that matches wins. A plan is a plain value:
 * it knows no image. Strings are UTF-8 text and the plan's own (free()); paths and globs
 * are kept in the text form of path.h, canonical ("/usr/lib", "/"). */
#ifndef LAMINA_PLAN_H
#define LAMINA_PLAN_H

#include <lamina/compression.h>
#include <lamina/glob.h>
#include <lamina/image.h>
#include <lamina/setting.h>
#include <lamina/stat.h>

struct lam_range {
	uint32_t first, last; /* layers of the image, both included */
};

struct lam_plan_layer {
	char *name;
	struct lam_range *from; /* sorted, apart */
	size_t from_count;
	bool rest;    /* "from": "rest" */
	bool keep;    /* the original's blob, or no output */
	bool rewrite; /* never that blob: what nobody sees of it goes */
	bool has_compression;
	struct lam_compression compression;
	uint64_t max_size; /* of a tar: what is over is split into parts; 0: it is not */
	char *note;        /* or NULL */
};

/* What a rule's pattern is. The kind's name is its member in a plan ("path", "glob",
 * "package") and its word in messages. */
enum lam_rule_kind {
	LAM_RULE_PATH, /* that path and all below it */
	LAM_RULE_GLOB, /* what it matches and all below that (glob.h) */
	/* "KIND:NAME" (packages.h), the name a glob: all that belongs to these packages by
	 * the image's own databases; and directories in which nothing else is */
	LAM_RULE_PACKAGE,
};
const char *lam_rule_kind_name(enum lam_rule_kind kind);

struct lam_plan_rule {
	enum lam_rule_kind kind;
	char *pattern; /* canonical, text form */
	struct lam_glob
		*glob; /* the pattern, compiled; of PACKAGE with a slash before it; of
				  PATH NULL */
	char *to;      /* a layer's name; NULL: left out of the image */
	char *note;
};

struct lam_plan {
	char *source_reference, *source_manifest; /* or NULL */
	char **source_paths; /* names at the top of the image that the plan was made for,
				text form, sorted: what tells new ones from old ones at a
				replay; NULL: not recorded */
	size_t source_path_count;
	struct lam_plan_layer *layers;
	size_t layer_count;
	struct lam_plan_rule *rules;
	size_t rule_count;
	bool has_compression;
	struct lam_compression compression;
	struct lam_clamp times; /* "times": { "clamp": ... }; not set: they are kept */
	struct lam_settings settings; /* that are set (or with a value of NULL taken out);
					 all others stay */
	char *note, *source_note, *times_note, *settings_note;
};

/* Everything that is wrong with a plan, a line each ("app.json: assign[2].to: no layer
 * ..."), in order. */
struct lam_plan_errors {
	char **lines;
	size_t *at; /* of those about a plan's text: the line of it, from 1; else NULL */
	size_t count;
};
void lam_plan_errors_fini(struct lam_plan_errors *errors);

/* Reads a plan; `name` begins every message. LAM_EPLAN with *out NULL and all that is
 * wrong in errors (err has the first of it). */
int lam_plan_parse(struct lam_plan **out, const char *bytes, size_t len, const char *name,
		   struct lam_plan_errors *errors, struct lam_error *err);
void lam_plan_free(struct lam_plan *plan); /* NULL is fine */
struct lam_plan *lam_plan_copy(const struct lam_plan *plan);
bool lam_plan_equal(const struct lam_plan *a, const struct lam_plan *b);

/* The layer that names each of an image's `count` layers (LAM_TARGET_NONE: none does), and
 * none for one more, as the root of an image without layers is of layer 0 all the same:
 * an array of the caller's (free()). */
#define LAM_TARGET_NONE UINT32_MAX
uint32_t *lam_plan_owners(const struct lam_plan *plan, size_t count);

/* The canonical text, a new string of the caller's, with a final newline: the same plan
 * gives the same bytes; rules that can never win are left out. */
int lam_plan_format(const struct lam_plan *plan, char **out, struct lam_error *err);
/* "sha256:..." of the canonical text without `source` and notes: two plans that do the
 * same have the same. */
int lam_plan_digest(const struct lam_plan *plan, char out[80], struct lam_error *err);

struct lam_plan_request {          /* what `lamina plan` was asked for */
	bool flatten;              /* all originals that are not kept become one layer */
	const char *const *splits; /* "PATH" or "KIND:NAME" of packages, and "=LAYER" */
	size_t split_count;
	size_t keep;              /* the lowest N layers come out as they are */
	const char *const *drops; /* "PATH" or "KIND:NAME" */
	size_t drop_count;
	const atomic_bool *stop; /* or NULL: packages are looked up for long in some */
};
/* A plan for an image. With nothing asked for it is the identity: every original its own
 * target, called by what it is ("python3", "opt"), with its number behind that where
 * another has the name, and "layer-N" where nothing tells. LAM_EPLAN for a path or a
 * package that the image does not have, two layers of one name, more kept than there are. A
 * path that begins like a package's kind is meant with its slash. LAM_ESTOPPED. */
int lam_plan_make(struct lam_plan **out, const struct lam_image *image,
		  const struct lam_plan_request *request, struct lam_error *err);

struct lam_dockerfile_request {
	const char *text; /* not trusted */
	size_t len;
	const char *name;   /* of the file, for messages */
	const char *target; /* a stage's name or number; NULL: the last */
};
/* The plan that a stage means which copies from the image, and does nothing else: a layer for
 * each COPY line, in order; the last that takes a path wins; what none takes is left out.
 * A directory is itself, and not its contents; a symlink is itself. LAM_EPLAN with all that
 * is in the way in errors; notes: what is not carried out, and names at the top that no line
 * takes. Both have the line of each, 0 where it is of the whole file. */
int lam_plan_from_dockerfile(struct lam_plan **out, const struct lam_image *image,
			     const struct lam_dockerfile_request *request,
			     struct lam_plan_errors *errors,
			     struct lam_plan_errors *notes, struct lam_error *err);

#endif
