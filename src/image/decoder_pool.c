/* The programs that decode (decoder.h): where the program is found, how it is started, and those
 * that wait for a file.  They are started, not forked: a process of several threads may not go on
 * after fork, and one of much memory takes long to copy. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <link.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "decoder.h"
#include "error.h"
#include "file.h"
#include "image.h"
#include "memory.h"
#include "text.h"
#include "xsite.h"

#define PROGRAM "xsite-decoder"

bool decoder_read(int fd, void *data, size_t size) {
  char *p = data;
  while (size > 0) {
    ssize_t n = read(fd, p, size);
    if (n == 0 || (n < 0 && errno != EINTR)) return false;
    if (n > 0) p += n, size -= (size_t)n;
  }
  return true;
}

/* ---- where the program is ---- */

/* The file that this code is in: the library, or the program that it is a part of. */
static char *find_own_file(void) {
  struct link_map *map = NULL;
  Dl_info info;
  void *own = (void *)(uintptr_t)&find_own_file;
  if (!dladdr1(own, &info, (void **)&map, RTLD_DL_LINKMAP) || !map || !*map->l_name) {
    return realpath("/proc/self/exe", NULL);
  }
  return realpath(map->l_name, NULL);
}

/* Beside it, or where it is installed; NULL: nowhere. */
static char *find_program(void) {
  static const char *const places[] = {".", "../libexec", "../../libexec", XSITE_LIBEXEC};
  const char *named = getenv("XSITE_DECODER");
  if (named && *named) return text_copy(named);
  char *own = find_own_file(), *folder = file_dir(own ? own : "/"), *found = NULL;
  for (size_t i = 0; i < sizeof places / sizeof *places && !found; i++) {
    char *place = file_join(folder, places[i]);
    found = file_join(place, PROGRAM);
    free(place);
    if (access(found, X_OK) == 0) break;
    free(found);
    found = NULL;
  }
  free(own);
  free(folder);
  return found;
}

/* ---- starting it ---- */

/* Signals that ask a program to stop are for the library's; to wait for a process, it must hear
 * that one has ended. */
static void set_signals(posix_spawnattr_t *how) {
  static const int asking[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
  sigset_t blocked, usual;
  sigemptyset(&blocked);
  sigemptyset(&usual);
  for (size_t i = 0; i < sizeof asking / sizeof *asking; i++) sigaddset(&blocked, asking[i]);
  sigaddset(&usual, SIGCHLD);
  posix_spawnattr_setsigmask(how, &blocked);
  posix_spawnattr_setsigdefault(how, &usual);
  posix_spawnattr_setflags(how, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
}

/* 0, or errno. */
static int start(const char *program, int socket, pid_t *process) {
  char *words[] = {PROGRAM, XSITE_VERSION, NULL};
  posix_spawn_file_actions_t files;
  posix_spawnattr_t how;
  posix_spawnattr_init(&how);
  posix_spawn_file_actions_init(&files);
  set_signals(&how);
  int error = posix_spawn_file_actions_adddup2(&files, socket, DECODER_SOCKET);
  if (!error) error = posix_spawn(process, program, &files, &how, words, environ);
  posix_spawn_file_actions_destroy(&files);
  posix_spawnattr_destroy(&how);
  return error;
}

static decoder *start_new(const char *path, const char *program) {
  int ends[2];
  pid_t process;
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends)) {
    fail(IMAGE_UNTRIED, "%s: no socket to decode it: %s", path, strerror(errno));
    return NULL;
  }
  const int error = start(program, ends[1], &process);
  close(ends[1]);
  if (error) {
    close(ends[0]);
    fail(IMAGE_UNTRIED, "%s: no process to decode it: %s: %s", path, program, strerror(error));
    return NULL;
  }
  decoder *d = memory_new(sizeof *d);
  *d = (decoder){.process = process, .socket = ends[0]};
  return d;
}

/* ---- those that wait ---- */

static struct {
  pthread_mutex_t lock;
  decoder *first;
  pid_t owner; /* the process that started them: what it forks must not share them */
} waiting = {.lock = PTHREAD_MUTEX_INITIALIZER};

static void forget(decoder *d) {
  close(d->socket);
  free(d);
}

/* The lock is held. */
static void forget_those_of_others(void) {
  if (waiting.owner == getpid()) return;
  for (decoder *d = waiting.first, *next; d; d = next) {
    next = d->next;
    forget(d);
  }
  waiting.first = NULL;
  waiting.owner = getpid();
}

decoder *decoder_take(const char *path) {
  pthread_mutex_lock(&waiting.lock);
  forget_those_of_others();
  decoder *d = waiting.first;
  if (d) waiting.first = d->next;
  pthread_mutex_unlock(&waiting.lock);
  if (d) return d;
  char *program = find_program();
  if (program) {
    d = start_new(path, program);
  } else {
    fail(IMAGE_UNTRIED,
         "%s: cannot be decoded: the program " PROGRAM ", which decodes it in a process that can "
         "reach nothing else, is missing: it belongs beside xsite or its library, or into "
         "" XSITE_LIBEXEC "; the variable XSITE_DECODER may name another place",
         path);
  }
  free(program);
  return d;
}

void decoder_give_back(decoder *d) {
  pthread_mutex_lock(&waiting.lock);
  d->next = waiting.first;
  waiting.first = d;
  pthread_mutex_unlock(&waiting.lock);
}

void xs_decoders_end(void) {
  pthread_mutex_lock(&waiting.lock);
  forget_those_of_others();
  decoder *first = waiting.first;
  waiting.first = NULL;
  pthread_mutex_unlock(&waiting.lock);
  for (decoder *d = first, *next; d; d = next) {
    next = d->next;
    decoder_end(d);
  }
}

int decoder_end(decoder *d) {
  int status = 0;
  shutdown(d->socket, SHUT_RDWR);
  while (waitpid(d->process, &status, 0) < 0 && errno == EINTR) {
  }
  forget(d);
  return status;
}
