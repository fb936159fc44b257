/* What recorders of sums and of means over a population share. */
#ifndef VOLLEY_RECORD_SUMS_H
#define VOLLEY_RECORD_SUMS_H

#include "record/kind.h"

void *volley_sums_create(const volley_network *network, const volley_readouts *readouts,
                         const volley_recorder *recorder, volley_trace_columns *columns);
void volley_sums_destroy(void *own);
void volley_sums_sample(void *own, int block, int slice, int64_t step, double *row);
void volley_sums_advance(void *own, double *row);

/* The members of their kinds. */
#define VOLLEY_SUMS                                                                                                    \
  .of = VOLLEY_OF_POPULATION, .needs = "population|states", .takes = "neurons|interval", .choice_key = "states",       \
  .choices = volley_state_choices, .width = volley_single_width, .create = volley_sums_create,                         \
  .destroy = volley_sums_destroy, .sample = volley_sums_sample, .advance = volley_sums_advance, .is_optional = true,   \
  .value = volley_state_value, .attributes = volley_population_attributes, .column_bytes = 40, .mapping_bytes = 24

#endif
