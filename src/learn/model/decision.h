/* decision.h: the operating point in a model file's metadata. */
#ifndef DECISION_H
#define DECISION_H

#include <jansson.h>

#include "xsite.h"

/* "operating" of the metadata: {"site", "positive", "wanted", "threshold", "sensitivity",
 * "specificity"}, each of the last two {"value", "low", "high"} in [0,1], null where not known. */
json_t *decision_json(const xs_decision *d, const char *positive);
/* *d: that of a file without it where j is NULL; its site is allocated. */
int decision_parse(const json_t *j, const char *path, char *const *class_name, int classes,
                   xs_decision *d);

#endif
