/* Pieces of volley info. */
#ifndef VOLLEY_APP_INFO_H
#define VOLLEY_APP_INFO_H

#include "app/activity.h"

/* Verifies the checkpoint at path and prints what it is. One process. Returns VOLLEY_USAGE, the fault being printed, if it
 * cannot be read or is not whole. */
volley_status volley_info_checkpoint(const char *path, bool json);

/* Prints a table of them. */
void volley_info_activities(const volley_activity *activities, int n);

/* Prints how well the outputs, neurons that a teacher reaches, tell the images that were shown. The prediction is the label
 * whose outputs spike most while the image is shown; of equally many spikes the larger trace decides: its spikes, each
 * decaying with 10 ms, mean over the last 5 ms of the image. Only images shown within start < t <= stop (ms) count, and
 * only those during which all outputs were recorded
 * and whose label some output has. Prints nothing where there are none. json: as a member of an object
 * that has others before it. One process. Returns VOLLEY_USAGE with a fault if the file cannot be read. */
volley_status volley_info_labels(volley_output_file *file, const char *path, double start, double stop, bool json);

/* Prints for each recorder of rates, sums, means, stimuli and dopamine what its rows at start < t <= stop (ms) hold; otherwise as
 * volley_info_labels(). */
volley_status volley_info_rows(const char *path, double start, double stop, bool json);

/* Prints how even the work of the ranks was; otherwise as volley_info_labels(). Nothing of outputs that do not tell. */
void volley_info_ranks(const volley_output_info *info, bool json);

#endif
