#include <stdlib.h>

#include "check.h"
#include "file.h"

static void check_site_files(check *c, const check_site *t) {
  int64_t bad = 0;
  for (int64_t i = t->first; i < t->first + t->n; i++) bad += c->sample[i].error != NULL;
  if (!bad) return;
  json_t *f =
      finding_add(c, "unreadable", CHECK_FAULT, t->d.name, bad,
                  text_format("%lld of %lld images of %s cannot be read.", (long long)bad,
                              (long long)t->n, t->d.name),
                  "Repair or fetch them again; --skip-unreadable leaves them out of a study.");
  for (int64_t i = t->first; i < t->first + t->n; i++) {
    if (c->sample[i].error) finding_image(c, f, i, text_copy(c->sample[i].error));
  }
}

static void check_missing(check *c, const check_site *t) {
  if (!t->l.missing) return;
  finding_add(c, "unreadable", CHECK_FAULT, t->d.name, t->l.missing,
              text_format("%lld images that %s lists are not there; the first: %s",
                          (long long)t->l.missing, t->d.name, t->l.first_missing),
              "Fetch them, or correct the label file; --skip-unreadable leaves them out of a "
              "study.");
}

int find_unreadable(check *c) {
  for (int i = 0; i < c->sites; i++) {
    check_missing(c, &c->site[i]);
    check_site_files(c, &c->site[i]);
  }
  return 0;
}
