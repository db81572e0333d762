/* use_library.c: opens a site, loads a model, predicts the site's images and measures the model.
 *   cc use_library.c $(pkg-config --cflags --libs xsite) -o use_library
 *   ./use_library model.safetensors site.yaml */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "xsite.h"

static void need(bool done, const char *message) {
  if (done) return;
  fprintf(stderr, "%s\n", message);
  exit(1);
}
static void try(xs_status status) { need(status == XS_OK, xs_message()); }

int main(int argc, char **argv) {
  need(argc == 3, "usage: use_library MODEL SITE");
  xs_classifier *model;
  try(xs_classifier_load(argv[1], &model));
  const int classes = xs_classifier_classes(model);
  xs_site *site;
  const xs_site_options options = {.size = xs_classifier_preprocessing(model)->size};
  try(xs_site_open(argv[2], &options, &site));
  need(site->classes == classes, "the site has other classes than the model");
  for (int k = 0; k < classes; k++) {
    need(strcmp(xs_classifier_class_name(model, k), site->class_name[k]) == 0,
         "the site's classes are called otherwise, or stand in another order");
  }

  const xs_images *x = &site->images;
  float *logit = calloc((size_t)(x->n * classes), sizeof *logit); /* [n][classes] */
  need(logit, "out of memory");
  try(xs_classifier_logits(model, x, NULL, x->n, logit));
  xs_measure m;
  try(xs_measure_classifier(logit, site->label, x->group, x->n, classes, 2000, 1, &m));
  printf("AUC %.2f, 95 %% interval %.2f to %.2f, of %lld images\n", 100 * m.auc, 100 * m.low,
         100 * m.high, (long long)m.n);
  free(logit);
  xs_site_close(site);
  xs_classifier_free(model);
}
