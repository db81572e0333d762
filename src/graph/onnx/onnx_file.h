/* onnx_file.h: the messages of an ONNX model (onnx.proto, IR version 8). */
#ifndef ONNX_FILE_H
#define ONNX_FILE_H

#include "protobuf.h"
#include "tg.h"

typedef struct onnx_file {
  protobuf node, initializer, input, output; /* fields of a GraphProto */
} onnx_file;

/* A node of one output, which is also its name; in: operands, NULL at the end.  Attributes are
 * added to what is returned, and onnx_add_node puts it into the file. */
protobuf onnx_node(const char *type, const char *out, const char *const *in);
void onnx_attribute(protobuf *node, const char *name, int64_t x);
void onnx_attribute_float(protobuf *node, const char *name, double x);
void onnx_attribute_list(protobuf *node, const char *name, int n, const int64_t *x);
void onnx_add_node(onnx_file *f, protobuf *node);

void onnx_add_floats(onnx_file *f, const char *name, int rank, const int64_t *dim, const float *x);
void onnx_add_integers(onnx_file *f, const char *name, int n, const int64_t *x);

/* A float tensor; a dimension of 0 is called N and may have any size. */
void onnx_add_input(onnx_file *f, const char *name, int rank, const int64_t *dim);
void onnx_add_output(onnx_file *f, const char *name, int rank, const int64_t *dim);

protobuf onnx_finish(onnx_file *f, const tg_onnx_about *about); /* the model; f is released */
void onnx_release(onnx_file *f);

#endif
