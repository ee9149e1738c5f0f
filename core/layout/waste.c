/* Originals that are all waste: nobody sees anything of them, and the stack is the same
 * without them. */
#include <stdlib.h>

#include "base/memory.h"
#include "layout/trial.h"

/* Kept ones that nothing is assigned to and that have no mark to hide things with; those
 * that the plan wants kept stay. How many there are. */
static size_t find_waste(const struct lam_layout *l, bool *out_waste)
{
	size_t count = 0;

	for (size_t i = 0; i < l->target_count; i++) {
		const struct lam_layout_target *t = &l->stack[i];

		out_waste[i] = t->kept && !t->info.keep && !t->hive &&
			       !l->image->layers[t->original].info.whiteout_count;
	}
	for (uint32_t n = 0; n < l->tree->node_count; n++) {
		if (!l->gone[n])
			out_waste[l->targets[n]] = false;
	}
	for (size_t i = 0; i < l->target_count; i++)
		count += out_waste[i];
	return count;
}

static void set_kept(struct lam_layout *l, const bool *which, bool kept)
{
	for (size_t i = 0; i < l->target_count; i++) {
		if (which[i])
			l->stack[i].kept = kept;
	}
}

/* Whether a name would be listed now that is not there. */
static int shows_ghosts(const struct lam_trial *t, bool *out, struct lam_error *err)
{
	const struct lam_layout *l = t->layout;
	LAM_CLEANUP(lam_ghosts_fini) struct lam_ghosts source = { 0 };
	LAM_CLEANUP(lam_ghosts_fini) struct lam_ghosts ghosts = { 0 };

	*out = false;
	if (lam_ghosts_find(&ghosts, t->tree, l->stop, err) < 0)
		return err->code;
	if (ghosts.count && lam_ghosts_find(&source, l->tree, l->stop, err) < 0)
		return err->code;
	for (size_t i = 0; !*out && i < ghosts.count; i++)
		*out = !lam_ghosts_have(&source, lam_trial_source(t, ghosts.items[i].dir),
					ghosts.items[i].name);
	return 0;
}

/* They stay out where *out_fits. */
static int try_without(struct lam_layout *l, struct lam_made *made, const bool *waste,
		       bool *out_fits, struct lam_error *err)
{
	LAM_CLEANUP(lam_trial_fini) struct lam_trial t = { 0 };
	bool ghosts = false;

	set_kept(l, waste, false);
	if (lam_trial_run(&t, l, made, err) < 0)
		return err->code;
	*out_fits = !t.wrong_count && !t.shown_count;
	if (*out_fits && shows_ghosts(&t, &ghosts, err) < 0)
		return err->code;
	*out_fits = *out_fits && !ghosts;
	if (!*out_fits)
		set_kept(l, waste, true);
	return 0;
}

#define MOST_TRIES 8 /* of one at a time, where not all of them can go at once */

int lam_layout_drop_waste(struct lam_layout *l, struct lam_made *made,
			  struct lam_error *err)
{
	LAM_CLEANUP(lam_free_ptr)
	bool *waste = lam_xcalloc(2 * l->target_count + 1, sizeof *waste);
	bool *one = waste + l->target_count, fits = true;
	size_t count = find_waste(l, waste), tries = 0;

	if (count && try_without(l, made, waste, &fits, err) < 0)
		return err->code;
	for (size_t i = 0; !fits && count > 1 && i < l->target_count; i++) {
		bool gone;

		if (!waste[i] || ++tries > MOST_TRIES)
			continue;
		one[i] = true;
		if (try_without(l, made, one, &gone, err) < 0)
			return err->code;
		one[i] = false;
	}
	return 0;
}
