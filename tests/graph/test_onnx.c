/* ONNX: the wire format, every operator as ONNX Runtime computes it, what a model file becomes, and
 * what is refused. */
#include "golden_file.h"

#include "file.h"
#include "file_opens.h"
#include "model_file.h"
#include "protobuf.h"
#include "xsite.h"

#include <unistd.h>

static const tg_onnx_about plain = {
    .name = "test", .producer = "xsite", .version = "0", .description = ""};

static void assert_message(const char *part) {
  if (!strstr(tg_message(), part)) fail_msg("'%s' lacks '%s'", tg_message(), part);
}

/* ---- the wire format ---- */

static void wire_format(void **state) {
  (void)state;
  const unsigned char want[] = {
      0x08, 0x96, 0x01, /* 150 */
      0x10, 0x7F, 0x18, 0x80, 0x01, 0x20, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
      0xFF, 0xFF, 0xFF, 0xFF, 0x01, 0x2D, 0x00, 0x00, 0xC0, 0x3F, /* 1.5 */
      0x32, 0x02, 'a',  'b',  0xA2, 0x01, 0x02, 0x08, 0x00};
  protobuf b = {0}, inner = {0};
  protobuf_integer(&b, 1, 150);
  protobuf_integer(&b, 2, 127);
  protobuf_integer(&b, 3, 128);
  protobuf_integer(&b, 4, -1);
  protobuf_float(&b, 5, 1.5f);
  protobuf_text(&b, 6, "ab");
  protobuf_integer(&inner, 1, 0);
  protobuf_message(&b, 20, &inner);
  assert_int_equal(b.size, sizeof want);
  assert_memory_equal(b.text, want, sizeof want);
  buffer_free(&b);
}

/* ---- every operator: a graph, and what ONNX Runtime makes of its export ---- */

enum { MOST = 32 };

typedef struct outputs {
  tg_value v[MOST];
  const char *name[MOST];
  int n;
} outputs;

static void give(outputs *o, const char *name, tg_value v) {
  assert_true(o->n < MOST);
  o->v[o->n] = v;
  o->name[o->n++] = name;
}

/* A parameter of the store with numbers in [-1/2, 1/2). */
static tg_value parameter(golden_case *c, const char *name, tg_shape s) {
  float *x = calloc((size_t)tg_count(s), sizeof *x);
  for (int64_t i = 0; i < tg_count(s); i++) {
    x[i] = fill_value((uint32_t)tg_store_size(c->store), (uint32_t)i, 0.5f);
  }
  assert_int_equal(tg_store_add(c->store, name, s), 0);
  tg_store_write(c->store, tg_store_find(c->store, name), x);
  free(x);
  return tg_param(c->g, name, s);
}

static void pointwise(golden_case *c, outputs *o, tg_value x, tg_value code) {
  tg_graph *g = c->g;
  tg_value scale = parameter(c, "scale", tg_shape4(1, 1, 1, 2));
  tg_value variance = tg_mul(g, scale, scale);
  tg_value r = tg_div(g, scale, tg_sqrt(g, tg_affine(g, variance, 1, 0.125)));
  give(o, "parameters", tg_mul(g, x, r));
  give(o, "mapped", tg_add(g, tg_mul(g, x, parameter(c, "map", tg_shape4(1, 6, 6, 2))), scale));
  give(o, "repeated", tg_sub(g, x, tg_slice(g, code, 3, 1, 2)));
  give(o, "maximum", tg_neg(g, tg_max(g, x, tg_const(g, 0.25))));
  give(o, "affine", tg_affine(g, code, 3, -1));
  give(o, "logarithm", tg_log(g, tg_affine(g, tg_abs(g, x), 1, 1)));
  give(o, "exponential", tg_exp(g, tg_sign(g, tg_detach(g, x))));
  give(o, "leaky", tg_leaky_relu(g, x, 0.125));
  give(o, "outer",
       tg_add(g, tg_broadcast(g, code, tg_shape4(2, 6, 6, 3)),
              tg_broadcast(g, code, tg_shape4(2, 6, 6, 3))));
}

static void shapes(golden_case *c, outputs *o, tg_value x, tg_value code) {
  tg_graph *g = c->g;
  tg_value joined = tg_concat(g, x, tg_broadcast(g, code, tg_shape4(2, 6, 6, 3)), 3);
  give(o, "joined", joined);
  give(o, "joined_rows", tg_concat(g, x, tg_tanh(g, x), 1));
  give(o, "slice", tg_slice(g, joined, 3, 1, 3));
  give(o, "slice_row", tg_slice(g, joined, 1, 2, 1));
  give(o, "pad", tg_pad(g, x, 2, 1, 9));
  give(o, "pad_code", tg_pad(g, code, 3, 2, 6));
  give(o, "rows", tg_relu(g, tg_reshape(g, x, tg_shape4(2, 1, 1, 72))));
  give(o, "turned", tg_reshape(g, tg_reshape(g, x, tg_shape4(2, 3, 8, 3)), tg_shape4(2, 4, 6, 3)));
  give(o, "from_code", tg_reshape(g, code, tg_shape4(2, 3, 1, 1)));
  give(o, "sums", tg_sum_to(g, x, tg_shape4(2, 1, 1, 2)));
  give(o, "sum_of_rows", tg_sum_to(g, x, tg_shape4(2, 1, 6, 1)));
}

static void layers(golden_case *c, outputs *o, tg_value x, tg_value code) {
  tg_graph *g = c->g;
  tg_value w = parameter(c, "conv", tg_shape4(3, 2, 2, 4));
  tg_value bias = parameter(c, "conv_bias", tg_shape4(1, 1, 1, 4));
  tg_value y = tg_conv(g, x, w, 2, 1);
  give(o, "conv_tanh", tg_tanh(g, tg_add(g, y, bias)));
  give(o, "conv_alone", y);
  give(o, "conv_scaled", tg_conv(g, x, tg_mul(g, w, bias), 1, 0));
  give(o, "transposed", tg_conv_dx(g, y, w, tg_shape4(2, 6, 7, 2), 2, 1));
  tg_value beta = parameter(c, "beta", tg_shape4(1, 1, 1, 2));
  tg_value gamma = parameter(c, "gamma", tg_shape4(1, 1, 1, 2));
  give(o, "norm", tg_instance_norm(g, x, gamma, beta, 0.01));
  tg_value pooled = tg_max_pool(g, x, 4, 4, 0), small = tg_max_pool(g, x, 2, 2, 0);
  give(o, "maxima", tg_max_pool(g, x, 3, 2, 1));
  give(o, "means", tg_mean_pool(g, x, 3, 2, 1));
  give(o, "pooled", tg_mul(g, pooled, tg_slice(g, code, 3, 0, 2)));
  tg_value features = tg_reshape(g, small, tg_shape4(2, 1, 1, 18));
  tg_value u = parameter(c, "linear", tg_shape4(3, 3, 2, 5));
  tg_value line = parameter(c, "linear_bias", tg_shape4(1, 1, 1, 5));
  tg_value logit = tg_add(
      g, tg_matmul(g, features, tg_reshape(g, u, tg_shape4(1, 1, 18, 5)), false, false), line);
  give(o, "logit", logit);
  give(o, "log_softmax", tg_log_softmax(g, tg_affine(g, logit, 2, 0)));
  give(o, "softmax", tg_exp(g, tg_log_softmax(g, logit)));
  tg_value rows_first = parameter(c, "rows_first", tg_shape4(1, 1, 18, 3));
  give(o, "product", tg_matmul(g, features, rows_first, false, false));
}

static void describe(golden_case *c, outputs *o, tg_value *x, tg_value *code) {
  *x = tg_input(c->g, "image", tg_shape4(2, 6, 6, 2));
  *code = tg_input(c->g, "code", tg_shape4(2, 1, 1, 3));
  pointwise(c, o, *x, *code);
  shapes(c, o, *x, *code);
  layers(c, o, *x, *code);
  assert_null(tg_graph_failure(c->g));
}

/* The export has the bytes that onnx_operators.py gave to ONNX Runtime.  If they are meant to
 * change: test_onnx.operators.onnx is the new file. */
static void operators_bytes(void **state) {
  const char *written = "test_onnx.operators.onnx";
  golden_case c;
  outputs o = {0};
  tg_value x, code;
  void *data;
  char *want;
  size_t size, wanted;
  golden_open(&c, state, "onnx_operators");
  describe(&c, &o, &x, &code);
  if (tg_graph_onnx(c.g, c.store, o.n, o.v, o.name, &plain, &data, &size)) {
    fail_msg("%s", tg_message());
  }
  assert_int_equal(file_write_atomic(written, data, size), 0);
  assert_int_equal(file_read(TEST_DATA "/golden/onnx_operators.onnx", &want, &wanted), 0);
  assert_int_equal(size, wanted);
  assert_memory_equal(data, want, size);
  unlink(written);
  free(want);
  free(data);
  golden_close(&c);
}

/* The same graph computes what ONNX Runtime computed from its export. */
static void operators_values(void **state) {
  golden_case c;
  outputs o = {0};
  tg_value x, code;
  golden_open(&c, state, "onnx_operators");
  c.tolerance = 1e-5;
  describe(&c, &o, &x, &code);
  golden_feed_numbers(&c, x, golden_image(&c, "in/image", tg_shape_of(c.g, x)));
  golden_feed_numbers(&c, code, golden_image(&c, "in/code", tg_shape_of(c.g, code)));
  for (int i = 0; i < o.n; i++) {
    char name[96];
    snprintf(name, sizeof name, "out/%s", o.name[i]);
    golden_expect(&c, name, o.v[i]);
  }
  golden_run(&c);
  golden_close(&c);
}

/* ---- reading a message ---- */

typedef struct field {
  int number;
  uint64_t integer;
  const unsigned char *data; /* [size] of a length-delimited field */
  size_t size;
} field;

static uint64_t read_varint(const unsigned char **p, const unsigned char *end) {
  uint64_t x = 0;
  for (int shift = 0;; shift += 7) {
    assert_true(*p < end && shift < 64);
    x |= (uint64_t)(**p & 127) << shift;
    if (*(*p)++ < 128) return x;
  }
}

/* The field at *p, which moves on; false at the end. */
static bool next_field(const unsigned char **p, const unsigned char *end, field *f) {
  if (*p == end) return false;
  uint64_t tag = read_varint(p, end);
  *f = (field){.number = (int)(tag >> 3)};
  if ((tag & 7) == 0) {
    f->integer = read_varint(p, end);
    return true;
  }
  f->size = (tag & 7) == 5 ? 4 : read_varint(p, end);
  assert_true((tag & 7) == 2 || (tag & 7) == 5);
  assert_true(f->size <= (size_t)(end - *p));
  f->data = *p;
  *p += f->size;
  return true;
}

/* The field of a number whose member KEY (0: none) is this text. */
static bool find_field(field whole, int number, int key, const char *text, field *out) {
  const unsigned char *p = whole.data, *end = p + whole.size;
  while (next_field(&p, end, out)) {
    field name;
    if (out->number != number) continue;
    if (key == 0) return true;
    if (find_field(*out, key, 0, NULL, &name) && name.size == strlen(text) &&
        memcmp(name.data, text, name.size) == 0)
      return true;
  }
  return false;
}

static void assert_text(field f, int number, const char *text) {
  field found;
  assert_true(find_field(f, number, 0, NULL, &found));
  assert_int_equal(found.size, strlen(text));
  assert_memory_equal(found.data, text, found.size);
}

/* ---- a model file ---- */

static const char *const model_path = "test_onnx.safetensors", *const onnx_path = "test_onnx.onnx";

static const char *const metadata_text =
    "{\"kind\": \"classifier\", \"architecture\": \"lenet5\", \"classes\": [\"no\", \"yes\"],"
    " \"size\": 20, \"channels\": 1, \"normalisation\": {\"mean\": [0.25], \"deviation\": [0.5]},"
    " \"training\": {\"seed\": 7}}";

/* A classifier with initial weights. */
static void make_model(void) {
  const nn_classifier c = {.architecture = "lenet5", .size = 20, .channels = 1, .classes = 2};
  tg_graph *g = tg_graph_new();
  nn_net *net = nn_net_new("");
  tg_store *s = tg_store_new(tg_device_cpu());
  json_t *metadata = json_loads(metadata_text, 0, NULL);
  assert_true(nn_classifier_build(g, net, &c, tg_input(g, "x", tg_shape4(2, 20, 20, 1))));
  assert_int_equal(nn_net_initialise(net, s, 7), 0);
  assert_int_equal(model_save(model_path, net, s, metadata), 0);
  json_decref(metadata);
  tg_store_free(s);
  nn_net_free(net);
  tg_graph_free(g);
}

/* Every architecture that there is can be exported, whatever its plan is made of. */
static void every_architecture(void **state) {
  (void)state;
#define ARCHITECTURE(id, name, ...) name,
  static const char *const name[] = {
#include "xsite/architectures.def"
  };
  for (size_t i = 0; i < sizeof name / sizeof *name; i++) {
    const nn_classifier c = {.architecture = name[i], .size = 32, .channels = 3, .classes = 2};
    tg_graph *g = tg_graph_new();
    nn_net *net = nn_net_new("");
    tg_store *s = tg_store_new(tg_device_cpu());
    tg_value y = nn_classifier_build(g, net, &c, tg_input(g, "x", tg_shape4(2, 32, 32, 3)));
    void *data;
    size_t size;
    assert_int_equal(nn_net_initialise(net, s, 7), 0);
    if (tg_graph_onnx(g, s, 1, &y, (const char *[]){"logits"}, &plain, &data, &size))
      fail_msg("%s: %s", name[i], tg_message());
    free(data);
    tg_store_free(s);
    nn_net_free(net);
    tg_graph_free(g);
  }
}

static field read_model(const char *path, char **data) {
  field model = {0};
  assert_int_equal(file_read(path, data, &model.size), 0);
  model.data = (const unsigned char *)*data;
  return model;
}

/* Every tensor of the model file is there with the same dimensions and bytes. */
static void assert_weights(field graph) {
  safetensors *s = NULL;
  assert_int_equal(safetensors_open(model_path, &s), 0);
  assert_int_equal(safetensors_count(s), 10);
  for (int i = 0; i < safetensors_count(s); i++) {
    const safetensor *t = safetensors_at(s, i);
    field tensor, f;
    assert_true(find_field(graph, 5, 8, t->name, &tensor));
    const unsigned char *p = tensor.data, *end = p + tensor.size;
    for (int d = 0; d < t->rank; d++) {
      assert_true(next_field(&p, end, &f) && f.number == 1);
      assert_int_equal(f.integer, t->dim[d]);
    }
    assert_true(next_field(&p, end, &f) && f.number == 2 && f.integer == 1);
    assert_true(find_field(tensor, 9, 0, NULL, &f));
    assert_int_equal(f.size, (size_t)t->count * sizeof(float));
    assert_memory_equal(f.data, t->data, f.size);
  }
  safetensors_close(s);
}

/* A float tensor [N, ...] among the graph's inputs (11) or outputs (12). */
static void assert_value(field graph, int list, const char *name, int n, const uint64_t *dim) {
  field value, type, tensor, shape, d, size;
  assert_true(find_field(graph, list, 1, name, &value));
  assert_true(find_field(value, 2, 0, NULL, &type));
  assert_true(find_field(type, 1, 0, NULL, &tensor));
  assert_true(find_field(tensor, 1, 0, NULL, &d) && d.integer == 1);
  assert_true(find_field(tensor, 2, 0, NULL, &shape));
  const unsigned char *p = shape.data, *end = p + shape.size;
  assert_true(next_field(&p, end, &d));
  assert_text(d, 2, "N");
  for (int i = 0; i < n; i++) {
    assert_true(next_field(&p, end, &d) && find_field(d, 1, 0, NULL, &size));
    assert_int_equal(size.integer, dim[i]);
  }
  assert_true(p == end);
}

static void model_contents(void **state) {
  (void)state;
  char *data;
  field f, graph;
  make_model();
  unlink(onnx_path);
  const int opens = file_opens_begin(model_path);
  assert_int_equal(model_export(model_path, onnx_path, false), XS_OK);
  assert_int_equal(file_opens_end(opens), 1);
  field model = read_model(onnx_path, &data);
  assert_true(find_field(model, 1, 0, NULL, &f) && f.integer == 8);
  assert_text(model, 2, "xsite");
  assert_text(model, 3, xs_version());
  assert_true(find_field(model, 8, 0, NULL, &f) && find_field(f, 2, 0, NULL, &f));
  assert_int_equal(f.integer, 17);
  assert_true(find_field(model, 14, 1, "classes", &f));
  assert_text(f, 2, "[\"no\",\"yes\"]");
  assert_true(find_field(model, 14, 1, "training", &f));
  assert_text(f, 2, "{\"seed\":7}");
  assert_true(find_field(model, 14, 1, "kind", &f));
  assert_text(f, 2, "classifier");
  assert_true(find_field(model, 7, 0, NULL, &graph));
  assert_value(graph, 11, "image", 3, (uint64_t[]){1, 20, 20});
  assert_value(graph, 12, "logits", 1, (uint64_t[]){2});
  assert_value(graph, 12, "probabilities", 1, (uint64_t[]){2});
  assert_weights(graph);
  free(data);
}

static void same_bytes_again(void **state) {
  (void)state;
  char *first, *second;
  field a = read_model(onnx_path, &first);
  assert_int_equal(model_export(model_path, onnx_path, false), XS_FAILED);
  assert_message("is there already; nothing was changed");
  assert_int_equal(model_export(model_path, onnx_path, true), XS_OK);
  field b = read_model(onnx_path, &second);
  assert_int_equal(a.size, b.size);
  assert_memory_equal(first, second, a.size);
  free(first);
  free(second);
  unlink(onnx_path);
  unlink(model_path);
}

/* ---- what is refused ---- */

typedef struct refusal {
  tg_graph *g;
  tg_store *s;
  tg_value x; /* {2,4,4,3} */
} refusal;

static refusal start(void) {
  refusal r = {.g = tg_graph_new(), .s = tg_store_new(tg_device_cpu())};
  r.x = tg_input(r.g, "x", tg_shape4(2, 4, 4, 3));
  return r;
}

static void refused(refusal *r, int n, const tg_value *v, const char *const *name,
                    const char *message) {
  void *data;
  size_t size;
  assert_null(tg_graph_failure(r->g));
  assert_int_equal(tg_graph_onnx(r->g, r->s, n, v, name, &plain, &data, &size), 1);
  assert_null(data);
  assert_message(message);
  tg_graph_free(r->g);
  tg_store_free(r->s);
}

static void refused_one(refusal *r, tg_value y, const char *message) {
  refused(r, 1, &y, (const char *[]){"y"}, message);
}

static void batches(void **state) {
  (void)state;
  refusal r = start();
  refused_one(&r, tg_mean(r.g, r.x), "no ONNX for affine 1x1x1x1: it mixes the images of a batch");
  r = start();
  tg_value turned = tg_reshape(r.g, r.x, tg_shape4(1, 8, 4, 3));
  refused_one(&r, tg_tanh(r.g, turned), "mixes the images");
  r = start();
  refused_one(&r, tg_tanh(r.g, tg_input(r.g, "one", tg_shape4(1, 2, 2, 1))), "two images or more");
  r = start();
  tg_value other = tg_input(r.g, "three", tg_shape4(3, 1, 1, 1));
  refused_one(&r, tg_tanh(r.g, other), "input 3x1x1x1 three: the inputs differ");
}

static void operators_refused(void **state) {
  (void)state;
  refusal r = start();
  refused_one(&r, tg_mul(r.g, r.x, tg_uniform(r.g, "noise", tg_shape4(1, 4, 4, 3))),
              "no ONNX for uniform 1x4x4x3 noise: it is for training");
  r = start();
  tg_value plane =
      tg_broadcast(r.g, tg_param(r.g, "p", tg_shape4(1, 1, 1, 1)), tg_shape4(2, 4, 4, 1));
  refused_one(&r, tg_concat(r.g, r.x, plane, 3),
              "broadcast 2x4x4x1: it depends on no input and has n above 1");
  r = start();
  refused_one(&r, tg_argmax(r.g, r.x), "argmax 2x4x4x1: this operator has no counterpart");
  r = start();
  refused_one(&r, tg_matmul(r.g, r.x, r.x, true, false), "mixes the images");
  r = start();
  tg_value rows = tg_reshape(r.g, r.x, tg_shape4(2, 1, 1, 48));
  tg_value w = tg_param(r.g, "w", tg_shape4(1, 1, 5, 48));
  refused_one(&r, tg_matmul(r.g, rows, w, false, true), "the weights {h,w,c,co} of a linear layer");
  r = start();
  tg_value weights = tg_reshape(r.g, tg_tanh(r.g, r.x), tg_shape4(1, 1, 3, 32));
  refused_one(&r, tg_conv(r.g, r.x, weights, 1, 0), "weights must not depend on an input");
}

static void parameters_refused(void **state) {
  (void)state;
  refusal r = start();
  tg_value gamma = tg_param(r.g, "gamma", tg_shape4(1, 1, 1, 3));
  refused_one(&r, tg_mul(r.g, r.x, gamma), "gamma: the store has no such parameter");
  r = start();
  gamma = tg_param(r.g, "gamma", tg_shape4(1, 1, 1, 3));
  assert_int_equal(tg_store_add(r.s, "gamma", tg_shape4(1, 1, 1, 4)), 0);
  refused_one(&r, tg_mul(r.g, r.x, gamma), "in another shape");
  r = start();
  tg_value large = tg_param(r.g, "large", tg_shape4(1, 1, 3, 200000000));
  refused_one(&r, tg_conv(r.g, r.x, large, 1, 0), "larger than 2 GB");
}

static void outputs_refused(void **state) {
  (void)state;
  refusal r = start();
  refused_one(&r, r.x, "must be computed from an input");
  r = start();
  refused_one(&r, tg_affine(r.g, tg_const(r.g, 2), 3, 1), "must be computed from an input");
  r = start();
  tg_value y = tg_tanh(r.g, r.x);
  refused(&r, 2, (tg_value[]){y, y}, (const char *[]){"a", "b"}, "it is an output already");
  r = start();
  tg_value two[] = {tg_tanh(r.g, r.x), tg_exp(r.g, r.x)};
  refused(&r, 2, two, (const char *[]){"y", "y"}, "another output has the same name");
  r = start();
  y = tg_tanh(r.g, r.x);
  refused(&r, 1, &y, (const char *[]){"x"}, "input 2x4x4x3 x: an output has the same name");
}

/* A graph that failed says why. */
static void failed_graph(void **state) {
  (void)state;
  void *data;
  size_t size;
  refusal r = start();
  tg_value y = tg_max_pool(r.g, r.x, 9, 9, 0);
  assert_int_equal(tg_graph_onnx(r.g, r.s, 1, &y, (const char *[]){"y"}, &plain, &data, &size), 1);
  assert_message("a window of 9 does not fit");
  tg_graph_free(r.g);
  tg_store_free(r.s);
}

int main(void) {
  golden_way reference = {"reference", true}, cpu = {"cpu", false};
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(wire_format),
      cmocka_unit_test_prestate(operators_bytes, &cpu),
      cmocka_unit_test_prestate(operators_values, &reference),
      cmocka_unit_test_prestate(operators_values, &cpu),
      cmocka_unit_test(model_contents),
      cmocka_unit_test(every_architecture),
      cmocka_unit_test(same_bytes_again),
      cmocka_unit_test(batches),
      cmocka_unit_test(operators_refused),
      cmocka_unit_test(parameters_refused),
      cmocka_unit_test(outputs_refused),
      cmocka_unit_test(failed_graph),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
