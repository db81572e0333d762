/* What a program does with the library alone: sites from memory, tasks, errors. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "file_opens.h"
#include "tg.h"
#include "xsite.h"

enum { N = 120, SIDE = 16, EACH = SIDE * SIDE };

/* Dark images and light ones; `shift` makes all of them lighter. */
static void draw(uint8_t *pixel, int32_t *label, uint64_t *group, int shift) {
  uint32_t state = 12345;
  for (int i = 0; i < N; i++) {
    label[i] = i % 2;
    group[i] = (uint64_t)(i / 2 / 2 * 2 + i % 2); /* two images of a patient */
    for (int k = 0; k < EACH; k++) {
      state = state * 1664525 + 1013904223;
      pixel[i * EACH + k] = (uint8_t)((state >> 24) % 120 + (uint32_t)(60 * label[i] + shift));
    }
  }
}

static const char *const names[] = {"dark", "light"};

typedef struct pair {
  uint8_t pixel[2][N * EACH];
  int32_t label[N];
  uint64_t group[N];
  xs_site *source, *target;
} pair;

static xs_arrays arrays_of(const pair *p, int which) {
  return (xs_arrays){.name = which ? "there" : "here",
                     .n = N,
                     .height = SIDE,
                     .width = SIDE,
                     .channels = 1,
                     .bytes = 1,
                     .pixels = p->pixel[which],
                     .group = p->group,
                     .classes = 2,
                     .class_name = names,
                     .label = p->label,
                     .split = XS_SPLIT_STRATIFIED,
                     .validation = 0.2,
                     .test = 0.3};
}

static int set_up(void **state) {
  pair *p = calloc(1, sizeof *p);
  for (int i = 0; i < 2; i++) draw(p->pixel[i], p->label, p->group, 30 * i);
  const xs_arrays a = arrays_of(p, 0), b = arrays_of(p, 1);
  *state = p;
  return xs_site_new(&a, &p->source) || xs_site_new(&b, &p->target);
}

static int tear_down(void **state) {
  pair *p = *state;
  xs_site_close(p->source);
  xs_site_close(p->target);
  free(p);
  return 0;
}

static char *in(const char *dir, const char *name) {
  char *path = malloc(strlen(dir) + strlen(name) + 2);
  sprintf(path, "%s/%s", dir, name);
  return path;
}

static void remove_all(const char *dir) {
  char command[256];
  snprintf(command, sizeof command, "rm -rf '%s'", dir);
  assert_int_equal(system(command), 0);
}

typedef struct follower {
  pthread_t caller;
  int calls;
  bool elsewhere;
  int left; /* until a stop is asked for; below 0: never */
} follower;

static void follow(void *context, const xs_progress *p) {
  (void)p;
  follower *f = context;
  f->calls++;
  if (!pthread_equal(f->caller, pthread_self())) f->elsewhere = true;
}

static bool stop(void *context) {
  follower *f = context;
  if (!pthread_equal(f->caller, pthread_self())) f->elsewhere = true;
  return f->left >= 0 && f->left-- == 0;
}

static xs_watch watch_of(follower *f, int left) {
  *f = (follower){.caller = pthread_self(), .left = left};
  return (xs_watch){.progress = follow, .stop = stop, .context = f};
}

static xs_train_task training(const pair *p, const char *out) {
  xs_train_task t;
  xs_train_defaults(&t);
  t.job.out = out;
  t.job.threads = 1;
  t.job.checkpoint_every = 2;
  t.site = p->source;
  t.size = SIDE;
  t.image_channels = 1;
  t.classifier.batch = 16;
  t.classifier.epochs = 4;
  return t;
}

static void compare(const char *a, const char *b) {
  char command[256];
  snprintf(command, sizeof command, "cmp -s '%s' '%s'", a, b);
  assert_int_equal(system(command), 0);
}

/* Trained, stopped and continued, adapted, measured and used, all in memory. */
static void test_tasks(void **state) {
  const pair *p = *state;
  char dir[] = "test_library_XXXXXX";
  assert_non_null(mkdtemp(dir));
  char *whole = in(dir, "whole"), *broken = in(dir, "broken"), *aligned = in(dir, "aligned");
  char *model = in(whole, "model.safetensors"), *again = in(broken, "model.safetensors"),
       *adapted = in(aligned, "model.safetensors");
  follower f;

  xs_watch w = watch_of(&f, -1);
  xs_train_task t = training(p, whole);
  assert_int_equal(xs_train(&t, &w), XS_OK);
  assert_true(f.calls > 0);
  assert_false(f.elsewhere);

  t = training(p, broken);
  w = watch_of(&f, 5);
  assert_int_equal(xs_train(&t, &w), XS_FAILED);
  assert_int_equal(xs_train(&t, NULL), XS_FAILED);
  assert_non_null(strstr(xs_message(), "resume"));
  t.job.resume = true;
  assert_int_equal(xs_train(&t, NULL), XS_OK);
  compare(model, again);

  xs_align_task a;
  xs_align_defaults(&a);
  a.job = t.job;
  a.job.out = aligned;
  a.job.resume = false;
  a.model = model;
  a.source_site = p->source;
  a.target_images = &p->target->images;
  a.align.method = (char[]){"coral"};
  a.align.steps = 6;
  a.align.batch = 16;
  const int opens = file_opens_begin(model);
  assert_int_equal(xs_align(&a, NULL), XS_OK);
  assert_int_equal(file_opens_end(opens), 2); /* to record what it is, and to use it */

  xs_eval_task e;
  xs_evaluation found;
  xs_eval_defaults(&e);
  e.model = adapted;
  e.site = p->target;
  e.replicates = 50;
  e.threads = 1;
  assert_int_equal(xs_eval(&e, NULL, &found), XS_OK);
  assert_string_equal(found.site, "there");
  assert_true(found.measure.auc > 0.9 && found.measure.n > 20);
  assert_non_null(strstr(found.json, "\"auc\""));
  xs_evaluation_release(&found);

  free(whole);
  free(broken);
  free(aligned);
  free(model);
  free(again);
  free(adapted);
  remove_all(dir);
}

/* Features, probabilities and the measures of arrays: those of the classifier and of each other. */
static void test_outputs(void **state) {
  const pair *p = *state;
  char dir[] = "test_library_XXXXXX";
  assert_non_null(mkdtemp(dir));
  char *out = in(dir, "run"), *model = in(out, "model.safetensors");
  xs_train_task t = training(p, out);
  assert_int_equal(xs_train(&t, NULL), XS_OK);
  xs_classifier *c;
  assert_int_equal(xs_classifier_load(model, &c), XS_OK);
  const int width = xs_classifier_width(c);
  float logit[N][2], once[N][2], *feature = malloc(sizeof *feature * (size_t)(N * width));
  double probability[N][2];
  assert_int_equal(xs_classifier_features(c, &p->source->images, NULL, N, logit[0], feature),
                   XS_OK);
  assert_int_equal(xs_classifier_logits(c, &p->source->images, NULL, N, once[0]), XS_OK);
  assert_memory_equal(logit, once, sizeof logit);
  assert_int_equal(xs_probabilities(logit[0], N, 2, NAN, probability[0]), XS_USAGE);
  assert_int_equal(xs_probabilities(logit[0], N, 2, 0, probability[0]), XS_USAGE);
  assert_int_equal(xs_probabilities(logit[0], N, 2, 1, probability[0]), XS_OK);
  for (int i = 0; i < N; i++) {
    const double odds = exp((double)logit[i][1] - (double)logit[i][0]);
    assert_true(fabs(probability[i][1] - odds / (1 + odds)) < 1e-12);
  }
  xs_measure m;
  assert_int_equal(xs_measure_classifier(logit[0], p->label, p->group, N, 2, 50, 1, &m), XS_OK);
  assert_true(fabs(m.auc - xs_auc(logit[0], p->label, N, 2)) < 1e-12);
  free(feature);
  xs_classifier_free(c);
  free(out);
  free(model);
  remove_all(dir);
}

/* ---- records that lack something, and work that is stopped --------------------------------------
 */

static void lacks(xs_status status, const char *what) {
  assert_int_equal(status, XS_USAGE);
  if (!strstr(xs_message(), what)) fail_msg("%s, expected %s", xs_message(), what);
}

static void ignore(void *context, const xs_prediction *p) { (void)context, (void)p; }

/* A record as its defaults leave it is refused for what it lacks, whatever the task. */
static void test_defaults_alone(void **state) {
  (void)state;
  xs_train_task train;
  xs_adapt_task adapt;
  xs_align_task align;
  xs_match_task match;
  xs_choose_task choose;
  xs_eval_task eval;
  xs_predict_task predict;
  xs_translate_task translate;
  xs_shift_task shift;
  xs_evaluation measured;
  xs_train_defaults(&train);
  xs_adapt_defaults(&adapt);
  xs_align_defaults(&align);
  xs_match_defaults(&match);
  xs_choose_defaults(&choose);
  xs_eval_defaults(&eval);
  xs_predict_defaults(&predict);
  xs_translate_defaults(&translate);
  xs_shift_defaults(&shift);
  lacks(xs_train(&train, NULL), "out is missing");
  lacks(xs_adapt(&adapt, NULL), "is missing");
  lacks(xs_align(&align, NULL), "is missing");
  lacks(xs_match(&match, NULL), "is missing");
  lacks(xs_choose(&choose, NULL), "is missing");
  lacks(xs_eval(&eval, NULL, &measured), "model is missing");
  lacks(xs_predict(&predict, 0, NULL, ignore, NULL, NULL), "model is missing");
  lacks(xs_translate(&translate, NULL), "is missing");
  lacks(xs_shift(&shift, NULL), "kind is missing");
  shift.kind = "blur-2";
  shift.site.out = "nowhere";
  lacks(xs_shift(&shift, NULL), "`data`");
  xs_import_task import;
  xs_export_task export;
  xs_import_defaults(&import);
  xs_export_defaults(&export);
  lacks(xs_import(&import), "is missing");
  lacks(xs_export(&export), "is missing");
}

static bool always(void *context) {
  ++*(int *)context;
  return true;
}

/* Work that is asked to end does so, in a site of its caller's, too. */
static void test_stopped(void **state) {
  const pair *p = *state;
  char dir[] = "test_library_XXXXXX";
  assert_non_null(mkdtemp(dir));
  char *out = in(dir, "run"), *model = in(out, "model.safetensors");
  xs_train_task t = training(p, out);
  assert_int_equal(xs_train(&t, NULL), XS_OK);
  int asked = 0;
  const xs_watch w = {.stop = always, .context = &asked};
  xs_eval_task eval;
  xs_evaluation measured;
  xs_eval_defaults(&eval);
  eval.model = model;
  eval.site = p->source;
  assert_int_equal(xs_eval(&eval, &w, &measured), XS_FAILED);
  assert_non_null(strstr(xs_message(), "eval: stopped at image 0 of"));
  assert_int_equal(asked, 1);
  xs_predict_task predict;
  xs_predict_defaults(&predict);
  predict.model = model;
  const char *none = "no.png";
  assert_int_equal(xs_predict(&predict, 1, &none, ignore, NULL, &w), XS_FAILED);
  assert_non_null(strstr(xs_message(), "predict: stopped at image 0 of 1"));
  assert_int_equal(asked, 2);
  xs_evaluation_release(&measured);
  free(out);
  free(model);
  remove_all(dir);
}

/* What one of several threads does, each with a classifier of its own and all with one site. */
typedef struct work {
  const pair *p;
  xs_classifier *c;
  float logit[N][2];
  xs_measure measure;
  xs_difference difference;
  xs_delong delong;
  xs_calibration calibration;
  xs_temperature temperature;
  double information;
  const char *missing; /* a model that is not there */
  char message[64];
  xs_status status;
} work;

static void *do_work(void *context) {
  work *w = context;
  const pair *p = w->p;
  const xs_images *images = &p->source->images;
  const xs_labelled_outputs x = {{N, 2, 0, w->logit[0], NULL, p->group}, p->label};
  float other[N][2];
  xs_classifier *none = NULL;
  xs_status s = xs_classifier_logits(w->c, images, NULL, N, w->logit[0]);
  for (int i = 0; i < N; i++) {
    other[i][0] = w->logit[i][0];
    other[i][1] = w->logit[i][1] + (float)(i % 7) * 0.1f;
  }
  if (!s) s = xs_measure_classifier(w->logit[0], p->label, p->group, N, 2, 200, 1, &w->measure);
  if (!s)
    s = xs_measure_difference(w->logit[0], other[0], p->label, p->group, N, 2, 200, 1,
                              &w->difference);
  if (!s) s = xs_delong_auc(&x, &w->delong);
  if (!s) s = xs_calibration_measure(&x, 200, 1, &w->calibration);
  if (!s) s = xs_temperature_fit(&x, &w->temperature);
  if (!s) s = xs_mutual_information(&x.of, &w->information);
  if (!s && xs_classifier_load(w->missing, &none) == XS_OK) s = XS_FAILED;
  snprintf(w->message, sizeof w->message, "%s", xs_message());
  w->status = s;
  return NULL;
}

static void same_work(const work *a, const work *b) {
  assert_int_equal(b->status, XS_OK);
  assert_memory_equal(a->logit, b->logit, sizeof a->logit);
  assert_memory_equal(&a->measure, &b->measure, offsetof(xs_measure, interval));
  assert_memory_equal(&a->difference, &b->difference, offsetof(xs_difference, interval));
  assert_memory_equal(&a->delong, &b->delong, sizeof a->delong);
  assert_true(a->calibration.ece.value == b->calibration.ece.value);
  assert_true(a->calibration.ece.low == b->calibration.ece.low);
  assert_true(a->temperature.value == b->temperature.value);
  assert_true(a->information == b->information);
}

/* Several threads at once, with classifiers that another has loaded, get what one gets alone. */
static void test_threads(void **state) {
  enum { THREADS = 4, ROUNDS = 5 };
  static const char *const missing[] = {"no-a", "no-b", "no-c", "no-d", "no-e"};
  const pair *p = *state;
  char dir[] = "test_library_XXXXXX";
  assert_non_null(mkdtemp(dir));
  char *out = in(dir, "run"), *model = in(out, "model.safetensors");
  xs_train_task t = training(p, out);
  assert_int_equal(xs_train(&t, NULL), XS_OK);
  work *w = calloc(THREADS + 1, sizeof *w);
  for (int i = 0; i <= THREADS; i++) {
    w[i].p = p;
    w[i].missing = missing[i];
    assert_int_equal(xs_classifier_load(model, &w[i].c), XS_OK);
  }
  do_work(&w[THREADS]);
  assert_int_equal(w[THREADS].status, XS_OK);
  for (int round = 0; round < ROUNDS; round++) {
    pthread_t thread[THREADS];
    for (int i = 0; i < THREADS; i++) {
      assert_int_equal(pthread_create(&thread[i], NULL, do_work, &w[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) pthread_join(thread[i], NULL);
    for (int i = 0; i < THREADS; i++) {
      same_work(&w[THREADS], &w[i]);
      assert_memory_equal(w[i].message, missing[i], strlen(missing[i]));
    }
  }
  for (int i = 0; i <= THREADS; i++) xs_classifier_free(w[i].c);
  free(w);
  free(out);
  free(model);
  remove_all(dir);
}

static void refused(const xs_arrays *a, const char *why) {
  xs_site *s;
  assert_int_equal(xs_site_new(a, &s), XS_USAGE);
  assert_null(s);
  if (!strstr(xs_message(), why)) fail_msg("%s, expected %s", xs_message(), why);
}

static void test_refusals(void **state) {
  pair *p = *state;
  xs_arrays a = arrays_of(p, 0);
  int32_t label[N];
  memcpy(label, p->label, sizeof label);
  a.channels = 2;
  refused(&a, "`channels` must be 1 or 3");
  a = arrays_of(p, 0);
  a.max_value = 100;
  refused(&a, "above max_value 100");
  a = arrays_of(p, 0);
  label[7] = 2;
  a.label = label;
  refused(&a, "the label of image 7 is 2");
  for (int i = 0; i < N; i++) label[i] = 0;
  refused(&a, "class \"light\" has no image");
  a.n = 0;
  refused(&a, "there is no image");

  xs_train_task t = training(p, NULL);
  assert_int_equal(xs_train(&t, NULL), XS_USAGE);
  assert_non_null(strstr(xs_message(), "out"));
  t.job.out = "never-made";
  t.classifier.architecture = (char[]){"lenot"};
  assert_int_equal(xs_train(&t, NULL), XS_USAGE);
  assert_non_null(strstr(xs_message(), "architecture is 'lenot'"));
  assert_int_not_equal(access("never-made", F_OK), 0);
}

/* The options by name are the record's. */
static void test_options(void **state) {
  (void)state;
  xs_train_task t;
  char *words[] = {(char[]){"--data"},     (char[]){"x.yaml"},  (char[]){"--out"}, (char[]){"o"},
                   (char[]){"--epochs=7"}, (char[]){"--shift"}, (char[]){"0.25"}};
  const char *rest[7];
  int n;
  bool help;
  assert_int_equal(xs_options_parse("train", &t, 7, words, rest, &n, &help), XS_OK);
  assert_string_equal(t.data, "x.yaml");
  assert_string_equal(t.job.out, "o");
  assert_int_equal(t.classifier.epochs, 7);
  assert_true(t.classifier.shift == 0.25);
  xs_options_release("train", &t);
  char *json = xs_options_json("train"), *none = xs_options_help("selftest");
  assert_non_null(strstr(json, "\"name\": \"learning_rate\""));
  assert_string_equal(none, "");
  free(json);
  free(none);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_tasks),   cmocka_unit_test(test_outputs),
      cmocka_unit_test(test_threads), cmocka_unit_test(test_refusals),
      cmocka_unit_test(test_options), cmocka_unit_test(test_defaults_alone),
      cmocka_unit_test(test_stopped),
  };
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
