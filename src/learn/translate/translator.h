/* translator.h: what translates one site's images into another's look. */
#ifndef TRANSLATOR_H
#define TRANSLATOR_H

#include "learn.h"
#include "model_file.h"

enum { TRANSLATOR_BATCH = 50 };

/* A way to translate: what `architecture` of a model file names. */
typedef struct translator_kind {
  const char *architecture;
  /* What a file's metadata say, without weights; NULL and a message where they are wrong. */
  void *(*describe)(const json_t *metadata, const char *path, const train_geometry *g);
  int (*load)(void *state, const model_file *file); /* the weights */
  int (*domains)(const void *state);
  /* The images of these rows, x [n][size][size][channels], normalised, n at most TRANSLATOR_BATCH,
   * become their translations. */
  int (*translate)(void *state, const int64_t *rows, int64_t n, int domain, float *x);
  const nn_stargan *(*net)(const void *state); /* NULL: it is none */
  void (*release)(void *state);
} translator_kind;

extern const translator_kind translator_stargan;
#define MATCH(id, ...) extern const translator_kind translator_##id;
#include "xsite/methods.def"

/* A translator of a state, which it owns from then on. */
translator *translator_new(const translator_kind *kind, const train_geometry *g, void *state);
/* The domains of the network as a person needs them: "0 the source, 1 the target", or the sites'
 * names, "0 mnist, 1 mnistm, 2 usps"; allocated. */
char *translator_sites(const translator *t);
/* A translator that knows what its file says, and has no weights yet: it cannot be applied. */
int translator_describe(const model_file *file, translator **out);
const train_geometry *translator_geometry(const translator *t); /* lent */
const char *translator_architecture(const translator *t);       /* lent */

/* ---- StarGAN ---------------------------------------------------------------------------------
 */

/* Several targets may share a generator: its file names the domains ("sites"), and a pair's copy
 * says which of them is its target ("target_domain"): domain 1 is that one for all who use the
 * file. */
int translator_for_pair(const char *shared, int domain, const char *to);
/* Metadata of a generator's or discriminator's file. */
json_t *translator_metadata(const nn_stargan *s, const train_geometry *g, const char *kind);
/* A translator that uses the generator PREFIX of a store as it is at each call. */
int translator_share(const nn_stargan *s, const train_geometry *g, tg_store *store,
                     const char *prefix, const tg_plan_options *options, translator **out);
const nn_stargan *translator_net(const translator *t); /* NULL: it is another kind; lent */

#endif
