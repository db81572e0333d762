/* seeds_page.c: report.html, seeds.csv and seeds.json of a study that was run under several seeds.
 */
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "csv_writer.h"
#include "document.h"
#include "html_parts.h"
#include "memory.h"
#include "report_files.h"
#include "sections.h"
#include "seeds.h"
#include "text.h"

/* ---- values under all seeds --------------------------------------------------------------------
 */

typedef struct series { /* [n] by seed */
  double *auc, *accuracy;
  int n;
} series;

/* Of a pair, or, at -1, the mean over the pairs. */
static series series_new(const seeds *s, int at, const char *name) {
  series x = {memory_new((size_t)s->n * sizeof(double)), memory_new((size_t)s->n * sizeof(double)),
              s->n};
  for (int k = 0; k < s->n; k++) {
    const seed_value v = at < 0 ? seeds_mean(s, name, k) : seeds_value(s, at, name, k);
    x.auc[k] = v.auc;
    x.accuracy[k] = v.accuracy;
  }
  return x;
}

static void series_free(series *x) {
  free(x->auc);
  free(x->accuracy);
}

static const char *name_in_words(const char *name) {
  static const char *const words[][2] = {{"external", "Not adapted"},
                                         {"adapted", "Chosen without labels"},
                                         {"oracle", "Oracle, chosen with labels"},
                                         {"ceiling", "Trained at the target"}};
  for (int i = 0; i < 4; i++) {
    if (strcmp(name, words[i][0]) == 0) return words[i][1];
  }
  return name;
}

/* ---- the page ----------------------------------------------------------------------------------
 */

static const char *const head[] = {
    "",        "Mean AUC",      "Standard deviation", "Least to largest",
    "By seed", "Mean accuracy", "Standard deviation"};

static char *by_seed(const series *x) {
  buffer text = {0};
  for (int k = 0; k < x->n; k++) {
    buffer_between(&text, ", ");
    buffer_text(&text, number_auc(x->auc[k]).text);
  }
  return text.text;
}

static void add_row(page *out, const char *name, const series *x) {
  const spread auc = spread_of(x->auc, x->n), accuracy = spread_of(x->accuracy, x->n);
  if (isnan(auc.mean)) return;
  char *range = text_format("%s to %s", number_auc(auc.least).text, number_auc(auc.largest).text),
       *all = by_seed(x);
  table_row(out, name_in_words(name));
  table_number(out, number_auc(auc.mean));
  table_number(out, number_points(auc.deviation));
  table_text(out, range);
  table_text(out, all);
  table_number(out, number_fixed(accuracy.mean, 1));
  table_number(out, number_points(accuracy.deviation));
  table_row_end(out);
  free(all);
  free(range);
}

static void add_table(page *out, const seeds *s, int at, const char *caption) {
  table_open(out, caption, head, 7);
  for (int k = 0; seeds_name(s, at < 0 ? 0 : at, k); k++) {
    const char *name = seeds_name(s, at < 0 ? 0 : at, k);
    if (strcmp(name, "none") == 0) continue; /* it is "external" */
    series x = series_new(s, at, name);
    add_row(out, name, &x);
    series_free(&x);
  }
  table_close(out);
}

/* "paper 2 times, none once" would hide which: by seed. */
static void add_choices(page *out, const seeds *s, int i) {
  buffer text = {0};
  for (int k = 0; k < s->n; k++) {
    const char *chosen = s->run[k].pair[i].choice.chosen;
    buffer_between(&text, ", ");
    buffer_text(&text, chosen ? chosen : "–");
  }
  page_add(out, "<p class=\"soft\">Chosen, by seed: %s.</p>\n", text.text);
  buffer_free(&text);
}

static void add_pair(page *out, const seeds *s, int i) {
  const pair *p = &s->run[0].pair[i];
  char *caption = text_format("%s → %s: AUC and accuracy at the target in per cent, over %d seeds",
                              p->source, p->target, s->n);
  page_add(out, "<h2>%s → %s</h2>\n", p->source, p->target);
  add_table(out, s, i, caption);
  add_choices(out, s, i);
  free(caption);
}

static char *list_seeds(const seeds *s) {
  buffer text = {0};
  for (int k = 0; k < s->n; k++) {
    buffer_between(&text, ", ");
    buffer_add(&text, "%lld", (long long)s->run[k].seed);
  }
  return text.text;
}

static void add_head(page *out, const seeds *s) {
  int of;
  const int worse = seeds_worse(s, &of);
  char *title = text_format("%s: spread over %d seeds", s->run[0].study, s->n),
       *list = list_seeds(s), *count = text_format("%d of %d", worse, of);
  document_open(out, title);
  page_add(out,
           "<header><h1>%s</h1>\n<p>The study was run from the beginning under each of the seeds "
           "%s. A seed decides which images are in training, validation and test (where the "
           "site's file does not say it), the first weights, and the order of the images. So the "
           "spread says how much a number would differ if "
           "somebody did the same once more. An interval in a single run's report says how far the "
           "number "
           "depends on the test images.</p>\n",
           title, list);
  if (of) {
    page_add(out,
             "<p>The chosen classifier has a lower AUC than the one that was not adapted in %s "
             "runs of a "
             "pair.</p>\n",
             count);
  }
  page_add(out, "</header>\n<main>\n");
  free(count);
  free(list);
  free(title);
}

static void add_links(page *out, const seeds *s) {
  page_add(out, "<h2>The single runs</h2>\n<ul>\n");
  for (int k = 0; k < s->n; k++) {
    const char *folder = strrchr(s->run[k].dir, '/');
    char *link = text_format("%s/report.html", folder ? folder + 1 : s->run[k].dir);
    page_add(out, "<li><a href=\"%s\">%s</a></li>\n", link, link);
    free(link);
  }
  page_add(out, "</ul>\n</main>\n");
}

static void make_page(page *out, const seeds *s) {
  const int pairs = s->run[0].n;
  add_head(out, s);
  if (pairs > 1) {
    page_add(out, "<h2>All pairs</h2>\n");
    add_table(out, s, -1,
              "Means over the pairs: AUC and accuracy in per cent. A way to adapt is listed "
              "where the first pair has it; pairs without it are not in its mean");
  }
  for (int i = 0; i < pairs; i++) add_pair(out, s, i);
  add_links(out, s);
  document_close(out);
}

/* ---- CSV and JSON ------------------------------------------------------------------------------
 */

static void csv_pair(csv_writer *csv, const seeds *s, int i, const char *name) {
  for (int k = 0; k < s->n; k++) {
    const pair *p = &s->run[k].pair[i];
    const seed_value v = seeds_value(s, i, name, k);
    csv_text(csv, p->source);
    csv_text(csv, p->target);
    csv_text(csv, name);
    csv_plain(csv, "%lld", (long long)s->run[k].seed);
    csv_number(csv, v.auc);
    csv_number(csv, v.accuracy);
    csv_text(csv, strcmp(name, "adapted") ? NULL : p->choice.chosen);
    csv_end(csv, "\r\n");
  }
}

static void make_csv(csv_writer *csv, const seeds *s) {
  csv_plain(csv, "source,target,what,seed,auc,accuracy,chosen");
  csv_end(csv, "\r\n");
  for (int i = 0; i < s->run[0].n; i++) {
    for (int k = 0; seeds_name(s, i, k); k++) csv_pair(csv, s, i, seeds_name(s, i, k));
  }
}

static json_t *number_json(double v) { return isfinite(v) ? json_real(v) : json_null(); }

static json_t *spread_json(const double *value, int n) {
  const spread s = spread_of(value, n);
  json_t *all = json_array();
  for (int k = 0; k < n; k++) json_array_append_new(all, number_json(value[k]));
  return json_pack("{s:o, s:o, s:o, s:o, s:o}", "mean", number_json(s.mean), "deviation",
                   number_json(s.deviation), "least", number_json(s.least), "largest",
                   number_json(s.largest), "by_seed", all);
}

static json_t *measures_json(const seeds *s, int at) {
  json_t *j = json_object();
  for (int k = 0; seeds_name(s, at < 0 ? 0 : at, k); k++) {
    const char *name = seeds_name(s, at < 0 ? 0 : at, k);
    series x = series_new(s, at, name);
    json_object_set_new(j, name,
                        json_pack("{s:o, s:o}", "auc", spread_json(x.auc, x.n), "accuracy",
                                  spread_json(x.accuracy, x.n)));
    series_free(&x);
  }
  return j;
}

static json_t *pair_json(const seeds *s, int i) {
  json_t *chosen = json_array();
  for (int k = 0; k < s->n; k++) {
    const char *name = s->run[k].pair[i].choice.chosen;
    json_array_append_new(chosen, name ? json_string(name) : json_null());
  }
  return json_pack("{s:s, s:s, s:o, s:o}", "source", s->run[0].pair[i].source, "target",
                   s->run[0].pair[i].target, "measures", measures_json(s, i), "chosen", chosen);
}

static json_t *seeds_json(const seeds *s) {
  int of;
  const int worse = seeds_worse(s, &of);
  json_t *list = json_array(), *pairs = json_array();
  for (int k = 0; k < s->n; k++) json_array_append_new(list, json_integer(s->run[k].seed));
  for (int i = 0; i < s->run[0].n; i++) json_array_append_new(pairs, pair_json(s, i));
  return json_pack("{s:i, s:s, s:o, s:o, s:o, s:i, s:i}", "schema", 1, "study", s->run[0].study,
                   "seeds", list, "pairs", pairs, "means", measures_json(s, -1), "worse", worse,
                   "measured", of);
}

/* ---- all of it ---------------------------------------------------------------------------------
 */

static int write_all(const seeds *s, report_files *files) {
  json_t *j = seeds_json(s);
  char *json = json_dumps(j, JSON_INDENT(1) | JSON_REAL_PRECISION(17));
  csv_writer csv = {0};
  page out = {0};
  make_csv(&csv, s);
  make_page(&out, s);
  int status = report_files_write(files, "seeds.json", json, strlen(json));
  if (!status) status = report_files_write(files, "seeds.csv", csv.text.text, csv.text.size);
  if (!status) status = report_files_seal(files, out.html.text, out.html.size);
  buffer_free(&out.html);
  buffer_free(&csv.text);
  free(json);
  json_decref(j);
  return status;
}

int seeds_write(const char *dir) {
  seeds s;
  report_files files = {.dir = dir, .hash = json_object()};
  int status = seeds_read(dir, &s);
  if (!status) {
    status = write_all(&s, &files);
    seeds_free(&s);
  }
  json_decref(files.hash);
  return status;
}
