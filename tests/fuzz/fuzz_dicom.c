/* Damaged files break GDCM off, so that it decodes in a process of its own, as in the program.
 * Here one process decodes many files, since forking takes longer than decoding, and sends back
 * which code ran. */
#define _DEFAULT_SOURCE /* MAP_ANONYMOUS */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "error.h"
#include "fuzz.h"
#include "image.h"

enum { LARGEST = 1 << 20, MOST_COUNTERS = 1 << 16, MOST_SECONDS = 2 };

typedef struct job { /* in memory that both processes see */
  size_t size;
  uint8_t data[LARGEST];
  char outcome[1024];
  uint8_t counters[MOST_COUNTERS]; /* of libFuzzer: what ran how often */
} job;

extern uint8_t __start___sancov_cntrs[], __stop___sancov_cntrs[];
static job *shared;
static pid_t worker;
static int to_worker, from_worker;

/* GDCM leaks and `new` is ours (scarce_memory.cpp). */
const char *__asan_default_options(void);
const char *__asan_default_options(void) { return "alloc_dealloc_mismatch=0:detect_leaks=0"; }

/* Overflows of GDCM's own are not looked for. */
const char *__asan_default_suppressions(void);
const char *__asan_default_suppressions(void) {
  return "interceptor_via_lib:libgdcm\ninterceptor_via_lib:libopenjp2\n"
         "interceptor_via_lib:libcharls\n";
}

static size_t count_counters(void) {
  size_t n = (size_t)(__stop___sancov_cntrs - __start___sancov_cntrs);
  return n < MOST_COUNTERS ? n : MOST_COUNTERS;
}

/* ---- the worker ---- */

static void decode(job *j) {
  image x = {0};
  memset(__start___sancov_cntrs, 0, count_counters());
  alarm(MOST_SECONDS);
  int status = image_decode_dicom("input", j->data, j->size, j->size % 2, &x);
  alarm(0);
  snprintf(j->outcome, sizeof j->outcome, "%s",
           status            ? fail_message()
           : x.channels == 1 ? "gray"
                             : "colour");
  image_release(&x);
  memcpy(j->counters, __start___sancov_cntrs, count_counters());
}

static _Noreturn void work(int in, int out) {
  static const int deadly[] = {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL, SIGALRM};
  for (size_t i = 0; i < sizeof deadly / sizeof *deadly; i++) signal(deadly[i], SIG_DFL);
  for (char byte; read(in, &byte, 1) == 1;) {
    decode(shared);
    if (write(out, &byte, 1) != 1) break;
  }
  _exit(0);
}

/* ---- the fuzzer ---- */

static void start(void) {
  int in[2], out[2];
  if (pipe(in) || pipe(out)) abort();
  worker = fork();
  if (worker < 0) abort();
  if (worker == 0) {
    close(in[1]);
    close(out[0]);
    work(in[0], out[1]);
  }
  close(in[0]);
  close(out[1]);
  to_worker = in[1];
  from_worker = out[0];
}

/* A signal is GDCM's; to exit is the sanitizers' way to say what they have found. */
static void bury(void) {
  int ending;
  close(to_worker);
  close(from_worker);
  while (waitpid(worker, &ending, 0) < 0 && errno == EINTR) continue;
  worker = 0;
  if (WIFEXITED(ending)) abort();
}

static bool is_answered(void) {
  char byte = 0;
  ssize_t n = write(to_worker, &byte, 1);
  while ((n = read(from_worker, &byte, 1)) < 0 && errno == EINTR) continue;
  return n == 1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size > LARGEST) return -1;
  if (!shared) {
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  }
  if (shared == MAP_FAILED) abort();
  if (!worker) start();
  memcpy(shared->data, data, size);
  shared->size = size;
  if (is_answered()) {
    fuzz_outcome(shared->outcome);
    memcpy(__start___sancov_cntrs, shared->counters, count_counters());
  } else {
    bury();
    fuzz_outcome("broke off");
  }
  return 0;
}
