#include <stdlib.h>

#include "data_check.h"
#include "text.h"

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
  const int64_t n = t->l.missing;
  if (!n) return;
  json_t *f = finding_add(
      c, "unreadable", CHECK_FAULT, t->d.name, n,
      text_format("%lld image%s that %s lists %s not there; the first: %s", (long long)n, plural(n),
                  t->d.name, n == 1 ? "is" : "are", t->l.first_missing),
      "Fetch them, or correct the label file; --skip-unreadable leaves them out of a "
      "study.");
  for (const entry *e = t->l.entry + t->l.n; e < t->l.entry + t->l.n + n; e++) {
    finding_file(f, t->d.name, e->file,
                 text_format("%s:%lld: not there", t->d.labels.text[e->csv], (long long)e->line));
  }
}

static void check_unlisted(check *c, const check_site *t) {
  if (!t->l.unlisted) return;
  finding_add(c, "unreadable", CHECK_NOTE, t->d.name, 1, text_format("%s.", t->l.unlisted),
              "Is it the list of this archive, and are all label files named?");
}

int find_unreadable(check *c) {
  for (int i = 0; i < c->sites; i++) {
    check_unlisted(c, &c->site[i]);
    check_missing(c, &c->site[i]);
    check_site_files(c, &c->site[i]);
  }
  return 0;
}
