/* The selected neurons of a recorder of a population, as this rank has them in its blocks and slices. */
#ifndef VOLLEY_RECORD_PROBES_H
#define VOLLEY_RECORD_PROBES_H

#include "record/kind.h"

/* Where the value of a column is in its slice. */
typedef struct volley_probe {
  uint32_t position;
  uint64_t column; /* among this rank's */
} volley_probe;

/* The probes of one block, by slice. */
typedef struct volley_block_probes {
  volley_probe *probes; /* [first[n_slices]] */
  size_t *first;        /* [n_slices + 1] number of the first probe of a slice */
} volley_block_probes;

typedef struct volley_probes {
  const volley_network *network; /* not owned */
  volley_block_probes *blocks;   /* [n_blocks] */
} volley_probes;

/* Finds them and the columns that they are, one a neuron; to be released, also after a fault: where there is no memory that is
 * left on the list. Not collective. */
volley_status volley_probes_find(volley_probes *probes, const volley_network *network, const volley_recorder *recorder,
                                 volley_trace_columns *columns);
void volley_probes_release(volley_probes *probes);

#endif
