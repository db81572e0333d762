/* Files are decoded in a process of their own where a decoder must not be trusted with this one:
 * always DICOM, whose parser and decoders (GDCM) trust what a file says, and everything on demand.
 * A damaged or hostile file then ends with a message, never with the program, and reaches nothing
 * but its own pixels.  What the decoders print goes nowhere. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "error.h"
#include "file.h"
#include "image.h"
#include "memory.h"
#include "sandbox.h"
#include "xsite.h"

enum { MOST_CPU_SECONDS = 60, MOST_SECONDS = 600 };
enum { BROKEN_OFF = -2 };
enum { SHUT_IN = 2 }; /* how the child ends where it could not be shut in */

static bool all_apart;

void xs_isolate(bool all) { all_apart = all; }
bool xs_is_isolated(void) { return all_apart; }

typedef struct reply { /* before the pixels, or before the message */
  int32_t status;
  int32_t height, width, channels, bytes, bits, inverted, reach; /* of the image */
  uint64_t size;                                                 /* of what follows */
} reply;

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

static reply reply_of(int status, const image *x) {
  if (status) return (reply){.status = status, .size = strlen(fail_message())};
  return (reply){0,       x->height,   x->width, x->channels, x->bytes,
                 x->bits, x->inverted, x->reach, bytes_of(x)};
}

static _Noreturn void decode_and_exit(int pipe, const char *path, const void *data, size_t size,
                                      bool window) {
  const sandbox limits = {
      .seconds = MOST_CPU_SECONDS, .memory = (size_t)3 << 30, .strict = all_apart};
  image x = {0};
  alarm(MOST_SECONDS);
  if (sandbox_enter(&limits, pipe)) _exit(SHUT_IN);
  const int status = image_decode(path, data, size, window, &x);
  const reply r = reply_of(status, &x);
  const void *rest = status ? (const void *)fail_message() : x.pixels;
  _exit(file_put(SANDBOX_PIPE, &r, sizeof r) || file_put(SANDBOX_PIPE, rest, r.size));
}

/* ---- the parent ---- */

static int take_message(int fd, uint64_t size) {
  enum { LONGEST = 1 << 16 };
  char *text = memory_new((size_t)(size < LONGEST ? size : LONGEST) + 1);
  int status =
      size <= LONGEST && read_all(fd, text, size) ? fail(XS_FAILED, "%s", text) : BROKEN_OFF;
  free(text);
  return status;
}

/* What the child says is believed only where a decoder can say it. */
static bool is_sound(const reply *r) {
  return (r->channels == 1 || r->channels == 3) && (r->bytes == 1 || r->bytes == 2) &&
         r->bits >= 1 && r->bits <= 8 * r->bytes && r->reach >= 0 && r->reach < 1 << 16;
}

/* 0, XS_FAILED with the child's message, or BROKEN_OFF: it says no more, or nonsense. */
static int take_reply(int fd, const char *path, image *out) {
  reply r;
  if (!read_all(fd, &r, sizeof r)) return BROKEN_OFF;
  if (r.status) return take_message(fd, r.size);
  if (!is_sound(&r)) return BROKEN_OFF;
  *out = (image){.height = r.height,
                 .width = r.width,
                 .channels = r.channels,
                 .bytes = r.bytes,
                 .bits = r.bits,
                 .inverted = r.inverted != 0,
                 .reach = r.reach};
  int status = image_allocate(path, out);
  if (!status && (r.size != bytes_of(out) || !read_all(fd, out->pixels, r.size)))
    status = BROKEN_OFF;
  return status;
}

/* Why the child broke off, which is the file's fault or the machine's. */
static int refuse(const char *path, int ending) {
  if (WIFEXITED(ending) && WEXITSTATUS(ending) == SHUT_IN) {
    return fail(
        IMAGE_UNTRIED,
        "%s: cannot be decoded on this machine: no process can be shut in for it (no filter "
        "of system calls, or no limits)%s",
        path, all_apart ? "; leave --isolate out if you trust the file" : "");
  }
  const int by = WIFSIGNALED(ending) ? WTERMSIG(ending) : 0;
  if (by == SIGKILL) {
    return fail(IMAGE_UNTRIED, "%s: the process that decoded it was killed; is memory out?", path);
  }
  if (by == SIGXCPU) {
    return fail(XS_FAILED, "%s: cannot be decoded: it took more than %d s", path, MOST_CPU_SECONDS);
  }
  return fail(XS_FAILED, "%s: cannot be decoded: the file is damaged, its decoder broke off (%s)",
              path, by ? strsignal(by) : "out of memory?");
}

int image_decode_apart(const char *path, const void *data, size_t size, bool window, image *out) {
  int ends[2], ending = 0;
  if (pipe2(ends, O_CLOEXEC)) return fail(IMAGE_UNTRIED, "%s: no pipe: %s", path, strerror(errno));
  pid_t child = fork();
  if (child == 0) decode_and_exit(ends[1], path, data, size, window);
  const int error = errno;
  close(ends[1]);
  int status = child < 0
                   ? fail(IMAGE_UNTRIED, "%s: no process to decode it: %s", path, strerror(error))
                   : take_reply(ends[0], path, out);
  close(ends[0]);
  if (child < 0) return status;
  while (waitpid(child, &ending, 0) < 0 && errno == EINTR) {
  }
  return status == BROKEN_OFF ? refuse(path, ending) : status;
}
