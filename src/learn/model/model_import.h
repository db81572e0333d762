/* model_import.h: weights of another program as a model file. */
#ifndef MODEL_IMPORT_H
#define MODEL_IMPORT_H

#include "xsite.h"

typedef struct import_options {
  const char *weights; /* safetensors with the names of an architecture's tensors */
  const char *architecture;
  int classes;                   /* 0: as many as there are outputs, named 0, 1, ... */
  const char *const *class_name; /* [classes] */
  int64_t
      output;   /* -1: outputs are exclusive classes; else this one, from 0, against its absence */
  int64_t size; /* of the images that the network shall see */
  const char *normalisation;      /* "half", "imagenet", "xrv": which it was trained with */
  double epsilon;                 /* of its batch norms */
  xs_preprocessing preprocessing; /* of images */
  bool overwrite;                 /* replace `out` where it is there already */
} import_options;

/* xs_import. */
xs_status model_import(const import_options *o, const char *out);

#endif
