/* What a connection rule is: a table of its keys and a function that draws the sources of one target neuron. One file a
 * rule or family of rules; adding one is a new file and a line in registry.c. */
#ifndef VOLLEY_RULE_RULE_H
#define VOLLEY_RULE_RULE_H

#include "base/random.h"
#include "model/experiment.h"

#include <stddef.h>

struct volley_edge_list;
struct volley_edge_mail;
struct volley_near;
struct volley_partition;
struct volley_reader;

/* One projection at work on some of its targets. A rule reads the upper part and fills the lower. */
typedef struct volley_drawing {
  const volley_experiment *experiment;
  const volley_projection *projection;
  uint32_t n_source; /* neurons of the source population */
  uint32_t n_target;
  bool excludes_self; /* source and target population are the same and autapses are off */
  volley_key partner; /* stream of a target: id is its gid */
  volley_key split;
  const uint32_t *targets; /* [count] indices within the target population, ascending */
  uint32_t count;
  struct volley_near *near; /* the sources as targets see them, where these depend on distances; NULL: all are alike */
  const struct volley_edge_list *list; /* explicit edges of this rank, for rules that keep them */

  uint64_t *indegrees; /* [count] for rules that know them beforehand; set by begin */
  uint32_t *sources;   /* [n] sources of the present target, indices within the source population */
  size_t n, capacity;
  uint64_t first; /* number in the list of the first of these, which may bring weights and delays */
  uint32_t *seen; /* scratch: a set of sources */
  size_t seen_size, seen_capacity;
} volley_drawing;

typedef struct volley_rule {
  const char *name, *doc;
  const char *number_key; /* key that fills projection->number ("indegree", ...), or NULL */
  bool takes_probability; /* key `probability`; together with number_key: either of the two, converted to a number */
  bool takes_distance;    /* key `probability` can be a function of the distance */
  bool takes_file;        /* keys `file` and `group` */
  bool random;            /* network.scale.indegree shrinks it */
  bool takes_multapses;   /* key `multapses` means something */
  const volley_key_info *keys; /* of its own, in `size` bytes: projection->parameters */
  int n_keys;
  size_t size;
  /* Whether the rule can be met: NULL, or what is wrong (written into buffer of `size` bytes). NULL: always. */
  const char *(*check)(const volley_experiment *experiment, const volley_projection *projection, char *buffer,
                       size_t size);
  /* Expected number of synapses. NAN if only the file knows. */
  double (*expected)(const volley_experiment *experiment, const volley_projection *projection);
  /* Not NULL: its edges stand in a list before the tables are built. Puts some of them into the mail on each rank and sends
   * them (rule/edge_list.h). Collective, agreed status. */
  volley_status (*list)(const struct volley_partition *partition, int p, const struct volley_reader *reader,
                        struct volley_edge_mail *mail);
  /* Called once before the targets; NULL if the rule has nothing to prepare. */
  void (*begin)(volley_drawing *drawing);
  /* Draws the sources of target number i of drawing->targets. */
  void (*draw)(volley_drawing *drawing, uint32_t i);
} volley_rule;

/* All rules, ended by NULL, and one by name (NULL if unknown). */
const volley_rule *const *volley_rules(void);
const volley_rule *volley_rule_find(const char *name);

/* Number of synapses for a connection probability p between Ns and Nt neurons, each pair counted once however many
 * synapses it has: K = ln(1 - p) / ln(1 - 1 / (Ns Nt)) (Potjans & Diesmann 2014, eq. 1), rounded. */
uint64_t volley_number_of_probability(double p, uint32_t n_source, uint32_t n_target);

/* Whether number or probability says that a projection has no synapses at all. */
bool volley_projection_is_empty(const volley_projection *projection);

/* Leaves the empty projections out but for those that learn, which recorders of weights may name: these come last, so
 * that the others keep their numbers, by which random numbers are drawn. */
void volley_projections_drop_empty(volley_experiment *experiment);

/* Number of sources that a target may have: all, or all but itself. */
static inline uint32_t volley_drawing_candidates(const volley_drawing *drawing) {
  return drawing->n_source - (drawing->excludes_self ? 1 : 0);
}

/* Candidate number c of a target as index of the source: skips the target itself where it is excluded. */
static inline uint32_t volley_drawing_candidate(const volley_drawing *drawing, uint32_t target, uint32_t c) {
  return drawing->excludes_self && c >= target ? c + 1 : c;
}

/* Makes room for n sources. */
void volley_drawing_reserve(volley_drawing *drawing, size_t n);

/* A set of sources: makes it empty, with room for k; adds one; and whether one is there. */
void volley_drawing_forget(volley_drawing *drawing, size_t k);
void volley_drawing_see(volley_drawing *drawing, uint32_t source);
bool volley_drawing_has_seen(const volley_drawing *drawing, uint32_t source);

/* Draws k candidates of a target, with or without repetition as the projection says, from the stream (key, id). Without
 * repetition: Floyd's algorithm (Bentley & Floyd 1987). Where they depend on distances: volley_near_choose(). */
void volley_drawing_choose(volley_drawing *drawing, uint32_t target, uint64_t k, volley_key key, volley_gid id);

/* Frees what the drawing has allocated. */
void volley_drawing_release(volley_drawing *drawing);

#endif
