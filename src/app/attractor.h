/* Whether an output that was taught a chaotic course goes on along the same attractor: two chaotic courses part within a second or
 * two, so that no error at any shift says so. */
#ifndef VOLLEY_APP_ATTRACTOR_H
#define VOLLEY_APP_ATTRACTOR_H

#include "io/output/readout_reader.h"

/* How like a course is to the supervisor up to the end of learning. */
typedef struct volley_likeness {
  double
      overlap; /* of the time spent in the cells of a grid of 10 x 10 over the plane of the first and last dimension: 1 equal, 0 apart */
  double
      map; /* how far maxima of the last dimension are from where the supervisor's would be after the same maximum: median,
                   * in standard deviations of its maxima */
  double between; /* s between these maxima, mean */
} volley_likeness;

/* NAN where the recording does not tell. */
typedef struct volley_attractor {
  volley_likeness output, supervisor; /* after learning; of the supervisor: what as much of the true course has */
} volley_attractor;

volley_attractor volley_attractor_measure(const volley_readout_record *record);

#endif
