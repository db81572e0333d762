#ifndef TRANSLATOR_H
#define TRANSLATOR_H

#include "train.h"

/* Metadata of a generator's or discriminator's file. */
json_t *translator_metadata(const nn_stargan *s, const train_geometry *g, const char *kind);
/* A translator that uses the generator PREFIX of a store as it is at each call. */
int translator_share(const nn_stargan *s, const train_geometry *g, tg_store *store,
                     const char *prefix, const tg_plan_options *options, translator **out);
/* A translator that knows what its file says, and has no weights yet: it cannot be applied. */
int translator_describe(const char *path, translator **out);
const nn_stargan *translator_net(const translator *t);          /* lent */
const train_geometry *translator_geometry(const translator *t); /* lent */

#endif
