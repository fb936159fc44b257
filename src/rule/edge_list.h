/* The edges of a projection that a rank keeps as a list until its tables are built: rules fixed_outdegree, whose edges are
 * drawn by the owners of the sources, and edges, which come from a file. */
#ifndef VOLLEY_RULE_EDGE_LIST_H
#define VOLLEY_RULE_EDGE_LIST_H

#include "model/reader.h"
#include "partition/partition.h"

#include <mpi.h>

typedef struct volley_edge {
  uint32_t target, source; /* indices within the populations */
  uint64_t number;         /* order among the edges of one target and source; 48 bits */
  double weight, delay;    /* used if the list has them; the delay in ms */
} volley_edge;

/* As few bytes an edge as hold what is needed of it: a weight as a float where the tables keep no more, a delay in steps. While
 * the list is made there are target, source, number, weight and delay (20 bytes with both); then, sorted by target, source and
 * number, only source, weight and delay (10 bytes). */
typedef struct volley_edge_list {
  bool has_weights, has_delays;   /* set before the first edge is added, as are the next */
  bool wide_weights, wide_delays; /* as double, the delay in ms */
  double dt;                      /* ms; of delays in steps */
  int shift;                      /* of targets: what is left is the number of a shelf */
  struct volley_shelves *shelves; /* while the list is made (rule/edge_pack.h) */
  unsigned char *edges;           /* [n]; while the list is made, those that are on no shelf */
  uint64_t n, capacity;           /* edges; bytes */
  uint32_t *targets;              /* [n_targets] that have edges, ascending */
  uint64_t *firsts;               /* [n_targets + 1] number of their first edge */
  uint32_t n_targets;
} volley_edge_list;

/* Makes the lists of all projections that need one: [n_projections], empty for the others. exact: weights and delays as the file
 * has them, not only as tables keep them. Collective over comm, agreed status; *out is owned by the caller:
 * volley_edge_lists_free(). */
volley_status volley_edge_lists_make(const volley_partition *partition, bool exact, const volley_reader *reader,
                                     MPI_Comm comm, volley_edge_list **out);
/* The same with the edges of projection p alone. */
volley_status volley_edge_lists_make_one(const volley_partition *partition, int p, const volley_reader *reader,
                                         MPI_Comm comm, volley_edge_list **out);
void volley_edge_lists_free(const volley_experiment *experiment, volley_edge_list *lists);

/* Sets how a projection's list keeps weights and delays. */
void volley_edge_list_begin(volley_edge_list *list, const volley_experiment *experiment, int projection, bool exact);
/* Not collective, as are the following. */
void volley_edge_list_add(volley_edge_list *list, const volley_edge *edge);
/* Sorts the edges that were added (rule/edge_sort.c). */
void volley_edge_list_sort(volley_edge_list *list);
void volley_edge_list_release(volley_edge_list *list);
size_t volley_edge_list_bytes(const volley_edge_list *list); /* of an edge while edges are added */

/* Weights or delays of edges number first .. first + n - 1 of a sorted list that has them. */
void volley_edge_list_weights(const volley_edge_list *list, uint64_t first, size_t n, double *out);
void volley_edge_list_delays(const volley_edge_list *list, uint64_t first, size_t n, double *out);        /* ms */
void volley_edge_list_delay_steps(const volley_edge_list *list, uint64_t first, size_t n, uint16_t *out); /* not wide */

/* Gives back the memory of the edges onto targets first .. last, which nobody looks at any more. */
void volley_edge_list_discard(const volley_edge_list *list, uint32_t first, uint32_t last);

/* Bytes of the lists of a rank, while tables are built and, into *most, the most at a time while they are made. expected:
 * [n_projections] edges of all ranks. */
double volley_edge_lists_expected_bytes(const volley_experiment *experiment, const double *expected, int ranks,
                                        double *most);

/* Draws from a list: what such a rule's `draw` is. */
struct volley_drawing;
void volley_edge_list_draw(struct volley_drawing *drawing, uint32_t i);

/* Edges on their way to the owners of their targets: what such a rule fills by its `list`. */
typedef struct volley_edge_mail {
  const volley_partition *partition;
  int population; /* of the targets */
  MPI_Comm comm;
  unsigned char *edges; /* [n] to be sent, as the list has them; none where one rank has all */
  int *owners;          /* [n] */
  uint64_t n, capacity;
  unsigned char *sorted;       /* [VOLLEY_EDGE_ROWS] a piece of them, by owners */
  int *counts;                 /* [4][ranks] of a piece */
  uint64_t received, first_in; /* of a piece: edges that come in, and where */
  volley_edge_list *list;      /* those of this rank so far, in any order */
  uint64_t expected;
  int lacks, failed; /* this rank has no room, which is a fault; a rank had none: the same on every rank */
} volley_edge_mail;

/* Makes room for this rank's share of all edges there will be, about, of which the greatest number counts that a rank tells.
 * Collective. False, on every rank, where one has none. */
bool volley_edge_mail_expect(volley_edge_mail *mail, double edges);
/* Lets work(context) add edges, while there is memory. Not collective. */
void volley_edge_mail_fill(volley_edge_mail *mail, void (*work)(void *context), void *context);
/* Of work that fills it. Not collective. */
void volley_edge_mail_add(volley_edge_mail *mail, const volley_edge *edge);

/* Makes the list of what `fill` puts into the mail and sends, onto neurons of a population. Collective over comm, as fill() is;
 * agreed status. list: empty, with how it keeps edges; to be released by the caller, whatever is returned. */
volley_status volley_edge_list_gather(const volley_partition *partition, int population, MPI_Comm comm,
                                      volley_status (*fill)(void *context, volley_edge_mail *mail), void *context,
                                      volley_edge_list *list);

/* Sends all edges that were added, in pieces that are bounded, unless a rank has no room: then it has failed. Collective. Returns
 * whether any rank has more to come. */
bool volley_edge_mail_send(volley_edge_mail *mail, bool more);

/* Where the edges of a projection of the rule edges stand. */
volley_edge_file volley_edge_file_of(const volley_experiment *experiment, const volley_projection *projection);

/* Whether edges from a file fit the experiment: indices within the populations, finite weights, possible delays, and both
 * given by the file or by the projection. Adds a fault for the first that does not and returns its number; UINT64_MAX if
 * all do. Not collective. */
uint64_t volley_edges_check(const volley_experiment *experiment, const volley_projection *projection,
                            const volley_edge_slab *slab);

#endif
