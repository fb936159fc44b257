/* Where the neurons of a population lie, and a tree of boxes by which those near a place are found.
 *
 * The space is halved again and again across its longest side, into 2^levels leaves of some ten neurons. Where neurons lie
 * uniformly, how many there are in each half is drawn at every node of the tree, so that only the leaves' numbers are kept
 * (a quarter of a byte a neuron), indices ascend from leaf to leaf, and a position is drawn within its leaf when it is asked
 * for. This gives independent uniform positions, but for the order of the neurons, who are alike. Boxes of a grid hold whole
 * columns, and nothing is kept. Positions from a file are kept by every rank, with the order of their neurons by boxes. */
#ifndef VOLLEY_SPACE_SPACE_H
#define VOLLEY_SPACE_SPACE_H

#include "model/reader.h"

#include <mpi.h>

typedef struct volley_space volley_space;

/* Makes the spaces of all populations that lie somewhere, once their files are read; checks that distances between the
 * populations of projections that depend on them make sense. Collective, agreed status. Owned by the experiment. */
volley_status volley_spaces_load(volley_experiment *experiment, const volley_reader *reader, MPI_Comm comm);

/* Whether anything of a projection depends on distances. */
bool volley_projection_has_distances(const volley_projection *projection);

/* What is wrong with a projection of distances (written into buffer of `size` bytes), or NULL. What only files of positions
 * know is left out until these are read. */
const char *volley_projection_check_space(const volley_experiment *experiment, const volley_projection *projection,
                                          char *buffer, size_t size);

/* The space of a population's neurons by their plan. given: [neurons][dimensions] from the file, NULL for others; it must
 * outlive the space, as the plan must. Not collective; owned by the arena. */
volley_space *volley_space_create(volley_arena *arena, const volley_position_plan *plan, const double *given,
                                  uint32_t neurons, uint32_t seed, int population);

const volley_position_plan *volley_space_plan(const volley_space *space);

/* Position of the neuron of this index: as many numbers as the space has dimensions. Whichever rank asks, it is the same. */
void volley_space_position(const volley_space *space, uint32_t index, double out[VOLLEY_DIMENSIONS]);

/* The same by gid. False, and nothing is written, where its population lies nowhere. */
bool volley_gid_position(const volley_experiment *experiment, volley_gid gid, double out[VOLLEY_DIMENSIONS]);

/* Distance of two places, by the shortest way where ends meet. */
double volley_space_distance(const volley_space *space, const double *x, const double *y);

/* A node of the tree. */
typedef struct volley_box {
  int level;
  uint32_t number;       /* of 1 << level boxes */
  uint32_t first, count; /* neurons; first: those of the boxes before, but not of a grid */
  uint32_t from[VOLLEY_DIMENSIONS], columns[VOLLEY_DIMENSIONS]; /* of a grid */
  double low[VOLLEY_DIMENSIONS], high[VOLLEY_DIMENSIONS];       /* its neurons lie within */
} volley_box;

int volley_space_levels(const volley_space *space);
volley_box volley_space_root(const volley_space *space);
volley_box volley_space_box(const volley_space *space, int level, uint32_t number);

/* Makes of a box, which must be no leaf, one of its halves. */
void volley_box_halve(const volley_space *space, volley_box *box, bool upper);

/* The leaf in which a neuron lies. */
uint32_t volley_space_leaf(const volley_space *space, uint32_t index);

/* Index of neuron number k of a box. */
uint32_t volley_box_neuron(const volley_space *space, const volley_box *box, uint32_t k);

/* Position of the neuron of this index, which lies in the box: sooner than volley_space_position() knows. */
void volley_box_position(const volley_space *space, const volley_box *box, uint32_t index,
                         double out[VOLLEY_DIMENSIONS]);

/* The same of all neurons of a box: VOLLEY_DIMENSIONS numbers each, into out. */
void volley_box_places(const volley_space *space, const volley_box *box, double *out);

/* Bounds of the distances between neurons of two boxes of spaces alike. */
void volley_box_distances(const volley_space *space, const volley_box *a, const volley_box *b, double *near,
                          double *far);

#endif
