/* Lists to go somewhere from: links, what is odd, the largest files. */
#include <stdio.h>
#include <stdlib.h>

#include <lamina/path.h>

#include "base/buf.h"
#include "base/memory.h"
#include "base/size.h"
#include "editor/files/files.h"

#define MOST_ITEMS 10000

static void link_item(const struct app *app, struct dialog *d, uint32_t node,
		      const char *how)
{
	LAM_CLEANUP(lam_free_ptr) char *path = lam_tree_path_text(app->facts->tree, node);

	dialog_item(d, '\0', node, "%-9s %s", how, path);
}

static void add_hard_links(struct app *app, struct dialog *d, uint32_t node)
{
	struct lam_error err;
	uint32_t *links;
	size_t count;

	if (!lam_tree_node(app->facts->tree, node)->linked ||
	    lam_tree_links(app->facts->tree, node, &links, &count, &err) < 0)
		return;
	for (size_t i = 0; i < count && i < MOST_ITEMS; i++) {
		if (links[i] != node)
			link_item(app, d, links[i], "hard link");
	}
	free(links);
}

void files_links_here(struct app *app)
{
	const struct facts *f = app->facts;
	uint32_t node = app_cursor_node(app);
	struct dialog *d;
	size_t first, count;

	if (node == LAM_NODE_NONE)
		return;
	d = dialog_push(app, DIALOG_CHOICE, "Links that lead here");
	d->on_item = files_go_item;
	add_hard_links(app, d, node);
	count = facts_links_to(f, node, &first);
	for (size_t i = 0; i < count && i < MOST_ITEMS; i++)
		link_item(app, d, f->links[first + i].symlink, "symlink");
	if (!d->item_count) {
		dialog_pop(app);
		app_tell(app, ROLE_STATUS, "no link leads here");
		return;
	}
	dialog_line(d, ROLE_DIM, "%zu link%s", d->item_count,
		    d->item_count == 1 ? "" : "s");
	dialog_set_hints(d, "[Enter] go there  [Esc] close");
}

static void note_item(const struct app *app, struct dialog *d,
		      const struct lam_note *note)
{
	uint64_t node = UINT64_MAX;
	struct lam_error err;
	char layer[32] = "";
	char *path;
	size_t len;

	if (note->path && lam_path_unescape(&path, &len, note->path, &err) == 0) {
		node = lam_tree_find(app->facts->tree, path, len);
		free(path);
	}
	if (note->layer != UINT32_MAX)
		snprintf(layer, sizeof layer, "layer %u: ", note->layer);
	dialog_item(d, '\0', node, "%s%s%s%s", layer, note->path ? note->path : "",
		    note->path ? ": " : "", note->text);
}

void files_notes(struct app *app)
{
	size_t count = lam_image_note_count(app->image);
	struct dialog *d;

	if (!count) {
		app_tell(app, ROLE_STATUS, "nothing is odd about this image");
		return;
	}
	d = dialog_push(app, DIALOG_CHOICE, "What is odd about the image");
	d->on_item = files_go_item;
	dialog_line(d, ROLE_DIM, "%llu in all",
		    (unsigned long long)lam_image_note_total(app->image));
	for (size_t i = 0; i < count; i++)
		note_item(app, d, lam_image_note(app->image, i));
	dialog_set_hints(d, "[Enter] go to the path  [Esc] close");
}

/* The largest files */

#define MOST_LARGE 500

struct large {
	uint64_t bytes;
	uint32_t node;
};

static int by_bytes(const void *left, const void *right)
{
	const struct large *a = left, *b = right;

	return a->bytes != b->bytes ? (a->bytes < b->bytes) - (a->bytes > b->bytes)
				    : (a->node > b->node) - (a->node < b->node);
}

/* The MOST_LARGE largest of those seen so far are the first, once in a while sorted. */
static void keep_large(struct large *list, size_t *count, uint64_t *least,
		       struct large one)
{
	if (one.bytes <= *least)
		return;
	list[(*count)++] = one;
	if (*count < 2 * MOST_LARGE)
		return;
	qsort(list, *count, sizeof *list, by_bytes);
	*count = MOST_LARGE;
	*least = list[MOST_LARGE - 1].bytes;
}

static size_t find_large(const struct app *app, struct large *out)
{
	const struct files *f = &app->files;
	uint32_t at = f->order->place[f->root], end = at + f->order->span[f->root];
	uint64_t least = 0;
	size_t count = 0;

	for (; at < end; at++) {
		uint32_t node = f->order->walk[at];
		const struct lam_node *n = lam_tree_node(app->facts->tree, node);

		if (n->kind != LAM_KIND_FILE || !n->live ||
		    (f->filtered && !bits_get(&f->filtered->match, node)))
			continue;
		keep_large(out, &count, &least, (struct large){ n->live_bytes, node });
	}
	qsort(out, count, sizeof *out, by_bytes);
	return count < MOST_LARGE ? count : MOST_LARGE;
}

void files_largest(struct app *app)
{
	LAM_CLEANUP(lam_free_ptr)
	struct large *list = lam_xcalloc(2 * MOST_LARGE, sizeof *list);
	size_t count = find_large(app, list);
	struct dialog *d;

	if (!count) {
		app_tell(app, ROLE_STATUS, "no file here has any bytes");
		return;
	}
	d = dialog_push(app, DIALOG_CHOICE, "The largest files");
	d->on_item = files_go_item;
	for (size_t i = 0; i < count; i++) {
		char size[LAM_SIZE_TEXT], from[64];
		LAM_CLEANUP(lam_free_ptr)
		char *path = lam_tree_path_text(app->facts->tree, list[i].node);

		dialog_item(d, '\0', list[i].node, "%6s  layer %-4s %s",
			    lam_size_text(list[i].bytes, size),
			    layersets_text(&app->facts->sets,
					   app->facts->from[list[i].node], 4, from),
			    path);
	}
	dialog_set_hints(d, "[Enter] go there  [Esc] close");
}
