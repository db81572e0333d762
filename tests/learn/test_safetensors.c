/* safetensors: a file made by the Python package, a round trip, and every kind of damage. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#undef fail /* error.h has a function of this name */

#include "error.h"
#include "file.h"
#include "memory.h"
#include "safetensors.h"
#include "text.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const path = "test_safetensors.tmp";

static void assert_message(const char *part) {
  if (!strstr(fail_message(), part)) print_error("'%s' lacks '%s'\n", fail_message(), part);
  assert_non_null(strstr(fail_message(), part));
}

static void test_python_file(void **state) {
  (void)state;
  safetensors *s = NULL;
  float x[24];
  assert_int_equal(safetensors_open(TEST_DATA "/golden/safetensors_python.safetensors", &s), 0);
  assert_int_equal(safetensors_count(s), 5);
  const safetensor *t = safetensors_find(s, "conv.weight");
  assert_non_null(t);
  assert_int_equal(t->rank, 4);
  assert_int_equal(t->dim[1], 3);
  assert_int_equal(safetensors_read_f32(t, x), 0);
  for (int i = 0; i < 24; i++) assert_true(x[i] == (float)i / 8 - 1);
  const float half[] = {1.5f, -0.0f, 65504.0f, 0x1p-24f, INFINITY, 0x1.998p-4f};
  t = safetensors_find(s, "half");
  assert_int_equal(t->dtype, SAFETENSORS_F16);
  assert_int_equal(safetensors_read_f32(t, x), 0);
  assert_memory_equal(x, half, sizeof half);
  assert_int_equal(safetensors_read_f32(safetensors_find(s, "double"), x), 0);
  assert_true(x[0] == 1.0f / 3 && x[1] == -INFINITY && x[2] == 0);
  t = safetensors_find(s, "step");
  int64_t step;
  memcpy(&step, t->data, sizeof step);
  assert_true(t->rank == 0 && t->count == 1 && step == (1LL << 40) + 1);
  assert_int_equal(safetensors_read_f32(t, x), 1);
  assert_message("tensor step is of type I64");
  assert_int_equal(safetensors_find(s, "empty")->count, 0);
  assert_null(safetensors_find(s, "conv"));
  const json_t *note = json_object_get(safetensors_metadata(s), "note");
  assert_string_equal(json_string_value(note), "sch\xc3\xb6n \"quoted\"");
  safetensors_close(s);
}

/* ---- writing: what tests/golden/safetensors_python.py FILE checks ---- */

static const float weight[] = {1, -2, 0.5f, 3, 4, 5}, scalar[] = {0.25f};
static const int64_t counts[] = {-1, (int64_t)1 << 62};
static const safetensor written[] = {
    {(char *)"w\xc3\xa9ight", 2, {2, 3}, SAFETENSORS_F32, weight, 6},
    {(char *)"none", 2, {3, 0}, SAFETENSORS_F32, NULL, 0},
    {(char *)"count", 1, {2}, SAFETENSORS_I64, counts, 2},
    {(char *)"scalar", 0, {0}, SAFETENSORS_F32, scalar, 1}};

static json_t *metadata(void) {
  return json_pack("{s:s, s:s}", "seed", "18446744073709551615", "text", "a \"b\"\n");
}

static void test_round_trip(void **state) {
  (void)state;
  safetensors *s = NULL;
  json_t *m = metadata();
  assert_int_equal(safetensors_write(path, written, 4, m), 0);
  assert_int_equal(safetensors_open(path, &s), 0);
  assert_int_equal(safetensors_count(s), 4);
  for (int i = 0; i < 4; i++) {
    const safetensor *t = safetensors_at(s, i), *w = &written[i];
    assert_string_equal(t->name, w->name);
    assert_int_equal(t->rank, w->rank);
    assert_memory_equal(t->dim, w->dim, sizeof t->dim);
    assert_int_equal(t->dtype, w->dtype);
    assert_int_equal(t->count, w->count);
    const size_t bytes = (size_t)w->count * (w->dtype == SAFETENSORS_I64 ? 8 : 4);
    if (bytes) assert_memory_equal(t->data, w->data, bytes);
  }
  assert_true(json_equal(safetensors_metadata(s), m));
  assert_true(safetensors_has_hash(s));
  safetensors_close(s);
  json_decref(m);
}

static void test_written_bytes(void **state) {
  (void)state;
  char *file;
  size_t size;
  const char head[] = "\xa8\0\0\0\0\0\0\0{\"__metadata__\":{\"xsite.sha256\":\"sha256:"
                      "a439ce5ee774c991873330781755d9de28b2dca6bb85892eba431a50e287a538\"},"
                      "\"w\":{\"dtype\":\"F32\",\"shape\":[2,3],\"data_offsets\":[0,24]}}";
  safetensor t = written[0];
  t.name = (char *)"w";
  assert_int_equal(safetensors_write(path, &t, 1, NULL), 0);
  assert_int_equal(file_read(path, &file, &size), 0);
  size_t length = (unsigned char)file[0];
  assert_int_equal(length % 8, 0);
  assert_int_equal(size, 8 + length + 24);
  assert_memory_equal(file, head, sizeof head - 1);
  for (size_t i = sizeof head - 1; i < 8 + length; i++) assert_int_equal(file[i], ' ');
  assert_memory_equal(file + 8 + length, weight, 24);
  free(file);
}

static void test_write_refusals(void **state) {
  (void)state;
  safetensor two[] = {written[0], written[0]};
  json_t *m = json_pack("{s:i}", "epoch", 3);
  unlink(path);
  assert_int_equal(safetensors_write(path, two, 2, NULL), 1);
  assert_message("two tensors would be called");
  two[0].name = (char *)"__metadata__";
  assert_int_equal(safetensors_write(path, two, 1, NULL), 1);
  two[0].name = (char *)"\xff";
  assert_int_equal(safetensors_write(path, two, 1, NULL), 1);
  two[1].count = 5;
  assert_int_equal(safetensors_write(path, &two[1], 1, NULL), 1);
  assert_message("count and shape disagree");
  assert_int_equal(safetensors_write(path, written, 4, m), 1);
  assert_message("the value of 'epoch' is no text");
  assert_false(file_exists(path));
  assert_int_equal(safetensors_write("no/such/folder/f", written, 4, NULL), 1);
  assert_message("no/such/folder/f: cannot write");
  json_decref(m);
}

/* ---- damage ---- */

/* Without waiting for the disk. */
static void put_bytes(const char *bytes, size_t size) {
  FILE *f = fopen(path, "wb");
  assert_non_null(f);
  assert_int_equal(fwrite(bytes, 1, size, f), size);
  assert_int_equal(fclose(f), 0);
}

static int open_bytes(const char *bytes, size_t size) {
  safetensors *s = NULL;
  put_bytes(bytes, size);
  int status = safetensors_open(path, &s);
  assert_true((status == 0) == (s != NULL));
  safetensors_close(s);
  return status;
}

/* A file of this header and data_size zero bytes. */
static int open_header(const char *header, size_t data_size) {
  size_t length = strlen(header);
  char *bytes = memory_new(8 + length + data_size);
  for (int i = 0; i < 8; i++) bytes[i] = (char)(length >> (8 * i) & 255);
  memcpy(bytes + 8, header, length);
  int status = open_bytes(bytes, 8 + length + data_size);
  free(bytes);
  return status;
}

static void refuse(const char *header, size_t data_size, const char *part) {
  assert_int_equal(open_header(header, data_size), 1);
  assert_message(part);
  assert_message(path);
}

static void test_bad_entries(void **state) {
  (void)state;
  assert_int_equal(
      open_header("{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}", 8), 0);
  assert_int_equal(open_header("{}", 0), 0);
  refuse("{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}", 7, "truncated?");
  refuse("{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}", 9, "1 bytes follow");
  refuse("{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[4,12]}}", 12, "unused bytes");
  refuse("{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[-8,0]}}", 8, "not inside");
  refuse("{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[8,0]}}", 8, "not inside");
  refuse("{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,4]}}", 4, "2 values of F32");
  refuse("{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0]}}", 8,
         "not two whole numbers");
  refuse("{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8.0]}}", 8, "not two whole");
  refuse("{\"a\":{\"dtype\":\"F32\",\"shape\":[2]}}", 8, "not two whole numbers");
  refuse("{\"a\":{\"dtype\":\"F32\",\"shape\":[-2],\"data_offsets\":[0,8]}}", 8, "is no count");
  refuse("{\"a\":{\"dtype\":\"F32\",\"shape\":[\"2\"],\"data_offsets\":[0,8]}}", 8, "is no count");
  refuse("{\"a\":{\"dtype\":\"F32\",\"shape\":2,\"data_offsets\":[0,8]}}", 8, "has no shape");
  refuse("{\"a\":{\"dtype\":\"F32\",\"shape\":[1,1,1,1,1,1,1,1,2],\"data_offsets\":[0,8]}}", 8,
         "9 dim");
  refuse("{\"a\":{\"dtype\":\"Q4\",\"shape\":[2],\"data_offsets\":[0,8]}}", 8,
         "dtype 'Q4' is unknown");
  refuse("{\"a\":{\"shape\":[2],\"data_offsets\":[0,8]}}", 8, "has no dtype");
  refuse("{\"a\":7}", 0, "tensor a: its entry is no JSON object");
  refuse("{\"__metadata__\":{\"a\":1}}", 0, "the value of 'a' is no text");
  refuse("{\"__metadata__\":[]}", 0, "no JSON object");
}

static void test_shape_overflow(void **state) {
  (void)state;
  refuse("{\"a\":{\"dtype\":\"F32\",\"shape\":[1152921504606846976,4],\"data_offsets\":[0,0]}}", 0,
         "too large");
  refuse("{\"a\":{\"dtype\":\"F64\",\"shape\":[4294967296,4294967296],\"data_offsets\":[0,0]}}", 0,
         "too large");
  refuse("{\"a\":{\"dtype\":\"U8\",\"shape\":[1152921504606846976],\"data_offsets\":[0,8]}}", 8,
         "1152921504606846976 values");
  refuse("{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,99999999999999999999]}}", 8,
         "too big integer");
}

static void test_bad_layout(void **state) {
  (void)state;
  const char *a = "{\"a\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0,4]},";
  char *h = text_format("%s\"b\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[2,6]}}", a);
  refuse(h, 6, "tensor b: overlaps another one");
  free(h);
  h = text_format("%s\"b\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0,4]}}", a);
  refuse(h, 4, "overlaps another one");
  free(h);
  h = text_format("%s\"b\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[5,9]}}", a);
  refuse(h, 9, "tensor b: has unused bytes before it");
  free(h);
  h = text_format("%s\"a\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[4,8]}}", a);
  refuse(h, 8, "duplicate");
  free(h);
}

static void test_bad_headers(void **state) {
  (void)state;
  assert_int_equal(open_bytes("", 0), 1);
  assert_message("is empty");
  assert_int_equal(open_bytes("\2\0\0\0\0\0\0\0{", 9), 1);
  assert_message("9 bytes only");
  assert_int_equal(open_bytes("\3\0\0\0\0\0\0\0{}", 10), 1);
  assert_message("is truncated");
  assert_int_equal(open_bytes("\xff\xff\xff\xff\xff\xff\xff\xff{}", 10), 1);
  assert_message("its header would have 18446744073709551615 bytes");
  assert_int_equal(open_bytes("\x89PNG\r\n\x1a\n\0\0\0\r", 12), 1);
  assert_message("is no safetensors file");
  refuse("[]", 0, "no JSON object");
  refuse("{\"a\":", 0, "header");
  refuse("{} {}", 0, "header");
  refuse("{\"\xff\":{}}", 0, "header");
  char *deep = memory_new(1000001);
  memset(deep, '[', 1000000);
  refuse(deep, 0, "header");
  memset(deep, '{', 1000000);
  refuse(deep, 0, "header");
  free(deep);
  assert_int_equal(
      open_header("{\"a\":{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[0,0]}}", 0), 0);
}

static void test_truncated_anywhere(void **state) {
  (void)state;
  char *file;
  size_t size;
  const char *golden = TEST_DATA "/golden/safetensors_python.safetensors";
  assert_int_equal(file_read(golden, &file, &size), 0);
  for (size_t n = 0; n < size; n++) assert_int_equal(open_bytes(file, n), 1);
  free(file);
}

/* Any one byte changed: opened or refused, never read out of bounds (for the sanitizers). */
static void test_any_byte_changed(void **state) {
  (void)state;
  char *file;
  size_t size;
  const char *golden = TEST_DATA "/golden/safetensors_python.safetensors";
  assert_int_equal(file_read(golden, &file, &size), 0);
  size_t head = 8 + (unsigned char)file[0] + 256 * (size_t)(unsigned char)file[1];
  for (size_t i = 0; i < head; i++) {
    char kept = file[i];
    file[i] = (char)(kept ^ (i % 2 ? 1 : 16));
    (void)open_bytes(file, size);
    file[i] = kept;
  }
  free(file);
}

/* ---- the hash that a file carries of itself ---- */

static void refuse_damaged(const char *bytes, size_t size) {
  safetensors *s;
  put_bytes(bytes, size);
  assert_int_equal(safetensors_open(path, &s), 1);
  assert_null(s);
  assert_message("is damaged: its bytes are not those that xsite wrote");
  assert_message(path);
}

/* Each bit of the file, one after the other, and bytes at its end. */
static void test_any_bit_of_ours(void **state) {
  (void)state;
  char *file;
  size_t size;
  json_t *m = metadata();
  assert_int_equal(safetensors_write(path, written, 4, m), 0);
  assert_int_equal(file_read(path, &file, &size), 0);
  for (size_t bit = 0; bit < 8 * size; bit++) {
    file[bit / 8] ^= (char)(1 << bit % 8);
    refuse_damaged(file, size);
    file[bit / 8] ^= (char)(1 << bit % 8);
  }
  refuse_damaged(file, size + 1); /* file_read ends its data with a 0 byte */
  refuse_damaged(file, size - 1);
  free(file);
  json_decref(m);
}

/* As another program writes it that keeps the metadata. */
static void test_written_again(void **state) {
  (void)state;
  safetensors *s;
  refuse("{\"__metadata__\":{\"note\":\"a\",\"xsite.sha256\":\"sha256:00\"}}", 0,
         "take xsite.sha256 out of its metadata");
  assert_int_equal(open_header("{\"__metadata__\":{\"note\":\"a\"}}", 0), 0);
  assert_int_equal(safetensors_open(path, &s), 0);
  assert_false(safetensors_has_hash(s));
  safetensors_close(s);
}

/* Files of other programs are called what they are, by their content. */
static void test_other_programs(void **state) {
  (void)state;
  static const char *const files[][3] = {
      {"torch_zip.pt", "is a PyTorch file", "torch_zip.pt\", map_location=\"cpu\", weights_only"},
      {"torch_pickle.pt", "is a PyTorch file", "safetensors.torch.save_file(state"},
      {"torch_script.pt", "is a TorchScript file", "torch.jit.load("},
      {"onnx_operators.onnx", "is an ONNX model", "not imported"}};
  for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
    char *name = file_join(TEST_DATA "/golden", files[i][0]);
    safetensors *s;
    assert_int_not_equal(safetensors_open(name, &s), 0);
    assert_message(files[i][1]);
    assert_message(files[i][2]);
    free(name);
  }
  static const char *const texts[][2] = {
      {"version https://git-lfs.github.com/spec/v1\noid sha256:4d\n", "is a pointer of Git LFS"},
      {"<!DOCTYPE html><html></html>", "is a web page"},
      {"PK\x03\x04 no weights in it", "is a ZIP archive"},
      {"\x89HDF\r\n\x1a\n and more", "is an HDF5 file"},
      {"anything else at all", "is no safetensors file"}};
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    assert_int_not_equal(open_bytes(texts[i][0], strlen(texts[i][0])), 0);
    assert_message(texts[i][1]);
  }
}

static int remove_file(void **state) {
  (void)state;
  unlink(path);
  return 0;
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_python_file),        cmocka_unit_test(test_round_trip),
      cmocka_unit_test(test_written_bytes),      cmocka_unit_test(test_write_refusals),
      cmocka_unit_test(test_bad_entries),        cmocka_unit_test(test_shape_overflow),
      cmocka_unit_test(test_bad_layout),         cmocka_unit_test(test_bad_headers),
      cmocka_unit_test(test_truncated_anywhere), cmocka_unit_test(test_any_byte_changed),
      cmocka_unit_test(test_other_programs),     cmocka_unit_test(test_any_bit_of_ours),
      cmocka_unit_test(test_written_again),
  };
  return cmocka_run_group_tests(tests, NULL, remove_file);
}
