#include "rule/edge_list.h"

#include "base/search.h"
#include "base/units.h"
#include "rule/edge_pack.h"
#include "rule/rule.h"

#include <math.h>
#include <stdlib.h>

void volley_edge_list_begin(volley_edge_list *list, const volley_experiment *experiment, int p, bool exact) {
  const volley_projection *projection = &experiment->projections[p];
  *list = (volley_edge_list){.dt = experiment->simulation.dt,
                             .wide_delays = exact || experiment->simulation.continuous,
                             .wide_weights = exact || experiment->simulation.continuous || projection->balanced ||
                                             projection->plasticity.model};
  volley_edge_list_spread(list, experiment->populations[projection->target].size);
}

size_t volley_edge_list_bytes(const volley_edge_list *list) { return volley_edge_added_bytes(list); }

void volley_edge_list_reserve(volley_edge_list *list, uint64_t n) {
  const uint64_t bytes = n * volley_edge_added_bytes(list);
  if (bytes <= list->capacity) return;
  const uint64_t capacity = bytes > 2 * list->capacity ? bytes : 2 * list->capacity;
  list->edges = volley_table_grow(list->edges, list->capacity, capacity, "a list of edges");
  list->capacity = capacity;
}

static void pack(const volley_edge_list *list, const volley_edge *edge, unsigned char *out) {
  const uint64_t pair = (uint64_t)edge->target << 32 | edge->source;
  memcpy(out, &pair, sizeof pair);
  memcpy(out + VOLLEY_PAIR_BYTES, &edge->number, VOLLEY_NUMBER_BYTES);
  out += VOLLEY_KEY_BYTES;
  const float weight = (float)edge->weight;
  if (list->has_weights && list->wide_weights)
    memcpy(out, &edge->weight, sizeof edge->weight);
  else if (list->has_weights)
    memcpy(out, &weight, sizeof weight);
  out += volley_edge_weight_bytes(list);
  if (!list->has_delays) return;
  if (list->wide_delays) {
    memcpy(out, &edge->delay, sizeof edge->delay);
    return;
  }
  const uint16_t steps = (uint16_t)volley_round_steps(edge->delay, list->dt);
  memcpy(out, &steps, sizeof steps);
}

void volley_edge_list_add(volley_edge_list *list, const volley_edge *edge) {
  pack(list, edge, volley_edge_list_place(list, edge->target));
}

void volley_edge_list_release(volley_edge_list *list) {
  volley_table_free(list->edges, list->capacity);
  if (list->shelves) free(list->shelves->numbers);
  free(list->shelves);
  free(list->targets);
  free(list->firsts);
}

/* Where weights or delays of the edges from number `first` on stand. */
static const unsigned char *weights_of(const volley_edge_list *list, uint64_t first) {
  return list->edges + first * volley_edge_sorted_bytes(list) + sizeof(uint32_t);
}

static const unsigned char *delays_of(const volley_edge_list *list, uint64_t first) {
  return weights_of(list, first) + volley_edge_weight_bytes(list);
}

void volley_edge_list_weights(const volley_edge_list *list, uint64_t first, size_t n, double *out) {
  const unsigned char *at = weights_of(list, first);
  float weight;
  for (size_t e = 0; e < n; e++, at += volley_edge_sorted_bytes(list)) {
    if (list->wide_weights) {
      memcpy(&out[e], at, sizeof *out);
      continue;
    }
    memcpy(&weight, at, sizeof weight);
    out[e] = (double)weight;
  }
}

void volley_edge_list_delay_steps(const volley_edge_list *list, uint64_t first, size_t n, uint16_t *out) {
  const unsigned char *at = delays_of(list, first);
  for (size_t e = 0; e < n; e++, at += volley_edge_sorted_bytes(list)) memcpy(&out[e], at, sizeof *out);
}

void volley_edge_list_delays(const volley_edge_list *list, uint64_t first, size_t n, double *out) {
  const unsigned char *at = delays_of(list, first);
  uint16_t steps;
  for (size_t e = 0; e < n; e++, at += volley_edge_sorted_bytes(list)) {
    if (list->wide_delays) {
      memcpy(&out[e], at, sizeof *out);
      continue;
    }
    memcpy(&steps, at, sizeof steps);
    out[e] = steps * list->dt;
  }
}

/* Room for n edges in the mail. */
static void reserve_mail(volley_edge_mail *mail, uint64_t n) {
  if (n <= mail->capacity) return;
  mail->capacity = n > 2 * mail->capacity ? n : 2 * mail->capacity;
  mail->edges = volley_grow(mail->edges, mail->capacity, volley_edge_added_bytes(mail->list), "a list of edges");
  mail->owners = volley_grow(mail->owners, mail->capacity, sizeof *mail->owners, "a list of edges");
}

static void reserve(void *context) {
  volley_edge_mail *mail = context;
  if (!mail->list->shelves) volley_edge_list_make_shelves(mail->list, mail->expected);
  if (mail->partition->ranks == 1) return;
  reserve_mail(mail, VOLLEY_EDGE_ROWS);
  mail->sorted = volley_grow(NULL, VOLLEY_EDGE_ROWS, volley_edge_added_bytes(mail->list), "a list of edges");
  mail->counts = volley_alloc(4 * (size_t)mail->partition->ranks, sizeof *mail->counts, "a list of edges");
}

bool volley_edge_mail_expect(volley_edge_mail *mail, double edges) {
  VOLLEY_MPI(MPI_Allreduce(MPI_IN_PLACE, &edges, 1, MPI_DOUBLE, MPI_MAX, mail->comm));
  mail->expected = (uint64_t)(1.05 * edges / mail->partition->ranks) + VOLLEY_EDGE_ROWS / 16;
  volley_edge_mail_fill(mail, reserve, mail);
  mail->failed = mail->lacks;
  VOLLEY_MPI(MPI_Allreduce(MPI_IN_PLACE, &mail->failed, 1, MPI_INT, MPI_MAX, mail->comm));
  return !mail->failed;
}

void volley_edge_mail_fill(volley_edge_mail *mail, void (*work)(void *context), void *context) {
  if (!mail->lacks) mail->lacks = volley_memory_try(work, context) != VOLLEY_OK;
}

void volley_edge_mail_add(volley_edge_mail *mail, const volley_edge *edge) {
  if (mail->partition->ranks == 1) {
    volley_edge_list_add(mail->list, edge);
    return;
  }
  reserve_mail(mail, mail->n + 1);
  mail->owners[mail->n] = volley_partition_owner(mail->partition, mail->population, edge->target);
  pack(mail->list, edge, mail->edges + mail->n++ * volley_edge_added_bytes(mail->list));
}

/* How many of the edges from number `sent` on go in one piece: together ranks get no more than an int counts. */
static size_t piece_of(const volley_edge_mail *mail, uint64_t sent) {
  const uint64_t most = (UINT64_C(1) << 30) / (uint64_t)mail->partition->ranks, left = mail->n - sent;
  const uint64_t piece = most < VOLLEY_EDGE_ROWS ? most : VOLLEY_EDGE_ROWS;
  return (size_t)(left < piece ? left : piece);
}

/* Sorts n edges from number `first` on by the rank that owns their target: counts[r] of them, from starts[r] on, go to rank r. */
static void sort_by_owner(const volley_edge_mail *mail, uint64_t first, size_t n, int *counts, int *starts) {
  const size_t size = volley_edge_added_bytes(mail->list);
  const int *owners = mail->owners + first;
  const unsigned char *edges = mail->edges + first * size;
  int next = 0;
  for (size_t e = 0; e < n; e++) counts[owners[e]]++;
  for (int r = 0; r < mail->partition->ranks; next += counts[r++]) starts[r] = next;
  for (size_t e = 0; e < n; e++)
    volley_edge_move(mail->sorted + (size_t)starts[owners[e]]++ * size, edges + e * size, size);
  for (int r = 0; r < mail->partition->ranks; r++) starts[r] -= counts[r];
}

/* Room for edges that come in, and blocks of them. */
static void reserve_incoming(void *context) {
  const volley_edge_mail *mail = context;
  volley_edge_list_reserve(mail->list, mail->first_in + mail->received);
  volley_edge_list_reserve_blocks(mail->list, mail->received);
}

/* Tells all ranks how many of a piece they get: counts [4][ranks] of what goes, where it begins, and both of what comes. */
static void announce_piece(volley_edge_mail *mail, uint64_t first, size_t n) {
  const size_t ranks = (size_t)mail->partition->ranks;
  int *counts = mail->counts, *incoming = counts + 2 * ranks, *places = incoming + ranks;
  memset(counts, 0, ranks * sizeof *counts);
  sort_by_owner(mail, first, n, counts, counts + ranks);
  VOLLEY_MPI(MPI_Alltoall(counts, 1, MPI_INT, incoming, 1, MPI_INT, mail->comm));
  mail->received = 0;
  for (size_t r = 0; r < ranks; mail->received += (uint64_t)incoming[r++]) places[r] = (int)mail->received;
  /* They come in far enough behind the blocks, so that none is overwritten before it is on a shelf. */
  mail->first_in = (mail->list->shelves->n_blocks + VOLLEY_SHELVES) * VOLLEY_SHELF;
  volley_edge_mail_fill(mail, reserve_incoming, mail);
}

static void exchange_piece(volley_edge_mail *mail) {
  volley_edge_list *list = mail->list;
  const size_t size = volley_edge_added_bytes(list);
  const int ranks = mail->partition->ranks, *counts = mail->counts;
  unsigned char *edges = list->edges + mail->first_in * size;
  MPI_Datatype edge_type;
  VOLLEY_MPI(MPI_Type_contiguous((int)size, MPI_BYTE, &edge_type));
  VOLLEY_MPI(MPI_Type_commit(&edge_type));
  VOLLEY_MPI(MPI_Alltoallv(mail->sorted, counts, counts + ranks, edge_type, edges, counts + 2 * ranks,
                           counts + 3 * ranks, edge_type, mail->comm));
  VOLLEY_MPI(MPI_Type_free(&edge_type));
  for (uint64_t e = 0; e < mail->received; e++, edges += size)
    volley_edge_move(volley_edge_list_place(list, (uint32_t)(volley_edge_pair(edges) >> 32)), edges, size);
}

bool volley_edge_mail_send(volley_edge_mail *mail, bool more) {
  int left[3] = {1, 0, 0}; /* on any rank: edges to be sent, those to come, and no room */
  if (mail->partition->ranks == 1) {
    mail->failed = mail->lacks;
    return more && !mail->failed;
  }
  for (uint64_t sent = 0; left[0] && !mail->failed;) {
    const size_t n = mail->lacks ? 0 : piece_of(mail, sent);
    announce_piece(mail, sent, n);
    sent += n;
    left[0] = sent < mail->n;
    left[1] = more;
    left[2] = mail->lacks;
    VOLLEY_MPI(MPI_Allreduce(MPI_IN_PLACE, left, 3, MPI_INT, MPI_MAX, mail->comm));
    mail->failed = left[2];
    if (!mail->failed) exchange_piece(mail);
  }
  mail->n = 0;
  return left[1] && !mail->failed;
}

static void sort(void *list) { volley_edge_list_sort(list); }

volley_status volley_edge_list_gather(const volley_partition *partition, int population, MPI_Comm comm,
                                      volley_status (*fill)(void *context, volley_edge_mail *mail), void *context,
                                      volley_edge_list *list) {
  volley_edge_mail mail = {.partition = partition, .population = population, .comm = comm, .list = list};
  volley_edge_list_spread(list, partition->experiment->populations[population].size);
  const volley_status status = fill(context, &mail);
  free(mail.edges);
  free(mail.sorted);
  free(mail.owners);
  free(mail.counts);
  if (status == VOLLEY_OK && !mail.lacks && !mail.failed) (void)volley_memory_try(sort, list);
  return status == VOLLEY_OK ? volley_agree_one(comm) : status;
}

/* A projection whose rule lists its edges. */
typedef struct listing {
  const volley_partition *partition;
  int projection;
  const volley_reader *reader;
} listing;

static volley_status list_edges(void *context, volley_edge_mail *mail) {
  const listing *l = context;
  const volley_rule *rule = l->partition->experiment->projections[l->projection].rule;
  return rule->list(l->partition, l->projection, l->reader, mail);
}

static volley_status make_list(const volley_partition *partition, int p, bool exact, const volley_reader *reader,
                               MPI_Comm comm, volley_edge_list *list) {
  const volley_projection *projection = &partition->experiment->projections[p];
  if (!projection->rule->list) return VOLLEY_OK;
  volley_edge_list_begin(list, partition->experiment, p, exact);
  return volley_edge_list_gather(partition, projection->target, comm, list_edges, &(listing){partition, p, reader},
                                 list);
}

/* Those of projections first .. end - 1. */
static volley_status make_lists(const volley_partition *partition, int first, int end, bool exact,
                                const volley_reader *reader, MPI_Comm comm, volley_edge_list **out) {
  volley_edge_list *lists =
      volley_alloc((size_t)partition->experiment->n_projections, sizeof *lists, "the lists of edges");
  for (int p = first; p < end; p++) {
    const volley_status status = make_list(partition, p, exact, reader, comm, &lists[p]);
    if (status != VOLLEY_OK) {
      volley_edge_lists_free(partition->experiment, lists);
      return status;
    }
  }
  *out = lists;
  return VOLLEY_OK;
}

volley_status volley_edge_lists_make(const volley_partition *partition, bool exact, const volley_reader *reader,
                                     MPI_Comm comm, volley_edge_list **out) {
  return make_lists(partition, 0, partition->experiment->n_projections, exact, reader, comm, out);
}

volley_status volley_edge_lists_make_one(const volley_partition *partition, int p, const volley_reader *reader,
                                         MPI_Comm comm, volley_edge_list **out) {
  return make_lists(partition, p, p + 1, false, reader, comm, out);
}

void volley_edge_lists_free(const volley_experiment *experiment, volley_edge_list *lists) {
  if (!lists) return;
  for (int p = 0; p < experiment->n_projections; p++) volley_edge_list_release(&lists[p]);
  free(lists);
}

/* What is read is in the mail, too, and sorted by owners. */
double volley_edge_lists_expected_bytes(const volley_experiment *experiment, const double *expected, int ranks,
                                        double *most) {
  double kept = 0;
  *most = 0;
  for (int p = 0; p < experiment->n_projections; p++) {
    const volley_rule *rule = experiment->projections[p].rule;
    volley_edge_list list;
    if (!rule->list) continue;
    volley_edge_list_begin(&list, experiment, p, false);
    list.has_weights = list.has_delays = rule->takes_file;
    const double edges = expected[p] / ranks, added = (double)volley_edge_added_bytes(&list);
    const double of_piece = (ranks > 1 ? 2 * added + sizeof(int) : 0) + 4 * sizeof(double);
    *most =
        fmax(*most, kept + (edges + VOLLEY_SHELVES * VOLLEY_SHELF) * added + fmin(edges, VOLLEY_EDGE_ROWS) * of_piece);
    kept += edges * (double)volley_edge_sorted_bytes(&list);
  }
  const double in_mpi =
      ranks > 1 ? fmin(kept, 8e6) : 0; /* that it takes for pieces on their way and keeps, as was found */
  *most += in_mpi;
  return kept + in_mpi;
}

/* Place among the targets of `target` or else the next. */
static uint32_t place_of(const volley_edge_list *list, uint32_t target) {
  return volley_numbers_below(list->targets, list->n_targets, target);
}

void volley_edge_list_discard(const volley_edge_list *list, uint32_t first, uint32_t last) {
  const uint32_t begin = place_of(list, first), end = place_of(list, last + 1);
  const size_t size = volley_edge_sorted_bytes(list);
  if (begin < end)
    (void)volley_table_discard(list->edges + list->firsts[begin] * size, list->edges + list->firsts[end] * size);
}

void volley_edge_list_draw(volley_drawing *drawing, uint32_t i) {
  const volley_edge_list *list = drawing->list;
  const size_t size = volley_edge_sorted_bytes(list);
  const uint32_t k = place_of(list, drawing->targets[i]);
  drawing->n = 0;
  if (k == list->n_targets || list->targets[k] != drawing->targets[i]) return;
  drawing->first = list->firsts[k];
  drawing->n = list->firsts[k + 1] - drawing->first;
  volley_drawing_reserve(drawing, drawing->n);
  const unsigned char *at = list->edges + drawing->first * size;
  for (size_t e = 0; e < drawing->n; e++, at += size) memcpy(&drawing->sources[e], at, sizeof *drawing->sources);
}
