/* A program against an installed copy: every rank prints the neuron models that the library has. */
#include <stdio.h>
#include <volley/neuron/neuron.h>

int main(int argc, char **argv) {
  MPI_Init(&argc, &argv);
  for (const volley_neuron_model *const *model = volley_neuron_models(); *model; model++) puts((*model)->name);
  const volley_status status = volley_agree(MPI_COMM_WORLD);
  MPI_Finalize();
  return status;
}
