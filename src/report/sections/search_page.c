/* search_page.c: report.html and search.csv of a search for settings, from its search.json. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "csv_writer.h"
#include "document.h"
#include "drawings.h"
#include "html_parts.h"
#include "sections.h"
#include "text.h"

/* "adapter.cycle=5 adapter.batch=64"; of all trials in the order of the grid. */
static char *settings_text(const json_t *settings) {
  buffer out = {0};
  const char *key;
  json_t *value;
  json_object_foreach((json_t *)(uintptr_t)settings, key, value) {
    const char *text = json_string_value(value);
    buffer_between(&out, " ");
    buffer_add(&out, "%s=%s", key, text ? text : "");
  }
  return buffer_take(&out);
}

/* ---- the page ----------------------------------------------------------------------------------
 */

static const char *const head[] = {"Trial",  "Settings",     "Budget",           "Criterion",
                                   "Chosen", "Keeps labels", "AUC at the target"};

static void add_choices(page *out, const search_trial *t) {
  buffer text = {0};
  for (int i = 0; i < t->pairs; i++) {
    const search_pair *p = &t->pair[i];
    if (!p->careful) continue;
    buffer_between(&text, "; ");
    buffer_add(&text, "%s → %s: %s (%s)", p->source, p->target, p->careful,
               number_fixed(p->value, 3).text);
  }
  table_text(out, text.text ? text.text : "–");
  buffer_free(&text);
}

static void add_keeping(page *out, const search_trial *t) {
  buffer text = {0};
  for (int i = 0; i < t->pairs; i++) {
    const search_pair *p = &t->pair[i];
    if (isnan(p->keeping)) continue;
    buffer_between(&text, "; ");
    buffer_add(&text, "%s %% (%s)", number_fixed(p->keeping, 1).text, p->kept_by ? p->kept_by : "");
  }
  table_text(out, text.text ? text.text : "–");
  buffer_free(&text);
}

static void add_trial(page *out, const search_results *r, const search_trial *t) {
  char *settings = settings_text(t->settings),
       *name = text_format("%s%s", t->folder, search_is_chosen(r, t) ? ", chosen" : "");
  const bool first = strcmp(t->stage, "classifier") == 0;
  table_row(out, name);
  table_text(out, settings);
  table_text(out, t->budget ? t->budget : "");
  table_number(out, first ? number_auc(t->criterion) : number_fixed(t->criterion, 3));
  add_choices(out, t);
  add_keeping(out, t);
  table_number(out, number_auc(t->auc));
  table_row_end(out);
  free(name);
  free(settings);
}

static void add_table(page *out, const search_results *r) {
  table_open(out,
             "The trials, in the order in which they were run. Criterion: of the classifier's "
             "trials the mean AUC on the sources' validation images in per cent; of the others the "
             "mean over the pairs of the label-free criterion of the candidate that the careful "
             "rule takes, which is never one that is struck out. Keeps labels: the share of "
             "translated images to which the source's classifier gives the right label, by the "
             "chosen method or else the first that translates. The AUC was measured after the "
             "choice, and chose nothing",
             head, 7);
  for (int i = 0; i < r->trials; i++) add_trial(out, r, &r->trial[i]);
  table_close(out);
}

static void add_oracles(page *out, const search_results *r) {
  for (int i = 0; i < r->parts; i++) {
    const search_part *p = &r->part[i];
    if (!p->oracle) continue;
    page_add(
        out,
        "<p>Of the trials of the %s, the target's labels would have chosen %s, with a mean AUC "
        "of %s at the targets. The choice without labels falls short of it by %s points.</p>\n",
        p->stage, p->oracle, number_auc(p->oracle_auc).text, number_points(p->regret).text);
  }
}

static void add_both(page *out, const search_results *r) {
  buffer names = {0};
  size_t i;
  json_t *name;
  json_array_foreach(r->both, i, name) {
    const char *text = json_string_value(name);
    buffer_between(&names, ", ");
    buffer_text(&names, text ? text : "");
  }
  if (names.size && search_part_of(r, "classifier", &(int){0})) {
    page_add(out,
             "<p>These sites are sources and targets: %s. Their training and validation labels "
             "took part in the choice of the classifier's settings, as those of a source; their "
             "test labels did not.</p>\n",
             names.text);
  }
  buffer_free(&names);
}

static void add_head(page *out, const search_results *r) {
  char *title = text_format("%s: search for settings", r->study),
       *chosen = settings_text(r->chosen);
  document_open(out, title);
  page_add(out,
           "<header><h1>%s</h1>\n<p>Tried: %s. Chosen: <strong>%s</strong>. No test label, and "
           "no label of a site that is only a target, took part in the choice; test labels were "
           "opened after it was written down.</p>\n",
           title, r->grid ? r->grid : "", chosen);
  add_oracles(out, r);
  add_both(out, r);
  page_add(out, "</header>\n<main>\n");
  free(chosen);
  free(title);
}

/* The report of the chosen settings. */
static void add_link(page *out, const search_results *r) {
  const char *folder = r->part[r->parts - 1].chosen;
  page_add(out,
           "<p>What the chosen settings give: <a href=\"%s/report.html\">%s/report.html</a></p>\n",
           folder, folder);
}

static int make_page(page *out, const search_results *r, report_files *files) {
  char *svg;
  add_head(out, r);
  const int status = drawing_search(r, files, &svg);
  if (status) return status;
  figure_show(out, svg,
              "The criterion of each trial. Where trials were measured, beside it the mean AUC at "
              "the targets against the criterion: the criterion ranks the settings rightly where "
              "the points rise from left to right");
  add_table(out, r);
  add_link(out, r);
  page_add(out, "</main>\n");
  document_close(out);
  return 0;
}

/* ---- CSV ---------------------------------------------------------------------------------------
 */

static void csv_name(csv_writer *csv, const search_pair *p, const char *what) {
  char *name = text_format("%s -> %s %s", p->source, p->target, what);
  csv_text(csv, name);
  free(name);
}

/* Every trial's settings are among the chosen ones' keys. */
static void csv_head(csv_writer *csv, const search_results *r) {
  static const char *const what[] = {"chosen", "value", "keeping", "auc"};
  const char *key;
  json_t *value;
  csv_plain(csv, "folder,trial,stage,budget,chosen");
  json_object_foreach((json_t *)(uintptr_t)r->chosen, key, value) csv_text(csv, key);
  csv_plain(csv, "criterion,auc");
  for (int i = 0; i < r->trial[0].pairs; i++) {
    for (int k = 0; k < 4; k++) csv_name(csv, &r->trial[0].pair[i], what[k]);
  }
  csv_end(csv, "\r\n");
}

static void csv_trial(csv_writer *csv, const search_results *r, const search_trial *t) {
  const char *key;
  json_t *value;
  csv_text(csv, t->folder);
  csv_number(csv, t->number);
  csv_text(csv, t->stage);
  csv_text(csv, t->budget);
  csv_plain(csv, "%s", search_is_chosen(r, t) ? "yes" : "no");
  json_object_foreach((json_t *)(uintptr_t)r->chosen, key, value) {
    csv_text(csv, json_string_value(json_object_get(t->settings, key)));
  }
  csv_number(csv, t->criterion);
  csv_number(csv, t->auc);
  for (int i = 0; i < t->pairs; i++) {
    const search_pair *p = &t->pair[i];
    csv_text(csv, p->careful);
    csv_number(csv, p->value);
    csv_number(csv, p->keeping);
    csv_number(csv, p->auc);
  }
  csv_end(csv, "\r\n");
}

/* ---- all of it ---------------------------------------------------------------------------------
 */

static int write_all(const search_results *r, report_files *files) {
  csv_writer csv = {0};
  page out = {0};
  csv_head(&csv, r);
  for (int i = 0; i < r->trials; i++) csv_trial(&csv, r, &r->trial[i]);
  int status = make_page(&out, r, files);
  if (!status) status = report_files_write(files, "search.csv", csv.text.text, csv.text.size);
  if (!status) status = report_files_seal(files, out.html.text, out.html.size);
  buffer_free(&out.html);
  buffer_free(&csv.text);
  return status;
}

int search_write(const char *dir) {
  search_results r;
  report_files files = {.dir = dir, .hash = json_object()};
  int status = search_read(dir, &r);
  if (!status) status = report_files_check(dir);
  if (!status) status = write_all(&r, &files);
  search_free(&r);
  json_decref(files.hash);
  return status;
}
