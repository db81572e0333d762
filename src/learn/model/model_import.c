/* model_import.c: weights of another program as a model file. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "classifier.h"
#include "error.h"
#include "file.h"
#include "hash.h"
#include "inference.h"
#include "memory.h"
#include "model_file.h"
#include "model_import.h"
#include "resample.h"
#include "text.h"
#include "unicode.h"
#include "weight_names.h"

typedef struct importer {
  const xs_import_task *o;
  safetensors *file;
  weight_names names; /* of its tensors */
  nn_classifier description;
  train_geometry geometry;
  int64_t outputs; /* of the file's last layer */
  nn_net *net;
  tg_store *store;
  char **class_name; /* [description.classes] */
} importer;

/* ---- what the file's tensors say ---------------------------------------------------------------
 */

static bool ends_with(const char *text, const char *end) {
  size_t n = strlen(text), k = strlen(end);
  return n >= k && strcmp(text + n - k, end) == 0;
}

/* The network's parameters, without values. */
static int list_params(importer *m) {
  nn_net_free(m->net);
  m->net = nn_net_new("");
  return inference_list_classifier(m->net, &m->description) ? fail_context(1, "%s: ", m->o->weights)
                                                            : 0;
}

static const safetensor *find_or_fail(const importer *m, const char *name) {
  const safetensor *t = weight_names_find(&m->names, name);
  if (!t) {
    char *shown = weight_names_show(m->file);
    fail(1,
         "%s: tensor %s is missing: its %d tensors, such as %s, are not those of %s, whatever "
         "stands in front of their names",
         m->o->weights, name, safetensors_count(m->file), shown, m->o->architecture);
    free(shown);
  }
  return t;
}

static const safetensor *find_last(const importer *m, const char *part) {
  char *name = text_format("%s.%s", nn_classifier_last_name(&m->description), part);
  const safetensor *t = find_or_fail(m, name);
  free(name);
  return t;
}

static int read_sizes(importer *m) {
  if (list_params(m) || weight_names_open(m->o->weights, m->file, m->net, &m->names)) return 1;
  const safetensor *first = find_or_fail(m, model_bare_name(m->net, &m->net->param[0]));
  const safetensor *last = first ? find_last(m, "weight") : NULL;
  if (!last) return 1;
  if (first->rank != 4 || (first->dim[1] != 1 && first->dim[1] != 3)) {
    return fail(1, "%s: tensor %s is no convolution of images with 1 or 3 channels", m->o->weights,
                first->name);
  }
  if (last->rank != 2 || last->dim[0] < 1 || last->dim[0] > 100000) {
    return fail(1, "%s: tensor %s is no linear layer", m->o->weights, last->name);
  }
  m->outputs = last->dim[0];
  m->description.channels = (int)first->dim[1];
  m->description.classes = m->o->output < 0 ? (int)m->outputs : 2;
  return 0;
}

/* A first layer of a Sequential: what follows it has no weights, but is there. */
static bool is_sequential(const importer *m) {
  const safetensor *t = find_last(m, "weight");
  return !strcmp(nn_classifier_last_name(&m->description), "classifier") && t &&
         ends_with(t->name, "classifier.0.weight");
}

static int check_outputs(const importer *m) {
  const xs_import_task *o = m->o;
  const int classes = m->description.classes;
  if (o->output >= m->outputs) {
    return fail(XS_USAGE, "%s: output %lld is beyond its %lld outputs, which are numbered from 0",
                o->weights, (long long)o->output, (long long)m->outputs);
  }
  if (o->output < 0 && weight_names_find(&m->names, "op_threshs")) {
    return fail(XS_USAGE,
                "%s: its %lld outputs are findings that do not exclude each other (it has "
                "op_threshs); choose one with --output N, numbered from 0",
                o->weights, (long long)m->outputs);
  }
  if (o->output < 0 && o->classes.n != classes && classes > 1 && is_sequential(m)) {
    return fail(
        XS_USAGE,
        "%s: something without weights follows its last layer %s: a sigmoid, as in CheXNet, "
        "makes its %lld outputs findings that do not exclude each other: choose one with "
        "--output N, numbered from 0; if they do, name the classes (--class)",
        o->weights, find_last(m, "weight")->name, (long long)m->outputs);
  }
  if (classes < 2) {
    return fail(XS_USAGE, "%s: has one output; --output 0 makes two classes of it", o->weights);
  }
  for (int i = 0; i < o->classes.n; i++) {
    if (unicode_check("--class", o->classes.text[i])) return XS_USAGE;
  }
  if (o->classes.n == 0 || o->classes.n == classes) return 0;
  return fail(XS_USAGE, "%s: %d class names for %d classes", o->weights, o->classes.n, classes);
}

static int describe(importer *m) {
  const xs_import_task *o = m->o;
  m->description = (nn_classifier){
      .architecture = o->architecture, .size = (int)o->size, .channels = 3, .classes = 2};
  const char *why = nn_classifier_impossible(&m->description);
  if (why) return fail(XS_USAGE, "size %lld: %s", (long long)o->size, why);
  int status = read_sizes(m);
  if (!status) status = check_outputs(m);
  if (!status) status = list_params(m);
  m->geometry = train_geometry_of(o->size, m->description.channels, o->normalisation);
  return status;
}

/* ---- weights ------------------------------------------------------------------------------------
 */

/* The logit of the output's own threshold, 0 where it has none. */
static int read_threshold(const importer *m, double *logit) {
  const safetensor *t = weight_names_find(&m->names, "op_threshs");
  *logit = 0;
  if (!t) return 0;
  if (t->count != m->outputs) {
    return fail(1, "%s: op_threshs has %lld values for %lld outputs", m->o->weights,
                (long long)t->count, (long long)m->outputs);
  }
  float *x = memory_new((size_t)t->count * sizeof *x);
  int status = safetensors_read_f32(t, x);
  const double p = (double)x[m->o->output];
  if (!status && p > 0 && p < 1) *logit = log(p / (1 - p));
  free(x);
  return status;
}

/* Two rows of the last layer: zeros, so that the softmax is the sigmoid of the second. */
static int take_output(const importer *m, const nn_param *p, const safetensor *t) {
  const int64_t width = t->rank == 2 ? t->dim[1] : 1;
  double threshold = 0;
  if (t->count != width * m->outputs || tg_count(p->shape) != 2 * width) {
    return fail(1, "%s: tensor %s has another size than its layer", m->o->weights, t->name);
  }
  float *all = memory_new((size_t)t->count * sizeof *all);
  float *two = memory_new((size_t)(2 * width) * sizeof *two);
  int status = model_read_finite(m->o->weights, t, all);
  if (!status && t->rank == 1) status = read_threshold(m, &threshold);
  memcpy(two + width, all + m->o->output * width, (size_t)width * sizeof *two);
  if (t->rank == 1) two[1] -= (float)threshold;
  if (!status) status = model_store_param(p, two, m->store);
  free(two);
  free(all);
  return status;
}

/* Norms here add 1e-5 to the variance: what another epsilon adds more is added to the file's. */
static int move_epsilon(const importer *m, const nn_param *p) {
  const double more = m->o->epsilon - NN_BATCH_NORM_EPSILON;
  if (!ends_with(p->name, ".running_var")) return 0;
  const int64_t n = tg_count(p->shape);
  float *x = memory_new((size_t)n * sizeof *x);
  int status = tg_store_get(m->store, p->name, p->shape, x);
  for (int64_t i = 0; i < n && !status; i++) x[i] = (float)((double)x[i] + more);
  if (!status) status = tg_store_put(m->store, p->name, p->shape, x);
  free(x);
  return status;
}

static int take_param(const importer *m, const nn_param *p) {
  const char *name = model_bare_name(m->net, p), *last = nn_classifier_last_name(&m->description);
  const safetensor *t = find_or_fail(m, name);
  if (!t) return 1;
  const size_t length = strlen(last);
  const bool is_last = strncmp(name, last, length) == 0 && name[length] == '.';
  if (is_last && m->o->output >= 0) return take_output(m, p, t);
  if (model_load_param(m->o->weights, t, p, m->store)) return 1;
  return move_epsilon(m, p);
}

/* A tensor without a place would mean another network, but for what PyTorch only counts. */
static int check_unused(const importer *m) {
  int extra = 0;
  const char *first = NULL;
  for (int i = 0; i < safetensors_count(m->file); i++) {
    const char *name = m->names.name[i];
    const bool known = ends_with(name, ".num_batches_tracked") || strcmp(name, "op_threshs") == 0 ||
                       weight_names_knows(m->net, name);
    if (!known && extra++ == 0) first = safetensors_at(m->file, i)->name;
  }
  if (!extra) return 0;
  return fail(1,
              "%s: %d of its tensors %s no place in %s, such as %s: it is another network, or take "
              "them out of the file",
              m->o->weights, extra, extra == 1 ? "has" : "have", m->o->architecture, first);
}

static int take_all(importer *m) {
  m->store = tg_store_new(tg_device_cpu());
  int status = check_unused(m);
  for (int i = 0; i < m->net->n && !status; i++) status = take_param(m, &m->net->param[i]);
  return status;
}

/* ---- the model file -----------------------------------------------------------------------------
 */

static char *trimmed(const char *name) { return text_trim(name, name + strlen(name)); }

static void name_classes(importer *m) {
  const int n = m->description.classes;
  m->class_name = memory_new((size_t)n * sizeof *m->class_name);
  for (int i = 0; i < n; i++) {
    m->class_name[i] = m->o->classes.n    ? trimmed(m->o->classes.text[i])
                       : m->o->output < 0 ? text_format("%d", i)
                       : i                ? text_format("%lld", (long long)m->o->output)
                                          : text_format("not %lld", (long long)m->o->output);
  }
}

static int write_model(importer *m, const char *out) {
  char hash[HASH_SHA256_TEXT];
  if (hash_sha256_file(m->o->weights, hash)) return 1;
  name_classes(m);
  json_t *j = classifier_metadata(&m->description, &m->geometry, m->class_name);
  xs_preprocessing how = {.max_value = m->o->max_value, .center_crop = m->o->center_crop};
  resize_of(m->o->resize, &how.resize);
  how.size = m->geometry.size;
  json_object_set_new(j, "preprocessing", preprocessing_json(&how, how.size));
  json_object_set_new(j, "training",
                      json_pack("{s:s, s:s, s:I}", "task", "import", "sha256", hash, "output",
                                (json_int_t)m->o->output));
  int status = model_save(out, m->net, m->store, j);
  json_decref(j);
  return status;
}

xs_status model_import(const xs_import_task *o) {
  importer m = {.o = o};
  if (!o->overwrite && file_exists(o->out)) {
    return (xs_status)fail(XS_FAILED, "%s: is there already; --overwrite replaces it", o->out);
  }
  int status = safetensors_open(o->weights, &m.file);
  if (!status) status = describe(&m);
  if (!status) status = take_all(&m);
  if (!status) status = write_model(&m, o->out);
  for (int i = 0; m.class_name && i < m.description.classes; i++) free(m.class_name[i]);
  free(m.class_name);
  tg_store_free(m.store);
  nn_net_free(m.net);
  weight_names_release(&m.names);
  safetensors_close(m.file);
  return status == XS_USAGE ? XS_USAGE : status ? XS_FAILED : XS_OK;
}
