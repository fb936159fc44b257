#include "io/checkpoint/redistribute.h"

#include "base/memory.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

enum { PIECE = 1 << 17 /* values of a rank's slab that are dealt at a time */ };

/* Some of this rank's neurons: positions from .. end - 1 in the order of their gids. */
typedef struct stretch {
  uint64_t from, end;
} stretch;

struct volley_redistribution {
  const volley_network *network;
  int population;
  uint64_t size;      /* neurons of the population */
  int shift;          /* slab s is that of rank (s + shift) % ranks */
  uint64_t piece;     /* values of a slab in a round at most */
  uint64_t round;     /* the next */
  volley_slice **own; /* [n_own] this rank's slices of the population, in order of the gids */
  uint64_t *before;   /* [n_own + 1] neurons in the slices before */
  size_t n_own;
  uint64_t first, count;            /* this rank's piece */
  stretch *stretches;               /* [ranks] own neurons that lie in the piece of each rank */
  int *own_counts, *own_starts;     /* [ranks] values of own neurons for the piece of each rank, in `values` */
  int *piece_counts, *piece_starts; /* [ranks] values of this rank's piece by owner, in `dealt` */
  uint32_t *places;                 /* [count] where the values of the piece are in `dealt` */
  bool in_order;                    /* places are 0, 1, 2, ..., and not set */
  double *values, *dealt, *ordered;
  size_t values_room;
};

volley_redistribution *volley_redistribution_create(const volley_network *network) {
  volley_redistribution *deal = volley_alloc(1, sizeof *deal, "a checkpoint");
  const size_t ranks = (size_t)network->ranks;
  deal->network = network;
  deal->piece = PIECE < INT_MAX / ranks ? PIECE : INT_MAX / ranks;
  deal->stretches = volley_alloc(ranks, sizeof *deal->stretches, "a checkpoint");
  deal->own_counts = volley_alloc(4 * ranks, sizeof *deal->own_counts, "a checkpoint");
  deal->own_starts = deal->own_counts + ranks;
  deal->piece_counts = deal->own_starts + ranks;
  deal->piece_starts = deal->piece_counts + ranks;
  deal->places = volley_alloc(deal->piece, sizeof *deal->places, "a checkpoint");
  deal->dealt = volley_alloc(deal->piece, sizeof *deal->dealt, "a checkpoint");
  deal->ordered = volley_alloc(deal->piece, sizeof *deal->ordered, "a checkpoint");
  return deal;
}

void volley_redistribution_destroy(volley_redistribution *deal) {
  free(deal->own);
  free(deal->before);
  free(deal->stretches);
  free(deal->own_counts);
  free(deal->places);
  free(deal->dealt);
  free(deal->ordered);
  free(deal->values);
  free(deal);
}

static void list_slices(volley_redistribution *deal) {
  const volley_network *network = deal->network;
  size_t room = 0, n = 0;
  for (int b = 0; b < network->n_blocks; b++) room += (size_t)network->blocks[b].n_slices;
  deal->own = volley_grow(deal->own, room, sizeof(volley_slice *), "a checkpoint");
  deal->before = volley_grow(deal->before, room + 1, sizeof *deal->before, "a checkpoint");
  deal->before[0] = 0;
  for (int b = 0; b < network->n_blocks; b++) {
    for (int s = 0; s < network->blocks[b].n_slices; s++) {
      volley_slice *slice = &network->blocks[b].slices[s];
      if (slice->population != deal->population) continue;
      deal->own[n] = slice;
      deal->before[n + 1] = deal->before[n] + slice->count;
      n++;
    }
  }
  deal->n_own = n;
}

void volley_redistribution_begin(volley_redistribution *deal, int p) {
  deal->population = p;
  deal->size = deal->network->experiment->populations[p].size;
  deal->round = 0;
  /* Slab 0 goes to the owner of neuron 0: nothing moves if the partitioner has cut the population likewise, and the
   * neurons of many small populations do not all go to rank 0. */
  deal->shift = deal->size ? volley_partition_owner(deal->network->partition, p, 0) : 0;
  list_slices(deal);
}

/* The piece of slab s in this round: indices within the population. */
static stretch piece_of_slab(const volley_redistribution *deal, uint64_t s) {
  const uint64_t ranks = (uint64_t)deal->network->ranks;
  const uint64_t first = (deal->size * s + ranks - 1) / ranks, end = (deal->size * (s + 1) + ranks - 1) / ranks;
  const uint64_t from = first + deal->round * deal->piece;
  if (from >= end) return (stretch){end, end};
  return (stretch){from, end - from < deal->piece ? end : from + deal->piece};
}

static uint64_t slab_of_rank(const volley_redistribution *deal, int rank) {
  return (uint64_t)((rank - deal->shift + deal->network->ranks) % deal->network->ranks);
}

/* Number of own neurons of the population with an index below this one. */
static uint64_t own_below(const volley_redistribution *deal, uint64_t index) {
  const volley_partition *partition = deal->network->partition;
  const uint32_t *gids = partition->gids[deal->population];
  const uint64_t gid = deal->network->experiment->populations[deal->population].first_gid + index;
  uint64_t low = 0;
  for (uint64_t high = partition->counts[deal->population]; low < high;) {
    const uint64_t middle = (low + high) / 2;
    if (gids[middle] < gid) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

/* Which own neurons lie in whose piece. */
static void find_stretches(volley_redistribution *deal) {
  int total = 0;
  for (int r = 0; r < deal->network->ranks; r++) {
    const stretch piece = piece_of_slab(deal, slab_of_rank(deal, r));
    deal->stretches[r] = (stretch){own_below(deal, piece.from), own_below(deal, piece.end)};
    const bool stays = r == deal->network->rank;
    deal->own_counts[r] = stays ? 0 : (int)(deal->stretches[r].end - deal->stretches[r].from);
    deal->own_starts[r] = total;
    total += deal->own_counts[r];
  }
  if ((size_t)total > deal->values_room || !deal->values) {
    deal->values_room = (size_t)total;
    deal->values = volley_grow(deal->values, deal->values_room, sizeof *deal->values, "a checkpoint");
  }
}

/* Counts the neurons of this rank's piece by owner; places become the owners. */
static void count_owners(volley_redistribution *deal) {
  const volley_partition *partition = deal->network->partition;
  uint64_t first = 0; /* of those in a row that are the last owner's */
  int last = 0;
  for (uint64_t i = 0; i < deal->count; i++) {
    const int owner = volley_partition_owner(partition, deal->population, (uint32_t)(deal->first + i));
    deal->places[i] = (uint32_t)owner;
    if (owner == last) continue;
    deal->piece_counts[last] += (int)(i - first);
    first = i;
    last = owner;
  }
  deal->piece_counts[last] += (int)(deal->count - first);
}

/* Who owns the neurons of this rank's piece: sets counts, starts and places. */
static void find_places(volley_redistribution *deal) {
  const int ranks = deal->network->ranks;
  int next = 0;
  memset(deal->piece_counts, 0, (size_t)ranks * sizeof *deal->piece_counts);
  if (ranks == 1) {
    deal->piece_counts[0] = (int)deal->count;
  } else {
    count_owners(deal);
  }
  deal->in_order = false;
  for (int r = 0; r < ranks; r++) {
    deal->piece_starts[r] = next;
    next += deal->piece_counts[r];
    deal->in_order = deal->in_order || deal->piece_counts[r] == (int)deal->count; /* all of one owner */
  }
  if (deal->in_order) return;
  for (uint64_t i = 0; i < deal->count; i++) deal->places[i] = (uint32_t)deal->piece_starts[deal->places[i]]++;
  for (int r = 0; r < ranks; r++) deal->piece_starts[r] -= deal->piece_counts[r];
}

bool volley_redistribution_next(volley_redistribution *deal, uint64_t *first, uint64_t *count) {
  const uint64_t ranks = (uint64_t)deal->network->ranks;
  if (deal->round * deal->piece >= (deal->size + ranks - 1) / ranks) return false; /* the largest slab is done */
  const stretch mine = piece_of_slab(deal, slab_of_rank(deal, deal->network->rank));
  deal->first = *first = mine.from;
  deal->count = *count = mine.end - mine.from;
  find_stretches(deal);
  find_places(deal);
  deal->round++;
  return true;
}

/* Copies state k of a stretch of own neurons to values, or back. */
static void copy(const volley_redistribution *deal, int k, stretch s, double *values, bool back) {
  size_t low = 0;
  for (size_t high = deal->n_own; low + 1 < high;) { /* the last slice that begins at or before the stretch */
    const size_t middle = (low + high) / 2;
    if (deal->before[middle] <= s.from) {
      low = middle;
    } else {
      high = middle;
    }
  }
  for (uint64_t n; s.from < s.end; s.from += n, values += n, low++) {
    const uint64_t within = s.from - deal->before[low], left = deal->own[low]->count - within;
    double *states = deal->own[low]->states[k] + within;
    n = s.end - s.from < left ? s.end - s.from : left;
    memcpy(back ? states : values, back ? values : states, n * sizeof *values);
  }
}

/* Copies state k of all own neurons that take part in this round, or back. Those that stay on this rank go directly. */
static void copy_all(const volley_redistribution *deal, int k, bool back) {
  for (int r = 0; r < deal->network->ranks; r++) {
    const bool stays = r == deal->network->rank;
    double *values = stays ? deal->dealt + deal->piece_starts[r] : deal->values + deal->own_starts[r];
    copy(deal, k, deal->stretches[r], values, back);
  }
}

/* Values that stay on this rank are in place already and are not sent. Returns the count that this sets to `count`. */
static int set_own_count(volley_redistribution *deal, int count) {
  int *own = &deal->piece_counts[deal->network->rank];
  const int before = *own;
  *own = count;
  return before;
}

const double *volley_redistribution_gather(volley_redistribution *deal, int k) {
  copy_all(deal, k, false);
  const int own = set_own_count(deal, 0);
  VOLLEY_MPI(MPI_Alltoallv(deal->values, deal->own_counts, deal->own_starts, MPI_DOUBLE, deal->dealt,
                           deal->piece_counts, deal->piece_starts, MPI_DOUBLE, deal->network->comm));
  (void)set_own_count(deal, own);
  if (deal->in_order) return deal->dealt;
  for (uint64_t i = 0; i < deal->count; i++) deal->ordered[i] = deal->dealt[deal->places[i]];
  return deal->ordered;
}

double *volley_redistribution_room(volley_redistribution *deal) { return deal->in_order ? deal->dealt : deal->ordered; }

void volley_redistribution_scatter(volley_redistribution *deal, int k) {
  for (uint64_t i = 0; i < deal->count && !deal->in_order; i++) deal->dealt[deal->places[i]] = deal->ordered[i];
  const int own = set_own_count(deal, 0);
  VOLLEY_MPI(MPI_Alltoallv(deal->dealt, deal->piece_counts, deal->piece_starts, MPI_DOUBLE, deal->values,
                           deal->own_counts, deal->own_starts, MPI_DOUBLE, deal->network->comm));
  (void)set_own_count(deal, own);
  copy_all(deal, k, true);
}
