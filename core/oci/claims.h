/* What annotations and labels say of the layers: a row for each that another stack makes
 * untrue. It goes where the stack changes; a kept layer's descriptor stays to the byte. */
#ifndef LAM_CLAIMS_H
#define LAM_CLAIMS_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/* Each key of a map of annotations or labels that has a row, with what it says. */
void lam_claims_each(const json_t *map,
		     void (*tell)(void *context, const char *key, const char *says),
		     void *context);
/* Takes them out of the map that is the object's member; the object is changed, the map is
 * not. Nothing where there is no such map, or nothing in it. */
void lam_claims_drop(json_t *object, const char *member);

#endif
