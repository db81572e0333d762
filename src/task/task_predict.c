/* task_predict.c: image files classified. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "answer_table.h"
#include "classifier.h"
#include "error.h"
#include "file.h"
#include "file_list.h"
#include "hash.h"
#include "image_folder.h"
#include "memory.h"
#include "preprocessing_notes.h"
#include "rows.h"
#include "task_tables.h"
#include "text.h"
#include "tg.h"
#include "threshold.h"
#include "watch.h"

#define FIELD(name) offsetof(xs_predict_task, name)

static const option rows[] = {
    MODEL_ROW(FIELD(model), "the classifier, model.safetensors"),
    {NULL, "as", OPTION_TEXT, FIELD(as), NULL, false, 0, 0, NULL, "DOMAIN-FILE",
     "read images as this site's domain file says, not as the model file does"},
    JSON_ROW(FIELD(json), "print a JSON array, an object an image"),
    OPTION_FLAG_ROW(
        NULL, 0, xs_predict_task, csv,
        "print CSV: a class's logit, probability (p_) and calibrated one, the decision, how far "
        "the "
        "image is from those of the model's site, the model's SHA-256, what went wrong, and why "
        "the "
        "image may be darker or lighter than it was"),
    THRESHOLD_ROW(FIELD(threshold)),
    THREADS_ROW(FIELD(threads)),
};
enum { ROWS = sizeof rows / sizeof *rows };

/* ---- predictions ---- */

typedef struct model {
  xs_classifier *classifier;
  xs_preprocessing reading;
  int classes;
  const char **class_name;
  double temperature; /* NAN: not known */
  xs_decision decision;
  char hash[HASH_SHA256_TEXT];
} model;

typedef struct pending { /* one of the images in memory */
  xs_prediction prediction;
  xs_images *image;                 /* NULL: it cannot be read */
  float *logit;                     /* [classes] */
  double *probability, *calibrated; /* [classes] */
  char *error, *doubt;
} pending;

typedef struct predictor {
  model model;
  pending *pending; /* the images in memory: whole batches, read by all threads */
  void (*each)(void *context, const xs_prediction *p);
  void *context;
  int unreadable, doubted; /* images so far */
} predictor;

static void fill(const model *m, const float *logit, double distance, pending *p) {
  static const xs_decision most = {.positive = -1};
  memcpy(p->logit, logit, sizeof *logit * (size_t)m->classes);
  answer_softmax(logit, m->classes, 1, p->probability);
  p->prediction.logit = p->logit;
  p->prediction.probability = p->probability;
  if (isfinite(m->temperature)) {
    answer_softmax(logit, m->classes, m->temperature, p->calibrated);
    p->prediction.calibrated = p->calibrated;
  }
  p->prediction.decision = xs_decide(&m->decision, logit, m->classes);
  p->prediction.most_probable = xs_decide(&most, logit, m->classes);
  p->prediction.distance = distance;
}

static void read_one(const model *m, pending *p) {
  if (xs_image_open(p->prediction.file, &m->reading, &p->image) == XS_OK) {
    if (p->image->doubt) p->prediction.doubt = p->doubt = text_copy(p->image->doubt);
  } else {
    p->prediction.error = p->error = text_copy(xs_message());
  }
}

/* The first n of those in memory. */
static xs_status predict(predictor *r, int n) {
  const model *m = &r->model;
  xs_images **image = memory_new(sizeof *image * (size_t)n);
  int *place = memory_new(sizeof *place * (size_t)n), readable = 0;
  double *distance = memory_new(sizeof *distance * (size_t)n);
  float *logit = memory_new(sizeof *logit * (size_t)(n * m->classes));
#pragma omp parallel for schedule(dynamic)
  for (int i = 0; i < n; i++) read_one(m, &r->pending[i]);
  for (int i = 0; i < n; i++) {
    if (!r->pending[i].image) continue;
    image[readable] = r->pending[i].image;
    place[readable++] = i;
  }
  const xs_status status = xs_classifier_predict(m->classifier, image, readable, logit, distance);
  for (int k = 0; k < readable; k++) {
    fill(m, logit + k * m->classes, distance[k], &r->pending[place[k]]);
  }
  free(logit);
  free(distance);
  free(place);
  free(image);
  return status;
}

static xs_prediction unanswered(const model *m, const char *file) {
  return (xs_prediction){.file = file,
                         .classifier = m->classifier,
                         .rule = &m->decision,
                         .classes = m->classes,
                         .class_name = m->class_name,
                         .decision = -1,
                         .most_probable = -1,
                         .distance = NAN,
                         .site = xs_classifier_site(m->classifier),
                         .model = m->hash};
}

static void pass_on(predictor *r, pending *p, bool predicted) {
  if (predicted) r->each(r->context, &p->prediction);
  r->unreadable += p->error != NULL;
  r->doubted += p->doubt != NULL;
  free(p->error);
  free(p->doubt);
  p->error = p->doubt = NULL;
  xs_images_close(p->image);
  p->image = NULL;
}

static xs_status predict_all(predictor *r, const xs_texts *file, const xs_watch *w) {
  const int batch = (int)classifier_at_once(r->model.classifier, file->n);
  if (!batch) return XS_FAILED;
  const int classes = r->model.classes, at_once = CLASSIFIER_MOST / batch * batch;
  double *room = memory_new(sizeof *room * (size_t)(2 * at_once * classes));
  float *logit = memory_new(sizeof *logit * (size_t)(at_once * classes));
  xs_status status = XS_OK;
  r->pending = memory_new(sizeof *r->pending * (size_t)at_once);
  for (int i = 0; i < at_once; i++) {
    r->pending[i].logit = logit + i * classes;
    r->pending[i].probability = room + 2 * i * classes;
    r->pending[i].calibrated = r->pending[i].probability + classes;
  }
  for (int first = 0; first < file->n && !status; first += at_once) {
    const int n = file->n - first < at_once ? file->n - first : at_once;
    for (int i = 0; i < n; i++) {
      r->pending[i].prediction = unanswered(&r->model, file->text[first + i]);
    }
    status = watch_step(w, "predict", first, file->n);
    if (!status) status = predict(r, n);
    for (int i = 0; i < n; i++) pass_on(r, &r->pending[i], !status);
  }
  free(r->pending);
  free(logit);
  free(room);
  return status;
}

/* ---- as text ---- */

static bool is_unlike(const xs_prediction *p) { return p->distance > 1; }

static json_t *by_class(const xs_prediction *p, const double *x) {
  json_t *j = json_object();
  for (int i = 0; i < p->classes; i++) {
    json_object_set_new(j, p->class_name[i], json_real(x[i]));
  }
  return j;
}

static const char *class_of(const xs_prediction *p, int k) { return k < 0 ? "" : p->class_name[k]; }

static json_t *to_json(const xs_prediction *p) {
  json_t *j = json_pack("{s:o}", "file", option_text_json(p->file));
  if (p->error) {
    json_object_set_new(j, "error", option_text_json(p->error));
    return j;
  }
  json_object_set_new(j, "class", json_string(class_of(p, p->most_probable)));
  json_object_set_new(j, "decision", json_string(class_of(p, p->decision)));
  json_object_set_new(j, "probability", by_class(p, p->probability));
  if (p->calibrated) json_object_set_new(j, "calibrated", by_class(p, p->calibrated));
  if (isfinite(p->distance)) {
    json_object_set_new(j, "distance", json_real(p->distance));
    json_object_set_new(j, "unlike", json_boolean(is_unlike(p)));
  }
  json_object_set_new(j, "model", json_string(p->model));
  if (p->doubt) json_object_set_new(j, "doubt", json_string(p->doubt));
  return j;
}

char *xs_prediction_json(const xs_prediction *p) {
  json_t *j = to_json(p);
  char *text = json_dumps(j, JSON_INDENT(2) | JSON_REAL_PRECISION(8));
  json_decref(j);
  return text;
}

char *xs_prediction_csv_names(const xs_prediction *p) {
  const answer_columns columns = {p->classifier, p->rule, ""};
  csv_writer f = {0};
  csv_plain(&f, ANSWER_IMAGE);
  answer_put_names(&f, &columns);
  csv_plain(&f, "distance,unlike,model,error,doubt");
  return buffer_take(&f.text);
}

char *xs_prediction_csv(const xs_prediction *p) {
  const answer_columns columns = {p->classifier, p->rule, ""};
  csv_writer f = {0};
  answer_put_image(&f, p->file, NULL, NULL, NULL);
  answer_put(&f, &columns, p->error ? NULL : p->logit);
  if (!p->error && isfinite(p->distance)) {
    csv_plain(&f, "%.4g,%s", p->distance, is_unlike(p) ? "yes" : "no");
  } else {
    csv_plain(&f, ",");
  }
  csv_plain(&f, "%s", p->model);
  csv_text(&f, p->error);
  csv_text(&f, p->doubt);
  return buffer_take(&f.text);
}

/* ---- all ---- */

/* Of one film it cannot be known what is white; of a site where all are like that, eval refuses
 * to guess. */
static void note_doubted(const predictor *r, int files, const xs_watch *w) {
  if (!r->doubted) return;
  watch_note(w,
             "note: %d of %d images are near black or near white, and nothing says what white "
             "is: they are answered as dark films of a site are; if they are none, say what white "
             "is in a domain file (range, max_value) and name it with --as%s",
             r->doubted, files,
             r->doubted == files ? "; eval refuses a site where all images are like that" : "");
}

/* The files that are named, and those in the folders. */
static xs_status list_files(int n, const char *const *word, xs_texts *files) {
  for (int i = 0; i < n; i++) {
    xs_texts found = {0};
    if (file_is_dir(word[i])) {
      if (folder_walk(word[i], &found)) return XS_FAILED;
      if (!found.n) {
        return (xs_status)fail(XS_FAILED, "%s: no image is in this folder or below it", word[i]);
      }
    } else {
      found = (xs_texts){1, memory_new(sizeof *found.text)};
      found.text[0] = text_copy(word[i]);
    }
    files->text = memory_grow(files->text, sizeof *files->text * (size_t)(files->n + found.n));
    for (int k = 0; k < found.n; k++) files->text[files->n++] = found.text[k];
    free(found.text);
  }
  return XS_OK;
}

/* How images are read, and what is to be said of it. */
static xs_status choose_reading(const xs_predict_task *t, model *m, const xs_watch *w) {
  const xs_preprocessing *trained = xs_classifier_preprocessing(m->classifier);
  m->reading = *trained;
  if (!t->as) {
    preprocessing_note_unknown(w, t->model, m->classifier);
    return XS_OK;
  }
  xs_status status = xs_preprocessing_of(t->as, &m->reading);
  m->reading.size = trained->size;
  if (!status) preprocessing_note_other(w, t->as, &m->reading, m->classifier);
  return status;
}

static xs_status load_model(const xs_predict_task *t, model *m, const xs_watch *w) {
  char then[HASH_SHA256_TEXT];
  xs_status status = hash_sha256_file(t->model, m->hash) ? XS_FAILED : XS_OK;
  if (!status) status = xs_classifier_load(t->model, &m->classifier);
  if (!status) status = hash_sha256_file(t->model, then) ? XS_FAILED : XS_OK;
  if (!status && strcmp(then, m->hash) != 0) {
    status = (xs_status)fail(XS_FAILED, "%s was replaced while it was read", t->model);
  }
  if (status) return status;
  m->classes = xs_classifier_classes(m->classifier);
  m->temperature = xs_classifier_temperature(m->classifier);
  m->class_name = memory_new(sizeof *m->class_name * (size_t)m->classes);
  for (int k = 0; k < m->classes; k++) {
    m->class_name[k] = xs_classifier_class_name(m->classifier, k);
  }
  status = threshold_read(m->classifier, t->model, t->threshold, &m->decision);
  if (status) return status;
  char *rule = threshold_text(m->classifier, &m->decision);
  watch_note(w, "%s", rule);
  free(rule);
  return choose_reading(t, m, w);
}

const option_table task_predict_table = {.what = "predict", .row = rows, .n = ROWS};

void xs_predict_defaults(xs_predict_task *t) {
  *t = (xs_predict_task){0};
  option_defaults_lent(&task_predict_table, t);
}

xs_status xs_predict(const xs_predict_task *t, int files, const char *const *file,
                     void (*each)(void *context, const xs_prediction *p), void *context,
                     const xs_watch *w) {
  xs_texts list = {0};
  predictor r = {.each = each, .context = context};
  if (task_options_check(&task_predict_table, t)) return XS_USAGE;
  tg_set_threads((int)t->threads);
  xs_status status = list_files(files, file, &list);
  if (!status) status = load_model(t, &r.model, w);
  if (!status) status = predict_all(&r, &list, w);
  if (!status) note_doubted(&r, list.n, w);
  if (!status && r.unreadable) {
    status = (xs_status)fail(
        XS_FAILED, "%d of %d images could not be read; their errors stand beside their names",
        r.unreadable, list.n);
  }
  free(r.model.class_name);
  xs_classifier_free(r.model.classifier);
  file_list_release(&list);
  return status;
}
