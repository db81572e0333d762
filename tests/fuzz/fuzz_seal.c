/* The seal of a run folder: its lines as they are, then with the hashes that make a chain of them,
 * which a mutator would never get right. */
#include "file_list.h"
#include "fuzz_json.h"
#include "hash.h"
#include "label_seal.h"
#include "seal_log.h"
#include "sealed_files.h"
#include "text.h"

static void inspect(const char *out) {
  sealed s;
  xs_texts faults = {0};
  char *report;
  json_t *late;
  const bool whole = !sealed_open(out, &s);
  fuzz_outcome(whole ? "chained" : fail_message());
  sealed_check_results(&s, &faults);
  sealed_check_report(&s, &faults);
  if (whole && sealed_lacks(&s)) fuzz_outcome(sealed_lacks(&s));
  if (sealed_refuse(&faults, "")) fuzz_outcome(fail_message());
  file_list_release(&faults);
  sealed_close(&s);
  seal_verify(out, &report);
  fuzz_outcome(report);
  free(report);
  if (seal_late(out, &late)) fuzz_outcome(fail_message());
  json_decref(late);
}

/* The line as number n of a chain, written to f; what is no object is left out. */
static void chain(FILE *f, json_t *line, int *n, char previous[HASH_SHA256_TEXT]) {
  if (!json_is_object(line)) return;
  json_object_set_new(line, "n", json_integer(++*n));
  json_object_set_new(line, "previous", json_string(previous));
  json_object_del(line, "hash");
  char *text = json_dumps(line, JSON_COMPACT | JSON_SORT_KEYS);
  hash_sha256_text(text, strlen(text), previous);
  free(text);
  json_object_set_new(line, "hash", json_string(previous));
  text = json_dumps(line, JSON_COMPACT | JSON_SORT_KEYS);
  fprintf(f, "%s\n", text);
  free(text);
}

static char *chain_all(const uint8_t *data, size_t size) {
  char previous[HASH_SHA256_TEXT] = "", *text;
  size_t written;
  int n = 0;
  const uint8_t *const end = data + size, *stop;
  FILE *f = text_open(&text, &written);
  for (; data < end && (stop = memchr(data, '\n', (size_t)(end - data))); data = stop + 1) {
    json_t *line = json_loadb((const char *)data, (size_t)(stop - data), 0, NULL);
    chain(f, line, &n, previous);
    json_decref(line);
  }
  text_close(f);
  return text;
}

/* One of the lines, or bytes. */
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most, unsigned seed) {
  const size_t start = size ? seed / 4 % size : 0;
  size_t first = start, end = start;
  while (first > 0 && data[first - 1] != '\n') first--;
  while (end < size && data[end] != '\n') end++;
  if (seed % 4 == 0 || end == first) return LLVMFuzzerMutate(data, size, most);
  char line[1 << 12];
  const size_t length = end - first, rest = size - end;
  if (length > sizeof line) return size;
  memcpy(line, data + first, length);
  const size_t room = most - size + length < sizeof line ? most - size + length : sizeof line;
  const size_t changed = fuzz_change_json((uint8_t *)line, length, room, seed / 4);
  memmove(data + first + changed, data + end, rest);
  memcpy(data + first, line, changed);
  return first + changed + rest;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  const char *out = getenv("TMPDIR");
  fuzz_named(SEAL_LOG, data, size);
  inspect(out);
  char *text = chain_all(data, size);
  json_t *lines;
  FUZZ_REQUIRE(!seal_log_read(fuzz_named(SEAL_LOG, text, strlen(text)), &lines));
  json_decref(lines);
  inspect(out);
  free(text);
  return 0;
}
