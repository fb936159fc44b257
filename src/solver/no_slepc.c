/* In the place of eigen.c, where this is built without SLEPc. */
#include "solver/solver.h"

static bool load(void) { return true; }

static int start(void) { return 0; }

static void stop(void) {}

const volley_eigen_table volley_eigen = {.lacks = "SLEPc, which this program was built without (-DVOLLEY_SLEPC=OFF)",
                                         .load = load,
                                         .start = start,
                                         .stop = stop};
