#include "rule/edge_list.h"

#include "base/search.h"
#include "rule/rule.h"

#include <math.h>
#include <stdlib.h>

enum { FEW = 48 /* edges that are sorted by insertion */, SLOTS = 256 };

static bool comes_before(const volley_edge *x, const volley_edge *y) {
  if (x->target != y->target) return x->target < y->target;
  return x->source != y->source ? x->source < y->source : x->number < y->number;
}

static void sort_few(volley_edge *edges, uint64_t n) {
  for (uint64_t i = 1; i < n; i++) {
    const volley_edge moved = edges[i];
    uint64_t j = i;
    for (; j > 0 && comes_before(&moved, &edges[j - 1]); j--) edges[j] = edges[j - 1];
    edges[j] = moved;
  }
}

static uint64_t pair_of(const volley_edge *edge) { return (uint64_t)edge->target << 32 | edge->source; }

static uint64_t byte_at(const volley_edge *edge, bool of_pairs, int shift) {
  return (of_pairs ? pair_of(edge) : edge->number) >> shift & (SLOTS - 1);
}

/* How far from the right the first byte begins in which any of the edges differ: of the pairs, or else of the numbers. */
static int find_byte(const volley_edge *edges, uint64_t n, bool *of_pairs) {
  uint64_t pairs = 0, numbers = 0;
  for (uint64_t e = 1; e < n; e++) {
    pairs |= pair_of(&edges[e]) ^ pair_of(&edges[0]);
    numbers |= edges[e].number ^ edges[0].number;
  }
  *of_pairs = pairs != 0;
  return pairs || numbers ? (63 - __builtin_clzll(pairs ? pairs : numbers)) / 8 * 8 : 0;
}

/* By target, source and number, which no two edges share: byte by byte in place, since a copy would take as much memory again. */
static void sort(volley_edge *edges, uint64_t n) {
  uint64_t next[SLOTS] = {0}, ends[SLOTS], end = 0;
  bool of_pairs;
  if (n <= FEW) {
    sort_few(edges, n);
    return;
  }
  const int shift = find_byte(edges, n, &of_pairs);
  for (uint64_t e = 0; e < n; e++) next[byte_at(&edges[e], of_pairs, shift)]++;
  for (int s = 0; s < SLOTS; s++) {
    end += next[s];
    next[s] = end - next[s];
    ends[s] = end;
  }
  for (int s = 0; s < SLOTS; s++)
    while (next[s] < ends[s]) { /* what stands here goes where it belongs, until something comes that belongs here */
      const volley_edge moved = edges[next[s]];
      const uint64_t to = byte_at(&moved, of_pairs, shift);
      edges[next[s]] = edges[next[to]];
      edges[next[to]++] = moved;
    }
  for (int s = 0; s < SLOTS; s++) {
    const uint64_t first = s > 0 ? ends[s - 1] : 0;
    if (ends[s] - first > 1) sort(edges + first, ends[s] - first);
  }
}

static void append(volley_edge **edges, uint64_t *capacity, uint64_t n) {
  if (n <= *capacity) return;
  *capacity = n > 2 * *capacity ? n : 2 * *capacity;
  *edges = volley_grow(*edges, *capacity, sizeof **edges, "a list of edges");
}

static void reserve(void *context) {
  volley_edge_mail *mail = context;
  append(&mail->list->edges, &mail->list_capacity, mail->expected);
  append(&mail->edges, &mail->capacity, VOLLEY_EDGE_ROWS);
  mail->sorted = volley_grow(NULL, VOLLEY_EDGE_ROWS, sizeof *mail->sorted, "a list of edges");
  mail->owners = volley_grow(NULL, VOLLEY_EDGE_ROWS, sizeof *mail->owners, "a list of edges");
}

/* A list that grows is copied, and leaves holes. */
bool volley_edge_mail_expect(volley_edge_mail *mail, double edges) {
  mail->expected = (uint64_t)(1.05 * edges / mail->partition->ranks) + VOLLEY_EDGE_ROWS / 16;
  mail->failed = volley_memory_try(reserve, mail) != VOLLEY_OK;
  VOLLEY_MPI(MPI_Allreduce(MPI_IN_PLACE, &mail->failed, 1, MPI_INT, MPI_MAX, mail->comm));
  return !mail->failed;
}

void volley_edge_mail_add(volley_edge_mail *mail, volley_edge edge) {
  append(&mail->edges, &mail->capacity, mail->n + 1);
  mail->edges[mail->n++] = edge;
}

/* How many of the edges from number `sent` on go in one piece: together ranks get no more than an int counts. */
static size_t piece_of(const volley_edge_mail *mail, uint64_t sent) {
  const uint64_t most = (UINT64_C(1) << 30) / (uint64_t)mail->partition->ranks, left = mail->n - sent;
  const uint64_t piece = most < VOLLEY_EDGE_ROWS ? most : VOLLEY_EDGE_ROWS;
  return (size_t)(left < piece ? left : piece);
}

/* Sorts n edges by the rank that owns their target: counts[r] of them, from starts[r] on, go to rank r. */
static void sort_by_owner(const volley_edge_mail *mail, const volley_edge *edges, size_t n, int *counts, int *starts) {
  int *owners = mail->owners, next = 0;
  for (size_t e = 0; e < n; e++) {
    owners[e] = volley_partition_owner(mail->partition, mail->population, edges[e].target);
    counts[owners[e]]++;
  }
  for (int r = 0; r < mail->partition->ranks; next += counts[r++]) starts[r] = next;
  for (size_t e = 0; e < n; e++) mail->sorted[starts[owners[e]]++] = edges[e];
  for (int r = 0; r < mail->partition->ranks; r++) starts[r] -= counts[r];
}

static void send_piece(volley_edge_mail *mail, const volley_edge *edges, size_t n) {
  const size_t ranks = (size_t)mail->partition->ranks;
  int *counts = volley_alloc(4 * ranks, sizeof *counts, "a list of edges");
  int *starts = counts + ranks, *incoming = starts + ranks, *places = incoming + ranks, received = 0;
  MPI_Datatype edge_type;
  sort_by_owner(mail, edges, n, counts, starts);
  VOLLEY_MPI(MPI_Alltoall(counts, 1, MPI_INT, incoming, 1, MPI_INT, mail->comm));
  for (size_t r = 0; r < ranks; received += incoming[r++]) places[r] = received;
  append(&mail->list->edges, &mail->list_capacity, mail->list->n + (uint64_t)received);
  VOLLEY_MPI(MPI_Type_contiguous((int)sizeof(volley_edge), MPI_BYTE, &edge_type));
  VOLLEY_MPI(MPI_Type_commit(&edge_type));
  VOLLEY_MPI(MPI_Alltoallv(mail->sorted, counts, starts, edge_type, mail->list->edges + mail->list->n, incoming, places,
                           edge_type, mail->comm));
  VOLLEY_MPI(MPI_Type_free(&edge_type));
  mail->list->n += (uint64_t)received;
  free(counts);
}

bool volley_edge_mail_send(volley_edge_mail *mail, bool more) {
  int left[2] = {1, 0}; /* on any rank: edges to be sent, and those to come */
  for (uint64_t sent = 0; left[0];) {
    const size_t n = piece_of(mail, sent);
    send_piece(mail, mail->edges + sent, n);
    sent += n;
    left[0] = sent < mail->n;
    left[1] = more;
    VOLLEY_MPI(MPI_Allreduce(MPI_IN_PLACE, left, 2, MPI_INT, MPI_MAX, mail->comm));
  }
  mail->n = 0;
  return left[1];
}

void volley_edge_mail_keep(volley_edge_mail *mail, volley_edge edge) {
  append(&mail->list->edges, &mail->list_capacity, mail->list->n + 1);
  mail->list->edges[mail->list->n++] = edge;
}

volley_status volley_edge_list_gather(const volley_partition *partition, int population, MPI_Comm comm,
                                      volley_status (*fill)(void *context, volley_edge_mail *mail), void *context,
                                      volley_edge_list *list) {
  volley_edge_mail mail = {.partition = partition, .population = population, .comm = comm, .list = list};
  const volley_status status = fill(context, &mail);
  free(mail.edges);
  free(mail.sorted);
  free(mail.owners);
  sort(list->edges, list->n);
  return status == VOLLEY_OK && mail.failed ? volley_agree_one(comm) : status;
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

static volley_status make_list(const volley_partition *partition, int p, const volley_reader *reader, MPI_Comm comm,
                               volley_edge_list *list) {
  const volley_projection *projection = &partition->experiment->projections[p];
  if (!projection->rule->list) return VOLLEY_OK;
  return volley_edge_list_gather(partition, projection->target, comm, list_edges, &(listing){partition, p, reader},
                                 list);
}

volley_status volley_edge_lists_make(const volley_partition *partition, const volley_reader *reader, MPI_Comm comm,
                                     volley_edge_list **out) {
  const int n = partition->experiment->n_projections;
  volley_edge_list *lists = volley_alloc((size_t)n, sizeof *lists, "the lists of edges");
  for (int p = 0; p < n; p++) {
    const volley_status status = make_list(partition, p, reader, comm, &lists[p]);
    if (status != VOLLEY_OK) {
      volley_edge_lists_free(partition->experiment, lists);
      return status;
    }
  }
  *out = lists;
  return VOLLEY_OK;
}

void volley_edge_lists_free(const volley_experiment *experiment, volley_edge_list *lists) {
  if (!lists) return;
  for (int p = 0; p < experiment->n_projections; p++) free(lists[p].edges);
  free(lists);
}

/* What is read is in the mail, too, and sorted by owners. */
double volley_edge_lists_expected_bytes(const volley_experiment *experiment, const double *expected, int ranks,
                                        double *most) {
  double kept = 0;
  *most = 0;
  for (int p = 0; p < experiment->n_projections; p++) {
    if (!experiment->projections[p].rule->list) continue;
    const double edges = expected[p] / ranks, piece = fmin(edges, VOLLEY_EDGE_ROWS);
    kept += edges * sizeof(volley_edge);
    *most = fmax(*most, kept + piece * (2 * sizeof(volley_edge) + sizeof(int) + 4 * sizeof(double)));
  }
  const double in_mpi =
      ranks > 1 ? fmin(kept, 8e6) : 0; /* that it takes for pieces on their way and keeps, as was found */
  *most += in_mpi;
  return kept + in_mpi;
}

/* Number of the first edge onto `target` or a later one. */
static uint64_t first_of(const volley_edge_list *list, uint32_t target) {
  uint64_t low = 0;
  VOLLEY_SEARCH(low, list->n, e, list->edges[e].target < target)
  return low;
}

void volley_edge_list_draw(volley_drawing *drawing, uint32_t i) {
  const volley_edge_list *list = drawing->list;
  const uint64_t first = first_of(list, drawing->targets[i]);
  const uint64_t end = first_of(list, drawing->targets[i] + 1);
  drawing->n = end - first;
  volley_drawing_reserve(drawing, drawing->n);
  for (uint64_t e = first; e < end; e++) drawing->sources[e - first] = list->edges[e].source;
  drawing->edges = list->edges + first;
}
