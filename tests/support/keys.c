#include "support/keys.h"

#include "base/status.h"

void *keys_member(const volley_key_info *keys, int n, void *parameters, const char *name) {
  const volley_key_info *key = volley_key_named(keys, n, name);
  if (!key) volley_die("the test names an unknown key %s", name);
  return (char *)parameters + key->offset;
}
