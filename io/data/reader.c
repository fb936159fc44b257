#include "io/data/reader.h"

#include "base/memory.h"
#include "base/text.h"
#include "io/data/numbers.h"

#include <stdlib.h>

/* Of values and series rank 0 reads and hands on what it read: a file is opened once, however many ranks there are. */

enum { SLAB = 1 << 20 /* values read at a time */ };

/* One number for each of so many neurons. */
static void check_size(volley_numbers *n, volley_gid size) {
  if (n->file.failed) return;
  if (n->n_dimensions != 1)
    volley_hdf5_fault(&n->file, "%s must have one dimension%s", n->what,
                      n->text ? ", or `column` must say which of its columns is meant" : "");
  else if (n->rows != size)
    volley_hdf5_fault(&n->file, "%s holds %s for %s", n->what, volley_count(n->rows, "value").text,
                      volley_count(size, "neuron").text);
  else
    volley_numbers_check_stored(n);
}

static volley_status read_values(void *context, const volley_place *place, const volley_distribution *from,
                                 volley_gid size, const volley_gid *places, uint32_t n, double *out) {
  const MPI_Comm comm = *(MPI_Comm *)context;
  volley_numbers numbers = {.handle = -1, .data = {.set = -1}};
  int rank = 0;
  VOLLEY_MPI(MPI_Comm_rank(comm, &rank));
  if (rank == 0) {
    volley_numbers_open(&numbers, place, from->file, from->dataset, from->column);
    check_size(&numbers, size);
  }
  volley_status status = volley_agree(comm);
  int64_t range[] = {(int64_t)(n > 0 ? places[0] : size),
                     n > 0 ? -1 - (int64_t)places[n - 1] : 0}; /* that any rank wants */
  VOLLEY_MPI(MPI_Allreduce(MPI_IN_PLACE, range, 2, MPI_INT64_T, MPI_MIN, comm));
  const volley_gid end = (volley_gid)-range[1];
  double *slab = volley_alloc_unset(SLAB, sizeof *slab, "values from a file");
  uint32_t taken = 0;
  for (volley_gid first = (volley_gid)range[0] / SLAB * SLAB; status == VOLLEY_OK && first < end;) {
    const uint32_t count = size - first < SLAB ? (uint32_t)(size - first) : SLAB;
    if (rank == 0) volley_numbers_read(&numbers, first, count, slab);
    status = volley_agree(comm);
    if (status == VOLLEY_OK) VOLLEY_MPI(MPI_Bcast(slab, (int)count, MPI_DOUBLE, 0, comm));
    for (; taken < n && places[taken] - first < count; taken++) out[taken] = slab[places[taken] - first];
    first += count;
  }
  free(slab);
  volley_numbers_close(&numbers);
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
