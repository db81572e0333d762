/* candidate_eval.c: what a candidate says of the images by which it is judged. */
#include "choice.h"

xs_status judged_source(const node_candidate *x, uint64_t seed, xs_split which, train_set *source,
                        xs_images **made) {
  *made = NULL;
  xs_status status = node_labels(x->source, which, source);
  if (!status) train_set_limit(source, seed, JUDGED_MOST);
  if (!status && x->generator) status = node_translate(x->generator, source, made);
  return status;
}

xs_status judged_open(const chooser *c, const node_candidate *x, xs_split which, bool features,
                      judged *j) {
  *j = (judged){0};
  xs_status status = judged_source(x, c->seed, which, &j->source, &j->made);
  if (status) return status;
  return answers_open(x->model, c->job->target, c->rows, c->n_rows, &j->source, features,
                      &j->answers);
}

void judged_release(judged *j) {
  answers_release(&j->answers);
  train_set_release(&j->source);
  xs_images_close(j->made);
}

xs_status judged_keeping(const chooser *c, const node_candidate *x, xs_interval *overall,
                         xs_interval *per_class) {
  xs_labelled_outputs kept = {0};
  train_set translated;
  xs_images *made;
  xs_status status = judged_source(x, c->seed, XS_VALIDATION, &translated, &made);
  if (!status) status = outputs_of_model(c->job->unadapted.model, &translated, &kept);
  if (!status) status = xs_label_keeping(&kept, overall, per_class);
  outputs_release(&kept);
  train_set_release(&translated);
  xs_images_close(made);
  return status;
}
