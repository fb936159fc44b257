/* Parameters and initial states of the neurons of a rank. */
#ifndef VOLLEY_NETWORK_VALUES_H
#define VOLLEY_NETWORK_VALUES_H

#include "model/reader.h"
#include "neuron/neuron.h"
#include "partition/partition.h"

/* One population's values on one rank. */
typedef struct volley_values {
  bool per_neuron;     /* parameters differ from neuron to neuron */
  double **parameters; /* [n_parameters][per_neuron ? counts[p] : 1] */
  double **states;     /* [n_states][counts[p]] */
} volley_values;

/* Draws or reads the values of population p as changes that are made have left them, with states (as they are at the
 * beginning) or parameters alone. Collective (datasets are read by all ranks), agreed status; on success *out is
 * owned by the caller. */
volley_status volley_values_make(const volley_partition *partition, int p, bool with_states,
                                 const volley_reader *reader, MPI_Comm comm, volley_values *out);
void volley_values_free(const volley_neuron_model *model, volley_values *values);

/* Whether only the values of single neurons can show what is wrong with a population, at the beginning or after a change. */
bool volley_values_can_be_wrong(const volley_experiment *experiment, int population);

/* Draws or reads what a population is now, also its states at the beginning if with_states, and after each change to come, for the
 * faults that only this shows. Collective, agreed status. */
volley_status volley_values_check(const volley_partition *partition, int population, bool with_states,
                                  const volley_reader *reader, MPI_Comm comm);

/* Sets states that a change sets in columns [n_states][counts[p]]. Collective, agreed status. */
volley_status volley_values_set_states(const volley_partition *partition, const volley_change *change,
                                       const volley_reader *reader, MPI_Comm comm, double *const *columns);

/* Whether parameters of a population differ from neuron to neuron, by how it is described or by changes that are made (all: or
 * to come). */
bool volley_population_is_per_neuron(const volley_experiment *experiment, int population, bool all);

#endif
