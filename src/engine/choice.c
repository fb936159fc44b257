#include "engine/choice.h"

#include "base/memory.h"

#include <limits.h>
#include <stdlib.h>

/* Ids of a rank in one batch when all neurons fire at a rate that is seldom exceeded, so that a second round is rare and a
 * thousand ranks do not send each other empty space. */
static uint32_t usual_spikes(const volley_network *network, int batch) {
  const double usual_rate = 20; /* Hz */
  const double seconds = 1e-3 * network->experiment->simulation.dt * batch;
  const double spikes = usual_rate * seconds * (double)network->experiment->neurons / network->ranks;
  return 8 + (uint32_t)(spikes < 4096 ? spikes : 4096);
}

/* Whether all spikes of a population must come to every rank: for an observer, or as dopamine. */
static bool is_needed_everywhere(const volley_engine_setup *setup, int p) {
  const volley_experiment *experiment = setup->network->experiment;
  for (int o = 0; o < setup->n_observers; o++) {
    const volley_observer *observer = &setup->observers[o];
    if (!observer->spikes || observer->own) continue;
    if (!observer->needs || observer->needs(observer->context, p)) return true;
  }
  for (int k = 0; k < experiment->n_projections; k++) {
    const volley_plasticity_plan *plan = &experiment->projections[k].plasticity;
    if (plan->model && plan->dopamine == p) return true;
  }
  return false;
}

/* Whether spikes may come later than after the least delay, if their own is longer: not to readouts, nor as dopamine. */
static bool may_be_late(const volley_engine_setup *setup) {
  const volley_experiment *experiment = setup->network->experiment;
  bool may = experiment->n_readouts == 0;
  for (int k = 0; k < experiment->n_projections; k++)
    may = may && (!experiment->projections[k].plasticity.model || experiment->projections[k].plasticity.dopamine < 0);
  return may;
}

static const volley_exchange_kind *kind_of(const volley_engine_setup *setup) {
  const volley_exchange_kind *named =
      setup->exchange ? setup->exchange : setup->network->experiment->simulation.exchange;
  return named ? named : volley_exchange_kinds()[0];
}

static volley_exchange make(const volley_engine_setup *setup, const volley_exchange_setup *needs) {
  const volley_exchange_kind *kind = kind_of(setup);
  volley_exchange exchange = {.kind = kind, .state = kind->create(needs)};
  if (!volley_is_made(exchange.state, "exchange", kind->name, needs->comm)) exchange.state = NULL;
  return exchange;
}

volley_exchange volley_exchange_choose(const volley_engine_setup *setup) {
  const volley_network *network = setup->network;
  const volley_experiment *experiment = network->experiment;
  const int lag = experiment->n_readouts > 0 ? 1 : network->min_delay; /* readouts decode every step's spikes at once */
  const int batch = experiment->simulation.batch_exchange ? lag : 1;
  bool *everywhere = volley_alloc((size_t)experiment->n_populations, sizeof *everywhere, "the exchange of spikes");
  for (int p = 0; p < experiment->n_populations; p++) everywhere[p] = is_needed_everywhere(setup, p);
  const volley_exchange_setup needs = {.comm = network->comm,
                                       .batch = batch,
                                       .lag = lag,
                                       .far_lag = may_be_late(setup) ? INT_MAX : lag,
                                       .group = experiment->simulation.exchange_group,
                                       .first_step = setup->from ? setup->from->step : 0,
                                       .usual = usual_spikes(network, batch),
                                       .network = network,
                                       .everywhere = everywhere};
  const volley_exchange exchange = make(setup, &needs);
  free(everywhere);
  return exchange;
}

volley_exchange volley_exchange_choose_plain(const volley_engine_setup *setup, double usual) {
  const volley_exchange_setup needs = {.comm = setup->network->comm,
                                       .batch = 1,
                                       .lag = 1,
                                       .usual = (uint32_t)(usual < 65536 ? usual : 65536),
                                       .network = setup->network,
                                       .is_plain = true};
  return make(setup, &needs);
}
