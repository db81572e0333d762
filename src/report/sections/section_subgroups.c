/* What adaptation does to women and men, young and old, at each view and scanner. */
#include "sections.h"

#include "html_parts.h"
#include "text.h"
#include "xsite.h"

#include <math.h>
#include <stdlib.h>

enum { MOST_OPEN = 12 }; /* rows of a table that is not folded away */

bool section_subgroups_wanted(const results *r) {
  for (int i = 0; i < r->n; i++) {
    if (r->pair[i].subgroups) return true;
  }
  return false;
}

static void add_row(page *out, const subgroup *s) {
  char *name = text_format("%s: %s", s->attribute ? s->attribute : "subgroup",
                           s->value ? s->value : "unknown");
  const measure *const m[] = {&s->external, &s->adapted};
  table_row(out, name);
  table_number(out, number_fixed(s->n, 0));
  table_number(out, number_fixed(s->groups, 0));
  for (int k = 0; k < 2; k++) {
    table_auc(out, m[k]);
  }
  table_change(out, s->gain);
  table_row_end(out);
  free(name);
}

/* How many subgroups were measured, and of them those whose interval leaves 0 out. */
static void add_count(page *out, const pair *p) {
  int measured = 0, better = 0, worse = 0;
  for (int i = 0; i < p->subgroups; i++) {
    const interval *gain = &p->subgroup[i].gain;
    measured += isfinite(gain->value);
    better += gain->low > 0;
    worse += gain->high < 0;
  }
  buffer_add(
      &out->html,
      "<p>Of %d subgroups %d had images enough to be measured. The AUC rose in %d of them and "
      "fell in %d, with an interval of the change that leaves 0 out.</p>\n",
      p->subgroups, measured, better, worse);
}

static void add_table(page *out, const pair *p) {
  static const char *const head[] = {"Subgroup", "Images", "Patients", "Before", "After", "Change"};
  char *caption = text_format("%s → %s: AUC in per cent on the test images of each subgroup of %s, "
                              "before and after adaptation, and the paired change, with 95 %% "
                              "intervals",
                              p->source, p->target, p->target);
  const bool fold = p->subgroups > MOST_OPEN;
  if (fold) {
    page_add(out, "<details>\n<summary>All subgroups of %s → %s</summary>\n", p->source, p->target);
  }
  table_open(out, caption, head, 6);
  for (int i = 0; i < p->subgroups; i++) add_row(out, &p->subgroup[i]);
  table_close(out);
  if (fold) page_add(out, "</details>\n");
  free(caption);
}

void section_subgroups(page *out, const results *r) {
  page_add(out, "<section id=\"subgroups\">\n<h2>Is it the same for everybody?</h2>\n");
  buffer_add(
      &out->html,
      "<p>A classifier that is good on the whole may be bad for some. Of many small groups "
      "some differ by chance: at a 95 %% interval one in twenty without any true difference. "
      "A surprising row is a question for more data, not a finding. Subgroups with fewer than "
      "%d images of a class, or fewer than %d patients, are listed without numbers. Where the "
      "site names no patients, each image counts as one.</p>\n",
      XS_SUBGROUP_FEWEST, XS_SUBGROUP_FEWEST);
  for (int i = 0; i < r->n; i++) {
    const pair *p = &r->pair[i];
    if (!p->subgroups) continue;
    page_add(out, "<h3>%s → %s</h3>\n", p->source, p->target);
    add_count(out, p);
    add_table(out, p);
  }
  page_add(out, "</section>\n");
}
