/* How well a readout has learned, from its recorded output and supervisor. */
#ifndef VOLLEY_APP_READOUT_MEASURES_H
#define VOLLEY_APP_READOUT_MEASURES_H

#include "io/output/readout_reader.h"

/* NAN where the recording does not tell. Errors are relative: norm(output - supervisor) / norm(supervisor). */
typedef struct volley_readout_measures {
  double train;              /* error in the last second of learning */
  double win_mean, win_most; /* in windows of one second after learning, each shifted in time to where it is least */
  double period, supervisor_period; /* s, after learning; NAN where the supervisor is no rhythm */
  double spread;                    /* standard deviation of output over that of supervisor, after learning */
} volley_readout_measures;

volley_readout_measures volley_readout_measure(const volley_readout_record *record);

#endif
