/* Datasets of a group that are as long as each other, a row of values after the other: edges, spikes. Every rank reads an
 * equal part of the rows, without the others, and hands them on slab by slab. */
#ifndef VOLLEY_IO_DATA_ROWS_H
#define VOLLEY_IO_DATA_ROWS_H

#include "io/data/columns.h"
#include "model/reader.h"

#include <mpi.h>

enum { VOLLEY_MAX_COLUMNS = 5, VOLLEY_COLUMN_NAME = 64 };

/* What the rows of a group are: columns, whose datasets have one of the names "a|b". */
typedef struct volley_row_layout {
  struct {
    const char *names;
    bool is_integer, required;
  } columns[VOLLEY_MAX_COLUMNS];
  int n_columns;
  bool
      is_matrix; /* datasets have two dimensions: their values count one by one, those of the second next to each other */
} volley_row_layout;

typedef struct volley_rows volley_rows;
struct volley_rows {
  volley_hdf5 file;
  MPI_Comm comm;
  int rank, ranks;
  void *context; /* of the functions below */
  /* Opens the group in a file that is open, and sets the layout. Negative after a fault. */
  hid_t (*open_group)(volley_rows *rows);
  /* Makes a slab of the `count` rows that are in the buffers, which may be none, also on a rank that does not read: arrays and
   * count. Faults go to the file. */
  void (*make)(volley_rows *rows, volley_edge_slab *slab);
  hid_t handle, group;
  const volley_row_layout *layout;
  volley_column columns[VOLLEY_MAX_COLUMNS]; /* on the ranks that read */
  char names[VOLLEY_MAX_COLUMNS][VOLLEY_COLUMN_NAME];
  uint64_t *buffers[VOLLEY_MAX_COLUMNS]; /* [VOLLEY_EDGE_ROWS] of uint64_t or double */
  struct {
    uint64_t size; /* rows */
    int present[VOLLEY_MAX_COLUMNS];
    int given[2];         /* whether edges have weights, and delays */
  } shape;                /* the same on every rank once shared */
  uint64_t first, stride; /* rows that are in the buffers: first, first + stride, ... */
};

/* Opens the file on rank 0 and shares its shape. Members from file to make are set; comm is not its own. Collective, agreed
 * status; to be closed whatever that is. */
volley_status volley_rows_open(volley_rows *rows, const volley_place *place, const char *path, MPI_Comm comm);
void volley_rows_close(volley_rows *rows);

/* Finds the first of a column's names "a|b" that the group has; the first of all, and false, where there is none. For
 * open_group; not collective. */
bool volley_rows_find_name(const volley_rows *rows, int column, char name[VOLLEY_COLUMN_NAME]);

/* Hands this rank's rows to the taker. Of all that are wrong the first in the file is told. Collective, agreed status. */
volley_status volley_rows_read(volley_rows *rows, const volley_edge_taker *taker);

/* Rows number 0, s, 2 s, ... for the least power of two s that gives `most` at most, which is no more than VOLLEY_EDGE_ROWS, as
 * a slab on rank 0. Returns how many rows were looked at. Not collective. */
size_t volley_rows_sample(volley_rows *rows, size_t most, volley_edge_slab *slab);

#endif
