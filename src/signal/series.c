/* A recording: rows at equal intervals, with linear interpolation in between. */
#include "signal/rows.h"

#include <math.h>

static const volley_signal_key keys[] = {
    {.name = "file",
     .unit = "",
     .type = VOLLEY_SIGNAL_PATH,
     .offset = offsetof(volley_signal, file),
     .doc = "HDF5 file, or text with one row a line (CSV); one value a row or several"},
    {.name = "dataset",
     .unit = "",
     .type = VOLLEY_SIGNAL_TEXT,
     .offset = offsetof(volley_signal, dataset),
     .doc = "where the HDF5 file has the values; its first dimension counts the rows"},
    {.name = "rows",
     .unit = "",
     .type = VOLLEY_SIGNAL_MATRIX,
     .offset = offsetof(volley_signal, rows),
     .count_offset = offsetof(volley_signal, n_rows),
     .min = -INFINITY,
     .doc = "the values themselves, instead of a file"},
    {.name = "interval",
     .unit = "ms",
     .type = VOLLEY_SIGNAL_NUMBER,
     .offset = offsetof(volley_signal, interval),
     .required = true,
     .positive = true,
     .doc = "time between two rows; the first one is at 0"},
    {.name = "repeat",
     .unit = "",
     .type = VOLLEY_SIGNAL_FLAG,
     .offset = offsetof(volley_signal, repeat),
     .doc = "whether the first row follows the last one; otherwise the series must last to the end"},
};

static double length(const volley_signal *signal) { return signal->repeat ? 0 : signal->n_rows * signal->interval; }

const volley_signal_kind volley_signal_series = {
    .name = "series",
    .doc = "a recording from a file, with linear interpolation; as many values as columns",
    .keys = keys,
    .n_keys = sizeof keys / sizeof *keys,
    .check = volley_rows_check,
    .length = length,
    .values = volley_rows_interpolate,
};
