/* Faults that the kernel signals end with a message, and without a core, which would hold patients'
 * films.  A program that is built with sanitizers tells them itself. */
#define _GNU_SOURCE
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"

static _Noreturn void tell(const char *text) {
  if (write(STDERR_FILENO, text, strlen(text)) < 0) _exit(XS_FAILED);
  _exit(XS_FAILED);
}

/* A mapped file, which only a cache of images is, has lost pages that are needed. */
static void tell_lost_pages(int signal_number) {
  (void)signal_number;
  tell("xsite: the cache of images was cut short while it was in use, or its disk failed; start "
       "again "
       "(runs go on with --resume): the images are then read anew\n");
}

#ifndef XSITE_SANITIZED
static void tell_fault(int signal_number) {
  (void)signal_number;
  tell("xsite: a fault of the program, or of a library that found no memory; what was finished is "
       "kept, and runs go on with --resume.  If there is memory, please report it\n");
}
#endif

static void take(int signal_number, void (*handler)(int)) {
  struct sigaction action = {.sa_handler = handler, .sa_flags = SA_ONSTACK};
  sigemptyset(&action.sa_mask);
  sigaction(signal_number, &action, NULL);
}

void cli_faults_begin(void) {
  static char room[1 << 15]; /* where the stack itself has ended */
  const stack_t stack = {.ss_sp = room, .ss_size = sizeof room};
  sigaltstack(&stack, NULL);
  take(SIGBUS, tell_lost_pages);
#ifndef XSITE_SANITIZED
  take(SIGSEGV, tell_fault);
  take(SIGFPE, tell_fault);
  take(SIGILL, tell_fault);
  take(SIGABRT, tell_fault);
#endif
}
