#include "weight_names.h"

#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "memory.h"
#include "model_file.h"
#include "text.h"
#include "xsite.h"

#define LAST "classifier" /* the last layer of a DenseNet-121 as published */

static const char *const last_names[] = {"classifier.0", "classifier.1", "class_layers.out",
                                         "fc",           "head",         "head.fc"};

/* ---- one name ---- */

static void cut(char *at, size_t length) { memmove(at, at + length, strlen(at + length) + 1); }

/* torchvision's names of the year 2017, and MONAI's, as those of today; allocated. */
static char *make_modern(const char *name) {
  static const char *const old[] = {".norm.", ".conv."};
  char *plain = text_copy(name), *layer = strstr(plain, "denselayer");
  char *layers = layer ? strstr(layer, ".layers.") : NULL;
  if (layers) cut(layers, strlen(".layers"));
  for (size_t i = 0; i < sizeof old / sizeof *old; i++) {
    char *at = strstr(plain, old[i]), *dot = at ? at + strlen(old[i]) - 1 : NULL;
    if (dot && (dot[1] == '1' || dot[1] == '2') && dot[2] == '.') cut(dot, 1);
  }
  return plain;
}

/* How much stands in front of `end`, which a name ends with; -1: it does not, or in the middle of a
 * word. */
static int length_before(const char *name, const char *end) {
  const size_t n = strlen(name), k = strlen(end);
  if (n < k || strcmp(name + n - k, end) != 0) return -1;
  return n == k || name[n - k - 1] == '.' ? (int)(n - k) : -1;
}

/* ---- all names ---- */

/* The tensor of `first` with least in front of it, *length; -1: none. */
static int find_first(const weight_names *w, const char *first, int *length) {
  int found = -1;
  for (int i = 0; i < safetensors_count(w->file); i++) {
    const int before = length_before(w->name[i], first);
    if (before < 0 || (found >= 0 && before >= *length)) continue;
    found = i;
    *length = before;
  }
  return found;
}

/* What stands in front of the network's first tensor.  Another tensor may end with its name: one of
 * this network (layer1.0.conv1 with conv1), or, where something stands in front, of a second. */
static int find_prefix(const char *path, const weight_names *w, const nn_net *net, char **prefix) {
  const char *first = model_bare_name(net, &net->param[0]);
  int length = 0;
  const int found = find_first(w, first, &length);
  *prefix = text_format("%.*s", length, found < 0 ? "" : w->name[found]);
  for (int i = 0; i < safetensors_count(w->file) && length > 0; i++) {
    if (i == found || length_before(w->name[i], first) < 0) continue;
    if (strncmp(w->name[i], *prefix, (size_t)length) == 0 &&
        weight_names_knows(net, w->name[i] + length)) {
      continue;
    }
    return fail(XS_FAILED,
                "%s: holds several networks: %s and %s are each the first tensor of one; keep the "
                "tensors of one of them",
                path, safetensors_at(w->file, found)->name, safetensors_at(w->file, i)->name);
  }
  return 0;
}

static void strip(weight_names *w, const char *prefix) {
  const size_t length = strlen(prefix);
  for (int i = 0; i < safetensors_count(w->file); i++) {
    if (strncmp(w->name[i], prefix, length) == 0) cut(w->name[i], length);
  }
}

static int find_number(const weight_names *w, const char *name) {
  for (int i = 0; i < safetensors_count(w->file); i++) {
    if (strcmp(w->name[i], name) == 0) return i;
  }
  return -1;
}

static bool has_layer(const weight_names *w, const char *layer) {
  char *name = text_format("%s.weight", layer);
  const bool has = find_number(w, name) >= 0;
  free(name);
  return has;
}

static void rename_part(weight_names *w, const char *layer, const char *part) {
  char *name = text_format("%s.%s", layer, part);
  const int i = find_number(w, name);
  if (i >= 0) {
    free(w->name[i]);
    w->name[i] = text_format("%s.%s", LAST, part);
  }
  free(name);
}

/* Where one layer alone can be the last; of several none is taken for it. */
static void rename_last(weight_names *w) {
  const char *layer = NULL;
  int n = 0;
  for (size_t i = 0; i < sizeof last_names / sizeof *last_names; i++) {
    if (!has_layer(w, last_names[i])) continue;
    layer = last_names[i];
    n++;
  }
  if (n != 1) return;
  rename_part(w, layer, "weight");
  rename_part(w, layer, "bias");
}

static int check_once(const char *path, const weight_names *w, const nn_net *net) {
  for (int k = 0; k < net->n; k++) {
    const char *name = model_bare_name(net, &net->param[k]);
    const int first = find_number(w, name);
    for (int i = first + 1; first >= 0 && i < safetensors_count(w->file); i++) {
      if (strcmp(w->name[i], name) != 0) continue;
      return fail(XS_FAILED, "%s: tensors %s and %s are both %s of the network; keep one of them",
                  path, safetensors_at(w->file, first)->name, safetensors_at(w->file, i)->name,
                  name);
    }
  }
  return 0;
}

int weight_names_open(const char *path, const safetensors *file, const nn_net *net,
                      weight_names *out) {
  const int n = safetensors_count(file);
  char *prefix;
  *out = (weight_names){file, memory_new(sizeof *out->name * (size_t)(n + 1))};
  for (int i = 0; i < n; i++) out->name[i] = make_modern(safetensors_at(file, i)->name);
  int status = find_prefix(path, out, net, &prefix);
  if (!status) strip(out, prefix);
  free(prefix);
  if (!status && weight_names_knows(net, LAST ".weight") && !has_layer(out, LAST)) rename_last(out);
  return status ? status : check_once(path, out, net);
}

void weight_names_release(weight_names *w) {
  for (int i = 0; w->name && i < safetensors_count(w->file); i++) free(w->name[i]);
  free(w->name);
  *w = (weight_names){0};
}

const safetensor *weight_names_find(const weight_names *w, const char *name) {
  const int i = find_number(w, name);
  return i < 0 ? NULL : safetensors_at(w->file, i);
}

char *weight_names_show(const safetensors *file) {
  const int n = safetensors_count(file);
  if (n == 0) return text_copy("(none)");
  if (n == 1) return text_copy(safetensors_at(file, 0)->name);
  return text_format("%.120s and %.120s", safetensors_at(file, 0)->name,
                     safetensors_at(file, n - 1)->name);
}

bool weight_names_knows(const nn_net *net, const char *name) {
  for (int i = 0; i < net->n; i++) {
    if (strcmp(model_bare_name(net, &net->param[i]), name) == 0) return true;
  }
  return false;
}
