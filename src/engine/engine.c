#include "engine/engine.h"

#include "base/memory.h"

#include <inttypes.h>
#include <stdlib.h>

/* clang-format off */
#define KINDS(X) \
  X(clock) \
  X(event) \
  /* one line a kind */
/* clang-format on */

#define DECLARED(name) extern const volley_engine_kind volley_engine_##name;
#define LISTED(name) &volley_engine_##name,
KINDS(DECLARED)

const volley_engine_kind *const *volley_engine_kinds(void) {
  static const volley_engine_kind *const kinds[] = {KINDS(LISTED) NULL};
  return kinds;
}

struct volley_engine {
  const volley_engine_kind *kind;
  void *state;
  const volley_network *network;
  const volley_saver *saver; /* or NULL */
  int64_t step;
  volley_status status; /* of the last advance */
};

volley_engine *volley_engine_create(const volley_engine_kind *kind, const volley_engine_setup *setup) {
  volley_engine *engine = volley_alloc(1, sizeof *engine, "the engine");
  const volley_engine_kind *named = setup->network->experiment->simulation.engine;
  engine->kind = kind ? kind : named ? named : volley_engine_kinds()[0];
  engine->network = setup->network;
  engine->saver = setup->saver;
  engine->step = setup->from ? setup->from->step : 0;
  engine->state = engine->kind->create(setup);
  if (volley_is_made(engine->state, "engine", engine->kind->name, setup->network->comm)) return engine;
  (void)volley_agree_one(setup->network->comm);
  volley_engine_destroy(engine);
  return NULL;
}

void volley_engine_destroy(volley_engine *engine) {
  if (!engine) return;
  if (engine->state) engine->kind->destroy(engine->state);
  free(engine);
}

volley_status volley_engine_advance(volley_engine *engine, int64_t until) {
  const int64_t steps = engine->network->experiment->simulation.steps;
  if (engine->status != VOLLEY_OK) return engine->status;
  if (until < engine->step || until > steps) {
    volley_fault(VOLLEY_USAGE, NULL,
                 "the run cannot advance to step %" PRId64 ": it is before step %" PRId64 " of %" PRId64, until,
                 engine->step, steps);
    return volley_agree(engine->network->comm);
  }
  engine->status = engine->kind->advance(engine->state, until);
  engine->step = until;
  return engine->status;
}

volley_status volley_engine_end(volley_engine *engine, int64_t *steps) {
  const volley_saver *saver = engine->saver;
  const bool is_saved = saver && saver->is_due(saver->context, engine->step);
  *steps = engine->step;
  if (!saver || is_saved || !saver->is_due(saver->context, engine->step)) return VOLLEY_OK;
  volley_run_state state;
  volley_engine_get_state(engine, &state);
  volley_status status = volley_agree(engine->network->comm);
  if (status == VOLLEY_OK) status = saver->save(saver->context, &state, false);
  volley_run_state_release(&state);
  volley_engine_show(engine);
  return status;
}

int64_t volley_engine_step(const volley_engine *engine) { return engine->step; }

uint64_t volley_engine_spikes(const volley_engine *engine) { return engine->kind->spikes(engine->state); }

void volley_engine_get_state(const volley_engine *engine, volley_run_state *state) {
  engine->kind->get_state(engine->state, state);
}

void volley_engine_show(const volley_engine *engine) {
  if (engine->kind->show) engine->kind->show(engine->state);
}

void volley_engine_renew(const volley_engine *engine, int population) {
  if (engine->kind->renew) engine->kind->renew(engine->state, population);
}

void volley_engine_summarize(const volley_engine *engine, volley_summary *summary) {
  engine->kind->summarize(engine->state, summary);
}

volley_status volley_simulate(const volley_engine_setup *setup, volley_summary *summary) {
  volley_engine *engine = volley_engine_create(NULL, setup);
  if (!engine) return VOLLEY_FAILURE;
  const volley_status status = volley_engine_advance(engine, setup->network->experiment->simulation.steps);
  if (status == VOLLEY_OK) volley_engine_summarize(engine, summary);
  volley_engine_destroy(engine);
  return status;
}
