/* A run for programs (volley.h): the network of an experiment, an engine, and what a program looks at and sets in between. */
#include "volley.h"

#include "base/build_info.h"
#include "base/memory.h"
#include "base/petsc.h"
#include "base/units.h"
#include "engine/engine.h"
#include "io/data/inputs.h"
#include "io/data/reader.h"
#include "io/file/run_lock.h"
#include "io/output/recordings.h"
#include "io/output/summary.h"
#include "network/states.h"
#include "run/injection.h"
#include "run/run.h"
#include "run/taken_spikes.h"
#include "run/threads.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct volley_run {
  MPI_Comm comm; /* its own */
  volley_experiment *experiment;
  volley_network *network;
  volley_readouts *readouts; /* NULL: there are none */
  volley_taken_spikes *taken;
  volley_injection *injection;
  volley_lock *lock;             /* NULL: nothing is written */
  volley_recording *recording;   /* likewise */
  volley_recordings *recordings; /* likewise */
  volley_observer observers[3];
  volley_engine *engine;
  volley_status status;
};

const char *volley_version(void) { return VOLLEY_VERSION; }

/* Whether a new output may be there. Collective, agreed status. */
static volley_status take_output(volley_run *run, const char *output) {
  VOLLEY_TRY(volley_lock_take(&output, 1, run->comm, &run->lock));
  if (run->network->rank == 0 && access(output, F_OK) == 0)
    volley_fault(VOLLEY_USAGE, NULL, "output '%s' exists; choose another name or remove it", output);
  return volley_agree(run->comm);
}

static volley_status open_output(volley_run *run, const char *output) {
  VOLLEY_TRY(take_output(run, output));
  run->recording = volley_recording_create(run->network, run->readouts);
  VOLLEY_TRY(volley_recordings_open(run->experiment, output, volley_recording_columns(run->recording), NULL, 0,
                                    run->comm, &run->recordings));
  volley_recording_set_sink(run->recording, volley_recordings_sink(run->recordings));
  return VOLLEY_OK;
}

static volley_status build(volley_run *run, int threads, const char *output) {
  const volley_reader reader = volley_data_reader(&run->comm);
  VOLLEY_TRY(volley_choose_threads(threads, run->comm, &threads));
  if (run->experiment->n_readouts > 0) VOLLEY_TRY(volley_petsc_start(0, NULL));
  VOLLEY_TRY(volley_inputs_sum(run->experiment, run->comm));
  VOLLEY_TRY(volley_run_load(run->experiment, &reader, run->comm));
  VOLLEY_TRY(volley_run_build(run->experiment, &reader, threads, run->comm, &run->network, &run->readouts));
  run->taken = volley_taken_spikes_create(run->network);
  run->injection = volley_injection_create(run->network);
  if (output) VOLLEY_TRY(open_output(run, output));
  volley_observer *observers = run->observers;
  int n = 0;
  if (run->recording) observers[n++] = volley_recording_observer(run->recording);
  if (run->readouts) observers[n++] = volley_readouts_observer(run->readouts);
  observers[n++] = volley_taken_spikes_observer(run->taken);
  run->engine = volley_engine_create(
      NULL, &(volley_engine_setup){.network = run->network, .observers = observers, .n_observers = n});
  return VOLLEY_OK;
}

volley_status volley_run_create(volley_experiment *experiment, MPI_Comm comm, int threads, const char *output,
                                volley_run **out) {
  volley_run *run = volley_alloc(1, sizeof *run, "a run");
  *out = NULL;
  run->experiment = experiment;
  VOLLEY_MPI(MPI_Comm_dup(comm, &run->comm));
  VOLLEY_MPI(MPI_Comm_set_errhandler(run->comm, MPI_ERRORS_RETURN));
  run->status = build(run, threads, output);
  const volley_status status = run->status;
  if (status == VOLLEY_OK)
    *out = run;
  else
    (void)volley_run_destroy(run);
  return status;
}

volley_status volley_run_advance(volley_run *run, double until_ms) {
  if (run->status != VOLLEY_OK) return run->status;
  const double dt = run->experiment->simulation.dt, steps = round(until_ms / dt);
  if (!(fabs(until_ms / dt - steps) < 1e-6) || steps < (double)volley_engine_step(run->engine) ||
      steps > (double)run->experiment->simulation.steps) {
    volley_fault(
        VOLLEY_USAGE, NULL,
        "a run at %.10g ms cannot be taken to %.10g ms: whole steps of %g ms up to the duration, %.10g ms, are "
        "possible",
        volley_run_time(run), until_ms, dt, (double)run->experiment->simulation.steps * dt);
    return volley_agree(run->comm);
  }
  run->status = volley_engine_advance(run->engine, (int64_t)steps);
  return run->status;
}

double volley_run_time(const volley_run *run) {
  return (double)volley_engine_step(run->engine) * run->experiment->simulation.dt;
}

uint64_t volley_run_neurons(const volley_run *run) { return run->experiment->neurons; }
uint64_t volley_run_synapses(const volley_run *run) { return run->network->synapses; }
uint64_t volley_run_spikes(const volley_run *run) { return volley_engine_spikes(run->engine); }

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
  *n = volley_taken_spikes_take(run->taken, p, times, indices);
  return VOLLEY_OK;
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
  volley_states *states = volley_states_create(run->network, p, 0);
  const double *found = volley_states_get(states, k);
  if (run->network->rank == 0) memcpy(values, found, size * sizeof *values);
  volley_states_destroy(states);
  if (size > INT32_MAX) volley_die("a population of %u neurons is too large for one message", size);
  VOLLEY_MPI(MPI_Bcast(values, (int)size, MPI_DOUBLE, 0, run->comm));
  return VOLLEY_OK;
}

volley_status volley_run_set_state(volley_run *run, const char *population, const char *state, const double *values) {
  int p, k;
  find_state(run, population, state, &p, &k);
  VOLLEY_TRY(volley_agree(run->comm));
  volley_states *states = volley_states_create(run->network, p, 0);
  volley_states_set(states, k, values);
  volley_states_destroy(states);
  return VOLLEY_OK;
}

volley_status volley_run_inject(volley_run *run, const char *population, const double *values) {
  const int p = find_population(run, population);
  for (uint32_t i = 0; p >= 0 && i < run->experiment->populations[p].size; i++) {
    if (isfinite(values[i])) continue;
    volley_fault(VOLLEY_USAGE, NULL, "the current into neuron %u of '%s' is not finite", i, population);
    break;
  }
  VOLLEY_TRY(volley_agree(run->comm));
  volley_injection_set(run->injection, p, values);
  return VOLLEY_OK;
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
  volley_status status = is_complete ? volley_recording_flush(run->recording) : VOLLEY_OK;
  if (status == VOLLEY_OK && is_complete) volley_engine_summarize(run->engine, &summary);
  const volley_status closed =
      volley_recordings_close(run->recordings, status == VOLLEY_OK && is_complete ? &summary : NULL);
  volley_summary_release(&summary);
  return status == VOLLEY_OK ? closed : status;
}

volley_status volley_run_destroy(volley_run *run) {
  if (!run) return VOLLEY_OK;
  const bool is_complete =
      run->engine && run->status == VOLLEY_OK && volley_engine_step(run->engine) == run->experiment->simulation.steps;
  const volley_status status = run->recordings ? close_output(run, is_complete) : VOLLEY_OK;
  volley_engine_destroy(run->engine);
  volley_recording_destroy(run->recording);
  volley_taken_spikes_destroy(run->taken);
  volley_readouts_destroy(run->readouts);
  volley_injection_destroy(run->injection);
  volley_network_destroy(run->network);
  volley_lock_release(run->lock);
  MPI_Comm_free(&run->comm);
  free(run);
  return status;
}
