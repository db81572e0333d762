#include "onnx_file.h"

#include <string.h>

enum { IR_VERSION = 8, OPSET = 17 };
enum { FLOAT = 1, INT64 = 7 };                                       /* TensorProto */
enum { ATTRIBUTE_FLOAT = 1, ATTRIBUTE_INT = 2, ATTRIBUTE_INTS = 7 }; /* AttributeProto */
enum { GRAPH_NODE = 1, GRAPH_INITIALIZER = 5, GRAPH_INPUT = 11, GRAPH_OUTPUT = 12 };

/* ---- nodes -------------------------------------------------------------------------------- */

protobuf onnx_node(const char *type, const char *out, const char *const *in) {
  protobuf b = {0};
  for (; *in; in++) protobuf_text(&b, 1, *in);
  protobuf_text(&b, 2, out);
  protobuf_text(&b, 3, out);
  protobuf_text(&b, 4, type);
  return b;
}

static void add_attribute(protobuf *node, protobuf *attribute, int type) {
  protobuf_integer(attribute, 20, type);
  protobuf_message(node, 5, attribute);
}

void onnx_attribute(protobuf *node, const char *name, int64_t x) {
  protobuf b = {0};
  protobuf_text(&b, 1, name);
  protobuf_integer(&b, 3, x);
  add_attribute(node, &b, ATTRIBUTE_INT);
}

void onnx_attribute_float(protobuf *node, const char *name, double x) {
  protobuf b = {0};
  protobuf_text(&b, 1, name);
  protobuf_float(&b, 2, (float)x);
  add_attribute(node, &b, ATTRIBUTE_FLOAT);
}

void onnx_attribute_list(protobuf *node, const char *name, int n, const int64_t *x) {
  protobuf b = {0};
  protobuf_text(&b, 1, name);
  for (int i = 0; i < n; i++) protobuf_integer(&b, 8, x[i]);
  add_attribute(node, &b, ATTRIBUTE_INTS);
}

void onnx_add_node(onnx_file *f, protobuf *node) { protobuf_message(&f->node, GRAPH_NODE, node); }

/* ---- tensors ------------------------------------------------------------------------------ */

static void add_tensor(onnx_file *f, const char *name, int type, int rank, const int64_t *dim,
                       const void *data, size_t element) {
  protobuf b = {0};
  size_t bytes = element;
  for (int i = 0; i < rank; i++) {
    protobuf_integer(&b, 1, dim[i]);
    bytes *= (size_t)dim[i];
  }
  protobuf_integer(&b, 2, type);
  protobuf_text(&b, 8, name);
  protobuf_bytes(&b, 9, data, bytes);
  protobuf_message(&f->initializer, GRAPH_INITIALIZER, &b);
}

void onnx_add_floats(onnx_file *f, const char *name, int rank, const int64_t *dim, const float *x) {
  add_tensor(f, name, FLOAT, rank, dim, x, sizeof *x);
}

void onnx_add_integers(onnx_file *f, const char *name, int n, const int64_t *x) {
  add_tensor(f, name, INT64, 1, &(int64_t){n}, x, sizeof *x);
}

/* ---- inputs and outputs ------------------------------------------------------------------- */

static void add_value(protobuf *list, int field, const char *name, int rank, const int64_t *dim) {
  protobuf value = {0}, type = {0}, tensor = {0}, shape = {0};
  for (int i = 0; i < rank; i++) {
    protobuf d = {0};
    if (dim[i] > 0) protobuf_integer(&d, 1, dim[i]);
    if (dim[i] == 0) protobuf_text(&d, 2, "N");
    protobuf_message(&shape, 1, &d);
  }
  protobuf_integer(&tensor, 1, FLOAT);
  protobuf_message(&tensor, 2, &shape);
  protobuf_message(&type, 1, &tensor);
  protobuf_text(&value, 1, name);
  protobuf_message(&value, 2, &type);
  protobuf_message(list, field, &value);
}

void onnx_add_input(onnx_file *f, const char *name, int rank, const int64_t *dim) {
  add_value(&f->input, GRAPH_INPUT, name, rank, dim);
}

void onnx_add_output(onnx_file *f, const char *name, int rank, const int64_t *dim) {
  add_value(&f->output, GRAPH_OUTPUT, name, rank, dim);
}

/* ---- the model ---------------------------------------------------------------------------- */

static protobuf make_graph(onnx_file *f, const char *name) {
  protobuf b = {0};
  protobuf_append(&b, &f->node);
  protobuf_text(&b, 2, name);
  protobuf_append(&b, &f->initializer);
  protobuf_append(&b, &f->input);
  protobuf_append(&b, &f->output);
  return b;
}

static void add_note(protobuf *model, const tg_onnx_note *note) {
  protobuf b = {0};
  protobuf_text(&b, 1, note->key);
  protobuf_text(&b, 2, note->value);
  protobuf_message(model, 14, &b);
}

protobuf onnx_finish(onnx_file *f, const tg_onnx_about *about) {
  protobuf model = {0}, opset = {0}, graph = make_graph(f, about->name);
  protobuf_integer(&model, 1, IR_VERSION);
  protobuf_text(&model, 2, about->producer);
  protobuf_text(&model, 3, about->version);
  protobuf_text(&model, 6, about->description);
  protobuf_message(&model, 7, &graph);
  protobuf_text(&opset, 1, "");
  protobuf_integer(&opset, 2, OPSET);
  protobuf_message(&model, 8, &opset);
  for (int i = 0; i < about->notes; i++) add_note(&model, &about->note[i]);
  return model;
}

void onnx_release(onnx_file *f) {
  buffer_free(&f->node);
  buffer_free(&f->initializer);
  buffer_free(&f->input);
  buffer_free(&f->output);
}
