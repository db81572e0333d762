#include "preprocessing_notes.h"

#include <stdlib.h>
#include <string.h>

#include "buffer.h"
#include "resample.h"
#include "text.h"
#include "values.h"
#include "watch.h"

enum { DIFFERENCES = 5 };

typedef struct reading { /* one setting in words, here and in the model's record */
  const char *name;
  char *here, *model;
} reading;

static char *flag_of(bool is) { return text_copy(is ? "true" : "false"); }

static char *range_of(const xs_preprocessing *p) {
  const xs_values *v = &p->values;
  if (v->range != XS_RANGE_PERCENTILES) return text_copy(values_range_name(v->range));
  return text_format("percentiles %g to %g", v->low, v->high);
}

static char *white_of(const xs_preprocessing *p) {
  const bool given = p->values.range == XS_RANGE_FULL && p->max_value > 0;
  return given ? text_format("%g", p->max_value) : text_copy("that of the range");
}

static void compare(const xs_preprocessing *here, const xs_preprocessing *model,
                    reading out[DIFFERENCES]) {
  const reading all[DIFFERENCES] = {
      {"resize", text_copy(resize_name(here->resize)), text_copy(resize_name(model->resize))},
      {"center_crop", flag_of(here->center_crop), flag_of(model->center_crop)},
      {"range", range_of(here), range_of(model)},
      {"window", flag_of(here->values.window), flag_of(model->values.window)},
      {"max_value", white_of(here), white_of(model)}};
  memcpy(out, all, sizeof all);
}

/* "resize is bilinear (nearest), ...", or NULL. */
static char *name_differences(const xs_preprocessing *here, const xs_preprocessing *model) {
  reading r[DIFFERENCES];
  buffer text = {0};
  compare(here, model, r);
  for (int i = 0; i < DIFFERENCES; i++) {
    if (strcmp(r[i].here, r[i].model)) {
      buffer_between(&text, ", ");
      buffer_add(&text, "%s is %s (%s)", r[i].name, r[i].here, r[i].model);
    }
    free(r[i].here);
    free(r[i].model);
  }
  return text.text;
}

void preprocessing_note_unknown(const xs_watch *w, const char *model, const xs_classifier *c) {
  const char *what = xs_classifier_unknown(c);
  if (what) watch_note(w, "note: %s: %s", model, what);
  if (!xs_classifier_uncalibrated(c)) return;
  watch_note(w,
             "note: %s: no calibrated probabilities: its answers on labelled images said "
             "too little of the labels for a temperature to be found",
             model);
}

void preprocessing_note_other(const xs_watch *w, const char *file, const xs_preprocessing *here,
                              const xs_classifier *c) {
  char *what = name_differences(here, xs_classifier_preprocessing(c));
  if (what) {
    watch_note(w,
               "note: %s: images are read as this file says, not as the model's record "
               "(in brackets) does: %s; `xsite predict --as %s` reads them like this, too",
               file, what, file);
  }
  free(what);
}
