#include "model/key.h"

#include <stdio.h>
#include <string.h>

const volley_key_info *volley_key_named(const volley_key_info *keys, int n, const char *name) {
  for (int k = 0; k < n; k++)
    if (strcmp(keys[k].name, name) == 0) return &keys[k];
  return NULL;
}

static void set_default(const volley_key_info *key, void *out) {
  switch (key->type) {
    case VOLLEY_KEY_NUMBER:
    case VOLLEY_KEY_STEPS:
    case VOLLEY_KEY_DELAY: *(double *)out = key->fallback; break;
    case VOLLEY_KEY_COUNT: *(int *)out = isnan(key->fallback) ? -1 : (int)key->fallback; break;
    case VOLLEY_KEY_FLAG: *(bool *)out = key->fallback > 0; break;
    case VOLLEY_KEY_CHOICE: *(int *)out = (int)key->fallback; break;
    case VOLLEY_KEY_TEXT:
      if (key->text) *(const char **)out = key->text;
      break;
    default: break;
  }
}

void volley_keys_set_defaults(const volley_key_info *keys, int n, void *out) {
  for (int k = 0; k < n; k++) set_default(&keys[k], (char *)out + keys[k].offset);
}

/* Word number `number` of some that are separated by bars; *length: of the word. */
static const char *word(const char *words, int number, int *length) {
  for (; number > 0; number--) words += strcspn(words, "|") + 1;
  *length = (int)strcspn(words, "|");
  return words;
}

static bool has_unit(const volley_key_info *key) {
  return key->unit && *key->unit && strcmp(key->unit, "weight") != 0 && strcmp(key->unit, "current") != 0;
}

const char *volley_key_default(const volley_key_info *key, char *buffer, size_t size) {
  int length;
  *buffer = '\0';
  if (key->required || isnan(key->fallback)) return buffer;
  switch (key->type) {
    case VOLLEY_KEY_NUMBER:
    case VOLLEY_KEY_STEPS:
    case VOLLEY_KEY_DELAY:
    case VOLLEY_KEY_COUNT:
    case VOLLEY_KEY_VALUE: snprintf(buffer, size, has_unit(key) ? "%g %s" : "%g", key->fallback, key->unit); break;
    case VOLLEY_KEY_FLAG: snprintf(buffer, size, "%s", key->fallback > 0 ? "true" : "false"); break;
    case VOLLEY_KEY_CHOICE: {
      const char *from = word(key->words, (int)key->fallback, &length);
      snprintf(buffer, size, "%.*s", length, from);
      break;
    }
    default:
      if (key->text) snprintf(buffer, size, "%s", key->text);
  }
  return buffer;
}
