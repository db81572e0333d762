/* trained_enough.c: whether a classifier was trained long enough to stand for what its images can
 * give. */
#include "trained_enough.h"

#include <math.h>
#include <stdlib.h>

#include "text.h"

/* Fewer updates teach a network that begins with random weights, or with a new last layer, little:
 * its validation AUC then wanders, and patience ends on a chance. */
enum { LEAST_UPDATES = 200 };

/* Who knows the images that it has seen has learnt what they can give, however soon. */
static const double known_train_auc = 0.99;

/* Half of what lies between guessing and no error, on images that it has seen. */
static const double least_train_auc = 0.75;

char *trained_complaint(const trained *t) {
  if (t->train_auc < least_train_auc) {
    return text_format("its AUC on the images that it was trained on is %.1f", 100 * t->train_auc);
  }
  if (t->continued || t->train_auc >= known_train_auc) return NULL;
  if (t->steps < LEAST_UPDATES) {
    return text_format("training ended after %lld updates; below %d little is learnt",
                       (long long)t->steps, LEAST_UPDATES);
  }
  if (t->best_epoch == 1) {
    return text_copy("its first epoch was kept: none after it had a better validation AUC");
  }
  return NULL;
}

void trained_describe(const trained *t, json_t *to) {
  char *why = trained_complaint(t);
  json_object_set_new(to, "steps", json_integer(t->steps));
  json_object_set_new(to, "epochs", json_integer(t->epochs));
  json_object_set_new(to, "best_epoch", json_integer(t->best_epoch));
  json_object_set_new(to, "train_auc",
                      isfinite(t->train_auc) ? json_real(t->train_auc) : json_null());
  json_object_set_new(to, "trained_enough", json_boolean(!why));
  if (why) json_object_set_new(to, "why", json_string(why));
  free(why);
}
