/* Mean of a state over the selected neurons of a population: their sum, rounded once, over their number. */
#include "record/sums.h"

const volley_recorder_kind volley_record_means = {.name = "means", .plural = "means", VOLLEY_SUMS, .group = "means"};
