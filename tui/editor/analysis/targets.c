#include "editor/analysis/targets.h"

#include <string.h>

#include <lamina/path.h>

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
	struct bits files;

	if (!bits_init(&files, facts->count))
		return lam_fail_memory(err);
	for (uint32_t n = facts->count; n-- > 0;) {
		const struct lam_node *node = lam_tree_node(facts->tree, n);
		uint32_t parent = node->parent;

		if (stop_at(stop, n)) {
			bits_fini(&files);
			return stop_fail(err);
		}
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
	bits_fini(&files);
	return 0;
}

static int copy_layout(uint32_t *own, uint32_t *rule, const struct facts *facts,
		       const struct lam_layout *layout, const atomic_bool *stop,
		       struct lam_error *err)
{
	for (uint32_t n = 0; n < facts->count; n++) {
		if (stop_at(stop, n))
			return stop_fail(err);
		own[n] = lam_layout_target_of(layout, n);
		rule[n] = lam_layout_rule_of(layout, n);
	}
	return 0;
}

/* *out_own and *out_rule: of each node; NULL where nothing can be said. */
static int find_own(uint32_t **out_own, uint32_t **out_rule, const struct facts *facts,
		    const struct lam_plan *plan, const struct lam_layout *layout,
		    const atomic_bool *stop, struct lam_error *err)
{
	int code;

	if (!layout) {
		code = lam_layout_assignment(out_own, out_rule, facts->image, plan, stop,
					     err);
		return code == LAM_ENOMEM || code == LAM_ESTOPPED ? code : 0;
	}
	*out_own = malloc(facts->count * sizeof **out_own);
	*out_rule = malloc(facts->count * sizeof **out_rule);
	if (!*out_own || !*out_rule)
		return lam_fail_memory(err);
	return copy_layout(*out_own, *out_rule, facts, layout, stop, err);
}

static int mark_ruled(struct bits *ruled, const struct facts *facts,
		      const struct lam_plan *plan, struct lam_error *err)
{
	if (!bits_init(ruled, facts->count))
		return lam_fail_memory(err);
	for (size_t r = 0; r < plan->rule_count; r++) {
		struct lam_error why;
		uint32_t node;
		char *bytes;
		size_t len;

		if (plan->rules[r].kind == LAM_RULE_GLOB)
			continue;
		if (lam_path_unescape(&bytes, &len, plan->rules[r].pattern, &why) < 0)
			continue;
		node = lam_tree_find(facts->tree, bytes, len);
		free(bytes);
		if (node != LAM_NODE_NONE)
			bits_set(ruled, node, true);
	}
	return 0;
}

int targets_make(struct targets_store *store, const struct facts *facts,
		 const struct lam_plan *plan, const struct lam_layout *layout,
		 const atomic_bool *stop, struct lam_error *err)
{
	uint32_t *own = NULL;
	int code;

	*store = (struct targets_store){ 0 };
	store->names = calloc(plan->layer_count + 1, sizeof *store->names);
	code = store->names ? mark_ruled(&store->ruled, facts, plan, err)
			    : lam_fail_memory(err);
	for (size_t i = 0; code == 0 && i < plan->layer_count; i++)
		store->names[i] = plan->layers[i].name;
	if (code == 0)
		code = find_own(&own, &store->rule, facts, plan, layout, stop, err);
	if (code == 0 && own) {
		store->to = malloc(facts->count * sizeof *store->to);
		if (!store->to)
			code = lam_fail_memory(err);
	}
	for (uint32_t n = 0; code == 0 && own && n < facts->count; n++)
		store->to[n] = TARGET_UNSAID;
	if (code == 0 && own)
		code = sum_up(store->to, own, facts, stop, err);
	free(own);
	return code;
}

void targets_fini(struct targets_store *store)
{
	free(store->to);
	free(store->rule);
	free(store->names);
	bits_fini(&store->ruled);
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

size_t targets_find(const char *const *names, size_t count, const char *text)
{
	size_t n = parse_letters(text, 'A');

	if (n < count)
		return n;
	for (size_t i = 0; i < count; i++) {
		if (strcmp(names[i], text) == 0)
			return i;
	}
	n = parse_letters(text, 'a');
	return n < count ? n : SIZE_MAX;
}

size_t target_parse(const struct lam_plan *plan, const char *text)
{
	const char **names = calloc(plan->layer_count + 1, sizeof *names);
	size_t found = SIZE_MAX;

	for (size_t i = 0; names && i < plan->layer_count; i++)
		names[i] = plan->layers[i].name;
	if (names)
		found = targets_find(names, plan->layer_count, text);
	free(names);
	return found;
}
