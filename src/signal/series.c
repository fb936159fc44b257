/* A recording: rows at equal intervals, with linear interpolation in between. */
#include "signal/rows.h"

#include <math.h>

#define AT(member) .offset = offsetof(volley_rows, member)

static const volley_key_info keys[] = {
    {"file", .type = VOLLEY_KEY_PATH, AT(series.file),
     .doc = "HDF5 file, or text with one row a line (CSV); one value a row or several"},
    {"dataset", .type = VOLLEY_KEY_TEXT, AT(series.dataset),
     .doc = "where the HDF5 file has the values; its first dimension counts the rows"},
    {"rows", "", 0, VOLLEY_ANY, .type = VOLLEY_KEY_ROWS, AT(series), .doc = "the values themselves, instead of a file"},
    {"interval", "ms", 0, VOLLEY_ABOVE_ZERO, .required = true, AT(interval),
     .doc = "time between two rows; the first one is at 0"},
    {"repeat", .type = VOLLEY_KEY_FLAG, AT(repeat),
     .doc = "whether the first row follows the last one; otherwise the series must last to the end"},
};

const volley_signal_kind volley_signal_series = {
    .name = "series",
    .doc = "a recording from a file, with linear interpolation; as many values as columns",
    VOLLEY_KEYS(keys),
    .size = sizeof(volley_rows),
    .has_series = true,
    .check = volley_rows_check,
    .length = volley_rows_length,
    .values = volley_rows_interpolate,
};
