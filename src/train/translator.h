#ifndef TRANSLATOR_H
#define TRANSLATOR_H

#include "train.h"

/* Metadata of a generator's or discriminator's file. */
json_t *translator_metadata(const nn_stargan *s, const train_geometry *g, const char *kind);
/* A translator that uses the generator PREFIX of a store as it is at each call. */
int translator_share(const nn_stargan *s, const train_geometry *g, tg_store *store,
                     const char *prefix, const tg_plan_options *options, translator **out);
const train_geometry *translator_geometry(const translator *t); /* lent */

#endif
