/* initial_weights.h: weights to begin with from a file of another program or classifier. */
#ifndef INITIAL_WEIGHTS_H
#define INITIAL_WEIGHTS_H

#include "learn.h"

/* Takes over every tensor of a safetensors file that has the name and shape of a parameter of net,
 * the first convolution's also between one and three image channels, and notes through the job's
 * watch which have not.  An error where none has. */
int init_from_file(const train_job *job, const char *path, const nn_net *net, tg_store *s);

#endif
