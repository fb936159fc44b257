/* Nodes of SONATA populations that have several models: one population for each model here, which knows their ids. */
#ifndef VOLLEY_MODEL_NODES_H
#define VOLLEY_MODEL_NODES_H

#include "model/experiment.h"

/* A bit for each node of the SONATA population, so that the map takes 1.5 bits a node in whatever order the models stand. */
typedef struct volley_nodes {
  const char *population; /* SONATA's */
  uint32_t n;             /* nodes in it */
  int first, count;       /* the populations that it is here: first .. first + count - 1 */
  volley_selection ids;   /* as they are given */
  uint64_t *bits;         /* [(n + 63) / 64] the nodes that are neurons of this one, in the order of their ids */
  uint32_t *before;       /* likewise: how many there are in the words before */
} volley_nodes;

/* Makes the map of nodes->ids, all of which are below nodes->n, in the arena. */
void volley_nodes_map(volley_arena *arena, volley_nodes *nodes);

/* Whether a node is a neuron of the population, and its index there. */
bool volley_nodes_index(const volley_nodes *nodes, uint64_t id, uint32_t *index);

/* The node that a neuron is. */
uint32_t volley_nodes_id(const volley_nodes *nodes, uint32_t index);

/* The population that has a node; -1: the SONATA population has no such node. */
int volley_nodes_find(const volley_experiment *experiment, const volley_nodes *nodes, uint64_t id, uint32_t *index);

#endif
