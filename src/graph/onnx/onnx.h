/* onnx.h: a graph on its way to ONNX.
 *
 * ONNX has channels first.  A value {n,h,w,c} is there [n,c,h,w] (ONNX_IMAGE) or, where h and w are
 * 1, [n,c] (ONNX_FLAT).  An operator makes the form that suits it, and onnx_want converts.
 *
 * What depends on no input is computed here and written as numbers: [c,h,w] (IMAGE), [c] (FLAT),
 * and weights {kh,kw,ci,co} as [co,ci,kh,kw] (WEIGHTS) or [co,ci kh kw] (MATRIX). */
#ifndef ONNX_H
#define ONNX_H

#include "graph.h"
#include "onnx_file.h"

typedef enum onnx_form { ONNX_FLAT, ONNX_IMAGE, ONNX_WEIGHTS, ONNX_MATRIX, ONNX_FORMS } onnx_form;

typedef struct onnx_value {
  char *name[ONNX_FORMS]; /* NULL: not made in this form */
  const char *output;     /* its name as an output, or NULL */
  bool varies;            /* depends on an input; its n is the batch */
} onnx_value;

typedef struct onnx_export {
  const tg_graph *g;
  const tg_store *store;
  int64_t batch;
  onnx_value *value; /* [nodes] */
  onnx_file file;
  int64_t bytes; /* of numbers */
  bool failed;   /* the first failure sticks, as in a graph */
} onnx_export;

/* The name of a value in a form; what makes it is written first, once. */
const char *onnx_want(onnx_export *e, tg_value v, onnx_form f);
/* Names the value in the form in which it is about to be written. */
const char *onnx_name(onnx_export *e, tg_value v, onnx_form f, const char *type);
void onnx_refuse(onnx_export *e, tg_value v, const char *why);
/* FLAT where h and w are 1. */
onnx_form onnx_form_of(tg_shape s);
/* Writes the operator that makes v, and before it what that needs. */
void onnx_write(onnx_export *e, tg_value v);
/* Writes the numbers of v, which depends on no input. */
void onnx_write_constant(onnx_export *e, tg_value v, onnx_form f);

#endif
