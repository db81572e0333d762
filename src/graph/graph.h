/* graph.h: the inside of a graph. */
#ifndef GRAPH_H
#define GRAPH_H

#include "op.h"
#include "text_set.h"

typedef struct node {
  const op *op;
  int n;
  tg_value in[OP_MAX_INPUTS];
  op_attr attr;
  tg_shape shape;
} node;

struct tg_graph {
  node *node; /* [count]; node 0 stands for TG_NONE */
  int count, capacity;
  int32_t *bucket; /* [buckets] hash table of nodes, so that equal nodes are one */
  int buckets;
  text_set names;  /* of leaves and random streams: equal names are one pointer */
  tg_value *param; /* [names.places] the parameter of that name; TG_NONE */
  bool failed;
  char failure[512];
};

void graph_describe_shape(tg_shape s, char *text, size_t size); /* "32x8x8x256" */
/* "conv 32x8x8x256 3x3x256x256 -> 32x8x8x256 s1 p1 +bias" */
void graph_describe_site(const op_site *s, char *text, size_t size);
/* Makes WHAT: WHY the graph's failure, unless it has one.  TG_NONE. */
tg_value graph_refuse(tg_graph *g, const char *what, const char *why);

#endif
