/* A program against an installed copy: every rank tells the version, and a fault of an experiment that is not there. */
#include <stdio.h>
#include <volley.h>

int main(int argc, char **argv) {
  volley_experiment *experiment = NULL;
  MPI_Init(&argc, &argv);
  volley_faults_keep();
  const volley_status status = volley_experiment_read("nowhere.yaml", NULL, 0, MPI_COMM_WORLD, &experiment);
  if (status == VOLLEY_USAGE && volley_faults_count() == 1)
    printf("volley %s: %s\n", volley_version(), volley_faults_text(0));
  volley_experiment_destroy(experiment);
  MPI_Finalize();
  return 0;
}
