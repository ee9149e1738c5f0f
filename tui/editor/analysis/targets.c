/* Which layer of a plan each path goes to. */
#include "editor/analysis/targets.h"

#include <string.h>

#include <lamina/path.h>

#include "base/buf.h"
#include "base/memory.h"
#include "base/stop.h"

/* Nothing below a directory has said anything yet. */
#define TARGET_UNSAID (UINT32_MAX - 2)

static void merge_target(uint32_t *to, uint32_t other)
{
	if (*to == TARGET_UNSAID)
		*to = other;
	else if (*to != other)
		*to = TARGET_SEVERAL;
}

/* A directory is where what it holds is: its files, or where there are none the empty
 * directories in it. */
static int sum_up(uint32_t *to, const uint32_t *own, const struct facts *facts,
		  const atomic_bool *stop, struct lam_error *err)
{
	LAM_CLEANUP(bits_fini) struct bits files = { 0 };

	if (!bits_init(&files, facts->count))
		return lam_fail_memory(err);
	for (uint32_t n = 0; n < facts->count; n++)
		to[n] = TARGET_UNSAID;
	for (uint32_t n = facts->count; n-- > 0;) {
		const struct lam_node *node = lam_tree_node(facts->tree, n);
		uint32_t parent = node->parent;

		if (lam_stops(stop, n))
			return lam_fail_stopped(err);
		if (to[n] == TARGET_UNSAID)
			to[n] = node->live ? own[n] : LAM_TARGET_NONE;
		if (n == LAM_NODE_ROOT || !node->live)
			continue;
		if (node->kind != LAM_KIND_DIR)
			bits_set(&files, n, true);
		if (bits_get(&files, n) && !bits_get(&files, parent)) {
			bits_set(&files, parent, true);
			to[parent] = TARGET_UNSAID;
		}
		if (bits_get(&files, n) == bits_get(&files, parent))
			merge_target(&to[parent], to[n]);
	}
	return 0;
}

/* *out_own: of each node; NULL where nothing can be said. */
static int find_own(uint32_t **out_own, struct targets *t, const struct facts *facts,
		    const struct lam_plan *plan, const struct lam_layout *layout,
		    const atomic_bool *stop, struct lam_error *err)
{
	uint32_t to;
	int code;

	if (!layout) {
		code = lam_layout_assignment(out_own, &t->rule, facts->image, plan, stop,
					     err);
		return code == LAM_ENOMEM || code == LAM_ESTOPPED ? code : 0;
	}
	*out_own = malloc(facts->count * sizeof **out_own);
	t->rule = malloc(facts->count * sizeof *t->rule);
	if (!*out_own || !t->rule)
		return lam_fail_memory(err);
	for (uint32_t n = 0; n < facts->count; n++) {
		if (lam_stops(stop, n))
			return lam_fail_stopped(err);
		to = lam_layout_target_of(layout, n);
		(*out_own)[n] =
			to == LAM_TARGET_NONE ? to : lam_layout_target(layout, to)->layer;
		t->rule[n] = lam_layout_rule_of(layout, n);
	}
	return 0;
}

static void mark_ruled(struct bits *ruled, const struct facts *facts,
		       const struct lam_plan *plan)
{
	for (size_t r = 0; r < plan->rule_count; r++) {
		LAM_CLEANUP(lam_free_ptr) char *bytes = NULL;
		struct lam_error why;
		uint32_t node;
		size_t len;

		if (plan->rules[r].kind != LAM_RULE_PATH ||
		    lam_path_unescape(&bytes, &len, plan->rules[r].pattern, &why) < 0)
			continue;
		node = lam_tree_find(facts->tree, bytes, len);
		if (node != LAM_NODE_NONE)
			bits_set(ruled, node, true);
	}
}

int targets_make(struct targets *t, const struct facts *facts,
		 const struct lam_plan *plan, const struct lam_layout *layout,
		 const atomic_bool *stop, struct lam_error *err)
{
	LAM_CLEANUP(lam_free_ptr) uint32_t *own = NULL;

	*t = (struct targets){ .plan = plan };
	if (!bits_init(&t->ruled, facts->count))
		return lam_fail_memory(err);
	mark_ruled(&t->ruled, facts, plan);
	if (find_own(&own, t, facts, plan, layout, stop, err) < 0)
		return err->code;
	if (!own)
		return 0;
	t->to = malloc(facts->count * sizeof *t->to);
	return t->to ? sum_up(t->to, own, facts, stop, err) : lam_fail_memory(err);
}

void targets_fini(struct targets *t)
{
	free(t->to);
	free(t->rule);
	bits_fini(&t->ruled);
}

/* Letters */

const char *target_letters(size_t n, char out[8])
{
	char digits[16];
	size_t len = 0;

	for (n++; n > 0 && len < 7; n = (n - 1) / 26)
		digits[len++] = (char)('A' + (n - 1) % 26);
	for (size_t i = 0; i < len; i++)
		out[i] = digits[len - 1 - i];
	out[len] = '\0';
	return out;
}

/* Letters of one case, 'A' or 'a'; SIZE_MAX where something else stands. */
static size_t parse_letters(const char *text, char first)
{
	size_t n = 0;

	if (strlen(text) > 4)
		return SIZE_MAX;
	for (; *text; text++) {
		if (*text < first || *text > first + 25)
			return SIZE_MAX;
		n = n * 26 + (size_t)(*text - first) + 1;
	}
	return n - 1;
}

size_t target_parse(const struct lam_plan *plan, const char *text)
{
	size_t n = parse_letters(text, 'A');

	if (n < plan->layer_count)
		return n;
	for (size_t i = 0; i < plan->layer_count; i++) {
		if (strcmp(plan->layers[i].name, text) == 0)
			return i;
	}
	n = parse_letters(text, 'a');
	return n < plan->layer_count ? n : SIZE_MAX;
}
