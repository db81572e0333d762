/* classifier.c: a trained classifier, ready to give logits. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "classifier.h"
#include "decision.h"
#include "error.h"
#include "inference.h"
#include "memory.h"
#include "model_file.h"
#include "option.h"
#include "prepare.h"
#include "random.h"
#include "resample.h"
#include "text.h"
#include "text_set.h"
#include "unusual.h"
#include "values.h"

/* Where in a batch few images are predicted, and from where the last layer answers for all.  With
 * several threads oneDNN's products sum the rows at the end of each one's share in another order:
 * among the first there are none, unless a hundred rows are shared by more than six threads. */
enum { FIRST_PLACES = 16 };

struct xs_classifier {
  nn_classifier net; /* architecture is owned */
  train_geometry geometry;
  xs_preprocessing preprocessing;
  const char *unknown; /* what the file does not say of it, or NULL */
  char **class_name;
  double temperature;   /* NAN: the file does not say */
  bool uncalibrated;    /* the file says that there is none */
  xs_decision decision; /* its site is owned */
  unusual_measure site;
  tg_store *store;
  int64_t batch;
  inference_plan answer;  /* of that many images */
  inference_plan texture; /* likewise; made when it is first asked for */
  inference_plan last;    /* its last layer: made to predict more images than FIRST_PLACES */
  int64_t place[CLASSIFIER_MOST], places; /* of a batch: where predicted images are put */
};

int64_t classifier_batch(int size) { return size <= 64 ? CLASSIFIER_MOST : 16; }

void xs_classifier_free(xs_classifier *c) {
  if (!c) return;
  tg_plan_free(c->last.plan);
  tg_plan_free(c->texture.plan);
  tg_plan_free(c->answer.plan);
  tg_store_free(c->store);
  for (int i = 0; c->class_name && i < c->net.classes; i++) free(c->class_name[i]);
  free(c->class_name);
  free((char *)(uintptr_t)c->net.architecture);
  unusual_release(&c->site);
  free((char *)(uintptr_t)c->decision.site);
  free(c);
}

int xs_classifier_classes(const xs_classifier *c) { return c->net.classes; }
const char *xs_classifier_class_name(const xs_classifier *c, int k) { return c->class_name[k]; }
const train_geometry *classifier_geometry(const xs_classifier *c) { return &c->geometry; }
const nn_classifier *classifier_description(const xs_classifier *c) { return &c->net; }

double xs_classifier_temperature(const xs_classifier *c) { return c->temperature; }
bool xs_classifier_uncalibrated(const xs_classifier *c) { return c->uncalibrated; }
const xs_decision *xs_classifier_decision(const xs_classifier *c) { return &c->decision; }
const char *xs_classifier_site(const xs_classifier *c) { return c->site.site; }

const xs_preprocessing *xs_classifier_preprocessing(const xs_classifier *c) {
  return &c->preprocessing;
}

const char *xs_classifier_unknown(const xs_classifier *c) { return c->unknown; }

/* Images that were kept at another size and resized again are not what `prepare` promises. */
json_t *preprocessing_json(const xs_preprocessing *how, int size) {
  const xs_values *v = &how->values;
  json_t *j = json_pack("{s:s, s:f, s:b, s:s, s:b}", "resize", resize_name(how->resize),
                        "max_value", how->max_value, "center_crop", (int)how->center_crop, "range",
                        values_range_name(v->range), "window", (int)v->window);
  if (how->size == size) json_object_set_new(j, "prepare", json_integer(PREPARE_VERSION));
  if (v->range == XS_RANGE_PERCENTILES) {
    json_object_set_new(j, "percentiles", json_pack("[f, f]", v->low, v->high));
  }
  return j;
}

json_t *classifier_metadata(const nn_classifier *c, const train_geometry *g,
                            char *const *class_name) {
  json_t *j = json_pack("{s:i, s:s, s:s, s:o}", "format", 1, "kind", "classifier", "architecture",
                        c->architecture, "classes", option_texts_json(class_name, c->classes));
  json_t *geometry = geometry_json(g);
  json_object_update(j, geometry);
  json_decref(geometry);
  return j;
}

/* The same names, but for blanks at their ends, would be the same columns and answers. */
static int check_class_names(const char *path, const xs_classifier *c) {
  const int64_t twice = text_set_repeated(c->class_name, c->net.classes);
  if (twice < 0) return 0;
  return fail(1, "%s: metadata: classes: '%s' is there twice", path, c->class_name[twice]);
}

static int parse_classes(const json_t *j, const char *path, xs_classifier *c) {
  size_t n = json_array_size(j);
  if (n < 2 || n > 100000)
    return fail(1, "%s: metadata: classes: a list of two or more names is needed", path);
  c->net.classes = (int)n;
  c->class_name = memory_new(n * sizeof *c->class_name);
  for (size_t i = 0; i < n; i++) {
    const char *name = json_string_value(json_array_get(j, i));
    if (!name) return fail(1, "%s: metadata: classes[%zu] is not text", path, i);
    c->class_name[i] = text_trim(name, name + strlen(name));
  }
  return check_class_names(path, c);
}

/* A file that says nothing of a range is of a version that read the full one. */
static int parse_values(const json_t *j, const char *path, xs_values *v) {
  const char *range = json_string_value(json_object_get(j, "range"));
  const json_t *ends = json_object_get(j, "percentiles");
  v->low = json_number_value(json_array_get(ends, 0));
  v->high = json_number_value(json_array_get(ends, 1));
  v->window = json_is_true(json_object_get(j, "window"));
  if (range && !values_range_of(range, &v->range)) {
    return fail(1, "%s: metadata: preprocessing.range: full, stored or percentiles is needed",
                path);
  }
  if (v->range == XS_RANGE_PERCENTILES && !(v->low >= 0 && v->high > v->low && v->high <= 100)) {
    return fail(1, "%s: metadata: preprocessing.percentiles: two ascending numbers are needed",
                path);
  }
  return 0;
}

static const char *const unknown_all =
    "the model file does not say how its images were prepared: read as bilinear, uncut, black 0 "
    "and "
    "white the largest value of the file's depth; answers are right if it was trained on such";
static const char *const unknown_size =
    "the model file does not say at which size the images that it was trained on were kept before "
    "they were resized to the network's (the `size` of their domain file then): images are resized "
    "once now, and answers may differ from those in training";

/* Before there was "prepare", max_value was the largest of the depth where a domain file gave none,
 * and stood beside every range. */
static double given_white(const xs_preprocessing *p, bool prepared, double white) {
  const bool depth = white >= 65535 || (white >= 255 && white <= 255);
  return p->values.range != XS_RANGE_FULL || (depth && !prepared) ? 0 : white;
}

/* Files of other programs, and of versions before this, do not say. */
static int parse_preprocessing(const json_t *j, const char *path, xs_classifier *c) {
  xs_preprocessing *p = &c->preprocessing;
  *p = (xs_preprocessing){.resize = XS_BILINEAR, .size = c->geometry.size};
  c->unknown = unknown_all;
  if (!j) return 0;
  const char *resize = json_string_value(json_object_get(j, "resize"));
  const json_t *version = json_object_get(j, "prepare");
  double most = json_number_value(json_object_get(j, "max_value"));
  if (!resize || !resize_of(resize, &p->resize)) {
    return fail(1,
                "%s: metadata: preprocessing.resize: nearest, nearest-exact or bilinear is needed",
                path);
  }
  if (!(most >= 0 && most <= 65535)) {
    return fail(1, "%s: metadata: preprocessing.max_value: a number up to 65535 is needed", path);
  }
  if (version && json_integer_value(version) != PREPARE_VERSION) {
    return fail(1,
                "%s: metadata: preprocessing.prepare: this version prepares images by version %d "
                "only; use the version that made the file",
                path, PREPARE_VERSION);
  }
  c->unknown = version ? NULL : unknown_size;
  p->center_crop = json_is_true(json_object_get(j, "center_crop"));
  if (parse_values(j, path, &p->values)) return 1;
  p->max_value = given_white(p, version != NULL, most);
  return 0;
}

static int parse_temperature(const json_t *j, const char *path, xs_classifier *c) {
  c->uncalibrated = json_is_null(j);
  c->temperature = j && !c->uncalibrated ? json_number_value(j) : NAN;
  if (!j || c->uncalibrated || c->temperature > 0) return 0;
  return fail(1, "%s: metadata: temperature: a number above 0 is needed", path);
}

static int parse_metadata(const json_t *j, const char *path, xs_classifier *c) {
  const char *architecture = json_string_value(json_object_get(j, "architecture"));
  if (!architecture) return fail(1, "%s: metadata: architecture is missing", path);
  if (parse_classes(json_object_get(j, "classes"), path, c)) return 1;
  if (geometry_parse(j, path, &c->geometry)) return 1;
  if (parse_preprocessing(json_object_get(j, "preprocessing"), path, c)) return 1;
  if (parse_temperature(json_object_get(j, "temperature"), path, c)) return 1;
  if (decision_parse(json_object_get(j, "operating"), path, c->class_name, c->net.classes,
                     &c->decision)) {
    return 1;
  }
  c->net.architecture = text_copy(architecture);
  c->net.size = c->geometry.size;
  c->net.channels = c->geometry.channels;
  const char *why = nn_classifier_impossible(&c->net);
  return why ? fail(1, "%s: architecture '%s': %s", path, architecture, why) : 0;
}

static int build(xs_classifier *c, const model_file *file) {
  nn_net *net = nn_net_new("");
  c->store = tg_store_new(tg_device_cpu());
  c->batch = classifier_batch(c->net.size);
  c->places = c->batch < FIRST_PLACES ? c->batch : FIRST_PLACES;
  for (int64_t i = 0; i < c->places; i++) c->place[i] = i;
  int status = inference_list_classifier(net, &c->net);
  if (!status) status = model_parameters(file, net, c->store);
  if (!status)
    status = inference_plan_classifier(net, &c->net, c->batch, c->store, NULL, &c->answer);
  nn_net_free(net);
  return status;
}

/* Its parameters are there: the whole network is. */
static int need_texture(xs_classifier *c) {
  if (c->texture.plan) return 0;
  nn_net *net = nn_net_new("");
  int status = inference_plan_texture(net, &c->net, c->batch, c->store, NULL, &c->texture);
  nn_net_free(net);
  return status;
}

static int appearance_width(const xs_classifier *c) { return c->texture.width + APPEARANCE_LOOK; }

xs_status classifier_appearance_width(xs_classifier *c, int *width) {
  if (need_texture(c)) return XS_FAILED;
  *width = appearance_width(c);
  return XS_OK;
}

static int load_site(xs_classifier *c, const model_file *file) {
  if (!json_object_get(file->metadata, "site")) return 0;
  return need_texture(c) || unusual_load(file, appearance_width(c), &c->site);
}

static int make(const model_file *file, bool whole, xs_classifier **out) {
  *out = memory_new(sizeof **out);
  int status = parse_metadata(file->metadata, file->path, *out);
  if (!status && whole) status = build(*out, file) || load_site(*out, file);
  if (!status) return 0;
  xs_classifier_free(*out);
  *out = NULL;
  return 1;
}

int classifier_describe(const model_file *file, xs_classifier **out) {
  return make(file, false, out);
}

int classifier_read(const model_file *file, xs_classifier **out) { return make(file, true, out); }

xs_status classifier_open(const char *path, model_file *file, xs_classifier **out) {
  *out = NULL;
  return model_open(path, "classifier", file) || classifier_read(file, out) ? XS_FAILED : XS_OK;
}

xs_status xs_classifier_load(const char *path, xs_classifier **out) {
  model_file file;
  const xs_status status = classifier_open(path, &file, out);
  model_close(&file);
  return status;
}

/* Row i of a batch that starts at `first`; beyond the end the last row is repeated. */
void batch_rows(const int64_t *rows, int64_t n, int64_t first, int64_t batch, int64_t *out) {
  for (int64_t i = 0; i < batch; i++) {
    int64_t at = first + i < n ? first + i : n - 1;
    out[i] = rows ? rows[at] : at;
  }
}

static void copy_rows(const inference_plan *plan, tg_value from, int64_t width, int64_t first,
                      int64_t count, float *to) {
  if (!to) return;
  memcpy(to + first * width, tg_plan_data(plan->plan, from), (size_t)(count * width) * sizeof *to);
}

int xs_classifier_width(const xs_classifier *c) { return c->answer.width; }

xs_status xs_classifier_features(xs_classifier *c, const xs_images *images, const int64_t *rows,
                                 int64_t n, float *logit, float *feature) {
  int64_t batch[CLASSIFIER_MOST];
  for (int64_t first = 0; first < n; first += c->batch) {
    int64_t count = n - first < c->batch ? n - first : c->batch;
    batch_rows(rows, n, first, c->batch, batch);
    xs_images_fetch(images, batch, c->batch, c->net.size, c->net.channels, &c->geometry.norm,
                    tg_plan_data(c->answer.plan, c->answer.x));
    if (tg_plan_run(c->answer.plan, 0)) return XS_FAILED;
    copy_rows(&c->answer, c->answer.y, c->net.classes, first, count, logit);
    copy_rows(&c->answer, c->answer.features, c->answer.width, first, count, feature);
  }
  return XS_OK;
}

xs_status xs_classifier_logits(xs_classifier *c, const xs_images *images, const int64_t *rows,
                               int64_t n, float *logit) {
  return xs_classifier_features(c, images, rows, n, logit, NULL);
}

/* Means of an image's cells. */
static void look_of(const float *x, int size, int channels, float *look) {
  double sum[APPEARANCE_LOOK] = {0};
  int n[APPEARANCE_LOOK] = {0};
  for (int i = 0; i < size * size; i++) {
    const int row = i / size * APPEARANCE_SIDE / size, column = i % size * APPEARANCE_SIDE / size;
    const int cell = row * APPEARANCE_SIDE + column;
    for (int k = 0; k < channels; k++) sum[cell] += (double)x[i * channels + k];
    n[cell] += channels;
  }
  for (int i = 0; i < APPEARANCE_LOOK; i++) look[i] = (float)(sum[i] / n[i]);
}

/* Means as they are, deviations as logarithms: a few images with much texture would widen the range
 * of usual deviations until nothing is outside. */
static void copy_texture(const float *texture, int width, float *to) {
  const double floor = 1e-3;
  for (int k = 0; k < width / 2; k++) to[k] = texture[k];
  for (int k = width / 2; k < width; k++) to[k] = (float)log((double)texture[k] + floor);
}

/* Of the images that are the texture plan's input: appearance [count][width]. */
static int see_batch(xs_classifier *c, int64_t count, float *appearance) {
  const int size = c->net.size, channels = c->net.channels, texture = c->texture.width;
  if (tg_plan_run(c->texture.plan, 0)) return 1;
  const float *x = tg_plan_data(c->texture.plan, c->texture.x);
  const float *y = tg_plan_data(c->texture.plan, c->texture.y);
  for (int64_t i = 0; i < count; i++, appearance += appearance_width(c)) {
    copy_texture(y + i * texture, texture, appearance);
    look_of(x + i * size * size * channels, size, channels, appearance + texture);
  }
  return 0;
}

xs_status classifier_appearance(xs_classifier *c, const xs_images *images, const int64_t *rows,
                                int64_t n, float *appearance) {
  int64_t batch[CLASSIFIER_MOST];
  if (need_texture(c)) return XS_FAILED;
  for (int64_t first = 0; first < n; first += c->batch) {
    int64_t count = n - first < c->batch ? n - first : c->batch;
    batch_rows(rows, n, first, c->batch, batch);
    xs_images_fetch(images, batch, c->batch, c->net.size, c->net.channels, &c->geometry.norm,
                    tg_plan_data(c->texture.plan, c->texture.x));
    if (see_batch(c, count, appearance + first * appearance_width(c))) return XS_FAILED;
  }
  return XS_OK;
}

/* ---- images that each are of a size of their own ---- */

static float *input_at(const xs_classifier *c, int64_t place) {
  return (float *)tg_plan_data(c->answer.plan, c->answer.x) +
         place * c->net.size * c->net.size * c->net.channels;
}

static int plan_last(xs_classifier *c) {
  nn_net *net = nn_net_new("");
  const int status =
      inference_plan_last(net, &c->net, c->batch, c->answer.width, c->store, NULL, &c->last);
  nn_net_free(net);
  return status;
}

/* The places where an image gets the features that it gets at the first, to the last bit.  Found
 * with noise in all of them, which many features would show. */
static int find_places(xs_classifier *c) {
  const int64_t values = input_at(c, 1) - input_at(c, 0), width = c->answer.width;
  for (int64_t i = 0; i < c->batch * values; i++) {
    input_at(c, 0)[i] = random_uniform(1, 0, 0, (uint64_t)(i % values)) - 0.5f;
  }
  if (plan_last(c) || tg_plan_run(c->answer.plan, 0)) return 1;
  const float *y = tg_plan_data(c->answer.plan, c->answer.features);
  c->places = 0;
  for (int64_t i = 0; i < c->batch; i++) {
    if (!memcmp(y, y + i * width, (size_t)width * sizeof *y)) c->place[c->places++] = i;
  }
  return 0;
}

/* Between the places, and beyond the last image, an image is repeated. */
static void fetch_each(const xs_classifier *c, xs_images *const *one, int64_t count) {
  for (int64_t i = 0, k = 0; i < c->batch; i++) {
    xs_images_fetch(one[k], NULL, 1, c->net.size, c->net.channels, &c->geometry.norm,
                    input_at(c, i));
    if (k < count - 1 && i == c->place[k]) k++;
  }
}

static int measure_distances(xs_classifier *c, int64_t count, double *distance) {
  for (int64_t i = 0; i < count; i++) distance[i] = NAN;
  if (!c->site.site) return 0;
  const int width = appearance_width(c);
  const size_t values = (size_t)(c->batch * c->net.size * c->net.size * c->net.channels);
  memcpy(tg_plan_data(c->texture.plan, c->texture.x), input_at(c, 0), values * sizeof(float));
  float *appearance = memory_new((size_t)(c->batch * width) * sizeof *appearance);
  const int status = see_batch(c, c->place[count - 1] + 1, appearance);
  for (int64_t i = 0; i < count && !status; i++) {
    distance[i] = unusual_distance(&c->site, appearance + c->place[i] * width);
  }
  free(appearance);
  return status;
}

/* Logits of images first to first + count, at most FIRST_PLACES, from its first rows. */
static int answer_last(xs_classifier *c, int64_t first, int64_t count, float *logit) {
  const int64_t width = c->answer.width;
  const float *y = tg_plan_data(c->answer.plan, c->answer.features);
  float *x = tg_plan_data(c->last.plan, c->last.x);
  for (int64_t i = 0; i < c->batch; i++) {
    const int64_t k = first + (i < count ? i : count - 1);
    memcpy(x + i * width, y + c->place[k] * width, (size_t)width * sizeof *x);
  }
  if (tg_plan_run(c->last.plan, 0)) return 1;
  copy_rows(&c->last, c->last.y, c->net.classes, first, count, logit);
  return 0;
}

/* At most as many images as there are places. */
static int predict_batch(xs_classifier *c, xs_images *const *one, int64_t count, float *logit,
                         double *distance) {
  fetch_each(c, one, count);
  if (measure_distances(c, count, distance) || tg_plan_run(c->answer.plan, 0)) return 1;
  if (!c->last.plan) copy_rows(&c->answer, c->answer.y, c->net.classes, 0, count, logit);
  int status = 0;
  for (int64_t i = 0; c->last.plan && i < count && !status; i += FIRST_PLACES) {
    status = answer_last(c, i, count - i < FIRST_PLACES ? count - i : FIRST_PLACES, logit);
  }
  return status;
}

int64_t classifier_at_once(xs_classifier *c, int64_t n) {
  const bool more = n > c->places && c->batch > FIRST_PLACES && !c->last.plan;
  return more && find_places(c) ? 0 : c->places;
}

xs_status xs_classifier_predict(xs_classifier *c, xs_images *const *one, int64_t n, float *logit,
                                double *distance) {
  const int64_t most = classifier_at_once(c, n);
  if (!most) return XS_FAILED;
  for (int64_t first = 0; first < n; first += most) {
    const int64_t count = n - first < most ? n - first : most;
    if (predict_batch(c, one + first, count, logit + first * c->net.classes, distance + first)) {
      return XS_FAILED;
    }
  }
  return XS_OK;
}

xs_status classifier_labels(xs_classifier *c, const xs_images *images, int32_t *label) {
  int classes = c->net.classes;
  float *logit = memory_new((size_t)(images->n * classes + 1) * sizeof *logit);
  xs_status status = xs_classifier_logits(c, images, NULL, images->n, logit);
  for (int64_t i = 0; i < images->n && !status; i++) {
    const float *row = logit + i * classes;
    label[i] = 0;
    for (int k = 1; k < classes; k++) {
      if (row[k] > row[label[i]]) label[i] = k;
    }
  }
  free(logit);
  return status;
}
