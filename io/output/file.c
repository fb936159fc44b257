#include "io/output/file.h"

#include "io/file/disk_space.h"
#include "io/file/hdf5.h"
#include "io/file/path.h"
#include "io/output/images.h"
#include "io/output/layout.h"
#include "io/output/provenance.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct volley_output {
  const volley_experiment *experiment;
  char *path, *temporary;
  MPI_Comm comm;
  int rank, ranks;
  volley_hdf5 file;
  hid_t handle;
  bool broken;            /* HDF5 has failed on some rank; the same on all */
  volley_track *tracks;   /* [n_recorders] */
  volley_disk_space room; /* rank 0 */
  uint64_t size;          /* bytes that the file has at most, but for what closing writes */
  uint64_t closing_bytes; /* kept free for that */
  uint64_t opening_bytes; /* of groups, attributes and other such things while nothing is recorded */
};

/* Has rank 0 reserve a file of `size` bytes and what closing needs. Collective; returns 0 or errno on every rank. */
static int reserve(volley_output *output, uint64_t size) {
  int code = 0;
  if (output->rank == 0) code = volley_disk_space_reserve(&output->room, size + output->closing_bytes);
  VOLLEY_MPI(MPI_Bcast(&code, 1, MPI_INT, 0, output->comm));
  return code;
}

/* Takes room for `more` bytes. How large compressed data have become only the file tells. Collective, agreed status. */
static volley_status make_room(volley_output *output, uint64_t more) {
  if (output->rank == 0 && output->experiment->compression > 0)
    output->size = output->opening_bytes + volley_disk_space_size(&output->room);
  output->size += more;
  const int code = reserve(output, output->size);
  if (code)
    volley_fault(VOLLEY_FAILURE, NULL, "cannot write '%s': %s; %s", output->temporary, strerror(code),
                 output->handle >= 0 ? "what was recorded before is kept there" : "nothing was recorded");
  return volley_agree(output->comm);
}

int volley_output_reserve(volley_output *output, const uint64_t *totals, uint64_t compressed) {
  uint64_t growth = 0;
  for (int r = 0; r < output->experiment->n_recorders; r++)
    growth += volley_track_growth(&output->tracks[r], totals[r]);
  if (output->experiment->compression > 0 && compressed < growth) growth = compressed;
  return reserve(output, output->size + growth);
}

/* Agrees on the outcome of all HDF5 calls since the last agreement. Faults of others leave the file as it is. */
static volley_status agree(volley_output *output) {
  const volley_status status = volley_agree(output->comm);
  if (status != VOLLEY_OK && !volley_all(!output->file.failed, output->comm)) output->broken = true;
  return status;
}

static volley_status flush(void *context) {
  volley_output *output = context;
  volley_hdf5_check(&output->file, H5Fflush(output->handle, H5F_SCOPE_GLOBAL), "write");
  return agree(output);
}

static volley_status take_spikes(void *context, int recorder, uint64_t first, uint64_t count, const double *times,
                                 const uint64_t *ids, uint64_t total) {
  volley_output *output = context;
  volley_track *track = &output->tracks[recorder];
  VOLLEY_TRY(make_room(output, volley_track_growth(track, total)));
  volley_track_put_spikes(&output->file, track, first, count, times, ids, total);
  return agree(output);
}

static volley_status take_traces(void *context, int recorder, uint64_t first_row, uint64_t rows, const double *data) {
  volley_output *output = context;
  volley_track *track = &output->tracks[recorder];
  VOLLEY_TRY(make_room(output, volley_track_growth(track, first_row + rows)));
  volley_track_put_traces(&output->file, track, first_row, rows, data);
  return agree(output);
}

volley_status volley_output_put_tile(volley_output *output, int recorder, const volley_tile *tile, const double *data,
                                     uint64_t total) {
  volley_track *track = &output->tracks[recorder];
  VOLLEY_TRY(make_room(output, track->is_compressed ? (uint64_t)output->ranks * volley_track_tile_bytes(track, tile)
                                                    : volley_track_growth(track, total)));
  volley_track_put_tile(&output->file, track, tile, data, total, output->comm);
  return agree(output);
}

void volley_output_chunk(const volley_output *output, int recorder, uint64_t *rows, uint64_t *columns) {
  *rows = output->tracks[recorder].chunk;
  *columns = output->tracks[recorder].chunk_columns;
}

volley_sink volley_output_sink(volley_output *output) {
  return (volley_sink){.context = output, .spikes = take_spikes, .traces = take_traces, .flush = flush};
}

static void destroy(volley_output *output) {
  for (int r = 0; r < output->experiment->n_recorders; r++) volley_tiling_destroy(output->tracks[r].tiling);
  free(output->tracks);
  free(output->path);
  free(output->temporary);
  VOLLEY_MPI(MPI_Comm_free(&output->comm));
  free(output);
}

static volley_output *create(const volley_experiment *experiment, const char *path, MPI_Comm comm) {
  volley_output *output = volley_alloc(1, sizeof *output, "the output");
  output->experiment = experiment;
  output->path = volley_path_format("%s", path);
  output->temporary = volley_path_format("%s.part", path);
  VOLLEY_MPI(MPI_Comm_dup(comm, &output->comm));
  VOLLEY_MPI(MPI_Comm_set_errhandler(output->comm, MPI_ERRORS_RETURN));
  VOLLEY_MPI(MPI_Comm_rank(output->comm, &output->rank));
  VOLLEY_MPI(MPI_Comm_size(output->comm, &output->ranks));
  output->handle = -1;
  output->file = (volley_hdf5){.path = output->temporary, .blame = VOLLEY_FAILURE, .writes = output->rank == 0};
  output->tracks = volley_alloc((size_t)experiment->n_recorders, sizeof *output->tracks, "recordings");
  for (int r = 0; r < experiment->n_recorders; r++) {
    output->tracks[r].times = output->tracks[r].ids = output->tracks[r].data = -1; /* not open */
  }
  return output;
}

/* Opens the file for reserving on rank 0 and takes room for all that opening and closing write. */
static volley_status open_room(volley_output *output) {
  if (output->rank == 0) {
    const int code = volley_disk_space_open(&output->room, output->temporary);
    if (code) volley_fault(VOLLEY_FAILURE, NULL, "cannot create '%s': %s", output->temporary, strerror(code));
  }
  VOLLEY_TRY(volley_agree(output->comm));
  const volley_status status = make_room(output, output->opening_bytes);
  if (output->rank == 0) {
    if (status != VOLLEY_OK) {
      volley_disk_space_close(&output->room);
      unlink(output->temporary);
    }
    output->room.reserved = 0; /* HDF5 empties the file when it creates it */
  }
  return status;
}

static void write_skeleton(volley_output *output, const volley_trace_columns *columns, int64_t first_step) {
  volley_hdf5 *file = &output->file;
  volley_layout_put_root(file, output->handle);
  volley_provenance_begin(file, output->handle, output->experiment, first_step, output->comm);
  volley_layout_put_groups(file, output->handle, output->experiment);
  for (int r = 0; r < output->experiment->n_recorders; r++)
    volley_track_create(file, output->handle, output->experiment, r, columns + r, output->comm, &output->tracks[r]);
  volley_layout_put_links(file, output->handle, output->experiment);
  volley_hdf5_check(file, H5Fflush(output->handle, H5F_SCOPE_GLOBAL), "write");
}

volley_status volley_output_open(const volley_experiment *experiment, const char *path,
                                 const volley_trace_columns *columns, int64_t first_step, MPI_Comm comm,
                                 volley_output **out) {
  volley_output *output = create(experiment, path, comm);
  output->opening_bytes = volley_track_bytes(experiment);
  output->closing_bytes = volley_provenance_bytes(experiment, output->ranks) + volley_layout_spectra_bytes(experiment) +
                          volley_images_shown_bytes(experiment) + volley_nodes_bytes(experiment);
  volley_status status = open_room(output);
  if (status != VOLLEY_OK) {
    destroy(output);
    return status;
  }
  output->handle = volley_hdf5_create_shared(&output->file, output->comm);
  status = agree(output);
  if (status == VOLLEY_OK) status = make_room(output, 0);
  if (status == VOLLEY_OK) {
    write_skeleton(output, columns, first_step);
    status = agree(output);
  }
  if (status != VOLLEY_OK) {
    (void)volley_output_close(output, NULL);
    return status;
  }
  *out = output;
  return VOLLEY_OK;
}

/* Writes the figures and the mark of completeness, in this order on the disk. Collective, agreed status. */
static volley_status write_end(volley_output *output, const volley_summary *summary) {
  volley_hdf5 *file = &output->file;
  for (int r = 0; r < output->experiment->n_recorders; r++) volley_track_release(file, &output->tracks[r]);
  if (!summary) return flush(output);
  if (output->experiment->ended_early) volley_layout_shorten(file, output->handle, output->experiment);
  volley_layout_put_spectra(file, output->handle, summary);
  volley_images_shown_put(file, output->handle, output->experiment);
  volley_nodes_put(file, output->handle, output->experiment, output->comm);
  volley_provenance_end(file, output->handle, summary, output->comm);
  VOLLEY_TRY(flush(output));
  volley_provenance_complete(file, output->handle);
  return agree(output);
}

/* After a failed write HDF5 and MPI-IO do not agree between the ranks on what is left to be done: closing the file,
 * even when MPI ends, may wait for ever. The fault has been reported, so the job ends here. */
static void give_up(const volley_output *output) {
  if (output->rank == 0) volley_die("'%s' could not be closed; it may be damaged", output->temporary);
  VOLLEY_MPI(MPI_Barrier(output->comm)); /* until rank 0 has ended the job */
}

volley_status volley_output_close(volley_output *output, const volley_summary *summary) {
  const volley_status status = output->broken ? VOLLEY_FAILURE : write_end(output, summary);
  if (output->broken) give_up(output);
  volley_hdf5_check(&output->file, H5Fclose(output->handle), "close");
  const volley_status closed = agree(output);
  if (output->rank == 0) {
    int code = volley_disk_space_close(&output->room);
    if (code == 0 && closed == VOLLEY_OK && summary) code = volley_file_rename(output->temporary, output->path);
    if (code) volley_fault(VOLLEY_FAILURE, NULL, "cannot finish '%s': %s", output->path, strerror(code));
  }
  const volley_status finished = volley_agree(output->comm);
  destroy(output);
  return status != VOLLEY_OK ? status : closed != VOLLEY_OK ? closed : finished;
}
