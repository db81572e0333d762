/* Checkpoints and model files with every tensor missing, misshapen or spoilt in turn, or with one
 * too many, or with a state that lacks something: each is refused with the file's and the tensor's
 * name. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#undef fail /* error.h has a function of this name */

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "checkpoint.h"
#include "error.h"
#include "model_file.h"
#include "safetensors.h"
#include "small_training.h"
#include "training_run.h"

/* ---- damage ------------------------------------------------------------------------------------
 */

typedef enum damage { DROP, RESHAPE, SHRINK, SPOIL, ADD, DAMAGES } damage;

typedef struct copy {
  safetensors *file;
  safetensor *t;
  float *values;
  int n;
} copy;

static copy copy_of(const char *path) {
  copy c = {0};
  assert_int_equal(safetensors_open(path, &c.file), 0);
  c.n = safetensors_count(c.file);
  c.t = calloc((size_t)c.n + 1, sizeof *c.t);
  for (int i = 0; i < c.n; i++) c.t[i] = *safetensors_at(c.file, i);
  return c;
}

static void release(copy *c) {
  safetensors_close(c->file);
  free(c->t);
  free(c->values);
}

static void turn(safetensor *t) {
  for (int i = 0; i < t->rank / 2; i++) {
    const int64_t d = t->dim[i];
    t->dim[i] = t->dim[t->rank - 1 - i];
    t->dim[t->rank - 1 - i] = d;
  }
  if (t->rank == 1) t->dim[t->rank++] = 1; /* a vector has one order only */
}

/* Tensor i is damaged in the file; name: what the message has to name. */
static void spoil(copy *c, int i, damage d, char name[96]) {
  static const float spare[1] = {1};
  static char surplus[] = "now/surplus";
  safetensor *t = &c->t[i];
  snprintf(name, 96, "tensor %s", t->name);
  if (d == DROP) {
    *t = c->t[--c->n];
  } else if (d == RESHAPE) {
    turn(t);
  } else if (d == SHRINK) {
    for (int k = 0; k < t->rank; k++) t->dim[k] = 1;
    t->count = 1;
  } else if (d == SPOIL) {
    c->values = calloc((size_t)t->count, sizeof *c->values);
    c->values[t->count - 1] = NAN;
    t->data = c->values;
  } else {
    c->t[c->n++] = (safetensor){.name = surplus, .rank = 1, .dim = {1}, .data = spare, .count = 1};
    snprintf(name, 96, "tensor %s", surplus);
  }
}

/* Whether the damaged tensor is what it was: a shape of one number, or the same both ways. */
static bool is_same(const safetensor *t, const safetensor *old, damage d) {
  return (d == RESHAPE || d == SHRINK) && t->rank == old->rank &&
         memcmp(t->dim, old->dim, sizeof t->dim) == 0;
}

static void assert_said(const char *path, const char *name) {
  const char *said = fail_message();
  const bool named = strstr(said, path) && strstr(said, name);
  if (!named) print_error("\"%s\" does not name \"%s\" and \"%s\"\n", said, path, name);
  assert_true(named);
}

typedef xs_status use_function(small_training *r);

static xs_status use_checkpoint(small_training *r) { return small_training_run(r, 0); }

static xs_status use_model(small_training *r) {
  xs_classifier *c = NULL;
  const xs_status status = xs_classifier_load(r->model, &c);
  xs_classifier_free(c);
  return status;
}

/* How many damaged files were refused. */
static int check_damages(small_training *r, const char *path, use_function *use) {
  int refused = 0;
  copy whole = copy_of(path);
  for (int i = 0; i < whole.n; i++) {
    for (damage d = DROP; d < DAMAGES; d++) {
      char name[96];
      copy c = copy_of(path);
      spoil(&c, i, d, name);
      if (!is_same(&c.t[i], &whole.t[i], d)) {
        assert_int_equal(safetensors_write(path, c.t, c.n, safetensors_metadata(c.file)), 0);
        assert_int_equal(use(r), XS_FAILED);
        assert_said(path, name);
        refused++;
      }
      release(&c);
      assert_int_equal(safetensors_write(path, whole.t, whole.n, safetensors_metadata(whole.file)),
                       0);
    }
  }
  release(&whole);
  return refused;
}

/* ---- checkpoints -------------------------------------------------------------------------------
 */

/* The state without, or with another value of, one of its fields. */
static void check_state(small_training *r, const char *field, json_t *value) {
  copy c = copy_of(r->checkpoint);
  json_t *old = json_deep_copy(safetensors_metadata(c.file)), *map = json_deep_copy(old);
  json_t *state = json_loads(json_string_value(json_object_get(map, "state")), 0, NULL);
  assert_int_equal(json_object_del(state, field), 0);
  if (value) json_object_set_new(state, field, value);
  char *text = json_dumps(state, 0);
  json_object_set_new(map, "state", json_string(text));
  assert_int_equal(safetensors_write(r->checkpoint, c.t, c.n, map), 0);
  assert_int_equal(use_checkpoint(r), XS_FAILED);
  assert_said(r->checkpoint, field);
  assert_int_equal(safetensors_write(r->checkpoint, c.t, c.n, old), 0);
  free(text);
  json_decref(state);
  json_decref(map);
  json_decref(old);
  release(&c);
}

static void damaged_checkpoints_are_refused(void **state) {
  (void)state;
  small_training *r = small_training_new();
  tg_set_threads(1);
  assert_int_equal(small_training_run(r, 4),
                   XS_FAILED); /* stopped, after an epoch of three steps */
  assert_said(r->dir, "continue with --resume");
  copy whole = copy_of(r->checkpoint);
  assert_non_null(safetensors_find(whole.file, "now/features.0.weight"));
  assert_non_null(safetensors_find(whole.file, "best/features.0.weight"));
  release(&whole);
  assert_in_range(check_damages(r, r->checkpoint, use_checkpoint), 100, 10000);
  check_state(r, "done", NULL);
  check_state(r, "curve", json_integer(1));
  check_state(r, "best_auc", json_string("high"));
  check_state(r, "epoch", NULL);
  check_state(r, "epoch", json_integer(3)); /* of two */
  check_state(r, "stale", json_integer(2)); /* of one */
  check_state(r, "done", json_integer(INT64_MAX));
  check_state(r, "done", json_integer(-1));
  assert_int_equal(small_training_run(r, 100), XS_OK); /* the whole one still serves */
  tg_set_threads(0);
  assert_int_equal(small_training_end(r), 0);
}

static void damaged_models_are_refused(void **state) {
  (void)state;
  small_training *r = small_training_new();
  assert_int_equal(small_training_run(r, 100), XS_OK);
  assert_int_equal(use_model(r), XS_OK);
  assert_in_range(check_damages(r, r->model, use_model), 20, 10000);
  assert_int_equal(use_model(r), XS_OK);
  assert_int_equal(small_training_end(r), 0);
}

/* So many threads would end the process; as many as --threads takes are taken. */
static void threads_beyond_any_are_not_taken(void **state) {
  (void)state;
  static const json_int_t wrong[] = {1000000000, ((json_int_t)1 << 32) + 3, -3, 0};
  const train_job job = {.task = "fit"};
  tg_set_threads(1);
  for (int i = 0; i < 4; i++) {
    json_t *record = json_pack("{s:I}", "threads", wrong[i]);
    run_restore_machine(&job, record);
    assert_int_equal(tg_threads(), 1);
    json_decref(record);
  }
  tg_set_threads(0);
}

/* Most that the process has ever had, in kB of addresses. */
static long peak(void) {
  char line[256];
  long kb = 0;
  FILE *f = fopen("/proc/self/status", "r");
  assert_non_null(f);
  while (fgets(line, sizeof line, f) && sscanf(line, "VmPeak: %ld", &kb) != 1) continue;
  fclose(f);
  return kb;
}

/* A file that says it is for larger images than its tensors fit is refused before memory is taken
 * for such images. */
static void what_a_model_lacks_takes_no_memory(void **state) {
  (void)state;
  small_training *r = small_training_new();
  assert_int_equal(small_training_run(r, 100), XS_OK);
  copy c = copy_of(r->model);
  json_t *map = json_deep_copy(safetensors_metadata(c.file));
  json_t *metadata = json_loads(json_string_value(json_object_get(map, "xsite")), 0, NULL);
  json_object_set_new(metadata, "size", json_integer(1024));
  char *text = json_dumps(metadata, 0);
  json_object_set_new(map, "xsite", json_string(text));
  assert_int_equal(safetensors_write(r->model, c.t, c.n, map), 0);
  const long before = peak();
  assert_int_equal(use_model(r), XS_FAILED);
  assert_said(r->model, "tensor classifier.0.weight has shape");
  assert_in_range(peak() - before, 0, 1 << 18);
  free(text);
  json_decref(metadata);
  json_decref(map);
  release(&c);
  assert_int_equal(small_training_end(r), 0);
}

/* ---- stores ------------------------------------------------------------------------------------
 */

static void what_a_store_lacks_is_refused(void **state) {
  (void)state;
  tg_store *s = tg_store_new(tg_device_cpu());
  const tg_shape shape = tg_shape4(1, 1, 1, 2), other = tg_shape4(1, 1, 2, 1);
  float x[2] = {0};
  assert_int_equal(tg_store_get(s, "w", shape, x), 1);
  assert_string_equal(fail_message(), "parameter w is not in the store");
  assert_int_equal(tg_store_put(s, "w", shape, (const float[]){1, -2}), 0);
  assert_int_equal(tg_store_get(s, "w", shape, x), 0);
  assert_true(x[0] == 1 && x[1] == -2);
  assert_int_equal(tg_store_get(s, "w", other, x), 1);
  assert_non_null(strstr(fail_message(), "parameter w is wanted as"));
  assert_int_equal(tg_store_put(s, "w", other, x), 1);
  tg_store_free(s);
}

/* A model is not written of a store that lacks a parameter. */
static void a_model_is_written_whole_or_not(void **state) {
  (void)state;
  tg_store *s = tg_store_new(tg_device_cpu());
  tg_graph *g = tg_graph_new();
  nn_net *net = nn_net_new("");
  json_t *metadata = json_object();
  nn_linear(g, net, "last", tg_input(g, "x", tg_shape4(1, 1, 1, 3)), 2);
  assert_int_equal(model_save("test_checkpoint.tmp", net, s, metadata), 1);
  assert_said("test_checkpoint.tmp", "parameter last.weight is not in the store");
  assert_int_equal(access("test_checkpoint.tmp", F_OK), -1);
  json_decref(metadata);
  nn_net_free(net);
  tg_graph_free(g);
  tg_store_free(s);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(damaged_checkpoints_are_refused),
      cmocka_unit_test(damaged_models_are_refused),
      cmocka_unit_test(threads_beyond_any_are_not_taken),
      cmocka_unit_test(what_a_model_lacks_takes_no_memory),
      cmocka_unit_test(what_a_store_lacks_is_refused),
      cmocka_unit_test(a_model_is_written_whole_or_not),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
