/* weight_names.h: the tensors of another program's file, by the names of a network of this one. */
#ifndef WEIGHT_NAMES_H
#define WEIGHT_NAMES_H

#include "nn.h"
#include "safetensors.h"

typedef struct weight_names {
  const safetensors *file; /* lent */
  char **name;             /* [safetensors_count(file)] */
} weight_names;

/* What is known: anything in front of all names, as wrappers put it there (module., backbone.,
 * module.densenet121.); norm.1 and conv.2 of torchvision's first files; layers.norm1 of MONAI's
 * dense layers; of a network whose last layer is `classifier` other names of it (classifier.0 of
 * CheXNet, class_layers.out of MONAI, fc, head).  Fails where a file has a tensor of the network
 * twice.  path: for messages.  Release *out in any case. */
int weight_names_open(const char *path, const safetensors *file, const nn_net *net,
                      weight_names *out);
void weight_names_release(weight_names *w);
/* The tensor of a network's name, without the network's prefix; NULL: none; lent. */
const safetensor *weight_names_find(const weight_names *w, const char *name);
/* The first and the last of the file's own names, for messages; allocated. */
char *weight_names_show(const safetensors *file);
/* Whether the network has a parameter of this name. */
bool weight_names_knows(const nn_net *net, const char *name);

#endif
