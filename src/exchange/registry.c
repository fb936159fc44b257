#include "exchange/exchange.h"

#include <stddef.h>

/* clang-format off */
#define KINDS(X) \
  X(allgather) \
  /* one line a kind */
/* clang-format on */

#define DECLARED(name) extern const volley_exchange_kind volley_exchange_##name;
#define LISTED(name) &volley_exchange_##name,
KINDS(DECLARED)

const volley_exchange_kind *const *volley_exchange_kinds(void) {
  static const volley_exchange_kind *const kinds[] = {KINDS(LISTED) NULL};
  return kinds;
}
