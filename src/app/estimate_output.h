/* What a run will write, before it is started: recordings and checkpoints, and whether there is room for them. */
#ifndef VOLLEY_APP_ESTIMATE_OUTPUT_H
#define VOLLEY_APP_ESTIMATE_OUTPUT_H

#include "app/estimate.h"

/* What one recorder keeps. */
typedef struct volley_records {
  double width; /* values of a row; 0 of spikes */
  double count; /* spikes or rows */
} volley_records;

/* Expected records of recorder r. Uses only what the estimate knows of synapses. */
volley_records volley_estimate_records(const volley_experiment *experiment, const volley_estimate *estimate, int r);

/* Bytes of all that a run writes. */
typedef struct volley_output_estimate {
  double *recorders;       /* [n_recorders] bytes in the output; owned */
  double file_bytes;       /* of the output */
  double checkpoint_bytes; /* of one checkpoint */
  double kept_checkpoints; /* checkpoints that are there at the end; 0 if none are asked for */
  double needed_bytes;     /* the most at a time of output, its parts and checkpoints */
  double free_bytes;       /* left at the output's place; 0 if unknown */
} volley_output_estimate;

volley_output_estimate volley_estimate_output(const volley_experiment *experiment, const volley_estimate *estimate);
void volley_output_estimate_release(volley_output_estimate *output);

#endif
