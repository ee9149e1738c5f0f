#include <stdio.h>

#include "term/keys.h"
#include "unit.h"

static struct term_keys keys;

/* The names of all keys that bytes give, in chunks of `chunk`, after a long silence. */
static const char *names_of(const char *bytes, size_t len, size_t chunk)
{
	static char out[512];
	struct term_event event;
	int64_t now = 1000;
	size_t put = 0;

	out[0] = '\0';
	for (size_t at = 0; at < len || now < 10000; at += chunk) {
		size_t more = at >= len ? 0 : len - at < chunk ? len - at : chunk;

		if (more > 0)
			term_keys_feed(&keys, (const unsigned char *)bytes + at, more,
				       now);
		else
			now += 10000;
		while (term_keys_next(&keys, now, &event)) {
			char name[KEY_NAME_MAX];

			assert_int_equal(event.kind, TERM_KEY);
			put += (size_t)snprintf(out + put, sizeof out - put, "%s%s",
						put ? " " : "",
						key_name(event.key, name));
		}
		now++;
	}
	assert_int_equal(keys.len, 0);
	assert_int_equal(term_keys_patience(&keys, now), -1);
	return out;
}

static void sequences(void **state)
{
	static const struct {
		const char *bytes, *names;
	} cases[] = {
		{ "abc", "a b c" },
		{ "\033[A\033OA\033[1;5A\033[1;8A", "Up Up Ctrl-Up Ctrl-Alt-Shift-Up" },
		{ "\033[a\033Oa\033[3^\033[3$\033[3@", /* rxvt */
		  "Shift-Up Ctrl-Up Ctrl-Del Shift-Del Ctrl-Shift-Del" },
		{ "\033\033[A\033\033OB", "Alt-Up Alt-Down" },
		{ "\033OP\033[11~\033[[A\033[25~", "F1 F1 F1 Shift-F1" },
		{ "\033[1;2P\033[15;5~", "Shift-F1 Ctrl-F5" },
		{ "\033[Z\033[1;5I", "Shift-Tab" },
		{ "\033\t", "Shift-Tab" }, /* the Linux console */
		{ "\033OM\033Op\033Oy\033Ok", "Enter 0 9 +" },
		{ "\033[97;5u\033[65;6u\033[13;2u\033[27;5;9~", /* keys by number */
		  "^A ^A Shift-Enter Ctrl-Tab" },
		{ "\033", "Esc" },
		{ "\033\033", "Esc Esc" },
		{ "\033[", "Alt-[" },
		{ "\033O", "Alt-O" },
		{ "\033]", "Alt-]" },
		{ "\033P", "Alt-P" },
		{ "\0331\0330", "Esc 1 Esc 0" },
		{ "\033x\033X\033 \033\r", "Alt-x Alt-X Alt-Space Alt-Enter" },
		{ "\033\003\033\xc3\xa4", "Alt-^C Alt-ä" },
		{ "\n\r\t\177\b", "Enter Enter Tab Backspace ^H" },
		{ "\001\032\034\035\036\037", "^A ^Z ^\\ ^] ^^ ^_" },
		{ "\xc3\xa4\xe6\x97\xa5\xf0\x9f\x98\x80", "ä 日 \xf0\x9f\x98\x80" },
		{ "a\xff\x80\xc3", "a" },
		{ "a\xc3z", "a z" },
		{ "\xc2\x9b"
		  "1a",
		  "1 a" },
		/* What nobody asked for leaves nothing behind. */
		{ "\033[?1;2c!\033[>0;1;2c!\033[0n!\033[5;5R!", "! ! ! Ctrl-F3 !" },
		{ "\033]11;rgb:00/00/00\033\\!\033]0;x\a!", "! !" },
		{ "\033P1$r0m\033\\!\033_G\033\\!", "! !" },
		{ "\033[?2004;1$y!\033[I!\033[O!", "! ! !" },
		{ "\033[999~!\033[1;1;1;1;1;1;1;1;1;1;1A!", "! Up !" },
		{ "\033[12\033[A", "Up" },
		{ "\033[12\001x", "^A x" },
		{ "\033[1;5", "" },
		{ "\033]52;c", "" },
		{ "\033[201~!", "!" },
		{ "\033[99999999999999999999A!", "Up !" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		size_t len = strlen(cases[i].bytes);

		for (size_t chunk = 1; chunk <= len; chunk++) {
			const char *names = names_of(cases[i].bytes, len, chunk);

			if (strcmp(names, cases[i].names) != 0)
				fail_msg("%zu by %zu: %s, not %s", i, chunk, names,
					 cases[i].names);
		}
	}
	assert_string_equal(names_of("\0", 1, 1), "^@");
}

static void erase_key(void **state)
{
	(void)state;
	keys.erase = '\b';
	assert_string_equal(names_of("\b\177", 2, 2), "Backspace Backspace");
	keys.erase = 0;
}

static void time_for_esc(void **state)
{
	struct term_event event;

	(void)state;
	assert_int_equal(term_keys_patience(&keys, 5000), -1);
	term_keys_feed(&keys, (const unsigned char *)"\033", 1, 5000);
	assert_int_equal(term_keys_patience(&keys, 5000), 25);
	assert_false(term_keys_next(&keys, 5024, &event));
	assert_true(term_keys_next(&keys, 5025, &event));
	assert_true(key_is(event.key, K_ESC));
	term_keys_feed(&keys, (const unsigned char *)"\033[", 2, 6000);
	assert_int_equal(term_keys_patience(&keys, 6010), 90);
	term_keys_feed(&keys, (const unsigned char *)"A", 1, 6099);
	assert_true(term_keys_next(&keys, 6099, &event));
	assert_true(key_is(event.key, K_UP));
}

static void mouse(void **state)
{
	static const struct {
		const char *bytes;
		uint32_t code;
		int x, y;
		int64_t now;
	} cases[] = {
		{ "\033[<0;5;7M", K_CLICK, 4, 6, 100 },
		{ "\033[<0;5;7m", K_NONE, 0, 0, 120 },
		{ "\033[<0;5;7M", K_DOUBLE_CLICK, 4, 6, 300 },
		{ "\033[<0;5;7M", K_CLICK, 4, 6, 400 },
		{ "\033[<0;6;7M", K_CLICK, 5, 6, 500 },
		{ "\033[<0;6;7M", K_CLICK, 5, 6, 1000 },
		{ "\033[<64;1;1M", K_WHEEL_UP, 0, 0, 1100 },
		{ "\033[<65;500;400M", K_WHEEL_DOWN, 499, 399, 1100 },
		{ "\033[<2;6;7M", K_NONE, 0, 0, 1200 },
		{ "\033[<32;6;7M", K_NONE, 0, 0, 1200 },
		{ "\033[M !\"", K_CLICK, 0, 1, 1300 },
		{ "\033[<0;99999999;1M", K_NONE, 0, 0, 2000 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct term_event event;
		bool got;

		term_keys_feed(&keys, (const unsigned char *)cases[i].bytes,
			       strlen(cases[i].bytes), cases[i].now);
		got = term_keys_next(&keys, cases[i].now, &event);
		assert_int_equal(got, cases[i].code != K_NONE);
		if (!got)
			continue;
		assert_int_equal(event.key.code, cases[i].code);
		assert_int_equal(event.x, cases[i].x);
		assert_int_equal(event.y, cases[i].y);
	}
}

static void pastes(void **state)
{
	static const struct {
		const char *bytes, *text;
	} cases[] = {
		{ "\033[200~\033[201~", "" },
		{ "\033[200~q\033[201~", "q" },
		{ "\033[200~a\r\nb\rc\nd\te\033[201~", "a\nb\nc\nd\te" },
		{ "\033[200~a\033[200~b\033[201~", "a[200~b" },
		{ "\033[200~\033[31mx\033\033[201~", "[31mx" },
		{ "\033[200~\xff\xc3\xa4\xc2\x9b\xe2\x80\xae\x7f\033[201~",
		  "\xc3\xa4\xe2\x80\xae" },
		{ "\033[200~no end", "no end" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		size_t len = strlen(cases[i].bytes);

		for (size_t chunk = 1; chunk <= len; chunk++) {
			struct term_event event = { 0 };
			bool got = false;

			for (size_t at = 0; at < len; at += chunk) {
				assert_false(got);
				term_keys_feed(&keys,
					       (const unsigned char *)cases[i].bytes + at,
					       len - at < chunk ? len - at : chunk, 50);
				got = term_keys_next(&keys, 50, &event);
			}
			got = got || term_keys_next(&keys, 50000, &event);
			assert_true(got);
			assert_true(key_is(event.key, K_PASTE));
			assert_string_equal(event.text, cases[i].text);
			assert_false(term_keys_next(&keys, 50000, &event));
		}
	}
}

/* Nothing crashes, nothing stays for ever. */
static void noise(void **state)
{
	static const char alphabet[] =
		"\033\033\033[[[]OP<;;0123456789~mMABZ$\a\\\xc3\xa4\xff\xe6";
	uint64_t seed = 3;

	(void)state;
	for (int round = 0; round < 3000; round++) {
		char bytes[40];
		size_t len = 1 + next_random(&seed) % sizeof bytes;

		for (size_t i = 0; i < len; i++)
			bytes[i] = alphabet[next_random(&seed) % (sizeof alphabet - 1)];
		names_of(bytes, len, 1 + next_random(&seed) % 8);
	}
}

static int fini(void **state)
{
	(void)state;
	term_keys_fini(&keys);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sequences),    cmocka_unit_test(erase_key),
		cmocka_unit_test(time_for_esc), cmocka_unit_test(mouse),
		cmocka_unit_test(pastes),       cmocka_unit_test(noise),
	};

	return cmocka_run_group_tests(tests, NULL, fini);
}
