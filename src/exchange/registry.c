#include "exchange/exchange.h"

#include <stddef.h>

extern const volley_exchange_kind volley_exchange_allgather;

const volley_exchange_kind *const *volley_exchange_kinds(void) {
  static const volley_exchange_kind *const kinds[] = {&volley_exchange_allgather, NULL};
  return kinds;
}
