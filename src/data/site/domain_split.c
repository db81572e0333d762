/* domain_split.c: what a domain file says of its site's split. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "domain.h"
#include "error.h"
#include "numeral.h"

/* Sites that share groups keep a group on the same side everywhere: only its key may decide. */
static bool shares_groups(const domain *d) {
  return !strcmp(d->format, "idx") || d->group_prefix || d->group_file;
}

static int read_share(const domain *d, const char *text, double *share) {
  char *end;
  *share = numeral_read(text, &end);
  if (end != text && !*end && *share > 0 && *share < 1) return 0;
  return fail(XS_USAGE, "%s: split: \"%s\" is not a share between 0 and 1", d->path, text);
}

/* text: of train, validation and test. */
static int read_shares(domain *d, char *const *text) {
  double train;
  if (read_share(d, text[0], &train) || read_share(d, text[1], &d->plan.validation) ||
      read_share(d, text[2], &d->plan.test)) {
    return XS_USAGE;
  }
  const double sum = train + d->plan.validation + d->plan.test;
  if (fabs(sum - 1) < 1e-6) return 0;
  return fail(XS_USAGE, "%s: split: the shares of train, validation and test add up to %g, not 1",
              d->path, sum);
}

static int read_word(domain *d, const char *word) {
  if (!strcmp(word, "hash")) {
    d->plan.kind = XS_SPLIT_HASH;
  } else if (!strcmp(word, "stratified")) {
    d->plan.kind = XS_SPLIT_STRATIFIED;
  } else {
    return fail(XS_USAGE,
                "%s: split: \"%s\" is not hash, stratified or the three shares of train, "
                "validation and test, e.g. [0.7, 0.1, 0.2]",
                d->path, word);
  }
  return 0;
}

static int read_split(domain *d) {
  char *const named[] = {d->split_train, d->split_validation, d->split_test};
  const bool any = named[0] || named[1] || named[2];
  if (any && (!named[0] || !named[1] || !named[2])) {
    return fail(XS_USAGE, "%s: split: give all of train, validation and test", d->path);
  }
  if (any) return read_shares(d, named);
  if (d->split.n == 1) return read_word(d, d->split.text[0]);
  if (d->split.n == 3) return read_shares(d, d->split.text);
  if (!d->split.n) return 0;
  return fail(XS_USAGE,
              "%s: split: has %d values; give the three shares of train, validation and test",
              d->path, d->split.n);
}

static int read_cross(domain *d) {
  if (!d->cross) return 0;
  if (d->cross < 2) return fail(XS_USAGE, "%s: cross: at least 2 parts are needed", d->path);
  if (d->plan.test > 0) {
    return fail(XS_USAGE, "%s: cross: %lld decides the shares; leave split out", d->path,
                (long long)d->cross);
  }
  if (d->plan.kind != XS_SPLIT_STRATIFIED) {
    return fail(XS_USAGE,
                "%s: cross needs a stratified split; this site's is by %s: where its groups are no "
                "other site's, give split: stratified",
                d->path, d->plan.kind == XS_SPLIT_COLUMN ? "a column" : "hash");
  }
  d->plan.folds = (int)d->cross;
  d->plan.test = 1. / (double)d->cross;
  d->plan.validation = 0.1;
  return 0;
}

/* The column of the label files that names the sides, of the domain file or its mapping; or NULL.
 */
static const char *split_column(const domain *d) {
  return d->map ? d->map->columns.split : d->split_column;
}

static int read_column(domain *d) {
  const char *column = split_column(d);
  if (!column) return 0;
  if (!strcmp(d->format, "idx") || !d->labels.n) {
    return fail(XS_USAGE, "%s: split_column: the site has no CSV file with columns", d->path);
  }
  if (d->split.n || d->split_train) {
    return fail(XS_USAGE, "%s: split and split_column exclude each other; keep one of them",
                d->path);
  }
  d->plan.kind = XS_SPLIT_COLUMN;
  return 0;
}

int domain_read_split(domain *d) {
  d->plan = (xs_split_plan){.kind = shares_groups(d) ? XS_SPLIT_HASH : XS_SPLIT_STRATIFIED};
  int status = read_split(d);
  if (!status) status = read_column(d);
  return status ? status : read_cross(d);
}

int domain_side(const domain *d, const char *csv, int64_t line, const char *cell, uint8_t *side) {
  static const struct name {
    const char *text;
    xs_split side;
  } name[] = {{"train", XS_TRAIN},         {"training", XS_TRAIN},   {"validation", XS_VALIDATION},
              {"validate", XS_VALIDATION}, {"valid", XS_VALIDATION}, {"val", XS_VALIDATION},
              {"dev", XS_VALIDATION},      {"test", XS_TEST},        {"testing", XS_TEST}};
  for (size_t i = 0; i < sizeof name / sizeof *name; i++) {
    if (strcasecmp(cell, name[i].text) != 0) continue;
    *side = (uint8_t)name[i].side;
    return 0;
  }
  return fail(XS_FAILED,
              "%s:%lld: column \"%s\": \"%s\" is no side of a split; write train, validation or "
              "test",
              csv, (long long)line, split_column(d), cell);
}
