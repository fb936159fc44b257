/* Members of a JSON object on the standard output. before: what stands between this member and what was printed last. */
#ifndef VOLLEY_APP_JSON_H
#define VOLLEY_APP_JSON_H

#include <stdint.h>

void volley_json_member(const char *key, const char *before); /* its value is up to the caller */
void volley_json_member_text(const char *key, const char *text, const char *before);
void volley_json_member_number(const char *key, double value, const char *before); /* null if not finite */
void volley_json_member_count(const char *key, uint64_t value, const char *before);

#endif
