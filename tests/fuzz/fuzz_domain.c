/* A domain file, and how its site is split; the examples' mappings are beside it. */
#include <string.h>

#include "domain.h"
#include "fuzz.h"

enum { IMAGES = 40 };

static int64_t count(const xs_images *images, const int32_t *label, int fold, xs_split which) {
  int64_t *rows, n;
  FUZZ_REQUIRE(!xs_split_labelled(images, label, 2, 1, false, fold, which, &rows, &n));
  free(rows);
  return n;
}

/* Every image is on one side, in each fold. */
static void split(const domain *d) {
  static const char *const cells[] = {"train", "valid", "test"};
  uint64_t group[IMAGES];
  uint8_t side[IMAGES];
  int32_t label[IMAGES];
  for (int i = 0; i < IMAGES; i++) {
    char patient[16];
    snprintf(patient, sizeof patient, "%d", i / 2);
    group[i] = domain_group(d, patient);
    label[i] = i % 3 - 1;
    FUZZ_REQUIRE(!domain_side(d, "labels.csv", i + 2, cells[i % 3], &side[i]));
  }
  xs_images images = {.n = IMAGES, .group = group, .split = d->plan};
  if (d->plan.kind == XS_SPLIT_COLUMN) images.split.side = side;
  for (int fold = 0; fold == 0 || fold < d->plan.folds; fold++) {
    int64_t n = 0;
    for (xs_split s = XS_TRAIN; s <= XS_TEST; s++) n += count(&images, label, fold, s);
    FUZZ_REQUIRE(n == IMAGES && count(&images, label, fold, XS_ALL) == IMAGES);
  }
}

static void use(const domain *d) {
  for (int i = 0; i < d->classes.n; i++) {
    FUZZ_REQUIRE(domain_class(d, d->classes.text[i]) == i);
  }
  FUZZ_REQUIRE(domain_preprocessing(d, 32).size == 32);
  split(d);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  domain d;
  if (domain_open(fuzz_named("domain", data, size), ".", &d)) {
    fuzz_outcome(fail_message());
  } else {
    use(&d);
  }
  domain_close(&d);
  return 0;
}
