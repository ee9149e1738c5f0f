/* A stage of a Dockerfile, while its instructions are carried out. */
#ifndef LAM_PLAN_DOCKERFILE_STAGE_H
#define LAM_PLAN_DOCKERFILE_STAGE_H

#include "plan/claims.h"
#include "plan/dockerfile.h"

struct lam_dockerfile_stage {
	char *name; /* or NULL */
	size_t line;
};

struct lam_stage_making {
	const struct lam_tree *tree;
	const char *name; /* of the file, as it can be shown */
	struct lam_plan_errors *errors, *notes;
	struct lam_error *err;
	struct lam_dockerfile_stage *stages;
	size_t stage_count, stage_cap, target;
	struct lam_variables global, local;
	char escape;
	char *workdir; /* pattern */
	char *source;  /* what --from calls the image, in small letters; or NULL */
	size_t source_line;
	struct lam_claims claims;
};

/* A line to errors or notes; 0 is the whole file. */
void lam_stage_tell(struct lam_stage_making *m, struct lam_plan_errors *to, size_t line,
		    const char *format, ...) __attribute__((format(printf, 4, 5)));
/* A word with its variables; NULL where it cannot be, which has been told. */
char *lam_stage_expand(struct lam_stage_making *m, const struct lam_variables *variables,
		       const char *word, size_t line);
/* A stage's name or number, the last of a name; SIZE_MAX: none is called so. */
size_t lam_stage_find(const struct lam_stage_making *m, const char *name);
void lam_stage_copy(struct lam_stage_making *m, const struct lam_instruction *i);

#endif
