/* test_import.c: weights of another program become a model: names, outputs, thresholds, epsilon;
 * and first convolutions between gray and colour. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

#include "adapter_plans.h"
#include "classifier.h"
#include "data_files.h"
#include "file.h"
#include "file_opens.h"
#include "initial_weights.h"
#include "memory.h"
#include "model_file.h"
#include "model_import.h"
#include "nn.h"
#include "own_hash.h"
#include "text.h"
#include "weight_names.h"

enum { SIZE = 32, OUTPUTS = 4, EXTRA = 2 };

static const nn_classifier gray = {
    .architecture = "lenet5", .size = SIZE, .channels = 1, .classes = OUTPUTS};

static void build(nn_net *net, const nn_classifier *c) {
  tg_graph *g = tg_graph_new();
  nn_classifier_build(g, net, c, tg_input(g, "x", tg_shape4(1, c->size, c->size, c->channels)));
  tg_graph_free(g);
}

/* A safetensors file of the network's tensors, each name behind `prefix`, and perhaps thresholds
 * and a counter. */
static char *write_weights(const char *dir, const char *prefix, int extra) {
  static const float threshold[OUTPUTS] = {0.1f, 0.2f, 0.3f, NAN};
  static const float counted = 7;
  char *path = file_join(dir, "weights.safetensors");
  nn_net *net = nn_net_new("");
  build(net, &gray);
  tg_store *s = tg_store_new(tg_device_cpu());
  assert_int_equal(nn_net_initialise(net, s, 5), 0);
  safetensor *t = memory_new((size_t)(net->n + EXTRA) * sizeof *t);
  for (int i = 0; i < net->n; i++) {
    const nn_param *p = &net->param[i];
    int64_t n = tg_count(p->shape);
    float *x = memory_new((size_t)n * sizeof *x), *y = memory_new((size_t)n * sizeof *y);
    tg_store_read(s, tg_store_find(s, p->name), x);
    nn_param_to_file(p, x, y);
    free(x);
    t[i] = (safetensor){.name = text_format("%s%s", prefix, p->name),
                        .rank = p->rank,
                        .dtype = SAFETENSORS_F32,
                        .data = y,
                        .count = n};
    memcpy(t[i].dim, p->dim, sizeof p->dim);
  }
  t[net->n] = (safetensor){"op_threshs", 1, {OUTPUTS}, SAFETENSORS_F32, threshold, OUTPUTS};
  t[net->n + 1] =
      (safetensor){"features.n.num_batches_tracked", 1, {1}, SAFETENSORS_F32, &counted, 1};
  assert_int_equal(safetensors_write(path, t, net->n + extra, NULL), 0);
  for (int i = 0; i < net->n; i++) {
    free(t[i].name);
    free((float *)(uintptr_t)t[i].data);
  }
  free(t);
  tg_store_free(s);
  nn_net_free(net);
  return path;
}

static xs_import_task options_of(const char *weights) {
  return (xs_import_task){.weights = weights,
                          .architecture = "lenet5",
                          .output = -1,
                          .size = SIZE,
                          .normalisation = "half",
                          .resize = "nearest",
                          .epsilon = 1e-5,
                          .overwrite = true};
}

static xs_status import_to(xs_import_task *o, const char *out) {
  o->out = out;
  return model_import(o);
}

static xs_images image_of(uint8_t *pixels, int channels) {
  for (int i = 0; i < SIZE * SIZE; i++) {
    for (int k = 0; k < channels; k++) pixels[i * channels + k] = (uint8_t)(i * 7 % 251);
  }
  return (xs_images){.name = "x",
                     .n = 1,
                     .height = SIZE,
                     .width = SIZE,
                     .channels = channels,
                     .bytes = 1,
                     .max_value = 255,
                     .pixels = pixels};
}

static void logits_of(const char *model, const xs_images *image, float *logit) {
  xs_classifier *c = NULL;
  assert_int_equal(xs_classifier_load(model, &c), XS_OK);
  assert_int_equal(xs_classifier_logits(c, image, NULL, 1, logit), XS_OK);
  xs_classifier_free(c);
}

static void test_outputs(void **state) {
  (void)state;
  static uint8_t pixels[SIZE * SIZE];
  char *dir = temporary_dir(), *all = file_join(dir, "all.safetensors");
  char *one = file_join(dir, "one.safetensors");
  xs_images image = image_of(pixels, 1);
  float logit[OUTPUTS], two[2];
  char *name[] = {(char[]){"clear"}, (char[]){"opacity"}};

  char *weights = write_weights(dir, "", 0);
  xs_import_task o = options_of(weights);
  assert_int_equal(import_to(&o, all), XS_OK);
  logits_of(all, &image, logit);
  o.overwrite = false;
  assert_int_equal(import_to(&o, all), XS_FAILED);
  assert_says("--overwrite replaces it");
  free(weights);

  weights = write_weights(dir, "module.", 2);
  o = options_of(weights);
  assert_int_equal(import_to(&o, one), XS_USAGE);
  assert_says("choose one with --output N");
  o.output = 2;
  o.classes = (xs_texts){2, name};
  assert_int_equal(import_to(&o, one), XS_OK);
  logits_of(one, &image, two);
  assert_true(two[0] == 0);
  assert_true(fabs((double)two[1] - ((double)logit[2] - log(0.3 / 0.7))) < 1e-5);
  o.output = 3; /* its threshold is not a number */
  assert_int_equal(import_to(&o, one), XS_OK);
  logits_of(one, &image, two);
  assert_true(fabsf(two[1] - logit[3]) < 1e-5f);
  o.output = OUTPUTS;
  assert_int_equal(import_to(&o, one), XS_USAGE);
  assert_says("output 4 is beyond its 4 outputs");
  o.output = 1;
  o.classes.n = 1;
  assert_int_equal(import_to(&o, one), XS_USAGE);
  assert_says("1 class names for 2 classes");
  free(weights);
  free(one);
  free(all);
  remove_dir(dir);
}

/* A weight that is no number is refused, also in the layer of which one output is taken. */
static void test_not_a_number(void **state) {
  (void)state;
  char *dir = temporary_dir(), *out = file_join(dir, "out.safetensors"), *data;
  char *weights = write_weights(dir, "", 0);
  size_t size;
  assert_int_equal(file_read(weights, &data, &size), 0);
  bool carried;
  assert_int_equal(own_hash_check(weights, data, size, &carried), 0);
  memset(data + size - sizeof(float), 0xff, sizeof(float)); /* of the last layer's bias */
  own_hash_put(data, size);
  put(dir, "weights.safetensors", data, size);
  xs_import_task o = options_of(weights);
  for (o.output = -1; o.output < 2; o.output++) {
    assert_int_equal(import_to(&o, out), XS_FAILED);
    assert_says("weights.safetensors: ");
    assert_says("holds a value that is not finite");
  }
  free(data);
  free(weights);
  free(out);
  remove_dir(dir);
}

/* Where all images of the site look alike to the classifier, nothing is known of the site, and the
 * file can be read. */
static void test_publish(void **state) {
  (void)state;
  enum { N = 30 };
  static uint8_t pixels[N * SIZE * SIZE];
  char *dir = temporary_dir(), *from = file_join(dir, "from"), *to = file_join(dir, "to");
  char *again = file_join(dir, "again");
  char *weights = write_weights(dir, "", 0);
  xs_import_task o = options_of(weights);
  assert_int_equal(import_to(&o, from), XS_OK);
  int64_t rows[N];
  for (int i = 0; i < N; i++) rows[i] = i;
  for (int alike = 0; alike < 2; alike++) {
    xs_images images = image_of(pixels, 1);
    images.n = N;
    for (int i = 0; i < N * SIZE * SIZE; i++) {
      pixels[i] = (uint8_t)(alike ? 7 : i * 7 % (2 + i / SIZE / SIZE));
    }
    const train_images site = {.images = &images, .rows = rows, .n = N};
    xs_classifier *c = NULL;
    int opens = file_opens_begin(from);
    assert_int_equal(classifier_publish(from, to, 2, &site, 1), XS_OK);
    assert_int_equal(file_opens_end(opens), 1);
    opens = file_opens_begin(to);
    assert_int_equal(xs_classifier_load(to, &c), XS_OK);
    assert_int_equal(file_opens_end(opens), 1);
    assert_true(xs_classifier_temperature(c) == 2);
    assert_int_equal(xs_classifier_site(c) == NULL, alike);
    xs_classifier_free(c);
    assert_int_equal(classifier_publish(to, again, NAN, &site, 1), XS_OK); /* not that of `to` */
    assert_int_equal(xs_classifier_load(again, &c), XS_OK);
    assert_true(isnan(xs_classifier_temperature(c)));
    xs_classifier_free(c);
  }
  free(again);
  free(weights);
  free(to);
  free(from);
  remove_dir(dir);
}

static void test_other_network(void **state) {
  (void)state;
  char *dir = temporary_dir(), *out = file_join(dir, "out.safetensors");
  char *weights = write_weights(dir, "", 0);
  xs_import_task o = options_of(weights);
  o.architecture = "densenet121-linear";
  assert_int_equal(import_to(&o, out), XS_FAILED);
  assert_says("features.conv0.weight is missing");
  free(weights);
  weights = write_weights(dir, "x", 0);
  o = options_of(weights);
  assert_int_equal(import_to(&o, out), XS_FAILED);
  assert_says("features.0.weight is missing");
  assert_false(file_exists(out));
  free(weights);
  free(out);
  remove_dir(dir);
}

/* A file of scalars: names alone matter. */
static safetensors *file_of_names(const char *dir, const char *const *name, int n) {
  static const float zero = 0;
  char *path = file_join(dir, "names.safetensors");
  safetensors *file = NULL;
  safetensor t[8];
  for (int i = 0; i < n; i++) {
    t[i] = (safetensor){.name = (char *)(uintptr_t)name[i], .data = &zero, .count = 1};
  }
  assert_int_equal(safetensors_write(path, t, n, NULL), 0);
  assert_int_equal(safetensors_open(path, &file), 0);
  free(path);
  return file;
}

static int find_names(const char *architecture, const char *const *name, int n,
                      const char *const *wanted, const char *says) {
  const nn_classifier c = {.architecture = architecture, .size = 32, .channels = 3, .classes = 2};
  char *dir = temporary_dir();
  safetensors *file = file_of_names(dir, name, n);
  nn_net *net = nn_net_new("");
  build(net, &c);
  weight_names w;
  const int status = weight_names_open("f", file, net, &w);
  for (int i = 0; i < n && !status; i++) {
    if (strcmp(w.name[i], wanted[i])) print_error("%s is taken for %s\n", name[i], w.name[i]);
    assert_string_equal(w.name[i], wanted[i]);
  }
  if (status) assert_says(says);
  weight_names_release(&w);
  nn_net_free(net);
  safetensors_close(file);
  remove_dir(dir);
  return status;
}

enum { NAMES = 4 };

/* Names of PyTorch's wrappers, of torchvision's first files, CheXNet, MONAI and others. */
static void test_names(void **state) {
  (void)state;
  static const char *const wanted[NAMES] = {
      "features.conv0.weight", "features.denseblock1.denselayer2.norm1.weight",
      "features.transition1.norm.weight", "classifier.weight"};
  static const char *const files[][NAMES] = {
      {"features.conv0.weight", "features.denseblock1.denselayer2.norm.1.weight",
       "features.transition1.norm.weight", "classifier.weight"},
      {"module.densenet121.features.conv0.weight",
       "module.densenet121.features.denseblock1.denselayer2.norm.1.weight",
       "module.densenet121.features.transition1.norm.weight",
       "module.densenet121.classifier.0.weight"},
      {"features.conv0.weight", "features.denseblock1.denselayer2.layers.norm1.weight",
       "features.transition1.norm.weight", "class_layers.out.weight"},
      {"model.backbone.features.conv0.weight",
       "model.backbone.features.denseblock1.denselayer2.norm1.weight",
       "model.backbone.features.transition1.norm.weight", "fc.weight"}};
  for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
    assert_int_equal(find_names("densenet121-linear", files[i], NAMES, wanted, ""), 0);
  }
  /* whose first hidden layer is called so */
  static const char *const own[] = {"module.features.conv0.weight", "module.classifier.0.weight"};
  static const char *const kept[] = {"features.conv0.weight", "classifier.0.weight"};
  assert_int_equal(find_names("densenet121", own, 2, kept, ""), 0);
  /* whose first layer's name ends those of others */
  static const char *const wrapped[] = {"module.layer1.0.conv1.weight", "module.conv1.weight"};
  static const char *const bare[] = {"layer1.0.conv1.weight", "conv1.weight"};
  assert_int_equal(find_names("resnet18", wrapped, 2, bare, ""), 0);
  assert_int_equal(find_names("resnet18", bare, 2, bare, ""), 0);
  static const char *const other[] = {"module.conv1.weight", "module.other.conv1.weight"};
  assert_int_not_equal(find_names("resnet18", other, 2, NULL, "holds several networks"), 0);
  static const char *const two[] = {"student.features.conv0.weight",
                                    "teacher.features.conv0.weight"};
  assert_int_not_equal(find_names("densenet121-linear", two, 2, NULL,
                                  "holds several networks: student.features.conv0.weight"),
                       0);
  static const char *const twice[] = {"net.features.conv0.weight", "net.classifier.weight",
                                      "classifier.weight"};
  assert_int_not_equal(find_names("densenet121-linear", twice, 3, NULL,
                                  "net.classifier.weight and classifier.weight are both"),
                       0);
}

/* Behind any prefix the same network; the file's own names in the message. */
static void test_prefixes(void **state) {
  (void)state;
  static uint8_t pixels[SIZE * SIZE];
  char *dir = temporary_dir(), *out = file_join(dir, "out");
  static const char *const prefix[] = {"", "module.", "state_dict.", "a.b.c."};
  xs_images image = image_of(pixels, 1);
  float logit[4][OUTPUTS];
  for (int i = 0; i < 4; i++) {
    char *weights = write_weights(dir, prefix[i], 0);
    xs_import_task o = options_of(weights);
    assert_int_equal(import_to(&o, out), XS_OK);
    logits_of(out, &image, logit[i]);
    assert_memory_equal(logit[0], logit[i], sizeof logit[0]);
    o.architecture = "densenet121-linear";
    assert_int_equal(import_to(&o, out), XS_FAILED);
    char *says = text_format("such as %sfeatures.0.weight and %sclassifier", prefix[i], prefix[i]);
    assert_says(says);
    free(says);
    free(weights);
  }
  free(out);
  remove_dir(dir);
}

/* What a gray image gives does not depend on how many equal channels show it. */
static void test_gray_and_colour(void **state) {
  (void)state;
  static uint8_t pixels[SIZE * SIZE];
  char *dir = temporary_dir(), *model[2] = {file_join(dir, "1"), file_join(dir, "3")};
  char *weights = write_weights(dir, "", 0);
  xs_images image = image_of(pixels, 1);
  static const xs_watch quiet = {0};
  const train_job job = {.task = "test", .watch = &quiet};
  const char *from = weights;
  float logit[2][OUTPUTS], again[OUTPUTS];
  xs_import_task o = options_of(weights);
  assert_int_equal(import_to(&o, model[0]), XS_OK);
  logits_of(model[0], &image, again);
  for (int i = 0; i < 2; i++, from = model[1]) { /* gray to colour, and back */
    nn_classifier c = gray;
    c.channels = i ? 1 : 3;
    train_geometry g = train_geometry_of(SIZE, c.channels, "half");
    static char *const name[] = {"a", "b", "c", "d"};
    nn_net *net = nn_net_new("");
    tg_store *s = tg_store_new(tg_device_cpu());
    build(net, &c);
    assert_int_equal(init_from_file(&job, from, net, s), 0);
    json_t *metadata = classifier_metadata(&c, &g, name);
    assert_int_equal(model_save(model[!i], net, s, metadata), 0);
    json_decref(metadata);
    logits_of(model[!i], &image, logit[i]);
    tg_store_free(s);
    nn_net_free(net);
    for (int k = 0; k < OUTPUTS; k++) assert_true(fabsf(logit[i][k] - again[k]) < 1e-5f);
  }
  for (int i = 0; i < 2; i++) free(model[i]);
  free(weights);
  remove_dir(dir);
}

/* The adapter's images are in [-1,1]; its classifiers see them as they were trained to. */
static void test_adapter_input(void **state) {
  (void)state;
  enum { N = 2, CHANNELS = 3 };
  const train_geometry geometry = train_geometry_of(SIZE, CHANNELS, "imagenet");
  adapter_nets n = {.stargan = {.size = SIZE, .image_channels = CHANNELS},
                    .classifier = gray,
                    .norm = &geometry.norm,
                    .ft = {nn_net_new("FT/")},
                    .targets = 1};
  n.classifier.channels = CHANNELS;
  tg_graph *g = tg_graph_new();
  adapter_plan p = {.x = tg_input(g, "x", tg_shape4(N, SIZE, SIZE, CHANNELS)),
                    .label = tg_input(g, "label", tg_shape4(N, 1, 1, 1))};
  tg_value seen = tg_input(g, "seen", tg_shape4(N, SIZE, SIZE, CHANNELS));
  tg_value loss = adapter_task_loss(g, &n, n.ft[0], &p);
  tg_value same =
      nn_cross_entropy(g, nn_classifier_build(g, n.ft[0], &n.classifier, seen), p.label);
  const tg_value output[] = {loss, same};
  tg_store *s = tg_store_new(tg_device_cpu());
  tg_plan *plan = NULL;
  assert_int_equal(nn_net_initialise(n.ft[0], s, 3), 0);
  assert_int_equal(tg_plan_new(g, s, 2, output, NULL, &plan), 0);
  float *x = tg_plan_data(plan, p.x), *y = tg_plan_data(plan, seen);
  ((float *)tg_plan_data(plan, p.label))[1] = 2;
  for (int i = 0; i < N * SIZE * SIZE * CHANNELS; i++) {
    double v = i * 13 % 256 / 255.0; /* of the image, in [0,1] */
    x[i] = (float)(2 * v - 1);
    y[i] = (float)((v - geometry.norm.mean[i % 3]) / geometry.norm.deviation[i % 3]);
  }
  assert_int_equal(tg_plan_run(plan, 0), 0);
  const float a = *(float *)tg_plan_data(plan, loss), b = *(float *)tg_plan_data(plan, same);
  assert_true(a > 0.5f && fabsf(a - b) < 1e-5f);
  tg_plan_free(plan);
  tg_store_free(s);
  tg_graph_free(g);
  nn_net_free(n.ft[0]);
}

static void test_normalisation(void **state) {
  (void)state;
  train_geometry g = train_geometry_of(224, 3, "imagenet");
  assert_true(g.norm.mean[2] == 0.406 && g.norm.deviation[0] == 0.229 && !geometry_is_half(&g));
  g = train_geometry_of(224, 1, "imagenet");
  assert_true(fabs(g.norm.mean[0] - 0.449) < 1e-12 && fabs(g.norm.deviation[0] - 0.226) < 1e-12);
  g = train_geometry_of(224, 1, "xrv");
  assert_true((0 - g.norm.mean[0]) / g.norm.deviation[0] == -1024);
  g = train_geometry_of(64, 3, "half");
  assert_true(geometry_is_half(&g));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_outputs),         cmocka_unit_test(test_other_network),
      cmocka_unit_test(test_names),           cmocka_unit_test(test_prefixes),
      cmocka_unit_test(test_gray_and_colour), cmocka_unit_test(test_normalisation),
      cmocka_unit_test(test_adapter_input),   cmocka_unit_test(test_not_a_number),
      cmocka_unit_test(test_publish),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
