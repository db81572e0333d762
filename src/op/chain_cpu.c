/* chain_cpu.c: runs chains of pointwise operators piece by piece, all steps on one piece while it
 * is in the cache, the pieces in parallel. */
#include "chain.h"

#include <string.h>

#include "bf16.h"
#include "expand.h"
#include "pointwise.h"

/* Elements of a piece, and of a room: not a multiple of 4 KiB, at which loads wait for stores to
 * other rooms. */
enum { PIECE = 1024, ROOM = PIECE + 80, MAX_REGISTERS = OP_MAX_INPUTS + CHAIN_MAX_STEPS };

/* A thread's rooms: of inputs that are repeated or bfloat16, then of results that are not stored,
 * or not as they are. */
typedef struct workspace {
  _Alignas(64) float room[MAX_REGISTERS][ROOM];
  expand_memo memo[OP_MAX_INPUTS];
} workspace;

typedef struct program {
  const chain *c;
  const void *const *in;
  void *const *out;
  expansion expansion[OP_MAX_INPUTS];
  pointwise_loop *loop[CHAIN_MAX_STEPS];
  int last_read[MAX_REGISTERS];   /* the last step that reads the register, or -1 */
  int stored_as[CHAIN_MAX_STEPS]; /* the output that a step writes straight into, or -1 */
  int room[CHAIN_MAX_STEPS];      /* where it writes otherwise */
  bool straight[OP_MAX_OUTPUTS];  /* outputs that are not copied from a room */
} program;

static void find_last_reads(program *p) {
  for (int r = 0; r < MAX_REGISTERS; r++) p->last_read[r] = -1;
  for (int i = 0; i < p->c->steps; i++) {
    const chain_step *s = &p->c->step[i];
    for (int k = 0; k < s->op->inputs; k++) p->last_read[s->in[k]] = i;
  }
}

/* A step may not write over an input that a later step reads. */
static bool overwrites(const program *p, int step, const void *out) {
  for (int i = 0; i < p->c->inputs; i++) {
    if (p->in[i] == out && p->last_read[i] > step) return true;
  }
  return false;
}

static void place_outputs(program *p) {
  const chain *c = p->c;
  for (int i = 0; i < c->steps; i++) p->stored_as[i] = -1;
  for (int k = 0; k < c->outputs; k++) {
    int step = c->output[k] - c->inputs;
    p->straight[k] = !c->out_bf16[k] && p->stored_as[step] < 0 && !overwrites(p, step, p->out[k]);
    if (p->straight[k])
      p->stored_as[step] = k;
    else
      p->last_read[c->output[k]] = c->steps;
  }
}

/* Gives every step a room whose content nobody reads after the step. */
static void place_rooms(program *p) {
  int free_after[MAX_REGISTERS];
  for (int r = 0; r < MAX_REGISTERS; r++) free_after[r] = -1;
  for (int i = 0; i < p->c->steps; i++) {
    int r = p->c->inputs;
    while (free_after[r] > i) r++;
    p->room[i] = r;
    if (p->stored_as[i] < 0) free_after[r] = p->last_read[p->c->inputs + i];
  }
}

static const float *read_input(const program *p, int i, int64_t first, int n, workspace *w) {
  float *room = w->room[i];
  if (!p->c->in_bf16[i])
    return expand_lend(&p->expansion[i], p->in[i], first, n, room, &w->memo[i]);
  bf16_widen_piece(n, (const uint16_t *)p->in[i] + first, room);
  return room;
}

static void write_output(const program *p, int k, int64_t first, int n, const float *x) {
  if (p->c->out_bf16[k])
    bf16_round_piece(n, x, (uint16_t *)p->out[k] + first);
  else if (!p->straight[k])
    memcpy((float *)p->out[k] + first, x, (size_t)n * sizeof *x);
}

static void run_piece(const program *p, int64_t first, int n, workspace *w) {
  const chain *c = p->c;
  const float *reg[MAX_REGISTERS];
  for (int i = 0; i < c->inputs; i++) reg[i] = read_input(p, i, first, n, w);
  for (int i = 0; i < c->steps; i++) {
    const chain_step *s = &c->step[i];
    const float *x[2] = {reg[s->in[0]], reg[s->in[s->op->inputs - 1]]};
    float *y =
        p->stored_as[i] >= 0 ? (float *)p->out[p->stored_as[i]] + first : w->room[p->room[i]];
    p->loop[i](n, x, y, s->attr.f);
    reg[c->inputs + i] = y;
  }
  for (int k = 0; k < c->outputs; k++) write_output(p, k, first, n, reg[c->output[k]]);
}

/* Whole pixels where an input has one number a channel, so that its room holds the same for every
 * piece, or lies in rows. */
static int64_t piece_of(const program *p) {
  int64_t channels = p->c->shape.d[3];
  if (channels > PIECE) return PIECE;
  for (int i = 0; i < p->c->inputs; i++) {
    const expansion *e = &p->expansion[i];
    bool vector = e->period == channels && e->period < e->region;
    if (e->row || vector) return PIECE / channels * channels;
  }
  return PIECE;
}

void chain_run(const chain *c, const void *const *in, void *const *out) {
  program p = {.c = c, .in = in, .out = out};
  for (int i = 0; i < c->inputs; i++) {
    p.expansion[i] = expand_shape(&c->input[i], &c->shape);
    p.expansion[i].row = c->in_row[i];
    p.expansion[i].width = c->shape.d[3];
  }
  for (int i = 0; i < c->steps; i++) p.loop[i] = pointwise_find(c->step[i].op);
  find_last_reads(&p);
  place_outputs(&p);
  place_rooms(&p);
  int64_t count = tg_count(c->shape), piece = piece_of(&p);
#pragma omp parallel if (count > 8 * PIECE)
  {
    workspace w;
    for (int i = 0; i < OP_MAX_INPUTS; i++) w.memo[i] = (expand_memo){0};
#pragma omp for schedule(static)
    for (int64_t first = 0; first < count; first += piece) {
      run_piece(&p, first, (int)(count - first < piece ? count - first : piece), &w);
    }
  }
}

/* A pointwise operator by itself is a chain of one step. */
static int run_loop(const op_site *s, void *state, const op_buffers *b) {
  (void)state;
  chain c = {.shape = s->out, .inputs = s->n, .steps = 1, .outputs = 1, .output = {s->n}};
  for (int i = 0; i < s->n; i++) c.input[i] = s->in[i];
  c.step[0] = (chain_step){.op = s->op, .attr = s->attr, .in = {0, s->n - 1}};
  chain_run(&c, b->in, b->out);
  return 0;
}

static const op_kernel loop = {.name = "loop", .run = run_loop};

const op_kernel *const pointwise_cpu[] = {&loop, NULL};
