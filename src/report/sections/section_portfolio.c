/* The ways to adapt beside each other, and which was chosen without labels. */
#include "sections.h"

#include "html_parts.h"
#include "memory.h"
#include "text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct methods { /* of all pairs, each once, in the order of the portfolio */
  const char **name;     /* room for one more */
  int n;
} methods;

static void add_method(methods *m, const char *name) {
  for (int i = 0; i < m->n; i++) {
    if (strcmp(m->name[i], name) == 0) return;
  }
  m->name[m->n++] = name;
}

/* The first column's head goes before them. */
static methods list_methods(const results *r) {
  size_t room = 3;
  for (int i = 0; i < r->n; i++) room += (size_t)r->pair[i].candidates;
  methods m = {memory_new(room * sizeof *m.name), 0};
  add_method(&m, "Source → target");
  for (int i = 0; i < r->n; i++) {
    for (int k = 0; k < r->pair[i].candidates; k++) add_method(&m, r->pair[i].candidate[k].method);
  }
  return m;
}

static const candidate *find_candidate(const pair *p, const char *method) {
  for (int i = 0; i < p->candidates; i++) {
    if (strcmp(p->candidate[i].method, method) == 0) return &p->candidate[i];
  }
  return NULL;
}

/* By the criterion that decided. */
static double find_value(const choice *c, const char *method) {
  for (int i = 0; i < c->values; i++) {
    if (strcmp(c->value[i].method, method) != 0) continue;
    const json_t *value = json_object_get(c->value[i].criteria, c->criterion);
    return json_is_number(value) ? json_number_value(value) : NAN;
  }
  return NAN;
}

static bool has_oracle(const results *r) {
  for (int i = 0; i < r->n; i++) {
    if (r->pair[i].oracle.method) return true;
  }
  return false;
}

static bool has_values(const results *r) {
  for (int i = 0; i < r->n; i++) {
    if (r->pair[i].choice.values && r->pair[i].choice.criterion) return true;
  }
  return false;
}

static bool is_struck(const choice *c, const char *method) {
  for (int i = 0; i < c->values; i++) {
    if (strcmp(c->value[i].method, method) == 0) return c->value[i].strikes > 0;
  }
  return false;
}

static void add_auc(page *out, const candidate *c, bool chosen, bool struck) {
  buffer_add(&out->html, "<td%s>", chosen ? " class=\"chosen\"" : "");
  cell_auc(out, c ? &c->m : NULL);
  buffer_add(&out->html, "%s%s</td>", chosen ? "<small><b>chosen</b></small>" : "",
             struck ? "<small>struck out</small>" : "");
}

static void add_oracle(page *out, const oracle *o) {
  page_add(out, "<td>%s", number_auc(o->auc).text);
  if (o->method) page_add(out, "<small>%s</small>", o->method);
  buffer_add(&out->html, "</td>");
  table_number(out, number_points(o->regret));
}

static void add_auc_table(page *out, const results *r, methods *m) {
  const bool oracles = has_oracle(r);
  const int n = m->n;
  m->name[n] = "Oracle";
  m->name[n + 1] = "Regret";
  table_open(out,
             oracles ? "AUC at the target in per cent of every way to adapt, with 95 % intervals; "
                       "chosen: without labels. Oracle: the best by the target's labels, which "
                       "nobody has in use; regret: its AUC less that of the choice"
                     : "AUC at the target in per cent of every way to adapt, with 95 % intervals; "
                       "chosen: without labels",
             m->name, n + (oracles ? 2 : 0));
  for (int i = 0; i < r->n; i++) {
    const pair *p = &r->pair[i];
    if (!report_measured(p)) continue;
    table_pair_row(out, p);
    for (int k = 1; k < n; k++) {
      const candidate *c = find_candidate(p, m->name[k]);
      add_auc(out, c, c && report_chosen(p, c), c && is_struck(&p->choice, c->method));
    }
    if (oracles) add_oracle(out, &p->oracle);
    table_row_end(out);
  }
  table_close(out);
}

static void add_value_table(page *out, const results *r, const methods *m) {
  page_add(out, "<details>\n<summary>The criterion's values</summary>\n");
  table_open(out,
             "The criterion's values on unlabelled images of the target. A higher one is not "
             "chosen where it is struck out, and need not be where the difference is within its "
             "error: agreement with the others decides then",
             m->name, m->n);
  for (int i = 0; i < r->n; i++) {
    const choice *c = &r->pair[i].choice;
    table_pair_row(out, &r->pair[i]);
    for (int k = 1; k < m->n; k++) {
      table_number(out, number_fixed(find_value(c, m->name[k]), 3));
    }
    table_row_end(out);
  }
  table_close(out);
  page_add(out, "</details>\n");
}

static bool any_struck(const results *r) {
  for (int i = 0; i < r->n; i++) {
    for (int k = 0; k < r->pair[i].choice.values; k++) {
      if (r->pair[i].choice.value[k].strikes) return true;
    }
  }
  return false;
}

static bool any_bold(const results *r) {
  for (int i = 0; i < r->n; i++) {
    const char *rule = r->pair[i].choice.rule;
    if (rule && strcmp(rule, "bold") == 0) return true;
  }
  return false;
}

/* Under the bold rule they could be chosen all the same. */
static void add_struck(page *out, const results *r) {
  if (!any_struck(r)) return;
  page_add(out, "<h3>Struck out: excluded for a reason, whatever a criterion says</h3>\n");
  if (any_bold(r)) {
    page_add(out, "<p>The rule bold may choose them all the same; careful does not.</p>\n");
  }
  page_add(out, "<ul>\n");
  for (int i = 0; i < r->n; i++) {
    const pair *p = &r->pair[i];
    for (int k = 0; k < p->choice.values; k++) {
      const criteria_values *v = &p->choice.value[k];
      for (int n = 0; n < v->strikes; n++) {
        page_add(out, "<li>%s → %s, <i>%s</i>: %s.</li>\n", p->source, p->target, v->method,
                 v->struck[n]);
      }
    }
  }
  page_add(out, "</ul>\n");
}

static bool has_images(const results *r) {
  for (int i = 0; i < r->n; i++) {
    if (isfinite(r->pair[i].choice.images)) return true;
  }
  return false;
}

static const char *text_or_dash(const char *text) { return text ? text : "–"; }

static void add_choice_table(page *out, const results *r) {
  static const char *const head[] = {"Source → target", "Images seen", "Rule", "Chosen",
                                     "By the rule bold"};
  if (!has_images(r)) return;
  table_open(out,
             "What was chosen: by how many images of the target, seen without labels; by which "
             "rule (careful strikes out first, bold does not); and what the rule bold takes",
             head, 5);
  for (int i = 0; i < r->n; i++) {
    const choice *c = &r->pair[i].choice;
    char *chosen =
        text_format("%s%s%s", text_or_dash(c->chosen), c->left ? ": " : "", c->left ? c->left : "");
    table_pair_row(out, &r->pair[i]);
    table_number(out, number_fixed(c->images, 0));
    table_text(out, text_or_dash(c->rule));
    table_text(out, chosen);
    table_text(out, text_or_dash(c->bold));
    table_row_end(out);
    free(chosen);
  }
  table_close(out);
}

bool section_portfolio_wanted(const results *r) {
  for (int i = 0; i < r->n; i++) {
    if (r->pair[i].candidates > 1) return true;
  }
  return false;
}

void section_portfolio(page *out, const results *r) {
  methods m = list_methods(r);
  page_add(out, "<section id=\"portfolio\">\n<h2>Ways to adapt</h2>\n"
                "<p>Several ways to adapt were tried for each pair. One was chosen by a criterion "
                "that sees no label of the target; it is the one that counts as adapted on this "
                "page. <i>none</i> is the classifier as it was; steps joined by + are taken in "
                "that order.</p>\n");
  if (report_any_measured(r)) add_auc_table(out, r, &m);
  add_choice_table(out, r);
  add_struck(out, r);
  if (has_values(r)) add_value_table(out, r, &m);
  page_add(out, "</section>\n");
  free(m.name);
}
