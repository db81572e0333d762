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

#include "memory_left.h"

/* ---- limits ---- */

/* soft: where the process is told, hard: where it is ended. */
static int limit(int resource, rlim_t soft, rlim_t hard) {
  struct rlimit r;
  if (getrlimit(resource, &r)) return -1;
  if (r.rlim_max == RLIM_INFINITY || r.rlim_max > hard) r.rlim_max = hard;
  r.rlim_cur = soft < r.rlim_max ? soft : r.rlim_max;
  return setrlimit(resource, &r);
}

/* Pages that the process has now, the first number of /proc/self/statm; where it cannot be read,
 * and under a sanitizer, which takes terabytes of addresses, there is no limit. */
static int limit_memory(size_t more) {
  const double left = memory_left();
  memory_left_is_limited();
#ifdef XSITE_SANITIZED
  (void)left;
  (void)more;
#else
  FILE *f = fopen("/proc/self/statm", "r");
  unsigned long pages = 0;
  const int read = f ? fscanf(f, "%lu", &pages) : 0;
  if (f) fclose(f);
  const rlim_t most = (rlim_t)pages * (rlim_t)sysconf(_SC_PAGESIZE) +
                      (left < (double)more ? (rlim_t)left : (rlim_t)more);
  if (read == 1) return limit(RLIMIT_AS, most, most);
#endif
  return 0;
}

static int limit_others(int seconds) {
  static const int none[] = {RLIMIT_CORE, RLIMIT_FSIZE, RLIMIT_NPROC, RLIMIT_NOFILE};
  int status = limit(RLIMIT_CPU, (rlim_t)seconds, (rlim_t)seconds + 1);
  for (size_t i = 0; i < sizeof none / sizeof *none; i++) status |= limit(none[i], 0, 0);
  return status;
}

/* Kernels before 5.9, and some containers, have no close_range. */
void sandbox_close_others(void) {
  struct rlimit r;
  if (!close_range(SANDBOX_PIPE + 1, ~0u, 0)) return;
  const long most =
      getrlimit(RLIMIT_NOFILE, &r) || r.rlim_cur > 1 << 20 ? 1 << 20 : (long)r.rlim_cur;
  for (long fd = SANDBOX_PIPE + 1; fd < most; fd++) close((int)fd);
}

/* ---- calls of the system ---- */

#if defined __x86_64__
#define PROCESSOR AUDIT_ARCH_X86_64
#elif defined __aarch64__
#define PROCESSOR AUDIT_ARCH_AARCH64
#else
#define PROCESSOR 0 /* no list is made for it */
#endif

#define LOAD(field) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define ANSWER(action) BPF_STMT(BPF_RET | BPF_K, (action))
#define IF_NOT(value, skip) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (value), 0, (skip))
#define ALLOW(call) IF_NOT(SYS_##call, 1), ANSWER(SECCOMP_RET_ALLOW)

#ifdef XSITE_SANITIZED /* asks where the stack is, before what does not return */
#define SANITIZER ALLOW(sigaltstack), ALLOW(gettid),
#else
#define SANITIZER
#endif

/* Others fail with EPERM: libraries that ask what they do not need go on. */
static int filter_calls(void) {
  static struct sock_filter list[] = {
      LOAD(arch),
      IF_NOT(PROCESSOR, 1),
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
      SANITIZER ANSWER(SECCOMP_RET_ERRNO | EPERM),
  };
  const struct sock_fprog program = {sizeof list / sizeof *list, list};
  return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

/* ---- */

static void reset_signals(void) {
  static const int asking[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
  sigset_t none;
  for (int i = 1; i < NSIG; i++) signal(i, SIG_DFL);
  for (size_t i = 0; i < sizeof asking / sizeof *asking; i++) signal(asking[i], SIG_IGN);
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
}

int sandbox_enter(const sandbox *limits, int keep) {
  reset_signals();
  int status = limit_memory(limits->memory);
  if (keep != SANDBOX_PIPE) status |= dup2(keep, SANDBOX_PIPE) < 0;
  sandbox_close_others();
  status |= limit_others(limits->seconds); /* no descriptor could be moved after it */
  const bool alone = !prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  const bool filtered = alone && PROCESSOR != 0 && !filter_calls();
  return status || (limits->strict && !filtered) ? -1 : 0;
}
