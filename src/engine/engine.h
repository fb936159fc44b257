/* An engine takes a network through time. A kind is one file with a table of functions, and a line in engine.c.
 *
 *   volley_engine *engine = volley_engine_create(NULL, &(volley_engine_setup){.network = network});
 *   volley_status status = volley_engine_advance(engine, 1000); the steps 0 .. 999
 *   ...                                                         look at spikes and states, change inputs
 *   if (status == VOLLEY_OK) status = volley_engine_advance(engine, 2000);
 *   if (status == VOLLEY_OK) volley_engine_summarize(engine, &summary);
 *   volley_engine_destroy(engine);
 *
 * Between two calls of advance() the network is between two steps, as in a checkpoint: all observers have been told of all
 * spikes so far, and the neurons' states are those at the time step * dt, to which what arrives at that very time is added
 * when the engine goes on. States, parameters and inputs may be looked at and changed then, on the ranks that hold them.
 * In how many calls a run is taken changes no bit of it. */
#ifndef VOLLEY_ENGINE_ENGINE_H
#define VOLLEY_ENGINE_ENGINE_H

#include "engine/observer.h"
#include "engine/saver.h"
#include "engine/summary.h"
#include "exchange/exchange.h"
#include "network/network.h"

/* What an engine is made for. Nothing is owned; all but `from` must outlive the engine. */
typedef struct volley_engine_setup {
  volley_network *network;
  const volley_run_state
      *from; /* what the run goes on from, the neurons being as they were then; NULL: the beginning */
  const volley_observer *observers; /* [n_observers] told in this order */
  int n_observers;
  const volley_saver *saver;            /* NULL: nobody saves the run while it advances */
  const volley_exchange_kind *exchange; /* NULL: that of the experiment */
} volley_engine_setup;

typedef struct volley_engine_kind {
  const char *name, *doc;
  bool is_continuous; /* takes no steps: spikes and delays are at any times (volley_simulation.continuous) */
  /* As the functions below; steps are in order, and after a status that is not VOLLEY_OK only destroy() is called. create: NULL on
   * all ranks where one has a fault, which is left on its list. */
  void *(*create)(const volley_engine_setup *setup);
  volley_status (*advance)(void *engine, int64_t until);
  uint64_t (*spikes)(const void *engine);
  void (*get_state)(const void *engine, volley_run_state *state);
  void (*show)(const void *engine);            /* NULL: states are always as they are seen */
  void (*renew)(void *engine, int population); /* NULL: nothing that the engine keeps depends on what is changed */
  void (*summarize)(const void *engine, volley_summary *summary);
  void (*destroy)(void *engine);
} volley_engine_kind;

/* All kinds, ended by NULL. The first is the default. */
const volley_engine_kind *const *volley_engine_kinds(void);

typedef struct volley_engine volley_engine;

/* An engine of a kind (NULL: that of the experiment) before its first step. Collective over the network's communicator; MPI must provide
 * MPI_THREAD_FUNNELED, and what is collective must be called from the thread that initialized it. Owned by the caller;
 * NULL after an agreed fault: there is no memory for it. */
volley_engine *volley_engine_create(const volley_engine_kind *kind, const volley_engine_setup *setup);
void volley_engine_destroy(volley_engine *engine); /* collective; NULL is allowed */

/* Takes all steps before `until`, with the network's threads; at the end of the experiment also the samples of that time.
 * Collective. Returns an agreed status: VOLLEY_OK, the first other one that an observer or the saver gave, VOLLEY_STOPPED if
 * the run was saved and stopped at a request, or VOLLEY_USAGE with a fault if `until` lies before the present step or beyond
 * the experiment. After any but VOLLEY_OK the run is over: all further calls return the same. */
volley_status volley_engine_advance(volley_engine *engine, int64_t until);

/* The experiment ends at the present step: sets *steps, which are those of the experiment. A saver that saves at the end does so now.
 * What is left is a call of advance() to this step, for the samples of the end. Collective, agreed status. */
volley_status volley_engine_end(volley_engine *engine, int64_t *steps);

/* The next step to be taken. Not collective. */
int64_t volley_engine_step(const volley_engine *engine);

/* Spikes of all ranks since the beginning of the run, as far as they are known by now; also for observers while the engine
 * advances. The same on every rank. Not collective. */
uint64_t volley_engine_spikes(const volley_engine *engine);

/* The state of the run between two steps: with the neurons' states all that a checkpoint needs. Its arrays are allocated here:
 * volley_run_state_release(). Collective, between two calls of advance() that gave VOLLEY_OK; the same on every rank. Faults
 * are left on their list, to be agreed on before the state is used. */
void volley_engine_get_state(const volley_engine *engine, volley_run_state *state);

/* After get_state(), once what it left has been read: neurons' states are again as they are seen between two calls of advance(). Not
 * collective. */
void volley_engine_show(const volley_engine *engine);

/* Between two calls of advance(): parameters of a population's neurons, or the static synapses (-1), have been changed. Collective;
 * faults are left on their list. */
void volley_engine_renew(const volley_engine *engine, int population);

/* Fills the figures of a summary that an engine knows, of all steps so far, the same on every rank; its arrays are
 * allocated here: volley_summary_release(). Collective, as get_state(). */
void volley_engine_summarize(const volley_engine *engine, volley_summary *summary);

/* create, advance to the end of the experiment, summarize and destroy in a row. Returns what advance() does. */
volley_status volley_simulate(const volley_engine_setup *setup, volley_summary *summary);

#endif
