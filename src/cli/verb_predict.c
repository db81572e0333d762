#include <math.h>
#include <stdlib.h>

#include "cli.h"
#include "error.h"
#include "file.h"
#include "rows.h"
#include "tg.h"

typedef struct predict_options {
  char *model;
  bool json, csv;
  int64_t threads;
} predict_options;

#define FIELD(name) offsetof(predict_options, name)

static const option rows[] = {
    MODEL_ROW(FIELD(model), "the classifier, model.safetensors"),
    JSON_ROW(FIELD(json), "print a JSON array, an object an image"),
    OPTION_FLAG_ROW(NULL, 0, predict_options, csv,
                    "print CSV with one column of probabilities a class"),
    THREADS_ROW(FIELD(threads)),
};

/* ---- one image ---- */

typedef struct prediction {
  const char *file;
  const xs_classifier *model;
  int classes, best;
  float *probability; /* [classes] */
} prediction;

static void softmax(float *x, int n) {
  float top = x[0], sum = 0;
  for (int i = 1; i < n; i++) top = fmaxf(top, x[i]);
  for (int i = 0; i < n; i++) sum += x[i] = expf(x[i] - top);
  for (int i = 0; i < n; i++) x[i] /= sum;
}

static xs_status predict(xs_classifier *c, prediction *p) {
  xs_images *image = NULL;
  xs_status status = xs_image_open(p->file, xs_classifier_preprocessing(c), &image);
  if (status == XS_OK) status = xs_classifier_logits(c, image, NULL, 1, p->probability);
  xs_images_close(image);
  if (status != XS_OK) return status;
  softmax(p->probability, p->classes);
  p->best = 0;
  for (int i = 1; i < p->classes; i++) {
    if (p->probability[i] > p->probability[p->best]) p->best = i;
  }
  return XS_OK;
}

static const char *class_of(const prediction *p, int k) {
  return xs_classifier_class_name(p->model, k);
}

/* ---- the three ways to print ---- */

static void print_text(const prediction *p) {
  printf("%s: %s", p->file, class_of(p, p->best));
  for (int i = 0; i < p->classes; i++) {
    printf("%s%s %.4f", i ? ", " : "  (", class_of(p, i), (double)p->probability[i]);
  }
  printf(")\n");
}

static void print_csv_head(const xs_classifier *c) {
  printf("file,class");
  for (int i = 0; i < xs_classifier_classes(c); i++) {
    char *column = text_format("p_%s", xs_classifier_class_name(c, i));
    putchar(',');
    cli_csv_field(stdout, column);
    free(column);
  }
  putchar('\n');
}

static void print_csv(const prediction *p) {
  cli_csv_field(stdout, p->file);
  putchar(',');
  cli_csv_field(stdout, class_of(p, p->best));
  for (int i = 0; i < p->classes; i++) printf(",%.6g", (double)p->probability[i]);
  putchar('\n');
}

static json_t *to_json(const prediction *p) {
  json_t *probability = json_object();
  for (int i = 0; i < p->classes; i++) {
    json_object_set_new(probability, class_of(p, i), json_real((double)p->probability[i]));
  }
  return json_pack("{s:o, s:s, s:o}", "file", option_text_json(p->file), "class",
                   class_of(p, p->best), "probability", probability);
}

/* ---- all ---- */

static void print_array(const json_t *array) {
  char *text = json_dumps(array, JSON_INDENT(2) | JSON_REAL_PRECISION(8));
  puts(text);
  free(text);
}

/* The number of images that could not be read; each is named on stderr, and in the JSON. */
static int predict_all(const predict_options *o, xs_classifier *c, int n, const char **file) {
  int unreadable = 0;
  prediction p = {.model = c, .classes = xs_classifier_classes(c)};
  json_t *array = json_array();
  p.probability = memory_new(sizeof *p.probability * (size_t)p.classes);
  if (o->csv) print_csv_head(c);
  for (int i = 0; i < n; i++) {
    p.file = file[i];
    if (predict(c, &p) != XS_OK) {
      unreadable++;
      fprintf(stderr, "xsite: %s\n", xs_message());
      json_array_append_new(array, json_pack("{s:o, s:o}", "file", option_text_json(file[i]),
                                             "error", option_text_json(xs_message())));
    } else if (o->json) {
      json_array_append_new(array, to_json(&p));
    } else if (o->csv) {
      print_csv(&p);
    } else {
      print_text(&p);
    }
  }
  if (o->json) print_array(array);
  json_decref(array);
  free(p.probability);
  return unreadable;
}

static int run(void *record, int n, const char **word) {
  const predict_options *o = record;
  xs_classifier *c = NULL;
  if (o->json && o->csv) return fail(XS_USAGE, "--json and --csv exclude each other");
  tg_set_threads((int)o->threads);
  xs_status status = xs_classifier_load(o->model, &c);
  if (status != XS_OK) return status;
  int unreadable = predict_all(o, c, n, word);
  xs_classifier_free(c);
  if (unreadable == 0) return XS_OK;
  return fail(XS_FAILED, "%d of %d images could not be read; they are named above", unreadable, n);
}

const cli_verb verb_predict = {.name = "predict",
                               .words = "IMAGE...",
                               .least = 1,
                               .most = CLI_ANY,
                               .summary = "Classify PNG, JPEG and DICOM files.",
                               .options = rows,
                               .n_options = sizeof rows / sizeof *rows,
                               .record = sizeof(predict_options),
                               .computes = true,
                               .run = run};
