#include <fcntl.h>
#include <isa-l/crc64.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <lamina/image.h>

#include "buf_writer.h"
#include "folder.h"
#include "layer/cache.h"
#include "oci_build.h"
#include "tar_build.h"
#include "tree/tree.h"
#include "tree_dump.h"
#include "unit.h"

static struct lam_error err;

/* A layer of everything that an index can hold */

static struct lam_buf everything(void)
{
	static const char pax[] = "25 SCHILY.xattr.user.a=1\n25 SCHILY.xattr.user.b=2\n";
	static const char sparse[] =
		"22 GNU.sparse.major=1\n22 GNU.sparse.minor=0\n25 GNU.sparse.name=holes\n"
		"28 GNU.sparse.realsize=9000\n";
	const struct tar_member members[] = {
		{ .name = "usr/", .flag = '5' },
		{ .name = "pax", .flag = 'x', .body = pax, .body_len = sizeof pax - 1 },
		{ .name = "usr/file", .body = "hello", .body_len = 5 },
		{ .name = "usr/link", .flag = '1', .link = "usr/file" },
		{ .name = "usr/symlink", .flag = '2', .link = "../usr/file" },
		{ .name = "usr/below", .flag = '1', .link = "etc/conf" },
		{ .name = "usr/.wh.gone", .body = "" },
		{ .name = "opt/new/.wh..wh..opq", .body = "" },
		{ .name = "opt/new/\xff\n", .body = "x", .body_len = 1 },
		{ .name = "usr/file2", .body = "2", .body_len = 1 },
		{ .name = "usr/file2", .body = "3", .body_len = 1 },
		{ .name = "pax",
		  .flag = 'x',
		  .body = sparse,
		  .body_len = sizeof sparse - 1 },
		{ .name = "holes",
		  .sparse = "2\n10\n3\n8000\n2\n",
		  .body = "abcde",
		  .body_len = 5 },
	};
	struct lam_buf tar = LAM_BUF(SIZE_MAX / 2);

	for (size_t i = 0; i < sizeof members / sizeof *members; i++)
		tar_append(&tar, &members[i]);
	tar_append_end(&tar);
	return tar;
}

static struct lam_buf base_tar(void)
{
	struct lam_buf tar = LAM_BUF(SIZE_MAX / 2);

	tar_append(&tar, &(struct tar_member){
				 .name = "etc/conf", .body = "c", .body_len = 1 });
	tar_append(&tar, &(struct tar_member){
				 .name = "usr/gone", .body = "g", .body_len = 1 });
	tar_append_end(&tar);
	return tar;
}

static struct lam_layer *index_of(struct lam_buf tar, uint32_t number,
				  struct lam_layer_reading *reading)
{
	struct lam_layer_blob blob = { .reader = lam_reader_memory(tar.data, tar.len),
				       .number = number };
	struct lam_layer *layer;

	OK(lam_layer_read_blob(&layer, &blob, reading, &err));
	lam_buf_fini(&tar);
	return layer;
}

/* One with checkpoints too, which a short tar has none of. */
static struct lam_layer *full_index(struct lam_layer_reading *reading)
{
	struct lam_layer *layer = index_of(everything(), 1, reading);
	const struct lam_checkpoint points[] = {
		{ .out = 600, .in = 100 },
		{ .out = 1300, .in = 300, .in_member = 1, .bit_count = 3 },
	};

	lam_checkpoints_add(&layer->points, points[0], NULL, 0);
	lam_checkpoints_add(&layer->points, points[1], "windowwindow", 12);
	return layer;
}

static struct lam_buf dump(const struct lam_layer *layer)
{
	struct lam_layer_reading reading;
	struct lam_layer *base = index_of(base_tar(), 0, &reading);
	const struct lam_layer *layers[] = { base, layer };
	struct lam_notes notes = { 0 };
	struct lam_buf out = LAM_TEXT;
	struct lam_tree *tree;

	OK(lam_tree_merge(&tree, layers, 2, &notes, NULL, &err));
	lam_notes_append(&notes, &layer->notes);
	tree_dump(&out, tree);
	layer_dump(&out, layer);
	notes_dump(&out, &notes);
	lam_notes_fini(&notes);
	lam_tree_free(tree);
	lam_layer_free(base);
	return out;
}

static struct lam_layer_key key_of(const struct lam_layer_reading *reading)
{
	return (struct lam_layer_key){ reading->digest, reading->diff_id,
				       reading->blob_size };
}

static struct lam_buf store(const struct lam_layer *layer,
			    const struct lam_layer_reading *reading)
{
	struct lam_buf out = LAM_BUF(SIZE_MAX / 2);
	struct lam_writer *to;

	to = buf_writer(&out);
	OK(lam_layer_save(layer, reading, UINT64_MAX, to, &err));
	lam_writer_close(to);
	return out;
}

/* Of a copy, as long as `size`. */
static struct lam_layer *load(const struct lam_buf *stored, size_t size,
			      const struct lam_layer_reading *reading)
{
	char *block = malloc(size + 1);
	struct lam_layer_key key = key_of(reading);
	struct lam_layer_reading again;
	struct lam_layer *layer;

	memcpy(block, stored->data, size);
	return lam_layer_load(&layer, &again, block, size, &key, 1) ? layer : NULL;
}

static void seal(struct lam_buf *stored, size_t size)
{
	struct lam_store_header *h = (struct lam_store_header *)(void *)stored->data;

	h->checksum = crc64_ecma_refl(
		0, (const unsigned char *)stored->data + LAM_STORE_CHECKED,
		size - LAM_STORE_CHECKED);
}

static void comes_back(void **state)
{
	struct lam_layer_reading reading;
	struct lam_layer *layer = full_index(&reading), *again;
	struct lam_buf stored = store(layer, &reading), before = dump(layer), after;

	(void)state;
	again = load(&stored, stored.len, &reading);
	assert_non_null(again);
	after = dump(again);
	assert_int_equal(before.len, after.len);
	assert_memory_equal(before.data, after.data, before.len);
	assert_int_equal(again->entry_count, layer->entry_count);
	assert_int_equal(again->notes.total, layer->notes.total);
	lam_buf_fini(&before);
	lam_buf_fini(&after);
	lam_buf_fini(&stored);
	lam_layer_free(layer);
	lam_layer_free(again);
}

static void wrong_key(void **state)
{
	struct lam_layer_reading reading, other;
	struct lam_layer *layer = full_index(&reading);
	struct lam_buf stored = store(layer, &reading);

	(void)state;
	other = reading;
	other.digest.bytes[5] ^= 1;
	assert_null(load(&stored, stored.len, &other));
	other = reading;
	other.diff_id.bytes[31] ^= 1;
	assert_null(load(&stored, stored.len, &other));
	other = reading;
	other.blob_size++;
	assert_null(load(&stored, stored.len, &other));
	lam_buf_fini(&stored);
	lam_layer_free(layer);
}

static void any_byte_damaged(void **state)
{
	struct lam_layer_reading reading;
	struct lam_layer *layer = full_index(&reading);
	struct lam_buf stored = store(layer, &reading);

	(void)state;
	for (size_t i = 0; i < stored.len; i++) {
		stored.data[i] ^= 0x10;
		assert_null(load(&stored, stored.len, &reading));
		stored.data[i] ^= 0x10;
		assert_null(load(&stored, i, &reading));
	}
	lam_buf_fini(&stored);
	lam_layer_free(layer);
}

/* Damage that has a right checksum: what is believed must be fit for use. */
static void any_byte_forged(void **state)
{
	static const unsigned char turns[] = { 0x01, 0x02, 0x08, 0x80, 0xff };
	struct lam_layer_reading reading;
	struct lam_layer *layer = full_index(&reading);
	struct lam_buf stored = store(layer, &reading);
	size_t believed = 0, refused = 0;

	(void)state;
	for (size_t i = LAM_STORE_CHECKED; i < stored.len; i++) {
		for (size_t t = 0; t < sizeof turns; t++) {
			struct lam_layer *forged;

			stored.data[i] = (char)(stored.data[i] ^ turns[t]);
			seal(&stored, stored.len);
			forged = load(&stored, stored.len, &reading);
			stored.data[i] = (char)(stored.data[i] ^ turns[t]);
			refused += !forged;
			if (!forged)
				continue;
			believed++;
			struct lam_buf used = dump(forged);

			lam_buf_fini(&used);
			lam_layer_free(forged);
		}
	}
	assert_true(believed > 0);
	assert_true(refused > believed);
	lam_buf_fini(&stored);
	lam_layer_free(layer);
}

static void any_length_forged(void **state)
{
	struct lam_layer_reading reading;
	struct lam_layer *layer = full_index(&reading);
	struct lam_buf stored = store(layer, &reading);
	struct lam_store_header *h = (struct lam_store_header *)(void *)stored.data;

	(void)state;
	for (size_t size = sizeof *h; size < stored.len; size++) {
		h->size = size;
		seal(&stored, size);
		assert_null(load(&stored, size, &reading));
	}
	lam_buf_fini(&stored);
	lam_layer_free(layer);
}

/* Stored notes name their rule by its number, which is found by its name. */
static void rules_have_names(void **state)
{
	(void)state;
	for (int i = 0; i < LAM_ODD_COUNT; i++) {
		enum lam_odd rule = (enum lam_odd)i;

		assert_int_equal(lam_odd_find(lam_odd_name(rule)), rule);
		assert_non_null(lam_odd_text(rule));
	}
	assert_int_equal(lam_odd_find("no such rule"), LAM_ODD_COUNT);
}

/* The folder */

static bool is_cached(const struct lam_cache *cache,
		      const struct lam_layer_reading *reading)
{
	struct lam_layer_key key = key_of(reading);
	struct lam_layer_reading again;
	struct lam_layer *layer;

	if (!lam_cache_get(cache, &key, 0, &layer, &again))
		return false;
	lam_layer_free(layer);
	return true;
}

static void put_and_got(void **state)
{
	struct lam_layer_reading reading;
	struct lam_layer *layer = full_index(&reading);
	char *path = in_folder("a/b/c");
	struct lam_cache cache;
	struct stat st;

	(void)state;
	lam_cache_init(&cache, path);
	assert_false(is_cached(&cache, &reading));
	lam_cache_put(&cache, layer, &reading);
	assert_true(is_cached(&cache, &reading));
	assert_int_equal(oci_count(path), 1);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
	lam_cache_put(&cache, layer, &reading);
	assert_int_equal(oci_count(path), 1);
	lam_cache_fini(&cache);
	free(path);
	/* what is larger than all may be together is not written at all */
	path = in_folder("small");
	lam_cache_init(&cache, path);
	cache.max = 100;
	lam_cache_put(&cache, layer, &reading);
	assert_int_equal(oci_count(path), 0);
	lam_cache_fini(&cache);
	free(path);
	lam_layer_free(layer);
}

static void nowhere_to_put(void **state)
{
	struct lam_layer_reading reading;
	struct lam_layer *layer = full_index(&reading);
	char *path = in_folder("file");
	struct lam_cache cache;

	(void)state;
	lam_cache_init(&cache, NULL);
	lam_cache_put(&cache, layer, &reading);
	assert_false(is_cached(&cache, &reading));
	lam_cache_trim(&cache);
	close(open(path, O_CREAT | O_WRONLY, 0600));
	lam_cache_init(&cache, path);
	lam_cache_put(&cache, layer, &reading);
	assert_false(is_cached(&cache, &reading));
	lam_cache_trim(&cache);
	lam_cache_fini(&cache);
	free(path);
	lam_layer_free(layer);
}

static void oldest_goes(void **state)
{
	struct lam_layer_reading readings[4];
	struct lam_layer *layer = full_index(&readings[0]);
	char *path = in_folder("cache");
	struct lam_cache cache;

	(void)state;
	lam_cache_init(&cache, path);
	for (size_t i = 0; i < 4; i++) {
		readings[i] = readings[0];
		readings[i].digest.bytes[0] = (uint8_t)i;
		lam_cache_put(&cache, layer, &readings[i]);
		usleep(20000);
	}
	assert_true(is_cached(&cache, &readings[0])); /* the newest now */
	struct lam_buf stored = store(layer, &readings[0]);

	cache.max = 2 * stored.len + 10;
	lam_cache_trim(&cache);
	assert_int_equal(oci_count(path), 2);
	assert_true(is_cached(&cache, &readings[0]));
	assert_false(is_cached(&cache, &readings[1]));
	assert_false(is_cached(&cache, &readings[2]));
	assert_true(is_cached(&cache, &readings[3]));
	lam_buf_fini(&stored);
	lam_cache_fini(&cache);
	free(path);
	lam_layer_free(layer);
}

static void strangers_stay(void **state)
{
	static const char *const names[] = { "layer-temporary-old", "layer-temporary-new",
					     "layer.index", "notes.txt" };
	const struct timespec long_ago[2] = { { 1000, 0 }, { 1000, 0 } };
	struct lam_cache cache;

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		char *path = in_folder(names[i]);

		close(open(path, O_CREAT | O_WRONLY, 0600));
		if (i != 1)
			assert_int_equal(utimensat(AT_FDCWD, path, long_ago, 0), 0);
		free(path);
	}
	lam_cache_init(&cache, folder);
	cache.max = 0;
	lam_cache_trim(&cache);
	assert_int_equal(oci_count(folder), 3); /* all but the old temporary */
	lam_cache_fini(&cache);
}

struct runner {
	const struct lam_cache *cache;
	const struct lam_layer *layer;
	const struct lam_layer_reading *reading;
	size_t got;
};

static void *run(void *context)
{
	struct runner *r = context;

	for (int i = 0; i < 30; i++) {
		lam_cache_put(r->cache, r->layer, r->reading);
		r->got += is_cached(r->cache, r->reading);
		if (i % 10 == 0)
			lam_cache_trim(r->cache);
	}
	return NULL;
}

static void several_at_once(void **state)
{
	struct lam_layer_reading reading;
	struct lam_layer *layer = full_index(&reading);
	struct runner runners[6];
	pthread_t threads[6];
	struct lam_cache cache;

	(void)state;
	lam_cache_init(&cache, folder);
	for (size_t i = 0; i < 6; i++) {
		runners[i] = (struct runner){ &cache, layer, &reading, 0 };
		assert_int_equal(pthread_create(&threads[i], NULL, run, &runners[i]), 0);
	}
	for (size_t i = 0; i < 6; i++) {
		pthread_join(threads[i], NULL);
		assert_int_equal(runners[i].got, 30);
	}
	assert_int_equal(oci_count(folder), 1);
	lam_cache_fini(&cache);
	lam_layer_free(layer);
}

/* Images */

static int open_with(const char *image, const char *cache, struct lam_image **out)
{
	char reference[4096];

	snprintf(reference, sizeof reference, "oci:%s", image);
	return lam_image_open(out, reference,
			      &(struct lam_open_options){ .threads = 2, .cache = cache },
			      &err);
}

static struct lam_buf dump_image(const struct lam_image *image)
{
	struct lam_buf out = LAM_TEXT;

	tree_dump(&out, lam_image_tree(image));
	for (size_t i = 0; i < lam_image_note_count(image); i++) {
		const struct lam_note *n = lam_image_note(image, i);

		OK(lam_buf_printf(&out, &err, "\n%s %u %s %s", n->rule, n->layer,
				  n->path ? n->path : "-", n->text));
	}
	for (size_t i = 0; i < lam_image_layer_count(image); i++) {
		const struct lam_layer_info *l = lam_image_layer(image, i);

		OK(lam_buf_printf(&out, &err, "\n%s %s %d %llu %llu %u %u %llu %u %llu",
				  l->digest, l->diff_id, l->codec,
				  (unsigned long long)l->blob_size,
				  (unsigned long long)l->tar_size, l->entry_count,
				  l->whiteout_count, (unsigned long long)l->file_bytes,
				  l->dead_count, (unsigned long long)l->waste_bytes));
	}
	return out;
}

static char *make_image(enum lam_codec codec)
{
	struct lam_buf tars[] = { base_tar(), everything() };
	char *image = in_folder("image");

	oci_build(image, tars, 2, codec);
	lam_buf_fini(&tars[0]);
	lam_buf_fini(&tars[1]);
	return image;
}

static struct lam_buf open_and_dump(const char *image, const char *cache)
{
	struct lam_image *opened;
	struct lam_buf out;

	OK(open_with(image, cache, &opened));
	out = dump_image(opened);
	lam_image_close(opened);
	return out;
}

static void assert_same(struct lam_buf a, const struct lam_buf *b)
{
	assert_int_equal(a.len, b->len);
	assert_memory_equal(a.data, b->data, a.len);
	lam_buf_fini(&a);
}

static void images_open_alike(void **state)
{
	static const enum lam_codec codecs[] = { LAM_CODEC_NONE, LAM_CODEC_GZIP,
						 LAM_CODEC_ZSTD };
	char *cache = in_folder("cache");

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		char *image = make_image(codecs[i]);
		struct lam_buf cold = open_and_dump(image, NULL);

		assert_same(open_and_dump(image, cache), &cold);
		assert_int_equal(oci_count(cache), 2 * ((int)i + 1));
		assert_same(open_and_dump(image, cache), &cold);
		assert_int_equal(oci_count(cache), 2 * ((int)i + 1));
		lam_buf_fini(&cold);
		oci_remove(image);
		free(image);
	}
	free(cache);
}

static void damage_all(const char *cache)
{
	char command[4096];

	snprintf(
		command, sizeof command,
		"for f in '%s'/*; do printf '\\377' | dd of=\"$f\" bs=1 seek=700 conv=notrunc "
		"status=none; done",
		cache);
	assert_int_equal(system(command), 0);
}

static void damaged_is_made_anew(void **state)
{
	char *cache = in_folder("cache"), *image = make_image(LAM_CODEC_GZIP);
	struct lam_buf cold = open_and_dump(image, cache);
	struct lam_image *opened;

	(void)state;
	damage_all(cache);
	assert_same(open_and_dump(image, cache), &cold);
	/* and is right again: the next needs the blobs' names and sizes alone */
	OK(open_with(image, NULL, &opened));
	oci_damage(oci_blob(image, lam_image_layer(opened, 0)->digest));
	lam_image_close(opened);
	assert_same(open_and_dump(image, cache), &cold);
	assert_int_equal(open_with(image, NULL, &opened), LAM_EFORMAT);
	lam_buf_fini(&cold);
	free(cache);
	free(image);
}

static void blobs_are_looked_for(void **state)
{
	char *cache = in_folder("cache"), *image = make_image(LAM_CODEC_GZIP);
	struct lam_buf cold = open_and_dump(image, cache);
	struct lam_image *opened;
	char blob[4096];

	(void)state;
	OK(open_with(image, cache, &opened));
	snprintf(blob, sizeof blob, "%s",
		 oci_blob(image, lam_image_layer(opened, 1)->digest));
	lam_image_close(opened);
	assert_int_equal(truncate(blob, 20), 0);
	assert_int_equal(open_with(image, cache, &opened), LAM_EFORMAT);
	assert_int_equal(unlink(blob), 0);
	assert_int_equal(open_with(image, cache, &opened), LAM_EREAD);
	lam_buf_fini(&cold);
	free(cache);
	free(image);
}

/* Two siblings of one name, by number or by text: nothing else relies on it being told. */
static void siblings_alike(void **state)
{
	struct lam_layer_reading reading;
	struct lam_layer *layer = full_index(&reading), *again;
	struct lam_layer_node *nodes = layer->nodes;
	uint32_t at = 2;
	struct lam_tree *tree;

	(void)state;
	while (nodes[at].parent != nodes[at - 1].parent)
		at++;
	uint32_t name = nodes[at].name;

	nodes[at].name = nodes[at - 1].name;
	struct lam_buf stored = store(layer, &reading);

	assert_null(load(&stored, stored.len, &reading));
	lam_buf_fini(&stored);
	nodes[at].name = name;

	struct lam_names *names = &layer->names;
	size_t len;

	/* the last two names become one text */
	uint32_t last = names->count - 1;
	(void)lam_names_get(names, last, &len);
	names->offsets[last] = (uint32_t)(names->text_len - 1);
	names->offsets[last - 1] = (uint32_t)(names->text_len - 2);
	names->text[names->text_len - 2] = names->text[names->text_len - 1];
	stored = store(layer, &reading);
	again = load(&stored, stored.len, &reading);
	assert_non_null(again);

	const struct lam_layer *layers[] = { again };

	assert_int_equal(lam_tree_merge(&tree, layers, 1, NULL, NULL, &err), LAM_EFORMAT);
	lam_buf_fini(&stored);
	lam_layer_free(again);
	lam_layer_free(layer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(comes_back),
		cmocka_unit_test(wrong_key),
		cmocka_unit_test(any_byte_damaged),
		cmocka_unit_test(any_byte_forged),
		cmocka_unit_test(any_length_forged),
		cmocka_unit_test(siblings_alike),
		cmocka_unit_test(rules_have_names),
		cmocka_unit_test_setup_teardown(put_and_got, make_folder, remove_folder),
		cmocka_unit_test_setup_teardown(nowhere_to_put, make_folder,
						remove_folder),
		cmocka_unit_test_setup_teardown(oldest_goes, make_folder, remove_folder),
		cmocka_unit_test_setup_teardown(strangers_stay, make_folder,
						remove_folder),
		cmocka_unit_test_setup_teardown(several_at_once, make_folder,
						remove_folder),
		cmocka_unit_test_setup_teardown(images_open_alike, make_folder,
						remove_folder),
		cmocka_unit_test_setup_teardown(damaged_is_made_anew, make_folder,
						remove_folder),
		cmocka_unit_test_setup_teardown(blobs_are_looked_for, make_folder,
						remove_folder),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
