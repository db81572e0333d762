/* conv.c: the convolution family: shapes, gradients, definitions.  Sites have NHWC activations and
 * weights {kh,kw,ci,co}.  The family is closed under differentiation: the gradients of each of the
 * three are the other two, so gradients of any order are convolutions. */
#include "conv.h"

#include <math.h>
#include <string.h>

enum { STRIDE, PAD };

static conv_geometry make_geometry(const tg_shape *x, const tg_shape *w, const tg_shape *y,
                                   const op_attr *a) {
  return (conv_geometry){.n = x->d[0],
                         .h = x->d[1],
                         .w = x->d[2],
                         .ci = x->d[3],
                         .kh = w->d[0],
                         .kw = w->d[1],
                         .ho = y->d[1],
                         .wo = y->d[2],
                         .co = y->d[3],
                         .stride = a->i[STRIDE],
                         .pad = a->i[PAD]};
}

conv_geometry conv_site_geometry(const op_site *s) {
  if (s->op == &op_conv) return make_geometry(&s->in[0], &s->in[1], &s->out, &s->attr);
  if (s->op == &op_conv_dx) return make_geometry(&s->out, &s->in[1], &s->in[0], &s->attr);
  return make_geometry(&s->in[0], &s->out, &s->in[1], &s->attr);
}

/* ---- shapes ------------------------------------------------------------------------------- */

static int64_t slide(int64_t size, int64_t kernel, const op_attr *a) {
  int64_t room = size + 2 * a->i[PAD] - kernel;
  return room < 0 ? 0 : room / a->i[STRIDE] + 1;
}

/* The shape of y for x and w, with the reason where there is none. */
static bool infer_output(const tg_shape *x, const tg_shape *w, const op_attr *a, tg_shape *y,
                         char *why, size_t size) {
  if (a->i[STRIDE] < 1 || a->i[PAD] < 0) {
    return op_refuse(why, size, "stride %lld must be at least 1 and pad %lld at least 0",
                     (long long)a->i[STRIDE], (long long)a->i[PAD]);
  }
  if (x->d[3] != w->d[2]) {
    return op_refuse(why, size, "the image has %lld channels, the weights {kh,kw,ci,co} want %lld",
                     (long long)x->d[3], (long long)w->d[2]);
  }
  *y = tg_shape4(x->d[0], slide(x->d[1], w->d[0], a), slide(x->d[2], w->d[1], a), w->d[3]);
  if (y->d[1] < 1 || y->d[2] < 1) {
    return op_refuse(why, size, "a %lldx%lld kernel does not fit a %lldx%lld image with pad %lld",
                     (long long)w->d[0], (long long)w->d[1], (long long)x->d[1], (long long)x->d[2],
                     (long long)a->i[PAD]);
  }
  return true;
}

static bool shape_conv(const op_site *s, tg_shape *out, char *why, size_t size) {
  return infer_output(&s->in[0], &s->in[1], &s->attr, out, why, size);
}

/* An adjoint's incoming gradient must have the shape of the convolution's output. */
static bool check_adjoint(const tg_shape *x, const tg_shape *w, const tg_shape *dy,
                          const op_attr *a, char *why, size_t size) {
  tg_shape y;
  if (!infer_output(x, w, a, &y, why, size)) return false;
  if (tg_same_shape(y, *dy)) return true;
  return op_refuse(why, size,
                   "dy is {%lld,%lld,%lld,%lld}, but the convolution of the wanted shape makes "
                   "{%lld,%lld,%lld,%lld}",
                   (long long)dy->d[0], (long long)dy->d[1], (long long)dy->d[2],
                   (long long)dy->d[3], (long long)y.d[0], (long long)y.d[1], (long long)y.d[2],
                   (long long)y.d[3]);
}

static bool shape_conv_dx(const op_site *s, tg_shape *out, char *why, size_t size) {
  *out = s->attr.shape;
  return check_adjoint(out, &s->in[1], &s->in[0], &s->attr, why, size);
}

static bool shape_conv_dw(const op_site *s, tg_shape *out, char *why, size_t size) {
  *out = s->attr.shape;
  return check_adjoint(&s->in[0], out, &s->in[1], &s->attr, why, size);
}

/* ---- gradients ---------------------------------------------------------------------------- */

/* The weights' gradient comes first: what only it still reads is then free for the other one. */
static void gradient_conv(const op_gradient *d) {
  int s = (int)d->attr->i[STRIDE], p = (int)d->attr->i[PAD];
  tg_value x = d->in[0], w = d->in[1];
  if (d->wanted[1]) d->dx[1] = tg_conv_dw(d->g, x, d->dy, tg_shape_of(d->g, w), s, p);
  if (d->wanted[0]) d->dx[0] = tg_conv_dx(d->g, d->dy, w, tg_shape_of(d->g, x), s, p);
}

static void gradient_conv_dx(const op_gradient *d) {
  int s = (int)d->attr->i[STRIDE], p = (int)d->attr->i[PAD];
  tg_value dy = d->in[0], w = d->in[1];
  if (d->wanted[1]) d->dx[1] = tg_conv_dw(d->g, d->dy, dy, tg_shape_of(d->g, w), s, p);
  if (d->wanted[0]) d->dx[0] = tg_conv(d->g, d->dy, w, s, p);
}

static void gradient_conv_dw(const op_gradient *d) {
  int s = (int)d->attr->i[STRIDE], p = (int)d->attr->i[PAD];
  tg_value x = d->in[0], dy = d->in[1];
  if (d->wanted[0]) d->dx[0] = tg_conv_dx(d->g, dy, d->dy, tg_shape_of(d->g, x), s, p);
  if (d->wanted[1]) d->dx[1] = tg_conv(d->g, x, d->dy, s, p);
}

/* ---- definitions -------------------------------------------------------------------------- */

/* One tap: x [ci], w [ci][co], y [co]; each of the three adds to one of them. */
typedef void tap(const conv_geometry *g, double *x, double *w, double *y);

static void tap_forward(const conv_geometry *g, double *x, double *w, double *y) {
  for (int64_t c = 0; c < g->ci; c++) {
    for (int64_t o = 0; o < g->co; o++) y[o] += x[c] * w[c * g->co + o];
  }
}

static void tap_dx(const conv_geometry *g, double *x, double *w, double *y) {
  for (int64_t c = 0; c < g->ci; c++) {
    for (int64_t o = 0; o < g->co; o++) x[c] += y[o] * w[c * g->co + o];
  }
}

static void tap_dw(const conv_geometry *g, double *x, double *w, double *y) {
  for (int64_t c = 0; c < g->ci; c++) {
    for (int64_t o = 0; o < g->co; o++) w[c * g->co + o] += x[c] * y[o];
  }
}

/* The taps of output position i,j of one image. */
static void walk_position(const conv_geometry *g, tap *f, double *x, double *w, double *y,
                          int64_t i, int64_t j) {
  for (int64_t u = 0; u < g->kh; u++) {
    int64_t r = i * g->stride + u - g->pad;
    if (r < 0 || r >= g->h) continue;
    for (int64_t v = 0; v < g->kw; v++) {
      int64_t q = j * g->stride + v - g->pad;
      if (q < 0 || q >= g->w) continue;
      f(g, x + (r * g->w + q) * g->ci, w + (u * g->kw + v) * g->ci * g->co,
        y + (i * g->wo + j) * g->co);
    }
  }
}

static void walk(const conv_geometry *g, tap *f, double *x, double *w, double *y) {
  for (int64_t n = 0; n < g->n; n++) {
    double *image = x + n * g->h * g->w * g->ci, *map = y + n * g->ho * g->wo * g->co;
    for (int64_t i = 0; i < g->ho; i++) {
      for (int64_t j = 0; j < g->wo; j++) walk_position(g, f, image, w, map, i, j);
    }
  }
}

/* The taps write to the zeroed output only; the inputs stay as they are. */
static void reference_conv(const op_site *s, const op_buffers *b) {
  conv_geometry g = conv_site_geometry(s);
  memset(b->out[0], 0, (size_t)tg_count(s->out) * sizeof(double));
  walk(&g, tap_forward, (double *)b->in[0], (double *)b->in[1], b->out[0]);
}

static void reference_conv_dx(const op_site *s, const op_buffers *b) {
  conv_geometry g = conv_site_geometry(s);
  memset(b->out[0], 0, (size_t)tg_count(s->out) * sizeof(double));
  walk(&g, tap_dx, b->out[0], (double *)b->in[1], (double *)b->in[0]);
}

static void reference_conv_dw(const op_site *s, const op_buffers *b) {
  conv_geometry g = conv_site_geometry(s);
  memset(b->out[0], 0, (size_t)tg_count(s->out) * sizeof(double));
  walk(&g, tap_dw, (double *)b->in[0], b->out[0], (double *)b->in[1]);
}

/* The direct algorithm's, taps in the padding included, as the field counts. */
static void cost_conv(const op_site *s, op_cost *c) {
  conv_geometry g = conv_site_geometry(s);
  c->flop = 2.0 * (double)(g.n * g.ho * g.wo) * (double)(g.kh * g.kw * g.ci * g.co);
}

/* ---- builders ----------------------------------------------------------------------------- */

tg_value tg_conv(tg_graph *g, tg_value x, tg_value w, int stride, int pad) {
  return op_node(g, &op_conv, 2, (tg_value[]){x, w}, &(op_attr){.i = {stride, pad}});
}

tg_value tg_conv_dx(tg_graph *g, tg_value dy, tg_value w, tg_shape x_shape, int stride, int pad) {
  return op_node(g, &op_conv_dx, 2, (tg_value[]){dy, w},
                 &(op_attr){.i = {stride, pad}, .shape = x_shape});
}

tg_value tg_conv_dw(tg_graph *g, tg_value x, tg_value dy, tg_shape w_shape, int stride, int pad) {
  return op_node(g, &op_conv_dw, 2, (tg_value[]){x, dy},
                 &(op_attr){.i = {stride, pad}, .shape = w_shape});
}

/* ---- rows --------------------------------------------------------------------------------- */

static const op_kernel *const conv_cpu[] = {
    &conv_scaled,      &conv_winograd_small, &conv_colour,  &conv_winograd_bf16,
    &conv_narrow_bf16, &conv_narrow,         &conv_columns, &conv_direct_bf16,
    &conv_winograd,    &conv_direct,         NULL};
static const op_kernel *const conv_dx_cpu[] = {&conv_dx_winograd_small,
                                               &conv_dx_winograd_bf16,
                                               &conv_narrow_bf16,
                                               &conv_narrow,
                                               &conv_dx_columns,
                                               &conv_direct_bf16,
                                               &conv_dx_winograd,
                                               &conv_dx_direct,
                                               NULL};
static const op_kernel *const conv_dw_cpu[] = {&conv_dw_winograd_small,
                                               &conv_dw_colour,
                                               &conv_dw_winograd_bf16,
                                               &conv_dw_narrow_bf16,
                                               &conv_dw_narrow,
                                               &conv_dw_columns,
                                               &conv_dw_direct_bf16,
                                               &conv_dw_product,
                                               &conv_dw_winograd,
                                               &conv_dw_direct,
                                               NULL};

static bool rows_conv(const op_site *s, int i) { return s->fusion.scaled && i == 0; }

const op op_conv = {.name = "conv",
                    .inputs = 2,
                    .flags = OP_FUSE_BIAS | OP_FUSE_ACTIVATION | OP_PACKS | OP_ROUNDS,
                    .shape = shape_conv,
                    .gradient = gradient_conv,
                    .reference = reference_conv,
                    .rows = rows_conv,
                    .cpu = conv_cpu,
                    .cost = cost_conv};

const op op_conv_dx = {.name = "conv_dx",
                       .inputs = 2,
                       .flags = OP_FUSE_BIAS | OP_FUSE_ACTIVATION | OP_PACKS | OP_ROUNDS,
                       .shape = shape_conv_dx,
                       .gradient = gradient_conv_dx,
                       .reference = reference_conv_dx,
                       .cpu = conv_dx_cpu,
                       .cost = cost_conv};

const op op_conv_dw = {.name = "conv_dw",
                       .inputs = 2,
                       .flags = OP_ROUNDS,
                       .shape = shape_conv_dw,
                       .gradient = gradient_conv_dw,
                       .reference = reference_conv_dw,
                       .cpu = conv_dw_cpu,
                       .cost = cost_conv};
