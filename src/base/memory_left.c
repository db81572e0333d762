#include "memory_left.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "numeral.h"

/* Code that oneDNN makes while it runs, stacks and arenas take addresses without asking; where it
 * gets none, it ends by SIGSEGV. */
static const double reserve = 32 << 20, address_reserve = 256 << 20;

/* The number behind a word at the start of a line, or the file's first where word is ""; NAN: there
 * is none ("max", of a control group without a limit). */
static double number_in(const char *path, const char *word) {
  char line[256];
  double value = NAN;
  FILE *f = fopen(path, "r");
  while (f && isnan(value) && fgets(line, sizeof line, f)) {
    char *end, *from = line + strlen(word);
    if (strncmp(line, word, strlen(word)) != 0) continue;
    value = numeral_read(from, &end);
    if (end == from) break;
  }
  if (f) fclose(f);
  return value;
}

static double of_system(void) {
  const double kilobytes = number_in("/proc/meminfo", "MemAvailable:");
  if (kilobytes >= 0) return 1024 * kilobytes;
  return (double)sysconf(_SC_PHYS_PAGES) * (double)sysconf(_SC_PAGESIZE);
}

static double of_address_space(void) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_AS, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return INFINITY;
  const double used = 1024 * number_in("/proc/self/status", "VmSize:");
  return (double)limit.rlim_cur - (isnan(used) ? 0 : used) - address_reserve;
}

typedef struct group_files {
  const char *root, *most, *used, *cache; /* cache: the word of what is given back when needed */
} group_files;

static const group_files version_2 = {"/sys/fs/cgroup", "memory.max", "memory.current",
                                      "inactive_file "};
static const group_files version_1 = {"/sys/fs/cgroup/memory", "memory.limit_in_bytes",
                                      "memory.usage_in_bytes", "total_inactive_file "};

static double group_number(const group_files *v, const char *group, const char *file,
                           const char *word) {
  char path[1024];
  const int n = snprintf(path, sizeof path, "%s%s/%s", v->root, group, file);
  return n < (int)sizeof path ? number_in(path, word) : NAN;
}

static double of_group(const group_files *v, const char *group) {
  const double most = group_number(v, group, v->most, "");
  const double used = group_number(v, group, v->used, "");
  const double cache = group_number(v, group, "memory.stat", v->cache);
  if (isnan(most) || isnan(used)) return INFINITY;
  return most - used + (isnan(cache) ? 0 : cache) - reserve;
}

/* A group has no more than any group that it is in.  Within a container the group's own folder is
 * the root. */
static double of_groups_above(const group_files *v, char *group) {
  double least = of_group(v, "");
  for (char *slash = group + strlen(group); slash; slash = strrchr(group, '/')) {
    *slash = 0;
    if (*group) least = fmin(least, of_group(v, group));
  }
  return least;
}

/* Lines of "7:memory:/group" (version 1) and "0::/group" (version 2). */
static double of_control_groups(void) {
  char line[1024];
  double least = INFINITY;
  FILE *f = fopen("/proc/self/cgroup", "r");
  while (f && fgets(line, sizeof line, f)) {
    char *group = strchr(line, '/');
    if (!group) continue;
    group[strcspn(group, "\n")] = 0;
    const bool unified = strstr(line, "::") != NULL, memory = strstr(line, ":memory:") != NULL;
    if (unified || memory) {
      least = fmin(least, of_groups_above(unified ? &version_2 : &version_1, group));
    }
  }
  if (f) fclose(f);
  return least;
}

static bool limited;

void memory_left_is_limited(void) { limited = true; }

double memory_left(void) {
  if (limited) return INFINITY;
  return fmax(0, fmin(of_system(), fmin(of_address_space(), of_control_groups())));
}
