/* The report of tests/data/report-sample and of run folders spoilt in one place each. */
#include "file.h"
#include "report_page.h"
#include "text.h"

/* ---- the sample --------------------------------------------------------------------------------
 */

static void page_is_whole_and_self_contained(void **state) {
  (void)state;
  char *dir = new_sample(), *html = write_report(dir);
  assert_well_formed(html);
  assert_ids(html);
  assert_has(html, "lang=\"en\"");
  assert_has(html, "name=\"viewport\"");
  assert_has(html, "default-src 'none'");
  assert_lacks(html, "<script");
  assert_lacks(html, "<link");
  assert_lacks(html, "url(");
  assert_lacks(html, dir);
  for (const char *p = html; (p = strstr(p, "src=\"")); p++) {
    assert_int_equal(strncmp(p, "src=\"data:image/png;base64,iVBORw0KGgo", 38), 0);
  }
  for (const char *p = html; (p = strstr(p, "<svg")); p++) {
    assert_int_equal(strncmp(strstr(p, "role="), "role=\"img\" aria-label=\"", 23), 0);
  }
  for (const char *p = html; (p = strstr(p, "<table")); p++) {
    assert_true(strstr(p, "<caption>") < strstr(p, "</table>"));
    assert_true(strstr(p, "scope=\"col\"") < strstr(p, "</table>"));
    assert_true(strstr(p, "scope=\"row\"") < strstr(p, "</table>"));
  }
  free(html);
  remove_dir(dir);
}

static void verdicts_say_what_happened(void **state) {
  (void)state;
  char *dir = new_sample(), *html = write_report(dir);
  assert_has(html, "<p class=\"lead\">3 pairs of sites were studied.</p>"); /* without verdicts */
  assert_has(html, "<li><b>optdigits → mnist: helped.</b> ");
  assert_has(html,
             "fell from 99.94 to 80.7. Adaptation, without a single label from mnist, brought "
             "it to 86.9: a gain of 6.2 (95 % interval 4.1 to 8.3, p\u00a0=\u00a00.002). That is "
             "32 % of what was lost");
  assert_has(html, "a change of +0.3 (95 % interval −0.9 to 1.5, p\u00a0=\u00a00.61): the interval "
                   "includes 0");
  assert_has(html,
             "Adaptation made it worse, 68.6: a loss of 2.7 (95 % interval of the change −4.4 "
             "to −1.1, p\u00a0=\u00a00.004). At street use the classifier as it was");
  assert_has(html, "No classifier was trained on labels of street");
  assert_has(html, "<td>86.9<small>85.8 to 87.9</small></td>");
  assert_has(html, "<td>80.71<small>80.67 to 80.75</small></td>");
  assert_has(html, "<td>–</td>"); /* the ceiling that is null */
  assert_has(html, "<td>28.72 %</td>");
  assert_has(html, "<td>181</td><td>1003</td></tr>");
  assert_has(html, "Seed 20, precision f32");
  assert_has(html, "<th scope=\"row\">oneDNN</th><td class=\"text\">2.6.3</td>");
  assert_has(html, "<th scope=\"row\">adapter.gradient_penalty</th><td class=\"text\">10.0</td>");
  free(html);
  remove_dir(dir);
}

/* Every figure has its four files, its labels and its lines; all 12 panels of lines are there. */
static void figures_are_drawn(void **state) {
  (void)state;
  static const char *const name[] = {"auc", "translator-paper-optdigits-mnist", "baseline-mnist",
                                     "adapted-paper-optdigits-mnist"};
  static const char *const ending[] = {"tsv", "gp", "svg", "pdf"};
  char *dir = new_sample(), *html = write_report(dir);
  for (int i = 0; i < 16; i++) {
    char *path = text_format("%s/figures/%s.%s", dir, name[i / 4], ending[i % 4]);
    assert_true(file_exists(path));
    free(path);
  }
  assert_has(html, "<text>optdigits → mnist</text>"); /* the whole name under its bars */
  assert_has(html, "<text>ceiling</text>");
  assert_has(html, "<text>cycle</text>");
  assert_has(html, "<text>target classifier</text>");
  assert_has(html, "<text>validation AUC</text>");
  char *table = read_text(dir, "figures/auc.tsv");
  assert_has(table, "\n1\toptdigits → mnist\t99.94\t99.89\t99.985\t80.72\t");
  assert_has(table, "\tnan\tnan\tnan\n");
  free(table);
  free(html);
  remove_dir(dir);
}

static void same_run_same_bytes(void **state) {
  (void)state;
  char *a = new_sample(), *b = new_sample();
  char *first = write_report(a), *second = write_report(b), *again = write_report(a);
  assert_string_equal(first, second);
  assert_string_equal(first, again);
  free(again);
  free(second);
  free(first);
  remove_dir(a);
  remove_dir(b);
}

static void missing_files_get_a_sentence(void **state) {
  (void)state;
  char *text = read_text(sample, "results.json"), *dir = new_run(text);
  write_file(dir, "nodes/translator-paper-optdigits-mnist/curve.tsv", "step\tcritic\n1\tx\n", 16);
  write_file(dir, "nodes/translator-paper-mnist-optdigits/curve.tsv", "", 0);
  write_file(dir, "nodes/translator-paper-optdigits-mnist/original.png", "GIF89a", 6);
  char *html = write_report(dir);
  assert_well_formed(html);
  assert_has(
      html,
      "The curve cannot be drawn: nodes/translator-paper-optdigits-mnist/curve.tsv:2: no number "
      "in column critic");
  assert_has(html, "Translator mnist → street: No training curve was kept.");
  assert_has(html, "Originals of optdigits: not shown: the file is not a PNG image.");
  assert_has(html, "The same, translated to look like mnist: not kept by this run.");
  assert_has(html, "study.json) are not in the run folder");
  free(html);
  free(text);
  remove_dir(dir);
}

/* ---- hostile and odd numbers --------------------------------------------------------------------
 */

static void text_is_escaped(void **state) {
  (void)state;
  char *dir =
      new_run("{\"schema\": 1, \"study\": \"<script>alert(1)</script>\", \"seed\": 1,"
              "\"pairs\": [{\"source\": \"a&b'\\\"\\u0007\", \"target\": \"<i>\\t`id`$(id)\"}]}");
  write_file(dir, "study.json", "{\"<b>\": \"</td>\", \"list\": [\"<u>\", 0.1, null]}", 44);
  char *html = write_report(dir);
  assert_well_formed(html);
  assert_lacks(html, "<script>alert");
  assert_lacks(html, "<i>");
  assert_has(html, "&lt;script&gt;alert(1)&lt;/script&gt;: do the");
  assert_has(html, "a&amp;b&#39;&quot;  → &lt;i&gt; `id`$(id)");
  assert_lacks(html, "uid=");
  assert_has(html, "<th scope=\"row\">&lt;b&gt;</th><td class=\"text\">&lt;/td&gt;</td>");
  assert_has(html, "[&quot;&lt;u&gt;&quot;, 0.1, null]");
  free(html);
  remove_dir(dir);
}

/* What TeX computes is shown; control characters, which it refuses, are blanks. */
static void tex_is_escaped(void **state) {
  (void)state;
  char *dir = new_run(
      "{\"schema\": 1, \"study\": \"\\\\input{a_b}\\u0007\\u007f\\u009b$x^2$ % é\", \"seed\": 1,"
      "\"pairs\": [{\"source\": \"a\", \"target\": \"b\"}]}");
  free(write_report(dir));
  char *tex = read_text(dir, "results.tex");
  assert_has(tex,
             "study \\textbackslash{}input\\{a\\_b\\}   \\$x\\textasciicircum{}2\\$ \\% é. Gain");
  free(tex);
  remove_dir(dir);
}

/* Every number absent: no invented value, no "nan". */
static void nothing_measured(void **state) {
  (void)state;
  char *dir =
      new_run("{\"schema\": 1, \"pairs\": [{\"source\": \"a\", \"target\": \"b\", \"gain\": null,"
              "\"internal\": {\"auc\": null}}], \"summary\": null}");
  char *html = write_report(dir);
  assert_well_formed(html);
  assert_has(html, "a → b: <b>not measured</b>");
  assert_has(html, "What adaptation changed was not measured.");
  assert_lacks(html, "nan");
  assert_lacks(html, "inf ");
  free(html);
  remove_dir(dir);
}

static char *one_pair_page(double internal, double external, double adapted, double ceiling,
                           double low, double high, double salvage) {
  char *results =
      text_format("{\"schema\": 1, \"pairs\": [{\"source\": \"a\", \"target\": \"b\", "
                  "\"internal\": {\"auc\": %f}, "
                  "\"external\": {\"auc\": %f}, \"adapted\": {\"auc\": %f}, \"ceiling\": {\"auc\": "
                  "%f}, \"gain\": "
                  "{\"value\": %f, \"low\": %f, \"high\": %f, \"p\": 0.0005}, \"salvage\": %f}]}",
                  internal, external, adapted, ceiling, adapted - external, low, high, salvage);
  char *dir = new_run(results), *html = write_report(dir);
  free(results);
  remove_dir(dir);
  return html;
}

static void odd_outcomes_read_right(void **state) {
  (void)state;
  char *html = one_pair_page(90, 91, 92, 85, 0.5, 1.5, -16.7); /* better away than at home */
  assert_has(html, "90.0 on its own site&#39;s test images and 91.0 at b: nothing was lost");
  assert_has(html, "does no better (85.0): there was nothing to salvage.");
  assert_has(html, "p\u00a0&lt;\u00a00.001");
  free(html);
  html = one_pair_page(99, 80, 96, 95, 14, 18, 106.7); /* above the ceiling */
  assert_has(html, "as good as a classifier trained on labels of b (95.0): all of what was lost.");
  free(html);
  html = one_pair_page(99, 40, 39.96, 95, -0.01, 0.0, -0.1); /* below guessing, no change */
  assert_has(html, "a change of −0.04 (95 % interval −0.01 to 0.00,");
  assert_has(html, "The axis starts at 30; guessing is 50.");
  free(html);
}

static char *external_page(double auc, double low, double high) {
  char *results = text_format("{\"schema\": 1, \"pairs\": [{\"source\": \"a\", \"target\": \"b\", "
                              "\"internal\": {\"auc\": 88}, \"external\": {\"auc\": %f, \"low\": "
                              "%f, \"high\": %f}}]}",
                              auc, low, high);
  char *dir = new_run(results), *html = write_report(dir);
  free(results);
  remove_dir(dir);
  return html;
}

static void guessing_is_named(void **state) {
  (void)state;
  char *html = external_page(41, 33.4, 49.2);
  assert_has(html, "fell from 88.0 to 41.0. All of its 95 % interval (33.4 to 49.2) is below 50, "
                   "the AUC of guessing: at b the classifier ranks images of a class below others "
                   "more often than above them.");
  free(html);
  html = external_page(46, 37.5, 54.1);
  assert_has(html, "fell from 88.0 to 46.0. Its 95 % interval (37.5 to 54.1) includes 50, the "
                   "AUC of guessing: these images cannot tell the classifier from guessing.");
  free(html);
  html = external_page(59, 50.5, 67.2);
  assert_has(html, "fell from 88.0 to 59.0. What adaptation changed");
  assert_lacks(html, "the AUC of guessing");
  free(html);
}

static char *adapted_page(const char *chosen, double auc, double low, double high, double gain) {
  char *results = text_format(
      "{\"schema\": 1, \"pairs\": [{\"source\": \"a\", \"target\": \"b\", "
      "\"external\": {\"auc\": 12}, \"adapted\": {\"auc\": %f, \"low\": %f, \"high\": %f}, "
      "\"ceiling\": {\"auc\": 99}, \"salvage\": 19, \"choice\": {\"chosen\": \"%s\"}, "
      "\"gain\": {\"value\": %f, \"low\": %f, \"high\": %f, \"p\": 0.001}}]}",
      auc, low, high, chosen, gain, gain, gain);
  char *dir = new_run(results), *html = write_report(dir);
  free(results);
  remove_dir(dir);
  return html;
}

static void a_gain_that_stays_below_guessing_is_named(void **state) {
  (void)state;
  char *html = adapted_page("paper", 28.6, 18.6, 39.4, 16.6);
  assert_has(html, "(99.0). All of the adapted one&#39;s 95 % interval (18.6 to 39.4) is below 50, "
                   "the AUC of guessing: at b the classifier ranks");
  free(html);
  html = adapted_page("paper", 51, 45.1, 57.2, 39);
  assert_has(html, "The adapted one&#39;s 95 % interval (45.1 to 57.2) includes 50,");
  free(html);
}

static void what_was_left_as_it_was_is_no_effect(void **state) {
  (void)state;
  char *html = adapted_page("none", 12, 7, 20, 0);
  assert_has(html, "a → b: <b>left as it was</b>");
  assert_has(html,
             "Without labels of b the choice was to leave the classifier as it was: nothing was "
             "adapted.");
  assert_lacks(html, "cannot tell");
  assert_lacks(html, "The adapted one");
  free(html);
}

static void broken_results_are_refused(void **state) {
  (void)state;
  assert_refused("{\"schema\": 1, \"pairs\": [", ":1: not valid JSON");
  assert_refused("", "not valid JSON");
  assert_refused("[]", "schema is missing");
  assert_refused("{\"schema\": 2, \"pairs\": []}", "schema is 2");
  assert_refused("{\"schema\": 1}", "pairs is nothing");
  assert_refused("{\"schema\": 1, \"pairs\": []}", "pairs is empty");
  assert_refused("{\"schema\": 1, \"pairs\": [3]}", "pairs[0].");
  assert_refused("{\"schema\": 1, \"pairs\": [{\"source\": \"a\"}]}", "pairs[0].target is nothing");
  assert_refused("{\"schema\": 1, \"pairs\": [{\"source\": \"a\", \"target\": \"../b\"}]}",
                 "\"../b\"");
  assert_refused("{\"schema\": 1, \"pairs\": [{\"source\": \"a\", \"target\": \"b\", \"adapted\": "
                 "{\"auc\": \"high\"}}]}",
                 "pairs[0].adapted.auc is a text, expected a number or null");
  assert_refused(
      "{\"schema\": 1, \"pairs\": [{\"source\": \"a\", \"target\": \"b\", \"gain\": [1]}]}",
      "pairs[0].gain.");
  char *dir = temporary_dir();
  assert_int_equal(xs_report_write(dir), XS_FAILED);
  assert_has(fail_message(), "no results.json");
  remove_dir(dir);
  assert_int_equal(xs_report_write("/nonexistent/run"), XS_FAILED);
  assert_has(fail_message(), "/nonexistent/run: no such run folder");
}

static void missing_gnuplot_is_named(void **state) {
  (void)state;
  char *dir = new_sample(), *path = text_copy(getenv("PATH"));
  setenv("PATH", dir, 1);
  xs_status status = xs_report_write(dir);
  setenv("PATH", path, 1);
  assert_int_equal(status, XS_FAILED);
  assert_has(fail_message(), "install the Debian package gnuplot-nox");
  free(path);
  remove_dir(dir);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(page_is_whole_and_self_contained),
      cmocka_unit_test(verdicts_say_what_happened),
      cmocka_unit_test(figures_are_drawn),
      cmocka_unit_test(same_run_same_bytes),
      cmocka_unit_test(missing_files_get_a_sentence),
      cmocka_unit_test(text_is_escaped),
      cmocka_unit_test(tex_is_escaped),
      cmocka_unit_test(nothing_measured),
      cmocka_unit_test(odd_outcomes_read_right),
      cmocka_unit_test(guessing_is_named),
      cmocka_unit_test(a_gain_that_stays_below_guessing_is_named),
      cmocka_unit_test(what_was_left_as_it_was_is_no_effect),
      cmocka_unit_test(broken_results_are_refused),
      cmocka_unit_test(missing_gnuplot_is_named),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
