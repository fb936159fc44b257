/* Status codes and the one function that reports a fault.
 *
 * A fault is added to this process's list the moment it is found; nothing is printed. volley_agree() then makes
 * the outcome common to all ranks: it is called before every collective step that a faulty rank could not join. */
#ifndef VOLLEY_BASE_STATUS_H
#define VOLLEY_BASE_STATUS_H

#include "base/codes.h"
#include "base/exact.h"

#if __has_include(<mpi.h>)
#include <mpi.h>
#endif
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Where in an experiment file something stands. The strings are not owned; any part may be absent (NULL or 0). */
typedef struct volley_place {
  const char *file; /* as the user named it */
  int line;         /* from 1 */
  int column;       /* from 1 */
  const char *path; /* key path, e.g. populations.L23E.parameters.tau_m */
} volley_place;

/* Writes "FILE:LINE:COLUMN: PATH: ", as far as place has them, into text of `size` bytes. Returns the length. */
int volley_place_write(const volley_place *place, char *text, size_t size);

/* Adds a fault to this process's list. Not collective; callable from any thread. place may be NULL. The message
 * says what was found and what would be right, in one sentence without a final full stop; bytes of it that a terminal
 * would obey are shown as \xHH. Returns status. */
volley_status volley_fault(volley_status status, const volley_place *place, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The worst status of the faults on this process's list. Not collective. */
volley_status volley_local_status(void);

#ifdef MPI_VERSION /* plugins are compiled without */
/* Collective over comm. Returns the worst status of all ranks, the same on every rank. Where it is not VOLLEY_OK,
 * rank 0 prints every fault once (equal texts of several ranks once) to stderr, or every rank keeps it for its host
 * (volley_faults_keep(), volley.h), and all lists are emptied. */
volley_status volley_agree(MPI_Comm comm);

/* The same where each rank has looked at a part of something and has a fault at `place` of the whole, UINT64_MAX if it has
 * none: only the faults of the first place are told. Lists must have been empty before. Collective. */
volley_status volley_agree_first(uint64_t place, MPI_Comm comm);

/* The same where several ranks may lack the same: of those that have faults only the first rank's are told. Collective. */
volley_status volley_agree_one(MPI_Comm comm);

/* Whether `mine` holds on every rank: for what all ranks do or none. Faults stay on their lists, to be agreed on later.
 * Collective. */
bool volley_all(bool mine, MPI_Comm comm);

/* Whether a kind's create() has made something on every rank. Where it is NULL on one and no rank says why, adds the fault that
 * "WHAT 'NAME'" could not be made. Collective. */
bool volley_is_made(const void *made, const char *what, const char *name, MPI_Comm comm);
#endif

/* Keeps a note among the faults of a host program, if there is one. Returns whether there is. Not collective. */
bool volley_faults_are_kept(const char *note);

/* Empties the list of this process without printing it: for what is tried and may fail. Not collective. */
void volley_faults_clear(void);

/* Prints this process's faults to stderr and empties the list; for programs and commands without MPI. */
volley_status volley_print_faults(void);

/* Ends the whole job with exit code 1 after one message: for failures after which no agreement is possible, such as an
 * MPI error. Does not return. */
_Noreturn void volley_die(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Checks an MPI call; MPI_ERRORS_RETURN must be set on the communicator. */
#define VOLLEY_MPI(call)                                                                                               \
  do {                                                                                                                 \
    const int volley_code_ = (call);                                                                                   \
    if (volley_code_ != MPI_SUCCESS) volley_die_mpi(volley_code_, #call, __FILE__, __LINE__);                          \
  } while (0)
_Noreturn void volley_die_mpi(int code, const char *call, const char *file, int line);

/* Returns the status of a call at once if it is not VOLLEY_OK. */
#define VOLLEY_TRY(call)                                                                                               \
  do {                                                                                                                 \
    const volley_status volley_status_ = (call);                                                                       \
    if (volley_status_ != VOLLEY_OK) return volley_status_;                                                            \
  } while (0)

#endif
