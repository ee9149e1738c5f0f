#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "unit.h"
#include "vt.h"

static const char *probe(void)
{
	static char path[4096];
	ssize_t len = readlink("/proc/self/exe", path, sizeof path - 32);
	char *slash;

	assert_true(len > 0);
	path[len] = '\0';
	slash = strrchr(path, '/');
	strcpy(slash + 1, "term_probe");
	return path;
}

static struct vt *start(const struct vt_options *options, const char *argument)
{
	const char *argv[] = { probe(), argument, NULL };
	struct vt *vt = vt_start(options, argv);

	assert_true(vt_wait_text(vt, "probe"));
	return vt;
}

static void quit(struct vt *vt)
{
	vt_keys(vt, "q");
	assert_int_equal(vt_wait_exit(vt), 0);
	assert_true(vt_is_restored(vt));
	vt_free(vt);
}

static const struct vt_options USUAL = { 0 };

static void keys_of_raw_bytes(void **state)
{
	static const struct {
		const char *bytes, *shown;
	} cases[] = {
		{ "j", "key j" },
		{ " ", "key Space" },
		{ "\033[A", "key Up" },
		{ "\033OB", "key Down" },
		{ "\033[1;2C", "key Shift-Right" },
		{ "\033[1;3D", "key Alt-Left" },
		{ "\033[1;5A", "key Ctrl-Up" },
		{ "\033[H", "key Home" },
		{ "\033[4~", "key End" },
		{ "\033[5~", "key PgUp" },
		{ "\033[6;5~", "key Ctrl-PgDn" },
		{ "\033[2~", "key Ins" },
		{ "\033[3~", "key Del" },
		{ "\033OP", "key F1" },
		{ "\033[[B", "key F2" },
		{ "\033[24~", "key F12" },
		{ "\033[Z", "key Shift-Tab" },
		{ "\t", "key Tab" },
		{ "\r", "key Enter" },
		{ "\177", "key Backspace" },
		{ "\010", "key ^H" },
		{ "\003", "key ^C" },
		{ "\023", "key ^S" },
		{ "\021", "key ^Q" },
		{ "\034", "key ^\\" },
		{ "\033x", "key Alt-x" },
		{ "\033\177", "key Alt-Backspace" },
		{ "\xc3\xa4", "key ä" },
		{ "\xe6\x97\xa5", "key 日" },
		{ "\033", "key Esc" },
	};
	static const char *const terms[] = { "xterm-256color", "tmux-256color", "screen",
					     "linux", "vt100" };

	(void)state;
	for (size_t t = 0; t < sizeof terms / sizeof *terms; t++) {
		struct vt *vt = start(&(struct vt_options){ .term = terms[t] }, NULL);

		for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
			char count[32];

			vt_send(vt, cases[i].bytes);
			snprintf(count, sizeof count, "count %zu ", i + 1);
			assert_true(vt_wait_text(vt, count));
			assert_true(vt_wait_row(vt, 22, cases[i].shown));
		}
		quit(vt);
	}
}

/* Typed at once; and what is not known leaves nothing behind. */
static void odd_sequences(void **state)
{
	struct vt *vt = start(&USUAL, NULL);

	(void)state;
	vt_send(vt,
		"\033[?1;2c\033]11;rgb:0/0/0\033\\\033P1$r0m\033\\\033[99~\033[Ia\0331b");
	assert_true(vt_wait_text(vt, "count 4 "));
	assert_true(vt_wait_row(vt, 19, "key a"));
	assert_true(vt_wait_row(vt, 20, "key Esc"));
	assert_true(vt_wait_row(vt, 21, "key 1"));
	assert_true(vt_wait_row(vt, 22, "key b"));
	quit(vt);
}

static void pastes(void **state)
{
	size_t big = (1u << 20) + 5000;
	char *text = malloc(big + 1);
	struct vt *vt = start(&USUAL, NULL);

	(void)state;
	assert_non_null(text);
	assert_true(vt_mode(vt, 2004));
	vt_paste(vt, "ab\033[31mc\xff\001q\xc3\xa4");
	assert_true(vt_wait_text(vt, "Paste 10 [ab[31mcqä]"));
	memset(text, 'q', big);
	text[big] = '\0';
	vt_paste(vt, text);
	assert_true(vt_wait_text(vt, "Paste 1048576 [qqq"));
	assert_true(vt_wait_text(vt, "count 2 "));
	free(text);
	quit(vt);
}

static void mouse(void **state)
{
	struct vt *vt = start(&USUAL, "mouse");

	(void)state;
	assert_true(vt_mode(vt, 1006));
	vt_click(vt, 7, 3);
	assert_true(vt_wait_row(vt, 22, "║ Click 7,3"));
	vt_click(vt, 7, 3);
	assert_true(vt_wait_row(vt, 22, "DoubleClick 7,3"));
	vt_click(vt, 7, 3);
	assert_true(vt_wait_row(vt, 22, "║ Click 7,3"));
	vt_wheel(vt, 79, 23, true);
	assert_true(vt_wait_row(vt, 22, "WheelDown 79,23"));
	vt_wheel(vt, 0, 0, false);
	assert_true(vt_wait_row(vt, 22, "WheelUp 0,0"));
	quit(vt);
}

static void sizes(void **state)
{
	static const struct {
		int width, height;
	} cases[] = { { 1, 1 },   { 500, 500 }, { 2, 1 },    { 1, 200 },
		      { 40, 10 }, { 3, 3 },     { 140, 40 }, { 80, 24 } };
	struct vt *vt = start(&USUAL, NULL);

	(void)state;
	for (int round = 0; round < 20; round++) {
		for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
			vt_resize(vt, cases[i].width, cases[i].height);
	}
	assert_true(vt_wait_text(vt, "80x24"));
	assert_true(vt_wait_row(vt, 23, "╚══"));
	vt_resize(vt, 140, 40);
	assert_true(vt_wait_text(vt, "140x40"));
	assert_true(vt_wait_row(vt, 39, "╚══"));
	assert_string_equal(vt_cell(vt, 139, 39).text, "╝");
	vt_resize(vt, 1, 1);
	vt_keys(vt, "a b");
	vt_resize(vt, 80, 24);
	assert_true(vt_wait_text(vt, "key b"));
	quit(vt);
}

/* One cell of each role, and the chips, as style.c has them. */
static void colors(void **state)
{
	static const struct {
		const char *term, *argument;
		int palette, error_fg, error_bg, chip_fg, chip_bg;
	} cases[] = {
		{ "xterm-256color", NULL, 3, 231, 124, 16, 180 },
		{ "tmux-256color", NULL, 3, 231, 124, 16, 180 },
		{ "screen", NULL, 1, 7, 1, 0, 3 },
		{ "xterm-256color", "mono", 0, -1, -1, -1, -1 },
		{ "vt100", NULL, 0, -1, -1, -1, -1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char shown[32];
		struct vt *vt = start(&(struct vt_options){ .term = cases[i].term },
				      cases[i].argument);
		struct vt_cell error, chip, text;

		snprintf(shown, sizeof shown, "palette %d ", cases[i].palette);
		assert_true(vt_wait_text(vt, shown));
		assert_true(vt_wait_row(vt, 1, "日日"));
		error = vt_cell(vt, 15, 1);
		chip = vt_cell(vt, 33, 1);
		text = vt_cell(vt, 0, 1);
		assert_string_equal(text.text, "A");
		assert_int_equal(text.fg, -1);
		assert_int_equal(text.bg, -1);
		assert_string_equal(chip.text, "日");
		assert_int_equal(chip.width, 2);
		assert_int_equal(error.fg % 8, cases[i].error_fg % 8);
		assert_int_equal(error.bg, cases[i].error_bg);
		assert_true(error.bold);
		assert_int_equal(chip.fg, cases[i].chip_fg);
		assert_int_equal(chip.bg, cases[i].chip_bg);
		assert_int_equal(chip.reverse, cases[i].palette == 0);
		quit(vt);
	}
}

static void only_ascii(void **state)
{
	static const struct vt_options c_locale = { .locale = "C" };
	const struct vt_options *options[] = { &c_locale, &USUAL };
	const char *arguments[] = { NULL, "ascii" };

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct vt *vt = start(options[i], arguments[i]);
		char *screen;

		vt_send(vt, "\xc3\xa4");
		assert_true(vt_wait_text(vt, "key \\u{e4}"));
		screen = vt_screen(vt);
		for (const char *c = screen; *c; c++)
			assert_in_range((unsigned char)*c, 0, 0x7e);
		if (!strstr(screen, "+= probe ="))
			fail_msg("%s", screen);
		free(screen);
		quit(vt);
	}
}

static void stops_and_goes_on(void **state)
{
	static const int signals[] = { SIGTSTP, SIGSTOP };
	struct vt *vt = start(&USUAL, "mouse");

	(void)state;
	vt_keys(vt, "^Z");
	assert_true(vt_wait_stopped(vt));
	assert_true(vt_is_restored(vt));
	vt_continue(vt);
	assert_true(vt_wait_text(vt, "suspended"));
	assert_true(vt_alternate(vt));
	assert_true(vt_mode(vt, 2004));
	for (size_t i = 0; i < 2; i++) {
		vt_signal(vt, signals[i]);
		assert_true(vt_wait_stopped(vt));
		if (signals[i] == SIGTSTP)
			assert_true(vt_is_restored(vt));
		vt_resize(vt, i ? 80 : 100, 24);
		vt_continue(vt);
		assert_true(vt_wait_text(vt, i ? "80x24" : "100x24"));
		assert_true(vt_wait_text(vt, "resumed"));
		vt_keys(vt, i ? "k" : "j");
		assert_true(vt_wait_text(vt, i ? "key k" : "key j"));
	}
	quit(vt);
}

static void leaves_for_others(void **state)
{
	struct vt *vt = start(&USUAL, NULL);

	(void)state;
	vt_keys(vt, "e");
	assert_true(vt_wait_text(vt, "back"));
	assert_true(vt_has_sent(vt, "elsewhere\r\n"));
	vt_keys(vt, "y w");
	assert_true(vt_wait_text(vt, "║ copy"));
	assert_true(vt_wait_text(vt, "wake"));
	assert_true(vt_has_sent(vt, "\033]52;c;Y29waWVk\a"));
	assert_int_equal(vt_bells(vt), 0);
	quit(vt);
}

/* Sanitizers leave these signals alone, so that their default actions are what is seen.
 */
#define NO_HANDLERS "handle_abort=0:handle_segv=0:handle_sigbus=0:handle_sigfpe=0"

static void fatal_signals(void **state)
{
	static const int signals[] = { SIGQUIT, SIGSEGV, SIGBUS, SIGABRT, SIGFPE };
	static const char *const terms[] = { "xterm-256color", "screen", "linux" };
	static const char *const env[] = { "ASAN_OPTIONS=" NO_HANDLERS,
					   "TSAN_OPTIONS=" NO_HANDLERS, NULL };

	(void)state;
	for (size_t t = 0; t < sizeof terms / sizeof *terms; t++) {
		struct vt_options options = { .term = terms[t], .env = env };

		for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
			struct vt *vt = start(&options, "mouse");

			vt_signal(vt, signals[i]);
			assert_int_equal(vt_wait_exit(vt), 128 + signals[i]);
			assert_true(vt_is_restored(vt));
			vt_free(vt);
		}
	}
}

static void no_memory(void **state)
{
	struct vt *vt = start(&USUAL, "mouse");

	(void)state;
	vt_keys(vt, "m");
	assert_int_equal(vt_wait_exit(vt), 3);
	assert_true(vt_is_restored(vt));
	assert_true(vt_has_sent(vt, "lamina: out of memory"));
	vt_free(vt);
}

static void asked_to_end(void **state)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct vt *vt = start(&USUAL, NULL);

		vt_signal(vt, signals[i]);
		assert_int_equal(vt_wait_exit(vt), 128 + signals[i]);
		assert_true(vt_is_restored(vt));
		vt_free(vt);
	}
}

/* Whoever ignores SIGHUP is told by the end of what is typed. */
static void hangs_up(void **state)
{
	const char *nohup[] = { "sh", "-c", "trap '' HUP; exec \"$0\"", probe(), NULL };
	struct vt *vt = start(&USUAL, NULL);

	(void)state;
	vt_hang_up(vt);
	assert_int_equal(vt_wait_exit(vt), 128 + SIGHUP);
	vt_free(vt);
	vt = vt_start(&USUAL, nohup);
	assert_true(vt_wait_text(vt, "probe"));
	vt_hang_up(vt);
	assert_int_equal(vt_wait_exit(vt), 129);
	vt_free(vt);
}

static void sleeps_when_idle(void **state)
{
	struct vt *vt = start(&USUAL, "mouse");
	long before;

	(void)state;
	vt_keys(vt, "Esc");
	assert_true(vt_wait_text(vt, "key Esc"));
	vt_read_for(vt, 100);
	before = vt_wake_ups(vt);
	vt_read_for(vt, 2000);
	assert_int_equal(vt_wake_ups(vt), before);
	quit(vt);
}

static void refuses(void **state)
{
	static const struct {
		const char *term, *script, *told;
	} cases[] = {
		{ "xterm", "\"$0\" </dev/null", "terminal as standard input" },
		{ "xterm", "\"$0\" 2>&1 >/dev/null", "terminal as standard output" },
		{ "", "exec \"$0\"", "TERM is not set" },
		{ "dumb", "exec \"$0\"", "TERM is dumb" },
		{ "no-such", "exec \"$0\"", "type no-such is not known" },
		{ "x\033[31m", "exec \"$0\"", "type in TERM is not known" },
		{ "xterm", "set -m; \"$0\" & wait $!", "in the foreground alone" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const char *argv[] = { "sh", "-c", cases[i].script, probe(), NULL };
		struct vt *vt = vt_start(
			&(struct vt_options){ .width = 120, .term = cases[i].term },
			argv);

		{
			assert_int_equal(vt_wait_exit(vt), 2);
			assert_true(vt_wait_text(vt, cases[i].told));
			assert_true(vt_wait_text(vt, "lamina ls"));
			assert_false(vt_has_sent(vt, "\033"));
		}
		vt_free(vt);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_of_raw_bytes),
		cmocka_unit_test(odd_sequences),
		cmocka_unit_test(pastes),
		cmocka_unit_test(mouse),
		cmocka_unit_test(sizes),
		cmocka_unit_test(colors),
		cmocka_unit_test(only_ascii),
		cmocka_unit_test(stops_and_goes_on),
		cmocka_unit_test(leaves_for_others),
		cmocka_unit_test(fatal_signals),
		cmocka_unit_test(no_memory),
		cmocka_unit_test(asked_to_end),
		cmocka_unit_test(hangs_up),
		cmocka_unit_test(sleeps_when_idle),
		cmocka_unit_test(refuses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
