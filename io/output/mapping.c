/* What the rows and columns of a recorder are: the group `mapping` beside its data. */
#include "io/output/layout.h"

#include "base/memory.h"

#include <math.h>
#include <stdlib.h>

int64_t volley_recorder_end(const volley_experiment *experiment, const volley_recorder *recorder) {
  return recorder->stop < experiment->simulation.steps ? recorder->stop : experiment->simulation.steps;
}

uint64_t volley_recorder_rows(const volley_experiment *experiment, const volley_recorder *recorder) {
  const int64_t steps = volley_recorder_end(experiment, recorder) - recorder->start;
  return steps > 0 ? (uint64_t)(steps / recorder->interval) : 0;
}

void volley_tile_write(volley_hdf5 *file, hid_t set, hid_t type, int dimensions, const volley_tile *tile,
                       hid_t transfer, const void *values) {
  static const char nothing = 0;
  static const hsize_t one[2] = {1, 1};
  const hsize_t start[2] = {tile->first_row, tile->first_column}, count[2] = {tile->rows, tile->columns};
  const int skip = 2 - dimensions; /* the rows */
  const bool is_empty = tile->rows == 0 || tile->columns == 0;
  if (is_empty && transfer == H5P_DEFAULT) return;
  const hid_t space = volley_hdf5_check(file, H5Dget_space(set), "look up data of");
  const hid_t memory =
      volley_hdf5_check(file, H5Screate_simple(dimensions, is_empty ? one : count + skip, NULL), "describe data of");
  if (is_empty) {
    volley_hdf5_check(file, H5Sselect_none(space), "select data of");
    volley_hdf5_check(file, H5Sselect_none(memory), "select data of");
  } else {
    volley_hdf5_check(file, H5Sselect_hyperslab(space, H5S_SELECT_SET, start + skip, NULL, count + skip, NULL),
                      "select data of");
  }
  volley_hdf5_check(file, H5Dwrite(set, type, memory, space, transfer, is_empty ? &nothing : values), "write");
  volley_hdf5_release(file, memory);
  volley_hdf5_release(file, space);
}

/* `each` elements for each neuron: SONATA maps the columns from index_pointers[i] on to node_ids[i]. */
static void put_neuron_columns(volley_hdf5 *file, hid_t mapping, const volley_selection *neurons, uint64_t each,
                               MPI_Comm comm) {
  static const uint8_t ascending = 1;
  const size_t n = neurons->count, columns = n * each;
  uint64_t *ids = volley_alloc_or_fault(2 * n + 1, sizeof *ids, "columns of a trace recorder");
  uint32_t *zeros = volley_alloc_or_fault(columns, sizeof *zeros, "columns of a trace recorder"); /* or as many 0.0f */
  if (volley_all(ids && zeros, comm)) {
    uint64_t *pointers = ids + n;
    size_t column = 0;
    for (int r = 0; r < neurons->n_ranges; r++)
      for (uint32_t i = 0; i < neurons->ranges[r].count; i++) ids[column++] = neurons->ranges[r].first + i;
    for (size_t i = 0; i <= n; i++) pointers[i] = i * each;
    const hid_t nodes = volley_hdf5_put_open_array(file, mapping, "node_ids", H5T_NATIVE_UINT64, n, ids);
    volley_hdf5_put_values(file, nodes, "sorted", H5T_NATIVE_UINT8, 0, &ascending);
    volley_hdf5_release(file, nodes);
    volley_hdf5_put_array(file, mapping, "index_pointers", H5T_NATIVE_UINT64, n + 1, pointers);
    volley_hdf5_check(file,
                      H5Lcreate_hard(mapping, "index_pointers", mapping, "index_pointer", H5P_DEFAULT, H5P_DEFAULT),
                      "create a link in");
    volley_hdf5_put_array(file, mapping, "element_ids", H5T_NATIVE_UINT32, columns, zeros);
    volley_hdf5_put_array(file, mapping, "element_pos", H5T_NATIVE_FLOAT, columns, zeros);
  }
  free(ids);
  free(zeros);
}

/* Writes values of the rank's columns, of `size` bytes each, as a dataset of one dimension. */
static void put_columns(volley_hdf5 *file, hid_t group, const char *name, hid_t type, size_t size,
                        const volley_track *track, const void *values) {
  const hsize_t width = track->width;
  volley_tile tile;
  const void *dealt = volley_tiling_rows(track->tiling, 0, 1, values, size, &tile);
  const hid_t space = volley_hdf5_check(file, H5Screate_simple(1, &width, NULL), "describe data of");
  const hid_t set = volley_hdf5_check(file, H5Dcreate2(group, name, type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT),
                                      "create a dataset in");
  if (width > 0 && dealt)
    volley_tile_write(file, set, type, 1, &tile, H5P_DEFAULT, dealt); /* HDF5 fails at sets without a place */
  volley_hdf5_release(file, space);
  volley_hdf5_release(file, set);
}

/* Which synapses the columns are. */
static void put_synapses(volley_hdf5 *file, hid_t mapping, const volley_track *track) {
  const volley_trace_columns *columns = track->columns;
  put_columns(file, mapping, "source_ids", H5T_NATIVE_UINT32, sizeof(uint32_t), track, columns->sources);
  put_columns(file, mapping, "target_ids", H5T_NATIVE_UINT32, sizeof(uint32_t), track, columns->targets);
  put_columns(file, mapping, "delays", H5T_NATIVE_DOUBLE, sizeof(double), track, columns->delays);
}

/* SONATA's start, stop and step: row k is at start + k * step, and there is none at stop. Some readers count rows as
 * (stop - start) / step, cut off: stop is such that they find all. */
static void find_time(const volley_experiment *experiment, const volley_recorder *recorder, double time[3]) {
  const double dt = experiment->simulation.dt, rows = (double)volley_recorder_rows(experiment, recorder);
  const int64_t first = recorder->start + recorder->interval;
  time[0] = (double)first * dt;
  time[1] = ((double)first + rows * (double)recorder->interval) * dt;
  time[2] = (double)recorder->interval * dt;
  while ((time[1] - time[0]) / time[2] < rows) time[1] = nextafter(time[1], INFINITY);
}

static void put_time(volley_hdf5 *file, hid_t mapping, const volley_experiment *experiment,
                     const volley_recorder *recorder) {
  double time[3];
  find_time(experiment, recorder, time);
  const hid_t times = volley_hdf5_put_open_array(file, mapping, "time", H5T_NATIVE_DOUBLE, 3, time);
  volley_hdf5_put_text(file, times, "units", "ms");
  volley_hdf5_release(file, times);
}

void volley_mapping_shorten(volley_hdf5 *file, hid_t group, const volley_experiment *experiment,
                            const volley_recorder *recorder) {
  double time[3];
  find_time(experiment, recorder, time);
  const hid_t set = volley_hdf5_open_set(file, group, "mapping/time");
  volley_hdf5_replace_array(file, set, H5T_NATIVE_DOUBLE, time);
  volley_hdf5_release(file, set);
}

void volley_mapping_put(volley_hdf5 *file, hid_t group, const volley_experiment *experiment,
                        const volley_recorder *recorder, const volley_track *track, MPI_Comm comm) {
  const hid_t mapping = volley_hdf5_put_group(file, group, "mapping");
  const volley_mapped maps = recorder->kind->maps;
  if (maps == VOLLEY_MAPS_NEURONS && recorder->neurons.count > 0) /* of readouts only decoders have some */
    put_neuron_columns(file, mapping, &recorder->neurons, track->width / recorder->neurons.count, comm);
  if (maps == VOLLEY_MAPS_SYNAPSES) put_synapses(file, mapping, track);
  put_time(file, mapping, experiment, recorder);
  volley_hdf5_release(file, mapping);
}
