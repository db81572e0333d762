#include "row_votes.h"

#include <stdlib.h>
#include <string.h>

#include "memory.h"
#include "text.h"
#include "text_set.h"

/* The class with most votes, -1 without a vote or where two have most. */
static int32_t find_most(const int64_t *votes, int classes) {
  int32_t best = -1;
  int64_t most = 0, with_most = 0;
  for (int k = 0; k < classes; k++) {
    if (votes[k] > most) {
      most = votes[k];
      best = k;
      with_most = 0;
    }
    with_most += votes[k] == most;
  }
  return most && with_most == 1 ? best : -1;
}

static int32_t decide(const char *rule, const int64_t *votes, int classes) {
  if (strcmp(rule, "majority") == 0) return find_most(votes, classes);
  if (votes[0] + votes[1] == 0) return -1;
  return strcmp(rule, "any") == 0 ? votes[1] > 0 : votes[0] == 0;
}

static bool is_tied(const int64_t *votes, int classes, int32_t decided) {
  int64_t all = 0;
  for (int k = 0; k < classes; k++) all += votes[k];
  return all > 0 && decided < 0;
}

/* Adds the votes of readers: each decided among its own rows. */
static void count_readers(const row_votes_in *in, const row_votes *v, int64_t *votes) {
  text_set readers = {0}; /* of an image */
  const size_t classes = (size_t)in->classes;
  int64_t *own = memory_new(sizeof *own * classes * (size_t)(in->n + 1));
  int64_t *image = memory_new(sizeof *image * (size_t)(in->n + 1));
  for (int64_t i = 0; i < in->n; i++) {
    if (in->label[i] < 0) continue;
    char *key = text_format("%lld\x1f%s", (long long)v->image[i], in->reader[i]);
    const int64_t r = text_set_add(&readers, key);
    free(key);
    image[r] = v->image[i];
    own[r * in->classes + in->label[i]]++;
  }
  for (int64_t r = 0; r < readers.n; r++) {
    const int32_t k =
        decide(in->classes == 2 ? "any" : "majority", own + r * in->classes, in->classes);
    if (k >= 0) votes[image[r] * in->classes + k]++;
  }
  text_set_release(&readers);
  free(image);
  free(own);
}

static void count_rows(const row_votes_in *in, const row_votes *v, int64_t *votes) {
  for (int64_t i = 0; i < in->n; i++) {
    if (in->label[i] >= 0) votes[v->image[i] * in->classes + in->label[i]]++;
  }
}

static void number_images(const row_votes_in *in, row_votes *v) {
  text_set images = {0};
  v->image = memory_new(sizeof *v->image * (size_t)(in->n + 1));
  v->first = memory_new(sizeof *v->first * (size_t)(in->n + 1));
  for (int64_t i = 0; i < in->n; i++) {
    const int64_t before = images.n;
    v->image[i] = text_set_add(&images, in->image[i]);
    if (v->image[i] == before) v->first[before] = i;
  }
  v->images = images.n;
  text_set_release(&images);
}

void row_votes_count(const row_votes_in *in, row_votes *out) {
  *out = (row_votes){0};
  number_images(in, out);
  int64_t *votes = memory_new(sizeof *votes * (size_t)(out->images * in->classes + 1));
  out->label = memory_new(sizeof *out->label * (size_t)(out->images + 1));
  out->tied = memory_new(sizeof *out->tied * (size_t)(out->images + 1));
  (in->reader ? count_readers : count_rows)(in, out, votes);
  for (int64_t k = 0; k < out->images; k++) {
    out->label[k] = decide(in->rule, votes + k * in->classes, in->classes);
    out->tied[k] = is_tied(votes + k * in->classes, in->classes, out->label[k]);
  }
  free(votes);
}

void row_votes_release(row_votes *v) {
  free(v->first);
  free(v->image);
  free(v->label);
  free(v->tied);
  *v = (row_votes){0};
}
