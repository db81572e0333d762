/* net.h: how layers declare their parameters. */
#ifndef NET_H
#define NET_H

#include "nn.h"

/* The parameter PREFIX LAYER.PART with p's shape, file dimensions and initial values. */
tg_value net_param(tg_graph *g, nn_net *net, const char *layer, const char *part, nn_param p);

/* Dropout whose random stream is the net's prefix and the layer's name. */
tg_value net_dropout(tg_graph *g, const nn_net *net, const char *layer, tg_value x, double p,
                     bool channels);

/* The architectures: what the last layer sees of x, {n,1,1,features}, and NULL or why the size is
 * impossible. */
typedef tg_value net_builder(tg_graph *g, nn_net *net, const nn_classifier *c, tg_value x);
typedef const char *net_check(const nn_classifier *c);
net_builder net_lenet, net_lenet5, net_densenet121, net_densenet121_linear;
/* Their maps {n,h,w,c} half-way, which tell textures more than classes. */
net_builder net_lenet_maps, net_lenet5_maps, net_densenet121_maps;
net_check net_lenet_impossible, net_densenet_impossible;

#endif
