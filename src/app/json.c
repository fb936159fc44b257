#include "app/json.h"

#include "io/output/summary.h"

#include <inttypes.h>

void volley_json_member(const char *key, const char *before) { printf("%s\"%s\": ", before, key); }

void volley_json_member_text(const char *key, const char *text, const char *before) {
  volley_json_member(key, before);
  volley_json_text(stdout, text);
}

void volley_json_member_number(const char *key, double value, const char *before) {
  volley_json_member(key, before);
  volley_json_number(stdout, value);
}

void volley_json_member_count(const char *key, uint64_t value, const char *before) {
  volley_json_member(key, before);
  printf("%" PRIu64, value);
}
