#include "exchange/partners.h"

#include "base/memory.h"
#include "base/search.h"
#include "base/status.h"
#include "exchange/gids.h"
#include "network/network.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

static const char what[] = "who needs which spikes";

/* Partners while they are found. */
typedef struct finding {
  const volley_network *network;
  const bool *everywhere;
  volley_partners *out;
  volley_gid *needed, *scratch; /* [n] gids of others' neurons, in the end by owner */
  uint32_t n;
  int *counts;        /* [ranks] of these by owner */
  volley_gid **asked; /* [n_to] lists of this rank's gids, ascending */
} finding;

static void add_sources(finding *f, const volley_source_index *index) {
  volley_gid *gids = volley_source_index_gids(index);
  f->needed = volley_grow(f->needed, (size_t)f->n + index->n_rows + 1, sizeof *gids, what);
  if (index->n_rows > 0) memcpy(f->needed + f->n, gids, index->n_rows * sizeof *gids);
  f->n += index->n_rows;
  free(gids);
}

/* The sources of all blocks that other ranks own, each once. */
static void list_sources(finding *f) {
  const volley_network *network = f->network;
  const volley_experiment *experiment = network->experiment;
  for (int b = 0; b < network->n_blocks; b++) {
    add_sources(f, &network->blocks[b].table.sources);
    for (int k = 0; k < network->blocks[b].n_plastic; k++) add_sources(f, &network->blocks[b].plastic[k].sources);
  }
  f->scratch = volley_alloc((size_t)f->n + 1, sizeof *f->scratch, what);
  volley_gids_sort(f->needed, f->n, f->scratch);
  uint32_t kept = 0;
  uint64_t last = UINT64_MAX;
  int p = 0;
  for (uint32_t i = 0; i < f->n; i++) {
    const volley_gid gid = f->needed[i];
    p = volley_population_of(experiment, gid, p);
    if (gid == last || f->everywhere[p]) continue;
    last = gid;
    const int owner = volley_partition_owner(network->partition, p, volley_index_in(&experiment->populations[p], gid));
    if (owner == network->rank) continue;
    f->counts[owner]++;
    f->needed[kept++] = gid;
  }
  f->n = kept;
}

/* Sorts what is needed by owner, each owner's gids ascending, and lists the owners. */
static void sort_by_owner(finding *f) {
  const volley_network *network = f->network;
  const volley_experiment *experiment = network->experiment;
  uint32_t *next = volley_alloc((size_t)network->ranks + 1, sizeof *next, what);
  for (int r = 0; r < network->ranks; r++) {
    next[r + 1] = next[r] + (uint32_t)f->counts[r];
    f->out->n_from += f->counts[r] > 0;
  }
  int p = 0;
  for (uint32_t i = 0; i < f->n; i++) {
    p = volley_population_of(experiment, f->needed[i], p);
    const uint32_t index = volley_index_in(&experiment->populations[p], f->needed[i]);
    f->scratch[next[volley_partition_owner(network->partition, p, index)]++] = f->needed[i];
  }
  free(next);
  f->out->from = volley_alloc((size_t)f->out->n_from, sizeof *f->out->from, what);
  for (int r = 0, k = 0; r < network->ranks; r++)
    if (f->counts[r] > 0) f->out->from[k++] = (volley_partner){r, (uint32_t)f->counts[r]};
}

static void list_needs(void *context) {
  finding *f = context;
  const volley_partition *partition = f->network->partition;
  volley_partners *out = f->out;
  f->counts = volley_alloc((size_t)f->network->ranks, sizeof *f->counts, what);
  list_sources(f);
  sort_by_owner(f);
  out->gids = volley_alloc((size_t)partition->count + 1, sizeof *out->gids, what);
  for (int p = 0; p < partition->experiment->n_populations; p++) {
    const uint32_t n = partition->counts[p];
    if (n > 0) memcpy(out->gids + out->n_gids, partition->gids[p], n * sizeof *out->gids);
    out->n_gids += n;
  }
}

/* Asks the owners for what is needed, and is asked. How many ask is the only sum over all ranks. */
static void ask(finding *f, MPI_Comm comm) {
  volley_partners *out = f->out;
  uint32_t first = 0;
  MPI_Request *requests = volley_alloc((size_t)out->n_from, sizeof(MPI_Request), what);
  for (int r = 0; r < f->network->ranks; r++) f->counts[r] = f->counts[r] > 0;
  VOLLEY_MPI(MPI_Reduce_scatter_block(f->counts, &out->n_to, 1, MPI_INT, MPI_SUM, comm));
  for (int k = 0; k < out->n_from; k++) {
    const volley_partner *from = &out->from[k];
    if (from->neurons > INT_MAX) volley_die("%u sources of one rank: more than MPI can count", from->neurons);
    VOLLEY_MPI(MPI_Isend(f->scratch + first, (int)from->neurons, VOLLEY_MPI_GID, from->rank, 0, comm, &requests[k]));
    first += from->neurons;
  }
  out->to = volley_alloc((size_t)out->n_to, sizeof *out->to, what);
  f->asked = volley_alloc((size_t)out->n_to, sizeof *f->asked, what);
  for (int k = 0; k < out->n_to; k++) {
    int n;
    MPI_Message message;
    MPI_Status status;
    VOLLEY_MPI(MPI_Mprobe(MPI_ANY_SOURCE, 0, comm, &message, &status));
    VOLLEY_MPI(MPI_Get_count(&status, VOLLEY_MPI_GID, &n));
    out->to[k] = (volley_partner){status.MPI_SOURCE, (uint32_t)n};
    f->asked[k] = volley_alloc((size_t)n, sizeof **f->asked, what);
    VOLLEY_MPI(MPI_Mrecv(f->asked[k], n, VOLLEY_MPI_GID, &message, MPI_STATUS_IGNORE));
  }
  VOLLEY_MPI(MPI_Waitall(out->n_from, requests, MPI_STATUSES_IGNORE));
  free(requests);
}

uint32_t volley_partners_place(const volley_partners *partners, volley_gid gid) {
  return volley_gids_below(partners->gids, partners->n_gids, gid);
}

/* For each neuron those who need it, by rank. */
static void list_told(void *context) {
  finding *f = context;
  volley_partners *out = f->out;
  out->firsts = volley_alloc((size_t)out->n_gids + 2, sizeof *out->firsts, what);
  for (int k = 0; k < out->n_to; k++)
    for (uint32_t i = 0; i < out->to[k].neurons; i++) out->firsts[volley_partners_place(out, f->asked[k][i]) + 2]++;
  for (uint32_t i = 0; i < out->n_gids; i++) out->firsts[i + 2] += out->firsts[i + 1];
  out->told = volley_alloc(out->firsts[out->n_gids + 1], sizeof *out->told, what);
  for (int k = 0; k < out->n_to; k++)
    for (uint32_t i = 0; i < out->to[k].neurons; i++)
      out->told[out->firsts[volley_partners_place(out, f->asked[k][i]) + 1]++] = k;
}

bool volley_partners_find(const volley_network *network, const bool *everywhere, MPI_Comm comm, volley_partners *out) {
  finding f = {.network = network, .everywhere = everywhere, .out = out};
  *out = (volley_partners){0};
  bool is_found = volley_all(volley_memory_try(list_needs, &f) == VOLLEY_OK, comm);
  if (is_found) ask(&f, comm);
  is_found = is_found && volley_all(volley_memory_try(list_told, &f) == VOLLEY_OK, comm);
  for (int k = 0; f.asked && k < out->n_to; k++) free(f.asked[k]);
  free(f.asked);
  free(f.needed);
  free(f.scratch);
  free(f.counts);
  return is_found;
}

void volley_partners_release(volley_partners *partners) {
  free(partners->from);
  free(partners->to);
  free(partners->gids);
  free(partners->firsts);
  free(partners->told);
}
