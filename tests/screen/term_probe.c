/* Shows what the terminal gives: each event in a line of its own, the last at the bottom.
 *
 *	term_probe [mouse] [ascii] [mono]
 *
 * Keys: q quits, c crashes by an abort, y copies, ^Z suspends, e leaves
 * the terminal for a moment, w prints and wakes itself by its own pipe. */
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "term/term.h"

#define LINES_MAX 64

struct probe {
	struct term *term;
	struct canvas canvas;
	char lines[LINES_MAX][160];
	unsigned count;
	int wake[2];
};

static void tell(struct probe *probe, const char *text)
{
	snprintf(probe->lines[probe->count++ % LINES_MAX], sizeof probe->lines[0], "%s",
		 text);
}

static void draw_roles(struct canvas *canvas, int y)
{
	for (int role = 0; role < ROLE_COUNT; role++)
		canvas_text(canvas, role, y, 1, (style_t)role, "A");
	for (int chip = 0; chip < CHIP_COUNT; chip++)
		canvas_text(canvas, ROLE_COUNT + 2 * chip, y, 2,
			    (style_t)(ROLE_CHIP + chip) | S_BOLD, "日");
}

static void draw(struct probe *probe)
{
	struct canvas *canvas = &probe->canvas;
	int width, height;

	term_size(probe->term, &width, &height);
	canvas->ascii = term_is_ascii(probe->term);
	if ((canvas->width != width || canvas->height != height) &&
	    !canvas_resize(canvas, width, height))
		return;
	canvas_clear(canvas);
	canvas_box(canvas, (struct rect){ 0, 0, width, height }, LINE_DOUBLE, ROLE_BORDER,
		   "probe", ROLE_TITLE_FOCUS);
	canvas_textf(canvas, 12, 0, 40, ROLE_TEXT, " %dx%d palette %d count %u ", width,
		     height, term_palette(probe->term), probe->count);
	draw_roles(canvas, 1);
	for (int y = 2; y < height - 1; y++) {
		unsigned back = (unsigned)(height - 1 - y);

		if (back <= probe->count && back <= LINES_MAX)
			canvas_text_cut(canvas, 2, y, width - 4, ROLE_TEXT,
					probe->lines[(probe->count - back) % LINES_MAX],
					CUT_END);
	}
	canvas->cursor_x = width > 4 ? 2 : -1;
	canvas->cursor_y = height - 1;
	term_draw(probe->term, canvas);
}

static void tell_key(struct probe *probe, const struct term_event *event)
{
	char name[KEY_NAME_MAX], line[160];

	key_name(event->key, name);
	if (event->key.code == K_PASTE) {
		const char *newline = strchr(event->text, '\n');

		snprintf(line, sizeof line, "Paste %zu [%.*s]", strlen(event->text),
			 newline ? (int)(newline - event->text) : 40, event->text);
	} else if (event->key.code >= K_WHEEL_UP && event->key.code <= K_DOUBLE_CLICK) {
		snprintf(line, sizeof line, "%s %d,%d", name, event->x, event->y);
	} else {
		snprintf(line, sizeof line, "key %s", name);
	}
	tell(probe, line);
}

static void act(struct probe *probe, struct key key)
{
	if (key_is(key, 'c'))
		abort();
	if (key_is(key, 'm'))
		lam_out_of_memory();
	if (key_is(key, 'y'))
		tell(probe, term_copy(probe->term, "copied") ? "copy" : "no copy");
	if (key_is(key, 'w') && write(probe->wake[1], "", 1) != 1)
		tell(probe, "no wake");
	if (key_equal(key, (struct key){ 'z', MOD_CTRL })) {
		term_suspend(probe->term);
		tell(probe, "suspended");
	}
	if (key_is(key, 'e')) {
		term_leave(probe->term);
		puts("elsewhere");
		fflush(stdout);
		term_enter(probe->term);
		tell(probe, "back");
	}
}

static bool take(struct probe *probe, const struct term_event *event)
{
	static const char *const names[] = {
		[TERM_RESIZE] = "resize",   [TERM_WAKE] = "wake",
		[TERM_RESUMED] = "resumed", [TERM_CLOSED] = "closed",
		[TERM_STOPPED] = "stopped", [TERM_NOTHING] = "nothing",
	};
	char byte;

	if (event->kind == TERM_KEY) {
		tell_key(probe, event);
		act(probe, event->key);
		return !key_is(event->key, 'q');
	}
	tell(probe, names[event->kind]);
	if (event->kind == TERM_WAKE && read(probe->wake[0], &byte, 1) != 1)
		return false;
	return event->kind != TERM_CLOSED && event->kind != TERM_STOPPED;
}

int main(int argc, char **argv)
{
	static struct probe probe;
	static struct lam_error err;
	struct term_options options = { 0 };
	struct term_event event;

	setlocale(LC_ALL, "");
	for (int i = 1; i < argc; i++) {
		options.mouse |= strcmp(argv[i], "mouse") == 0;
		options.ascii |= strcmp(argv[i], "ascii") == 0;
		options.no_color |= strcmp(argv[i], "mono") == 0;
	}
	if (pipe(probe.wake) < 0 || term_open(&probe.term, &options, &err) < 0) {
		fprintf(stderr, "term_probe: %s\n", err.text);
		return 2;
	}
	do {
		draw(&probe);
		term_wait(probe.term, probe.wake[0], -1, &event);
	} while (take(&probe, &event));
	term_close(probe.term);
	canvas_fini(&probe.canvas);
	return event.kind == TERM_STOPPED  ? 128 + event.signal
	       : event.kind == TERM_CLOSED ? 129
					   : 0;
}
