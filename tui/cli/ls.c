/* lamina ls: the merged filesystem, listed. */
#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "base/stop.h"
#include "cli/print.h"

struct listing {
	struct call *call;
	const struct lam_tree *tree;
	bool is_long, recursive, dead, json;
	long layer;                        /* -1: all */
	struct lam_buf path;               /* of the node at hand, bytes, absolute */
	const struct lam_version *version; /* of the node at hand, that is listed */
	const struct lam_version *later;   /* what came after it; NULL: it is visible */
	size_t count;
};

static void mode_text(const struct lam_stat *stat, char out[11])
{
	static const char kinds[] = {
		[LAM_KIND_FILE] = '-',  [LAM_KIND_SYMLINK] = 'l', [LAM_KIND_CHAR] = 'c',
		[LAM_KIND_BLOCK] = 'b', [LAM_KIND_DIR] = 'd',     [LAM_KIND_FIFO] = 'p'
	};
	static const char bits[] = "rwxrwxrwx";

	out[0] = kinds[stat->kind];
	for (int i = 0; i < 9; i++)
		out[i + 1] = stat->mode & (0400u >> i) ? bits[i] : '-';
	if (stat->mode & 04000)
		out[3] = stat->mode & 0100 ? 's' : 'S';
	if (stat->mode & 02000)
		out[6] = stat->mode & 0010 ? 's' : 'S';
	if (stat->mode & 01000)
		out[9] = stat->mode & 0001 ? 't' : 'T';
	out[10] = '\0';
}

static const char *end_of(const struct listing *l)
{
	return l->later->change == LAM_CHANGE_DELETED ? "deleted" : "replaced";
}

static size_t link_count(const struct listing *l, uint32_t node)
{
	return l->later ? 1 : lam_tree_link_count(l->tree, node);
}

static void print_long(const struct listing *l, const struct lam_stat *stat)
{
	char mode[11], when[LAM_TIME_TEXT], owner[48], size[32];

	mode_text(stat, mode);
	lam_time_format(stat->mtime_s, when);
	snprintf(owner, sizeof owner, "%lld:%lld", (long long)stat->uid,
		 (long long)stat->gid);
	if (stat->kind == LAM_KIND_CHAR || stat->kind == LAM_KIND_BLOCK)
		snprintf(size, sizeof size, "%u,%u", stat->dev_major, stat->dev_minor);
	else
		snprintf(size, sizeof size, "%llu", (unsigned long long)stat->size);
	print(stdout, "%s %-9s %12s %s %4u ", mode, owner, size, when, l->version->layer);
}

static void print_plain(struct listing *l, uint32_t node, const struct lam_stat *stat)
{
	const struct lam_node *n = lam_tree_node(l->tree, node);
	const char *where;

	if (l->is_long)
		print_long(l, stat);
	print_bytes(stdout, l->path.data, l->path.len);
	if (l->is_long && stat->kind == LAM_KIND_SYMLINK) {
		print_own(stdout, " -> ");
		print_bytes(stdout, stat->target, stat->target_len);
		where = l->later ? NULL : resolution_name(l->tree, node);
		if (where)
			print(stdout, " [%s]", where);
	}
	if (l->is_long && n->linked && !l->later)
		print(stdout, " [%zu links]", link_count(l, node));
	if (l->later)
		print(stdout, " [%s in %u]", end_of(l), l->later->layer);
	print_own(stdout, "\n");
}

static json_t *json_attributes(const struct lam_stat *stat)
{
	json_t *json = json_object();

	for (size_t i = 0; i < stat->attribute_count; i++) {
		const struct lam_attribute *a = &stat->attributes[i];
		LAM_CLEANUP(lam_buf_fini) struct lam_buf value = LAM_TEXT;
		char *key = lam_path_escape(a->key, a->key_len);

		lam_base64_encode(&value, a->value, a->value_len);
		json_object_set_new(json, key, json_string(value.data ? value.data : ""));
		free(key);
	}
	return json;
}

static void add_kind(json_t *json, const struct listing *l, uint32_t node,
		     const struct lam_stat *stat)
{
	const char *where = NULL;

	if (stat->kind == LAM_KIND_SYMLINK) {
		json_object_set_new(json, "target",
				    json_bytes(stat->target, stat->target_len));
		where = l->later ? NULL : resolution_name(l->tree, node);
	}
	if (where)
		json_object_set_new(json, "state", json_string(where));
	if (stat->kind == LAM_KIND_CHAR || stat->kind == LAM_KIND_BLOCK) {
		json_object_set_new(json, "dev_major", json_integer(stat->dev_major));
		json_object_set_new(json, "dev_minor", json_integer(stat->dev_minor));
	}
}

static json_t *make_json(const struct listing *l, uint32_t node,
			 const struct lam_stat *stat)
{
	json_t *json = json_pack(
		"{s:o, s:s, s:o, s:I, s:I, s:I, s:I, s:I, s:I}", "path",
		json_bytes(l->path.data, l->path.len), "kind", KIND_NAMES[stat->kind],
		"mode", json_sprintf("%04o", stat->mode), "uid", (json_int_t)stat->uid,
		"gid", (json_int_t)stat->gid, "size", (json_int_t)stat->size, "mtime",
		(json_int_t)stat->mtime_s, "mtime_ns", (json_int_t)stat->mtime_ns,
		"layer", (json_int_t)l->version->layer);
	char hex[2 * sizeof stat->content + 1], later[32];

	add_kind(json, l, node, stat);
	json_object_set_new(json, "links", json_integer((json_int_t)link_count(l, node)));
	if (lam_tree_node(l->tree, node)->linked && !l->later)
		json_object_set_new(json, "inode",
				    json_sprintf("%u:%u", stat->layer, stat->inode));
	if (l->version->implied && stat->kind == LAM_KIND_DIR)
		json_object_set_new(json, "implied", json_true());
	if (stat->kind == LAM_KIND_FILE) {
		for (size_t i = 0; i < sizeof stat->content; i++)
			sprintf(hex + 2 * i, "%02x", stat->content[i]);
		json_object_set_new(json, "sha256", json_string(hex));
	}
	if (stat->attribute_count)
		json_object_set_new(json, "attributes", json_attributes(stat));
	if (l->later) {
		snprintf(later, sizeof later, "%s_in", end_of(l));
		json_object_set_new(json, later, json_integer(l->later->layer));
	}
	return json;
}

/* The version that is listed: the layer's own, or the last; false: none is wanted. */
static bool find_version(struct listing *l, uint32_t node)
{
	static const struct lam_version nothing = { .previous = LAM_NODE_NONE,
						    .inode = UINT32_MAX,
						    .implied = true };
	const struct lam_node *n = lam_tree_node(l->tree, node);

	l->later = NULL;
	l->version = n->version == LAM_NODE_NONE ? &nothing
						 : lam_tree_version(l->tree, n->version);
	while (l->version->change == LAM_CHANGE_DELETED ||
	       (l->layer >= 0 && l->version->layer != l->layer)) {
		if (l->version->previous == LAM_NODE_NONE)
			return false;
		l->later = l->version;
		l->version = lam_tree_version(l->tree, l->version->previous);
	}
	return l->dead || !l->later;
}

static void print_node(struct listing *l, uint32_t node)
{
	struct lam_stat stat;

	if (!find_version(l, node))
		return;
	lam_tree_stat_version(l->tree, l->version, &stat);
	if (l->json)
		print_json_item(make_json(l, node, &stat), l->count == 0);
	else
		print_plain(l, node, &stat);
	l->count++;
}

static void push_name(struct listing *l, uint32_t node)
{
	size_t len;
	const char *name = lam_tree_name(l->tree, node, &len);

	if (l->path.len == 0 || l->path.data[l->path.len - 1] != '/')
		lam_text_putc(&l->path, '/');
	lam_text_add(&l->path, name, len);
}

static void pop_name(struct listing *l, uint32_t node)
{
	size_t len;

	lam_tree_name(l->tree, node, &len);
	l->path.len -= len;
	if (l->path.len > 1)
		l->path.len--;
}

/* Goes on to what follows a node and all below it, inside `top`; LAM_NODE_NONE: nothing
 * does. */
static uint32_t next_beside(struct listing *l, uint32_t node, uint32_t top)
{
	while (node != top) {
		uint32_t parent = lam_tree_node(l->tree, node)->parent;
		const struct lam_node *p = lam_tree_node(l->tree, parent);

		pop_name(l, node);
		if (node + 1 < p->first_child + p->child_count) {
			push_name(l, ++node);
			return node;
		}
		node = parent;
	}
	return LAM_NODE_NONE;
}

/* Depth first, without a stack of calls: images may be nested deeply. */
static int walk(struct listing *l, uint32_t top)
{
	uint32_t node = top;
	bool into = true;

	for (uint64_t steps = 0; node != LAM_NODE_NONE; steps++) {
		const struct lam_node *n = lam_tree_node(l->tree, node);

		if (lam_stops(&stop_asked, steps & 255 ? 1 : 0))
			return lam_fail_stopped(&l->call->err);
		if (into && n->child_count) {
			node = n->first_child;
			push_name(l, node);
		} else {
			node = next_beside(l, node, top);
		}
		if (node == LAM_NODE_NONE)
			break;
		print_node(l, node);
		n = lam_tree_node(l->tree, node);
		into = l->recursive && (n->live || l->dead);
	}
	return 0;
}

static int list(struct listing *l, uint32_t top)
{
	int code = 0;

	l->path = LAM_TEXT;
	l->path.data = lam_tree_path(l->tree, top, &l->path.len);
	l->path.cap = l->path.len + 1;
	if (l->json)
		print_own(stdout, "{\"lamina\":1,\"entries\":[");
	if (lam_tree_node(l->tree, top)->kind != LAM_KIND_DIR || l->recursive)
		print_node(l, top);
	if (lam_tree_node(l->tree, top)->kind == LAM_KIND_DIR)
		code = walk(l, top);
	if (l->json)
		print_own(stdout, "\n]}\n");
	lam_buf_fini(&l->path);
	return code < 0 ? fail(l->call) : EXIT_DONE;
}

static int run_ls(struct call *call)
{
	struct listing l = { .call = call,
			     .is_long = call_has(call, "long"),
			     .recursive = call_has(call, "recursive"),
			     .dead = call_has(call, "dead"),
			     .json = call_has(call, "json"),
			     .layer = -1 };
	struct lam_image *image;
	uint32_t top;
	int code = read_layer(call, "ls", &l.layer);

	if (code)
		return code;
	image = open_image(call, call->args[0], NULL, &code);
	if (!image)
		return code;
	l.tree = lam_image_tree(image);
	if (!has_layer(call, image, l.layer)) {
		code = fail(call);
	} else {
		top = find_path(call, image, call->arg_count > 1 ? call->args[1] : "/",
				l.dead);
		code = top == LAM_NODE_NONE ? EXIT_IMAGE : list(&l, top);
	}
	lam_image_close(image);
	return code;
}

static const struct option OPTIONS[] = {
	{ "long", 'l', NULL, "mode, owner, size, time, layer and target" },
	{ "recursive", 'R', NULL, "all below" },
	{ "layer", 0, "N", "only what comes from layer N" },
	{ "dead", 0, NULL, "also what is not visible any more" },
	{ "json", 0, NULL, "as JSON" },
	{ 0 },
};

const struct command CMD_LS = {
	.name = "ls",
	.usage = "IMAGE [PATH]",
	.summary = "list the merged filesystem",
	.about =
		"Lists PATH (the root, if it is left out), with -R all below it. -l shows mode, owner, size, time, the layer that\n"
		"each comes from, and where symlinks lead: [dangling], [loop] or [above root] behind those that lead nowhere.",
	.options = OPTIONS,
	.least = 1,
	.most = 2,
	.run = run_ls,
};
