/* remembered_kernels.c: remembered kernel choices (FFTW's wisdom). */
#include <stdlib.h>
#include <string.h>

#include "memory.h"
#include "plan.h"
#include "text.h"

struct tg_kernels {
  char **signature, **choice;
  int n;
};

tg_kernels *tg_kernels_new(void) { return memory_new(sizeof(tg_kernels)); }

void tg_kernels_free(tg_kernels *k) {
  if (!k) return;
  for (int i = 0; i < k->n; i++) {
    free(k->signature[i]);
    free(k->choice[i]);
  }
  free(k->signature);
  free(k->choice);
  free(k);
}

int tg_kernels_size(const tg_kernels *k) { return k->n; }
const char *tg_kernels_signature(const tg_kernels *k, int i) { return k->signature[i]; }
const char *tg_kernels_choice(const tg_kernels *k, int i) { return k->choice[i]; }

static int find_signature(const tg_kernels *k, const char *signature) {
  for (int i = 0; i < k->n; i++) {
    if (strcmp(k->signature[i], signature) == 0) return i;
  }
  return -1;
}

int tg_kernels_set(tg_kernels *k, const char *signature, const char *kernel) {
  int i = find_signature(k, signature);
  if (i >= 0) {
    free(k->choice[i]);
  } else {
    size_t bytes = (size_t)(k->n + 1) * sizeof *k->signature;
    k->signature = memory_grow(k->signature, bytes);
    k->choice = memory_grow(k->choice, bytes);
    i = k->n++;
    k->signature[i] = text_copy(signature);
  }
  k->choice[i] = text_copy(kernel);
  return 0;
}

const char *kernels_find(const tg_kernels *k, const char *signature) {
  int i = k ? find_signature(k, signature) : -1;
  return i < 0 ? NULL : k->choice[i];
}
