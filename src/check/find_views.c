/* Lateral films among frontal ones, by what the view's column says. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "file.h"

typedef enum projection { VIEW_OTHER, VIEW_FRONTAL, VIEW_LATERAL } projection;

/* Letters alone, in capitals: "Xtable Lateral" is XTABLELATERAL. */
static void simplify(const char *text, char out[32]) {
  int n = 0;
  for (; *text && n < 31; text++) {
    if (isalpha((unsigned char)*text)) out[n++] = (char)toupper((unsigned char)*text);
  }
  out[n] = 0;
}

/* DICOM's ViewPosition (0018,5101) and the words of the public archives. */
static projection projection_of(const char *text) {
  static const char *const lateral[] = {"L", "LL", "RL", "LLD", "RLD"};
  char word[32];
  simplify(text, word);
  if (strstr(word, "LAT")) return VIEW_LATERAL;
  for (size_t i = 0; i < sizeof lateral / sizeof *lateral; i++) {
    if (!strcmp(word, lateral[i])) return VIEW_LATERAL;
  }
  const bool frontal = !strncmp(word, "PA", 2) || !strncmp(word, "AP", 2) ||
                       strstr(word, "FRONTAL") || strstr(word, "POSTEROANTERIOR") ||
                       strstr(word, "ANTEROPOSTERIOR");
  return frontal ? VIEW_FRONTAL : VIEW_OTHER;
}

static projection view_of(const check *c, int64_t i) {
  const sample *s = &c->sample[i];
  const char *text = c->site[s->site].l.entry[s->row].attribute[ATTRIBUTE_VIEW];
  return text ? projection_of(text) : VIEW_OTHER;
}

static void check_site_views(check *c, const check_site *t) {
  int64_t count[3] = {0};
  for (int64_t i = t->first; i < t->first + t->n; i++) count[view_of(c, i)]++;
  if (!count[VIEW_FRONTAL] || !count[VIEW_LATERAL]) return;
  const projection rare = count[VIEW_LATERAL] > count[VIEW_FRONTAL] ? VIEW_FRONTAL : VIEW_LATERAL;
  json_t *f =
      finding_add(c, "laterals", CHECK_FAULT, t->d.name, count[rare],
                  text_format("%s has %lld lateral and %lld frontal films.", t->d.name,
                              (long long)count[VIEW_LATERAL], (long long)count[VIEW_FRONTAL]),
                  "Keep one kind: remove the rows of the other from the label file.");
  for (int64_t i = t->first; i < t->first + t->n; i++) {
    if (view_of(c, i) != rare) continue;
    const entry *e = &t->l.entry[c->sample[i].row];
    finding_image(c, f, i, text_format("view %s", e->attribute[ATTRIBUTE_VIEW]));
  }
}

int find_views(check *c) {
  for (int i = 0; i < c->sites; i++) {
    if (!c->site[i].read && c->site[i].l.present[ATTRIBUTE_VIEW]) check_site_views(c, &c->site[i]);
  }
  return 0;
}
