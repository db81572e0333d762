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
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "decoder.h"
#include "error.h"
#include "image.h"
#include "memory.h"
#include "xsite.h"

enum { BROKEN_OFF = -2, GONE = -3 };

static bool all_apart;

void xs_isolate(bool all) { all_apart = all; }
bool xs_is_isolated(void) { return all_apart; }

typedef struct job {
  const char *path;
  const void *data;
  size_t size;
  bool window;
} job;

/* ---- the request ---- */

/* A decoder that is gone is no signal to the program. */
static bool send_all(int socket, const void *data, size_t size) {
  const char *p = data;
  while (size > 0) {
    ssize_t n = send(socket, p, size, MSG_NOSIGNAL);
    if (n < 0 && errno != EINTR) return false;
    if (n > 0) p += n, size -= (size_t)n;
  }
  return true;
}

static bool send_with(int socket, const decoder_request *r, int pipe) {
  union {
    struct cmsghdr header;
    char room[CMSG_SPACE(sizeof pipe)];
  } control = {.header = {CMSG_LEN(sizeof pipe), SOL_SOCKET, SCM_RIGHTS}};
  struct iovec part = {(void *)(uintptr_t)r, sizeof *r};
  const struct msghdr m = {
      .msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
  ssize_t n;
  memcpy(CMSG_DATA(&control.header), &pipe, sizeof pipe);
  while ((n = sendmsg(socket, &m, MSG_NOSIGNAL)) < 0 && errno == EINTR) {
  }
  return n > 0 && send_all(socket, (const char *)r + n, sizeof *r - (size_t)n);
}

static bool request(int socket, const job *j, int pipe) {
  const decoder_request r = {
      .path = strlen(j->path), .size = j->size, .window = j->window, .strict = all_apart};
  return send_with(socket, &r, pipe) && send_all(socket, j->path, r.path) &&
         send_all(socket, j->data, j->size);
}

/* ---- the reply ---- */

static int take_message(int fd, uint64_t size) {
  enum { LONGEST = 1 << 16 };
  char *text = memory_new((size_t)(size < LONGEST ? size : LONGEST) + 1);
  int status =
      size <= LONGEST && decoder_read(fd, text, size) ? fail(XS_FAILED, "%s", text) : BROKEN_OFF;
  free(text);
  return status;
}

/* What a file's process says is believed only where a decoder can say it. */
static bool is_sound(const decoder_reply *r) {
  return (r->channels == 1 || r->channels == 3) && (r->bytes == 1 || r->bytes == 2) &&
         r->bits >= 1 && r->bits <= 8 * r->bytes && r->reach >= 0 && r->reach < 1 << 16;
}

static size_t bytes_of(const image *x) {
  return (size_t)x->height * (size_t)x->width * (size_t)x->channels * (size_t)x->bytes;
}

/* 0, XS_FAILED with the process's message, or BROKEN_OFF: it says no more, or nonsense. */
static int take_reply(int fd, const char *path, image *out) {
  decoder_reply r;
  if (!decoder_read(fd, &r, sizeof r)) return BROKEN_OFF;
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
  if (!status && (r.size != bytes_of(out) || !decoder_read(fd, out->pixels, r.size)))
    status = BROKEN_OFF;
  return status;
}

/* ---- what went wrong ---- */

/* Why the process broke off, which is the file's fault or the machine's. */
static int refuse(const char *path, const decoder_ending *e) {
  const int by = WIFSIGNALED(e->status) ? WTERMSIG(e->status) : 0;
  if (e->error) {
    return fail(IMAGE_UNTRIED, "%s: no process to decode it: %s", path, strerror(e->error));
  }
  if (WIFEXITED(e->status) && WEXITSTATUS(e->status) == DECODER_NOT_SHUT_IN) {
    return fail(
        IMAGE_UNTRIED,
        "%s: cannot be decoded on this machine: no process can be shut in for it (no filter "
        "of system calls, or no limits)%s",
        path, all_apart ? "; leave --isolate out if you trust the file" : "");
  }
  if (by == SIGKILL) {
    return fail(IMAGE_UNTRIED, "%s: the process that decoded it was killed; is memory out?", path);
  }
  if (by == SIGXCPU) {
    return fail(XS_FAILED, "%s: cannot be decoded: it took more than %d s", path,
                DECODER_CPU_SECONDS);
  }
  return fail(XS_FAILED, "%s: cannot be decoded: the file is damaged, its decoder broke off (%s)",
              path, by ? strsignal(by) : "out of memory?");
}

/* Nothing is known of the file. */
static int refuse_gone(const char *path, int status) {
  if (WIFEXITED(status) && WEXITSTATUS(status) == DECODER_OTHER_VERSION) {
    return fail(IMAGE_UNTRIED,
                "%s: cannot be decoded: the program xsite-decoder that was found is of another "
                "version than this one, " XSITE_VERSION "; install both from one",
                path);
  }
  return fail(IMAGE_UNTRIED,
              "%s: the program xsite-decoder, which is to decode it, ended (%s); is memory out?",
              path, WIFSIGNALED(status) ? strsignal(WTERMSIG(status)) : "without a signal");
}

/* ---- */

/* As take_reply, or GONE: the decoder is no more. */
static int ask(const decoder *d, const job *j, image *out) {
  decoder_ending ending;
  int ends[2];
  if (pipe2(ends, O_CLOEXEC)) {
    return fail(IMAGE_UNTRIED, "%s: no pipe: %s", j->path, strerror(errno));
  }
  const bool asked = request(d->socket, j, ends[1]);
  close(ends[1]);
  const int status = asked ? take_reply(ends[0], j->path, out) : GONE;
  close(ends[0]);
  if (!asked || !decoder_read(d->socket, &ending, sizeof ending)) return GONE;
  return status == BROKEN_OFF ? refuse(j->path, &ending) : status;
}

/* A decoder that waited may have been ended by somebody: another is tried once. */
int image_decode_apart(const char *path, const void *data, size_t size, bool window, image *out) {
  const job j = {path, data, size, window};
  int ended = 0;
  for (int i = 0; i < 2; i++) {
    decoder *d = decoder_take(path);
    if (!d) return IMAGE_UNTRIED;
    const int status = ask(d, &j, out);
    if (status != GONE) {
      decoder_give_back(d);
      return status;
    }
    image_release(out);
    ended = decoder_end(d);
  }
  return refuse_gone(path, ended);
}
