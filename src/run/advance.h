/* An engine that is taken through an experiment's changes (docs/experiment.md, `changes`). */
#ifndef VOLLEY_RUN_ADVANCE_H
#define VOLLEY_RUN_ADVANCE_H

#include "engine/engine.h"
#include "model/reader.h"

/* Before a network is built that is to go on from a step: the changes that were made before it are made in the experiment. What they
 * did to states and to synapses that learn is a part of these. */
void volley_changes_skip(volley_experiment *experiment, int64_t step);

/* volley_engine_advance() with the changes on the way, of an engine of this network of this experiment. Those of `until` itself are
 * made when the run goes on from there. A run that is ended early (run/stops.h) stays where it is. ends: with the samples of the end of the experiment, after which it can be
 * saved no more; else they are left to volley_engine_advance(). Collective, agreed status. */
volley_status volley_run_take(volley_engine *engine, volley_network *network, volley_experiment *experiment,
                              const volley_reader *reader, int64_t until, bool ends);

#endif
