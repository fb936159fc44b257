#include "run/run.h"

#include "base/progress.h"
#include "learner/learner.h"
#include "network/given.h"
#include "network/sources.h"
#include "record/kind.h"
#include "rule/edge_list.h"
#include "rule/rule.h"
#include "run/advance.h"
#include "run/stops.h"
#include "signal/signal.h"
#include "solver/solver.h"
#include "space/space.h"
#include "stimulus/stimulus.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static bool is_equation(const volley_signal *signal) { return signal && signal->kind->make_rows; }

bool volley_needs_petsc(const volley_experiment *experiment) {
  for (int r = 0; r < experiment->n_readouts; r++) {
    const volley_readout *readout = &experiment->readouts[r];
    if (volley_learner_of(readout)->needs_petsc || readout->eigenvalues != 0 || is_equation(readout->supervisor))
      return true;
  }
  for (int s = 0; s < experiment->n_stimuli; s++) {
    if (is_equation(experiment->stimuli[s].signal)) return true;
  }
  return false;
}

volley_status volley_synapses_expect(volley_experiment *experiment, const volley_reader *reader) {
  for (int p = 0; p < experiment->n_projections; p++) {
    volley_projection *projection = &experiment->projections[p];
    projection->expected = projection->rule->expected(experiment, projection);
    if (!isnan(projection->expected)) continue;
    const volley_edge_file file = volley_edge_file_of(experiment, projection);
    volley_edge_sample sample;
    projection->expected = 0;
    VOLLEY_TRY(reader->edge_sample(reader->context, &file, 1, &sample));
    projection->expected = (double)sample.edges;
    free(sample.weights);
    free(sample.delays);
  }
  return VOLLEY_OK;
}

volley_status volley_run_load(volley_experiment *experiment, const volley_reader *reader, MPI_Comm comm) {
  if (volley_needs_petsc(experiment)) VOLLEY_TRY(volley_petsc_start(0, NULL, comm));
  VOLLEY_TRY(volley_spaces_load(experiment, reader, comm));
  if (experiment->simulation.partitioner->weighs) VOLLEY_TRY(volley_synapses_expect(experiment, reader));
  VOLLEY_TRY(volley_signals_load(experiment, reader, comm));
  VOLLEY_TRY(volley_sources_count(experiment, reader, comm));
  return volley_stimuli_load(experiment, reader, comm);
}

/* What solves for decoders, and how, is PETSc's options. */
static void note_options(const volley_checkpoint_info *info, const volley_network *network) {
  if (network->rank == 0 && strcmp(info->petsc_options, volley_petsc_options()) != 0)
    volley_progress_note("note: the options of PETSc are '%s' now and were '%s' when checkpoint '%s' was written: what "
                         "they change of learning is not that of one run",
                         volley_petsc_options(), info->petsc_options, info->path);
}

static volley_status restore(volley_checkpoint *from, const volley_run_parts *parts) {
  const uint64_t synapses = volley_checkpoint_get_info(from)->state.synapses;
  if (parts->readouts) note_options(volley_checkpoint_get_info(from), parts->network);
  if (parts->network->synapses != synapses && !volley_checkpoint_get_info(from)->branches)
    volley_fault(VOLLEY_USAGE, NULL,
                 "the network has %" PRIu64 " synapses, that of the checkpoint had %" PRIu64
                 ": has a file that the experiment reads changed?",
                 parts->network->synapses, synapses);
  VOLLEY_TRY(volley_agree(parts->network->comm));
  return volley_checkpoint_restore(from, parts);
}

/* Groups of ranks must be no larger than what there is. One rank by itself has nobody to exchange with. */
static volley_status check_group(const volley_experiment *experiment, MPI_Comm comm) {
  int ranks;
  VOLLEY_MPI(MPI_Comm_size(comm, &ranks));
  const int group = experiment->simulation.exchange_group;
  const volley_place place = {.file = experiment->file, .path = "simulation.exchange_group"};
  if (group > ranks && ranks > 1)
    volley_fault(VOLLEY_USAGE, &place, "groups of %d ranks, but there are %d in all: at most so many make a group",
                 group, ranks);
  return volley_agree(comm);
}

volley_status volley_run_build(volley_experiment *experiment, const volley_reader *reader, int threads, bool records,
                               volley_checkpoint *from, MPI_Comm comm, volley_run_parts *parts) {
  VOLLEY_TRY(check_group(experiment, comm));
  volley_stops_begin(experiment);
  if (from) volley_changes_skip(experiment, volley_checkpoint_get_info(from)->state.step);
  VOLLEY_TRY(volley_network_build(experiment, reader, threads, comm, &parts->network));
  volley_recorders_count(experiment, parts->network);
  VOLLEY_TRY(volley_agree_one(comm)); /* memory may lack for it: then nobody knows how large rows are */
  for (int p = 0; p < experiment->n_populations; p++)
    experiment->populations[p].outgoing = (volley_outgoing)parts->network->outgoing[p];
  if (experiment->n_readouts > 0) VOLLEY_TRY(volley_readouts_create(parts->network, reader, &parts->readouts));
  if (records) parts->recording = volley_recording_create(parts->network, parts->readouts);
  VOLLEY_TRY(volley_agree_one(comm));
  if (from) VOLLEY_TRY(restore(from, parts));
  return parts->network->weights_given ? volley_network_renew_weights(parts->network, reader) : VOLLEY_OK;
}

void volley_run_parts_destroy(volley_run_parts *parts) {
  volley_recording_destroy(parts->recording);
  volley_readouts_destroy(parts->readouts);
  volley_network_destroy(parts->network);
}
