#include "app/notes.h"

#include "base/progress.h"
#include "base/text.h"
#include "engine/finite.h"

#include <inttypes.h>
#include <stdio.h>

static void note_synapses(const volley_network *network) {
  const volley_not_finite_synapses found = volley_find_not_finite_synapses(network);
  if (found.synapses == 0 || network->rank != 0) return;
  const volley_projection *projection = &network->experiment->projections[found.projection];
  volley_progress_note("note: projection '%s': at the end state %s is not finite; %s of all projections are so in all; "
                       "look at its parameters",
                       projection->name, projection->plasticity.model->states[found.state].name,
                       volley_count(found.synapses, "synapse").text);
}

static void note_neurons(const volley_network *network) {
  const volley_not_finite found = volley_find_not_finite(network);
  if (found.neurons == 0 || network->rank != 0) return;
  const volley_population *population = &network->experiment->populations[found.population];
  char others[80] = "";
  if (found.neurons > 1)
    snprintf(others, sizeof others, ", and states of %" PRIu64 " other neuron%s are not finite", found.neurons - 1,
             found.neurons > 2 ? "s" : "");
  volley_progress_note(
      "note: population '%s': at the end state %s of neuron %" PRIu32 " is %s%s; look at its parameters and "
      "input, or take a smaller dt",
      population->name, population->model->states[found.state].name, found.neuron, found.value, others);
}

void volley_note_not_finite(const volley_network *network) {
  note_neurons(network);
  note_synapses(network);
}

void volley_note_waiting(const volley_summary *summary) {
  enum { WORTH_A_NOTE_S = 1 };
  const double waited = summary->phase_s[VOLLEY_PHASE_WAIT];
  if (summary->simulate_s < WORTH_A_NOTE_S || waited < summary->simulate_s / 2) return;
  volley_progress_note("note: %.0f %% of the time of the steps was waiting for other %s: the cores are busy with other "
                       "programs, or shares of work are small or uneven; try %s",
                       100 * waited / summary->simulate_s, summary->ranks > 1 ? "ranks and threads" : "threads",
                       summary->threads > 1 ? "--threads 1" : "fewer ranks");
}

void volley_note_ways(const volley_network *network) {
  uint64_t blocks[2] = {0}; /* those with static synapses; those of them that are listed */
  if (network->experiment->simulation.delivery != VOLLEY_DELIVERY_DIRECT) return;
  for (int b = 0; b < network->n_blocks; b++) {
    const volley_table *table = &network->blocks[b].table;
    blocks[0] += table->synapses > 0;
    blocks[1] += table->synapses > 0 && !table->layout.direct;
  }
  VOLLEY_MPI(MPI_Allreduce(MPI_IN_PLACE, blocks, 2, MPI_UINT64_T, MPI_SUM, network->comm));
  if (blocks[1] == 0 || network->rank != 0) return;
  volley_progress_note("note: simulation.delivery is direct, but %s of %" PRIu64
                       " have too many neurons, or delays of too "
                       "many steps, for that: listed there; more ranks or threads have smaller blocks",
                       volley_count(blocks[1], "block").text, blocks[0]);
}
