/* What a connection rule is. One file a rule or family of rules; the registry is in registry.c. */
#ifndef VOLLEY_BUILD_RULE_H
#define VOLLEY_BUILD_RULE_H

#include "model/experiment.h"

struct volley_edges; /* build/edges.h: draws the edges of one projection for the neurons of one rank */

typedef struct volley_rule {
  const char *name, *doc;
  const char *number_key;   /* key that fills projection->number ("indegree", ...), or NULL */
  bool takes_probability;   /* key `probability`; together with number_key: either of the two, converted to a number */
  bool takes_file;          /* keys `file` and `group` */
  bool random;              /* may be scaled down by network.scale.indegree */
  bool takes_multapses;     /* key `multapses` means something */
  /* Whether the rule can be met: NULL, or what is wrong (written into buffer of `size` bytes). */
  const char *(*check)(const volley_experiment *experiment, const volley_projection *projection, char *buffer, size_t size);
  /* Expected number of synapses. */
  double (*expected)(const volley_experiment *experiment, const volley_projection *projection);
  /* Draws the sources of one target neuron: index within the target population -> indices within the source population.
   * Fills at most volley_edges_capacity. NULL for rules that keep an explicit list. */
  const struct volley_rule_functions *functions;
} volley_rule;

/* All rules, ended by NULL, and one by name (NULL if unknown). */
const volley_rule *const *volley_rules(void);
const volley_rule *volley_rule_find(const char *name);

/* Number of synapses for a connection probability p between Ns and Nt neurons, each pair counted once however many
 * synapses it has: K = ln(1 - p) / ln(1 - 1 / (Ns Nt)) (Potjans & Diesmann 2014, eq. 1), rounded. */
uint64_t volley_number_of_probability(double p, uint32_t n_source, uint32_t n_target);

#endif
