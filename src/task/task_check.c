/* task_check.c: sites checked before anything is trained on them. */
#include "check_sites.h"
#include "rows.h"
#include "task_tables.h"
#include "tg.h"

#define FIELD(name) offsetof(xs_check_task, name)

static const option rows[] = {
    OUT_ROW(FIELD(out), false, "folder for the page check.html, check.json and contact sheets"),
    OPTION_FLAG_ROW(NULL, 0, xs_check_task, groups,
                    "also write OUT/groups-SITE.csv, for group_file of the domain files: patients "
                    "with their duplicates"),
    SEED_ROW(FIELD(seed), "of the split that is checked, as of a study"),
    SPLIT_BY_ROW(FIELD(split_by)),
    {NULL, "split_column", OPTION_TEXT, FIELD(split_column), NULL, false, 0, 0, NULL, "NAME",
     "column of the label files with the official split, which is then checked instead"},
    OPTION_FLAG_ROW(NULL, 0, xs_check_task, ignore_labels, "do not look at labels"),
    OPTION_INTEGER_ROW(NULL, 0, xs_check_task, limit, "0", 0, 9e15,
                       "most images of a site; 0: all"),
    OPTION_INTEGER_ROW(NULL, 0, xs_check_task, near_bits, "10", -1, 15,
                       "near duplicates: most of 64 bits of the hash that differ; -1: none sought"),
    OPTION_REAL_ROW(NULL, 0, xs_check_task, near_match, "0.9", 0, 1,
                    "near duplicates: least correlation of their fine structure"),
    OPTION_REAL_ROW(NULL, 0, xs_check_task, shortcut_auc, "0.65", 0.5, 1,
                    "AUC from which an attribute that predicts the label is a fault"),
    OPTION_REAL_ROW(NULL, 0, xs_check_task, alpha, "0.05", 0, 1,
                    "level of the tests, after Holm's correction"),
    OPTION_INTEGER_ROW(NULL, 0, xs_check_task, replicates, "500", 10, 1000000,
                       "bootstrap replicates of AUCs"),
    {NULL, "accept", OPTION_TEXTS, FIELD(accept), NULL, false, 0, 0, NULL, "KIND",
     "a kind of finding that is known and no fault; may be repeated"},
    DATA_DIR_ROW(FIELD(data_dir)),
    THREADS_ROW(FIELD(threads)),
    JSON_ROW(FIELD(json), "print check.json"),
};
enum { ROWS = sizeof rows / sizeof *rows };

const option_table task_check_table = {.what = "data check", .row = rows, .n = ROWS};

void xs_check_defaults(xs_check_task *t) {
  *t = (xs_check_task){0};
  option_defaults_lent(&task_check_table, t);
}

xs_status xs_check(const xs_check_task *t, int n, const char *const *domain_file, const xs_watch *w,
                   char **json) {
  *json = NULL;
  if (task_options_check(&task_check_table, t)) return XS_USAGE;
  tg_set_threads((int)t->threads);
  return check_sites(domain_file, n, t, w, json);
}
