/* A run without neurons: recorders, and records of them that any number of ranks hands to a sink. */
#ifndef VOLLEY_TESTS_STRETCHES_H
#define VOLLEY_TESTS_STRETCHES_H

#include "model/experiment.h"
#include "record/record.h"

enum { STRETCHES_SIZE = 3000, STRETCHES_STEPS = 1000, STRETCHES_RECORDERS = 5 };

extern volley_recorder stretches_recorders[STRETCHES_RECORDERS];
extern volley_experiment stretches_experiment;
extern volley_trace_columns stretches_columns[STRETCHES_RECORDERS];

/* Deals the columns to the ranks at random; a rank may get none. After MPI_Init(). */
void stretches_begin(void);
void stretches_end(void);

/* Records of recorder r before a step. */
uint64_t stretches_records(int r, int64_t step);

/* Records steps from .. to - 1 in pieces of random sizes, cut among the ranks at random. Collective. */
void stretches_record(volley_sink sink, int64_t from, int64_t to);

/* Bits that depend on n alone. */
uint32_t stretches_random(uint32_t n);

#endif
