#include "base/text.h"

#include "base/memory.h"

#include <ctype.h>
#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { LONGEST = 63, LEAST_PART = 3 };

static int least(int a, int b) { return a < b ? a : b; }

static int lower(const char *word, int i) { return tolower((unsigned char)word[i]); }

/* Optimal string alignment distance (Damerau-Levenshtein, no letter moved twice), row by row. */
static int distance(const char *a, const char *b) {
  int rows[3][LONGEST + 2];
  const int n_a = (int)strlen(a), n_b = (int)strlen(b);
  for (int j = 0; j <= n_b; j++) rows[0][j] = j;
  for (int i = 1; i <= n_a; i++) {
    int *now = rows[i % 3];
    const int *last = rows[(i + 2) % 3], *before = rows[(i + 1) % 3];
    now[0] = i;
    for (int j = 1; j <= n_b; j++) {
      const int differ = lower(a, i - 1) != lower(b, j - 1);
      now[j] = least(least(last[j] + 1, now[j - 1] + 1), last[j - 1] + differ);
      const int swapped = i > 1 && j > 1 && lower(a, i - 1) == lower(b, j - 2) && lower(a, i - 2) == lower(b, j - 1);
      if (swapped) now[j] = least(now[j], before[j - 2] + 1);
    }
  }
  return rows[n_a % 3][n_b];
}

/* The known word that needs the fewest changes, if they are few for its length. */
static const char *most_alike(const char *word, const char *const *known, int n) {
  const size_t length = strlen(word);
  if (length > LONGEST) return NULL;
  const char *nearest = NULL;
  int best = least(3, ((int)length + 2) / 3) + 1;
  for (int i = 0; i < n; i++) {
    if (strlen(known[i]) > LONGEST) continue;
    const int changes = distance(word, known[i]);
    if (changes < best) {
      best = changes;
      nearest = known[i];
    }
  }
  return nearest;
}

/* Whether `part` is one or more of the parts of a word that underscores separate: "step_current" of
 * "step_current_generator". */
static bool has_parts(const char *word, const char *part) {
  const size_t length = strlen(part);
  for (const char *at = word; at; at = strchr(at, '_')) {
    at += *at == '_';
    if (strncasecmp(at, part, length) == 0 && (at[length] == '_' || at[length] == '\0')) return true;
  }
  return false;
}

/* The known word with most letters whose parts the word has, or that has the parts of the word. */
static const char *longest_within(const char *word, const char *const *known, int n) {
  const char *nearest = NULL;
  size_t best = LEAST_PART - 1;
  for (int i = 0; i < n; i++) {
    const size_t ours = strlen(word), theirs = strlen(known[i]), letters = ours < theirs ? ours : theirs;
    if (letters <= best || !(has_parts(word, known[i]) || has_parts(known[i], word))) continue;
    best = letters;
    nearest = known[i];
  }
  return nearest;
}

/* The known word that is like the first part of a word of several parts. */
static const char *like_first_part(const char *word, const char *const *known, int n) {
  char part[LONGEST + 1];
  const size_t length = strcspn(word, "_");
  if (word[length] == '\0' || length < LEAST_PART || length > LONGEST) return NULL;
  memcpy(part, word, length);
  part[length] = '\0';
  const char *nearest = most_alike(part, known, n);
  return nearest ? nearest : longest_within(part, known, n);
}

const char *volley_nearest(const char *word, const char *const *known, int n) {
  const char *nearest = most_alike(word, known, n);
  if (!nearest) nearest = longest_within(word, known, n);
  return nearest ? nearest : like_first_part(word, known, n);
}

char *volley_shell_word(const char *word) {
  static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-+=:,@%";
  char *quoted = volley_alloc(4 * strlen(word) + 3, 1, "a word"), *at = quoted;
  if (word[0] && strspn(word, plain) == strlen(word)) return strcpy(quoted, word);
  *at++ = '\'';
  for (; *word; word++) {
    if (*word != '\'') {
      *at++ = *word;
      continue;
    }
    memcpy(at, "'\\''", 4);
    at += 4;
  }
  *at = '\'';
  return quoted;
}

const char *volley_lookalike(const char *text) {
  static const struct {
    const char *bytes, *what;
  } known[] = {
      {"\xC2\xA0", "a non-breaking space"},
      {"\xE2\x80\xAF", "a non-breaking space"},
      {"\xE2\x80\x89", "a thin space"},
      {"\xE2\x88\x92", "a minus sign of typography, not '-'"},
      {"\xE2\x80\x93", "a dash of typography, not '-'"},
      {"\xE2\x80\x94", "a dash of typography, not '-'"},
      {"\xE2\x80\x98", "a quotation mark of typography"},
      {"\xE2\x80\x99", "a quotation mark of typography"},
      {"\xE2\x80\x9C", "a quotation mark of typography"},
      {"\xE2\x80\x9D", "a quotation mark of typography"},
      {"\xE2\x80\x9E", "a quotation mark of typography"},
  };
  for (size_t k = 0; k < sizeof known / sizeof *known; k++)
    if (strstr(text, known[k].bytes)) return known[k].what;
  return NULL;
}

size_t volley_printable(const char *text) {
  static const struct {
    uint32_t first, last;
  } commands[] = {{0, 0x1F},        {0x7F, 0x9F},     {0x61C, 0x61C},   {0x200B, 0x200F},      {0x2028, 0x202E},
                  {0x2060, 0x206F}, {0xD800, 0xDFFF}, {0xFEFF, 0xFEFF}, {0x110000, UINT32_MAX}};
  static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000}; /* that takes so many bytes */
  const unsigned char *bytes = (const unsigned char *)text;
  const size_t length = bytes[0] < 0x80 ? 1 : bytes[0] < 0xC0 ? 0 : bytes[0] < 0xE0 ? 2 : bytes[0] < 0xF0 ? 3 : 4;
  if (length == 0 || bytes[0] >= 0xF8) return 0;
  uint32_t code = length == 1 ? bytes[0] : bytes[0] & (0x7FU >> length);
  for (size_t i = 1; i < length; i++) {
    if ((bytes[i] & 0xC0U) != 0x80) return 0;
    code = code << 6 | (bytes[i] & 0x3FU);
  }
  for (size_t c = 0; c < sizeof commands / sizeof *commands; c++)
    if (code >= commands[c].first && code <= commands[c].last) return 0;
  return code < least[length] ? 0 : length;
}

char *volley_escape(const char *text, char *out, size_t size) {
  size_t n = 0;
  while (*text && n + 5 <= size) { /* the longest piece and the end */
    const size_t length = volley_printable(text);
    if (length > 0)
      memcpy(out + n, text, length);
    else
      snprintf(out + n, 5, "\\x%02X", (unsigned char)*text);
    n += length > 0 ? length : 4;
    text += length > 0 ? length : 1;
  }
  out[n] = '\0';
  return out;
}

volley_words volley_count(uint64_t n, const char *one) {
  volley_words words;
  const size_t length = strlen(one);
  const bool is_plural = n != 1, ends_in_y = length > 0 && one[length - 1] == 'y';
  snprintf(words.text, sizeof words.text, "%" PRIu64 " %.*s%s", n, (int)(length - (is_plural && ends_in_y)), one,
           !is_plural  ? ""
           : ends_in_y ? "ies"
                       : "s");
  return words;
}

volley_words volley_speed(double seconds, double model_ms) {
  volley_words words;
  const double factor = 1e3 * seconds / model_ms;
  const double times = factor < 1 ? 1 / factor : factor;
  if (times < 1.05)
    snprintf(words.text, sizeof words.text, "as fast as real time");
  else
    snprintf(words.text, sizeof words.text,
             times < 9.95 ? "%.1f times %s than real time" : "%.0f times %s than real time", fmin(times, 1e12),
             factor < 1 ? "faster" : "slower");
  return words;
}

volley_shown volley_show(const char *text) {
  volley_shown shown;
  size_t n = strlen(text);
  while (n > 0 && text[n - 1] == '\n') n--;
  char *line = memcpy(volley_alloc(n + 1, 1, "a line of output"), text, n);
  volley_escape(line, shown.text, sizeof shown.text);
  free(line);
  return shown;
}
