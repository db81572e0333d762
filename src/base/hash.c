#include "hash.h"

#include <errno.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "error.h"
#include "memory.h"

/* The library refuses only where a policy of the system forbids an algorithm or memory is out. */
static void require(int done, const char *what) {
  if (done == 1) return;
  fprintf(stderr, "xsite: libcrypto cannot compute %s on this system\n", what);
  _exit(1);
}

static EVP_MD_CTX *begin(const EVP_MD *algorithm) {
  EVP_MD_CTX *context = EVP_MD_CTX_new();
  require(context && EVP_DigestInit_ex(context, algorithm, NULL), EVP_MD_get0_name(algorithm));
  return context;
}

static void add(EVP_MD_CTX *context, const void *data, size_t size) {
  require(EVP_DigestUpdate(context, data, size), "a checksum");
}

static void end(EVP_MD_CTX *context, char *hex) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned bytes = 0;
  require(EVP_DigestFinal_ex(context, digest, &bytes), "a checksum");
  EVP_MD_CTX_free(context);
  for (unsigned i = 0; i < bytes; i++) snprintf(hex + 2 * i, 3, "%02x", digest[i]);
}

static void hash_text(const EVP_MD *algorithm, const void *data, size_t size, char *hex) {
  EVP_MD_CTX *context = begin(algorithm);
  add(context, data, size);
  end(context, hex);
}

static int hash_file(const EVP_MD *algorithm, const char *path, char *hex) {
  enum { PIECE = 1 << 16 };
  FILE *f = fopen(path, "rb");
  if (!f) return fail(1, "%s: cannot open: %s", path, strerror(errno));
  unsigned char *piece = memory_new(PIECE);
  EVP_MD_CTX *context = begin(algorithm);
  for (size_t got; (got = fread(piece, 1, PIECE, f)) > 0;) add(context, piece, got);
  int status = ferror(f) ? fail(1, "%s: cannot read: %s", path, strerror(errno)) : 0;
  end(context, hex);
  free(piece);
  fclose(f);
  return status;
}

void hash_sha256_text(const void *data, size_t size, char hex[HASH_SHA256_TEXT]) {
  hash_text(EVP_sha256(), data, size, hex);
}

int hash_sha256_file(const char *path, char hex[HASH_SHA256_TEXT]) {
  return hash_file(EVP_sha256(), path, hex);
}

void hash_md5_text(const void *data, size_t size, char hex[HASH_MD5_TEXT]) {
  hash_text(EVP_md5(), data, size, hex);
}

int hash_md5_file(const char *path, char hex[HASH_MD5_TEXT]) {
  return hash_file(EVP_md5(), path, hex);
}
