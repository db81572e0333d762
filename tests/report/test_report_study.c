/* What the report says of a whole study: the portfolio, the choice, pooled classifiers, label
 * equivalents, calibration, the paper's numbers, tables and sentences for a paper. */
#include "report_page.h"

#include "citations.h"
#include "file.h"
#include "number.h"
#include "text.h"

#include <math.h>

/* ---- values ---------------------------------------------------------------------------------- */

static double get(const json_t *object, const char *name) {
  return json_number_value(json_object_get(object, name));
}

/* "<td>V<small>L to H</small>" with so many decimals; a true minus sign. */
static void assert_interval(const char *html, const json_t *x, const char *value, int decimals) {
  if (!x || !json_is_number(json_object_get(x, value))) return;
  char *cell = text_format(">%s<small>%s to %s</small>", number_fixed(get(x, value), decimals).text,
                           number_fixed(get(x, "low"), decimals).text,
                           number_fixed(get(x, "high"), decimals).text);
  if (!strstr(html, cell)) fail_msg("the page lacks \"%s\"", cell);
  free(cell);
}

static void assert_measure(const char *html, const json_t *m) {
  const double auc = get(m, "auc"), low = get(m, "low"), high = get(m, "high");
  if (!json_is_number(json_object_get(m, "auc"))) return;
  char *cell = text_format("%s<small>%s to %s</small>", number_auc(auc).text, number_auc(low).text,
                           number_auc(high).text);
  if (!strstr(html, cell)) fail_msg("the page lacks \"%s\"", cell);
  free(cell);
}

static void assert_choice(const char *html, const json_t *c) {
  size_t i;
  json_t *x;
  assert_interval(html, json_object_get(c, "before"), "value", 1);
  assert_interval(html, json_object_get(c, "after"), "value", 1);
  assert_interval(html, json_object_get(c, "keeping"), "value", 1);
  json_array_foreach(json_object_get(c, "class_keeping"), i, x) {
    assert_interval(html, x, "value", 1);
  }
  json_array_foreach(json_object_get(c, "reasons"), i, x) {
    char *item = text_format("<li>%s</li>", json_string_value(x));
    for (char *at; (at = strchr(item, '\''));) *at = 0; /* escaped in the page */
    assert_has(html, item);
    free(item);
  }
  json_array_foreach(json_object_get(c, "candidates"), i, x) {
    assert_has(html, number_fixed(get(json_object_get(x, "criteria"), "im"), 3).text);
  }
}

static void assert_calibration(const char *html, const json_t *c) {
  static const char *const kind[] = {"external", "adapted", "adapted_scaled", "ceiling"};
  for (int k = 0; k < 4; k++) {
    const json_t *x = json_object_get(c, kind[k]);
    assert_interval(html, json_object_get(x, "ece"), "value", 3);
    assert_interval(html, json_object_get(x, "brier"), "value", 3);
  }
}

static void page_has_the_values(void **state) {
  (void)state;
  json_t *results = sample_json("results.json"), *x, *y;
  char *html = page_of(json_deep_copy(results), sample_json("study.json"));
  size_t i, k;
  json_array_foreach(json_object_get(results, "pairs"), i, x) {
    json_array_foreach(json_object_get(x, "candidates"), k, y) {
      assert_measure(html, json_object_get(y, "measure"));
    }
    assert_choice(html, json_object_get(x, "choice"));
    assert_calibration(html, json_object_get(x, "calibration"));
  }
  json_array_foreach(json_object_get(results, "pooled"), i, x) {
    assert_measure(html, json_object_get(x, "global"));
    assert_has(html, number_fixed(get(x, "spread"), 2).text);
    json_array_foreach(json_object_get(x, "sites"), k, y) {
      assert_measure(html, json_object_get(y, "measure"));
    }
  }
  json_array_foreach(json_object_get(results, "labelled"), i, x) {
    assert_measure(html, json_object_get(x, "measure"));
  }
  free(html);
  json_decref(results);
}

static void methods_name_mappings(void **state) {
  (void)state;
  json_t *settings = sample_json("study.json");
  json_object_set_new(settings, "mappings",
                      json_pack("{s:{s:s, s:i, s:[s, s], s:s}, s:{s:s, s:i, s:[], s:s}}", "a",
                                "mapping", "nih-opacity", "version", 2, "set",
                                "policy.uncertain=ignore", "keep.age_from=18", "fingerprint",
                                "0123", "b", "mapping", "<b>", "version", 1, "set", "fingerprint",
                                "4567"));
  char *html = page_of(sample_json("results.json"), settings);
  assert_has(html,
             "Classes were read from label files by the mappings nih-opacity, version 2 (with "
             "policy.uncertain=ignore, keep.age_from=18), at a; &lt;b&gt;, version 1, at b.");
  free(html);
}

static void thresholds_are_carried(void **state) {
  (void)state;
  char *html = page_of(sample_json("results.json"), NULL);
  assert_has(html, "Finding: 3; wanted sensitivity: 90.0 %.");
  assert_has(html, ">before</td><td>−1.23</td><td>90.3<small>86.3 to 94.3</small></td><td>95.2");
  assert_has(html, "<td>71.2<small>67.2 to 75.2</small></td>");
  assert_has(html, ">after</td><td>−0.52</td><td>89.9<small>85.9 to 93.9</small></td><td>96.6");
  assert_has(html, "<td>84.4<small>80.4 to 88.4</small></td>");
  assert_has(html, ">after: not known, too few images of class 3</td><td>–</td>");
  free(html);
}

/* ---- subgroups ------------------------------------------------------------------------------- */

static const char two_subgroups[] =
    "[{\"attribute\": \"sex\", \"value\": \"F\", \"n\": 120, \"groups\": 64,"
    "  \"external\": {\"auc\": 61.26, \"low\": 51.2, \"high\": 70.9},"
    "  \"adapted\": {\"auc\": 72.51, \"low\": 63.4, \"high\": 81.2},"
    "  \"gain\": {\"value\": 11.25, \"low\": 1.5, \"high\": 20.4, \"p\": 0.01}},"
    " {\"attribute\": \"scanner\", \"value\": \"<b>&\", \"n\": 7, \"groups\": 5,"
    "  \"external\": null, \"adapted\": null, \"gain\": null},"
    " {\"attribute\": \"age\", \"value\": null, \"n\": 3, \"groups\": 2}]";

static char *subgroups_page(const char *list, int times) {
  json_t *results = sample_json("results.json"), *part = json_loads(list, 0, NULL),
         *all = json_array();
  assert_non_null(part);
  for (int i = 0; i < times; i++) json_array_extend(all, part);
  json_object_set_new(pair_of(results, 0), "subgroups", all);
  json_decref(part);
  return page_of(results, NULL);
}

static void subgroups_have_a_table(void **state) {
  (void)state;
  char *html = subgroups_page(two_subgroups, 1);
  assert_has(html, "<section id=\"subgroups\">");
  assert_has(html, "<a href=\"#subgroups\">");
  assert_has(html, "<th scope=\"row\">sex: F</th><td>120</td><td>64</td>"
                   "<td>61.3<small>51.2 to 70.9</small></td><td>72.5<small>63.4 to 81.2</small>"
                   "</td><td>+11.2<small>1.5 to 20.4</small></td></tr>");
  assert_has(html, "<th scope=\"row\">scanner: &lt;b&gt;&amp;</th><td>7</td><td>5</td><td>–</td>"
                   "<td>–</td><td>–</td></tr>");
  assert_has(html, "<th scope=\"row\">age: unknown</th><td>3</td>");
  assert_has(html, "Of 3 subgroups 1 had images enough to be measured. The AUC rose in 1 of them "
                   "and fell in 0,");
  assert_has(html, "some differ by chance");
  assert_lacks(html, "All subgroups of");
  assert_has(html, "with at least 10 images of each class and 10 patients were measured likewise");
  free(html);
}

static void many_subgroups_are_folded(void **state) {
  (void)state;
  char *html = subgroups_page(two_subgroups, 5);
  assert_has(html, "<details>\n<summary>All subgroups of optdigits → mnist</summary>");
  assert_has(html, "Of 15 subgroups 5 had images enough");
  free(html);
}

/* ---- data sets ------------------------------------------------------------------------------- */

static const char two_sites[] =
    "{\"sites\": ["
    " {\"site\": \"optdigits\", \"sides\": ["
    "  {\"side\": \"test\", \"images\": 0, \"groups\": 0, \"characteristics\": ["
    "   {\"name\": \"sex\", \"known\": 0, \"levels\": [{\"value\": \"F\", \"images\": 0}]},"
    "   {\"name\": \"age\", \"known\": 0, \"mean\": null, \"deviation\": null}]},"
    "  {\"side\": \"all\", \"images\": 200, \"groups\": 120, \"characteristics\": ["
    "   {\"name\": \"sex\", \"known\": 160, \"levels\": [{\"value\": \"F\", \"images\": 40},"
    "    {\"value\": \"<M>\", \"images\": 120}]},"
    "   {\"name\": \"age\", \"known\": 200, \"mean\": 61.26, \"deviation\": 9.94}]}]},"
    " {\"site\": \"mnist\", \"sides\": [{\"side\": \"all\", \"images\": 50, \"groups\": 50,"
    "  \"characteristics\": [{\"name\": \"age\", \"known\": 50, \"mean\": 30, \"deviation\": "
    "null}]}]}],"
    " \"shared_groups\": 3, \"anova\": [{\"name\": \"age\", \"value\": null, \"f\": 12.347,"
    "  \"between\": 1, \"within\": 168, \"p\": 0.0005}]}";

static char *data_sets_page(const char *text) {
  json_t *results = sample_json("results.json"), *sets = json_loads(text, 0, NULL);
  assert_non_null(sets);
  json_object_set_new(results, "data_sets", sets);
  return page_of(results, NULL);
}

static void data_sets_have_tables(void **state) {
  (void)state;
  char *html = data_sets_page(two_sites);
  assert_has(html, "<a href=\"#data-sets\">");
  assert_has(html, "<th scope=\"row\">images</th><td>200</td><td>50</td><td>–</td><td>–</td>");
  assert_has(html, "<th scope=\"row\">patients</th><td>120</td><td>50</td>");
  assert_has(html, "<th scope=\"row\">sex F</th><td>40 (25.0 %)</td><td>–</td>");
  assert_has(html, "<th scope=\"row\">sex &lt;M&gt;</th><td>120 (75.0 %)</td>");
  assert_has(html, "<th scope=\"row\">sex not known</th><td>40 (20.0 %)</td><td>50 (100.0 %)</td>");
  assert_has(html,
             "<th scope=\"row\">age, mean (deviation)</th><td>61.3 (9.9)</td><td>30.0 (–)</td>"
             "<td>12.35 (1, 168)</td><td>&lt; 0.001</td>");
  assert_lacks(html, "age not known");
  assert_has(html, "3 patients (or digits) are at more than one site");
  assert_has(html, "optdigits: images on each side of its split");
  free(html);
}

/* Neither tests nor patients nor several sites. */
static void one_data_set_is_not_compared(void **state) {
  (void)state;
  char *html = data_sets_page("{\"sites\": [{\"site\": \"a\", \"sides\": [{\"side\": \"all\","
                              "\"images\": 9, \"groups\": 9, \"characteristics\": []}]}],"
                              "\"shared_groups\": 0, \"anova\": []}");
  assert_has(html, "<th scope=\"col\">All images</th><th scope=\"col\">a</th></tr>");
  assert_has(html, "<th scope=\"row\">images</th><td>9</td></tr>");
  assert_lacks(html, "<th scope=\"row\">patients</th>");
  assert_lacks(html, "at more than one site");
  assert_lacks(html, "The tests take one value");
  free(html);
}

/* Every number of results.csv is that of results.json, to the last bit. */
static void csv_has_all_digits(void **state) {
  (void)state;
  static const char *const measure[] = {"internal", "external", "adapted", "ceiling"};
  static const char *const field[] = {"auc", "low", "high", "accuracy"};
  static const char *const gain[] = {"value", "low", "high", "p", "p_holm"};
  char *dir = new_sample(), *html = write_report(dir), *csv = read_text(dir, "results.csv");
  json_t *results = sample_json("results.json");
  const char *at = csv;
  for (size_t i = 0; i < 3; i++) {
    const json_t *p = pair_of(results, i), *value[22];
    for (int k = 0; k < 16; k++) {
      value[k] = json_object_get(json_object_get(p, measure[k / 4]), field[k % 4]);
    }
    for (int k = 0; k < 5; k++)
      value[16 + k] = json_object_get(json_object_get(p, "gain"), gain[k]);
    value[21] = json_object_get(p, "salvage");
    at = strchr(at, '\n') + 1;
    const char *cell = at;
    for (int k = 0; k < 3; k++) cell = strchr(cell, ',') + 1; /* names without commas */
    for (int k = 0; k < 22; k++) {
      if (json_is_number(value[k])) {
        assert_true(strtod(cell, NULL) == json_number_value(value[k]));
      } else {
        assert_true(*cell == ',' || *cell == '\r');
      }
      cell += strcspn(cell, ",\r") + 1;
    }
  }
  json_decref(results);
  free(csv);
  free(html);
  remove_dir(dir);
}

/* In LaTeX a bare % hides the rest of its line, and with it the end of a table's row. */
static void per_cent_signs_are_escaped(void **state) {
  (void)state;
  json_t *results = sample_json("results.json"), *first = pair_of(results, 0);
  json_object_set_new(first, "salvage", json_real(-113.4));
  json_object_set_new(json_object_get(results, "summary"), "average_salvage", json_real(-1.5));
  char *dir = temporary_dir();
  write_json(dir, "results.json", results);
  char *html = write_report(dir), *tex = read_text(dir, "results.tex");
  assert_has(tex, "$-$113 \\% \\\\\n");
  for (size_t i = 1; tex[i]; i++) { /* the first line is a comment */
    if (tex[i] == '%' && i > strcspn(tex, "\n")) assert_int_equal(tex[i - 1], '\\');
  }
  free(tex);
  free(html);
  remove_dir(dir);
  json_decref(results);
}

static void worst_images_are_shown(void **state) {
  (void)state;
  static const char node[] = "nodes/translator-paper-optdigits-mnist";
  char *dir = new_sample(), *before = write_report(dir);
  char *from = text_format("%s/%s/translated.png", dir, node);
  char *to = text_format("%s/worst_translated.png", node), *png = NULL;
  size_t size;
  assert_int_equal(file_read(from, &png, &size), 0);
  write_file(dir, to, png, size);
  char *html = write_report(dir);
  assert_lacks(before, "The worst:");
  assert_has(html, "The worst: originals of optdigits whose label translation to mnist lost most "
                   "surely: not kept by this run.");
  assert_has(html, "<img alt=\"The same, translated\"");
  assert_well_formed(html);
  free(html);
  free(png);
  free(to);
  free(from);
  free(before);
  remove_dir(dir);
}

/* Where the name of an adapted classifier stands: the last of its five columns of numbers. */
static double name_place(const char *table, const char *source) {
  char *start = text_format("\tadapted\t%s\t", source);
  double place = 0;
  assert_non_null(strstr(table, start));
  const char *numbers = strstr(table, start) + strlen(start);
  assert_int_equal(sscanf(numbers, "%*s %*s %*s %*s %lf", &place), 1);
  free(start);
  return place;
}

/* Labels of a site to which nothing is adapted: a curve and no line. */
static void a_curve_alone_is_drawn(void **state) {
  (void)state;
  json_t *results = sample_json("results.json");
  json_t *labelled = json_object_get(results, "labelled");
  json_t *more = json_deep_copy(json_array_get(labelled, 0));
  json_object_set_new(more, "site", json_string("elsewhere"));
  json_array_append_new(labelled, more);
  char *html = page_of(results, NULL);
  assert_has(html, "<text>elsewhere</text>");
  free(html);
}

/* Two adapted classifiers of nearly one AUC: their names do not cover each other. */
static void names_on_lines_stand_apart(void **state) {
  (void)state;
  json_t *results = sample_json("results.json"), *second = json_deep_copy(pair_of(results, 0));
  json_object_set_new(second, "source", json_string("other"));
  json_object_set_new(json_object_get(second, "adapted"), "auc", json_real(86.94));
  json_array_append_new(json_object_get(results, "pairs"), second);
  char *dir = temporary_dir();
  write_json(dir, "results.json", results);
  char *html = write_report(dir), *table = read_text(dir, "figures/labels.tsv");
  assert_true(name_place(table, "other") > 86.94);
  assert_true(name_place(table, "optdigits") < name_place(table, "other") - 2);
  free(table);
  free(html);
  remove_dir(dir);
  json_decref(results);
}

static void changes_are_shown(void **state) {
  (void)state;
  static const char node[] = "nodes/translator-paper-optdigits-mnist";
  static const char numbers[] =
      "{\"white\": 12.34, \"classes\": [{\"class\": \"<a>\", \"mean\": 2.06},"
      " {\"class\": \"b\", \"mean\": \"x\"}, 3]}";
  char *dir = new_sample(), *before = write_report(dir), *png = NULL;
  char *from = text_format("%s/%s/translated.png", dir, node);
  char *to = text_format("%s/difference.png", node), *json = text_format("%s/change.json", node);
  size_t size;
  assert_int_equal(file_read(from, &png, &size), 0);
  write_file(dir, to, png, size);
  write_file(dir, json, numbers, sizeof numbers - 1);
  char *html = write_report(dir);
  assert_lacks(before, "What was changed");
  assert_lacks(before, "Where translation changes");
  assert_has(html, "<img alt=\"What was changed: brighter, darker, gray where nothing was\"");
  assert_has(html,
             "the mean absolute change of class &lt;a&gt; (mean 2.1 %), class b (mean –), class ? "
             "(mean –), from left to right. Black: no change; white: a change by 12.3 % of the "
             "range");
  assert_has(html, ": not kept by this run.</figcaption>");
  assert_well_formed(html);
  write_file(dir, json, "{", 1);
  char *damaged = write_report(dir);
  assert_lacks(damaged, "Where translation changes");
  free(damaged);
  free(html);
  free(png);
  free(json);
  free(to);
  free(from);
  free(before);
  remove_dir(dir);
}

static void figures_have_tables(void **state) {
  (void)state;
  static const char *const name[] = {"change", "pooled", "labels", "calibration"};
  static const char *const ending[] = {"tsv", "gp", "svg", "pdf"};
  char *dir = new_sample(), *html = write_report(dir);
  for (int i = 0; i < 16; i++) {
    char *path = text_format("%s/figures/%s.%s", dir, name[i / 4], ending[i % 4]);
    assert_true(file_exists(path));
    free(path);
  }
  char *change = read_text(dir, "figures/change.tsv"),
       *pooled = read_text(dir, "figures/pooled.tsv");
  char *labels = read_text(dir, "figures/labels.tsv");
  assert_has(change,
             "\n1\t0\toptdigits → mnist\t7.69326\t7.69326\t5.07929\t10.2948\n"); /* 6.21 / 80.72 */
  assert_has(change, "\n3\t1\tmnist → street\t-3.78682\t");                      /* -2.7 / 71.3 */
  assert_has(
      change,
      "\n4.5\t2\tmean\t1.41\tnan\tnan\tnan\n5.5\t2\tmean in the paper\t3.04\tnan\tnan\tnan\n");
  assert_has(pooled, "percent\timages\tglobal\tglobal_low\tglobal_high\tspread\tspread_paper\t");
  assert_has(pooled, "\t112.06\t");
  assert_has(labels, "\tmnist\tadapted\toptdigits\t140\t86.93\t");
  assert_has(html, "<circle ");
  assert_has(html, "<text>dashed: before adaptation; solid: after;");
  assert_lacks(html, "color=\"white\""); /* it would hide what has the page's colour */
  assert_has(html, "<text>mean in the paper</text>");
  free(labels);
  free(pooled);
  free(change);
  free(html);
  remove_dir(dir);
}

/* ---- the paper ------------------------------------------------------------------------------- */

static char *page_with_paper(const char *paper) {
  json_t *settings = sample_json("study.json");
  json_object_set_new(settings, "paper", json_string(paper));
  return page_of(sample_json("results.json"), settings);
}

static void paper_stands_beside(void **state) {
  (void)state;
  char *html = page_with_paper("digits");
  assert_has(html, "<td>82.81<small>81.90 to 83.70</small></td><td>91.85<small>91.82 to "
                   "91.88</small></td>");
  assert_has(html, "<td>84.08<small>83.30 to 84.90</small></td><td>94.66</td>");
  assert_has(html, "<td>28.72 %</td><td>35.00 %</td>");
  assert_has(html, "<td>20.60 %</td><td>83.16 %</td>");
  assert_has(html, "<td>1.41 %</td><td>3.04 %</td>");
  assert_has(html, "<td>112.06</td>");
  assert_has(html, "optdigits → mnist</th><td class=\"text\">external</td><td>80.72<small>79.32 to "
                   "81.98</small></td><td>80.71<small>80.67 to 80.75</small></td>");
  assert_has(html, "the error of the bootstrap mean, the Monte Carlo error");
  assert_has(html, "means over its 6 pairs; this study has 3.");
  assert_has(html, "of its digits study (its Fig 2A): internal 99.87");
  assert_has(html, "a mean of 3.04 % (its Fig 2B).");
  free(html);
  html = page_with_paper("chest");
  assert_has(html, "of its chest X-ray study (its Fig 3A): internal 78.07, external 71.43, "
                   "adapted 73.07.");
  assert_has(html, "a mean of 2.42 % (its Fig 3B).");
  assert_has(html, "<td>28.72 %</td><td>24.70 %</td>");
  assert_has(html, "<td>26.12</td>");
  assert_has(html, "<td>23.83</td>");
  free(html);
  html = page_with_paper("none");
  assert_lacks(html, "mean in the paper");
  assert_lacks(html, "Spread in the paper");
  assert_lacks(html, "the Monte Carlo error");
  free(html);
}

/* A target without labels is neither counted nor given a p value. */
static void unlabelled_target_is_no_number(void **state) {
  (void)state;
  static const char *const unknown[] = {"external", "adapted", "gain", "delong"};
  json_t *results = sample_json("results.json");
  for (int i = 0; i < 4; i++) json_object_set_new(pair_of(results, 2), unknown[i], json_null());
  char *html = page_of(results, NULL);
  assert_has(html, "No AUC of the classifier from mnist at street, before or after, could be "
                   "measured: without labels of street there is none. Chosen without labels: ");
  assert_has(html, "lower than before in 1 of 2 pairs, in 0 of them");
  assert_string_equal(number_p_value(NAN).text, "–");
  free(html);
}

/* ---- words ----------------------------------------------------------------------------------- */

static void conclusions_follow(void **state) {
  (void)state;
  json_t *results = sample_json("results.json");
  char *html = page_of(json_incref(results), NULL);
  assert_has(html, "went from 82.8 to 84.1, a mean change of +1.3 (95 % interval 0.9 to 1.7, "
                   "p &lt; 0.001), 29 % of the mean loss");
  assert_has(html, "<th scope=\"row\">Mean external AUC, adapted</th><td>84.08<small>83.30 to "
                   "84.90</small></td>");
  assert_has(html,
             "<th scope=\"row\">Mean gain, paired</th><td>+1.3<small>+0.9 to +1.7</small></td>");
  assert_has(html,
             "adaptation was chosen in 3 of 3 pairs; in 0 the classifier was left as it was.");
  assert_has(html, "lower than before in 1 of 3 pairs, in 1 of them by more than chance explains.");
  assert_has(html, "Corrected for 3 comparisons (Holm, level 5 %), the AUC is higher in 1 pair and "
                   "lower in 1.");
  assert_has(html,
             "harm was foreseen in 1 pair; measured, adaptation hurt in 1 pair, as foreseen.");
  assert_has(html, "clearly better calibrated in 3 of 3 pairs and clearly worse in 0");
  assert_has(html, "Chosen without labels: paper. It was expected to hurt.");
  assert_has(html,
             "About 140 labelled images of mnist train as good a classifier (95 % interval 100 "
             "to 180).");
  assert_has(html, "An oracle, which chooses with the target&#39;s labels");
  free(html);
  json_object_set_new(json_object_get(pair_of(results, 0), "gain"), "p_holm", json_real(0.08));
  json_object_set_new(json_object_get(pair_of(results, 1), "choice"), "chosen",
                      json_string("none"));
  json_object_set_new(json_object_get(pair_of(results, 0), "choice"), "outlook",
                      json_string("unclear"));
  json_object_set_new(json_object_get(pair_of(results, 1), "choice"), "outlook",
                      json_string("unclear"));
  json_object_set_new(json_object_get(pair_of(results, 2), "choice"), "outlook",
                      json_string("unclear"));
  html = page_of(results, NULL);
  assert_has(html, "foreseen in 0 pairs; measured, adaptation hurt in 1 pair, which was not "
                   "foreseen.");
  assert_has(html,
             "Corrected for the number of pairs (Holm) it could be chance, p\u00a0=\u00a00.080.");
  assert_has(html, "the AUC is higher in 0 pairs and lower in 1.");
  assert_has(html, "chosen in 2 of 3 pairs; in 1 the classifier was left as it was.");
  assert_has(html, "<p>Chosen without labels: to leave the classifier as it is.</p>");
  free(html);
}

static void equivalents_have_words(void **state) {
  (void)state;
  static const struct {
    const char *json, *words;
  } is[] = {{"{\"value\": 0, \"low\": 0, \"high\": 40}",
             "Fewer labelled images of mnist than the smallest number that was tried"},
            {"{\"value\": null, \"low\": 900, \"high\": null, \"more\": true}",
             "More labelled images of mnist than were tried are needed"},
            {"{\"value\": 60, \"low\": 0, \"high\": null}",
             "(95 % interval fewer than were tried to more than were tried)"}};
  for (int i = 0; i < 3; i++) {
    json_t *results = sample_json("results.json");
    json_object_set_new(pair_of(results, 0), "label_equivalent", json_loads(is[i].json, 0, NULL));
    char *html = page_of(results, NULL);
    assert_has(html, is[i].words);
    free(html);
  }
}

/* Every [k] is in the list, and every entry of it is cited. */
static void assert_citations(const char *html) {
  const char *method = strstr(html, "id=\"method\""), *list = strstr(method, "<ol>");
  int entries = 0, largest = 0;
  for (const char *p = list; (p = strstr(p, "<li>")); p++) entries++;
  for (const char *p = method; (p = strstr(p, " [")) && p < list; p++) {
    const int k = atoi(p + 2);
    assert_true(k <= largest + 1);
    if (k > largest) largest = k;
  }
  assert_int_equal(largest, entries);
}

static void works_keep_their_numbers(void **state) {
  (void)state;
  citations c = {.n = 0};
  assert_int_equal(citation(&c, WORK_HOLM), 1);
  assert_int_equal(citation(&c, WORK_ADAM), 2);
  assert_int_equal(citation(&c, WORK_HOLM), 1);
  assert_int_equal(c.n, 2);
  free(c.order);
}

static void methods_are_sentences(void **state) {
  (void)state;
  char *html = page_of(sample_json("results.json"), sample_json("study.json"));
  assert_has(html,
             "Images of 3 sites (optdigits, mnist and street) were studied in 3 ordered pairs");
  assert_has(html, "scaled to 32 × 32 pixels with 3 channels");
  assert_has(html, "The classifiers were LeNet networks [1]");
  assert_has(html, "(learning rate 0.001, batches of 128), for at most 25 epochs of 30 steps");
  assert_has(html, "translates images between the sites by a StarGAN");
  assert_has(html,
             "It was trained for 600 updates of the generator with Adam (learning rate 0.0005, "
             "batches of 64), 2 of the critic before each");
  assert_has(html, "Source hypothesis transfer (called shot)");
  assert_has(html, "by information maximisation [");
  assert_has(html, "(2000 replicates)");
  assert_has(html, "on 0.1, 1, 10 and 100 per cent of their training images");
  assert_has(html, "mnist -&gt; optdigits adapter.target_every=10");
  assert_lacks(html, "Deep CORAL");
  assert_lacks(html, "DenseNet");
  assert_citations(html);
  free(html);
}

static void methods_invent_nothing(void **state) {
  (void)state;
  char *html = page_of(sample_json("results.json"), NULL);
  assert_lacks(html, "StarGAN");
  assert_lacks(html, "LeNet");
  assert_lacks(html, "80/10/10");
  assert_lacks(html, "replicates)");
  assert_has(html, "No label of a target was used to adapt");
  assert_citations(html);
  free(html);
}

/* ---- absent, wrong, hostile, many ------------------------------------------------------------ */

/* Each part of a pair and of the study may be missing, or null. */
static void every_part_may_be_absent(void **state) {
  (void)state;
  static const char *const of_pair[] = {"candidates", "choice",           "oracle",
                                        "gain",       "calibration",      "operating_point",
                                        "delong",     "label_equivalent", "ceiling"};
  static const char *const of_study[] = {"pooled", "labelled", "summary"};
  for (size_t k = 0; k < 12; k++) {
    json_t *results = sample_json("results.json");
    const char *name = k < 9 ? of_pair[k] : of_study[k - 9];
    if (k >= 9) json_object_set_new(results, name, json_null());
    for (size_t i = 0; i < 3 && k < 9; i++) json_object_del(pair_of(results, i), name);
    char *html = page_of(results, sample_json("study.json"));
    assert_lacks(html, "nan");
    assert_lacks(html, "(null)");
    free(html);
  }
}

static void absent_parts_have_no_section(void **state) {
  (void)state;
  static const char *const id[] = {"portfolio", "harm", "labels", "pooled", "calibration"};
  json_t *results = sample_json("results.json");
  char *whole = page_of(json_incref(results), NULL);
  json_object_del(results, "pooled");
  json_object_del(results, "labelled");
  for (size_t i = 0; i < 3; i++) {
    json_object_del(pair_of(results, i), "candidates");
    json_object_del(pair_of(results, i), "choice");
    json_object_del(pair_of(results, i), "calibration");
    json_object_del(pair_of(results, i), "operating_point");
    json_object_del(pair_of(results, i), "oracle");
  }
  json_t *sum = json_object_get(results, "summary");
  json_object_del(sum, "mean_oracle_auc");
  json_object_del(sum, "mean_regret");
  char *html = page_of(results, NULL);
  for (int k = 0; k < 5; k++) {
    char *mark = text_format("<section id=\"%s\">", id[k]);
    assert_has(whole, mark);
    assert_lacks(html, mark);
    free(mark);
  }
  assert_has(whole, "racle");
  assert_lacks(html, "racle");
  free(html);
  free(whole);
}

static void wrong_types_are_named(void **state) {
  (void)state;
  static const char *const wrong[][3] = {
      {"choice", "3", "pairs[0].choice is a number"},
      {"choice", "{\"chosen\": 1}", "pairs[0].choice.chosen is a number, expected a text"},
      {"choice", "{\"reasons\": [1]}", "pairs[0].choice.reasons[0]. is a number"},
      {"choice", "{\"change\": {\"low\": \"x\"}}", "pairs[0].choice.change.low is a text"},
      {"choice", "{\"class_keeping\": {}}", "class_keeping is an object, expected an array"},
      {"calibration", "{\"external\": {\"bins\": [{\"n\": \"x\"}]}}",
       "calibration.external.bins[0].n is a text"},
      {"choice", "{\"candidates\": [{\"method\": \"m\", \"criteria\": {\"im\": \"x\"}}]}",
       "choice.candidates[0].criteria.im is a text"},
      {"operating_point", "{\"adapted\": {\"source\": {\"specificity\": 3}}}",
       "operating_point.adapted.source.specificity. is a number"},
      {"oracle", "[]", "pairs[0].oracle is an array"},
      {"subgroups", "[{\"value\": 3}]", "pairs[0].subgroups[0].value is a number"},
      {"subgroups", "[{\"gain\": {\"low\": \"x\"}}]", "subgroups[0].gain.low is a text"},
      {"label_equivalent", "7", "label_equivalent. is a number"},
  };
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    char *text = text_format("{\"schema\": 1, \"pairs\": [{\"source\": \"a\", \"target\": \"b\", "
                             "\"%s\": %s}]}",
                             wrong[i][0], wrong[i][1]);
    assert_refused(text, wrong[i][2]);
    free(text);
  }
  assert_refused("{\"schema\": 1, \"pairs\": [{\"source\": \"a\", \"target\": \"b\"}], \"pooled\": "
                 "[{\"sites\": [{\"site\": \"../x\"}]}]}",
                 "pooled[0].sites[0].site is \"../x\"");
  assert_refused("{\"schema\": 1, \"pairs\": [{\"source\": \"a\", \"target\": \"b\"}], "
                 "\"labelled\": [{\"site\": \"b\", \"count\": []}]}",
                 "labelled[0].count is an array");
}

static void replace_names(json_t *j, const char *from, const char *to) {
  const char *key;
  json_t *value;
  size_t i;
  if (json_is_string(j) && strcmp(json_string_value(j), from) == 0) json_string_set(j, to);
  json_object_foreach(j, key, value) replace_names(value, from, to);
  json_array_foreach(j, i, value) replace_names(value, from, to);
}

static void hostile_names_do_nothing(void **state) {
  (void)state;
  static const char evil[] = "a'\n\"`id`}{@x;system('id')<b>&$(id)_%^~#\\";
  json_t *results = sample_json("results.json"), *settings = sample_json("study.json");
  replace_names(results, "mnist", evil);
  replace_names(results, "paper+shot", "<i>&");
  replace_names(settings, "im", "<u>");
  json_object_set_new(json_object_get(pair_of(results, 0), "choice"), "criterion",
                      json_string("<u>"));
  char *dir = temporary_dir();
  write_json(dir, "results.json", results);
  write_json(dir, "study.json", settings);
  char *html = write_report(dir), *tex = read_text(dir, "results.tex");
  char *csv = read_text(dir, "results.csv");
  assert_well_formed(html);
  assert_lacks(html, "uid=");
  assert_lacks(html, "<b>&$");
  assert_lacks(html, "<u>");
  assert_has(html, "&lt;i&gt;&amp;");
  assert_has(tex, "a' ''`id`\\}\\{@x;system('id')\\textless{}b\\textgreater{}\\&\\$(id)\\_\\%"
                  "\\textasciicircum{}\\textasciitilde{}\\#\\textbackslash{} $\\to$");
  assert_has(csv, "\r\n\"a'\n\"\"`id`}{@x;");
  free(csv);
  free(tex);
  free(html);
  remove_dir(dir);
  json_decref(results);
  json_decref(settings);
}

/* Twelve pairs of four sites, eight methods each. */
static json_t *many_pairs(void) {
  json_t *results = sample_json("results.json"), *pairs = json_array();
  json_t *first = pair_of(results, 0),
         *one = json_array_get(json_object_get(first, "candidates"), 0);
  for (int i = 0; i < 16; i++) {
    if (i / 4 == i % 4) continue;
    json_t *p = json_deep_copy(first), *list = json_array();
    for (int k = 0; k < 8; k++) {
      json_t *c = json_deep_copy(one);
      json_object_set_new(c, "method", json_sprintf("method-%d", k));
      json_object_set_new(c, "node", json_sprintf("adapted-method-%d-s%d-s%d", k, i / 4, i % 4));
      json_array_append_new(list, c);
    }
    json_object_set_new(p, "source", json_sprintf("s%d", i / 4));
    json_object_set_new(p, "target", json_sprintf("s%d", i % 4));
    json_object_set_new(p, "candidates", list);
    json_object_set_new(json_object_get(p, "choice"), "chosen", json_string("method-3"));
    json_array_append_new(pairs, p);
  }
  json_object_set_new(results, "pairs", pairs);
  return results;
}

static int count(const char *text, const char *part) {
  int n = 0;
  for (const char *p = text; (p = strstr(p, part)); p++) n++;
  return n;
}

static void many_pairs_are_shown(void **state) {
  (void)state;
  char *html = page_of(many_pairs(), NULL);
  assert_int_equal(count(html, "<td class=\"chosen\">"), 12);
  assert_int_equal(count(html, "<th scope=\"col\">method-7</th>"), 2);
  assert_has(html, "<summary>Why, pair by pair</summary>");
  assert_has(html, "<text>s3 → s2</text>");
  free(html);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(page_has_the_values),
      cmocka_unit_test(methods_name_mappings),
      cmocka_unit_test(thresholds_are_carried),
      cmocka_unit_test(subgroups_have_a_table),
      cmocka_unit_test(many_subgroups_are_folded),
      cmocka_unit_test(data_sets_have_tables),
      cmocka_unit_test(one_data_set_is_not_compared),
      cmocka_unit_test(csv_has_all_digits),
      cmocka_unit_test(per_cent_signs_are_escaped),
      cmocka_unit_test(a_curve_alone_is_drawn),
      cmocka_unit_test(names_on_lines_stand_apart),
      cmocka_unit_test(worst_images_are_shown),
      cmocka_unit_test(figures_have_tables),
      cmocka_unit_test(paper_stands_beside),
      cmocka_unit_test(unlabelled_target_is_no_number),
      cmocka_unit_test(conclusions_follow),
      cmocka_unit_test(equivalents_have_words),
      cmocka_unit_test(works_keep_their_numbers),
      cmocka_unit_test(methods_are_sentences),
      cmocka_unit_test(methods_invent_nothing),
      cmocka_unit_test(every_part_may_be_absent),
      cmocka_unit_test(absent_parts_have_no_section),
      cmocka_unit_test(wrong_types_are_named),
      cmocka_unit_test(hostile_names_do_nothing),
      cmocka_unit_test(many_pairs_are_shown),
      cmocka_unit_test(changes_are_shown),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
