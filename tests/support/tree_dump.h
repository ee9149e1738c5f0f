/* All that can be asked of a tree and of a layer's index, as text: equal texts are equal
 * trees, and whatever they point to was touched. */
#ifndef TREE_DUMP_H
#define TREE_DUMP_H

#include "base/buf.h"
#include "tree/tree.h"

void tree_dump(struct lam_buf *text, const struct lam_tree *tree);
/* What a tree does not show: where contents stand, checkpoints, notes. */
void layer_dump(struct lam_buf *text, const struct lam_layer *layer);
void notes_dump(struct lam_buf *text, const struct lam_notes *notes);

#endif
