/* input_metadata.c: how images become a network's input, and how a model file says so. */
#include <string.h>

#include "error.h"
#include "model_file.h"

static const double imagenet_mean[3] = {0.485, 0.456, 0.406},
                    imagenet_deviation[3] = {0.229, 0.224, 0.225};

train_geometry train_geometry_of(int64_t size, int64_t channels, const char *normalisation) {
  train_geometry g = {.size = (int)size, .channels = (int)channels};
  const double deviation = strcmp(normalisation, "xrv") ? 0.5 : 0.5 / 1024;
  for (int i = 0; i < 3; i++) {
    g.norm.mean[i] = 0.5;
    g.norm.deviation[i] = deviation;
  }
  if (strcmp(normalisation, "imagenet")) return g;
  const double *m = imagenet_mean, *d = imagenet_deviation;
  for (int i = 0; i < 3; i++) {
    g.norm.mean[i] = channels == 1 ? (m[0] + m[1] + m[2]) / 3 : m[i];
    g.norm.deviation[i] = channels == 1 ? (d[0] + d[1] + d[2]) / 3 : d[i];
  }
  return g;
}

bool geometry_is_half(const train_geometry *g) {
  for (int i = 0; i < g->channels; i++) {
    if (g->norm.mean[i] != 0.5 || g->norm.deviation[i] != 0.5) return false;
  }
  return true;
}

json_t *geometry_json(const train_geometry *g) {
  json_t *mean = json_array(), *deviation = json_array();
  for (int i = 0; i < g->channels && i < 3; i++) {
    json_array_append_new(mean, json_real(g->norm.mean[i]));
    json_array_append_new(deviation, json_real(g->norm.deviation[i]));
  }
  return json_pack("{s:i, s:i, s:{s:o, s:o}}", "size", g->size, "channels", g->channels,
                   "normalisation", "mean", mean, "deviation", deviation);
}

static int parse_numbers(const json_t *list, int n, double *x) {
  if ((int)json_array_size(list) != n) return 1;
  for (int i = 0; i < n; i++) {
    const json_t *v = json_array_get(list, (size_t)i);
    if (!json_is_number(v)) return 1;
    x[i] = json_number_value(v);
  }
  return 0;
}

int geometry_parse(const json_t *j, const char *path, train_geometry *g) {
  *g = (train_geometry){0};
  json_int_t size = json_integer_value(json_object_get(j, "size"));
  json_int_t channels = json_integer_value(json_object_get(j, "channels"));
  if (size < 1 || size > 4096)
    return fail(1, "%s: metadata: size %lld is not 1 to 4096", path, (long long)size);
  if (channels != 1 && channels != 3)
    return fail(1, "%s: metadata: channels %lld is not 1 or 3", path, (long long)channels);
  g->size = (int)size;
  g->channels = (int)channels;
  const json_t *norm = json_object_get(j, "normalisation");
  if (parse_numbers(json_object_get(norm, "mean"), g->channels, g->norm.mean) ||
      parse_numbers(json_object_get(norm, "deviation"), g->channels, g->norm.deviation)) {
    return fail(1, "%s: metadata: normalisation needs one mean and deviation per channel", path);
  }
  for (int i = 0; i < g->channels; i++) {
    if (!(g->norm.deviation[i] > 0))
      return fail(1, "%s: metadata: deviation must be above 0", path);
  }
  return 0;
}
