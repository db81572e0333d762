#include <math.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "cli.h"

#define CLEAR "\033[K" /* from here to the line's end */

/* A signal handler can reach nothing else. */
static volatile sig_atomic_t stopped;

static void stop_soon(int signal_number) {
  if (stopped) _exit(128 + signal_number);
  stopped = 1;
}

static bool is_stopped(void *context) {
  (void)context;
  return stopped != 0;
}

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void write_duration(FILE *f, double seconds) {
  long s = lround(fmin(fmax(seconds, 0), 1e9));
  if (s >= 3600) {
    fprintf(f, "%ld h %02ld min", s / 3600, s / 60 % 60);
  } else {
    fprintf(f, "%ld:%02ld", s / 60, s % 60);
  }
}

static void write_done(FILE *f, const xs_progress *p) {
  if (p->bytes) {
    fprintf(f, "%s  %.1f/%.1f MB", p->task, (double)p->done * 1e-6, (double)p->total * 1e-6);
  } else {
    fprintf(f, "%s  %lld/%lld", p->task, (long long)p->done, (long long)p->total);
  }
}

void cli_progress_write(FILE *f, const xs_progress *p) {
  double share = p->total > 0 ? 100.0 * (double)p->done / (double)p->total : 0;
  write_done(f, p);
  fprintf(f, " %.0f%%", share);
  if (p->rate > 0) {
    fprintf(f, "  %.3g%s/s  left ", p->bytes ? p->rate * 1e-6 : p->rate, p->bytes ? " MB" : "");
    write_duration(f, (double)(p->total - p->done) / p->rate);
  }
  if (p->waiting >= 0.01) fprintf(f, "  waiting for images %.0f%%", 100 * p->waiting);
  for (int i = 0; i < p->losses; i++) fprintf(f, "  %s %.4g", p->loss_name[i], p->loss[i]);
}

static int terminal_width(void) {
  struct winsize w;
  return ioctl(STDERR_FILENO, TIOCGWINSZ, &w) == 0 && w.ws_col > 10 ? w.ws_col : 80;
}

/* The line, cut to the terminal's width, over the one before. */
static void overwrite(const xs_progress *p) {
  char line[512] = "";
  FILE *f = fmemopen(line, sizeof line - 1, "w");
  if (!f) return;
  cli_progress_write(f, p);
  fclose(f);
  cli_terminal_put("\r");
  fprintf(stderr, "%.*s", terminal_width() - 1, line);
  cli_terminal_put(CLEAR);
}

static void show(void *context, const xs_progress *p) {
  cli_progress *c = context;
  double time = now(), pause = c->terminal ? 0.1 : 10;
  if (time - c->last < pause && p->done != p->total) return;
  c->last = time;
  c->shown = c->terminal;
  if (c->terminal) {
    overwrite(p);
  } else {
    cli_progress_write(stderr, p);
    fputc('\n', stderr);
  }
}

static void note(void *context, const char *line) {
  cli_progress *c = context;
  if (c->shown) cli_terminal_put("\r" CLEAR);
  fprintf(stderr, "%s\n", line);
  c->shown = false;
}

xs_watch cli_watch_plain(cli_progress *p) {
  *p = (cli_progress){.terminal = isatty(STDERR_FILENO) == 1, .last = -1e9};
  return (xs_watch){.progress = show, .note = note, .context = p};
}

xs_watch cli_watch(cli_progress *p) {
  struct sigaction action = {.sa_handler = stop_soon}; /* a pipe that is waited for gives way */
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, NULL);
  sigaction(SIGTERM, &action, NULL);
  xs_watch watch = cli_watch_plain(p);
  watch.stop = is_stopped;
  return watch;
}

void cli_watch_end(cli_progress *p) {
  if (p->shown) fputc('\n', stderr);
  p->shown = false;
}
