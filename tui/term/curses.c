/* Curses: modes, capabilities, and cells on the screen. */
#include "term/curses.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <wchar.h>

#include "base/memory.h"
#include "ui/text.h"

/* These define macros of common names, such as `columns`. */
/* clang-format off */
#define NCURSES_WIDECHAR 1
#include <curses.h>
#include <term.h>
/* clang-format on */

#define HINT "`lamina ls IMAGE` lists without one"

struct screen_look {
	bool known;
	attr_t attributes;
	int pair;
};

struct screen {
	SCREEN *curses;
	enum palette palette;
	bool ascii;
	bool is_shown; /* the terminal is in the program's hands */
	cchar_t *row;  /* COLS of them */
	int row_cap;
	struct screen_look looks[ROLE_COUNT][8];
};

static const char *capability(const char *name)
{
	const char *value = tigetstr((NCURSES_CONST char *)(uintptr_t)name);

	return value == (const char *)-1 ? NULL : value;
}

static bool is_plain(const char *name)
{
	size_t len = strlen(name);

	for (size_t i = 0; i < len; i++) {
		if (name[i] <= ' ' || name[i] > '~')
			return false;
	}
	return len < 64;
}

/* Asks before curses does: that would tell on standard error, and exit. */
static int check_type(struct lam_error *err)
{
	const char *name = getenv("TERM");
	int found = 0;
	bool able;

	if (!name || !*name || strcmp(name, "dumb") == 0)
		return lam_fail(err, LAM_EUSAGE,
				"the editor needs a terminal, but TERM is %s; " HINT,
				name && *name ? "dumb" : "not set");
	if (!is_plain(name))
		name = "in TERM";
	if (setupterm(NULL, STDOUT_FILENO, &found) != OK)
		return lam_fail(err, LAM_EUSAGE,
				"the terminal type %s is not known here; " HINT, name);
	able = capability("cup") && (capability("ed") || capability("el"));
	del_curterm(cur_term);
	if (!able)
		return lam_fail(err, LAM_EUSAGE,
				"the terminal %s cannot place its cursor; " HINT, name);
	return 0;
}

static enum palette choose_palette(bool no_color)
{
	if (no_color || !has_colors() || start_color() == ERR ||
	    use_default_colors() == ERR || COLORS < 8)
		return PALETTE_MONO;
	/* Of terminals with direct colours the first eight are the usual ones. */
	if (COLORS == 256)
		return PALETTE_256;
	return COLORS >= 16 && COLORS < 256 ? PALETTE_16 : PALETTE_8;
}

static void set_modes(void)
{
	raw(); /* ^C ^S ^Q ^Z and the like are keys */
	noecho();
	nonl();
	typeahead(-1); /* a frame is never given up half-way */
	leaveok(stdscr, FALSE);
	scrollok(stdscr, FALSE);
}

int screen_open(struct screen **out, bool no_color, bool ascii, struct lam_error *err)
{
	struct screen *screen;

	if (check_type(err) < 0)
		return err->code;
	screen = lam_xcalloc(1, sizeof *screen);
	screen->curses = newterm(NULL, stdout, stdin);
	if (!screen->curses) {
		free(screen);
		return lam_fail(err, LAM_EUSAGE, "the terminal cannot be set up; " HINT);
	}
	set_modes();
	screen->palette = choose_palette(no_color);
	screen->ascii = ascii;
	*out = screen;
	return 0;
}

void screen_send(struct screen *screen, const char *bytes, size_t len)
{
	(void)screen;
	while (len > 0) {
		ssize_t written = write(STDOUT_FILENO, bytes, len);

		if (written <= 0)
			return;
		bytes += written;
		len -= (size_t)written;
	}
}

/*
 * Curses scrolls within margins, then sets them to the height that it knows,
 * which is not the terminal's while a resize is on its way, and leaves them so
 * at its end: a shell's lines then overwrite each other at the bottom. DECSTBM
 * without numbers is the whole screen, however high that is.
 */
static const char *whole_screen(void)
{
	const char *margins = capability("csr");

	return margins && strncmp(margins, "\033[", 2) == 0 ? "\033[r" : "";
}

/* Moves the cursor: not while that is where the shell left it, for it to go on there. */
static void leave(struct screen *screen)
{
	const char *margins = whole_screen();

	if (screen->is_shown)
		screen_send(screen, margins, strlen(margins));
	screen->is_shown = false;
	endwin();
}

void screen_close(struct screen *screen)
{
	leave(screen);
	delscreen(screen->curses);
	free(screen->row);
	free(screen);
}

void screen_leave(struct screen *screen)
{
	leave(screen);
}

void screen_redraw(struct screen *screen)
{
	(void)screen;
	clearok(curscr, TRUE);
}

void screen_enter(struct screen *screen)
{
	screen_redraw(screen);
	refresh();
	screen->is_shown = true;
}

void screen_resize(struct screen *screen, int width, int height)
{
	/* Not resizeterm(), which also types a KEY_RESIZE that nobody reads. */
	if (is_term_resized(height, width))
		resize_term(height, width);
	erase();
	screen_redraw(screen);
}

enum palette screen_palette(const struct screen *screen)
{
	return screen->palette;
}

void screen_default_size(const struct screen *screen, int *out_width, int *out_height)
{
	(void)screen;
	*out_width = COLS;
	*out_height = LINES;
}

bool screen_has_csi(const struct screen *screen)
{
	const char *cup = capability("cup");

	(void)screen;
	return cup && cup[0] == '\033' && cup[1] == '[';
}

/* Without the "$<5>" that asks for a pause. */
static size_t put_capability(char *out, size_t size, const char *value)
{
	size_t put = 0;

	while (value && *value && put < size) {
		if (value[0] == '$' && value[1] == '<') {
			value = strchr(value, '>');
			value = value ? value + 1 : NULL;
		} else {
			out[put++] = *value++;
		}
	}
	return put;
}

size_t screen_restore_bytes(const struct screen *screen, char *out, size_t size)
{
	static const char *const names[] = { "sgr0", "op", "cnorm", "rmcup" };
	const char *rmcup = capability("rmcup");
	size_t put = put_capability(out, size, whole_screen());

	(void)screen;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		put += put_capability(out + put, size - put, capability(names[i]));
	if (!rmcup)
		put += put_capability(out + put, size - put,
				      tparm(capability("cup"), LINES - 1, 0));
	put += put_capability(out + put, size - put, "\r\n");
	return put;
}

/* --- drawing --- */

static const struct screen_look *look_of(struct screen *screen, style_t style)
{
	unsigned role = style & S_ROLE;
	struct screen_look *known =
		&screen->looks[role < ROLE_COUNT ? role : 0][style >> 8 & 7];
	struct look look;

	if (known->known)
		return known;
	look = style_look(screen->palette, style);
	known->known = true;
	known->attributes = (look.attributes & S_BOLD ? A_BOLD : 0) |
			    (look.attributes & S_REVERSE ? A_REVERSE : 0) |
			    (look.attributes & S_UNDERLINE ? A_UNDERLINE : 0);
	if (look.fg >= 0 || look.bg >= 0)
		known->pair = alloc_pair(look.fg, look.bg);
	/* Fewer pairs than wanted: then without colour. */
	known->pair = known->pair > 0 ? known->pair : 0;
	return known;
}

/* The characters of a cell for curses, which takes no more than CCHARW_MAX of them. */
static void decode(const struct screen *screen, const struct cell *cell,
		   wchar_t out[CCHARW_MAX + 1])
{
	size_t len = strlen(cell->text), at = 0, count = 0;

	while (at < len && count < CCHARW_MAX) {
		uint32_t code;

		at += text_next(cell->text + at, len - at, &code);
		out[count++] = (wchar_t)code;
	}
	out[count] = L'\0';
	/* Where the locale sees it otherwise, curses would lose its column. */
	if (count == 0 ||
	    (out[0] >= 0x80 && (screen->ascii || wcwidth(out[0]) != (int)cell->width)))
		wcscpy(out, L"?");
}

/* Returns how many characters of curses the cell is: what is wide and cannot be shown is
 * two of them. */
static int put_cell(struct screen *screen, const struct cell *cell, cchar_t *out)
{
	const struct screen_look *look = look_of(screen, cell->style);
	wchar_t text[CCHARW_MAX + 1];
	int pair = look->pair;

	decode(screen, cell, text);
	if (setcchar(&out[0], text, look->attributes, 0, &pair) == ERR)
		setcchar(&out[0], L"?", look->attributes, 0, &pair);
	if (cell->width != 2 || text[0] != L'?')
		return 1;
	setcchar(&out[1], L" ", look->attributes, 0, &pair);
	return 2;
}

/* Curses finds what has changed. */
static void put_row(struct screen *screen, const struct canvas *canvas, int y, int width)
{
	const struct cell *row = &canvas->cells[(size_t)y * (size_t)canvas->width];
	int count = 0;

	for (int x = 0; x < width; x++) {
		if (row[x].width > 0)
			count += put_cell(screen, &row[x], screen->row + count);
	}
	mvadd_wchnstr(y, 0, screen->row, count);
}

static void put_cursor(const struct canvas *canvas)
{
	bool inside = canvas->cursor_x >= 0 && canvas->cursor_x < COLS &&
		      canvas->cursor_y >= 0 && canvas->cursor_y < LINES;

	curs_set(inside ? 1 : 0);
	/* Where it cannot be hidden it is out of the way. */
	move(inside ? canvas->cursor_y : LINES - 1, inside ? canvas->cursor_x : 0);
}

void screen_draw(struct screen *screen, const struct canvas *canvas)
{
	int width = canvas->width < COLS ? canvas->width : COLS;
	int height = canvas->height < LINES ? canvas->height : LINES;

	if (screen->row_cap < width + 1) {
		screen->row_cap = width + 1;
		screen->row = lam_xrealloc(screen->row,
					   (size_t)screen->row_cap * sizeof *screen->row);
	}
	for (int y = 0; y < height; y++)
		put_row(screen, canvas, y, width);
	put_cursor(canvas);
	refresh();
	screen->is_shown = true;
}
