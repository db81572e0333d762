/* onnx.c: which values an ONNX model needs, what they are called and in which form. */
#include "onnx.h"

#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "memory.h"
#include "text.h"

void onnx_refuse(onnx_export *e, tg_value v, const char *why) {
  if (e->failed) return;
  const node *x = &e->g->node[v];
  char shape[96];
  graph_describe_shape(x->shape, shape, sizeof shape);
  fail(1, "no ONNX for %s %s%s%s: %s", x->op->name, shape, x->attr.name ? " " : "",
       x->attr.name ? x->attr.name : "", why);
  e->failed = true;
}

onnx_form onnx_form_of(tg_shape s) { return s.d[1] == 1 && s.d[2] == 1 ? ONNX_FLAT : ONNX_IMAGE; }

const char *onnx_name(onnx_export *e, tg_value v, onnx_form f, const char *type) {
  onnx_value *x = &e->value[v];
  bool usual = f == onnx_form_of(e->g->node[v].shape);
  if (usual && x->output) return x->name[f] = text_copy(x->output);
  return x->name[f] = text_format("%s_%d%s", type, v, usual ? "" : "_image");
}

/* ---- values ------------------------------------------------------------------------------- */

static void write_input(onnx_export *e, tg_value v) {
  const int64_t *d = e->g->node[v].shape.d;
  const char *name = e->g->node[v].attr.name;
  onnx_form f = onnx_form_of(e->g->node[v].shape);
  e->value[v].name[f] = text_copy(name);
  onnx_add_input(&e->file, name, f == ONNX_FLAT ? 2 : 4, (int64_t[]){0, d[3], d[1], d[2]});
}

static void make(onnx_export *e, tg_value v) {
  const node *x = &e->g->node[v];
  if (x->op == &op_input) {
    write_input(e, v);
  } else if (x->shape.d[0] == e->batch) {
    onnx_write(e, v);
  } else {
    onnx_refuse(e, v, "it mixes the images of a batch");
  }
}

static void flatten(onnx_export *e, tg_value v) {
  const char *in[] = {e->value[v].name[ONNX_IMAGE], NULL};
  protobuf n = onnx_node("Flatten", onnx_name(e, v, ONNX_FLAT, "Flatten"), in);
  onnx_attribute(&n, "axis", 1);
  onnx_add_node(&e->file, &n);
}

/* [n,c] to [n,c,1,1]. */
static void unflatten(onnx_export *e, tg_value v) {
  char *axes = text_format("Unsqueeze_%d.axes", v);
  onnx_add_integers(&e->file, axes, 2, (int64_t[]){2, 3});
  const char *in[] = {e->value[v].name[ONNX_FLAT], axes, NULL};
  protobuf n = onnx_node("Unsqueeze", onnx_name(e, v, ONNX_IMAGE, "Unsqueeze"), in);
  onnx_add_node(&e->file, &n);
  free(axes);
}

static const char *want_varying(onnx_export *e, tg_value v, onnx_form f) {
  char **name = e->value[v].name;
  if (f > ONNX_IMAGE) onnx_refuse(e, v, "weights must not depend on an input");
  if (!e->failed && !name[ONNX_FLAT] && !name[ONNX_IMAGE]) make(e, v);
  if (e->failed) return "";
  if (!name[f] && f == ONNX_FLAT) flatten(e, v);
  if (!name[f] && f == ONNX_IMAGE) unflatten(e, v);
  return name[f];
}

const char *onnx_want(onnx_export *e, tg_value v, onnx_form f) {
  if (e->value[v].varies) return want_varying(e, v, f);
  if (!e->failed && !e->value[v].name[f]) onnx_write_constant(e, v, f);
  return e->failed ? "" : e->value[v].name[f];
}

/* ---- the whole ---------------------------------------------------------------------------- */

/* All inputs must have one n; marks what depends on them. */
static void mark_varying(onnx_export *e) {
  for (tg_value v = 1; v < e->g->count; v++) {
    const node *x = &e->g->node[v];
    bool *varies = &e->value[v].varies;
    *varies = x->op == &op_input;
    for (int i = 0; i < x->n; i++) *varies |= e->value[x->in[i]].varies;
    if (x->op != &op_input) continue;
    if (!e->batch) e->batch = x->shape.d[0];
    if (x->shape.d[0] < 2) onnx_refuse(e, v, "an input needs two images or more");
    if (x->shape.d[0] != e->batch) onnx_refuse(e, v, "the inputs differ in their number of images");
  }
}

static void name_output(onnx_export *e, tg_value v, const char *name) {
  onnx_value *x = &e->value[v];
  if (!x->varies || e->g->node[v].op == &op_input) {
    onnx_refuse(e, v, "an output must be computed from an input");
  }
  if (x->output) onnx_refuse(e, v, "it is an output already");
  x->output = name;
  for (tg_value k = 1; k < e->g->count; k++) {
    const char *taken = e->g->node[k].attr.name;
    if (taken && strcmp(taken, name) == 0) onnx_refuse(e, k, "an output has the same name");
    if (k != v && e->value[k].output && strcmp(e->value[k].output, name) == 0) {
      onnx_refuse(e, k, "another output has the same name");
    }
  }
}

static void write_output(onnx_export *e, tg_value v) {
  const int64_t *d = e->g->node[v].shape.d;
  onnx_form f = onnx_form_of(e->g->node[v].shape);
  const char *name = onnx_want(e, v, f);
  if (e->failed) return;
  onnx_add_output(&e->file, name, f == ONNX_FLAT ? 2 : 4, (int64_t[]){0, d[3], d[1], d[2]});
}

static void release(onnx_export *e) {
  for (tg_value v = 0; v < e->g->count; v++) {
    for (int f = 0; f < ONNX_FORMS; f++) free(e->value[v].name[f]);
  }
  free(e->value);
  onnx_release(&e->file);
}

int tg_graph_onnx(const tg_graph *g, const tg_store *s, int n, const tg_value *outputs,
                  const char *const *name, const tg_onnx_about *about, void **data, size_t *size) {
  *data = NULL;
  *size = 0;
  if (g->failed) return fail(1, "%s", g->failure);
  onnx_export e = {.g = g, .store = s};
  e.value = memory_new((size_t)g->count * sizeof *e.value);
  mark_varying(&e);
  for (int i = 0; i < n && !e.failed; i++) name_output(&e, outputs[i], name[i]);
  for (int i = 0; i < n && !e.failed; i++) write_output(&e, outputs[i]);
  if (!e.failed) {
    protobuf model = onnx_finish(&e.file, about);
    *data = model.text;
    *size = model.size;
  }
  release(&e);
  return e.failed;
}
