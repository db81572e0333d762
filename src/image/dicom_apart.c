/* DICOM files are decoded in a process of their own: GDCM's decoders and parser trust what a file
 * says, and a damaged or hostile file must end with a message, never with the program.  What they
 * print goes nowhere. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "error.h"
#include "file.h"
#include "image.h"
#include "xsite.h"

enum { MOST_CPU_SECONDS = 60, MOST_SECONDS = 600 };
static const rlim_t MOST_MEMORY = (rlim_t)3 << 30; /* beyond what the program has already */

typedef struct reply { /* before the pixels, or before the message */
  int status;
  image x;     /* without pixels */
  size_t size; /* of what follows */
} reply;

static bool write_all(int fd, const void *data, size_t size) {
  const char *p = data;
  while (size > 0) {
    ssize_t n = write(fd, p, size);
    if (n < 0 && errno != EINTR) return false;
    if (n > 0) p += n, size -= (size_t)n;
  }
  return true;
}

static bool read_all(int fd, void *data, size_t size) {
  char *p = data;
  while (size > 0) {
    ssize_t n = read(fd, p, size);
    if (n == 0 || (n < 0 && errno != EINTR)) return false;
    if (n > 0) p += n, size -= (size_t)n;
  }
  return true;
}

static size_t bytes_of(const image *x) {
  return (size_t)x->height * (size_t)x->width * (size_t)x->channels * (size_t)x->bytes;
}

/* ---- the child ---- */

static void limit(int resource, rlim_t most) {
  struct rlimit r;
  if (getrlimit(resource, &r)) return;
  if (r.rlim_max == RLIM_INFINITY || r.rlim_max > most) r.rlim_cur = r.rlim_max = most;
  setrlimit(resource, &r);
}

/* Pages that the program has now: the first number of /proc/self/statm. */
static void limit_memory(void) {
#ifndef __SANITIZE_ADDRESS__
  FILE *f = fopen("/proc/self/statm", "r");
  unsigned long pages;
  if (f && fscanf(f, "%lu", &pages) == 1) {
    limit(RLIMIT_AS, (rlim_t)pages * (rlim_t)sysconf(_SC_PAGESIZE) + MOST_MEMORY);
  }
  if (f) fclose(f);
#else
  (void)MOST_MEMORY; /* address sanitizers take terabytes of addresses */
#endif
}

static void prepare_child(void) {
  static const int deadly[] = {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL, SIGALRM, SIGXCPU, SIGPIPE};
  sigset_t all;
  int nowhere = open("/dev/null", O_WRONLY);
  if (nowhere >= 0) {
    dup2(nowhere, STDOUT_FILENO);
    dup2(nowhere, STDERR_FILENO);
  }
  for (size_t i = 0; i < sizeof deadly / sizeof *deadly; i++) signal(deadly[i], SIG_DFL);
  sigemptyset(&all);
  sigprocmask(SIG_SETMASK, &all, NULL);
  limit(RLIMIT_CORE, 0);
  limit(RLIMIT_CPU, MOST_CPU_SECONDS);
  limit_memory();
  alarm(MOST_SECONDS);
}

static _Noreturn void decode_and_exit(int fd, const char *path, const void *data, size_t size,
                                      bool window) {
  reply r = {0};
  prepare_child();
  r.status = image_of_dicom(path, data, size, window, &r.x);
  const void *rest = r.status ? (const void *)fail_message() : r.x.pixels;
  r.size = r.status ? strlen(fail_message()) : bytes_of(&r.x);
  _exit(!(write_all(fd, &r, sizeof r) && write_all(fd, rest, r.size)));
}

/* ---- the parent ---- */

static int take_message(int fd, size_t size) {
  enum { LONGEST = 1 << 16 };
  char *text = memory_new((size < LONGEST ? size : LONGEST) + 1);
  int status = size <= LONGEST && read_all(fd, text, size) ? fail(XS_FAILED, "%s", text) : -1;
  free(text);
  return status;
}

/* 0, XS_FAILED with the child's message, or -1 where the child broke off. */
static int take_reply(int fd, const char *path, image *out) {
  reply r;
  if (!read_all(fd, &r, sizeof r)) return -1;
  if (r.status) return take_message(fd, r.size);
  *out = r.x;
  out->pixels = NULL;
  int status = image_allocate(path, out);
  if (!status && !read_all(fd, out->pixels, bytes_of(out))) status = -1;
  return status;
}

static int refuse(const char *path, int ending) {
  if (WIFSIGNALED(ending) && WTERMSIG(ending) == SIGXCPU) {
    return fail(XS_FAILED, "%s: cannot be read as DICOM: decoding took more than %d s", path,
                MOST_CPU_SECONDS);
  }
  return fail(XS_FAILED,
              "%s: cannot be read as DICOM: the file is damaged, its decoder broke off (%s)", path,
              WIFSIGNALED(ending) ? strsignal(WTERMSIG(ending)) : "out of memory?");
}

int image_decode_dicom(const char *path, const void *data, size_t size, bool window, image *out) {
  int ends[2], ending = 0;
  if (pipe(ends)) return fail(XS_FAILED, "%s: no pipe: %s", path, strerror(errno));
  for (int i = 0; i < 2; i++) fcntl(ends[i], F_SETFD, FD_CLOEXEC);
  pid_t child = fork();
  if (child == 0) decode_and_exit(ends[1], path, data, size, window);
  close(ends[1]);
  int status = child < 0 ? fail(XS_FAILED, "%s: no process to decode it: %s", path, strerror(errno))
                         : take_reply(ends[0], path, out);
  close(ends[0]);
  if (child < 0) return status;
  while (waitpid(child, &ending, 0) < 0 && errno == EINTR) {
  }
  return status < 0 ? refuse(path, ending) : status;
}
