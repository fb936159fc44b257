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

/* Draws or reads the values of population p. Collective (datasets are read by all ranks), agreed status; on success *out is
 * owned by the caller. */
volley_status volley_values_make(const volley_partition *partition, int p, const volley_reader *reader, MPI_Comm comm,
                                 volley_values *out);
void volley_values_free(const volley_neuron_model *model, volley_values *values);

/* Whether a population has parameters of its own for each neuron. */
bool volley_population_is_per_neuron(const volley_population *population);

#endif
