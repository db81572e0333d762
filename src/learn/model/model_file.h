/* model_file.h: networks in safetensors files, with metadata as JSON under the key "xsite". */
#ifndef MODEL_FILE_H
#define MODEL_FILE_H

#include <jansson.h>

#include "learn.h"
#include "nn.h"
#include "safetensors.h"

/* Writes n tensors in their order, and metadata, atomically. */
int model_write(const char *path, const safetensor *t, int n, const json_t *metadata);
/* Writes net's parameters (names without the prefix, file order) atomically. */
int model_save(const char *path, const nn_net *net, const tg_store *s, const json_t *metadata);
struct model_file { /* which has been read */
  const char *path; /* lent, for messages */
  safetensors *tensors;
  json_t *metadata;
};

/* Reads a model of this kind ("classifier", "generator"; NULL: any), once for all that is asked of
 * it; a message if it is another's.  model_close also after a failure. */
int model_open(const char *path, const char *kind, model_file *m);
void model_close(model_file *m);
/* Writes all its tensors as they are, and the metadata as they have become. */
int model_rewrite(const model_file *m, const char *path);
/* Every parameter of net; a missing, extra or misshapen tensor or a NaN is an error. */
int model_parameters(const model_file *m, const nn_net *net, tg_store *s);
/* Reads the metadata of a model of this kind alone. */
int model_metadata(const char *path, const char *kind, json_t **metadata);
/* A copy of a classifier's metadata for one that begins with it: without what holds for the weights
 * and the site of one that was published. */
json_t *model_inherited(const model_file *m);

const char *model_bare_name(const nn_net *net, const nn_param *p); /* as in the file; lent */
bool model_same_shape(const nn_param *p, const safetensor *t);
/* A convolution's tensor with three input channels where the parameter has one, or one for three:
 * on gray images both give the same when the sum over the channels is the same. */
bool model_fits_gray(const nn_param *p, const safetensor *t);
int model_load_gray(const char *path, const safetensor *t, const nn_param *p, tg_store *s);
int model_store_param(const nn_param *p, const float *x, tg_store *s); /* x in the file's order */
/* A tensor's numbers; a type that is not floating-point or a NaN is an error. */
int model_read_finite(const char *path, const safetensor *t, float *x);
/* One parameter from its tensor; another shape, a type that is not floating-point or a NaN is an
 * error. */
int model_load_param(const char *path, const safetensor *t, const nn_param *p, tg_store *s);

json_t *geometry_json(const train_geometry *g); /* {"size", "channels", "normalisation"} */
bool geometry_is_half(const train_geometry *g); /* mean and deviation 0.5: values in [-1,1] */
int geometry_parse(const json_t *j, const char *path, train_geometry *g);

#endif
