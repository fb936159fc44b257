#include "force/effective.h"

#include "base/memory.h"
#include "base/parallel.h"
#include "base/progress.h"
#include "base/signals.h"
#include "solver/solver.h"

#include <stdlib.h>
#include <string.h>

enum { BEFORE, AFTER, N_TIMES, MANY = 400 /* eigenvalues, from which on it is told what LAPACK does */ };

const char *volley_spectrum_try(MPI_Comm comm) {
  const int code = volley_eigen.try_options(comm);
  return code ? volley_petsc_words(code) : NULL;
}

static volley_status fault_of_signal(const volley_readout *readout, const char *when) {
  return volley_fault(
      VOLLEY_STOPPED, NULL,
      "stopped by a signal: readout '%s' has no eigenvalues of the matrix %s; the output has all but them",
      readout->name, when);
}

/* A fault where the products with a matrix were stopped or are too large. */
static volley_status judge(const volley_effective *e) {
  const volley_readout *readout = e->weights.readout;
  if (e->stopped > 0) return fault_of_signal(readout, e->when);
  if (e->magnitude > VOLLEY_EFFECTIVE_LARGEST)
    return volley_fault(VOLLEY_FAILURE, &readout->place,
                        "readout '%s': no eigenvalues of the matrix %s: its elements reach %g, and beyond %g they "
                        "cannot be calculated; the output has all but them",
                        readout->name, e->when, e->magnitude, VOLLEY_EFFECTIVE_LARGEST);
  return VOLLEY_OK;
}

/* Some eigenvalues of one matrix. Collective, agreed status. */
static volley_status find_some(const volley_effective_weights *weights, const char *when, double **values,
                               uint32_t *n) {
  const volley_readout *readout = weights->readout;
  const MPI_Comm comm = weights->network->comm;
  volley_effective e = volley_effective_open(weights, when);
  const volley_operator matrix = {e.count, e.n, volley_effective_multiply, &e};
  *values = NULL;
  *n = 0;
  const int code = volley_eigen.find(&matrix, readout->eigenvalues, comm, values, n);
  volley_status status = judge(&e);
  if (status == VOLLEY_OK && code != 0)
    status = volley_fault(VOLLEY_FAILURE, &readout->place,
                          "readout '%s': no eigenvalues of the matrix %s: %s; the output has all but them",
                          readout->name, when, volley_petsc_words(code));
  if (status != VOLLEY_OK) {
    free(*values);
    *values = NULL;
    *n = 0;
  }
  volley_effective_close(&e);
  return volley_agree(comm);
}

/* The dense matrices before and after the run. LAPACK takes both at the same time, on two ranks or in two threads. */
typedef struct pair {
  const volley_readout *readout;
  const volley_network *network;
  uint32_t n;
  int threads;               /* of this rank's LAPACK, whatever the network has: small ones have one */
  double *matrices[N_TIMES]; /* [n columns][n]; NULL: another rank's, or one without eigenvalues */
  double *values[N_TIMES];   /* [n][2] */
  int missing[N_TIMES];      /* eigenvalues that LAPACK did not find; of the owner */
} pair;

static const char *const times[N_TIMES] = {[BEFORE] = "before the run", [AFTER] = "after the run"};

static int owner_of(const pair *p, int m) { return m % p->network->ranks; }

static size_t matrix_bytes(const pair *p) { return sizeof(double) * p->n * p->n; }

static void make_matrices(void *context) {
  pair *p = context;
  for (int m = 0; m < N_TIMES; m++) {
    p->values[m] = volley_alloc(2 * (size_t)p->n, sizeof **p->values, "all eigenvalues");
    if (owner_of(p, m) == p->network->rank) p->matrices[m] = volley_alloc_huge(matrix_bytes(p), "all eigenvalues");
  }
}

static void free_matrix(pair *p, int m) {
  if (p->matrices[m]) volley_table_free(p->matrices[m], matrix_bytes(p));
  p->matrices[m] = NULL;
}

/* Brings a matrix to its owner, whose columns are products with vectors of one 1. Collective, agreed status. */
static volley_status fill_matrix(pair *p, int m, const volley_effective_weights *weights) {
  const MPI_Comm comm = p->network->comm;
  volley_effective e = volley_effective_open(weights, times[m]);
  double *unit = volley_alloc(e.n, sizeof *unit, "eigenvalues");
  double *column = volley_alloc(e.count, sizeof *column, "eigenvalues");
  bool goes_on = true;
  for (uint32_t j = 0; j < e.n && goes_on; j++) {
    memset(column, 0, e.count * sizeof *column);
    unit[j] = 1;
    goes_on = volley_effective_multiply(&e, unit, column);
    unit[j] = 0;
    double *whole = p->matrices[m] ? p->matrices[m] + (size_t)j * e.n : NULL;
    VOLLEY_MPI(
        MPI_Gatherv(column, (int)e.count, MPI_DOUBLE, whole, e.counts, e.starts, MPI_DOUBLE, owner_of(p, m), comm));
  }
  free(column);
  free(unit);
  if (judge(&e) != VOLLEY_OK) free_matrix(p, m);
  volley_effective_close(&e);
  return volley_agree(comm);
}

static void reduce_matrices(void *context, int thread) {
  pair *p = context;
  for (int m = thread; m < N_TIMES; m += p->threads)
    if (p->matrices[m]) volley_eigen.reduce(p->matrices[m], p->n);
}

static void solve_matrices(void *context, int thread) {
  pair *p = context;
  for (int m = thread; m < N_TIMES; m += p->threads)
    if (p->matrices[m]) p->missing[m] = volley_eigen.find_all(p->matrices[m], p->n, p->values[m]);
}

/* LAPACK gives no sign of life: what it begins with is told. */
static void tell(const pair *p, const char *what) {
  if (p->network->rank == 0 && p->n >= MANY)
    volley_progress_note("readout '%s': LAPACK %s, %u x %u, before and after the run", p->readout->name, what, p->n,
                         p->n);
}

/* Both parts of LAPACK's work. Between them signals are listened to. Collective, agreed status. */
static volley_status solve(pair *p) {
  tell(p, "reduces the matrices");
  volley_parallel(p->threads, reduce_matrices, p);
  if (volley_signals_take() & VOLLEY_REQUEST_STOP) fault_of_signal(p->readout, "before or after the run");
  VOLLEY_TRY(volley_agree_one(p->network->comm));
  tell(p, "finds the eigenvalues of the reduced matrices");
  volley_parallel(p->threads, solve_matrices, p);
  for (int m = 0; m < N_TIMES; m++) {
    if (p->missing[m] != 0)
      volley_fault(
          VOLLEY_FAILURE, &p->readout->place,
          "readout '%s': no eigenvalues of the matrix %s: LAPACK found all but %d of %u; the output has all but them",
          p->readout->name, times[m], p->missing[m], p->n);
  }
  return volley_agree(p->network->comm);
}

/* Gives the values of a matrix to all ranks; *values is then the caller's. Collective. */
static void share_values(pair *p, int m, double **values, uint32_t *n) {
  int found = p->matrices[m] && p->missing[m] == 0;
  VOLLEY_MPI(MPI_Bcast(&found, 1, MPI_INT, owner_of(p, m), p->network->comm));
  if (!found) return;
  VOLLEY_MPI(MPI_Bcast(p->values[m], 2 * (int)p->n, MPI_DOUBLE, owner_of(p, m), p->network->comm));
  *values = p->values[m];
  p->values[m] = NULL;
  *n = p->n;
}

/* Collective, agreed status. */
static volley_status fill_and_solve(pair *p, const volley_effective_weights *before,
                                    const volley_effective_weights *after, volley_spectrum *out) {
  const volley_status first = fill_matrix(p, BEFORE, before);
  const volley_status second = first == VOLLEY_STOPPED ? first : fill_matrix(p, AFTER, after);
  if (second == VOLLEY_STOPPED || (first != VOLLEY_OK && second != VOLLEY_OK)) return second;
  const volley_status third = solve(p);
  if (third == VOLLEY_STOPPED) return third;
  share_values(p, BEFORE, &out->before, &out->n_before);
  share_values(p, AFTER, &out->after, &out->n_after);
  return first != VOLLEY_OK ? first : second != VOLLEY_OK ? second : third;
}

/* All eigenvalues of both matrices. Collective, agreed status. */
static volley_status find_all(const volley_effective_weights *before, const volley_effective_weights *after,
                              volley_spectrum *out) {
  pair p = {.readout = before->readout, .network = before->network, .n = before->readout->reads.size};
  p.threads = p.network->ranks == 1 ? N_TIMES : 1;
  (void)volley_memory_try(make_matrices, &p);
  volley_status status = volley_agree_one(p.network->comm);
  if (status == VOLLEY_OK) status = fill_and_solve(&p, before, after, out);
  for (int m = 0; m < N_TIMES; m++) {
    free_matrix(&p, m);
    free(p.values[m]);
  }
  return status;
}

volley_status volley_spectrum_find(const volley_effective_weights *before, const volley_effective_weights *after,
                                   volley_spectrum *out) {
  const volley_readout *readout = before->readout;
  out->readout = readout->name;
  out->wanted = readout->eigenvalues < 0 ? readout->reads.size : (uint32_t)readout->eigenvalues;
  if (readout->eigenvalues < 0) return find_all(before, after, out);
  const volley_status first = find_some(before, times[BEFORE], &out->before, &out->n_before);
  const volley_status second =
      first == VOLLEY_STOPPED ? first : find_some(after, times[AFTER], &out->after, &out->n_after);
  return first != VOLLEY_OK ? first : second;
}

uint64_t volley_spectrum_bytes(const volley_readout *readout, int ranks) {
  const uint64_t n = readout->reads.size, own = n / (uint64_t)ranks + 1, wanted = (uint64_t)readout->eigenvalues;
  const uint64_t kept = n * (uint64_t)readout->supervisor->dimension; /* eta, initial decoders */
  if (readout->eigenvalues == 0) return 0;
  const uint64_t matrices = ranks == 1 ? N_TIMES : 1;
  const uint64_t vectors =
      readout->eigenvalues < 0 ? matrices * n * (n + 64) + 8 * n : own * (2 * wanted + 20) + 12 * wanted * wanted;
  return (2 * kept + vectors + 4 * n) * sizeof(double);
}
