/* Bytes of a terminal to the editor, without a terminal: its state stays whole and drawing
 * inside, whatever is typed at whatever size. 0xff, which is no text, begins a size, a
 * clock that goes on, or what $EDITOR gives back. */
#include <string.h>

#include "app_drive.h"
#include "fuzz.h"
#include "term/keys.h"

static struct drive d;
static struct built built;

static void hold_writes(struct drive *drive)
{
	drive->options.state_dir = NULL;
	drive->held[JOB_WRITE] = true;
}

static void look(void)
{
	const char *fault = drive_fault(&d);

	if (fault)
		fprintf(stderr, "%s\n", fault);
	NEED(!fault);
	free(drive_plan(&d));
	drive_draw(&d);
	NEED(d.canvas.cursor_x < d.app.width && d.canvas.cursor_y < d.app.height);
}

static void type(struct term_keys *keys, const uint8_t *bytes, size_t len, int64_t now)
{
	struct term_event from;

	while (len && !d.over) {
		size_t took = term_keys_feed(keys, bytes, len, now);

		bytes += took;
		len -= took;
		while (!d.over && term_keys_next(keys, now, &from)) {
			struct event event = { .kind = EVENT_KEY,
					       .key = from.key,
					       .x = from.x,
					       .y = from.y,
					       .text = from.text };

			drive_event(&d, &event);
			drive_settle(&d);
		}
		NEED(took || d.over);
	}
}

static void press(struct fuzz *fuzz, struct term_keys *keys, int64_t *now)
{
	static const char *const replies[] = {
		NULL, "",
		"{\"lamina\":1,\"layers\":[{\"name\":\"all\",\"from\":\"rest\"}]}"
	};
	const uint8_t *special = memchr(fuzz->at, 0xff, fuzz->left);
	size_t len = special ? (size_t)(special - fuzz->at) : fuzz->left;
	unsigned height;

	type(keys, fuzz->at, len, *now);
	fuzz->at += len;
	fuzz->left -= len;
	if (!special || d.over)
		return;
	(void)fuzz_byte(fuzz);
	height = fuzz_byte(fuzz);
	if (height == 0)
		*now += 10000;
	else if (height < 4)
		d.reply = replies[height - 1];
	else
		drive_resize(&d, (int)fuzz_byte(fuzz) + 1, (int)height / 2);
	look();
}

static void let_writes_end(void)
{
	d.held[JOB_WRITE] = false;
	for (size_t i = 0; i < d.job_count; i++)
		atomic_store(&d.jobs[i]->stop, true);
	drive_settle(&d);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz fuzz = { data, size };
	struct term_keys keys = { .erase = 0x7f };
	int64_t now = 1000;

	if (!built.dir)
		built = (struct built){ .dir = fuzz_image_folder() };
	drive_open(&d, &built, 100, 40, hold_writes);
	while (fuzz.left && !d.over)
		press(&fuzz, &keys, &now);
	if (!d.over)
		look();
	let_writes_end();
	drive_close(&d);
	term_keys_fini(&keys);
	return 0;
}
