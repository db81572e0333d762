/* Attributes that tell nothing are rarely taken for shortcuts, however small a site is; those that
 * tell all of it are found. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#undef fail /* error.h has a function of this name */

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "chance.h"
#include "data_check.h"
#include "memory.h"
#include "random.h"

enum { MOST = 80 };

typedef struct noise {             /* a site whose attributes have nothing to do with its labels */
  int images, positive, a_patient; /* images of each patient */
} noise;

static double draw(uint64_t seed, int image, int what) {
  return (double)random_uniform(seed, random_stream("noise"), (uint64_t)what, (uint64_t)image);
}

/* Widths of two sizes, and all that is measured at the edge. */
static void draw_sample(const noise *n, uint64_t seed, int i, image_stats *s) {
  *s = (image_stats){.row = i,
                     .group = (uint64_t)(i / n->a_patient) + 1,
                     .label = i % n->images < n->positive,
                     .height = 64,
                     .width = draw(seed, i, STATISTICS) < 0.5 ? 64 : 80};
  for (int k = 0; k < STATISTICS; k++) s->value[k] = (float)draw(seed, i, k);
  strcpy(s->encoding, "PNG 8-bit gray");
}

/* tells: the width has the label. */
static int count_faults(const noise *n, uint64_t seed, bool tells) {
  static char *name[] = {"normal", "opacity"};
  static xs_site read; /* no label file, so no columns of one */
  const xs_check_task o = {
      .seed = (int64_t)seed, .shortcut_auc = 0.65, .alpha = 0.05, .replicates = 100};
  image_stats *s = memory_new(MOST * sizeof *s);
  check_site site = {.d = {.name = "a", .classes = {2, name}}, .read = &read, .n = n->images};
  check c = {.o = &o,
             .site = &site,
             .sites = 1,
             .sample = s,
             .n = n->images,
             .findings = json_array(),
             .tables = json_array()};
  for (int i = 0; i < n->images; i++) {
    draw_sample(n, seed, i, &s[i]);
    if (tells) s[i].width = s[i].label ? 64 : 80;
  }
  assert_int_equal(find_shortcuts(&c), 0);
  const int faults = (int)json_array_size(c.findings);
  json_decref(c.findings);
  json_decref(c.tables);
  free(s);
  return faults;
}

static const noise site[] = {{20, 10, 1}, {40, 20, 2}, {40, 12, 1}, {80, 40, 1}};
enum { SITES = sizeof site / sizeof *site };

/* Of so many sites of noise at most 5 % have a fault: 95 % of such counts are below the bound. */
static void noise_is_no_shortcut(void **state) {
  (void)state;
  enum { TRIALS = 50, BOUND = 5 };
  for (int k = 0; k < SITES; k++) {
    int found = 0;
    for (int i = 0; i < TRIALS; i++) found += count_faults(&site[k], (uint64_t)i + 1, false) > 0;
    print_message("%d images, %d positive, %d a patient: %d of %d\n", site[k].images,
                  site[k].positive, site[k].a_patient, found, TRIALS);
    assert_true(found <= BOUND);
  }
}

static void what_tells_all_is_found(void **state) {
  (void)state;
  for (int k = 0; k < SITES; k++) {
    for (int i = 0; i < 5; i++) assert_true(count_faults(&site[k], (uint64_t)i + 1, true) > 0);
  }
}

static void rank_sum_error_is_known(void **state) {
  (void)state;
  int32_t answer[20];
  uint64_t group[20];
  for (int i = 0; i < 20; i++) {
    answer[i] = i < 10;
    group[i] = (uint64_t)i;
  }
  assert_true(fabs(chance_error(answer, group, 20, 2) - sqrt(21.0 / 1200)) < 1e-12);
  for (int i = 0; i < 20; i++) group[i] = (uint64_t)i / 2;
  assert_true(fabs(chance_error(answer, group, 20, 2) - sqrt(11.0 / 300)) < 1e-12);
  for (int i = 0; i < 20; i++) answer[i] = 0;
  assert_true(isinf(chance_error(answer, group, 20, 2)));
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(noise_is_no_shortcut),
                                     cmocka_unit_test(what_tells_all_is_found),
                                     cmocka_unit_test(rank_sum_error_is_known)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
