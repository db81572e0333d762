/* bench_explain.c: the roofline of a training step: its kernels' times beside the least that the
 * machine's own rates allow. */
#include <stdlib.h>
#include <string.h>

#include "memory.h"
#include "numeral.h"
#include "timed_step.h"

static const double summed_up = 0.1; /* of the lost time: the last rows */

static double lost(const explain_row *r) { return r->seconds - r->limit; }

/* The rows, most lost first, that say where all but a tenth of the lost time is. */
static int count_telling(const explain_row *r, int n) {
  double left = 0;
  int telling = 0;
  for (int i = 0; i < n; i++) left += lost(&r[i]);
  for (double enough = summed_up * left; telling < n && left > enough; telling++) {
    left -= lost(&r[telling]);
  }
  return telling;
}

static int by_loss(const void *a, const void *b) {
  const explain_row *x = a, *y = b;
  return lost(x) > lost(y) ? -1 : lost(x) < lost(y);
}

static bool same_kernel(const tg_step_profile *a, const tg_step_profile *b) {
  return strcmp(a->operation, b->operation) == 0 && strcmp(a->kernel, b->kernel) == 0;
}

static bool same_site(const tg_step_profile *a, const tg_step_profile *b) {
  return same_kernel(a, b) && strcmp(a->site, b->site) == 0;
}

/* Adds x to the row of its kind, which is made if there is none; rows before the addition. */
static int add_row(explain_row *row, int n, const explain_row *x,
                   bool (*same)(const tg_step_profile *, const tg_step_profile *)) {
  int i = 0;
  while (i < n && !same(&row[i].profile, &x->profile)) i++;
  if (i == n) {
    row[n] = *x;
    return n + 1;
  }
  row[i].count += x->count;
  row[i].seconds += x->seconds;
  row[i].limit += x->limit;
  return n;
}

explanation explain_step(const bench_step *s, const tg_rates *r, const double *seconds) {
  explanation e = {.name = s->name, .kernels = bench_kernels(s)};
  e.row = memory_new((size_t)e.kernels * sizeof *e.row);
  for (int i = 0; i < e.kernels; i++) {
    explain_row x = {.count = 1, .seconds = seconds[i]};
    bench_profile(s, i, &x.profile);
    x.limit = tg_rates_limit(r, &x.profile, &x.memory);
    e.seconds += x.seconds;
    e.limit += x.limit;
    e.rows = add_row(e.row, e.rows, &x, same_site);
  }
  for (int k = 0; k < s->plans; k++) {
    if ((double)tg_plan_bytes(s->plan[k]) <= e.block) continue;
    e.block = (double)tg_plan_bytes(s->plan[k]);
    e.alive = (double)tg_plan_live_bytes(s->plan[k]);
  }
  qsort(e.row, (size_t)e.rows, sizeof *e.row, by_loss);
  return e;
}

void explain_free(explanation *e) {
  free(e->row);
  e->row = NULL;
}

/* ---- as text ------------------------------------------------------------------------------ */

static double percent(double part, double whole) { return whole > 0 ? 100 * part / whole : 0; }

void explain_print_rates(FILE *f, const tg_rates *r) {
  int n = tg_threads();
  numeral_put(f, "\nthis machine: %d thread%s, %s; matrix products %.0f GFLOP/s", n,
              n == 1 ? "" : "s", tg_processor(), r->flop / 1e9);
  if (r->flop_bf16 > 0) numeral_put(f, " (bf16 %.0f)", r->flop_bf16 / 1e9);
  fprintf(f, "; copies (read and write)");
  for (int i = 0; i < TG_COPIES; i++) {
    numeral_put(f, "%s %.3g MB %.0f", i ? "," : " of", r->copy[i].size / (1 << 20),
                r->copy[i].rate / 1e9);
  }
  fprintf(f, " GB/s\n");
  if (r->copy[0].rate < 2 * r->copy[TG_COPIES - 1].rate) {
    fprintf(f,
            "Copies in the cache are hardly faster than in memory: other programs seem to hold the "
            "processors; measure again when they are done.\n");
  }
}

/* The kinds of kernel that lose most, over all their sites. */
static void print_kinds(FILE *f, const explanation *e) {
  explain_row *kind = memory_new((size_t)e->rows * sizeof *kind);
  int n = 0;
  for (int i = 0; i < e->rows; i++) n = add_row(kind, n, &e->row[i], same_kernel);
  qsort(kind, (size_t)n, sizeof *kind, by_loss);
  fprintf(f, "the rest is here:");
  for (int i = 0, telling = count_telling(kind, n); i < telling; i++) {
    numeral_put(f, "%s %s/%s %.0f %%", i ? "," : "", kind[i].profile.operation,
                kind[i].profile.kernel, percent(lost(&kind[i]), e->seconds));
  }
  fprintf(f, "\n");
  free(kind);
}

static void print_waiting(FILE *f, const explanation *e) {
  if (e->waiting < 0) {
    fprintf(f, "The images are made up: no time goes to waiting for data.\n");
  } else {
    numeral_put(f, "waiting for images: %.3f ms a step, %.2f %% of it\n", 1e3 * e->waiting,
                percent(e->waiting, e->seconds + e->waiting));
  }
}

static void print_row(FILE *f, const explanation *e, const explain_row *r) {
  const tg_step_profile *p = &r->profile;
  double work = r->count * (r->memory ? p->bytes : p->flop) / 1e9;
  double rate = r->seconds > 0 ? work / r->seconds : 0, most = r->limit > 0 ? work / r->limit : 0;
  numeral_put(f, "%8.3f %8.3f %5.1f%% %5.0f%%  %8.4f %-6s %7.1f %7.1f %5d  %-8s %s\n",
              1e3 * lost(r), 1e3 * r->seconds, percent(r->seconds, e->seconds),
              percent(r->limit, r->seconds), work, r->memory ? "GB" : "GFLOP", rate, most, r->count,
              p->kernel, p->site);
}

static void print_others(FILE *f, const explanation *e, int first) {
  explain_row sum = {0};
  for (int i = first; i < e->rows; i++) {
    sum.count += e->row[i].count;
    sum.seconds += e->row[i].seconds;
    sum.limit += e->row[i].limit;
  }
  if (!sum.count) return;
  numeral_put(f, "%8.3f %8.3f %5.1f%% %5.0f%%  %31s %5d  others\n", 1e3 * lost(&sum),
              1e3 * sum.seconds, percent(sum.seconds, e->seconds), percent(sum.limit, sum.seconds),
              "", sum.count);
}

void explain_print(FILE *f, const explanation *e) {
  numeral_put(
      f,
      "\n%s: %.2f ms in %d kernels; at the machine's limits %.2f ms: it runs at %.0f %% of them\n",
      e->name, 1e3 * e->seconds, e->kernels, 1e3 * e->limit, percent(e->limit, e->seconds));
  bench_print_memory(f, e->block, e->alive);
  fprintf(f, "\n");
  print_waiting(f, e);
  print_kinds(f, e);
  fprintf(
      f,
      " lost ms  time ms  share of limit  work              per s   limit sites  kernel, site\n");
  int telling = count_telling(e->row, e->rows);
  for (int i = 0; i < telling; i++) print_row(f, e, &e->row[i]);
  print_others(f, e, telling);
}

/* ---- as JSON ------------------------------------------------------------------------------ */

json_t *explain_rates_json(const tg_rates *r) {
  json_t *copies = json_array();
  for (int i = 0; i < TG_COPIES; i++) {
    json_array_append_new(copies, json_pack("{s:f, s:f}", "bytes", r->copy[i].size,
                                            "bytes_per_second", r->copy[i].rate));
  }
  return json_pack("{s:s, s:f, s:f, s:o}", "processor", tg_processor(), "flop_per_second", r->flop,
                   "flop_per_second_bf16", r->flop_bf16, "copies", copies);
}

static json_t *row_json(const explain_row *r) {
  const tg_step_profile *p = &r->profile;
  return json_pack("{s:s, s:s, s:s, s:i, s:f, s:f, s:s, s:f, s:f, s:f}", "operation", p->operation,
                   "kernel", p->kernel, "site", p->site, "count", r->count, "ms", 1e3 * r->seconds,
                   "limit_ms", 1e3 * r->limit, "limited_by", r->memory ? "memory" : "products",
                   "flop", p->flop, "kernel_flop", p->kernel_flop, "bytes", p->bytes);
}

json_t *explain_json(const explanation *e) {
  json_t *rows = json_array();
  json_t *waiting = e->waiting < 0 ? json_null() : json_real(1e3 * e->waiting);
  for (int i = 0; i < e->rows; i++) json_array_append_new(rows, row_json(&e->row[i]));
  return json_pack("{s:s, s:f, s:f, s:o, s:f, s:f, s:o}", "name", e->name, "ms", 1e3 * e->seconds,
                   "limit_ms", 1e3 * e->limit, "waiting_ms", waiting, "intermediate_bytes",
                   e->block, "alive_bytes", e->alive, "kernels", rows);
}
