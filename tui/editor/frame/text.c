/* Texts that several views show. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <lamina/path.h>

#include "base/buf.h"
#include "base/memory.h"
#include "editor/frame/view.h"

char *view_shown(const struct view *view, char *text)
{
	char *ascii;

	if (!view->canvas->ascii)
		return text;
	ascii = text_ascii(text);
	free(text);
	return ascii;
}

char *view_escape(const struct view *view, const char *bytes, size_t len)
{
	return view_shown(view, lam_path_escape(bytes, len));
}

char *view_path(const struct view *view, uint32_t node)
{
	return view_shown(view, lam_tree_path_text(view->app->facts->tree, node));
}

int view_text(struct canvas *canvas, int x, int y, int width, style_t style,
	      const char *text, size_t len)
{
	LAM_CLEANUP(lam_free_ptr) char *part = lam_xmemdup(text, len);
	int used = canvas_text(canvas, x, y, width, style, part);

	return used;
}

size_t view_wrap(const char *text, int columns, size_t *out_next)
{
	size_t fit = text_fit(text, columns, NULL), end;
	uint32_t code;

	if (text[fit] == '\0') {
		*out_next = fit;
		return fit;
	}
	if (fit == 0) /* not even one character fits: it goes on all the same */
		fit = text_next(text, strlen(text), &code);
	for (end = fit; end > 0 && text[end] != ' '; end--)
		;
	while (end > 0 && text[end - 1] == ' ')
		end--;
	if (end == 0) {
		*out_next = fit;
		return fit;
	}
	*out_next = end;
	while (text[*out_next] == ' ')
		++*out_next;
	return end;
}

const char *view_mode(const struct lam_stat *stat, char out[16])
{
	static const char kinds[] = "-lcbdp", bits[] = "rwxrwxrwx";

	out[0] = kinds[stat->kind];
	for (int i = 0; i < 9; i++)
		out[i + 1] = stat->mode & (0400u >> i) ? bits[i] : '-';
	if (stat->mode & 04000)
		out[3] = out[3] == 'x' ? 's' : 'S';
	if (stat->mode & 02000)
		out[6] = out[6] == 'x' ? 's' : 'S';
	if (stat->mode & 01000)
		out[9] = out[9] == 'x' ? 't' : 'T';
	out[10] = '\0';
	return out;
}

static size_t find_layer(const struct lam_plan *plan, const char *name, size_t near)
{
	if (near < plan->layer_count && strcmp(plan->layers[near].name, name) == 0)
		return near;
	for (size_t i = 0; i < plan->layer_count; i++) {
		if (strcmp(plan->layers[i].name, name) == 0)
			return i;
	}
	return SIZE_MAX;
}

size_t view_target(const struct app *app, uint32_t target)
{
	const struct lam_plan *was = app->plan.effect->plan;

	if (target >= was->layer_count)
		return SIZE_MAX;
	if (!app->plan.effect_stale)
		return target;
	return find_layer(app_plan(app), was->layers[target].name, target);
}

size_t view_effect_layer(const struct app *app, size_t layer)
{
	if (!app->plan.effect || !app->plan.effect->layers)
		return SIZE_MAX;
	if (!app->plan.effect_stale)
		return layer < app->plan.effect->plan->layer_count ? layer : SIZE_MAX;
	return find_layer(app->plan.effect->plan, app_plan(app)->layers[layer].name,
			  layer);
}

void view_chip(struct canvas *canvas, int x, int y, size_t target, style_t add)
{
	char letters[8], text[16];

	target_letters(target, letters);
	snprintf(text, sizeof text, strlen(letters) < 2 ? " %s " : "%-3s", letters);
	canvas_text(canvas, x, y, 3, (style_t)((ROLE_CHIP + target % CHIP_COUNT) | add),
		    text);
}

char *view_reason(const struct lam_target *target)
{
	if (target->parts == 1)
		return lam_xstrdup(target->reason);
	return lam_xprintf("in %u parts: %s", target->parts, target->reason);
}

const char *view_fate_sign(const struct lam_target *target)
{
	static const char *const signs[] = { "=", "~", "+", "-" };
	static const char *const kept[] = { "=!", "~!", "+!", "-!" };

	return (target->keep ? kept : signs)[target->fate];
}

unsigned view_percent(uint64_t done, uint64_t total)
{
	if (total == 0)
		return 0;
	return done >= total ? 100 : (unsigned)((double)done * 100 / (double)total);
}
