/* A Dockerfile: a plan that can be saved, read and laid out, or what is in the way, with its
 * line; and the same each time. */
#include <string.h>

#include <lamina/layout.h>

#include "fuzz.h"

static struct lam_plan *make(const struct lam_dockerfile_request *request)
{
	struct lam_plan_errors errors = { 0 }, notes = { 0 };
	struct lam_plan *plan;
	struct lam_error err;
	int code = lam_plan_from_dockerfile(&plan, fuzz_image(), request, &errors, &notes,
					    &err);

	NEED((code == 0) == (plan != NULL));
	if (code < 0) {
		need_error(code, &err);
		NEED(code == LAM_EPLAN && errors.count > 0);
	}
	lam_plan_errors_fini(&errors);
	lam_plan_errors_fini(&notes);
	return plan;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct lam_dockerfile_request request = { .text = (const char *)data,
							.len = size,
							.name = "D" };
	struct lam_plan *plan = make(&request), *again;
	struct lam_layout *layout;
	struct lam_error err;
	char *text;

	if (!plan)
		return 0;
	again = make(&request);
	NEED(again && lam_plan_equal(plan, again));
	lam_plan_free(again);
	MUST(lam_plan_format(plan, &text, &err));
	MUST(lam_plan_parse(&again, text, strlen(text), "plan", NULL, &err));
	if (lam_layout_new(&layout, fuzz_image(), plan, NULL, NULL, &err) == 0)
		lam_layout_free(layout);
	else
		NEED(err.code == LAM_EPLAN);
	free(text);
	lam_plan_free(again);
	lam_plan_free(plan);
	return 0;
}
