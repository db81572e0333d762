#include <stdlib.h>

#include "csv_writer.h"
#include "data_check.h"
#include "file.h"
#include "memory.h"
#include "text.h"
#include "union_find.h"

/* The sets of same films, joined where images are of one patient. */
static int64_t *join_patients(const check *c) {
  int64_t *set = memory_new(sizeof *set * (size_t)c->n);
  const image_stats **s = memory_new(sizeof *s * (size_t)c->n);
  for (int64_t i = 0; i < c->n; i++) {
    set[i] = c->same[i];
    s[i] = &c->sample[i];
  }
  qsort(s, (size_t)c->n, sizeof *s, image_stats_compare_groups);
  for (int64_t i = 1; i < c->n; i++) {
    if (s[i - 1]->group == s[i]->group) sets_join(set, s[i - 1] - c->sample, s[i] - c->sample);
  }
  free(s);
  return set;
}

/* The text whose key is the group's (domain_group), so that images without duplicates stay on their
 * side. */
static char *group_text(const check *c, int64_t i) {
  const image_stats *s = &c->sample[i];
  const domain *d = &c->site[s->site].d;
  return text_format("%s:%s", d->group_prefix ? d->group_prefix : d->name,
                     s->patient ? s->patient : s->file);
}

static int write_site(const check *c, const check_site *t, int64_t *set) {
  csv_writer out = {0};
  csv_plain(&out, "file,group");
  csv_end(&out, "\n");
  for (int64_t i = t->first; i < t->first + t->n; i++) {
    char *group = group_text(c, sets_find(set, i));
    csv_exact(&out, c->sample[i].file);
    csv_exact(&out, group);
    csv_end(&out, "\n");
    free(group);
  }
  char *name = text_format("groups-%s.csv", t->d.name), *path = file_join(c->o->out, name);
  int status = file_write_atomic(path, out.text.text, out.text.size);
  free(path);
  free(name);
  buffer_free(&out.text);
  return status;
}

int groups_write(const check *c) {
  int64_t *set = join_patients(c);
  int status = 0;
  for (int i = 0; i < c->sites && !status; i++) status = write_site(c, &c->site[i], set);
  free(set);
  return status;
}
