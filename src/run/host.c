/* A run for programs (volley.h): the network of an experiment, an engine, and what a program looks at and sets in between. */
#include "volley.h"

#include "base/build_info.h"
#include "base/memory.h"
#include "base/units.h"
#include "engine/engine.h"
#include "experiment/check.h"
#include "io/data/inputs.h"
#include "io/data/reader.h"
#include "io/experiment/file.h"
#include "io/file/path.h"
#include "io/file/run_lock.h"
#include "io/output/recordings.h"
#include "io/output/summary.h"
#include "model/change.h"
#include "network/given.h"
#include "network/sources.h"
#include "network/states.h"
#include "network/values.h"
#include "run/advance.h"
#include "run/assignments.h"
#include "run/injection.h"
#include "run/run.h"
#include "run/synapse_values.h"
#include "run/taken_spikes.h"
#include "run/threads.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct volley_run {
  MPI_Comm comm; /* its own */
  volley_experiment *experiment;
  volley_experiment described; /* as it was when the run was made: with other stimuli it belongs to `renewed` */
  volley_experiment *renewed;  /* NULL: no stimulus was set */
  volley_run_parts parts;
  volley_taken_spikes *taken;
  volley_injection *injection;
  const char *output;            /* absolute; "": nothing is written */
  volley_lock *lock;             /* NULL: nothing is written */
  volley_recordings *recordings; /* likewise */
  volley_observer observers[3];
  volley_engine *engine;
  double *synapses; /* what volley_run_get_synapses() gave last */
  volley_status status;
};

const char *volley_version(void) { return VOLLEY_VERSION; }

/* Whether a new output may be there. Collective, agreed status. */
static volley_status take_output(volley_run *run, const char *output) {
  VOLLEY_TRY(volley_lock_take(&output, 1, run->comm, &run->lock));
  if (run->parts.network->rank == 0 && access(output, F_OK) == 0)
    volley_fault(VOLLEY_USAGE, NULL, "output '%s' exists; choose another name or remove it", output);
  return volley_agree(run->comm);
}

static volley_status open_output(volley_run *run, const char *output, const volley_checkpoint_info *from) {
  VOLLEY_TRY(take_output(run, output));
  if (from) volley_recording_go_on_from(run->parts.recording, from->past.positions);
  VOLLEY_TRY(volley_recordings_open(run->experiment, output, volley_recording_columns(run->parts.recording),
                                    from ? &from->past : NULL, from ? from->state.step : 0, run->comm,
                                    &run->recordings));
  volley_recording_set_sink(run->parts.recording, volley_recordings_sink(run->recordings));
  run->output = volley_path_absolute(run->comm, run->experiment->arena, output);
  return VOLLEY_OK;
}

static volley_status build(volley_run *run, int threads, const char *output, volley_checkpoint *checkpoint) {
  const volley_checkpoint_info *from = checkpoint ? volley_checkpoint_get_info(checkpoint) : NULL;
  const volley_reader reader = volley_data_reader(&run->comm);
  VOLLEY_TRY(volley_inputs_sum(run->experiment, run->comm));
  if (from)
    (void)volley_inputs_compare(run->experiment, from);
  else
    volley_trial_check(run->experiment);
  VOLLEY_TRY(volley_agree(run->comm));
  VOLLEY_TRY(volley_run_load(run->experiment, &reader, run->comm));
  int ranks;
  VOLLEY_MPI(MPI_Comm_size(run->comm, &ranks));
  VOLLEY_TRY(volley_choose_threads(threads, run->experiment, ranks, run->comm, &threads));
  VOLLEY_TRY(volley_run_build(run->experiment, &reader, threads, output, checkpoint, run->comm, &run->parts));
  run->taken = volley_taken_spikes_create(run->parts.network);
  run->injection = volley_injection_create(run->parts.network);
  if (output) VOLLEY_TRY(open_output(run, output, from));
  volley_observer *observers = run->observers;
  int n = 0;
  if (output) observers[n++] = volley_recording_observer(run->parts.recording);
  if (run->parts.readouts) observers[n++] = volley_readouts_observer(run->parts.readouts);
  observers[n++] = volley_taken_spikes_observer(run->taken);
  run->engine = volley_engine_create(NULL, &(volley_engine_setup){.network = run->parts.network,
                                                                  .from = from ? &from->state : NULL,
                                                                  .observers = observers,
                                                                  .n_observers = n});
  return run->engine ? VOLLEY_OK : VOLLEY_FAILURE;
}

/* A run from its beginning, or from a checkpoint on (NULL: none). Collective, agreed status. */
static volley_status create(volley_experiment *experiment, MPI_Comm comm, int threads, const char *output,
                            volley_checkpoint *from, volley_run **out) {
  volley_run *run = volley_alloc(1, sizeof *run, "a run");
  *out = NULL;
  run->experiment = experiment;
  run->described = *experiment;
  run->output = "";
  VOLLEY_MPI(MPI_Comm_dup(comm, &run->comm));
  VOLLEY_MPI(MPI_Comm_set_errhandler(run->comm, MPI_ERRORS_RETURN));
  run->status = build(run, threads, output, from);
  const volley_status status = run->status;
  if (status == VOLLEY_OK)
    *out = run;
  else
    (void)volley_run_destroy(run);
  return status;
}

volley_status volley_run_create(volley_experiment *experiment, MPI_Comm comm, int threads, const char *output,
                                volley_run **out) {
  return create(experiment, comm, threads, output, NULL, out);
}

/* The experiment of a checkpoint, with assignments. Collective, agreed status. */
static volley_status read_checkpoint(const volley_checkpoint_info *info, const char *const *sets, int n_sets,
                                     MPI_Comm comm, volley_experiment **out) {
  VOLLEY_TRY(volley_experiment_read_text(info->experiment, info->path, info->experiment_file, info->experiment_folder,
                                         sets, n_sets, comm, out));
  VOLLEY_TRY(volley_recorders_begin(*out, (int64_t)info->begins));
  (*out)->begun_from = *info->begun_from ? volley_arena_copy((*out)->arena, info->begun_from) : NULL;
  volley_experiment_compare(*out, info->experiment, volley_arena_format((*out)->arena, "checkpoint '%s'", info->path),
                            info->time_ms);
  return volley_agree(comm);
}

volley_status volley_run_resume(const char *path, const char *const *sets, int n_sets, MPI_Comm comm, int threads,
                                const char *output, volley_experiment **experiment, volley_run **out) {
  volley_checkpoint *checkpoint;
  *experiment = NULL;
  *out = NULL;
  VOLLEY_TRY(volley_checkpoint_open(path, comm, &checkpoint));
  const volley_checkpoint_info *info = volley_checkpoint_get_info(checkpoint);
  volley_status status = read_checkpoint(info, sets, n_sets, comm, experiment);
  if (!output && *info->output) output = info->output;
  if (status == VOLLEY_OK) status = create(*experiment, comm, threads, output, checkpoint, out);
  if (status != VOLLEY_OK) volley_experiment_destroy(*experiment), *experiment = NULL;
  volley_checkpoint_close(checkpoint);
  return status;
}

volley_status volley_run_save(volley_run *run, const char *path) {
  static const volley_recorded nothing = {0};
  volley_run_state state;
  VOLLEY_TRY(run->status);
  if (!run->recordings && run->experiment->n_recorders > 0)
    volley_fault(VOLLEY_USAGE, NULL, "a run whose recorders have no output cannot be saved; give it an output");
  VOLLEY_TRY(volley_agree(run->comm));
  if (run->recordings) VOLLEY_TRY(volley_recording_flush(run->parts.recording));
  if (run->recordings) VOLLEY_TRY(volley_recordings_cut(run->recordings, volley_engine_step(run->engine)));
  volley_engine_get_state(run->engine, &state);
  const volley_recorded *past = run->recordings ? volley_recordings_recorded(run->recordings) : &nothing;
  const volley_status status =
      volley_checkpoint_write(&run->parts, &state, past, run->output, path, run->experiment->checkpoint.keep);
  volley_run_state_release(&state);
  volley_engine_show(run->engine);
  return status;
}

/* Makes parameters and spikes of populations anew, or only looks for faults. Collective, agreed status. */
static volley_status renew_populations(volley_run *run, const volley_renewal *renewal, const volley_reader *reader,
                                       bool checks) {
  volley_network *network = run->parts.network;
  for (int p = 0; p < run->experiment->n_populations; p++) {
    if (!renewal->populations[p]) continue;
    if (run->experiment->populations[p].spikes)
      VOLLEY_TRY(checks ? volley_sources_check(run->experiment, p, reader, run->comm)
                        : volley_sources_renew(network, p, reader));
    else
      VOLLEY_TRY(checks ? volley_values_check(network->partition, p, false, reader, run->comm)
                        : volley_network_renew_parameters(network, p, reader));
  }
  return VOLLEY_OK;
}

volley_status volley_run_set(volley_run *run, const char *const *sets, int n_sets) {
  volley_experiment *experiment = run->experiment, *renewed;
  VOLLEY_TRY(run->status);
  VOLLEY_TRY(volley_assignments_check(experiment, volley_engine_step(run->engine), sets, n_sets, run->comm));
  VOLLEY_TRY(volley_experiment_read_text(experiment->resolved, experiment->file, experiment->file, experiment->from,
                                         sets, n_sets, run->comm, &renewed));
  const volley_reader reader = volley_data_reader(&run->comm);
  const volley_renewal renewal = volley_assignments_renewal(renewed, sets, n_sets);
  volley_status status = volley_assignments_check_renewed(renewed, experiment, run->comm);
  if (status == VOLLEY_OK) status = volley_assignments_check_files(renewed, experiment, &renewal, run->comm);
  if (status == VOLLEY_OK) status = volley_run_load(renewed, &reader, run->comm);
  if (status != VOLLEY_OK) {
    volley_experiment_destroy(renewed);
    return status;
  }
  for (int p = 0; p < experiment->n_populations; p++) /* currents that compensate downscaling belong to stimuli, too */
    renewed->populations[p].outgoing = experiment->populations[p].outgoing;
  const volley_experiment before = *experiment;
  experiment->populations = renewed->populations;
  experiment->stimuli = renewed->stimuli;
  experiment->tree = renewed->tree;
  experiment->resolved = renewed->resolved;
  experiment->inputs = renewed->inputs;
  for (int c = 0; c < experiment->n_changed; c++) /* which no assignment sets then */
    if (experiment->changes[c].stimulus >= 0) volley_change_stimulus(experiment, &experiment->changes[c]);
  status = renew_populations(run, &renewal, &reader, true);
  if (status != VOLLEY_OK) {
    *experiment = before;
    volley_experiment_destroy(renewed);
    return status;
  }
  run->status = renew_populations(run, &renewal, &reader, false); /* memory may lack: then it can only be closed */
  volley_network_renew_inputs(run->parts.network);
  volley_experiment_destroy(run->renewed);
  run->renewed = renewed;
  return run->status;
}

volley_status volley_run_advance(volley_run *run, double until_ms) {
  if (run->status != VOLLEY_OK) return run->status;
  const double dt = run->experiment->simulation.dt, steps = round(until_ms / dt);
  if (run->experiment->ended_early) return VOLLEY_OK;
  if (!(fabs(until_ms / dt - steps) < 1e-6) || steps < (double)volley_engine_step(run->engine) ||
      steps > (double)run->experiment->simulation.steps) {
    volley_fault(
        VOLLEY_USAGE, NULL,
        "a run at %.10g ms cannot be taken to %.10g ms: whole steps of %g ms up to the duration, %.10g ms, are "
        "possible",
        volley_run_time(run), until_ms, dt, (double)run->experiment->simulation.steps * dt);
    return volley_agree(run->comm);
  }
  const volley_reader reader = volley_data_reader(&run->comm);
  run->status = volley_run_take(run->engine, run->parts.network, run->experiment, &reader, (int64_t)steps, false);
  return run->status;
}

const char *volley_run_ended_early(const volley_run *run) { return run->experiment->ended_early; }

double volley_run_time(const volley_run *run) {
  return (double)volley_engine_step(run->engine) * run->experiment->simulation.dt;
}

double volley_run_step(const volley_run *run) { return run->experiment->simulation.dt; }
uint64_t volley_run_neurons(const volley_run *run) { return run->experiment->neurons; }
uint64_t volley_run_synapses(const volley_run *run) { return run->parts.network->synapses; }
uint64_t volley_run_spikes(const volley_run *run) { return volley_engine_spikes(run->engine); }

uint32_t volley_run_size(const volley_run *run, const char *population) {
  for (int p = 0; p < run->experiment->n_populations; p++) {
    if (strcmp(run->experiment->populations[p].name, population) == 0) return run->experiment->populations[p].size;
  }
  return 0;
}

/* The number of a population; -1 after adding a fault. */
static int find_population(const volley_run *run, const char *name) {
  for (int p = 0; p < run->experiment->n_populations; p++) {
    if (strcmp(run->experiment->populations[p].name, name) == 0) return p;
  }
  volley_fault(VOLLEY_USAGE, NULL, "there is no population '%s'", name);
  return -1;
}

volley_status volley_run_take_spikes(volley_run *run, const char *population, const double **times,
                                     const uint32_t **indices, size_t *n) {
  const int p = find_population(run, population);
  VOLLEY_TRY(volley_agree(run->comm));
  return volley_taken_spikes_take(run->taken, p, times, indices, n);
}

/* The numbers of a population and a state of its model; a fault if there are none. */
static void find_state(const volley_run *run, const char *population, const char *state, int *p, int *k) {
  *k = -1;
  *p = find_population(run, population);
  if (*p < 0) return;
  const volley_neuron_model *model = run->experiment->populations[*p].model;
  for (int s = 0; s < model->n_states; s++) {
    if (strcmp(model->states[s].name, state) == 0) *k = s;
  }
  if (*k < 0)
    volley_fault(VOLLEY_USAGE, NULL, "neurons of '%s' (%s) have no state '%s'", population, model->name, state);
}

volley_status volley_run_get_state(volley_run *run, const char *population, const char *state, double *values) {
  int p, k;
  find_state(run, population, state, &p, &k);
  VOLLEY_TRY(volley_agree(run->comm));
  const uint32_t size = run->experiment->populations[p].size;
  volley_states *states = volley_states_create(run->parts.network, p, 0);
  const double *found = volley_states_get(states, k);
  if (run->parts.network->rank == 0 && found) memcpy(values, found, size * sizeof *values);
  volley_states_destroy(states);
  VOLLEY_TRY(volley_agree_one(run->comm));
  if (size > INT32_MAX) volley_die("a population of %u neurons is too large for one message", size);
  VOLLEY_MPI(MPI_Bcast(values, (int)size, MPI_DOUBLE, 0, run->comm));
  return VOLLEY_OK;
}

volley_status volley_run_set_state(volley_run *run, const char *population, const char *state, const double *values) {
  int p, k;
  find_state(run, population, state, &p, &k);
  VOLLEY_TRY(volley_agree(run->comm));
  volley_states *states = volley_states_create(run->parts.network, p, 0);
  volley_states_set(states, k, values);
  volley_states_destroy(states);
  return volley_agree_one(run->comm);
}

/* The number of a projection, whose file, if it is read again, must be what it was. Collective, agreed status. */
static volley_status find_projection(const volley_run *run, const char *name, int *p) {
  int found = 0;
  for (int k = 0; k < run->experiment->n_projections; k++)
    if (strcmp(run->experiment->projections[k].name, name) == 0) *p = k, found++;
  if (found == 0) volley_fault(VOLLEY_USAGE, NULL, "there is no projection '%s'", name);
  if (found > 1) volley_fault(VOLLEY_USAGE, NULL, "%d projections are called '%s'; give them names", found, name);
  VOLLEY_TRY(volley_agree(run->comm));
  const volley_projection *projection = &run->experiment->projections[*p];
  if (projection->plasticity.model) return VOLLEY_OK;
  return volley_inputs_compare_path(run->experiment, projection->file, run->comm);
}

volley_status volley_run_get_synapses(volley_run *run, const char *projection, const char *state, const double **values,
                                      uint64_t *n) {
  int p;
  VOLLEY_TRY(run->status);
  VOLLEY_TRY(find_projection(run, projection, &p));
  const volley_reader reader = volley_data_reader(&run->comm);
  free(run->synapses);
  run->synapses = NULL;
  const volley_status status =
      volley_synapse_values(run->parts.network, p, state, volley_engine_step(run->engine), &reader, &run->synapses, n);
  *values = run->synapses;
  return status;
}

volley_status volley_run_set_synapses(volley_run *run, const char *projection, const char *state, const double *values,
                                      uint64_t n) {
  int p;
  VOLLEY_TRY(run->status);
  volley_refuse_continuous(run->experiment, "states of synapses");
  VOLLEY_TRY(find_projection(run, projection, &p));
  const bool learns = run->experiment->projections[p].plasticity.model, is_weight = strcmp(state, "weight") == 0;
  const volley_reader reader = volley_data_reader(&run->comm);
  if (!learns && !is_weight)
    volley_fault(VOLLEY_USAGE, NULL, "synapses of '%s' do not learn: of them only 'weight' can be set, not '%s'",
                 projection, state);
  VOLLEY_TRY(volley_agree(run->comm));
  const volley_status status =
      learns ? volley_synapse_values_set(run->parts.network, p, state, volley_engine_step(run->engine), values, n)
             : volley_given_set(run->parts.network, p, values, n, &reader);
  if (status == VOLLEY_FAILURE) run->status = status; /* some ranks may have them */
  return status;
}

volley_status volley_run_inject(volley_run *run, const char *population, const double *values) {
  const int p = find_population(run, population);
  volley_refuse_continuous(run->experiment, "injected currents");
  for (uint32_t i = 0; p >= 0 && i < run->experiment->populations[p].size; i++) {
    if (isfinite(values[i])) continue;
    volley_fault(VOLLEY_USAGE, NULL, "the current into neuron %u of '%s' is not finite", i, population);
    break;
  }
  VOLLEY_TRY(volley_agree(run->comm));
  volley_injection_set(run->injection, p, values);
  return volley_agree_one(run->comm);
}

void volley_run_digest(const volley_run *run, char text[VOLLEY_DIGEST_TEXT]) {
  volley_summary summary = {0};
  volley_engine_summarize(run->engine, &summary);
  volley_digest_text(summary.digest, text);
  volley_summary_release(&summary);
}

/* Completes the output of a run that has come to its end; keeps what there is of another. */
static volley_status close_output(volley_run *run, bool is_complete) {
  volley_summary summary = {0};
  volley_status status = is_complete ? volley_recording_flush(run->parts.recording) : VOLLEY_OK;
  if (status == VOLLEY_OK && is_complete) volley_engine_summarize(run->engine, &summary);
  if (status == VOLLEY_OK && is_complete && run->parts.readouts)
    status = volley_readouts_find_spectra(run->parts.readouts, &summary);
  const volley_status closed =
      volley_recordings_close(run->recordings, status == VOLLEY_OK && is_complete ? &summary : NULL);
  volley_summary_release(&summary);
  return status == VOLLEY_OK ? closed : status;
}

volley_status volley_run_destroy(volley_run *run) {
  if (!run) return VOLLEY_OK;
  const bool is_complete =
      run->engine && run->status == VOLLEY_OK && volley_engine_step(run->engine) == run->experiment->simulation.steps;
  if (is_complete && run->recordings) run->status = volley_engine_advance(run->engine, volley_engine_step(run->engine));
  const volley_status status = run->recordings ? close_output(run, is_complete && run->status == VOLLEY_OK) : VOLLEY_OK;
  volley_engine_destroy(run->engine);
  volley_taken_spikes_destroy(run->taken);
  volley_injection_destroy(run->injection);
  free(run->synapses);
  volley_run_parts_destroy(&run->parts);
  *run->experiment = run->described;
  volley_experiment_destroy(run->renewed);
  volley_lock_release(run->lock);
  MPI_Comm_free(&run->comm);
  free(run);
  return status;
}
