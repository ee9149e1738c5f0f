/* How roles look with the colours there are. */
#include "ui/style.h"

#include <stddef.h>

#define B S_BOLD
#define R S_REVERSE
#define U S_UNDERLINE

/* Text on the terminal's own background takes colours that have a contrast of 3 or more
 * on black and on white: 29 98 131 166 243 of 256; of 8 and 16, red and magenta alone.
 * What must stand out more brings its background along. The chips of 256 are eight pairs
 * as far apart as can be, for all kinds of eyes; with fewer colours the letter tells. */
static const struct {
	const char *name;
	uint16_t mono;         /* attributes */
	struct look few, many; /* of 8 and 16 colours; of 256 */
} ROLES[ROLE_COUNT] = {
	[ROLE_TEXT] = { "text", 0, { -1, -1, 0 }, { -1, -1, 0 } },
	[ROLE_DIM] = { "dim", 0, { -1, -1, 0 }, { 243, -1, 0 } },
	[ROLE_HEADER] = { "header", R, { -1, -1, R }, { 255, 238, 0 } },
	[ROLE_STATUS] = { "status", R, { -1, -1, R }, { 255, 238, 0 } },
	[ROLE_BORDER] = { "border", 0, { -1, -1, 0 }, { 243, -1, 0 } },
	[ROLE_BORDER_FOCUS] = { "border-focus", B, { -1, -1, B }, { 29, -1, 0 } },
	[ROLE_TITLE] = { "title", 0, { -1, -1, 0 }, { -1, -1, 0 } },
	[ROLE_TITLE_FOCUS] = { "title-focus", B, { -1, -1, B }, { 29, -1, B } },
	[ROLE_DIR] = { "dir", B, { -1, -1, B }, { 98, -1, B } },
	[ROLE_LINK] = { "link", 0, { 5, -1, 0 }, { 29, -1, 0 } },
	[ROLE_DEVICE] = { "device", 0, { 5, -1, B }, { 131, -1, 0 } },
	[ROLE_EXEC] = { "exec", 0, { -1, -1, 0 }, { 29, -1, B } },
	[ROLE_GHOST] = { "ghost", 0, { -1, -1, 0 }, { 243, -1, 0 } },
	[ROLE_FLAG] = { "flag", B, { 1, -1, B }, { 131, -1, B } },
	[ROLE_WARNING] = { "warning", B, { 5, -1, B }, { 166, -1, 0 } },
	[ROLE_ERROR] = { "error", B | R, { 7, 1, B }, { 231, 124, B } },
	[ROLE_GOOD] = { "good", 0, { -1, -1, 0 }, { 29, -1, 0 } },
	[ROLE_MARK] = { "mark", B | U, { 5, -1, B | U }, { 166, -1, B } },
	[ROLE_MATCH] = { "match", R, { 0, 3, 0 }, { 16, 220, 0 } },
	[ROLE_KEY] = { "key", B, { -1, -1, B }, { -1, -1, B } },
	[ROLE_HINT] = { "hint", 0, { -1, -1, 0 }, { 243, -1, 0 } },
	[ROLE_BAR] = { "bar", 0, { -1, -1, 0 }, { 29, -1, 0 } },
	[ROLE_BAR_REST] = { "bar-rest", 0, { -1, -1, 0 }, { 243, -1, 0 } },
	[ROLE_DIALOG] = { "dialog", 0, { -1, -1, 0 }, { -1, -1, 0 } },
	[ROLE_INPUT] = { "input", U, { -1, -1, U }, { -1, -1, U } },
	[ROLE_CHIP + 0] = { "chip-0", R, { 0, 3, 0 }, { 16, 180, 0 } },
	[ROLE_CHIP + 1] = { "chip-1", R, { 0, 6, 0 }, { 16, 51, 0 } },
	[ROLE_CHIP + 2] = { "chip-2", R, { 0, 7, 0 }, { 16, 208, 0 } },
	[ROLE_CHIP + 3] = { "chip-3", R, { 7, 4, 0 }, { 231, 57, 0 } },
	[ROLE_CHIP + 4] = { "chip-4", R, { 7, 5, 0 }, { 16, 141, 0 } },
	[ROLE_CHIP + 5] = { "chip-5", R, { 0, 2, 0 }, { 231, 23, 0 } },
	[ROLE_CHIP + 6] = { "chip-6", R, { 7, 1, 0 }, { 231, 124, 0 } },
	[ROLE_CHIP + 7] = { "chip-7", R, { 7, 0, 0 }, { 231, 54, 0 } },
};

#undef B
#undef R
#undef U

static unsigned role_of(style_t style)
{
	unsigned role = style & S_ROLE;

	return role < ROLE_COUNT ? role : ROLE_TEXT;
}

static struct look role_look(enum palette palette, unsigned role)
{
	struct look look = ROLES[role].few;

	if (palette == PALETTE_MONO)
		return (struct look){ -1, -1, ROLES[role].mono };
	if (palette == PALETTE_256)
		return ROLES[role].many;
	if (palette == PALETTE_16 && look.fg == 7)
		look.fg = 15; /* 7 is grey there */
	return look;
}

struct look style_look(enum palette palette, style_t style)
{
	unsigned role = role_of(style);
	unsigned added = style & (S_BOLD | S_REVERSE | S_UNDERLINE);
	bool chip = role >= ROLE_CHIP;
	struct look look = role_look(palette, role);

	/* A chip keeps its colours in the cursor's row; without colours, and for all
	 * else, reverse on reverse is plain, so that both can be told from the row. */
	if (added & S_REVERSE && !(chip && palette != PALETTE_MONO))
		look.attributes ^= S_REVERSE;
	look.attributes |= (uint16_t)(added & (S_BOLD | S_UNDERLINE));
	if (!(look.attributes & S_BOLD))
		return look;
	/* Many terminals of 8 and 16 colours show bold black as grey. */
	if (look.fg == 0 || (chip && palette == PALETTE_MONO))
		look.attributes |= S_UNDERLINE;
	if (look.fg == 0)
		look.attributes &= (uint16_t)~S_BOLD;
	return look;
}

const char *style_role_name(enum role role)
{
	return ROLES[role_of((style_t)role)].name;
}
