/* Nodes without a run: what they are given comes from memory, and which labels they ask for is
 * counted. */
#include "node_job.h"
#include "small_training.h"
#include "study_file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "memory.h"
#include "text.h"

struct site_access {
  small_training *made;
  int asked[XS_ALL + 1]; /* how often for which split */
};

/* The first are for training, the rest for validation. */
static xs_status open_labels(const site_access *a, xs_split which, train_set *set) {
  const int first = which == XS_TRAIN ? 0 : SMALL_TRAINED,
            end = which == XS_TRAIN ? SMALL_TRAINED : SMALL_IMAGES;
  ((site_access *)(uintptr_t)a)->asked[which]++;
  *set = (train_set){.images = &a->made->images,
                     .label = memory_new(SMALL_IMAGES * sizeof *set->label),
                     .rows = memory_new(SMALL_IMAGES * sizeof *set->rows)};
  memcpy(set->label, a->made->label, SMALL_IMAGES * sizeof *set->label);
  for (int i = first; i < end; i++) set->rows[set->n++] = i;
  return XS_OK;
}

typedef struct fixture {
  small_training *trained, *adapted; /* a folder each; images of the source, and of the target */
  uint64_t group[SMALL_IMAGES];
  site_access access;
  node_site site;
  study_settings settings;
  train_job train;
  node_job job;
} fixture;

static char *const class_name[] = {(char[]){"dark"}, (char[]){"light"}};

static void open_fixture(fixture *f) {
  *f = (fixture){.trained = small_training_new(), .adapted = small_training_new()};
  for (int i = 0; i < SMALL_IMAGES; i++) f->group[i] = (uint64_t)i;
  f->adapted->images.group = f->trained->images.group = f->group;
  option_defaults(&settings_table, &f->settings);
  f->settings.classifier.epochs = 2;
  f->settings.classifier.batch = SMALL_BATCH;
  f->settings.coral.steps = f->settings.shot.steps = 2;
  f->settings.coral.batch = f->settings.shot.batch = SMALL_BATCH;
  f->access.made = f->trained;
  f->site = (node_site){&f->trained->images, 2, class_name, open_labels, &f->access};
  f->train = (train_job){.task = "node",
                         .dir = f->trained->dir,
                         .seed = 1,
                         .device = tg_device_cpu(),
                         .threads = 1,
                         .checkpoint_every = 1000};
  f->job = (node_job){.train = &f->train,
                      .settings = &f->settings,
                      .geometry = train_geometry_of(SMALL_SIZE, 1, "half"),
                      .split = {.seed = 1},
                      .site = &f->site,
                      .sites = 1};
}

static void close_fixture(fixture *f) {
  option_release(&settings_table, &f->settings);
  assert_int_equal(small_training_end(f->trained), 0);
  assert_int_equal(small_training_end(f->adapted), 0);
}

static void train(fixture *f) {
  assert_int_equal(node_baseline(&f->job), XS_OK);
  assert_true(file_exists(f->trained->model));
}

/* Adapts what was trained, in the target's folder. */
static void adapt(fixture *f, char *method) {
  f->train.dir = f->adapted->dir;
  f->job.method = method;
  f->job.target = &f->adapted->images;
  f->job.start = f->job.previous = f->trained->model;
  memset(f->access.asked, 0, sizeof f->access.asked);
  assert_int_equal(node_adapted(&f->job), XS_OK);
  assert_true(file_exists(f->adapted->model));
}

static void a_classifier_has_training_and_validation_labels(void **state) {
  (void)state;
  fixture f;
  open_fixture(&f);
  train(&f);
  assert_int_equal(f.access.asked[XS_TRAIN], 1);
  assert_int_equal(f.access.asked[XS_VALIDATION], 1);
  assert_int_equal(f.access.asked[XS_TEST] + f.access.asked[XS_ALL], 0);
  close_fixture(&f);
}

/* Its threshold is of validation images. */
static void publishing_has_validation_labels(void **state) {
  (void)state;
  fixture f;
  xs_classifier *c;
  open_fixture(&f);
  train(&f);
  memset(f.access.asked, 0, sizeof f.access.asked);
  f.settings.operating.positive = text_copy("light");
  f.job.unadapted.source = &f.site;
  assert_int_equal(node_publish(&f.job, false), XS_OK);
  assert_int_equal(f.access.asked[XS_VALIDATION], 1);
  assert_int_equal(f.access.asked[XS_TRAIN], 0);
  assert_int_equal(xs_classifier_load(f.trained->model, &c), XS_OK);
  assert_int_equal(xs_classifier_decision(c)->positive, 1);
  assert_string_equal(xs_classifier_decision(c)->site, "made");
  xs_classifier_free(c);
  close_fixture(&f);
}

static void alignment_has_the_labels_that_its_method_needs(void **state) {
  (void)state;
  fixture f;
  open_fixture(&f);
  train(&f);
  adapt(&f, (char[]){"coral"});
  assert_int_equal(f.access.asked[XS_TRAIN], 1);
  assert_int_equal(f.access.asked[XS_VALIDATION], 0);
  close_fixture(&f);
  open_fixture(&f);
  train(&f);
  f.job.site = NULL; /* there need not even be a source */
  f.job.sites = 0;
  adapt(&f, (char[]){"shot"});
  assert_int_equal(f.access.asked[XS_TRAIN] + f.access.asked[XS_VALIDATION], 0);
  close_fixture(&f);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_classifier_has_training_and_validation_labels),
      cmocka_unit_test(publishing_has_validation_labels),
      cmocka_unit_test(alignment_has_the_labels_that_its_method_needs),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
