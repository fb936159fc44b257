/* What the parts of the SONATA client share. */
#ifndef VOLLEY_IO_SONATA_CLIENT_H
#define VOLLEY_IO_SONATA_CLIENT_H

#include "experiment/tree.h"
#include "model/key.h"
#include "neuron/neuron.h"

#include <mpi.h>

/* A neuron model by the name of another program, and how its parameters are called there. */
typedef struct volley_sonata_rename {
  const char *theirs, *ours;
  double factor;
  double fallback; /* in their unit; NAN: that of the model */
} volley_sonata_rename;

typedef struct volley_sonata_model {
  const char *name;                    /* as model_template has it, "nrn:IntFire1" */
  const volley_neuron_model *model;    /* NULL: virtual, or not known */
  const volley_sonata_rename *renames; /* [n_renames] */
  int n_renames;
  double weight_factor, current_factor; /* of their units */
  bool keeps_states;                    /* states begin at the model's defaults, whatever the parameters are: NEST */
} volley_sonata_model;

/* The nodes of one model of a population: a population of the description. */
typedef struct volley_sonata_part {
  const char *name;
  bool is_virtual;
  const volley_node *template; /* NULL: of virtual ones */
  volley_sonata_model model;
  uint32_t n;
  int entry; /* number in the description */
} volley_sonata_part;

/* A population of nodes. */
typedef struct volley_sonata_nodes {
  const char *name, *path; /* path: of nodes_file, as descriptions have it */
  volley_node *types;      /* list of rows */
  uint32_t n;
  size_t *order;             /* [n] row of a node in the file */
  int *type;                 /* [n] row among the types, by node */
  volley_sonata_part *parts; /* [n_parts] in the order of their first nodes */
  int n_parts;
  int *part_of_type;  /* [types] -1: no node has the type */
  volley_node *place; /* nodes_file */
} volley_sonata_nodes;

static inline const volley_sonata_part *volley_sonata_part_of(const volley_sonata_nodes *nodes, uint32_t node) {
  return &nodes->parts[nodes->part_of_type[nodes->type[node]]];
}

/* Some nodes of each population. */
typedef struct volley_sonata_set {
  bool **has; /* [populations][n] NULL: none of the population */
} volley_sonata_set;

typedef struct volley_sonata {
  volley_arena *arena;
  MPI_Comm comm;
  int rank;
  const char *folder; /* where paths of the description start */
  const char *nsyns;
  volley_node *config; /* with the files that it is made of, and without variables */
  volley_node *root;   /* the description */
  volley_node *sets;   /* node sets, or NULL */
  volley_sonata_nodes *populations;
  int n_populations;
  volley_node *projections, *stimuli, *recorders; /* lists of the description */
  const char **notes;
  int n_notes;
} volley_sonata;

/* ---- Files. Rank 0 reads and hands on; collective, agreed status. What they give is the arena's. */

/* A path in a configuration as descriptions have it: it starts where the file that `node` is from lies. */
const char *volley_sonata_path(const volley_sonata *sonata, const volley_node *node, const char *path);
/* As it can be opened here. */
const char *volley_sonata_open_path(const volley_sonata *sonata, const char *path);

/* A JSON file, without the variables of its manifest. */
volley_status volley_sonata_read_json(volley_sonata *sonata, const volley_node *from, const char *path,
                                      volley_node **out);
/* A table of types: a list of rows, which are maps. */
volley_status volley_sonata_read_table(volley_sonata *sonata, const volley_node *from, const char *path,
                                       volley_node **out);
/* The names of what lies in a group, and whether it is a group ("a/") or not ("a"); none where there is no such group. */
volley_status volley_sonata_list_group(volley_sonata *sonata, const volley_node *from, const char *path,
                                       const char *group, const char ***names, int *n);
/* Likewise, as "a/", the populations that a file of spikes names: groups of /spikes, or in texts a column, up to the wanted one. */
volley_status volley_sonata_list_spikes(volley_sonata *sonata, const volley_node *from, const char *path,
                                        const char *wanted, const char ***names, int *n);
/* The numbers of a dataset; *numbers is NULL where it is not there, a fault if it must be. */
volley_status volley_sonata_read_numbers(volley_sonata *sonata, const volley_node *from, const char *path,
                                         const char *dataset, bool required, double **numbers, size_t *n);
/* A text attribute; "" where it is not there. */
volley_status volley_sonata_read_attribute(volley_sonata *sonata, const volley_node *from, const char *path,
                                           const char *object, const char *name, const char **text);

/* ---- Nodes of trees. */

volley_node *volley_sonata_map(const volley_sonata *sonata);
volley_node *volley_sonata_list(const volley_sonata *sonata);
/* from: where it stands in a file, or NULL. */
void volley_sonata_put_text(const volley_sonata *sonata, volley_node *map, const char *key, const char *text,
                            const volley_node *from);
void volley_sonata_put_number(const volley_sonata *sonata, volley_node *map, const char *key, double number,
                              const volley_node *from);
void volley_sonata_put_numbers(const volley_sonata *sonata, volley_node *map, const char *key, const double *numbers,
                               size_t n, const volley_node *from);
void volley_sonata_put(const volley_sonata *sonata, volley_node *map, const char *key, volley_node *value);

/* A cell of a row or key of a map that is there and not NULL; else NULL. */
const char *volley_sonata_text(const volley_node *map, const char *key);
/* Whether a map says "enabled": false. */
bool volley_sonata_is_disabled(const volley_node *map);
/* A number there; false where it is absent. A fault, and false, where it is none. */
bool volley_sonata_number(const volley_sonata *sonata, const volley_node *map, const char *key, double *number);

/* Reports what is wrong with a value. Returns VOLLEY_USAGE. */
volley_status volley_sonata_fault(const volley_sonata *sonata, const volley_node *node, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Adds a note unless there is the same. */
void volley_sonata_note(volley_sonata *sonata, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Notes keys of a map, "a|b" of which are used. */
void volley_sonata_note_unused(volley_sonata *sonata, const volley_node *map, const char *what, const char *used);
bool volley_sonata_is_among(const char *word, const char *words);

/* ---- The parts. */

volley_status volley_sonata_read_config(volley_sonata *sonata);

/* Finds the model of a template; false after a fault. */
bool volley_sonata_find_model(volley_sonata *sonata, const volley_node *template, volley_sonata_model *out);

volley_status volley_sonata_read_nodes(volley_sonata *sonata);
/* A column of nodes, a number for each row; NULL where it is not there. */
volley_status volley_sonata_read_column(volley_sonata *sonata, const volley_sonata_nodes *nodes, const char *name,
                                        double **out);
volley_status volley_sonata_add_parameters(volley_sonata *sonata, const volley_sonata_nodes *nodes,
                                           const volley_sonata_part *part, volley_node *entry);
volley_status volley_sonata_read_edges(volley_sonata *sonata);
volley_status volley_sonata_read_inputs(volley_sonata *sonata);
volley_status volley_sonata_read_reports(volley_sonata *sonata);

/* Population of that name; -1 if there is none. */
int volley_sonata_find_population(const volley_sonata *sonata, const char *name);

/* The nodes that a set means: its name, or a map; a fault where there are none. Agreed. */
volley_status volley_sonata_find_set(volley_sonata *sonata, const volley_node *node, volley_sonata_set *out);
/* Whether a set has any nodes of a population, or of a part of it. */
bool volley_sonata_has_any(const volley_sonata *sonata, const volley_sonata_set *set, int population,
                           const volley_sonata_part *part);
/* The nodes of a set (NULL: all) of a population that are not virtual, or those of a part of it, as indices there, as `neurons`
 * has them; NULL: all of the population or the part. */
volley_node *volley_sonata_selection(const volley_sonata *sonata, const volley_sonata_set *set, int population,
                                     const volley_sonata_part *part);
/* The ids of the nodes of a part. */
volley_node *volley_sonata_ids(const volley_sonata *sonata, const volley_sonata_nodes *nodes,
                               const volley_sonata_part *part);

/* Which types of edges, by row, connect which parts. */
typedef struct volley_sonata_pairs {
  bool *has; /* [rows][parts of the source][parts of the target]; without types there is one row */
  int n_sources, n_targets;
} volley_sonata_pairs;

static inline bool volley_sonata_has_pair(const volley_sonata_pairs *pairs, int row, int source, int target) {
  return pairs->has[(row * pairs->n_sources + source) * pairs->n_targets + target];
}

/* Looks at all edges of a population of edges; all pairs are there where both ends have one model, and types too. An edge whose end or type is
 * not there, or that goes to a virtual node, is a fault. Agreed. */
volley_status volley_sonata_find_pairs(volley_sonata *sonata, const volley_node *place, const char *path,
                                       const char *name, const volley_node *types, const volley_sonata_nodes *source,
                                       const volley_sonata_nodes *target, volley_sonata_pairs *out);

#endif
