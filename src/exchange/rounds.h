/* An allgather of blocks of one size in log2(ranks) rounds (Bruck et al. 1997, IEEE Trans. Parallel Distrib. Syst. 8: 1143)
 * of one message each way: whatever MPI's own does (Open MPI's nonblocking one has ranks - 1 messages), and on its way while
 * others compute. It goes on when it is looked at. */
#ifndef VOLLEY_EXCHANGE_ROUNDS_H
#define VOLLEY_EXCHANGE_ROUNDS_H

#include <mpi.h>
#include <stdbool.h>
#include <stddef.h>

typedef struct volley_rounds {
  MPI_Comm comm;
  int rank, ranks;
  int tag, distance; /* of the present round; ranks or more: it is over */
  unsigned char *blocks;
  size_t block_bytes;
  MPI_Request requests[2];
} volley_rounds;

/* Rounds that so many ranks take, and the most that any number of ranks takes. */
enum { VOLLEY_MOST_ROUNDS = 32 };
int volley_rounds_of(int ranks);

/* Begins: blocks[0] is this rank's, room for [ranks][block_bytes]; at the end blocks[i] is that of rank (rank + i) % ranks. Tags
 * from `tag` on, VOLLEY_MOST_ROUNDS of them, are of no other that is under way. `blocks` must stay until it is over. Called by all
 * ranks of comm, which it does not wait for. */
volley_rounds volley_rounds_begin(MPI_Comm comm, unsigned char *blocks, size_t block_bytes, int tag);

/* Goes on as far as it can, or, if it is to wait, to the end. Returns whether it is over. */
bool volley_rounds_go_on(volley_rounds *rounds, bool waits);

#endif
