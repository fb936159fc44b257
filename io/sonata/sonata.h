/* SONATA as a description: a circuit and simulation configuration (JSON), with the tables and files that it names, becomes the
 * tree that an experiment file would. Semantics are those of NEST and BMTK's PointNet. */
#ifndef VOLLEY_IO_SONATA_SONATA_H
#define VOLLEY_IO_SONATA_SONATA_H

#include "experiment/tree.h"

#include <mpi.h>

/* Whether a file that was parsed is a configuration of SONATA, not an experiment. */
bool volley_sonata_is(const volley_node *root);

/* Describes the network and its simulation. config: of `file`, as the user named it, in `folder`, where paths in the description
 * start; nsyns: "multiply" or "ignore". *root is the arena's, *notes [*n_notes] say what was not used. Rank 0 reads the files.
 * Collective over comm, agreed status. */
volley_status volley_sonata_describe(volley_arena *arena, volley_node *config, const char *folder, const char *nsyns,
                                     MPI_Comm comm, volley_node **root, const char ***notes, int *n_notes);

#endif
