#include "training_run.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buffer.h"
#include "error.h"
#include "file.h"
#include "memory.h"
#include "numeral.h"
#include "watch.h"

void run_note(const train_job *job, const char *format, ...) {
  buffer line = {0};
  va_list args;
  buffer_add(&line, "%s: ", job->task);
  va_start(args, format);
  buffer_add_list(&line, format, args);
  va_end(args);
  watch_note(job->watch, "%s", line.text);
  buffer_free(&line);
}

static json_t *kernels_json(const tg_kernels *k) {
  json_t *j = json_object();
  for (int i = 0; k && i < tg_kernels_size(k); i++) {
    json_object_set_new(j, tg_kernels_signature(k, i), json_string(tg_kernels_choice(k, i)));
  }
  return j;
}

void kernels_restore(tg_kernels *k, const json_t *j) {
  const char *signature;
  json_t *choice;
  json_object_foreach((json_t *)(uintptr_t)j, signature, choice) {
    if (k && json_is_string(choice)) tg_kernels_set(k, signature, json_string_value(choice));
  }
}

void run_record_machine(const train_job *job, json_t *record) {
  json_object_set_new(record, "threads", json_integer(tg_threads()));
  json_object_set_new(record, "processor", json_string(tg_processor()));
  json_object_set_new(record, "onednn_instructions", json_string(tg_onednn_instructions()));
  json_object_set_new(
      record, "versions",
      json_pack("{s:s, s:s}", "xsite", xs_version(), "oneDNN", tg_onednn_version()));
  json_object_set_new(record, "kernels", kernels_json(job->kernels));
}

/* As many as --threads can ask for: of a file that says more nothing is taken. */
static int recorded_threads(const json_t *record) {
  enum { MOST_THREADS = 1024 };
  const json_int_t n = json_integer_value(json_object_get(record, "threads"));
  return n > 0 && n <= MOST_THREADS ? (int)n : 0;
}

static bool is_other(const json_t *recorded, const char *now) {
  const char *text = json_string_value(recorded); /* NULL: of before it was recorded */
  return text && strcmp(text, now) != 0;
}

/* Kernels of oneDNN's that another version, or another instruction set, would take. */
static void note_other_onednn(const train_job *job, const json_t *record) {
  const json_t *version = json_object_get(json_object_get(record, "versions"), "oneDNN");
  const json_t *instructions = json_object_get(record, "onednn_instructions");
  if (is_other(version, tg_onednn_version()) || is_other(instructions, tg_onednn_instructions())) {
    const char *before = json_string_value(version), *with = json_string_value(instructions);
    run_note(job,
             "continues with oneDNN %s and %s what oneDNN %s and %s began: the last digits may "
             "differ",
             tg_onednn_version(), tg_onednn_instructions(), before ? before : "(unknown)",
             with ? with : "(unknown)");
  }
}

void run_restore_machine(const train_job *job, const json_t *record) {
  const int threads = recorded_threads(record);
  const json_t *processor = json_object_get(record, "processor");
  kernels_restore(job->kernels, json_object_get(record, "kernels"));
  if (threads > 0 && !job->threads) tg_set_threads(threads);
  if (threads > 0 && threads != tg_threads()) {
    run_note(job, "continues with %d threads what %d began: the last digits may differ",
             tg_threads(), threads);
  }
  if (is_other(processor, tg_processor())) {
    run_note(job,
             "continues on a processor with %s what one with %s began: the last digits may differ",
             tg_processor(), json_string_value(processor));
  }
  note_other_onednn(job, record);
}

const char *run_precision(const char *asked) { return run_rounds(asked) ? "bf16" : "f32"; }

bool run_rounds(const char *precision) {
  return precision && strcmp(precision, "bf16") == 0 && tg_has_bf16();
}

char *run_path(const train_job *job, const char *name) { return file_join(job->dir, name); }
