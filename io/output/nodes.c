/* Where the neurons lie: SONATA nodes of the populations that have positions. */
#include "io/output/layout.h"

#include "base/memory.h"
#include "model/nodes.h"
#include "space/space.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { PIECE = 1 << 18 /* neurons of a rank that are written at a time */, COLUMNS = 4, METADATA = 8192 };

static const char *const axes[VOLLEY_DIMENSIONS] = {"x", "y", "z"};

/* Datasets of a population, and the values of a piece. */
typedef struct nodes {
  const volley_experiment *experiment;
  const volley_population *population; /* of several that are the same nodes, the first that has positions */
  hid_t ids[COLUMNS], coordinates[VOLLEY_DIMENSIONS];
  uint32_t *numbers; /* [PIECE] */
  double *values;    /* [VOLLEY_DIMENSIONS][PIECE] */
} nodes;

static const char *name_of(const volley_population *population) {
  return population->nodes ? population->nodes->population : population->name;
}

static uint32_t size_of(const volley_population *population) {
  return population->nodes ? population->nodes->n : population->size;
}

/* Whether nodes are written with this population: those of several with the first that has positions. */
static bool is_written(const volley_experiment *experiment, int p) {
  const volley_population *population = &experiment->populations[p];
  for (int before = population->nodes ? population->nodes->first : p; before < p; before++)
    if (experiment->populations[before].positions) return false;
  return population->positions != NULL;
}

/* Where a node lies: NAN where its population has no positions. */
static void find_position(const nodes *n, uint32_t i, double x[VOLLEY_DIMENSIONS]) {
  const volley_nodes *all = n->population->nodes;
  uint32_t index = i;
  const int p = all ? volley_nodes_find(n->experiment, all, i, &index) : -1;
  const volley_population *population = all ? &n->experiment->populations[p] : n->population;
  x[0] = x[1] = x[2] = NAN;
  if (population->space) volley_space_position(population->space, index, x);
}

/* Writes a piece of all columns: neurons first .. first + count - 1, each the only node of its number in group 0, of type 0. */
static void put_piece(volley_hdf5 *file, const nodes *n, uint32_t first, uint32_t count) {
  const volley_tile tile = {.rows = 1, .first_column = first, .columns = count};
  const int dimensions = n->population->positions->dimensions;
  for (uint32_t i = 0; i < count; i++) {
    double x[VOLLEY_DIMENSIONS];
    find_position(n, first + i, x);
    for (int d = 0; d < dimensions; d++) n->values[d * PIECE + (int)i] = x[d];
  }
  for (int d = 0; d < dimensions; d++)
    volley_tile_write(file, n->coordinates[d], H5T_NATIVE_DOUBLE, 1, &tile, H5P_DEFAULT, n->values + d * PIECE);
  for (int c = 0; c < COLUMNS; c++) {
    for (uint32_t i = 0; i < count; i++) n->numbers[i] = c < 2 ? first + i : 0;
    volley_tile_write(file, n->ids[c], H5T_NATIVE_UINT32, 1, &tile, H5P_DEFAULT, n->numbers);
  }
}

static hid_t create_column(volley_hdf5 *file, hid_t group, const char *name, hid_t type, uint32_t size) {
  const hsize_t all = size;
  const hid_t space = volley_hdf5_check(file, H5Screate_simple(1, &all, NULL), "describe data of");
  const hid_t set = volley_hdf5_check(file, H5Dcreate2(group, name, type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT),
                                      "create a dataset in");
  volley_hdf5_release(file, space);
  return set;
}

/* Each rank writes an equal part, in as many pieces as the first. */
static void put_population(volley_hdf5 *file, hid_t group, nodes *n, int rank, int ranks) {
  static const char *const names[COLUMNS] = {"node_id", "node_group_index", "node_group_id", "node_type_id"};
  const uint32_t size = size_of(n->population);
  const hid_t own = volley_hdf5_put_group(file, group, "0");
  for (int c = 0; c < COLUMNS; c++) n->ids[c] = create_column(file, group, names[c], H5T_NATIVE_UINT32, size);
  for (int d = 0; d < n->population->positions->dimensions; d++)
    n->coordinates[d] = create_column(file, own, axes[d], H5T_NATIVE_DOUBLE, size);
  const uint64_t share = ((uint64_t)size + (uint64_t)ranks - 1) / (uint64_t)ranks, begin = share * (uint64_t)rank;
  const uint64_t end = begin + share < size ? begin + share : size;
  for (uint64_t at = 0; at < share; at += PIECE) {
    const uint64_t left = begin + at < end ? end - begin - at : 0;
    put_piece(file, n, left > 0 ? (uint32_t)(begin + at) : 0, (uint32_t)(left < PIECE ? left : PIECE));
  }
  for (int c = 0; c < COLUMNS; c++) volley_hdf5_release(file, n->ids[c]);
  for (int d = 0; d < n->population->positions->dimensions; d++) volley_hdf5_release(file, n->coordinates[d]);
  volley_hdf5_release(file, own);
}

void volley_nodes_put(volley_hdf5 *file, hid_t root, const volley_experiment *experiment, MPI_Comm comm) {
  hid_t all = -1;
  int rank, ranks;
  VOLLEY_MPI(MPI_Comm_rank(comm, &rank));
  VOLLEY_MPI(MPI_Comm_size(comm, &ranks));
  for (int p = 0; p < experiment->n_populations; p++) {
    nodes n = {.experiment = experiment, .population = &experiment->populations[p]};
    if (!is_written(experiment, p)) continue;
    n.numbers = volley_alloc_or_fault(PIECE, sizeof *n.numbers, "positions");
    n.values = volley_alloc_or_fault(VOLLEY_DIMENSIONS * PIECE, sizeof *n.values, "positions");
    if (volley_all(n.numbers && n.values, comm)) {
      if (all < 0) all = volley_hdf5_put_group(file, root, "nodes");
      const hid_t group = volley_hdf5_put_group(file, all, name_of(n.population));
      put_population(file, group, &n, rank, ranks);
      volley_hdf5_release(file, group);
    }
    free(n.numbers);
    free(n.values);
  }
  if (all >= 0) volley_hdf5_release(file, all);
}

uint64_t volley_nodes_bytes(const volley_experiment *experiment) {
  uint64_t bytes = 0;
  for (int p = 0; p < experiment->n_populations; p++) {
    const volley_population *population = &experiment->populations[p];
    if (!is_written(experiment, p)) continue;
    bytes +=
        METADATA + strlen(name_of(population)) +
        (COLUMNS * sizeof(uint32_t) + (size_t)population->positions->dimensions * sizeof(double)) * size_of(population);
  }
  return bytes;
}
