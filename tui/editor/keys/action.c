/* The table of actions, and keys bound to them. */
#include "editor/keys/action.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

enum {
	F = CONTEXT_FILES,
	L = CONTEXT_LAYERS,
	D = CONTEXT_DETAILS,
	FL = F | L,
	FD = F | D,
	A = F | L | D,
};

const struct action_info ACTIONS[ACT_COUNT] = {
	[ACT_NONE] = { "", "", 0, GROUP_OTHER, "", "" },
#define ACTION(id, name, argument, contexts, group, keys, help, function) \
	[ACT_##id] = { name, argument, contexts, GROUP_##group, keys, help },
#include "editor/keys/actions.def"
#undef ACTION
};

const char *const GROUP_NAMES[GROUP_COUNT] = {
	[GROUP_MOVE] = "Move",   [GROUP_PANE] = "Panes",   [GROUP_CHOOSE] = "Choose",
	[GROUP_PLAN] = "Plan",   [GROUP_LAYER] = "Layers", [GROUP_LOOK] = "Look",
	[GROUP_OTHER] = "Other",
};

enum action action_find(const char *name)
{
	for (int i = ACT_NONE + 1; i < ACT_COUNT; i++) {
		if (strcmp(ACTIONS[i].name, name) == 0)
			return (enum action)i;
	}
	return ACT_NONE;
}

static void bind(struct keymap *map, enum action action, const struct key_sequence *keys)
{
	LAM_XGROW(map->items, map->count, map->cap);
	map->items[map->count++] =
		(struct binding){ *keys, ACTIONS[action].contexts, action };
}

/* One word of a table's keys; '+' stands for the blank of "Esc 1". */
static void bind_word(struct keymap *map, enum action action, const char *word,
		      size_t len)
{
	struct key_sequence keys;
	char name[64];

	snprintf(name, sizeof name, "%.*s", (int)len, word);
	for (char *plus = len > 1 ? strchr(name + 1, '+') : NULL; plus;
	     plus = strchr(plus, '+'))
		*plus = ' ';
	if (key_sequence_parse(&keys, name))
		bind(map, action, &keys);
}

void keymap_init(struct keymap *map)
{
	*map = (struct keymap){ 0 };
	for (int i = ACT_NONE + 1; i < ACT_COUNT; i++) {
		const char *keys = ACTIONS[i].keys;

		while (*keys) {
			size_t len = strcspn(keys, " ");

			bind_word(map, (enum action)i, keys, len);
			keys += len + (keys[len] == ' ');
		}
	}
}

void keymap_fini(struct keymap *map)
{
	free(map->items);
	*map = (struct keymap){ 0 };
}

void keymap_rebind(struct keymap *map, enum action action,
		   const struct key_sequence *sequences, size_t count)
{
	size_t kept = 0;

	for (size_t i = 0; i < map->count; i++) {
		if (map->items[i].action != action)
			map->items[kept++] = map->items[i];
	}
	map->count = kept;
	for (size_t i = 0; i < count; i++)
		bind(map, action, &sequences[i]);
}

/* How far two sequences are the same. */
static size_t common(const struct key_sequence *a, const struct key_sequence *b)
{
	size_t n = 0;

	while (n < a->count && n < b->count && key_equal(a->keys[n], b->keys[n]))
		n++;
	return n;
}

const struct binding *keymap_conflict(const struct keymap *map,
				      const struct binding **out_other)
{
	for (size_t i = 0; i < map->count; i++) {
		for (size_t j = 0; j < i; j++) {
			const struct binding *a = &map->items[j], *b = &map->items[i];
			size_t n = common(&a->keys, &b->keys);

			if ((a->contexts & b->contexts) &&
			    (n == a->keys.count || n == b->keys.count)) {
				*out_other = a;
				return b;
			}
		}
	}
	return NULL;
}

enum lookup keymap_find(const struct keymap *map, unsigned context,
			const struct key_sequence *typed, enum action *out_action)
{
	enum lookup found = LOOKUP_NONE;

	for (size_t i = 0; i < map->count; i++) {
		const struct binding *b = &map->items[i];

		if (!(b->contexts & context) || common(&b->keys, typed) < typed->count)
			continue;
		*out_action = b->action;
		if (b->keys.count == typed->count)
			return LOOKUP_FOUND;
		found = LOOKUP_PREFIX;
	}
	return found;
}

static bool follows(const struct binding *b, unsigned context,
		    const struct key_sequence *typed)
{
	return (b->contexts & context) && b->keys.count > typed->count &&
	       common(&b->keys, typed) == typed->count;
}

struct following {
	char *out;
	size_t size, len;
};

/* Several keys of one action, next to each other, stand as "1-9". */
static void tell_run(struct following *f, const struct binding *first,
		     const struct binding *last, size_t typed)
{
	struct key_sequence from = { .count = 1 }, to = { .count = 1 };
	char name[2][KEY_NAME_MAX * KEY_SEQUENCE_MAX];
	bool several = last > first;

	if (f->len >= f->size)
		return;
	from.keys[0] = first->keys.keys[typed];
	to.keys[0] = last->keys.keys[typed];
	f->len += (size_t)snprintf(f->out + f->len, f->size - f->len, "%s%s%s%s %s",
				   f->len ? "  " : "", key_sequence_name(&from, name[0]),
				   several ? "-" : "",
				   several ? key_sequence_name(&to, name[1]) : "",
				   ACTIONS[first->action].name);
}

/* Actions that have no other first key come first: the line may be cut. */
const char *keymap_following(const struct keymap *map, unsigned context,
			     const struct key_sequence *typed, char *out, size_t size)
{
	struct following f = { out, size, 0 };

	out[0] = '\0';
	for (int seconds = 0; seconds < 2; seconds++) {
		for (size_t i = 0, last; i < map->count; i = last + 1) {
			const struct binding *b = map->items;
			bool second = i > 0 && b[i - 1].action == b[i].action;

			last = i;
			if (!follows(&b[i], context, typed))
				continue;
			while (last + 1 < map->count &&
			       b[last + 1].action == b[i].action &&
			       follows(&b[last + 1], context, typed))
				last++;
			if (second == (seconds == 1))
				tell_run(&f, &b[i], &b[last], typed->count);
		}
	}
	return out;
}

const char *keymap_name(const struct keymap *map, enum action action, unsigned context,
			char out[KEY_NAME_MAX * KEY_SEQUENCE_MAX])
{
	for (size_t i = 0; i < map->count; i++) {
		if (map->items[i].action == action && (map->items[i].contexts & context))
			return key_sequence_name(&map->items[i].keys, out);
	}
	out[0] = '\0';
	return out;
}

const char *keymap_names(const struct keymap *map, enum action action, char *out,
			 size_t size)
{
	size_t at = 0;

	out[0] = '\0';
	for (size_t i = 0; i < map->count; i++) {
		char name[KEY_NAME_MAX * KEY_SEQUENCE_MAX];
		size_t len;

		if (map->items[i].action != action)
			continue;
		key_sequence_name(&map->items[i].keys, name);
		len = strlen(name);
		if (at + len + 2 > size)
			break;
		if (at)
			out[at++] = ' ';
		memcpy(out + at, name, len + 1);
		at += len;
	}
	return out;
}
