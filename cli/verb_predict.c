#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "answer_table.h"
#include "cli.h"
#include "error.h"
#include "file.h"
#include "file_list.h"
#include "hash.h"
#include "image_folder.h"
#include "memory.h"
#include "preprocessing.h"
#include "rows.h"
#include "text.h"
#include "tg.h"
#include "threshold.h"

enum { AT_ONCE = 16 }; /* images in memory */

typedef struct predict_options {
  char *model, *as, *threshold;
  bool json, csv;
  int64_t threads;
} predict_options;

#define FIELD(name) offsetof(predict_options, name)

static const option rows[] = {
    MODEL_ROW(FIELD(model), "the classifier, model.safetensors"),
    {NULL, "as", OPTION_TEXT, FIELD(as), NULL, false, 0, 0, NULL, "DOMAIN-FILE",
     "read images as this site's domain file says, not as the model file does"},
    JSON_ROW(FIELD(json), "print a JSON array, an object an image"),
    OPTION_FLAG_ROW(
        NULL, 0, predict_options, csv,
        "print CSV: a class's logit, probability (p_) and calibrated one, the decision, how far "
        "the "
        "image is from those of the model's site, the model's SHA-256, what went wrong, and why "
        "the "
        "image may be darker or lighter than it was"),
    THRESHOLD_ROW(FIELD(threshold)),
    THREADS_ROW(FIELD(threads)),
};

/* ---- predictions ---- */

typedef struct model {
  xs_classifier *classifier;
  xs_preprocessing reading;
  int classes;
  double temperature; /* NAN: not known */
  xs_decision decision;
  char hash[HASH_SHA256_TEXT];
} model;

typedef struct prediction {
  const char *file;
  int decided;                      /* for which class */
  float *logit;                     /* [classes] */
  double *probability, *calibrated; /* [classes] */
  double distance;                  /* NAN: not known */
  char *error, *doubt;              /* NULL: there is none */
} prediction;

typedef struct counts { /* of images */
  int unreadable, doubted;
} counts;

static void fill(const model *m, const float *logit, double distance, prediction *p) {
  p->distance = distance;
  memcpy(p->logit, logit, sizeof *logit * (size_t)m->classes);
  answer_softmax(logit, m->classes, 1, p->probability);
  if (isfinite(m->temperature)) answer_softmax(logit, m->classes, m->temperature, p->calibrated);
  p->decided = xs_decide(&m->decision, logit, m->classes);
}

/* n files, at most AT_ONCE. */
static xs_status predict(const model *m, prediction *p, int n) {
  xs_images *image[AT_ONCE];
  int place[AT_ONCE], readable = 0;
  double distance[AT_ONCE] = {0};
  for (int i = 0; i < n; i++) {
    xs_images **next = &image[readable];
    if (xs_image_open(p[i].file, &m->reading, next) == XS_OK) {
      place[readable++] = i;
    } else {
      p[i].error = text_copy(xs_message());
    }
  }
  float *logit = memory_new(sizeof *logit * (size_t)(AT_ONCE * m->classes));
  xs_status status = xs_classifier_predict(m->classifier, image, readable, logit, distance);
  for (int k = 0; k < readable; k++) {
    fill(m, logit + k * m->classes, distance[k], &p[place[k]]);
    if (image[k]->doubt) p[place[k]].doubt = text_copy(image[k]->doubt);
    xs_images_close(image[k]);
  }
  free(logit);
  return status;
}

static bool is_unlike(const prediction *p) { return p->distance > 1; }

static const char *class_of(const model *m, int k) {
  return k < 0 ? "" : xs_classifier_class_name(m->classifier, k);
}

/* ---- the three ways to print ---- */

static void print_text(const model *m, const prediction *p) {
  if (p->error) return;
  printf("%s: %s", p->file, class_of(m, p->decided));
  for (int i = 0; i < m->classes; i++) {
    printf("%s%s %.4f", i ? ", " : "  (", class_of(m, i), p->probability[i]);
  }
  printf(")");
  if (isfinite(m->temperature) && p->decided >= 0) {
    printf(", calibrated %.4f", p->calibrated[p->decided]);
  }
  if (is_unlike(p)) {
    printf(", unlike images of %s (distance %.2f)", xs_classifier_site(m->classifier), p->distance);
  }
  if (p->doubt) printf(", %s", p->doubt);
  putchar('\n');
}

static answer_columns columns_of(const model *m) {
  return (answer_columns){m->classifier, &m->decision, ""};
}

static void print_csv_head(const model *m) {
  const answer_columns columns = columns_of(m);
  fputs(ANSWER_IMAGE, stdout);
  answer_put_names(stdout, &columns);
  puts(",distance,unlike,model,error,doubt");
}

static void print_csv(const model *m, const prediction *p) {
  const answer_columns columns = columns_of(m);
  answer_put_image(stdout, p->file, NULL, NULL, NULL);
  answer_put(stdout, &columns, p->error ? NULL : p->logit);
  if (!p->error && isfinite(p->distance)) {
    printf(",%.4g,%s", p->distance, is_unlike(p) ? "yes" : "no");
  } else {
    printf(",,");
  }
  printf(",%s,", m->hash);
  if (p->error) text_csv_put(stdout, p->error);
  putchar(',');
  if (p->doubt) text_csv_put(stdout, p->doubt);
  putchar('\n');
}

static json_t *by_class(const model *m, const double *x) {
  json_t *j = json_object();
  for (int i = 0; i < m->classes; i++) {
    json_object_set_new(j, class_of(m, i), json_real(x[i]));
  }
  return j;
}

static int most_probable(const model *m, const prediction *p) {
  const xs_decision most = {.positive = -1};
  return xs_decide(&most, p->logit, m->classes);
}

static json_t *to_json(const model *m, const prediction *p) {
  json_t *j = json_pack("{s:o}", "file", option_text_json(p->file));
  if (p->error) {
    json_object_set_new(j, "error", option_text_json(p->error));
    return j;
  }
  json_object_set_new(j, "class", json_string(class_of(m, most_probable(m, p))));
  json_object_set_new(j, "decision", json_string(class_of(m, p->decided)));
  json_object_set_new(j, "probability", by_class(m, p->probability));
  if (isfinite(m->temperature)) json_object_set_new(j, "calibrated", by_class(m, p->calibrated));
  if (isfinite(p->distance)) {
    json_object_set_new(j, "distance", json_real(p->distance));
    json_object_set_new(j, "unlike", json_boolean(is_unlike(p)));
  }
  json_object_set_new(j, "model", json_string(m->hash));
  if (p->doubt) json_object_set_new(j, "doubt", json_string(p->doubt));
  return j;
}

static void print_array(const json_t *array) {
  char *text = json_dumps(array, JSON_INDENT(2) | JSON_REAL_PRECISION(8));
  puts(text);
  free(text);
}

/* ---- all ---- */

/* Prints a prediction, and on stderr what went wrong. */
static void print(const predict_options *o, const model *m, const prediction *p, json_t *array) {
  if (p->error) fprintf(stderr, "xsite: %s\n", p->error);
  if (o->json) json_array_append_new(array, to_json(m, p));
  if (o->csv) print_csv(m, p);
  if (!o->json && !o->csv) print_text(m, p);
}

/* Of one film it cannot be known what is white; of a site where all are like that, eval refuses
 * to guess. */
static void note_doubted(const counts *c, int files) {
  if (!c->doubted) return;
  fprintf(stderr,
          "xsite: note: %d of %d images are near black or near white, and nothing says what white "
          "is: they are answered as dark films of a site are; if they are none, say what white is "
          "in a domain file (range, max_value) and name it with --as%s\n",
          c->doubted, files,
          c->doubted == files ? "; eval refuses a site where all images are like that" : "");
}

static xs_status predict_all(const predict_options *o, const model *m, const option_texts *file,
                             counts *c) {
  prediction p[AT_ONCE] = {{0}};
  double *room = memory_new(sizeof *room * (size_t)(2 * AT_ONCE * m->classes));
  float *logit = memory_new(sizeof *logit * (size_t)(AT_ONCE * m->classes));
  json_t *array = json_array();
  xs_status status = XS_OK;
  if (o->csv) print_csv_head(m);
  for (int first = 0; first < file->n && !status; first += AT_ONCE) {
    const int n = file->n - first < AT_ONCE ? file->n - first : AT_ONCE;
    for (int i = 0; i < n; i++) {
      double *own = room + 2 * i * m->classes;
      p[i] = (prediction){.file = file->text[first + i],
                          .logit = logit + i * m->classes,
                          .probability = own,
                          .calibrated = own + m->classes};
    }
    status = predict(m, p, n);
    for (int i = 0; i < n; i++) {
      if (!status) print(o, m, &p[i], array);
      c->unreadable += p[i].error != NULL;
      c->doubted += p[i].doubt != NULL;
      free(p[i].error);
      free(p[i].doubt);
    }
  }
  if (o->json && !status) print_array(array);
  json_decref(array);
  free(logit);
  free(room);
  return status;
}

/* The files that are named, and those in the folders. */
static int list_files(int n, const char **word, option_texts *files) {
  for (int i = 0; i < n; i++) {
    option_texts found = {0};
    if (file_is_dir(word[i])) {
      int status = folder_walk(word[i], &found);
      if (status) return status;
      if (!found.n) return fail(XS_FAILED, "%s: no image is in this folder or below it", word[i]);
    } else {
      found = (option_texts){1, memory_new(sizeof *found.text)};
      found.text[0] = text_copy(word[i]);
    }
    files->text = memory_grow(files->text, sizeof *files->text * (size_t)(files->n + found.n));
    for (int k = 0; k < found.n; k++) files->text[files->n++] = found.text[k];
    free(found.text);
  }
  return XS_OK;
}

/* How images are read, and what is to be said of it. */
static int choose_reading(const predict_options *o, model *m) {
  const xs_preprocessing *trained = xs_classifier_preprocessing(m->classifier);
  m->reading = *trained;
  if (!o->as) {
    preprocessing_note_unknown(o->model, m->classifier);
    return XS_OK;
  }
  int status = xs_preprocessing_of(o->as, &m->reading);
  m->reading.size = trained->size;
  if (!status) preprocessing_note_other(o->as, &m->reading, m->classifier);
  return status;
}

static int run(void *record, int n, const char **word) {
  const predict_options *o = record;
  option_texts files = {0};
  model m = {0};
  counts c = {0};
  if (o->json && o->csv) return fail(XS_USAGE, "--json and --csv exclude each other");
  tg_set_threads((int)o->threads);
  int status = list_files(n, word, &files);
  if (!status) status = hash_sha256_file(o->model, m.hash) ? XS_FAILED : XS_OK;
  if (!status) status = xs_classifier_load(o->model, &m.classifier);
  if (!status) {
    m.classes = xs_classifier_classes(m.classifier);
    m.temperature = xs_classifier_temperature(m.classifier);
    status = threshold_read(m.classifier, o->model, o->threshold, &m.decision);
  }
  if (!status) {
    threshold_print(stderr, m.classifier, &m.decision);
    status = choose_reading(o, &m);
  }
  if (!status) status = predict_all(o, &m, &files, &c);
  if (!status) note_doubted(&c, files.n);
  if (!status && c.unreadable) {
    status = fail(XS_FAILED, "%d of %d images could not be read; they are named above",
                  c.unreadable, files.n);
  }
  xs_classifier_free(m.classifier);
  file_list_release(&files);
  return status;
}

const cli_verb verb_predict = {
    .name = "predict",
    .words = "IMAGE...",
    .least = 1,
    .most = CLI_ANY,
    .summary = "Classify PNG, JPEG, TIFF, BMP and DICOM files and folders of them.",
    .options = rows,
    .n_options = sizeof rows / sizeof *rows,
    .record = sizeof(predict_options),
    .computes = true,
    .run = run};
