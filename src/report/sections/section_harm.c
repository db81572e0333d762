/* What could be known of each pair before anybody labels an image of the target. */
#include "sections.h"

#include "effect.h"
#include "html_parts.h"
#include "memory.h"
#include "text.h"
#include "xsite.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_OPEN = 6 }; /* pairs whose reasons are unfolded */

static bool known(interval x) { return isfinite(x.value); }

static bool predicted(const pair *p) { return p->choice.outlook || known(p->choice.change); }

static bool any_pair(const results *r, bool (*has)(const pair *p)) {
  for (int i = 0; i < r->n; i++) {
    if (has(&r->pair[i])) return true;
  }
  return false;
}

/* Of accuracy, in points.  The two are of the same images, but as wide as if they were not (MOVER:
 * Zou and Donner 2008). */
static interval measured_change(const pair *p) {
  const interval a = accuracy_of(&p->m[EXTERNAL]), b = accuracy_of(&p->m[ADAPTED]);
  const double d = b.value - a.value;
  return (interval){d, d - hypot(b.value - b.low, a.high - a.value),
                    d + hypot(b.high - b.value, a.value - a.low)};
}

/* Where nothing was adapted there is nothing after it. */
static bool all_left(const results *r) {
  for (int i = 0; i < r->n; i++) {
    if (!effect_left(&r->pair[i])) return false;
  }
  return true;
}

static void add_short_table(page *out, const results *r) {
  static const char *const head[] = {"Source → target", "Accuracy"};
  table_open(out,
             "Accuracy at the target in per cent of the classifiers as they are, predicted without "
             "labels, with 95 % intervals; where an interval is wider than 20 points it stands "
             "alone. Nothing was adapted",
             head, 2);
  for (int i = 0; i < r->n; i++) {
    table_pair_row(out, &r->pair[i]);
    table_per_cent(out, r->pair[i].choice.before);
    table_row_end(out);
  }
  table_close(out);
}

static void add_prediction_table(page *out, const results *r) {
  static const char *const head[] = {"Source → target", "Before",   "After",  "Change",
                                     "Mean error",      "Measured", "Outlook"};
  table_open(
      out,
      "Accuracy at the target in per cent as predicted without labels, before and after "
      "adaptation, and its change in points, with 95 % intervals; where an interval is wider "
      "than 20 points it stands alone. Mean error: how far predicted changes were off on "
      "average on images of the source that were changed in known ways. Measured: the change of "
      "accuracy that labels of the target show, by the intervals of the two accuracies",
      head, 7);
  for (int i = 0; i < r->n; i++) {
    const pair *p = &r->pair[i];
    const choice *c = &p->choice;
    table_pair_row(out, p);
    table_per_cent(out, c->before);
    if (effect_left(p)) {
      for (int k = 0; k < 4; k++) table_number(out, number_fixed(NAN, 0));
      page_add(out, "<td>not adapted</td>");
    } else {
      table_per_cent(out, c->after);
      table_change(out, c->change);
      table_number(out, number_fixed(c->change_error, 1));
      table_change(out, measured_change(p));
      page_add(out, "<td>%s</td>", c->outlook ? c->outlook : "–");
    }
    table_row_end(out);
  }
  table_close(out);
}

/* ---- label keeping --------------------------------------------------------------------------- */

static bool keeps(const pair *p) { return known(p->choice.keeping) || p->choice.classes > 0; }

static int count_classes(const results *r) {
  int most = 0;
  for (int i = 0; i < r->n; i++) {
    if (r->pair[i].choice.classes > most) most = r->pair[i].choice.classes;
    if (r->pair[i].choice.priors.classes > most) most = r->pair[i].choice.priors.classes;
  }
  return most;
}

/* Its name in results.json, or "Class 0" and so on where there is none. */
static char *class_title(const results *r, int k) {
  const json_t *names = json_object_get(r->root, "classes");
  const char *name = json_string_value(json_array_get(names, (size_t)k));
  return name && *name ? text_copy(name) : text_format("Class %d", k);
}

/* lead, then the classes. */
static void open_class_table(page *out, const results *r, const char *caption,
                             const char *const *lead, int leads, int classes) {
  const char **head = memory_new((size_t)(leads + classes + 1) * sizeof *head);
  char **title = memory_new((size_t)(classes + 1) * sizeof *title);
  for (int i = 0; i < leads; i++) head[i] = lead[i];
  for (int k = 0; k < classes; k++) head[leads + k] = title[k] = class_title(r, k);
  table_open(out, caption, head, leads + classes);
  for (int k = 0; k < classes; k++) free(title[k]);
  free(title);
  free(head);
}

static const interval unknown = {NAN, NAN, NAN};

static void add_keeping_table(page *out, const results *r) {
  static const char *const lead[] = {"Source → target", "Translated by", "All"};
  const int classes = count_classes(r);
  open_class_table(
      out, r,
      "Labels kept by translation of the source's validation images: the share in per cent to "
      "which the classifier of the source still gives the right label, with 95 % intervals; by the "
      "chosen way to adapt or, where that does not translate, by the first that does",
      lead, 3, classes);
  for (int i = 0; i < r->n; i++) {
    const choice *c = &r->pair[i].choice;
    if (!keeps(&r->pair[i])) continue;
    table_pair_row(out, &r->pair[i]);
    page_add(out, "<td>%s</td>", c->kept_by ? c->kept_by : c->chosen ? c->chosen : "–");
    table_per_cent(out, c->keeping);
    for (int k = 0; k < classes; k++) {
      table_per_cent(out, k < c->classes ? c->class_keeping[k] : unknown);
    }
    table_row_end(out);
  }
  table_close(out);
}

/* ---- class shares ---------------------------------------------------------------------------- */

static bool compared(const pair *p) { return p->choice.priors.compared; }

static void add_priors_table(page *out, const results *r) {
  static const char *const lead[] = {"Source → target", "Differ", "Distance", "p"};
  const int classes = count_classes(r);
  open_class_table(out, r,
                   "How common the classes are at the target, against the source: whether they "
                   "differ, their total distance in per cent and the change of each class's share "
                   "in points, with 95 % intervals",
                   lead, 4, classes);
  for (int i = 0; i < r->n; i++) {
    const priors *q = &r->pair[i].choice.priors;
    if (!q->compared) continue;
    table_pair_row(out, &r->pair[i]);
    page_add(out, "<td>%s</td>", q->differ ? "yes" : "no");
    table_per_cent(out, q->distance);
    table_number(out, number_p_value(q->p));
    for (int k = 0; k < classes; k++) table_change(out, k < q->classes ? q->change[k] : unknown);
    table_row_end(out);
  }
  table_close(out);
}

/* ---- in words -------------------------------------------------------------------------------- */

static const char *outlook_style(const char *outlook) {
  if (outlook && strcmp(outlook, "helps") == 0) return "pair helped";
  return outlook && strcmp(outlook, "hurts") == 0 ? "pair hurt" : "pair";
}

/* Of what is left as it is, no change is told. */
static bool is_told(const pair *p, const char *reason) {
  return !effect_left(p) || strcmp(reason, xs_reason_text(XS_NO_CLEAR_CHANGE)) != 0;
}

static void add_list(page *out, const pair *p) {
  const choice *c = &p->choice;
  int n = 0;
  for (int i = 0; i < c->reasons; i++) {
    if (!is_told(p, c->reason[i])) continue;
    page_add(out, n++ ? "<li>%s</li>\n" : "<ul>\n<li>%s</li>\n", c->reason[i]);
  }
  if (n) page_add(out, "</ul>\n");
}

static void add_reasons(page *out, const pair *p) {
  const choice *c = &p->choice;
  char *sentence = outlook_sentence(p);
  page_add(out, "<article class=\"%s\">\n<h3>%s → %s</h3>\n<p>%s</p>\n", outlook_style(c->outlook),
           p->source, p->target, sentence);
  if (c->uncalibrated) {
    page_add(out,
             "<p>The classifier is not calibrated, and no calibrated probabilities are given: "
             "%s.</p>\n",
             c->uncalibrated);
  }
  add_list(out, p);
  if (c->priors.unknown) {
    page_add(out, "<p class=\"soft\">How common the classes are at %s is not known: %s.</p>\n",
             p->target, c->priors.unknown);
  }
  page_add(out, "</article>\n");
  free(sentence);
}

bool section_harm_wanted(const results *r) { return any_pair(r, predicted); }

void section_harm(page *out, const results *r) {
  page_add(out,
           "<section id=\"harm\">\n<h2>Could harm be foreseen?</h2>\n"
           "<p>What follows uses no label of a target, except the column <i>measured</i>: it is "
           "what a user would know who has only images of the new site.</p>\n");
  if (all_left(r)) {
    add_short_table(out, r);
  } else {
    add_prediction_table(out, r);
  }
  buffer_add(&out->html, "<details%s>\n<summary>Why, pair by pair</summary>\n",
             r->n <= MOST_OPEN ? " open=\"open\"" : "");
  for (int i = 0; i < r->n; i++) {
    if (predicted(&r->pair[i])) add_reasons(out, &r->pair[i]);
  }
  page_add(out, "</details>\n");
  if (any_pair(r, keeps)) add_keeping_table(out, r);
  if (any_pair(r, compared)) add_priors_table(out, r);
  page_add(out, "</section>\n");
}
