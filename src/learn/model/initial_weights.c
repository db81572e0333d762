#include "initial_weights.h"

#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "model_file.h"
#include "training_run.h"
#include "weight_names.h"

/* Names of tensors, of which the first few are shown. */
typedef struct names {
  int n;
  char text[400];
} names;

static void add_name(names *l, const char *name) {
  enum { SHOWN = 4 };
  size_t used = strlen(l->text);
  if (l->n++ < SHOWN) {
    snprintf(l->text + used, sizeof l->text - used, "%s%.80s", used ? ", " : "", name);
  } else if (l->n == SHOWN + 1) {
    snprintf(l->text + used, sizeof l->text - used, ", ...");
  }
}

static void note(const train_job *job, const names *l, const char *what) {
  if (l->n) run_note(job, "%d %s: %s", l->n, what, l->text);
}

static int refuse_all(const char *path, const safetensors *file, const nn_net *net) {
  char *shown = weight_names_show(file);
  int status = fail(1,
                    "%s: none of its %d tensors, such as %s, has a name and shape of this network, "
                    "such as %s",
                    path, safetensors_count(file), shown, model_bare_name(net, &net->param[0]));
  free(shown);
  return status;
}

static int take(const train_job *job, const char *path, const weight_names *w, const nn_net *net,
                tg_store *s) {
  names missing = {0}, other = {0}, gray = {0}, unused = {0};
  int taken = 0;
  for (int i = 0; i < net->n; i++) {
    const nn_param *p = &net->param[i];
    const safetensor *t = weight_names_find(w, model_bare_name(net, p));
    if (!t) {
      add_name(&missing, model_bare_name(net, p));
    } else if (model_same_shape(p, t)) {
      if (model_load_param(path, t, p, s)) return 1;
      taken++;
    } else if (model_fits_gray(p, t)) {
      if (model_load_gray(path, t, p, s)) return 1;
      add_name(&gray, t->name);
      taken++;
    } else {
      add_name(&other, t->name);
    }
  }
  for (int i = 0; i < safetensors_count(w->file); i++) {
    if (!weight_names_knows(net, w->name[i])) add_name(&unused, safetensors_at(w->file, i)->name);
  }
  if (taken == 0) return refuse_all(path, w->file, net);
  run_note(job, "begins with %d of the network's %d tensors from %s", taken, net->n, path);
  note(job, &gray, "of them for another number of image channels, whose sum is kept");
  note(job, &missing, "tensors of the network are not in that file");
  note(job, &other, "tensors of the file have another shape than the network's");
  note(job, &unused, "tensors of the file have a name that the network does not know");
  return 0;
}

int init_from_file(const train_job *job, const char *path, const nn_net *net, tg_store *s) {
  safetensors *file = NULL;
  if (safetensors_open(path, &file)) return 1;
  weight_names w;
  int status = weight_names_open(path, file, net, &w);
  if (!status) status = take(job, path, &w, net, s);
  weight_names_release(&w);
  safetensors_close(file);
  return status;
}
