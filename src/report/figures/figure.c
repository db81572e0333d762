#define _GNU_SOURCE
#include "figure.h"

#include "error.h"
#include "file.h"
#include "page.h"
#include "text.h"
#include "xsite.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define FIGURES "figures"

/* ---- gnuplot --------------------------------------------------------------------------------- */

enum { NOT_FOUND = 127 };

/* 0, or errno.  What it writes is for its owner alone. */
static int start_gnuplot(const char *dir, const char *script, int errors, pid_t *process) {
  char *name = text_copy(script);
  char *words[] = {"sh", "-c", "umask 077 && exec gnuplot -d \"$1\"", "gnuplot", name, NULL};
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  int error = posix_spawn_file_actions_addchdir_np(&files, dir);
  if (!error) error = posix_spawn_file_actions_adddup2(&files, errors, STDERR_FILENO);
  if (!error) error = posix_spawn(process, "/bin/sh", &files, NULL, words, environ);
  posix_spawn_file_actions_destroy(&files);
  free(name);
  return error;
}

/* The first size-1 bytes that arrive, as text; the rest is read and dropped. */
static void read_errors(int from, char *text, size_t size) {
  char dropped[512];
  size_t used = 0;
  for (;;) {
    bool full = used + 1 >= size;
    ssize_t n =
        full ? read(from, dropped, sizeof dropped) : read(from, text + used, size - 1 - used);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) break;
    if (!full) used += (size_t)n;
  }
  text[used] = 0;
}

static int judge(const char *dir, const char *script, int ended, char *errors) {
  if (WIFEXITED(ended) && WEXITSTATUS(ended) == NOT_FOUND) {
    return fail(XS_FAILED, "the figures need gnuplot, which cannot be started: install the Debian "
                           "package gnuplot-nox and run `xsite report` again");
  }
  if (WIFEXITED(ended) && WEXITSTATUS(ended) == 0) return 0;
  for (char *p = errors; *p; p++) {
    if (isspace((unsigned char)*p)) *p = ' ';
  }
  return fail(XS_FAILED, "gnuplot failed on %s/%s (%s): %s", dir, script,
              WIFSIGNALED(ended) ? "killed by a signal" : "non-zero status", errors);
}

static int run_gnuplot(const char *dir, const char *script) {
  int ends[2];
  pid_t child;
  if (pipe2(ends, O_CLOEXEC)) return fail(XS_FAILED, "no pipe to gnuplot: %s", strerror(errno));
  const int error = start_gnuplot(dir, script, ends[1], &child);
  close(ends[1]);
  if (error) {
    close(ends[0]);
    return fail(XS_FAILED, "gnuplot cannot be started: %s", strerror(error));
  }
  char errors[600];
  read_errors(ends[0], errors, sizeof errors);
  close(ends[0]);
  int ended = 0;
  while (waitpid(child, &ended, 0) < 0) {
    if (errno != EINTR) return fail(XS_FAILED, "gnuplot is lost: %s", strerror(errno));
  }
  return judge(dir, script, ended, errors);
}

/* ---- the SVG in a page --------------------------------------------------------------------------
 */

typedef struct rewrite { /* from start to the next end (NULL: start alone) becomes to */
  const char *start, *end, *to;
} rewrite;

/* gnuplot's ids would repeat from figure to figure, and its black must follow the page's text. */
static const rewrite rewrites[] = {
    {"<defs>", "</defs>", ""},
    {"<use ", "/>", ""}, /* what add_point leaves: white under a point */
    {"<title>", "</title>", ""},
    {"<desc>", "</desc>", ""},
    {" id=\"", "\"", ""},
    {" class=\"", "\"", ""},
    {"<rect ", "/>", ""},
    {" color=\"black\"", NULL, ""},
    {" color=\"white\"", NULL, ""},
    {" stroke=\"currentColor\" stroke-width=\"1.00\" stroke-linecap=\"butt\" "
     "stroke-linejoin=\"miter\"",
     NULL, " stroke=\"currentColor\""},
    {"stroke='black'", NULL, "stroke='currentColor'"},
    {"fill=\"black\"", NULL, "fill=\"currentColor\""},
    {"rgb(  0,   0,   0)", NULL, "currentColor"},
    {"stroke='rgb(200, 200, 200)'", NULL, "stroke='currentColor' stroke-opacity='0.2'"},
    {"\t", NULL, ""},
};

/* A reference to a symbol becomes the circle that it is: the figures use pt 6 and pt 7 only. */
static bool add_point(const char **at, buffer *out) {
  int symbol, used = 0;
  char x[16], y[16], size[16], colour[32];
  if (sscanf(*at,
             "<use xlink:href='#gpPt%d' transform='translate(%15[0-9.],%15[0-9.]) "
             "scale(%15[0-9.])' color='rgb(%31[0-9, ])'/>%n",
             &symbol, x, y, size, colour, &used) < 5 ||
      !used) {
    return false;
  }
  buffer_add(out, "<circle cx=\"%s\" cy=\"%s\" r=\"%s\" ", x, y, size);
  if (symbol == 6) {
    buffer_add(out, "stroke=\"none\" fill=\"rgb(%s)\"/>", colour);
  } else {
    buffer_add(out, "fill=\"none\" stroke=\"rgb(%s)\"/>", colour);
  }
  *at += used;
  return true;
}

static bool apply_rewrite(const char **at, buffer *out) {
  for (size_t i = 0; i < sizeof rewrites / sizeof *rewrites; i++) {
    const rewrite *r = &rewrites[i];
    if (strncmp(*at, r->start, strlen(r->start)) != 0) continue;
    const char *after = *at + strlen(r->start);
    const char *end = r->end ? strstr(after, r->end) : after;
    if (!end) continue;
    buffer_text(out, r->to);
    *at = end + (r->end ? strlen(r->end) : 0);
    return true;
  }
  return false;
}

/* Drops every "<g ...>" that is directly followed by its "</g>"; one pass, from inner to outer. */
static void drop_empty_groups(char *text) {
  char *to = text;
  for (const char *from = text; *from;) {
    if (strncmp(from, "</g>", 4) == 0) {
      char *back = to;
      while (back > text && isspace((unsigned char)back[-1])) back--;
      char *open = back;
      if (back > text && back[-1] == '>') {
        while (open > text && *open != '<') open--;
      }
      if (open < back && strncmp(open, "<g", 2) == 0) {
        to = open;
        from += 4;
        while (isspace((unsigned char)*from)) from++;
        continue;
      }
    }
    *to++ = *from++;
  }
  *to = 0;
}

static int embed(const char *path, const figure *f, char **svg) {
  char *text;
  if (file_read(path, &text, &(size_t){0})) return XS_FAILED;
  const char *start = strstr(text, "<svg"), *at = start ? strchr(start, '>') : NULL;
  int status = at ? 0 : fail(XS_FAILED, "%s: gnuplot wrote no drawing there", path);
  if (!status) {
    page out = {0};
    char *box = text_format("0 0 %d %d", f->width, f->height);
    page_add(&out,
             "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"%s\" role=\"img\" "
             "aria-label=\"%s\"><title>%s</title>",
             box, f->title, f->title);
    free(box);
    for (at++; *at;) {
      if (!add_point(&at, &out.html) && !apply_rewrite(&at, &out.html))
        buffer_put(&out.html, at++, 1);
    }
    drop_empty_groups(out.html.text);
    *svg = buffer_take(&out.html);
  }
  free(text);
  return status;
}

/* ---- a figure ----------------------------------------------------------------------------------
 */

static char *make_script(const figure *f) {
  return text_format("# Draws %s.svg and %s.pdf from %s.tsv: gnuplot %s.gp\n"
                     "table = '%s.tsv'\n"
                     "do for [drawing = 1:2] {\n"
                     "reset\n"
                     "set encoding utf8\n"
                     "set datafile separator tab\n"
                     "set datafile missing 'nan'\n"
                     "set datafile columnheaders\n"
                     "if (drawing == 1) {\n"
                     "set terminal svg size %d,%d dynamic noenhanced font 'sans-serif,16'\n"
                     "set output '%s.svg'\n"
                     "} else {\n"
                     "set terminal pdfcairo size %.2f,%.2f noenhanced font 'sans-serif,14'\n"
                     "set output '%s.pdf'\n"
                     "}\n"
                     "%s"
                     "unset output\n"
                     "}\n",
                     f->name, f->name, f->name, f->name, f->name, f->width, f->height, f->name,
                     f->width / 100.0, f->height / 100.0, f->name, f->plot);
}

static char *figure_file(const figure *f, const char *ending) {
  return text_format(FIGURES "/%s.%s", f->name, ending);
}

static int write_text(report_files *files, const figure *f, const char *ending, const char *text) {
  char *name = figure_file(f, ending);
  int status = report_files_write(files, name, text, strlen(text));
  free(name);
  return status;
}

static int note_drawing(report_files *files, const figure *f, const char *ending) {
  char *name = figure_file(f, ending);
  int status = report_files_note(files, name);
  free(name);
  return status;
}

static int draw(report_files *files, const figure *f, const char *dir, char **svg) {
  char *script = text_format("%s.gp", f->name), *drawing = text_format("%s/%s.svg", dir, f->name);
  int status = run_gnuplot(dir, script);
  if (!status) status = note_drawing(files, f, "svg");
  if (!status) status = note_drawing(files, f, "pdf");
  if (!status) status = embed(drawing, f, svg);
  free(drawing);
  free(script);
  return status;
}

int figure_draw(report_files *files, const figure *f, char **svg) {
  char *script = make_script(f), *dir = file_join(files->dir, FIGURES);
  *svg = NULL;
  int status = file_make_dirs(dir);
  if (!status) status = write_text(files, f, "tsv", f->table);
  if (!status) status = write_text(files, f, "gp", script);
  if (!status) status = draw(files, f, dir, svg);
  free(dir);
  free(script);
  return status;
}

char *figure_name(const char *text) {
  char *name = text_copy(text);
  for (char *p = name; *p; p++) {
    if (!isalnum((unsigned char)*p) && !strchr("._-", *p)) *p = '_';
  }
  return name;
}
