/* A plan: saved it is the same plan and the same bytes; edited it can be saved still; for
 * an image it gives a layout or an error. */
#include <string.h>

#include <lamina/edit.h>
#include <lamina/layout.h>

#include "fuzz.h"

static struct lam_plan *parse(const char *text, size_t len, struct lam_error *err)
{
	struct lam_plan_errors errors = { 0 };
	struct lam_plan *plan;
	int code = lam_plan_parse(&plan, text, len, "plan", &errors, err);

	if (code < 0) {
		need_error(code, err);
		NEED(!plan && errors.count > 0);
	}
	lam_plan_errors_fini(&errors);
	return plan;
}

/* Comes back as what it was, less rules that can never win: those go once. */
static void save(const struct lam_plan *plan)
{
	struct lam_plan *again;
	struct lam_error err;
	char *text, *same, digest[80], other[80];

	MUST(lam_plan_format(plan, &text, &err));
	again = parse(text, strlen(text), &err);
	if (!again)
		fprintf(stderr, "%s\n%s\n", err.text, text);
	NEED(again && again->rule_count <= plan->rule_count);
	MUST(lam_plan_format(again, &same, &err));
	NEED(strcmp(text, same) == 0);
	MUST(lam_plan_digest(plan, digest, &err));
	MUST(lam_plan_digest(again, other, &err));
	NEED(strcmp(digest, other) == 0);
	lam_plan_free(again);
	free(text);
	free(same);
}

static void edit(struct lam_plan *plan, struct fuzz *fuzz)
{
	size_t last = plan->layer_count - 1;
	struct lam_edit_rule rule = { "/opt", LAM_RULE_PATH };
	char pattern[65], *name = lam_plan_free_name(plan, "layer");
	size_t len = fuzz->left < 64 ? fuzz->left : 64, count;
	struct lam_error err;

	memcpy(pattern, fuzz->at, len);
	pattern[len] = '\0';
	(void)lam_edit_layer_add(plan, fuzz_below(fuzz, (unsigned)last + 2), name, &err);
	rule = (struct lam_edit_rule){ pattern, (enum lam_rule_kind)fuzz_below(fuzz, 2) };
	(void)lam_edit_assign(plan, &rule, 1, fuzz_byte(fuzz) & 1 ? name : NULL, &err);
	(void)lam_edit_layer_move(plan, 0, last, &err);
	(void)lam_edit_clear(plan, (const char *const[]){ "/etc" }, 1, true, &count,
			     &err);
	(void)lam_edit_layer_merge(plan, 0, last, &err);
	if (plan->layer_count > 1)
		(void)lam_edit_layer_delete(plan, 0, &err);
	free(name);
}

static void lay_out(const struct lam_plan *plan)
{
	struct lam_plan_errors errors = { 0 };
	struct lam_layout *layout = NULL;
	struct lam_error err;
	int code = lam_layout_new(&layout, fuzz_image(), plan, &errors, NULL, &err);

	if (code < 0) {
		need_error(code, &err);
		NEED(code == LAM_EPLAN);
	}
	lam_layout_free(layout);
	lam_plan_errors_fini(&errors);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz fuzz = { data, size };
	struct lam_error err;
	struct lam_plan *plan = parse((const char *)data, size, &err);

	if (!plan)
		return 0;
	save(plan);
	lay_out(plan);
	edit(plan, &fuzz);
	save(plan);
	lay_out(plan);
	lam_plan_free(plan);
	return 0;
}
