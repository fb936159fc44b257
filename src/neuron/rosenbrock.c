/* Implicit steps for equations whose rates are too large for those of cash_karp.h: few neurons, seldom. */
#include "neuron/cash_karp.h"

enum { MAX = VOLLEY_MAX_DIMENSION };

static const double too_many = 20000; /* rate times length of a step that stability cuts into a third as many */

/* Slopes at y, `at` ms after the whole step began. */
static void slopes_at(const volley_equations *of, volley_cell *cell, double at, const double *y, double *slopes) {
  volley_set_courses(of, cell, at, 0);
  volley_slopes(of, cell, 0, y, slopes);
}

/* Derivatives of the slopes, which are `slopes` at y. */
static void find_jacobian(const volley_equations *of, const volley_cell *cell, const double *y, const double *slopes,
                          double jacobian[MAX][MAX]) {
  double moved[MAX], there[MAX];
  for (int d = 0; d < of->n; d++) moved[d] = y[d];
  for (int d = 0; d < of->n; d++) {
    moved[d] = y[d] + 0x1p-22 * fmax(fabs(y[d]), 1);
    volley_slopes(of, cell, 0, moved, there);
    for (int e = 0; e < of->n; e++) jacobian[e][d] = (there[e] - slopes[e]) / (moved[d] - y[d]);
    moved[d] = y[d];
  }
}

bool volley_is_stiff(const volley_equations *of, volley_cell *cell, double start, double h, const double *y) {
  double slopes[MAX], jacobian[MAX][MAX];
  slopes_at(of, cell, start, y, slopes);
  find_jacobian(of, cell, y, slopes, jacobian);
  for (int d = 0; d < of->n; d++) {
    if (-jacobian[d][d] * h > too_many) return true;
  }
  return false;
}

/* Takes a matrix apart into triangles; row c was exchanged with row order[c]. */
static void decompose(double matrix[MAX][MAX], int order[MAX], int n) {
  for (int c = 0; c < n; c++) {
    order[c] = c;
    for (int r = c + 1; r < n; r++) {
      if (fabs(matrix[r][c]) > fabs(matrix[order[c]][c])) order[c] = r;
    }
    for (int k = 0; k < n; k++) {
      const double kept = matrix[c][k];
      matrix[c][k] = matrix[order[c]][k];
      matrix[order[c]][k] = kept;
    }
    for (int r = c + 1; r < n; r++) {
      matrix[r][c] /= matrix[c][c];
      for (int k = c + 1; k < n; k++) matrix[r][k] -= matrix[r][c] * matrix[c][k];
    }
  }
}

/* Solves for x, in place. */
static void solve(double matrix[MAX][MAX], const int order[MAX], int n, double *x) {
  for (int c = 0; c < n; c++) {
    const double kept = x[c];
    x[c] = x[order[c]];
    x[order[c]] = kept;
  }
  for (int r = 1; r < n; r++) {
    for (int k = 0; k < r; k++) x[r] -= matrix[r][k] * x[k];
  }
  for (int r = n - 1; r >= 0; r--) {
    for (int k = r + 1; k < n; k++) x[r] -= matrix[r][k] * x[k];
    x[r] /= matrix[r][r];
  }
}

/* The stages k1 .. k4 solve (2 - h J) k = h f + ..., J being the Jacobian. */
double volley_rosenbrock(const volley_equations *of, volley_cell *cell, double start, double h, const double *y,
                         double *end) {
  const int n = of->n;
  double first[MAX], then[MAX], matrix[MAX][MAX], k1[MAX], k2[MAX], k3[MAX], k4[MAX], error = 0;
  int order[MAX] = {0};
  slopes_at(of, cell, start + 0x1p-10 * h, y, then);
  slopes_at(of, cell, start, y, first);
  find_jacobian(of, cell, y, first, matrix);
  for (int d = 0; d < n; d++) {
    for (int e = 0; e < n; e++) matrix[d][e] = (d == e ? 2 : 0) - h * matrix[d][e];
  }
  decompose(matrix, order, n);
  for (int d = 0; d < n; d++) {
    const double in_time = h * 0x1p10 * (then[d] - first[d]); /* of the slope, by what is given and not solved for */
    k1[d] = h * first[d] + 0.5 * in_time;
    k2[d] = h * first[d] + 1.5 * in_time;
  }
  solve(matrix, order, n, k1);
  for (int d = 0; d < n; d++) k2[d] += 4 * k1[d];
  solve(matrix, order, n, k2);
  for (int d = 0; d < n; d++) end[d] = y[d] + 2 * k1[d];
  slopes_at(of, cell, start + h, end, then);
  for (int d = 0; d < n; d++) k3[d] = h * then[d] + k1[d] - k2[d];
  solve(matrix, order, n, k3);
  for (int d = 0; d < n; d++) end[d] += k3[d];
  slopes_at(of, cell, start + h, end, then);
  for (int d = 0; d < n; d++) k4[d] = h * then[d] + k1[d] - k2[d] - 8.0 / 3 * k3[d];
  solve(matrix, order, n, k4);
  for (int d = 0; d < n; d++) {
    end[d] += k4[d];
    error += fabs(k4[d]);
  }
  return error;
}
