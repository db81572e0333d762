/* fingerprint.h: what a run has read, so that changes are noticed. */
#ifndef FINGERPRINT_H
#define FINGERPRINT_H

#include <jansson.h>

#include "learn.h"

/* A site's data as they are in memory: {"images", "split": which images are where, "labels": of
 * training and validation images, "all_labels": with groups and attributes}; newly made, also where
 * it fails. */
xs_status fingerprint_site(const xs_site *s, const split_rule *rule, json_t **identity);
xs_status fingerprint_file(const char *path, uint64_t *h);
json_t *fingerprint_json(uint64_t h);

#endif
