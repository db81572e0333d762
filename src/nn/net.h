/* net.h: how layers declare their parameters. */
#ifndef NET_H
#define NET_H

#include "nn.h"

/* The parameter PREFIX LAYER.PART with p's shape, file dimensions and initial values. */
tg_value net_param(tg_graph *g, nn_net *net, const char *layer, const char *part, nn_param p);

#endif
