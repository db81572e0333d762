#define _GNU_SOURCE
#include "sandbox.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

/* ---- limits ---- */

static int limit(int resource, rlim_t most) {
  struct rlimit r;
  if (getrlimit(resource, &r)) return -1;
  if (r.rlim_max == RLIM_INFINITY || r.rlim_max > most) r.rlim_max = most;
  r.rlim_cur = r.rlim_max;
  return setrlimit(resource, &r);
}

/* Pages that the process has now: the first number of /proc/self/statm. */
static int limit_memory(size_t more) {
#ifdef __SANITIZE_ADDRESS__
  (void)more; /* address sanitizers take terabytes of addresses */
  return 0;
#else
  FILE *f = fopen("/proc/self/statm", "r");
  unsigned long pages;
  const int read = f ? fscanf(f, "%lu", &pages) : 0;
  if (f) fclose(f);
  return read == 1 ? limit(RLIMIT_AS, (rlim_t)pages * (rlim_t)sysconf(_SC_PAGESIZE) + more) : -1;
#endif
}

static int limit_others(int seconds) {
  static const int none[] = {RLIMIT_CORE, RLIMIT_FSIZE, RLIMIT_NPROC, RLIMIT_NOFILE};
  int status = limit(RLIMIT_CPU, (rlim_t)seconds);
  for (size_t i = 0; i < sizeof none / sizeof *none; i++) status |= limit(none[i], 0);
  return status;
}

/* ---- calls of the system ---- */

#if defined __x86_64__
enum { PROCESSOR = AUDIT_ARCH_X86_64 };
#elif defined __aarch64__
enum { PROCESSOR = AUDIT_ARCH_AARCH64 };
#endif

#define LOAD(field) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define ANSWER(action) BPF_STMT(BPF_RET | BPF_K, (action))
#define IF_NOT(value, skip) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (value), 0, (skip))
#define ALLOW(call) IF_NOT(SYS_##call, 1), ANSWER(SECCOMP_RET_ALLOW)

/* Others fail with EPERM: libraries that ask what they do not need go on. */
static int filter_calls(void) {
  static struct sock_filter list[] = {
      LOAD(arch),
      IF_NOT((unsigned)PROCESSOR, 1),
      BPF_JUMP(BPF_JMP | BPF_JA, 1, 0, 0),
      ANSWER(SECCOMP_RET_KILL_PROCESS),
      LOAD(nr),
      ALLOW(read),
      ALLOW(write),
      ALLOW(mmap),
      ALLOW(munmap),
      ALLOW(mremap),
      ALLOW(mprotect),
      ALLOW(madvise),
      ALLOW(brk),
      ALLOW(futex),
      ALLOW(rt_sigreturn),
      ALLOW(clock_gettime),
      ALLOW(exit),
      ALLOW(exit_group),
      ANSWER(SECCOMP_RET_ERRNO | EPERM),
  };
  const struct sock_fprog program = {sizeof list / sizeof *list, list};
  return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

/* ---- */

static void reset_signals(void) {
  sigset_t none;
  for (int i = 1; i < NSIG; i++) signal(i, SIG_DFL);
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
}

int sandbox_enter(const sandbox *limits, int keep) {
  reset_signals();
  int status = limit_memory(limits->memory);
  if (keep != SANDBOX_PIPE) status |= dup2(keep, SANDBOX_PIPE) < 0;
  status |= close_range(SANDBOX_PIPE + 1, ~0u, 0);
  status |= limit_others(limits->seconds); /* no descriptor could be moved after it */
  status |= prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  filter_calls();
  return status ? -1 : 0;
}
