/* A program that hosts Volley: builds a network, takes it 100 ms on, looks at it, changes an input, goes on.
 *
 *   mpicc -o host host.c $(pkg-config --cflags --libs volley) && mpirun -n 2 ./host */
#include <stdio.h>
#include <stdlib.h>
#include <volley.h>

enum { CELLS = 100 };

/* Neurons that inhibit each other. */
static void describe(volley_description *d) {
  volley_description_set(d, "simulation.duration", "200 ms");
  volley_description_add(d, "populations", "cells");
  volley_description_set(d, "populations.cells.model", "iaf_psc_exp");
  volley_description_set_number(d, "populations.cells.size", CELLS);
  volley_description_add(d, "projections", "inhibition");
  volley_description_set(d, "projections.inhibition.source", "cells");
  volley_description_set(d, "projections.inhibition.target", "cells");
  volley_description_set(d, "projections.inhibition.rule", "fixed_indegree");
  volley_description_set_number(d, "projections.inhibition.indegree", 10);
  volley_description_set_number(d, "projections.inhibition.weight", -40);
  volley_description_set(d, "projections.inhibition.delay", "1.5 ms");
}

/* Spikes since the last call, and the mean potential now. */
static volley_status look(volley_run *run, const char *when, int rank) {
  const double *times;
  const uint32_t *cells;
  double potentials[CELLS], mean = 0;
  size_t n;
  volley_status status = volley_run_take_spikes(run, "cells", &times, &cells, &n);
  if (status == VOLLEY_OK) status = volley_run_get_state(run, "cells", "V_m", potentials);
  for (int i = 0; i < CELLS && status == VOLLEY_OK; i++) mean += potentials[i] / CELLS;
  if (status == VOLLEY_OK && rank == 0)
    printf("%s, at %g ms: %zu spikes, the last of cell %u at %g ms; V_m is %.3f mV\n", when, volley_run_time(run), n,
           n ? (unsigned)cells[n - 1] : 0, n ? times[n - 1] : 0, mean);
  return status;
}

/* Drives the neurons, more and more from the first to the last; then holds them back; then sets where they are. */
static volley_status host(volley_run *run, int rank) {
  double drive[CELLS], less[CELLS], potentials[CELLS];
  char digest[VOLLEY_DIGEST_TEXT];
  for (int i = 0; i < CELLS; i++) drive[i] = 350 + 3 * i, less[i] = drive[i] - 300, potentials[i] = -70 + 0.2 * i;
  volley_status status = volley_run_inject(run, "cells", drive);
  if (status == VOLLEY_OK) status = volley_run_advance(run, 100);
  if (status == VOLLEY_OK) status = look(run, "driven", rank);
  if (status == VOLLEY_OK) status = volley_run_inject(run, "cells", less);
  if (status == VOLLEY_OK) status = volley_run_advance(run, 150);
  if (status == VOLLEY_OK) status = look(run, "held back", rank);
  if (status == VOLLEY_OK) status = volley_run_set_state(run, "cells", "V_m", potentials);
  if (status == VOLLEY_OK) status = look(run, "moved", rank);
  if (status == VOLLEY_OK) status = volley_run_advance(run, 200);
  if (status == VOLLEY_OK) status = look(run, "held back again", rank);
  if (status != VOLLEY_OK) return status;
  volley_run_digest(run, digest);
  if (rank == 0) printf("spike digest %s\n", digest);
  return VOLLEY_OK;
}

int main(int argc, char **argv) {
  int rank, provided;
  MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &provided);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  volley_faults_keep();
  volley_description *description = volley_description_create("host", ".");
  volley_experiment *experiment = NULL;
  volley_run *run = NULL;
  describe(description);
  volley_status status = volley_description_check(description, true, MPI_COMM_WORLD, &experiment);
  if (status == VOLLEY_OK) status = volley_run_create(experiment, MPI_COMM_WORLD, 1, NULL, &run);
  if (status == VOLLEY_OK) status = host(run, rank);
  for (int f = 0; f < volley_faults_count() && rank == 0; f++) fprintf(stderr, "host: %s\n", volley_faults_text(f));
  volley_run_destroy(run);
  volley_experiment_destroy(experiment);
  MPI_Finalize();
  return (int)status;
}
