/* Names that no layer of a plan has. */
#include <stdlib.h>
#include <string.h>

#include <lamina/edit.h>
#include <lamina/path.h>

#include "base/memory.h"
#include "base/utf8.h"
#include "plan/plan.h"

/* Room for a number behind a name. */
#define NAME_ROOM 8

/* How much of a text fits, in whole characters. */
static size_t cut(const char *text, size_t most)
{
	size_t len = strlen(text);

	return len <= most ? len : lam_utf8_cut(text, most);
}

/* A valid name with room for a number. */
static char *valid_name(const char *wish)
{
	char *name = lam_plan_name_fault(wish, strlen(wish))
			     ? lam_path_escape(wish, strlen(wish))
			     : lam_xstrdup(wish);

	name[cut(name, LAM_MAX_PLAN_NAME - NAME_ROOM)] = '\0';
	if (lam_plan_name_fault(name, strlen(name))) {
		free(name);
		name = lam_xstrdup("layer");
	}
	return name;
}

/* The number that lam_plan_free_name() wrote behind a name; 1: none is behind it, 0: it is
 * another name. */
static size_t number_behind(const char *name, const char *base, size_t len)
{
	const char *digits = name + len + 1;
	size_t number;

	if (strncmp(name, base, len) != 0)
		return 0;
	if (!name[len])
		return 1;
	if (name[len] != '-' || *digits == '0' || strlen(digits) >= NAME_ROOM ||
	    strspn(digits, "0123456789") != strlen(digits))
		return 0;
	number = strtoul(digits, NULL, 10);
	return number == 1 ? 0 : number;
}

/* Looks at each layer once: all of some thousand may want one name. */
char *lam_plan_free_name(const struct lam_plan *plan, const char *wish)
{
	LAM_CLEANUP(lam_free_ptr) char *base = valid_name(wish);
	LAM_CLEANUP(lam_free_ptr)
	bool *taken = lam_xcalloc(plan->layer_count + 2, sizeof *taken);
	size_t len = strlen(base), n = 1;

	for (size_t i = 0; i < plan->layer_count; i++) {
		size_t number = number_behind(plan->layers[i].name, base, len);

		if (number <= plan->layer_count)
			taken[number] = true;
	}
	while (taken[n])
		n++;
	return n == 1 ? LAM_STEAL(base) : lam_xprintf("%s-%zu", base, n);
}
