/* Times on the command line. */
#ifndef VOLLEY_APP_TIME_OPTION_H
#define VOLLEY_APP_TIME_OPTION_H

#include "base/status.h"

/* The time that option --name gives: "500", "500 ms" or "0.5 s", in ms. text NULL: not given, *ms stays as it is.
 * Not collective. Adds a fault and returns VOLLEY_USAGE if it is no time. */
volley_status volley_time_option(const char *name, const char *text, double *ms);

#endif
