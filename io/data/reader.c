#include "io/data/reader.h"

#include "base/memory.h"
#include "base/text.h"
#include "io/data/columns.h"
#include "io/file/hdf5.h"

#include <stdio.h>
#include <stdlib.h>

/* Of values and series rank 0 reads and hands on what it read: a file is opened once, however many ranks there are. */

enum { SLAB = 1 << 20 /* values read at a time */ };

static void read_slab(const volley_column *data, uint64_t first, size_t n, double *out) {
  const size_t good = volley_column_read(data, first, 1, n, out);
  if (good < n && !data->file->failed) volley_column_blame(data, first + good, &out[good]);
}

static void check_size(const volley_column *data, uint32_t size) {
  char what[192];
  if (data->file->failed || data->size == size) return;
  snprintf(what, sizeof what, "holds %s; the population has %s", volley_count(data->size, "value").text,
           volley_count(size, "neuron").text);
  volley_column_fault(data, what);
}

static volley_status read_values(void *context, const volley_place *place, const char *path, const char *dataset,
                                 uint32_t size, const uint32_t *indices, uint32_t n, double *out) {
  const MPI_Comm comm = *(MPI_Comm *)context;
  volley_hdf5 file = {.path = path, .place = place, .blame = VOLLEY_USAGE, .transfer = H5P_DEFAULT};
  volley_column data = {.set = -1};
  hid_t handle = -1;
  int rank = 0;
  VOLLEY_MPI(MPI_Comm_rank(comm, &rank));
  if (rank == 0) {
    handle = volley_data_open(&file);
    data = volley_column_open(&file, handle, dataset, false);
    check_size(&data, size);
  }
  volley_status status = volley_agree(comm);
  double *slab = volley_alloc(SLAB, sizeof *slab, "values from a file");
  uint32_t taken = 0;
  for (uint32_t first = 0; status == VOLLEY_OK && first < size;) {
    const uint32_t count = size - first < SLAB ? size - first : SLAB;
    if (rank == 0) read_slab(&data, first, count, slab);
    status = volley_agree(comm);
    if (status == VOLLEY_OK) VOLLEY_MPI(MPI_Bcast(slab, (int)count, MPI_DOUBLE, 0, comm));
    for (; taken < n && indices[taken] - first < count; taken++) out[taken] = slab[indices[taken] - first];
    first += count;
  }
  free(slab);
  volley_column_close(&data);
  if (handle >= 0) volley_hdf5_check(&file, H5Fclose(handle), "close");
  return status;
}

volley_reader volley_data_reader(MPI_Comm *comm) {
  return (volley_reader){.context = comm,
                         .values = read_values,
                         .edges = volley_edges_read,
                         .edge_sample = volley_edges_sample,
                         .spikes = volley_spikes_read,
                         .count_spikes = volley_spikes_count,
                         .series = volley_series_read};
}
