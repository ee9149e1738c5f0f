/* Getting rid of waste: what a line of it offers. What is live is never touched, but where
 * a live cache is left out by that very word. */
#include <stdlib.h>
#include <string.h>

#include <lamina/path.h>

#include "base/buf.h"
#include "base/memory.h"
#include "base/size.h"
#include "editor/details/details.h"
#include "editor/plan/plan.h"

/* What an offer is about: an item of the waste, a cause, or, without either, all of it. */
struct offer {
	struct waste_line line;
	uint64_t bytes;
};

static struct offer offer_of(const struct app *app, struct waste_line line)
{
	return (struct offer){ line, line.item    ? line.item->bytes
				     : line.cause ? line.cause->bytes
						  : app->details.waste->lost };
}

/* Caches are live. */
static bool is_of(const struct app *app, const struct offer *o, uint32_t layer)
{
	const struct waste *w = app->details.waste;
	bool any = false;

	if (o->line.cause)
		return layersets_has(&w->sets,
				     o->line.item ? o->line.item->layers
						  : o->line.cause->layers,
				     layer);
	for (size_t i = 0; i < w->cause_count; i++)
		any = any || (w->causes[i].how != WASTE_CACHE &&
			      layersets_has(&w->sets, w->causes[i].layers, layer));
	return any;
}

/* The layers of the plan that are the original blobs with these bytes, and still may be
 * kept; how many. */
static size_t find_holders(const struct app *app, const struct offer *o,
			   const struct lam_plan *plan, bool *holds)
{
	size_t count = lam_image_layer_count(app->image), found = 0;
	LAM_CLEANUP(lam_free_ptr) uint32_t *owners = lam_plan_owners(plan, count);

	for (uint32_t i = 0; i < count; i++) {
		uint32_t t = owners[i];

		if (t == LAM_TARGET_NONE || !is_of(app, o, i) ||
		    !waste_is_blob(plan, t) || plan->layers[t].rewrite || holds[t])
			continue;
		holds[t] = true;
		found++;
	}
	return found;
}

/* "layer-2", "layer-2 and layer-4", "5 layers" */
static char *names_of(const struct lam_plan *plan, const bool *holds, size_t count)
{
	char *text = NULL;

	if (count > 2)
		return lam_xprintf("%zu layers", count);
	for (size_t i = 0; i < plan->layer_count; i++) {
		char *longer;

		if (!holds[i])
			continue;
		longer = text ? lam_xprintf("%s and %s", text, plan->layers[i].name)
			      : lam_xstrdup(plan->layers[i].name);
		free(text);
		text = longer;
	}
	return text ? text : lam_xstrdup("no layer");
}

/* What goes with the waste of originals: all of it, whatever the offer is about. */
static uint64_t waste_of(const struct app *app, const struct lam_plan *plan,
			 const bool *written)
{
	size_t count = lam_image_layer_count(app->image);
	LAM_CLEANUP(lam_free_ptr) uint32_t *owners = lam_plan_owners(plan, count);
	uint64_t bytes = 0;

	for (size_t i = 0; i < count; i++) {
		if (owners[i] != LAM_TARGET_NONE && written[owners[i]])
			bytes += lam_image_layer(app->image, i)->waste_bytes;
	}
	return bytes;
}

/* What the plan says about it: "without 70.4M that nobody sees: owner changed in 3: chown
 * ...", and where that is not all "and more". */
static char *note_of(const struct app *app, const struct offer *o, uint64_t bytes)
{
	LAM_CLEANUP(lam_free_ptr) char *cause = NULL, *text = NULL;
	char size[LAM_SIZE_TEXT];

	lam_size_text(bytes, size);
	if (!o->line.cause)
		return lam_xprintf("without %s that nobody sees", size);
	cause = waste_cause_text(app, o->line.cause);
	text = lam_path_escape(cause, strlen(cause));
	return lam_xprintf("without %s that nobody sees: %s%s", size, text,
			   bytes > o->bytes ? ", and more" : "");
}

static int add_note(struct lam_plan *plan, size_t at, const char *note,
		    struct lam_error *err)
{
	const char *old = plan->layers[at].note;
	LAM_CLEANUP(lam_free_ptr)
	char *both = old ? lam_xprintf("%s; %s", old, note) : NULL;

	if (old && strstr(old, note))
		return 0;
	return lam_edit_layer_note(plan, at, both ? both : note, err);
}

static int rewrite_layer(const struct app *app, const struct offer *o,
			 struct lam_plan *plan, size_t at, struct lam_error *err)
{
	LAM_CLEANUP(lam_free_ptr)
	bool *written = lam_xcalloc(plan->layer_count, sizeof *written);
	LAM_CLEANUP(lam_free_ptr) char *note = NULL;

	written[at] = true;
	note = note_of(app, o, waste_of(app, plan, written));
	if (lam_edit_layer_rewrite(plan, at, true, err) < 0)
		return err->code;
	return add_note(plan, at, note, err);
}

static void rewrite(struct app *app, const struct offer *o)
{
	struct lam_plan *plan = plan_copy(app);
	LAM_CLEANUP(lam_free_ptr)
	bool *holds = lam_xcalloc(plan->layer_count + 1, sizeof *holds);
	size_t count = find_holders(app, o, plan, holds);
	LAM_CLEANUP(lam_free_ptr) char *names = names_of(plan, holds, count);
	LAM_CLEANUP(lam_free_ptr)
	char *note = note_of(app, o, waste_of(app, plan, holds));
	struct lam_error err;
	int code = 0;

	for (size_t i = 0; code == 0 && i < plan->layer_count; i++) {
		if (holds[i])
			code = rewrite_layer(app, o, plan, i, &err);
	}
	plan_changed(app, plan, code, &err, "write %s anew, %s", names, note);
}

static size_t hider_of(const struct app *app, const struct offer *o,
		       const struct lam_plan *plan)
{
	LAM_CLEANUP(lam_free_ptr)
	uint32_t *owners = lam_plan_owners(plan, lam_image_layer_count(app->image));

	return owners[o->line.cause->by];
}

static void merge(struct app *app, const struct offer *o)
{
	struct lam_plan *plan = plan_copy(app);
	LAM_CLEANUP(lam_free_ptr)
	bool *holds = lam_xcalloc(plan->layer_count + 1, sizeof *holds);
	size_t count = find_holders(app, o, plan, holds), into = hider_of(app, o, plan);
	LAM_CLEANUP(lam_free_ptr) char *names = names_of(plan, holds, count);
	LAM_CLEANUP(lam_free_ptr) char *name = lam_xstrdup(plan->layers[into].name);
	LAM_CLEANUP(lam_free_ptr) char *note = NULL;
	struct lam_error err;
	int code = 0;

	holds[into] = true;
	note = note_of(app, o, waste_of(app, plan, holds));
	for (size_t i = plan->layer_count; code == 0 && i-- > 0;) {
		if (!holds[i] || i == into)
			continue;
		code = lam_edit_layer_merge(plan, i, into, &err);
		into -= i < into;
	}
	if (code == 0)
		code = add_note(plan, into, note, &err);
	plan_changed(app, plan, code, &err, "merge %s into %s, %s", names, name, note);
}

static void leave_out(struct app *app, uint32_t node)
{
	LAM_CLEANUP(lam_free_ptr)
	char *path = lam_tree_path_text(app->facts->tree, node);
	const struct lam_edit_rule rule = { .pattern = path, .kind = LAM_RULE_PATH };
	struct lam_plan *plan = plan_copy(app);
	struct lam_error err;
	int code = lam_edit_assign(plan, &rule, 1, NULL, &err);

	plan_changed(app, plan, code, &err, "leave out %s", path);
}

/* dialog->value: the cause's number and, in its lower half, the item's, from 1; 0: none. */
static struct waste_line line_of(const struct app *app, uint64_t value)
{
	const struct waste *w = app->details.waste;
	size_t cause = (size_t)(value >> 32), item = (uint32_t)value;

	return (struct waste_line){ cause ? &w->causes[cause - 1] : NULL,
				    item ? &w->items[item - 1] : NULL };
}

static uint64_t value_of(const struct app *app, struct waste_line line)
{
	const struct waste *w = app->details.waste;

	return (line.cause ? (uint64_t)(line.cause - w->causes) + 1 : 0) << 32 |
	       (line.item ? (uint64_t)(line.item - w->items) + 1 : 0);
}

static void take_offer(struct app *app, struct dialog *d, const struct dialog_item *item)
{
	struct waste_line line = line_of(app, d->value);
	struct offer o = offer_of(app, line);
	const struct offer cause = offer_of(app, (struct waste_line){ line.cause, NULL });
	const struct offer all = offer_of(app, (struct waste_line){ NULL, NULL });

	switch (item->tag[0]) {
	case 'r': rewrite(app, &o); break;
	case 'm': merge(app, &o); break;
	case 'c': rewrite(app, &cause); break;
	case 'a': rewrite(app, &all); break;
	case 'x': leave_out(app, line.item->node); break;
	default: app_tell(app, ROLE_STATUS, "nothing was changed"); break;
	}
}

/* A version that is not seen any more, at a path of which nothing is. */
static bool is_dead_path(const struct app *app, const struct offer *o)
{
	return o->line.item && (app->facts->flags[o->line.item->node] & FACT_DEAD);
}

/* To write anew all that holds what the line is a part of. */
static void add_wider(const struct app *app, struct dialog *d, char tag, const char *what,
		      struct offer wider)
{
	const struct lam_plan *plan = app_plan(app);
	LAM_CLEANUP(lam_free_ptr)
	bool *holds = lam_xcalloc(plan->layer_count + 1, sizeof *holds);
	size_t count = find_holders(app, &wider, plan, holds);
	LAM_CLEANUP(lam_free_ptr) char *names = names_of(plan, holds, count);
	char size[LAM_SIZE_TEXT];

	if (count)
		dialog_item(d, tag, 0, "all %s of %s: write %s anew",
			    lam_size_text(wider.bytes, size), what, names);
}

static void add_offers(const struct app *app, struct dialog *d, const struct offer *o)
{
	const struct lam_plan *plan = app_plan(app);
	LAM_CLEANUP(lam_free_ptr)
	bool *holds = lam_xcalloc(plan->layer_count + 1, sizeof *holds);
	size_t count = find_holders(app, o, plan, holds), into = hider_of(app, o, plan);
	LAM_CLEANUP(lam_free_ptr) char *names = names_of(plan, holds, count);

	if (count) {
		dialog_item(d, 'r', 0, "write %s anew, without what nobody sees", names);
		if (!holds[into] || count > 1)
			dialog_item(d, 'm', 0, "merge %s into %s, which hides it", names,
				    plan->layers[into].name);
	} else {
		dialog_line(d, ROLE_GOOD, "The plan does without it already.");
	}
	if (o->line.item && o->line.cause->count > 1)
		add_wider(app, d, 'c', "this cause",
			  offer_of(app, (struct waste_line){ o->line.cause, NULL }));
	if (o->bytes < app->details.waste->lost)
		add_wider(app, d, 'a', "the waste",
			  offer_of(app, (struct waste_line){ NULL, NULL }));
	if (is_dead_path(app, o))
		dialog_item(d, 'x', 0, "a rule: no layer may hold anything of this path");
	dialog_item(d, 'n', 0, "change nothing");
}

static void add_cache_offers(const struct app *app, struct dialog *d,
			     const struct offer *o)
{
	char size[LAM_SIZE_TEXT], files[32];

	dialog_line(d, ROLE_WARNING, "It is live: a container sees it.");
	if (o->line.item)
		dialog_item(
			d, 'x', 0, "leave it out of the image: REMOVES %s, %s paths",
			lam_size_text(o->bytes, size),
			lam_count_text(lam_tree_node(app->facts->tree, o->line.item->node)
					       ->live_count,
				       files));
	dialog_item(d, 'n', 0, "change nothing");
}

static void add_about(const struct app *app, struct dialog *d, const struct offer *o)
{
	LAM_CLEANUP(lam_free_ptr) char *cause = waste_cause_text(app, o->line.cause);
	LAM_CLEANUP(lam_free_ptr) char *text = lam_path_escape(cause, strlen(cause));
	LAM_CLEANUP(lam_free_ptr) char *path = NULL;
	char size[LAM_SIZE_TEXT];

	dialog_line(d, ROLE_DIALOG, "%s, %s", lam_size_text(o->bytes, size), text);
	if (!o->line.item)
		return;
	path = lam_tree_path_text(app->facts->tree, o->line.item->node);
	dialog_line(d, ROLE_DIM, "%s", path);
}

/* In the lines above the list it is about all of it. */
void plan_waste(struct app *app)
{
	struct waste_line line = waste_here(app);
	const struct waste *w = app->details.waste;
	struct dialog *d;
	struct offer o;

	if (!w || !w->count) {
		app_tell(app, ROLE_STATUS,
			 w ? "there is no waste" : "it is not measured yet");
		return;
	}
	o = offer_of(app, line);
	d = dialog_push(app, DIALOG_CHOICE, "Waste");
	d->on_item = take_offer;
	d->value = value_of(app, line);
	if (line.cause)
		add_about(app, d, &o);
	if (line.cause && line.cause->how == WASTE_CACHE) {
		add_cache_offers(app, d, &o);
	} else if (line.cause) {
		add_offers(app, d, &o);
	} else {
		add_wider(app, d, 'a', "the waste", o);
		if (!d->item_count)
			dialog_line(d, ROLE_GOOD, "The plan does without it already.");
		dialog_item(d, 'n', 0, "change nothing");
	}
	if (d->item_count > 1 && !(line.cause && line.cause->how == WASTE_CACHE))
		dialog_line(
			d, ROLE_DIM,
			"Layers that hide it may follow; what then holds nothing goes.");
	d->list.cursor = 0;
	dialog_set_hints(d, "[letter] pick  [Enter] take  [Esc] change nothing");
}
