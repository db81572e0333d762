/* Lateral films among frontal ones, by what the view's column says. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "data_check.h"
#include "text.h"

typedef enum projection { VIEW_OTHER, VIEW_FRONTAL, VIEW_LATERAL } projection;

/* Letters alone, in capitals: "Xtable Lateral" is XTABLELATERAL. */
static void simplify(const char *text, char out[32]) {
  int n = 0;
  for (; *text && n < 31; text++) {
    if (isalpha((unsigned char)*text)) out[n++] = (char)toupper((unsigned char)*text);
  }
  out[n] = 0;
}

/* DICOM's ViewPosition (0018,5101) and the words of the public archives, the first that is found.
 * A lateral decubitus film (LLD, RLD) is frontal: the patient lies on the side.  On the back or
 * the belly (dorsal, ventral decubitus) the film is lateral. */
static projection projection_of(const char *text) {
  static const struct {
    const char *whole, *part;
    projection means;
  } names[] = {
      {"L", NULL, VIEW_LATERAL},
      {"LL", NULL, VIEW_LATERAL},
      {"RL", NULL, VIEW_LATERAL},
      {"LLD", NULL, VIEW_FRONTAL},
      {"RLD", NULL, VIEW_FRONTAL},
      {NULL, "DORSALDECUB", VIEW_LATERAL},
      {NULL, "VENTRALDECUB", VIEW_LATERAL},
      {NULL, "DECUB", VIEW_FRONTAL},
      {NULL, "LAT", VIEW_LATERAL},
      {NULL, "FRONTAL", VIEW_FRONTAL},
      {NULL, "POSTEROANTERIOR", VIEW_FRONTAL},
      {NULL, "ANTEROPOSTERIOR", VIEW_FRONTAL},
  };
  char word[32];
  simplify(text, word);
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    if (names[i].whole ? !strcmp(word, names[i].whole) : strstr(word, names[i].part) != NULL) {
      return names[i].means;
    }
  }
  return !strncmp(word, "PA", 2) || !strncmp(word, "AP", 2) ? VIEW_FRONTAL : VIEW_OTHER;
}

static projection view_of(const check *c, int64_t i) {
  const image_stats *s = &c->sample[i];
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
