/* run_seeds.c: a study under several seeds, each in a run folder of its own. */
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "file.h"
#include "file_list.h"
#include "memory.h"
#include "run_folder.h"
#include "study_file.h"
#include "text.h"
#include "watch.h"

/* Whether a folder of seeds has files of this name. */
static bool is_ours(const char *name) {
  return folder_is_seed(name) || strncmp(name, "seeds.", 6) == 0 ||
         strcmp(name, "report.html") == 0;
}

/* Nothing else is in the folder. */
static xs_status check_folder(const char *out) {
  xs_texts names = {0};
  xs_status status = file_list_if_there(out, &names) ? XS_FAILED : XS_OK;
  for (int i = 0; i < names.n && !status; i++) {
    if (is_ours(names.text[i])) continue;
    status = (xs_status)fail(XS_FAILED,
                             "%s: holds %s, which is of no study under several seeds; nothing was "
                             "changed: give another --out",
                             out, names.text[i]);
  }
  file_list_release(&names);
  return status;
}

/* The study, with the seed set after all that is set. */
static xs_status open_seed(const char *path, int n_set, const char *const *set, int64_t seed,
                           xs_study **s) {
  const char **all = memory_new(((size_t)n_set + 1) * sizeof *all);
  char *word = text_format("seed=%lld", (long long)seed);
  for (int i = 0; i < n_set; i++) all[i] = set[i];
  all[n_set] = word;
  const xs_status status = xs_study_open(path, n_set + 1, all, s);
  free(word);
  free(all);
  return status;
}

static xs_status run_seed(const xs_study *s, const char *out, const xs_run_options *o,
                          const xs_watch *w) {
  xs_run_options mine = *o;
  char *name = text_format("seed-%lld", (long long)s->settings.seed), *dir = file_join(out, name);
  mine.out = dir;
  watch_note(w, "%s", dir);
  const xs_status status = xs_study_run(s, &mine, w);
  free(dir);
  free(name);
  return status;
}

xs_status xs_study_seeds(const char *path, int n_set, const char *const *set, int64_t seeds,
                         const xs_run_options *o, const xs_watch *w) {
  xs_study *first = NULL;
  xs_status status = xs_study_open(path, n_set, set, &first);
  if (status) return status;
  char *out = o->out ? text_copy(o->out) : text_format("runs/%s-seeds", first->settings.name);
  const int64_t from = first->settings.seed;
  bool harms = false;
  xs_study_close(first);
  status = check_folder(out);
  for (int64_t seed = from; seed < from + seeds && !status; seed++) {
    xs_study *s = NULL;
    status = open_seed(path, n_set, set, seed, &s);
    if (!status) status = run_seed(s, out, o, w);
    harms = harms || status == XS_HARM;
    if (status == XS_HARM) status = XS_OK; /* the others are wanted all the same */
    xs_study_close(s);
  }
  if (!status) status = xs_report_write(out);
  if (!status && harms) {
    status = (xs_status)fail(XS_HARM,
                             "%s: under some of the seeds an adaptation is chosen that is "
                             "predicted to hurt; the reports of the single runs name the pairs",
                             out);
  }
  free(out);
  return status;
}
