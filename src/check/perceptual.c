/* Four equations are solved here, and not by LAPACK, for the sake of equal bytes: eigen.c has the
 * numbers. */
#include "perceptual.h"

#include "sort.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

enum { FREQUENCIES = 8, STEPS = 8, UNKNOWNS = 4 };

static const double pi = 3.14159265358979323846;

/* ---- hash ------------------------------------------------------------------------------------ */

static void fill_cosines(double c[FREQUENCIES][SMALL]) {
  for (int u = 0; u < FREQUENCIES; u++) {
    for (int i = 0; i < SMALL; i++) c[u][i] = cos(pi * (u + 1) * (i + 0.5) / SMALL);
  }
}

static void transform(const float *x, double *f) {
  double c[FREQUENCIES][SMALL], across[SMALL][FREQUENCIES];
  fill_cosines(c);
  for (int y = 0; y < SMALL; y++) {
    for (int u = 0; u < FREQUENCIES; u++) {
      across[y][u] = 0;
      for (int i = 0; i < SMALL; i++) across[y][u] += c[u][i] * (double)x[y * SMALL + i];
    }
  }
  for (int v = 0; v < FREQUENCIES; v++) {
    for (int u = 0; u < FREQUENCIES; u++) {
      double sum = 0;
      for (int y = 0; y < SMALL; y++) sum += c[v][y] * across[y][u];
      f[v * FREQUENCIES + u] = sum;
    }
  }
}

uint64_t perceptual_hash(const float *x) {
  double f[64], sorted[64];
  transform(x, f);
  memcpy(sorted, f, sizeof f);
  const double median = sort_median(sorted, 64);
  uint64_t hash = 0;
  for (int i = 0; i < 64; i++) hash |= (uint64_t)(f[i] > median) << i;
  return hash;
}

/* ---- detail ---------------------------------------------------------------------------------- */

/* Means over windows along one axis; the edge is repeated. */
static void blur(const float *x, int side, int window, int step, int next, float *out) {
  for (int line = 0; line < side; line++) {
    for (int i = 0; i < side; i++) {
      float sum = 0;
      for (int k = -window / 2; k <= window / 2; k++) {
        const int at = i + k < 0 ? 0 : i + k >= side ? side - 1 : i + k;
        sum += x[line * next + at * step];
      }
      out[line * next + i * step] = sum / (float)window;
    }
  }
}

void perceptual_detail(const float *x, int side, int window, int8_t *detail) {
  const int n = side * side;
  float rows[FINE * FINE], smooth[FINE * FINE];
  double mean = 0, square = 0;
  blur(x, side, window, 1, side, rows);
  blur(rows, side, window, side, 1, smooth);
  for (int i = 0; i < n; i++) mean += (double)(x[i] - smooth[i]) / n;
  for (int i = 0; i < n; i++) {
    const double d = (double)(x[i] - smooth[i]) - mean;
    square += d * d / n;
  }
  const double scale = square > 0 ? 32 / sqrt(square) : 0;
  for (int i = 0; i < n; i++) {
    const double v = scale * ((double)(x[i] - smooth[i]) - mean);
    detail[i] = (int8_t)lrint(fmin(127, fmax(-127, v)));
  }
}

/* ---- match ----------------------------------------------------------------------------------- */

typedef struct moments { /* of pixels that both have */
  double n, a, b, aa, bb, ab;
} moments;

static double correlation(const moments *m) {
  const double va = m->aa - m->a * m->a / m->n, vb = m->bb - m->b * m->b / m->n;
  return m->n > 0 && va > 0 && vb > 0 ? (m->ab - m->a * m->b / m->n) / sqrt(va * vb) : 0;
}

typedef struct normal_equations {
  double left[UNKNOWNS][UNKNOWNS], right[UNKNOWNS];
} normal_equations;

static void add_pixel(double error, const double *slope, normal_equations *e) {
  for (int i = 0; i < UNKNOWNS; i++) {
    e->right[i] += slope[i] * error;
    for (int j = 0; j <= i; j++) e->left[i][j] += slope[i] * slope[j];
  }
}

static void add_moments(double a, double b, moments *m) {
  m->n++;
  m->a += a;
  m->b += b;
  m->aa += a * a;
  m->bb += b * b;
  m->ab += a * b;
}

typedef struct pixel { /* of b, between its pixels, and its slopes */
  double value, across, down;
} pixel;

static bool is_there(const int8_t *a, const int8_t *b, int side) {
  return *a != PERCEPTUAL_NONE && b[0] != PERCEPTUAL_NONE && b[1] != PERCEPTUAL_NONE &&
         b[side] != PERCEPTUAL_NONE && b[side + 1] != PERCEPTUAL_NONE;
}

static pixel look_at(const int8_t *b, int side, int row, int column, double ty, double tx) {
  const int8_t *p = b + row * side + column;
  const double top = p[0] + tx * (p[1] - p[0]);
  const double bottom = p[side] + tx * (p[side + 1] - p[side]);
  return (pixel){top + ty * (bottom - top), (1 - ty) * (p[1] - p[0]) + ty * (p[side + 1] - p[side]),
                 bottom - top};
}

/* What b has at x' for each pixel of a, and how it would change with the view. */
static double look(const int8_t *a, const int8_t *b, int side, const perceptual_view *v,
                   normal_equations *e) {
  const double centre = (side - 1) / 2.0;
  moments m = {0};
  memset(e, 0, sizeof *e);
  for (int y = 0; y < side; y++) {
    const double dy = y - centre, at_y = y + v->move[1] * side + v->scale[1] * dy;
    const int row = (int)floor(at_y);
    if (row < 0 || row >= side - 1) continue;
    for (int x = 0; x < side; x++) {
      const double dx = x - centre, at_x = x + v->move[0] * side + v->scale[0] * dx;
      const int column = (int)floor(at_x);
      if (column < 0 || column >= side - 1) continue;
      if (!is_there(a + y * side + x, b + row * side + column, side)) continue;
      const pixel q = look_at(b, side, row, column, at_y - row, at_x - column);
      add_moments(a[y * side + x], q.value, &m);
      add_pixel(a[y * side + x] - q.value,
                (double[]){q.across * side, q.down * side, q.across * dx, q.down * dy}, e);
    }
  }
  return correlation(&m);
}

/* Cholesky; false where the equations do not tell. */
static bool solve(normal_equations *e, double *x) {
  double(*l)[UNKNOWNS] = e->left;
  for (int i = 0; i < UNKNOWNS; i++) {
    for (int j = 0; j <= i; j++) {
      double sum = l[i][j];
      for (int k = 0; k < j; k++) sum -= l[i][k] * l[j][k];
      if (i == j && sum <= 1e-9) return false;
      l[i][j] = i == j ? sqrt(sum) : sum / l[j][j];
    }
  }
  for (int i = 0; i < UNKNOWNS; i++) {
    x[i] = e->right[i];
    for (int k = 0; k < i; k++) x[i] -= l[i][k] * x[k];
    x[i] /= l[i][i];
  }
  for (int i = UNKNOWNS - 1; i >= 0; i--) {
    for (int k = i + 1; k < UNKNOWNS; k++) x[i] -= l[k][i] * x[k];
    x[i] /= l[i][i];
  }
  return true;
}

/* Most of the picture must still be seen. */
static bool is_near(const perceptual_view *v) {
  for (int i = 0; i < 2; i++) {
    if (fabs(v->move[i]) > 0.125 || fabs(v->scale[i]) > 0.15) return false;
  }
  return true;
}

double perceptual_match(const int8_t *a, const int8_t *b, int side, perceptual_view *v) {
  perceptual_view at = *v;
  double best = -1;
  for (int step = 0; step < STEPS; step++) {
    normal_equations e;
    double change[UNKNOWNS], found = look(a, b, side, &at, &e);
    if (found > best) {
      best = found;
      *v = at;
    }
    if (best < 0.3 || (step == 3 && best < 0.7) || !solve(&e, change)) break;
    for (int i = 0; i < 2; i++) {
      at.move[i] += change[i];
      at.scale[i] += change[2 + i];
    }
    if (!is_near(&at)) break;
  }
  return best;
}
