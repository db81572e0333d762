#include "export_tables.h"

#include "csv_writer.h"
#include "data_rows.h"
#include "effect.h"
#include "memory.h"
#include "number.h"
#include "published.h"
#include "sections.h"
#include "unicode.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- LaTeX ----------------------------------------------------------------------------------- */

/* What LaTeX writes for one byte, NULL: the byte itself. */
static const char *tex_escape(char c) {
  static const struct {
    char c;
    const char *to;
  } escapes[] = {{'\\', "\\textbackslash{}"},
                 {'{', "\\{"},
                 {'}', "\\}"},
                 {'$', "\\$"},
                 {'&', "\\&"},
                 {'#', "\\#"},
                 {'_', "\\_"},
                 {'%', "\\%"},
                 {'~', "\\textasciitilde{}"},
                 {'^', "\\textasciicircum{}"},
                 {'<', "\\textless{}"},
                 {'>', "\\textgreater{}"},
                 {'"', "''"}};
  for (size_t i = 0; i < sizeof escapes / sizeof *escapes; i++) {
    if (escapes[i].c == c) return escapes[i].to;
  }
  return NULL;
}

/* TeX refuses control characters: they become blanks. */
static void tex_text(buffer *out, const char *text) {
  while (*text) {
    const int control = unicode_control(text);
    const char *to = control ? " " : tex_escape(*text);
    buffer_text(out, to ? to : (char[]){*text, 0});
    text += control ? control : 1;
  }
}

/* The page's minus and dash in LaTeX's ASCII. */
static void tex_number(buffer *out, number v) {
  static const char minus[] = "−", dash[] = "–";
  if (strcmp(v.text, dash) == 0) {
    buffer_add(out, "--");
  } else if (strncmp(v.text, minus, strlen(minus)) == 0) {
    buffer_add(out, "$-$");
    tex_text(out, v.text + strlen(minus));
  } else {
    tex_text(out, v.text);
  }
}

/* Where the interval is wide it stands alone: the value is hardly known. */
static void tex_interval(buffer *out, number value, number low, number high, bool wide) {
  buffer_add(out, " & ");
  if (!wide) tex_number(out, value);
  if (strcmp(low.text, "–") == 0) return;
  buffer_add(out, wide ? "" : " (");
  tex_number(out, low);
  buffer_add(out, " to ");
  tex_number(out, high);
  buffer_add(out, wide ? "" : ")");
}

static void tex_change(buffer *out, interval x) {
  tex_interval(out, number_signed(x.value), number_points(x.low), number_points(x.high),
               number_wide(x.low, x.high));
}

static void tex_measure(buffer *out, const measure *m, const char *untrained) {
  tex_interval(out, number_auc(m->auc), number_auc(m->low), number_auc(m->high),
               number_wide(m->low, m->high));
  if (untrained && isfinite(m->auc)) buffer_add(out, "$^\\dagger$");
}

static void tex_pair(buffer *out, const pair *p) {
  tex_text(out, p->source);
  buffer_add(out, " $\\to$ ");
  tex_text(out, p->target);
  tex_measure(out, &p->m[INTERNAL], p->source_untrained);
  tex_measure(out, &p->m[EXTERNAL], p->source_untrained);
  if (effect_of(p) == EFFECT_LEFT) {
    buffer_add(out, " & not adapted");
    tex_measure(out, &p->m[CEILING], p->target_untrained);
    buffer_add(out, " & -- & -- \\\\\n");
    return;
  }
  tex_measure(out, &p->m[ADAPTED], p->adapted_untrained);
  tex_measure(out, &p->m[CEILING], p->target_untrained);
  tex_change(out, (interval){p->gain, p->low, p->high});
  buffer_add(out, " & ");
  tex_number(out, number_percent(p->salvage, 0));
  buffer_add(out, "%s \\\\\n", p->target_untrained && isfinite(p->salvage) ? "$^\\dagger$" : "");
}

static void tex_mean(buffer *out, const char *name, const summary *s, bool adapted) {
  const interval mean[] = {s->internal, s->external, s->adapted};
  buffer_text(out, name);
  for (int k = 0; k < 3; k++) {
    if (k == 2 && !adapted) {
      buffer_add(out, " & not adapted");
      continue;
    }
    tex_interval(out, number_fixed(mean[k].value, 2), number_auc(mean[k].low),
                 number_auc(mean[k].high), number_wide(mean[k].low, mean[k].high));
  }
  if (!adapted) {
    buffer_add(out, " & & -- & -- \\\\\n");
    return;
  }
  buffer_add(out, " &");
  tex_change(out, s->gain);
  buffer_add(out, " & ");
  tex_number(out, number_percent(s->average_salvage, 0));
  buffer_add(out, " \\\\\n");
}

static void tex_data_rows(buffer *out, const data_side *const *column, int n, const data_sets *d) {
  int rows;
  data_row *row = data_rows(column, n, &rows);
  for (int i = 0; i < rows; i++) {
    const data_test *t = data_row_test(&row[i], d);
    char *name = data_row_name(&row[i]);
    tex_text(out, name);
    for (int k = 0; k < n; k++) {
      buffer_add(out, " & ");
      tex_number(out, data_cell(&row[i], column[k]));
    }
    buffer_add(out, " & ");
    tex_number(out, data_f(t));
    buffer_add(out, " & ");
    tex_number(out, number_p_value(t ? t->p : NAN));
    buffer_add(out, " \\\\\n");
    free(name);
  }
  free(row);
}

/* Of all images of each site that has them. */
static void tex_data_sets(buffer *out, const data_sets *d) {
  const data_side **column = memory_new((size_t)(d->sites + 1) * sizeof *column);
  buffer names = {0};
  int n = 0;
  for (int i = 0; i < d->sites; i++) {
    const data_side *all = data_site_all(&d->site[i]);
    if (!all) continue;
    column[n++] = all;
    buffer_add(&names, " & ");
    tex_text(&names, d->site[i].site);
  }
  buffer_add(out,
             "\\begin{table}\n\\centering\n\\caption{The data sets: images (share of those of "
             "which it is known). F and p: one-way ANOVA over the sites, one value a patient, p "
             "not corrected.}\n\\begin{tabular}{l");
  for (int i = 0; i < n + 2; i++) buffer_add(out, "r");
  buffer_add(out, "}\n\\toprule\n%s & F & p \\\\\n\\midrule\n", n ? names.text : "");
  tex_data_rows(out, column, n, d);
  buffer_add(out, "\\bottomrule\n\\end{tabular}\n\\end{table}\n");
  buffer_free(&names);
  free(column);
}

static bool any_untrained(const results *r) {
  for (int i = 0; i < r->n; i++) {
    const pair *p = &r->pair[i];
    if (report_measured(p) &&
        (p->source_untrained || p->adapted_untrained || p->target_untrained)) {
      return true;
    }
  }
  return false;
}

void export_tex(buffer *out, const results *r) {
  const paper *p = paper_of(r);
  buffer_add(out, "%% Needs \\usepackage{booktabs}.\n\\begin{table}\n\\centering\n\\caption{AUC in "
                  "per cent with 95\\,\\%% intervals");
  if (*r->study) buffer_add(out, ", study ");
  tex_text(out, r->study);
  buffer_add(out,
             ". Gain: adapted less external, paired. Salvage: share of the loss against the "
             "ceiling that came back, of the mean the ratio of mean gain and mean "
             "loss.%s%s Intervals wider than 20 points stand "
             "alone.}\n\\begin{tabular}{lrrrrrr}\n\\toprule\nSource $\\to$ "
             "target & Internal & External & Adapted & Ceiling & Gain & Salvage \\\\\n\\midrule\n",
             any_untrained(r)
                 ? " $^\\dagger$\\,Not trained enough: such a classifier is no ceiling, "
                   "and a salvage against it says little."
                 : "",
             p ? " Intervals of the paper: the error of its bootstrap means." : "");
  for (int i = 0; i < r->n; i++) {
    if (report_measured(&r->pair[i])) tex_pair(out, &r->pair[i]);
  }
  if (r->n > 1 || p) buffer_add(out, "\\midrule\n");
  if (r->n > 1) tex_mean(out, "Mean", &r->summary, effect_count_adapted(r) > 0);
  if (p) tex_mean(out, "Mean in Valliani et al.\\ 2022", &p->summary, true);
  buffer_add(out, "\\bottomrule\n\\end{tabular}\n\\end{table}\n");
  if (section_data_sets_wanted(r)) tex_data_sets(out, &r->data);
}

/* ---- CSV ------------------------------------------------------------------------------------- */

static void csv_texts(csv_writer *out, const char *const *text, int n) {
  for (int i = 0; i < n; i++) csv_text(out, text[i]);
}

static void csv_measure_names(csv_writer *out, const char *name) {
  csv_plain(out, "%s,%s_low,%s_high,%s_accuracy", name, name, name, name);
}

static void csv_measure(csv_writer *out, const measure *m) {
  const double value[] = {m->auc, m->low, m->high, m->accuracy};
  for (int i = 0; i < 4; i++) csv_number(out, value[i]);
}

/* Which images of the site a measure is of, how many, and what kind its interval is. */
static void csv_origin_names(csv_writer *out, const char *name) {
  csv_plain(out, "%s_images,%s_n,%s_interval", name, name, name);
}

static void csv_origin(csv_writer *out, const measure *m) {
  csv_text(out, m->images);
  csv_number(out, m->n);
  csv_text(out, m->interval);
}

static void csv_names(csv_writer *out) {
  csv_plain(out, "source,target,chosen");
  for (int k = 0; k < MEASURES; k++) csv_measure_names(out, report_measure_name[k]);
  csv_plain(out, "gain,gain_low,gain_high,p,p_holm,salvage");
  for (int k = 0; k < MEASURES; k++) csv_origin_names(out, report_measure_name[k]);
  csv_plain(out, "gain_interval");
  for (int k = 0; k < 2; k++) {
    const char *name = k ? "ceiling_all" : "external_all";
    csv_measure_names(out, name);
    csv_origin_names(out, name);
  }
  csv_plain(out, "salvage_all,source_untrained,adapted_untrained,target_untrained,"
                 "ceiling_all_untrained,label,verdict,reason");
  csv_end(out, "\r\n");
}

static void csv_pair(csv_writer *out, const pair *p) {
  const double change[] = {p->gain, p->low, p->high, p->p, p->p_holm, p->salvage};
  const char *const why[] = {p->source_untrained, p->adapted_untrained, p->target_untrained,
                             isfinite(p->ceiling_all.auc) ? p->folds_untrained : NULL};
  csv_texts(out, (const char *const[]){p->source, p->target, p->choice.chosen}, 3);
  for (int k = 0; k < MEASURES; k++) csv_measure(out, &p->m[k]);
  for (int k = 0; k < 6; k++) csv_number(out, change[k]);
  for (int k = 0; k < MEASURES; k++) csv_origin(out, &p->m[k]);
  csv_text(out, p->gain_interval);
  for (int k = 0; k < 2; k++) {
    csv_measure(out, k ? &p->ceiling_all : &p->external_all);
    csv_origin(out, k ? &p->ceiling_all : &p->external_all);
  }
  csv_number(out, p->salvage_all);
  csv_texts(out, why, 4);
  csv_number(out, p->verdict.label);
  csv_texts(out, (const char *const[]){p->verdict.word, p->verdict.reason}, 2);
  csv_end(out, "\r\n");
}

static void csv_pairs(csv_writer *out, const results *r) {
  csv_names(out);
  for (int i = 0; i < r->n; i++) csv_pair(out, &r->pair[i]);
}

static void csv_subgroup(csv_writer *out, const pair *p, const subgroup *s) {
  const double gain[] = {s->gain.value, s->gain.low, s->gain.high};
  csv_texts(out, (const char *const[]){p->source, p->target, s->attribute, s->value}, 4);
  csv_number(out, s->n);
  csv_number(out, s->groups);
  csv_measure(out, &s->external);
  csv_measure(out, &s->adapted);
  for (int i = 0; i < 3; i++) csv_number(out, gain[i]);
  csv_end(out, "\r\n");
}

static void csv_subgroups(csv_writer *out, const results *r) {
  csv_plain(out, "source,target,attribute,value,images,groups");
  csv_measure_names(out, "external");
  csv_measure_names(out, "adapted");
  csv_plain(out, "gain,gain_low,gain_high");
  csv_end(out, "\r\n");
  for (int i = 0; i < r->n; i++) {
    const pair *p = &r->pair[i];
    for (int k = 0; k < p->subgroups; k++) csv_subgroup(out, p, &p->subgroup[k]);
  }
}

/* What a line of sites.csv is of; level NULL: of a number, both NULL: of all images of a side. */
typedef struct data_line {
  const data_site *site;
  const data_side *side;
  const characteristic *known;
  const data_level *level;
} data_line;

/* The test stands at all images of each site. */
static void csv_test(csv_writer *out, const data_line *l, const data_sets *d) {
  const bool all = l->known && l->side == data_site_all(l->site);
  const data_test *t =
      all ? data_test_of(d, l->known->name, l->level ? l->level->value : NULL) : NULL;
  const double value[] = {t ? t->f : NAN, t ? t->between : NAN, t ? t->within : NAN,
                          t ? t->p : NAN};
  for (int i = 0; i < 4; i++) csv_number(out, t && isfinite(t->p) ? value[i] : NAN);
}

static void csv_data_line(csv_writer *out, const data_line *l, const data_sets *d) {
  const characteristic *c = l->known;
  const double value[] = {c ? c->known : NAN, l->level ? l->level->images : NAN, c ? c->mean : NAN,
                          c ? c->deviation : NAN};
  csv_texts(out, (const char *const[]){l->site->site, l->side->side}, 2);
  csv_number(out, l->side->images);
  csv_number(out, l->side->groups);
  csv_texts(out, (const char *const[]){c ? c->name : NULL, l->level ? l->level->value : NULL}, 2);
  for (int i = 0; i < 4; i++) csv_number(out, value[i]);
  csv_test(out, l, d);
  csv_end(out, "\r\n");
}

static void csv_side(csv_writer *out, const data_site *site, const data_side *s,
                     const data_sets *d) {
  csv_data_line(out, &(data_line){.site = site, .side = s}, d);
  for (int i = 0; i < s->characteristics; i++) {
    const characteristic *c = &s->known[i];
    data_line line = {site, s, c, NULL};
    if (!c->levels) csv_data_line(out, &line, d);
    for (int k = 0; k < c->levels; k++) {
      line.level = &c->level[k];
      csv_data_line(out, &line, d);
    }
  }
}

static void csv_sites(csv_writer *out, const data_sets *d) {
  csv_plain(out, "site,side,images,groups,characteristic,value,known,count,mean,deviation,f,"
                 "df_between,df_within,p");
  csv_end(out, "\r\n");
  for (int i = 0; i < d->sites; i++) {
    const data_site *s = &d->site[i];
    for (int k = 0; k < s->sides; k++) csv_side(out, s, &s->side[k], d);
  }
}

/* content is freed. */
static int write_page(report_files *files, const char *name, buffer *content) {
  int status = report_files_write(files, name, content->text, content->size);
  buffer_free(content);
  return status;
}

static int write_sites(const results *r, report_files *files) {
  csv_writer sites = {0};
  csv_sites(&sites, &r->data);
  return write_page(files, "sites.csv", &sites.text);
}

static int write_subgroups(const results *r, report_files *files) {
  csv_writer subgroups = {0};
  csv_subgroups(&subgroups, r);
  return write_page(files, "subgroups.csv", &subgroups.text);
}

int export_write(const results *r, report_files *files) {
  buffer tex = {0};
  csv_writer pairs = {0};
  export_tex(&tex, r);
  csv_pairs(&pairs, r);
  int status = write_page(files, "results.tex", &tex);
  if (write_page(files, "results.csv", &pairs.text)) status = 1;
  if (section_data_sets_wanted(r) && write_sites(r, files)) status = 1;
  if (section_subgroups_wanted(r) && write_subgroups(r, files)) status = 1;
  return status;
}
