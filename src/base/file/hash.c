#include "hash.h"

#include <errno.h>
#include <openssl/evp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "error.h"
#include "memory.h"

/* Of the numbers in context; false where the library refuses, as it does an algorithm that a policy
 * of the system forbids. */
static bool end(EVP_MD_CTX *context, char *hex) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned bytes = 0;
  if (EVP_DigestFinal_ex(context, digest, &bytes) != 1) return false;
  for (unsigned i = 0; i < bytes; i++) snprintf(hex + 2 * i, 3, "%02x", digest[i]);
  return true;
}

static bool hash_text(const EVP_MD *algorithm, const void *data, size_t size, char *hex) {
  EVP_MD_CTX *context = EVP_MD_CTX_new();
  const bool done = context && EVP_DigestInit_ex(context, algorithm, NULL) == 1 &&
                    EVP_DigestUpdate(context, data, size) == 1 && end(context, hex);
  EVP_MD_CTX_free(context);
  return done;
}

static bool hash_stream(const EVP_MD *algorithm, FILE *f, char *hex) {
  enum { PIECE = 1 << 16 };
  unsigned char *piece = memory_new(PIECE);
  EVP_MD_CTX *context = EVP_MD_CTX_new();
  bool done = context && EVP_DigestInit_ex(context, algorithm, NULL) == 1;
  for (size_t got; done && (got = fread(piece, 1, PIECE, f)) > 0;) {
    done = EVP_DigestUpdate(context, piece, got) == 1;
  }
  done = done && end(context, hex);
  EVP_MD_CTX_free(context);
  free(piece);
  return done;
}

static int refuse(const EVP_MD *algorithm) {
  return fail(1,
              "%s cannot be computed: this system's OpenSSL does not allow it (FIPS mode, or its "
              "configuration)",
              EVP_MD_get0_name(algorithm));
}

static int hash_file(const EVP_MD *algorithm, const char *path, char *hex) {
  FILE *f = fopen(path, "rb");
  if (!f) return fail(1, "%s: cannot open: %s", path, strerror(errno));
  const bool done = hash_stream(algorithm, f, hex);
  int status = 0;
  if (ferror(f)) {
    status = fail(1, "%s: cannot read: %s", path, strerror(errno));
  } else if (!done) {
    refuse(algorithm);
    status = fail_context(1, "%s: ", path);
  }
  fclose(f);
  return status;
}

/* Allowed everywhere: only a broken library, or no memory, is left. */
void hash_sha256_text(const void *data, size_t size, char hex[HASH_SHA256_TEXT]) {
  if (hash_text(EVP_sha256(), data, size, hex)) return;
  fprintf(stderr, "xsite: libcrypto cannot compute SHA-256 on this system\n");
  _exit(1);
}

int hash_sha256_file(const char *path, char hex[HASH_SHA256_TEXT]) {
  return hash_file(EVP_sha256(), path, hex);
}

int hash_md5_allowed(void) {
  char hex[HASH_MD5_TEXT];
  return hash_text(EVP_md5(), "", 0, hex) ? 0 : refuse(EVP_md5());
}

int hash_md5_file(const char *path, char hex[HASH_MD5_TEXT]) {
  return hash_file(EVP_md5(), path, hex);
}
