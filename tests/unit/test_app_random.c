/* The editor under keys that nobody would press, and at sizes that nobody has: state
 * stays whole, and drawing inside. SEED= repeats a run, KEYS= says how many. */
#include <stdio.h>

#include "app_drive.h"
#include "editor/frame/view.h"
#include "sample_image.h"
#include "unit.h"

static struct built built;
static struct drive d;

static void no_journal(struct drive *drive)
{
	drive->options.state_dir = NULL;
	drive->held[JOB_WRITE] = true;
}

static int build(void **state)
{
	(void)state;
	built_open(&built, SAMPLE, SAMPLE_LAYERS);
	return 0;
}

static int unbuild(void **state)
{
	(void)state;
	built_close(&built);
	return 0;
}

static int set_up(void **state)
{
	(void)state;
	drive_open(&d, &built, 100, 40, no_journal);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	drive_close(&d);
	return 0;
}

static uint64_t number_of(const char *name, uint64_t usual)
{
	const char *text = getenv(name);

	return text && *text ? strtoull(text, NULL, 10) : usual;
}

/* A canvas with a margin that drawing must leave alone is what AddressSanitizer makes of
 * each; here it is looked at whether the cursor is inside. */
static void draw(void)
{
	drive_draw(&d);
	assert_true(d.canvas.cursor_x < d.app.width && d.canvas.cursor_y < d.app.height);
}

static void all_sizes(void)
{
	for (int height = 1; height <= 20; height++) {
		for (int width = 1; width <= 60; width += height % 3 + 1) {
			drive_resize(&d, width, height);
			draw();
		}
	}
	drive_resize(&d, 140, 40);
	draw();
	drive_resize(&d, 100, 40);
	draw();
}

static void every_dialog_at_every_size(void **state)
{
	(void)state;
	all_sizes();
	drive_keys(&d, "a a");
	for (int i = ACT_NONE + 1; i < ACT_COUNT; i++) {
		size_t dialogs;

		if (i == ACT_QUIT || (ACTIONS[i].group == GROUP_MOVE && i != ACT_GO))
			continue;
		drive_command(&d, ACTIONS[i].name);
		dialogs = d.app.dialog_count;
		all_sizes();
		assert_int_equal(d.app.dialog_count, dialogs);
		while (d.app.dialog_count)
			drive_keys(&d, "Esc");
		drive_keys(&d, "Esc Esc 1");
	}
}

/* All that a terminal can send, those that mean something most often. */
static struct key any_key(uint64_t *random)
{
	static const uint32_t named[] = { K_ENTER, K_ENTER,     K_ESC,       K_TAB,
					  K_UP,    K_DOWN,      K_LEFT,      K_RIGHT,
					  K_HOME,  K_END,       K_PAGE_DOWN, K_PAGE_UP,
					  K_F1,    K_BACKSPACE, K_INSERT,    K_DELETE };
	uint64_t n = next_random(random) % 100;

	if (n < 30) {
		const struct binding *b =
			&d.app.keys.map.items[next_random(random) % d.app.keys.map.count];

		return b->keys.keys[next_random(random) % b->keys.count];
	}
	if (n < 50)
		return (struct key){ .code = named[next_random(random) %
						   (sizeof named / sizeof *named)] };
	if (n < 55)
		return (struct key){ .code = 'a' + (uint32_t)(next_random(random) % 26),
				     .mods = (uint8_t)(1 + next_random(random) % 3) };
	if (n < 57)
		return (struct key){ .code = 0x4e00 +
					     (uint32_t)(next_random(random) % 1000) };
	return (struct key){ .code = ' ' + (uint32_t)(next_random(random) % 95) };
}

static void random_mouse(uint64_t *random)
{
	drive_mouse(&d, K_WHEEL_UP + (uint32_t)(next_random(random) % 4),
		    (int)(next_random(random) % (uint64_t)(d.app.width + 2)) - 1,
		    (int)(next_random(random) % (uint64_t)(d.app.height + 2)) - 1);
}

static void check(void)
{
	const char *fault = drive_fault(&d);

	if (fault)
		fail_msg("%s", fault);
	free(drive_plan(&d));
}

static void let_write_end(void)
{
	d.held[JOB_WRITE] = false;
	for (size_t i = 0; i < d.job_count; i++)
		atomic_store(&d.jobs[i]->stop, true);
	drive_settle(&d);
	d.held[JOB_WRITE] = true;
}

static void random_keys(void **state)
{
	uint64_t seed = number_of("SEED", 20260101), random = seed * 2654435761u + 1;
	uint64_t count = number_of("KEYS", 50000);
	char *first = drive_plan(&d), *now;

	(void)state;
	print_message("seed %llu, %llu keys\n", (unsigned long long)seed,
		      (unsigned long long)count);
	d.reply = first;
	for (uint64_t i = 0; i < count; i++) {
		if (next_random(&random) % 40 == 0)
			random_mouse(&random);
		else
			drive_key(&d, any_key(&random));
		if (next_random(&random) % 500 == 0)
			drive_resize(&d, 1 + (int)(next_random(&random) % 150),
				     1 + (int)(next_random(&random) % 50));
		if (i % 4 == 0)
			draw();
		if (i % 16 == 0)
			check();
		if (i % 1000 == 999)
			let_write_end();
		if (d.over) {
			drive_close(&d);
			drive_open(&d, &built, 100, 40, no_journal);
			d.reply = first;
		}
	}
	let_write_end();
	while (d.app.dialog_count)
		drive_keys(&d, "Esc");
	drive_keys(&d, "Esc");
	while (lam_undo_back_count(d.app.plan.undo))
		drive_keys(&d, "u");
	now = drive_plan(&d);
	assert_string_equal(now, first);
	free(now);
	free(first);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(every_dialog_at_every_size, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(random_keys, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, build, unbuild);
}
