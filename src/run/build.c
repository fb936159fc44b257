#include "run/run.h"

#include "record/kind.h"
#include "signal/signal.h"
#include "stimulus/load.h"

volley_status volley_run_load(volley_experiment *experiment, const volley_reader *reader, MPI_Comm comm) {
  VOLLEY_TRY(volley_signals_load(experiment, reader, comm));
  return volley_stimuli_load(experiment, reader, comm);
}

volley_status volley_run_build(volley_experiment *experiment, const volley_reader *reader, int threads, MPI_Comm comm,
                               volley_network **network, volley_readouts **readouts) {
  VOLLEY_TRY(volley_network_build(experiment, reader, threads, comm, network));
  volley_recorders_count(experiment, *network);
  for (int p = 0; p < experiment->n_populations; p++)
    experiment->populations[p].outgoing = (volley_outgoing)(*network)->outgoing[p];
  return experiment->n_readouts > 0 ? volley_readouts_create(*network, reader, readouts) : VOLLEY_OK;
}
