/* The table of actions (actions.def), and keys bound to them. */
#ifndef APP_ACTION_H
#define APP_ACTION_H

#include "ui/key.h"

enum context { CONTEXT_FILES = 1, CONTEXT_LAYERS = 2, CONTEXT_DETAILS = 4 };

enum group {
	GROUP_MOVE,
	GROUP_PANE,
	GROUP_CHOOSE,
	GROUP_PLAN,
	GROUP_LAYER,
	GROUP_LOOK,
	GROUP_OTHER,
	GROUP_COUNT
};

enum action {
	ACT_NONE,
#define ACTION(id, ...) ACT_##id,
#include "editor/keys/actions.def"
#undef ACTION
	ACT_COUNT
};

struct app;
/* Text that was said behind an action's name, or NULL. */
typedef void action_on_text(struct app *app, const char *text);

struct action_info {
	const char *name;
	const char *argument; /* "" for none; what it may be given as a command */
	unsigned contexts;
	enum group group;
	const char *keys;
	const char *help;
};

extern const struct action_info ACTIONS[ACT_COUNT];
extern const char *const GROUP_NAMES[GROUP_COUNT];

enum action action_find(const char *name); /* ACT_NONE: there is none */

/* Which sequence means which action, in which context. */
struct binding {
	struct key_sequence keys;
	unsigned contexts;
	enum action action;
};
struct keymap {
	struct binding *items;
	size_t count, cap;
};

void keymap_init(struct keymap *map); /* the table's own keys */
void keymap_fini(struct keymap *map);
/* Replaces an action's keys. */
void keymap_rebind(struct keymap *map, enum action action,
		   const struct key_sequence *sequences, size_t count);
/* The first two bindings that fight: one equals the other, or begins it, in a context of
 * both. NULL: there are none. */
const struct binding *keymap_conflict(const struct keymap *map,
				      const struct binding **out_other);
enum lookup { LOOKUP_NONE, LOOKUP_PREFIX, LOOKUP_FOUND };
enum lookup keymap_find(const struct keymap *map, unsigned context,
			const struct key_sequence *typed, enum action *out_action);
/* What may follow the beginning of a sequence: "g first  p go", cut to fit. */
const char *keymap_following(const struct keymap *map, unsigned context,
			     const struct key_sequence *typed, char *out, size_t size);
/* The first key of an action in a context, for hints: "" where it has none. */
const char *keymap_name(const struct keymap *map, enum action action, unsigned context,
			char out[KEY_NAME_MAX * KEY_SEQUENCE_MAX]);
/* All of its keys, apart by blanks; cut to fit. */
const char *keymap_names(const struct keymap *map, enum action action, char *out,
			 size_t size);

#endif
