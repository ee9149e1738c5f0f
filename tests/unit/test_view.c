#include <stdio.h>

#include "app_drive.h"
#include "base/size.h"
#include "canvas_dump.h"
#include "editor/app.h"
#include "editor/files/files.h"
#include "editor/plan/plan.h"
#include "golden.h"
#include "sample_image.h"
#include "unit.h"

static const struct size {
	int width, height;
} SIZES[] = { { 80, 24 }, { 140, 40 }, { 40, 10 } };

/* Whatever is drawn, only printable characters reach the terminal. */
static void check_cells(const struct canvas *canvas)
{
	size_t count = (size_t)canvas->width * (size_t)canvas->height;

	for (size_t i = 0; i < count; i++) {
		const struct cell *cell = &canvas->cells[i];
		size_t len = strlen(cell->text);

		assert_true(cell->width == 0 ? len == 0 : len > 0);
		for (size_t at = 0; at < len;) {
			uint32_t code;

			at += text_next(cell->text + at, len - at, &code);
			assert_true(text_is_printable(code));
			assert_true(!canvas->ascii || code < 0x7f);
		}
	}
}

/* Pictures of one scene: they become a golden file. */
struct golden {
	const char *name;
	char *text;
	size_t size;
	FILE *out;
};

static void golden_begin(struct golden *golden, const char *name)
{
	*golden = (struct golden){ .name = name };
	golden->out = open_memstream(&golden->text, &golden->size);
	assert_non_null(golden->out);
}

/* Text and styles in a palette; PALETTE_COUNT: the text alone. PALETTE_MONO: the styles
 * alone, as the text is that of the picture before. */
static void golden_add(struct golden *golden, const struct canvas *canvas,
		       enum palette palette)
{
	static const char *const names[] = {
		[PALETTE_MONO] = "mono", [PALETTE_8] = "8",        [PALETTE_16] = "16",
		[PALETTE_256] = "256",   [PALETTE_COUNT] = "text",
	};
	bool styles = palette != PALETTE_COUNT;
	char *dump = canvas_dump(canvas, styles, styles ? palette : PALETTE_MONO);
	const char *from = dump;

	assert_non_null(dump);
	if (palette == PALETTE_MONO && strstr(dump, "\n--\n"))
		from = strstr(dump, "\n--\n") + 4;
	fprintf(golden->out, "== %dx%d %s%s\n%s", canvas->width, canvas->height,
		names[palette], canvas->ascii ? " ascii" : "", from);
	free(dump);
}

static void golden_end(struct golden *golden)
{
	char name[64];

	assert_int_equal(fclose(golden->out), 0);
	snprintf(name, sizeof name, "screen/%s.txt", golden->name);
	assert_true(golden_equal(name, golden->text));
	free(golden->text);
}

/* Scenes */

static void browse(struct drive *d)
{
	drive_keys(d, "z3");
	drive_go(d, "usr/lib/libfoo.so.1");
}

static void marks(struct drive *d)
{
	browse(d);
	drive_keys(d, "Space Space v j j");
	d->app.files.mark_bytes = 723 << 10;
}

static void search(struct drive *d)
{
	browse(d);
	drive_keys(d, "/");
	drive_type(d, "lib");
	drive_keys(d, "Enter n");
}

static void filter(struct drive *d)
{
	drive_keys(d, "zR f");
	drive_type(d, "*.so* >1k");
	drive_keys(d, "Enter");
}

static void empty_filter(struct drive *d)
{
	drive_keys(d, "f");
	drive_type(d, "no-such-name");
	drive_keys(d, "Enter");
}

static void zoomed(struct drive *d)
{
	drive_go(d, "usr/lib/python3.12/site-packages");
	drive_keys(d, "Enter l");
}

static void ghosts(struct drive *d)
{
	drive_keys(d, "zh z3");
	drive_go(d, "srv/app/build.log");
}

static void layers(struct drive *d)
{
	drive_keys(d, "2 j j Space");
}

static void layers_alone(struct drive *d)
{
	drive_keys(d, "| | |");
}

static void files_alone(struct drive *d)
{
	browse(d);
	drive_keys(d, "|");
}

static void info(struct drive *d)
{
	drive_go(d, "usr/lib/libc.so.6");
	drive_keys(d, "3 i");
	d->app.details.tab = TAB_INFO;
}

static void show_tab(struct drive *d, const char *path, enum tab tab)
{
	drive_go(d, path);
	d->app.focus = PANE_DETAILS;
	d->app.below = PANE_DETAILS;
	d->app.details.tab = tab;
	d->app.details.full = false;
	drive_resize(d, d->app.width, d->app.height);
}

static void info_link(struct drive *d)
{
	show_tab(d, "usr/lib/above", TAB_INFO);
}

static void info_ghost(struct drive *d)
{
	drive_keys(d, "zh");
	show_tab(d, "srv/app/build.log", TAB_INFO);
}

static void history(struct drive *d)
{
	show_tab(d, "usr/lib/python3.12/site-packages/numpy/core.so", TAB_HISTORY);
}

static void preview(struct drive *d)
{
	show_tab(d, "usr/share/doc/readme", TAB_PREVIEW);
}

static void preview_hex_dump(struct drive *d)
{
	show_tab(d, "usr/lib/libssl.so.3", TAB_PREVIEW);
	drive_keys(d, "j j");
}

static void preview_full(struct drive *d)
{
	preview_hex_dump(d);
	d->app.details.full = true;
	drive_resize(d, d->app.width, d->app.height);
}

static void effect(struct drive *d)
{
	show_tab(d, "usr", TAB_EFFECT);
}

static void waste(struct drive *d)
{
	show_tab(d, "usr", TAB_WASTE);
	drive_keys(d, "j j j");
}

static void waste_full(struct drive *d)
{
	waste(d);
	d->app.details.full = true;
}

static void typed(struct drive *d)
{
	drive_keys(d, "z");
	d->app.jobs.running[JOB_EFFECT] = true;
	d->app.plan.effect_stale = true;
	d->app.options.test_seq = true;
}

static void told(struct drive *d)
{
	app_tell(&d->app, ROLE_ERROR, "app.plan.json: no space left on device");
	d->app.options.test_seq = true;
}

/* The image is there, and what the plan makes of it is not yet. */
static void planning(struct drive *d)
{
	browse(d);
	effect_free(d->app.plan.effect);
	d->app.plan.effect = NULL;
	d->app.jobs.running[JOB_EFFECT] = true;
}

static void assign(struct drive *d)
{
	static const char *const notes[] = {
		"(kept as it is: this rewrites it)", "", "",
		"<- most of the files are here",     "", ""
	};
	const struct lam_plan *plan = app_plan(&d->app);
	struct dialog *g = dialog_push(&d->app, DIALOG_CHOICE, "Assign to layer");

	dialog_line(g, ROLE_TEXT,
		    "2 marked entries, 723 MiB in 27,988 files, now in layers 4 5 6 7");
	for (size_t i = 0; i < plan->layer_count; i++) {
		struct dialog_item *item = dialog_item(g, (char)('A' + i), i, "%-10s %s",
						       plan->layers[i].name, notes[i]);

		item->chip = (uint8_t)(i + 1);
	}
	dialog_item(g, 'n', 100, "new layer...");
	dialog_item(g, '-', 101, "back to the default");
	dialog_set_hints(g, "[Enter] assign  [letter] pick  [e] edit rule  [Esc] cancel");
	list_go(&g->list, 3);
}

static void suggested(struct drive *d)
{
	struct dialog *g = dialog_push(&d->app, DIALOG_CHOICE, "Suggested layers");

	dialog_line(g, ROLE_TEXT, "Each large directory a layer:");
	for (unsigned i = 0; i < 40; i++) {
		struct dialog_item *item = dialog_item(
			g, 0, i, "/usr/lib/python3.12/site-packages/package-%u", i);

		item->chosen = i % 3 != 0;
		item->key = strdup("12.3M");
	}
	g->many = true;
	dialog_set_hints(g, "[Space] choose  [Enter] take them  [Esc] cancel");
	list_go(&g->list, 30);
}

static void prompt(struct drive *d)
{
	struct dialog *g = dialog_prompt(&d->app, layers_rename, "Rename layer",
					 "New name", "python");

	dialog_line(g, ROLE_TEXT, "Layer C python, 88.4M; 3 rules go along");
}

static void write_summary(struct drive *d)
{
	struct dialog *g = dialog_push(&d->app, DIALOG_PROMPT, "Write new image");

	dialog_line(g, ROLE_TEXT, "Nothing has been written yet.");
	dialog_line(g, ROLE_TEXT, "%s", "");
	dialog_line(g, ROLE_TEXT, "From  oci:build/app:1.4          sha256:9f2c...71ab");
	dialog_line(g, ROLE_TEXT, "To    oci:build/app:1.5-layered  (new)");
	dialog_line(g, ROLE_TEXT, "%s", "");
	dialog_line(g, ROLE_GOOD, "  = 1 blob reused bit for bit        77.8M");
	dialog_line(g, ROLE_TEXT, "  ~ 3 layers rewritten                133M");
	dialog_line(g, ROLE_TEXT, "  + 2 layers new                      723M");
	dialog_line(g, ROLE_DIM, "  x waste left behind                61.2M");
	dialog_line(g, ROLE_WARNING, "REMOVES 2 live files, 900K");
	g->label = strdup("Type \"yes remove\" to write:");
	dialog_set_hints(g, "[Enter] write  [Esc] go back");
	lineedit_set(&g->edit, "yes re");
}

static void reading(struct drive *d)
{
	struct dialog *g = dialog_push(&d->app, DIALOG_TEXT, "The plan has errors");

	for (int i = 0; i < 30; i++)
		dialog_line(g, i % 7 ? ROLE_TEXT : ROLE_ERROR,
			    "app.plan.json: assign[%d].to: no layer \"asset\"; did you "
			    "mean \"assets\"? It is the layer that the rule before gives "
			    "its paths to",
			    i);
	dialog_set_hints(g, "[Esc] close  [/] search");
	lineedit_set(&g->edit, "asset");
	list_fit(&g->list, g->line_count, 10);
	list_go(&g->list, 17);
}

static void palette(struct drive *d)
{
	struct dialog *g = dialog_push(&d->app, DIALOG_PALETTE, "Command");

	for (int i = 1; i < 20; i++) {
		char keys[96];
		struct dialog_item *item = dialog_item(g, 0, (uint64_t)i, "%-18s %s",
						       ACTIONS[i].name, ACTIONS[i].help);

		item->key = strdup(keymap_names(&d->app.keys.map, (enum action)i, keys,
						sizeof keys));
	}
	dialog_set_hints(g, "[Tab] complete  [^P] history  [Enter] run  [Esc] close");
	lineedit_set(&g->edit, "assign p");
	list_go(&g->list, 2);
}

static void help(struct drive *d)
{
	drive_keys(d, "?");
}

static void writing(struct drive *d)
{
	static const struct write_row rows[] = {
		{ (char *)"base", LAM_FATE_KEPT, { 0 }, WRITE_DONE, 77 << 20, 77 << 20 },
		{ (char *)"config",
		  LAM_FATE_REWRITTEN,
		  { LAM_CODEC_GZIP, 6 },
		  WRITE_DONE,
		  3 << 20,
		  3 << 20 },
		{ (char *)"python",
		  LAM_FATE_REWRITTEN,
		  { LAM_CODEC_GZIP, 6 },
		  WRITE_RUNS,
		  40 << 20,
		  88 << 20 },
		{ (char *)"py-deps",
		  LAM_FATE_NEW,
		  { LAM_CODEC_ZSTD, 3 },
		  WRITE_RUNS,
		  114 << 20,
		  211 << 20 },
		{ (char *)"assets",
		  LAM_FATE_NEW,
		  { LAM_CODEC_GZIP, 6 },
		  WRITE_WAITS,
		  0,
		  512 << 20 },
		{ (char *)"app", LAM_FATE_EMPTY, { 0 }, WRITE_DONE, 0, 0 },
	};
	struct writing *w = &d->app.writing;

	w->rows = calloc(6, sizeof *w->rows);
	w->row_count = 6;
	for (size_t i = 0; i < 6; i++) {
		w->rows[i] = rows[i];
		w->rows[i].name = strdup(rows[i].name);
	}
	w->running = true;
	w->stage = LAM_STAGE_WRITE;
	w->output = strdup("oci:build/app:1.5-layered");
	w->pace.begun_ms = 1000;
	d->now_ms = w->now_ms = 9500;
	w->write_done = 234 << 20;
	w->write_total = 891 << 20;
	for (int i = 0; i < 8; i++) {
		pace_add(&w->pace, 1000 + i * 1000, (uint64_t)i * (30 << 20));
	}
	progress_show(&d->app);
}

static void verifying(struct drive *d)
{
	struct writing *w = &d->app.writing;

	writing(d);
	for (size_t i = 0; i < w->row_count; i++) {
		w->rows[i].stage = WRITE_DONE;
		w->rows[i].done = w->rows[i].total;
	}
	w->stage = LAM_STAGE_VERIFY;
	w->write_done = w->write_total;
	w->verify_done = 100 << 20;
	w->verify_total = 409 << 20;
}

static const struct scene {
	const char *name;
	void (*set)(struct drive *d);
} SCENES[] = {
	{ "browse", browse },
	{ "marks", marks },
	{ "search", search },
	{ "filter", filter },
	{ "filter-empty", empty_filter },
	{ "zoomed", zoomed },
	{ "ghosts", ghosts },
	{ "layers", layers },
	{ "layers-alone", layers_alone },
	{ "files-alone", files_alone },
	{ "info", info },
	{ "info-link", info_link },
	{ "info-ghost", info_ghost },
	{ "history", history },
	{ "preview", preview },
	{ "preview-hex", preview_hex_dump },
	{ "preview-full", preview_full },
	{ "effect", effect },
	{ "waste", waste },
	{ "waste-full", waste_full },
	{ "planning", planning },
	{ "status-typed", typed },
	{ "status-message", told },
	{ "dialog-assign", assign },
	{ "dialog-many", suggested },
	{ "dialog-prompt", prompt },
	{ "dialog-write", write_summary },
	{ "dialog-text", reading },
	{ "dialog-palette", palette },
	{ "dialog-help", help },
	{ "dialog-writing", writing },
	{ "dialog-verifying", verifying },
};

/* Every size in colours; the first one also without, and in ASCII. */
static void picture(struct golden *golden, struct drive *d)
{
	for (size_t i = 0; i < sizeof SIZES / sizeof *SIZES; i++) {
		drive_resize(d, SIZES[i].width, SIZES[i].height);
		drive_draw(d);
		check_cells(&d->canvas);
		golden_add(golden, &d->canvas, PALETTE_256);
		if (i > 0)
			continue;
		golden_add(golden, &d->canvas, PALETTE_MONO);
		d->app.ascii = true;
		drive_draw(d);
		check_cells(&d->canvas);
		golden_add(golden, &d->canvas, PALETTE_COUNT);
		d->app.ascii = false;
	}
}

static void scenes(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof SCENES / sizeof *SCENES; i++) {
		struct golden golden;
		struct drive d;

		golden_begin(&golden, SCENES[i].name);
		drive_build(&d, SAMPLE, SAMPLE_LAYERS, SAMPLE_PLAN, 80, 24);
		SCENES[i].set(&d);
		picture(&golden, &d);
		drive_close(&d);
		golden_end(&golden);
	}
}

static void opening(void **state)
{
	struct golden golden;
	struct drive d;

	(void)state;
	golden_begin(&golden, "opening");
	drive_begin(&d, SAMPLE, SAMPLE_LAYERS, 80, 24);
	d.app.options.reference = "oci:build/app:1.4";
	picture(&golden, &d);
	d.app.opening.of[LAM_STAGE_READ].layer_count = 9;
	for (unsigned i = 0; i < 9; i++) {
		d.app.opening.of[LAM_STAGE_READ].total[i] = 100 << 20;
		d.app.opening.of[LAM_STAGE_READ].done[i] =
			i < 4 ? 100 << 20 : (8 - i) << 20;
	}
	d.app.jobs.running[JOB_OPEN] = true;
	d.app.opening_pace.begun_ms = 1000;
	for (int i = 0; i < 8; i++)
		pace_add(&d.app.opening_pace, 1000 + i * 1000, (uint64_t)i * (58 << 20));
	d.now_ms = d.app.writing.now_ms = 8500;
	picture(&golden, &d);
	d.app.phase = PHASE_FAILED;
	d.app.jobs.running[JOB_OPEN] = false;
	lam_fail(
		&d.app.failure, LAM_EFORMAT,
		"oci:build/app:1.4: layer 3: blob sha256:9f2c71ab: its digest is "
		"sha256:0000, which is not what the manifest says; the image is damaged");
	picture(&golden, &d);
	drive_close(&d);
	golden_end(&golden);
}

static void too_small(void **state)
{
	static const struct size sizes[] = {
		{ 39, 24 }, { 80, 9 }, { 20, 5 }, { 3, 1 }, { 1, 1 }
	};
	struct golden golden;
	struct drive d;

	(void)state;
	golden_begin(&golden, "too-small");
	drive_build(&d, SAMPLE, SAMPLE_LAYERS, SAMPLE_PLAN, 80, 24);
	assign(&d);
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		drive_resize(&d, sizes[i].width, sizes[i].height);
		drive_draw(&d);
		check_cells(&d.canvas);
		golden_add(&golden, &d.canvas, PALETTE_256);
	}
	drive_close(&d);
	golden_end(&golden);
}

/* A plan that does not fit says so wherever its sizes would stand. */
static void misfit(void **state)
{
	static const char plan[] =
		"{ \"lamina\": 1, \"layers\": [{ \"name\": \"base\", \"from\": [0], "
		"\"keep\": true }, { \"name\": \"rest\", \"from\": \"rest\" }], "
		"\"assign\": [{ \"path\": \"/usr/lib/libcrypto.so.3\", \"to\": \"rest\" }] }";
	struct golden golden;
	struct drive d;

	(void)state;
	golden_begin(&golden, "misfit");
	drive_build(&d, SAMPLE, SAMPLE_LAYERS, plan, 80, 24);
	assert_null(d.app.plan.effect->layout);
	effect(&d);
	picture(&golden, &d);
	drive_close(&d);
	golden_end(&golden);
}

static void hostile(void **state)
{
	struct golden golden;
	struct drive d;

	(void)state;
	golden_begin(&golden, "hostile");
	drive_build(&d, HOSTILE, HOSTILE_LAYERS, NULL, 80, 24);
	picture(&golden, &d);
	show_tab(&d,
		 "a\x1b]0;title\x07"
		 "b",
		 TAB_HISTORY);
	picture(&golden, &d);
	drive_close(&d);
	golden_end(&golden);
}

#define DEEP 10000

static void make_deep(void *context, size_t n, struct image_entry *out)
{
	static char path[DEEP * 2 + 8];

	(void)context;
	(void)n;
	for (size_t i = 0; i < DEEP; i++)
		memcpy(path + i * 2, "d/", 2);
	strcpy(path + DEEP * 2, "file");
	*out = (struct image_entry){ .path = path, .size = 1 };
}

static void deep(void **state)
{
	static const struct image_layer layer = { .make = make_deep,
						  .count = 1,
						  .created_by = "deep" };
	struct golden golden;
	struct drive d;

	(void)state;
	golden_begin(&golden, "deep");
	drive_build(&d, &layer, 1, NULL, 80, 24);
	drive_keys(&d, "zR G");
	assert_int_equal(d.app.files.rows.count, DEEP + 1);
	picture(&golden, &d);
	drive_keys(&d, "k Enter");
	picture(&golden, &d);
	drive_close(&d);
	golden_end(&golden);
}

/* Panes are inside the screen and apart, and the focus is among them */

static bool is_inside(struct rect in, struct rect out)
{
	return in.x >= out.x && in.y >= out.y && in.width > 0 && in.height > 0 &&
	       in.x + in.width <= out.x + out.width &&
	       in.y + in.height <= out.y + out.height;
}

static bool are_apart(struct rect a, struct rect b)
{
	return a.x + a.width <= b.x || b.x + b.width <= a.x || a.y + a.height <= b.y ||
	       b.y + b.height <= a.y;
}

static void check_areas(const struct app *app)
{
	struct areas areas = app_areas(app);
	struct rect screen = { 0, 0, app->width, app->height };

	assert_true(areas.pane[app->focus].width > 0);
	assert_true((areas.info.width > 0) == (areas.pane[PANE_DETAILS].width == 0));
	for (int i = 0; i < PANE_COUNT; i++) {
		if (areas.frame[i].width == 0)
			continue;
		assert_true(is_inside(areas.frame[i], screen));
		assert_true(is_inside(areas.pane[i], areas.frame[i]));
		assert_true(are_apart(areas.frame[i], areas.header));
		assert_true(are_apart(areas.frame[i], areas.status));
		assert_true(are_apart(areas.frame[i], areas.info));
		for (int j = 0; j < i; j++)
			assert_true(areas.frame[j].width == 0 ||
				    are_apart(areas.frame[i], areas.frame[j]));
	}
}

static void panes(void **state)
{
	struct drive d;

	(void)state;
	drive_build(&d, SAMPLE, SAMPLE_LAYERS, SAMPLE_PLAN, 80, 24);
	for (int n = 0; n < ARRANGE_COUNT * PANE_COUNT * 2; n++) {
		d.app.arrangement = (enum arrangement)(n % ARRANGE_COUNT);
		d.app.focus = (enum pane)(n / ARRANGE_COUNT % PANE_COUNT);
		d.app.below = n % 2 ? PANE_LAYERS : PANE_DETAILS;
		for (d.app.width = 40; d.app.width < 210; d.app.width += 7) {
			for (d.app.height = 10; d.app.height < 64; d.app.height++)
				check_areas(&d.app);
		}
	}
	drive_close(&d);
}

/* The cursor is seen */

static bool has_cursor(const struct canvas *canvas, struct rect area)
{
	for (int y = area.y; y < area.y + area.height; y++) {
		const struct cell *row = &canvas->cells[y * canvas->width];
		int lit = 0;

		for (int x = area.x; x < area.x + area.width; x++)
			lit += (row[x].style & S_REVERSE) != 0;
		if (lit >= area.width - 2)
			return true;
	}
	return false;
}

static void check_panes(struct drive *d)
{
	for (int pane = 0; pane < PANE_COUNT; pane++) {
		struct list *list = pane == PANE_FILES    ? &d->app.files.list
				    : pane == PANE_LAYERS ? &d->app.layers.list
							  : &d->app.details.list;

		d->app.focus = (enum pane)pane;
		app_settle(&d->app);
		for (int at = 0; at < 3; at++) {
			struct areas areas;

			list_go(list, list->count * (size_t)at / 2);
			app_settle(&d->app);
			drive_draw(d);
			areas = d->app.areas;
			if (!has_cursor(&d->canvas, areas.pane[pane]))
				fail_msg("pane %d, line %zu of %zu, at %dx%d", pane,
					 list->cursor, list->count, d->app.width,
					 d->app.height);
		}
	}
}

static void cursor_in_panes(void **state)
{
	struct drive d;

	(void)state;
	drive_build(&d, SAMPLE, SAMPLE_LAYERS, SAMPLE_PLAN, 80, 24);
	drive_keys(&d, "zR");
	d.app.details.tab = TAB_INFO;
	for (int width = 40; width <= 100; width += 3) {
		for (int height = 10; height <= 30; height++) {
			drive_resize(&d, width, height);
			check_panes(&d);
		}
	}
	drive_resize(&d, 120, 20);
	check_panes(&d);
	drive_resize(&d, 200, 60);
	check_panes(&d);
	drive_close(&d);
}

static void check_dialog(struct drive *d)
{
	const struct dialog *g = d->app.dialogs[0];
	struct parts parts;

	app_settle(&d->app);
	parts = g->parts;
	drive_draw(d);
	if (dialog_has_prompt(g) && d->canvas.cursor_x < 0)
		fail_msg("%s: no prompt at %dx%d", g->title, d->app.width, d->app.height);
	if (g->kind == DIALOG_PICTURE || g->kind == DIALOG_PROMPT)
		return;
	parts.list.width -= 1;
	if (!has_cursor(&d->canvas, parts.list))
		fail_msg("%s: line %zu of %zu at %dx%d", g->title, g->list.cursor,
			 g->list.count, d->app.width, d->app.height);
	for (int y = parts.list.y;
	     g->kind != DIALOG_TEXT && y < parts.list.y + parts.list.height; y++) {
		bool here = dialog_item_at(g, parts.list.x, y) == g->list.cursor;
		struct rect row = { parts.list.x, y, parts.list.width, 1 };

		assert_true(here == has_cursor(&d->canvas, row));
	}
}

static void cursor_in_dialogs(void **state)
{
	static void (*const make[])(struct drive *) = { assign,        suggested, prompt,
							write_summary, reading,   palette,
							writing };
	struct drive d;

	(void)state;
	drive_build(&d, SAMPLE, SAMPLE_LAYERS, SAMPLE_PLAN, 80, 24);
	for (size_t i = 0; i < sizeof make / sizeof *make; i++) {
		make[i](&d);
		for (int width = 40; width <= 100; width += 5) {
			for (int height = 10; height <= 30; height++) {
				struct list *list = &d.app.dialogs[0]->list;

				drive_resize(&d, width, height);
				list_go(list, 0);
				check_dialog(&d);
				list_go(list, SIZE_MAX);
				check_dialog(&d);
			}
		}
		dialog_pop(&d.app);
	}
	drive_close(&d);
}

/* What stands on the screen is what the model says */

static const char *row_text(const struct canvas *canvas, int y, char *out)
{
	size_t len = 0;

	for (int x = 0; x < canvas->width; x++) {
		const struct cell *cell = &canvas->cells[y * canvas->width + x];

		len += (size_t)sprintf(out + len, "%s", cell->text);
	}
	return out;
}

static void sums(void **state)
{
	char text[1024], size[LAM_SIZE_TEXT];
	uint64_t now = 0, plan = 0;
	struct drive d;

	(void)state;
	drive_build(&d, SAMPLE, SAMPLE_LAYERS, SAMPLE_PLAN, 140, 40);
	drive_draw(&d);
	for (size_t i = 0; i < 6; i++) {
		now += d.app.plan.effect->layers[i].now;
		plan += d.app.plan.effect->layers[i].plan;
	}
	row_text(&d.canvas, 0, text);
	assert_non_null(strstr(text, "9 layers"));
	assert_non_null(strstr(text, lam_size_text(now, size)));
	assert_non_null(strstr(text, lam_size_text(plan, size)));
	drive_close(&d);
}

static void chips(void **state)
{
	struct rect in;
	struct drive d;
	size_t seen = 0;

	(void)state;
	drive_build(&d, SAMPLE, SAMPLE_LAYERS, SAMPLE_PLAN, 140, 40);
	drive_keys(&d, "zR");
	drive_draw(&d);
	in = app_areas(&d.app).pane[PANE_FILES];
	for (int y = 0; y < in.height; y++) {
		const struct cell *cell =
			&d.canvas.cells[(in.y + y) * d.canvas.width + in.x +
					row_columns(in.width, 0).to + 1];
		uint32_t node = d.app.files.rows.items[y].node;
		uint32_t to = d.app.plan.effect->targets.to[node];

		if (to >= TARGET_SEVERAL)
			continue;
		assert_int_equal(cell->text[0], 'A' + (int)to);
		assert_int_equal(cell->style & S_ROLE, ROLE_CHIP + to);
		assert_int_equal((cell->style & S_BOLD) != 0,
				 bits_get(&d.app.plan.effect->targets.ruled, node));
		seen++;
	}
	assert_true(seen > 10);
	drive_close(&d);
}

/* Until a newer effect is there, letters are those of the plan that stands. */
static void stale(void **state)
{
	struct lam_error err;
	struct lam_plan *next;
	char text[1024];
	struct drive d;

	(void)state;
	drive_build(&d, SAMPLE, SAMPLE_LAYERS, SAMPLE_PLAN, 140, 40);
	next = lam_plan_copy(app_plan(&d.app));
	OK(lam_edit_layer_move(next, 0, 5, &err));
	lam_undo_push(d.app.plan.undo, "base up", next);
	d.app.plan.effect_stale = true;
	assert_int_equal(view_target(&d.app, 0), 5);
	assert_int_equal(view_target(&d.app, 1), 0);
	assert_int_equal(view_effect_layer(&d.app, 5), 0);
	drive_draw(&d);
	row_text(&d.canvas, app_areas(&d.app).pane[PANE_LAYERS].y + 5, text);
	assert_non_null(strstr(text, " F  base        723K    696K"));
	drive_close(&d);
}

static void sequence(void **state)
{
	char text[1024];
	struct drive d;

	(void)state;
	drive_build(&d, SAMPLE, SAMPLE_LAYERS, SAMPLE_PLAN, 80, 24);
	d.app.options.test_seq = true;
	drive_keys(&d, "j j k");
	drive_draw(&d);
	row_text(&d.canvas, app_areas(&d.app).status.y, text);
	assert_string_equal(text + strlen(text) - 6, " seq=3");
	d.app.jobs.running[JOB_EFFECT] = true;
	drive_draw(&d);
	row_text(&d.canvas, app_areas(&d.app).status.y, text);
	assert_string_equal(text + strlen(text) - 6, " seq=-");
	d.app.jobs.running[JOB_EFFECT] = false;
	drive_close(&d);
}

static uint32_t path_of_line(struct drive *d, size_t line)
{
	d->app.details.list.cursor = line;
	app_settle(&d->app);
	return d->app.details.path;
}

static void lines_of_details(void **state)
{
	struct drive d;
	size_t count, seen = 0;
	bool found = false;

	(void)state;
	drive_build(&d, SAMPLE, SAMPLE_LAYERS, SAMPLE_PLAN, 140, 40);
	show_tab(&d, "usr/lib/libc.so.6", TAB_INFO);
	count = d.app.details.list.count;
	for (size_t i = 0; i < count; i++)
		found |= path_of_line(&d, i) == drive_node(&d, "usr/lib/libc-2.36.so");
	assert_true(found);
	assert_int_equal(path_of_line(&d, count), path_of_line(&d, count - 1));
	show_tab(&d, "usr", TAB_WASTE);
	count = d.app.details.list.count;
	assert_true(count > d.app.details.waste->count);
	for (size_t i = 0; i < count; i++) {
		uint32_t path = path_of_line(&d, i);

		if (path == LAM_NODE_NONE)
			continue;
		assert_true(seen < d.app.details.waste->count);
		assert_int_equal(path, d.app.details.waste->items[seen++].node);
	}
	assert_int_equal(seen, d.app.details.waste->count);
	drive_close(&d);
}

/* At each width a blank stands between two of its keys, and the first and last are there. */
static void key_bar(void **state)
{
	struct drive d;

	(void)state;
	drive_build(&d, SAMPLE, SAMPLE_LAYERS, SAMPLE_PLAN, 80, 24);
	for (int width = 40; width <= 200; width++) {
		drive_resize(&d, width, 24);
		for (int pane = 1; pane <= 2; pane++) {
			const struct cell *row;
			int keys = 0;

			drive_keys(&d, pane == 1 ? "1" : "2");
			drive_draw(&d);
			row = &d.canvas.cells[(size_t)width * 23];
			for (int x = 0; x + 1 < width; x++) {
				if (row[x].text[0] != 'F' ||
				    !strchr("123456789", row[x + 1].text[0]))
					continue;
				keys++;
				assert_true(x == 0 || strcmp(row[x - 1].text, " ") == 0);
			}
			assert_true(keys >= (width < 66 ? 5 : pane == 1 ? 9 : 7));
			assert_true(drive_sees(&d, "F1Help "));
			assert_true(drive_sees(&d, " F10Quit"));
		}
	}
	drive_close(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(scenes),
		cmocka_unit_test(opening),
		cmocka_unit_test(too_small),
		cmocka_unit_test(misfit),
		cmocka_unit_test(hostile),
		cmocka_unit_test(deep),
		cmocka_unit_test(panes),
		cmocka_unit_test(cursor_in_panes),
		cmocka_unit_test(cursor_in_dialogs),
		cmocka_unit_test(sums),
		cmocka_unit_test(chips),
		cmocka_unit_test(stale),
		cmocka_unit_test(sequence),
		cmocka_unit_test(lines_of_details),
		cmocka_unit_test(key_bar),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
