/* xsite/inspect.h: what files and folders of xsite hold, for people to read. */
#ifndef XSITE_INSPECT_H
#define XSITE_INSPECT_H

#include "xsite/types.h"

#ifdef __cplusplus
extern "C" {
#endif

/* *text is allocated; NULL after a failure, unless said otherwise. */

/* A model file's metadata and tensors with their shapes, a line each. */
XS_API xs_status xs_inspect_model(const char *path, char **text);
/* A run folder's options, its nodes with what they were made with, and how far it is; *text holds
 * what there was before a failure. */
XS_API xs_status xs_inspect_run(const char *dir, char **text);
/* Whether its seal proves that no label was opened by what may not see it, nor a test label too
 * early, and its files are those that were written.  XS_FAILED where not; *text says why. */
XS_API xs_status xs_inspect_seal(const char *dir, char **text);
typedef struct xs_inspect_run_task { /* of the program's verb; zeros are the defaults */
  bool seal;
} xs_inspect_run_task;
/* What of a run's results and what they were measured from is under no seal, a line; NULL: nothing.
 */
XS_API xs_status xs_inspect_unsealed(const char *dir, char **text);

/* One of the networks as a graph: "generator", "discriminator", an architecture of classifiers, or
 * a classifier's model file (with a point or a slash in its name), whose metadata give size,
 * channels and classes. */
typedef struct xs_inspect_graph_task {
  int64_t size; /* pixels; 0: the model file's, or 32 */
  int64_t image_channels, batch;
  int64_t channels, blocks, critic_layers, domains; /* of a generator and a discriminator */
  int64_t classes;                                  /* of a classifier */
  bool plan;     /* the planned steps with kernels and buffers instead of the nodes */
  bool dot;      /* the nodes in the DOT language of Graphviz (tg_graph_dot) */
  bool training; /* a classifier's training step: loss, gradients and updates */
} xs_inspect_graph_task;
XS_API void xs_inspect_graph_defaults(xs_inspect_graph_task *t);
XS_API xs_status xs_inspect_graph(const xs_inspect_graph_task *t, const char *network, char **text);

typedef struct xs_labels_task {
  xs_texts set;     /* other values for the mapping's options: "policy.uncertain=ignore" */
  const char *only; /* file of image names, one a line; others are left out; or NULL */
  bool json, all;   /* of the program's verb: no meaning here */
} xs_labels_task;
XS_API void xs_labels_defaults(xs_labels_task *t);
/* What a mapping makes of label files, without any image, as a JSON object that docs/labels.md
 * describes.  XS_HARM and a message where a study would be stopped by it; *json is then there, too.
 */
XS_API xs_status xs_labels(const xs_labels_task *t, const char *mapping_file, int files,
                           const char *const *csv_file, char **json);

/* Checks in a moment that this build computes what it should on this machine; *text: a line a
 * check, also where one fails. */
XS_API xs_status xs_selftest(char **text);

#ifdef __cplusplus
}
#endif

#endif
