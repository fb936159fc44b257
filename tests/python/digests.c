/* What test_simulation.py runs beside in_process.py: prints the digest of each experiment file, in C. */
#include "volley.h"

#include <stdio.h>

int main(int argc, char **argv) {
  int rank, provided;
  volley_status status = VOLLEY_OK;
  MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &provided);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  for (int f = 1; f < argc && status == VOLLEY_OK; f++) {
    volley_experiment *experiment = NULL;
    volley_run *run = NULL;
    char digest[VOLLEY_DIGEST_TEXT];
    status = volley_experiment_read(argv[f], NULL, 0, MPI_COMM_WORLD, &experiment);
    if (status == VOLLEY_OK) status = volley_run_create(experiment, MPI_COMM_WORLD, 1, NULL, &run);
    for (double t = 7; t <= 50 && status == VOLLEY_OK; t += t < 49 ? 7 : 1) status = volley_run_advance(run, t);
    if (run) volley_run_digest(run, digest);
    if (status == VOLLEY_OK && rank == 0) printf("%s %s\n", argv[f], digest);
    (void)volley_run_destroy(run);
    volley_experiment_destroy(experiment);
  }
  MPI_Finalize();
  return (int)status;
}
