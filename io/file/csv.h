/* Tables of numbers as text. */
#ifndef VOLLEY_IO_FILE_CSV_H
#define VOLLEY_IO_FILE_CSV_H

#include "base/status.h"

#include <stdint.h>

/* Reads a text file: one row a line, numbers separated by commas, semicolons or blanks, equally many in every row. Empty
 * lines, lines that begin with #, and one line of names before the numbers are left out. values: [rows][columns],
 * owned by the caller: free(), NULL on error; so is the line of names, NULL where there is none (names may be NULL). Not
 * collective. Faults name place, file and line; numbers that are not finite are faults. */
volley_status volley_csv_read(const volley_place *place, const char *path, double **values, uint64_t *rows,
                              uint64_t *columns, char **names);

#endif
