/* cpuid.c: what the processor can do. */
#include "op.h"

#if defined(__x86_64__) && defined(__GNUC__)
static bool has_avx2_fma(void) {
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}

bool op_cpu_has_avx512(void) {
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
}
#else
static bool has_avx2_fma(void) { return false; }
bool op_cpu_has_avx512(void) { return false; }
#endif

const char *tg_processor(void) {
  return op_cpu_has_avx512() ? "AVX-512" : has_avx2_fma() ? "AVX2" : "baseline";
}
