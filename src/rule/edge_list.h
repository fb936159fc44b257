/* The edges of a projection that a rank keeps as a list until its tables are built: rules fixed_outdegree, whose edges are
 * drawn by the owners of the sources, and edges, which come from a file. */
#ifndef VOLLEY_RULE_EDGE_LIST_H
#define VOLLEY_RULE_EDGE_LIST_H

#include "model/reader.h"
#include "partition/partition.h"

#include <mpi.h>

typedef struct volley_edge {
  uint32_t target, source; /* indices within the populations */
  uint64_t number;         /* order among the edges of one target and source */
  double weight, delay;    /* used if the list has them */
} volley_edge;

typedef struct volley_edge_list {
  volley_edge *edges; /* [n] by target, source, number */
  uint64_t n;
  bool has_weights, has_delays;
} volley_edge_list;

/* Makes the lists of all projections that need one: [n_projections], empty for the others. Collective over comm, agreed
 * status; *out is owned by the caller: volley_edge_lists_free(). */
volley_status volley_edge_lists_make(const volley_partition *partition, const volley_reader *reader, MPI_Comm comm,
                                     volley_edge_list **out);
void volley_edge_lists_free(const volley_experiment *experiment, volley_edge_list *lists);

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
  volley_edge *edges; /* [n] to be sent */
  uint64_t n, capacity;
  volley_edge *sorted; /* [VOLLEY_EDGE_ROWS] a piece of them, by owners */
  int *owners;
  volley_edge_list *list; /* those of this rank so far, in any order */
  uint64_t list_capacity, expected;
  int failed; /* a rank had no room, which is a fault there; the same on every rank */
} volley_edge_mail;

/* Makes room for this rank's share of all edges there will be. Collective. False, on every rank, where one has none. */
bool volley_edge_mail_expect(volley_edge_mail *mail, double edges);
/* Not collective. */
void volley_edge_mail_add(volley_edge_mail *mail, volley_edge edge);

/* Adds an edge of this rank's own, which need not travel. Not collective. */
void volley_edge_mail_keep(volley_edge_mail *mail, volley_edge edge);

/* Makes the list of what `fill` puts into the mail and sends, onto neurons of a population. Collective over comm, as fill() is;
 * agreed status. list: to be freed by the caller, whatever that is. */
volley_status volley_edge_list_gather(const volley_partition *partition, int population, MPI_Comm comm,
                                      volley_status (*fill)(void *context, volley_edge_mail *mail), void *context,
                                      volley_edge_list *list);

/* Sends all edges that were added, in pieces that are bounded. Collective. Returns whether any rank has more to come. */
bool volley_edge_mail_send(volley_edge_mail *mail, bool more);

/* Where the edges of a projection of the rule edges stand. */
volley_edge_file volley_edge_file_of(const volley_experiment *experiment, const volley_projection *projection);

/* Whether edges from a file fit the experiment: indices within the populations, finite weights, possible delays, and both
 * given by the file or by the projection. Adds a fault for the first that does not and returns its number; UINT64_MAX if
 * all do. Not collective. */
uint64_t volley_edges_check(const volley_experiment *experiment, const volley_projection *projection,
                            const volley_edge_slab *slab);

#endif
