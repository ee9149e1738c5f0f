/* lamina inspect, lamina check */
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cli/cmd.h"

static const char *codec_name(enum lam_codec codec)
{
	return codec == LAM_CODEC_GZIP   ? "gzip"
	       : codec == LAM_CODEC_ZSTD ? "zstd"
					 : "none";
}

/* Text of the image's documents: not from its files, and hostile all the same. */
static void put_cut(const char *text, size_t most)
{
	char *escaped = lam_path_escape(text, strlen(text));
	const char *shown = text_or_lack(escaped);
	size_t len = strlen(shown), cut = len;

	if (len > most) {
		for (cut = most > 3 ? most - 3 : 0;
		     cut > 0 && ((unsigned char)shown[cut] & 0xc0) == 0x80;)
			cut--;
	}
	printf("%.*s%s", (int)cut, shown, cut < len ? "..." : "");
	free(escaped);
}

static size_t width(void)
{
	struct winsize size;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 40)
		return size.ws_col;
	return isatty(STDOUT_FILENO) ? 80 : 160;
}

static void print_note(const struct lam_note *n)
{
	printf("%s", n->rule);
	if (n->layer != UINT32_MAX)
		printf(": layer %u", n->layer);
	printf("%s%s: %s\n", n->path ? ": " : "", n->path ? n->path : "", n->text);
}

static void print_notes(const struct lam_image *image, size_t most)
{
	size_t count = lam_image_note_count(image);

	for (size_t i = 0; i < count && i < most; i++)
		print_note(lam_image_note(image, i));
	if (lam_image_note_total(image) > most || lam_image_note_total(image) > count)
		printf("and %llu more notes%s\n",
		       (unsigned long long)lam_image_note_total(image) -
			       (count < most ? count : most),
		       count > most ? "; lamina check lists them" : "");
}

static void print_layers(const struct lam_image *image)
{
	uint64_t blobs = 0, tars = 0, waste = 0;
	char a[16], b[16], c[16];
	size_t room = width();

	printf("%3s  %-12s %-4s %7s %7s %8s %7s  %s\n", "", "digest", "", "blob", "tar",
	       "entries", "waste", "created by");
	for (size_t i = 0; i < lam_image_layer_count(image); i++) {
		const struct lam_layer_info *l = lam_image_layer(image, i);

		printf("%3zu  %.12s %-4s %7s %7s %8u %7s  ", i,
		       strchr(l->digest, ':') + 1, codec_name(l->codec),
		       size_text(l->blob_size, a), size_text(l->tar_size, b),
		       l->entry_count,
		       l->waste_bytes ? size_text(l->waste_bytes, c) : "-");
		put_cut(l->created_by, room > 70 ? room - 58 : 20);
		putchar('\n');
		blobs += l->blob_size;
		tars += l->tar_size;
		waste += l->waste_bytes;
	}
	printf("%3s  %-17s %7s %7s %8s %7s\n", "", "sum", size_text(blobs, a),
	       size_text(tars, b), "", waste ? size_text(waste, c) : "-");
}

static void print_image(const struct lam_image *image)
{
	const struct lam_node *root = lam_tree_node(lam_image_tree(image), LAM_NODE_ROOT);
	char size[16];

	printf("%s  %s\nmanifest %s\n\n", lam_image_reference(image),
	       lam_image_platform(image), lam_image_manifest_digest(image));
	print_layers(image);
	printf("\nmerged: %u paths, %s in files\n", root->live_count,
	       size_text(root->live_bytes, size));
	if (lam_image_note_total(image))
		putchar('\n');
	print_notes(image, 20);
}

static void print_json_layer(const struct lam_layer_info *l, size_t n)
{
	printf("%s\n    {\"number\":%zu,\"digest\":\"%s\",\"diff_id\":\"%s\",\"media_type\":",
	       n ? "," : "", n, l->digest, l->diff_id);
	put_json_bytes(stdout, l->media_type, strlen(l->media_type));
	printf(",\"codec\":\"%s\",\"blob_size\":%llu,\"tar_size\":%llu,\"entries\":%u,\"whiteouts\":%u,"
	       "\"file_bytes\":%llu,\"dead\":%u,\"waste_bytes\":%llu,\"created_by\":",
	       codec_name(l->codec), (unsigned long long)l->blob_size,
	       (unsigned long long)l->tar_size, l->entry_count, l->whiteout_count,
	       (unsigned long long)l->file_bytes, l->dead_count,
	       (unsigned long long)l->waste_bytes);
	put_json_bytes(stdout, l->created_by, strlen(l->created_by));
	putchar('}');
}

static void print_json(const struct lam_image *image)
{
	const struct lam_node *root = lam_tree_node(lam_image_tree(image), LAM_NODE_ROOT);

	fputs("{\"lamina\":1,\"reference\":", stdout);
	put_json_bytes(stdout, lam_image_reference(image),
		       strlen(lam_image_reference(image)));
	printf(",\"platform\":\"%s\",\"manifest\":\"%s\",\"config\":\"%s\",\"paths\":%u,\"file_bytes\":%llu,\n  \"layers\":[",
	       lam_image_platform(image), lam_image_manifest_digest(image),
	       lam_image_config_digest(image), root->live_count,
	       (unsigned long long)root->live_bytes);
	for (size_t i = 0; i < lam_image_layer_count(image); i++)
		print_json_layer(lam_image_layer(image, i), i);
	printf("],\n  \"note_total\":%llu,\"notes\":[",
	       (unsigned long long)lam_image_note_total(image));
	for (size_t i = 0; i < lam_image_note_count(image); i++) {
		const struct lam_note *n = lam_image_note(image, i);

		printf("%s\n    {\"rule\":\"%s\"", i ? "," : "", n->rule);
		if (n->layer != UINT32_MAX)
			printf(",\"layer\":%u", n->layer);
		if (n->path) {
			fputs(",\"path\":", stdout);
			put_json(stdout, n->path);
		}
		fputs(",\"text\":", stdout);
		put_json(stdout, n->text);
		putchar('}');
	}
	puts("]}");
}

int run_inspect(struct call *call)
{
	int code = EXIT_DONE;
	struct lam_image *image = open_image(call, call->args[0], NULL, &code);

	if (!image)
		return code;
	if (call_has(call, "json"))
		print_json(image);
	else
		print_image(image);
	lam_image_close(image);
	return EXIT_DONE;
}

int run_check(struct call *call)
{
	int code = EXIT_DONE;
	struct lam_image *image;

	call->read_all = true;
	image = open_image(call, call->args[0], NULL, &code);
	/* what is there and wrong is what check is for; what is not there is not */
	if (!image)
		return call->err.code == LAM_EFORMAT || call->err.code == LAM_EREAD
			       ? EXIT_DIFFERENT
			       : code;
	print_notes(image, SIZE_MAX);
	printf("%s: all %zu layers are what their digests say, %u paths\n",
	       lam_image_reference(image), lam_image_layer_count(image),
	       lam_tree_node(lam_image_tree(image), LAM_NODE_ROOT)->live_count);
	lam_image_close(image);
	return EXIT_DONE;
}
