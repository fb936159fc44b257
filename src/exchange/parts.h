/* Short names for the neurons of a rank: their numbers within the rank's part, which take 16 bits instead of VOLLEY_GID_BITS. A
 * part is told as runs of gids that lie equally far from each other, one a population or few; where a part is too large, or so
 * scattered that its runs would take memory, there are no short names. */
#ifndef VOLLEY_EXCHANGE_PARTS_H
#define VOLLEY_EXCHANGE_PARTS_H

#include "base/gid.h"

#include <mpi.h>
#include <stdint.h>

struct volley_network; /* network/network.h */

typedef struct volley_run {
  volley_gid gid; /* the first of the run */
  uint32_t number, stride;
} volley_run;

typedef struct volley_parts {
  volley_run *runs; /* by rank, then by gid and number; NULL: there are no short names */
  int *firsts;      /* [ranks + 1] of each rank */
} volley_parts;

/* The parts of the ranks of comm, which may be some of those of the network. Collective over comm. To be released. */
volley_parts volley_parts_find(const struct volley_network *network, MPI_Comm comm);
void volley_parts_release(volley_parts *parts);

/* The numbers of n neurons of a rank, and the gids of n numbers. */
void volley_parts_shorten(const volley_parts *parts, int rank, const volley_gid *gids, uint32_t n, uint16_t *numbers);
void volley_parts_lengthen(const volley_parts *parts, int rank, const uint16_t *numbers, uint32_t n, volley_gid *gids);

#endif
