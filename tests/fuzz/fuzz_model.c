/* A model file: of a classifier, a translator, or another program's weights.  What can be read is
 * used, and a classifier that is published again and again has the same bytes. */
#include "classifier.h"
#include "decision.h"
#include "file.h"
#include "fuzz_tensors.h"
#include "fuzz_training.h"
#include "memory.h"
#include "model_import.h"
#include "text.h"
#include "translator.h"

static fuzz_training training;

static void answer(xs_classifier *c) {
  const int classes = xs_classifier_classes(c);
  xs_images *each[] = {&training.images};
  double distance;
  float *logit = memory_new((size_t)classes * sizeof *logit);
  FUZZ_REQUIRE(!xs_classifier_predict(c, each, 1, logit, &distance));
  FUZZ_REQUIRE(xs_decide(xs_classifier_decision(c), logit, classes) < classes);
  free(logit);
}

static bool same_bytes(const char *a, const char *b) {
  char *x, *y;
  size_t n, m;
  FUZZ_REQUIRE(!file_read(a, &x, &n) && !file_read(b, &y, &m));
  const bool same = n == m && !memcmp(x, y, n);
  free(x);
  free(y);
  return same;
}

static void publish(const char *path, const xs_classifier *c) {
  const train_images none = {.images = &training.images};
  const double temperature = xs_classifier_temperature(c);
  char *once = text_format("%s.once", path), *twice = text_format("%s.twice", path);
  xs_classifier *again = NULL;
  FUZZ_REQUIRE(!classifier_publish(path, once, temperature, &none, 1));
  FUZZ_REQUIRE(!xs_classifier_load(once, &again));
  FUZZ_REQUIRE(!classifier_publish(once, twice, xs_classifier_temperature(again), &none, 1));
  FUZZ_REQUIRE(same_bytes(once, twice));
  FUZZ_REQUIRE(!classifier_annotate(once, 0, NULL) && same_bytes(once, twice));
  xs_classifier_free(again);
  free(twice);
  free(once);
}

static void read_classifier(const char *path) {
  xs_classifier *c = NULL;
  if (xs_classifier_load(path, &c)) {
    fuzz_outcome(fail_message());
    return;
  }
  answer(c);
  publish(path, c);
  xs_classifier_free(c);
}

/* A generator's tensors are the same for images of any size. */
static bool is_large(const char *path) {
  model_file file;
  translator *t = NULL;
  const bool large = !model_open(path, "generator", &file) && !translator_describe(&file, &t) &&
                     translator_geometry(t)->size > 64;
  translator_free(t);
  model_close(&file);
  return large;
}

static void read_translator(const char *path) {
  translator *t = NULL;
  xs_images *made = NULL;
  if (is_large(path)) return;
  if (translator_load(path, &t) || translator_apply(t, &training.images, NULL, 1, 1, &made)) {
    fuzz_outcome(fail_message());
  }
  xs_images_close(made);
  translator_free(t);
}

static void import(const char *path) {
  char *out = text_format("%s.imported", path);
  const xs_import_task o = {.weights = path,
                            .out = out,
                            .architecture = "lenet5",
                            .output = -1,
                            .size = FUZZ_SIDE,
                            .normalisation = "half",
                            .resize = "nearest",
                            .epsilon = 1e-5,
                            .overwrite = true};
  if (model_import(&o)) {
    fuzz_outcome(fail_message());
  } else {
    read_classifier(out);
  }
  free(out);
}

static void seed_classifiers(void) {
  const train_images site = {&training.images, training.row, FUZZ_IMAGES};
  char *published = text_format("%s.published", training.model);
  const xs_decision decision = {.site = "made", .wanted = 0.9, .threshold = 0.5};
  json_t *operating = decision_json(&decision, "dark");
  FUZZ_REQUIRE(!classifier_publish(training.model, published, 1.5, &site, 1));
  FUZZ_REQUIRE(!classifier_annotate(published, 0, operating));
  fuzz_seed(published, "published");
  json_decref(operating);
  free(published);
}

static void seed_translator(const char *name) {
  char *written = file_join(training.dir, "generator.safetensors");
  fuzz_seed(written, name);
  free(written);
}

int LLVMFuzzerInitialize(int *argc, char ***argv) {
  static const char *const matches[] = {"histogram", "fourier"};
  (void)argc, (void)argv;
  fuzz_training_start(&training, "trained");
  FUZZ_REQUIRE(!fuzz_fit(&training, NULL));
  seed_classifiers();
  FUZZ_REQUIRE(!fuzz_adapt(&training, training.model, NULL));
  seed_translator("stargan");
  for (int i = 0; i < 2; i++) {
    fuzz_match(&training, matches[i]);
    seed_translator(matches[i]);
  }
  fuzz_seed(training.model, "trained");
  return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  uint8_t *copy = memory_new(size + 1);
  memcpy(copy, data, size);
  fuzz_rehash(copy, size);
  char *path = text_copy(fuzz_named("model", copy, size));
  read_classifier(path);
  read_translator(path);
  import(path);
  free(path);
  free(copy);
  return 0;
}
