/* helpers.c: what operator files share. */
#include <stdarg.h>
#include <stdio.h>

#include "op.h"

bool op_shape_same(const op_site *s, tg_shape *out, char *why, size_t size) {
  (void)why, (void)size;
  *out = s->in[0];
  return true;
}

bool op_refuse(char *why, size_t size, const char *format, ...) {
  va_list args;
  va_start(args, format);
  vsnprintf(why, size, format, args);
  va_end(args);
  return false;
}

#if defined(__x86_64__)
bool op_cpu_has_avx2(void) {
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}

bool op_cpu_has_avx512(void) {
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
}
#else
bool op_cpu_has_avx2(void) { return false; }
bool op_cpu_has_avx512(void) { return false; }
#endif
