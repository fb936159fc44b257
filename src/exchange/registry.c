#include "exchange/exchange.h"

#include <math.h>
#include <stddef.h>

/* clang-format off */
#define KINDS(X) \
  X(allgather) \
  X(neighbour) \
  X(two_level) \
  X(auto) \
  /* one line a kind */
/* clang-format on */

#define DECLARED(name) extern const volley_exchange_kind volley_exchange_##name;
#define LISTED(name) &volley_exchange_##name,
KINDS(DECLARED)

const volley_exchange_kind *const *volley_exchange_kinds(void) {
  static const volley_exchange_kind *const kinds[] = {KINDS(LISTED) NULL};
  return kinds;
}

void volley_exchange_figures_add(volley_exchange_figures *sum, const volley_exchange_figures *figures) {
  sum->calls += figures->calls;
  sum->group_calls += figures->group_calls;
  sum->messages += figures->messages;
  sum->bytes += figures->bytes;
  sum->spikes += figures->spikes;
  sum->told += figures->told;
}

/* What an allgather of some hundred bytes takes for each doubling of the ranks, for each rank whose block is gone through, and
 * for a byte that is received: on a common cluster. Not timed, since the ranks to come are not there. */
double volley_exchange_allgather_s(int ranks, double bytes) {
  const double doubling_s = 2e-6, rank_s = 8e-9, byte_s = 0.4e-9;
  return ranks > 1 ? doubling_s * log2(ranks) + ranks * (rank_s + byte_s * bytes) : 0;
}

double volley_exchange_message_s(double bytes) {
  const double message_s = 1e-6, byte_s = 0.1e-9;
  return message_s + byte_s * bytes;
}
