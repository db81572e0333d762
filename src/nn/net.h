/* net.h: how layers declare their parameters. */
#ifndef NET_H
#define NET_H

#include "nn.h"

/* The parameter PREFIX LAYER.PART with p's shape, file dimensions and initial values. */
tg_value net_param(tg_graph *g, nn_net *net, const char *layer, const char *part, nn_param p);

/* Dropout whose random stream is the net's prefix and the layer's name. */
tg_value net_dropout(tg_graph *g, const nn_net *net, const char *layer, tg_value x, double p,
                     bool channels);

/* What net_<id> of a row of architectures.def is. */
typedef struct net_architecture {
  /* What the last layer sees of x, {n,1,1,features}, */
  tg_value (*features)(tg_graph *g, nn_net *net, const nn_classifier *c, tg_value x);
  /* and the maps {n,h,w,c} half-way, which tell textures more than classes. */
  tg_value (*maps)(tg_graph *g, nn_net *net, const nn_classifier *c, tg_value x);
  const char *last; /* layer */
  /* NULL, or why no network can have images of c's size. */
  const char *(*impossible)(const nn_classifier *c);
} net_architecture;

#define ARCHITECTURE(id, ...) extern const net_architecture net_##id;
#include "xsite/architectures.def"

#endif
