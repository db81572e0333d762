#include "file_kind.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

static bool begins(const char *data, size_t size, const char *magic, size_t length) {
  return size >= length && memcmp(data, magic, length) == 0;
}

static bool holds(const char *data, size_t size, const char *text) {
  const size_t length = strlen(text);
  for (size_t i = 0; i + length <= size; i++) {
    const char *at = memchr(data + i, *text, size - length - i + 1);
    if (!at) return false;
    i = (size_t)(at - data);
    if (memcmp(at, text, length) == 0) return true;
  }
  return false;
}

/* A pickle begins with its protocol: 2 is what torch.save has written since 2017. */
static bool is_pickle(const char *data, size_t size) {
  return size > 2 && data[0] == '\x80' && data[1] >= 2 && data[1] <= 5;
}

/* A ModelProto in protobuf's encoding: field 1, a small IR version, then a text of printable
 * characters (2 producer, 3 its version, 4 domain), an operator set (8) or the graph (7). */
static bool is_onnx(const char *data, size_t size) {
  if (size < 8 || data[0] != 0x08 || data[1] < 1 || data[1] > 30) return false;
  const int field = data[2];
  if (field == 0x3a || field == 0x42) return true;
  if (field != 0x12 && field != 0x1a && field != 0x22) return false;
  const size_t length = (unsigned char)data[3];
  for (size_t i = 0; i < length && 4 + i < size; i++) {
    if (data[4 + i] < 0x20 || data[4 + i] > 0x7e) return false;
  }
  return length < 128;
}

/* load: Python that gives the weights. */
static char *advise_torch(const char *what, const char *load) {
  return text_format(
      "is %s: code as much as numbers, and not read. Make a safetensors file of its weights with "
      "Python:\n"
      "  import torch, safetensors.torch; state = %s\n"
      "  state = {k: v.contiguous() for k, v in state.get(\"state_dict\", state).items() if "
      "torch.is_tensor(v)}\n"
      "  safetensors.torch.save_file(state, \"weights.safetensors\")",
      what, load);
}

static char *explain_torch(const char *path, bool script) {
  char *load = text_format(script ? "torch.jit.load(\"%s\", map_location=\"cpu\").state_dict()"
                                  : "torch.load(\"%s\", map_location=\"cpu\", weights_only=True)",
                           path);
  char *text = advise_torch(script ? "a TorchScript file" : "a PyTorch file (.pt, .pth)", load);
  free(load);
  return text;
}

char *file_kind_explain(const char *path, const char *data, size_t size) {
  static const struct kind {
    const char *magic;
    size_t length;
    const char *text;
  } kinds[] = {
      {"PK\x03\x04", 4, "is a ZIP archive: unpack it, and give the safetensors file in it"},
      {"\x1f\x8b", 2, "is packed with gzip: unpack it first (gunzip)"},
      {"\x89HDF\r\n\x1a\n", 8,
       "is an HDF5 file, as Keras writes them, which is not read: give weights of PyTorch as "
       "safetensors"},
      {"version https://git-lfs", 23,
       "is a pointer of Git LFS, not the file itself: get that with `git lfs pull`"},
      {"<", 1, "is a web page or XML, not the file that was to be downloaded: get it again"},
  };
  const bool zip = begins(data, size, "PK\x03\x04", 4);
  if (is_pickle(data, size) || (zip && holds(data, size, "data.pkl"))) {
    return explain_torch(path, zip && holds(data, size, "constants.pkl"));
  }
  if (is_onnx(data, size)) {
    return text_copy("is an ONNX model; ONNX is written (xsite export), not imported: give the "
                     "weights that it was made from, as safetensors (docs/model-files.md)");
  }
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
    if (begins(data, size, kinds[i].magic, kinds[i].length)) return text_copy(kinds[i].text);
  }
  return NULL;
}
