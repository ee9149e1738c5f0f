/* A small image and a plan that bytes make up: laid out, written, read back, equal. */
#include <string.h>

#include <lamina/edit.h>
#include <lamina/write.h>

#include "fuzz.h"
#include "image_build.h"
#include "layout/layout.h"

#define LAYERS  4
#define ENTRIES 12

static const char *const PATHS[] = {
	"a",         "a/b",   "a/b/c",  "a/b/d",   "a/.wh.b",      "a/.wh..wh..opq",
	"b",         "b/c",   ".wh.a",  "b/.wh.c", "a/b/.wh.c",    "d",
	"d/\xff\n",  "d/e f", "l",      "l/x",     ".wh..wh..opq", "d/.wh..wh..opq",
	"a/b/.wh.d", ".wh.l", "b/[x]*", "d/d/d/d"
};
static const char *const TARGETS[] = { "a", "a/b/c",   "../../b", "/d",
				       "l", "missing", ".",       "b" };
static const char *const BODIES[] = { "", "x", "hello\n", NULL };
static const char *const ATTRIBUTES[] = { NULL, NULL, "SCHILY.xattr.user.a=1",
					  "SCHILY.xattr.security.capability=\x01",
					  "VENDOR.x=y" };
static const char KINDS[] = "fffddlhhcpb";

#define PICK(fuzz, table) ((table)[fuzz_below(fuzz, sizeof(table) / sizeof *(table))])

static struct image_entry entry(struct fuzz *fuzz)
{
	struct image_entry e = { .path = PICK(fuzz, PATHS) };
	bool whiteout = strstr(e.path, ".wh.");
	unsigned how = fuzz_byte(fuzz);

	e.kind = whiteout ? 'f' : KINDS[how % (sizeof KINDS - 1)];
	e.body = whiteout ? "" : BODIES[how / 16 % 4];
	e.size = e.body ? 0 : 600;
	e.target = e.kind == 'l' || e.kind == 'h' ? PICK(fuzz, TARGETS) : NULL;
	if (how & 128 && !whiteout) {
		e.mode = (fuzz_byte(fuzz) << 4 | 0600) & 07777;
		e.uid = fuzz_byte(fuzz) << fuzz_below(fuzz, 24);
		e.mtime = (int64_t)fuzz_byte(fuzz) << fuzz_below(fuzz, 36);
		e.attribute = PICK(fuzz, ATTRIBUTES);
	}
	return e;
}

static void build(struct fuzz *fuzz, const char *dir)
{
	struct image_entry entries[LAYERS][ENTRIES];
	struct image_layer layers[LAYERS] = { 0 };
	unsigned count = 1 + fuzz_below(fuzz, LAYERS);

	for (unsigned n = 0; n < count; n++) {
		unsigned how = fuzz_byte(fuzz);

		layers[n].entries = entries[n];
		layers[n].count = how % (ENTRIES + 1);
		layers[n].compression.codec = (enum lam_codec)(how / 16 % 3);
		layers[n].compression.level = layers[n].compression.codec ? 1 : 0;
		for (size_t i = 0; i < layers[n].count; i++)
			entries[n][i] = entry(fuzz);
	}
	image_build(dir, layers, count);
}

/* Plans */

static void assign(struct fuzz *fuzz, struct lam_plan *plan)
{
	static const char *const patterns[] = { "/a",    "/a/b", "/a/b/c",   "/b",
						"/d",    "/l",   "/**/c",    "/*",
						"/a/**", "/d/d", "/{a,b}/*", "/**" };
	struct lam_edit_rule rule = { .pattern = PICK(fuzz, patterns) };
	unsigned to = fuzz_below(fuzz, (unsigned)plan->layer_count + 1);
	struct lam_error err;

	rule.kind = strpbrk(rule.pattern, "*{") ? LAM_RULE_GLOB : LAM_RULE_PATH;
	MUST(lam_edit_assign(plan, &rule, 1,
			     to < plan->layer_count ? plan->layers[to].name : NULL,
			     &err));
}

static void change(struct fuzz *fuzz, struct lam_plan *plan)
{
	unsigned count = (unsigned)plan->layer_count, at = fuzz_below(fuzz, count);
	const struct lam_compression zstd = { LAM_CODEC_ZSTD, 1 };
	struct lam_error err;
	char *name;

	switch (fuzz_below(fuzz, 8)) {
	case 0:
		name = lam_plan_free_name(plan, "new");
		MUST(lam_edit_layer_add(plan, at, name, &err));
		free(name);
		break;
	case 1: MUST(lam_edit_layer_move(plan, at, fuzz_below(fuzz, count), &err)); break;
	case 2:
		if (count > 1)
			MUST(lam_edit_layer_merge(plan, at, (at + 1) % count, &err));
		break;
	case 3: (void)lam_edit_layer_keep(plan, at, fuzz_byte(fuzz) & 1, &err); break;
	case 4: MUST(lam_edit_layer_compression(plan, at, &zstd, &err)); break;
	default: assign(fuzz, plan);
	}
}

static struct lam_plan *plan_for(struct fuzz *fuzz, const struct lam_image *image)
{
	struct lam_plan_request request = { .flatten = fuzz_byte(fuzz) % 4 == 0 };
	struct lam_plan *plan;
	struct lam_error err;

	MUST(lam_plan_make(&plan, image, &request, &err));
	for (unsigned n = fuzz_below(fuzz, 8); n > 0; n--)
		change(fuzz, plan);
	return plan;
}

/* Writing */

static int differs(void *context, uint32_t a, uint32_t b, unsigned what)
{
	fprintf(stderr, "nodes %u and %u differ: %#x\n", a, b, what);
	(void)context;
	return 1;
}

static struct lam_image *open_image(const char *reference, struct lam_error *err)
{
	const struct lam_open_options options = { .platform = "linux/amd64",
						  .threads = 1,
						  .temporary = fuzz_folder(),
						  .spool = fuzz_folder() };
	struct lam_image *image = NULL;

	return lam_image_open(&image, reference, &options, err) < 0 ? NULL : image;
}

static void write_and_read(const struct lam_layout *layout, const char *reference)
{
	const struct lam_write_options options = { .threads = 1, .spool = fuzz_folder() };
	const struct lam_image *source = lam_layout_image(layout);
	const struct lam_diff_options meant = { .gone = layout->gone,
						.clamp_a = layout->plan->times };
	struct lam_write_result result = { 0 };
	struct lam_image *written;
	struct lam_error err;

	MUST(lam_write_image(layout, reference, &options, &result, &err));
	NEED(result.verified);
	written = open_image(reference, &err);
	if (!written)
		fprintf(stderr, "%s\n", err.text);
	NEED(written);
	NEED(strcmp(lam_image_manifest_digest(written), result.manifest_digest) == 0);
	NEED(lam_tree_diff_as(lam_image_tree(source), lam_image_tree(written), &meant,
			      differs, NULL, &err) == 0);
	if (lam_layout_is_identity(layout))
		NEED(strcmp(lam_image_manifest_digest(source), result.manifest_digest) ==
		     0);
	lam_image_close(written);
	lam_write_result_fini(&result);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz fuzz = { data, size };
	struct lam_image *image;
	struct lam_layout *layout;
	struct lam_plan *plan;
	struct lam_error err;
	char in[4096], out[4096];

	snprintf(in, sizeof in, "%s/in", fuzz_folder());
	snprintf(out, sizeof out, "oci:%s/out:t", fuzz_folder());
	build(&fuzz, in);
	image = open_image(in, &err);
	if (image) {
		plan = plan_for(&fuzz, image);
		if (lam_layout_new(&layout, image, plan, NULL, NULL, &err) == 0) {
			write_and_read(layout, out);
			lam_layout_free(layout);
		} else {
			need_error(err.code, &err);
			NEED(err.code == LAM_EPLAN);
		}
		lam_plan_free(plan);
		lam_image_close(image);
	} else {
		need_error(err.code, &err);
	}
	image_remove(in);
	snprintf(out, sizeof out, "%s/out", fuzz_folder());
	image_remove(out);
	return 0;
}
