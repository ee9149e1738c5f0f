#include "plan/plan.h"

#include <stdlib.h>

void lam_plan_errors_fini(struct lam_plan_errors *errors)
{
	for (size_t i = 0; i < errors->count; i++)
		free(errors->lines[i]);
	free(errors->lines);
	*errors = (struct lam_plan_errors){ 0 };
}

static void free_layers(struct lam_plan *plan)
{
	for (size_t i = 0; plan->layers && i < plan->layer_count; i++) {
		free(plan->layers[i].name);
		free(plan->layers[i].from);
		free(plan->layers[i].note);
	}
	free(plan->layers);
}

static void free_rules(struct lam_plan *plan)
{
	for (size_t i = 0; plan->rules && i < plan->rule_count; i++) {
		free(plan->rules[i].pattern);
		free(plan->rules[i].to);
		free(plan->rules[i].note);
	}
	free(plan->rules);
}

void lam_plan_free(struct lam_plan *plan)
{
	if (!plan)
		return;
	for (size_t i = 0; plan->source_paths && i < plan->source_path_count; i++)
		free(plan->source_paths[i]);
	free(plan->source_paths);
	free(plan->source_reference);
	free(plan->source_manifest);
	free(plan->source_note);
	free(plan->note);
	free_layers(plan);
	free_rules(plan);
	free(plan);
}
