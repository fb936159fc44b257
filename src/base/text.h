/* Words: which known one a user may have meant; how a path is written on a command line; counts and speeds in words. */
#ifndef VOLLEY_BASE_TEXT_H
#define VOLLEY_BASE_TEXT_H

#include <stddef.h>
#include <stdint.h>

/* The known word that needs the fewest changes (letters inserted, removed, replaced or swapped with the next; capitals
 * do not count) to become `word`. Where more than a third of its letters, or more than 3, differ from all of them: the
 * longest one that is a part of `word` between underscores (poisson of poisson_generator), or of which `word` is a
 * part; else the one that the first of several parts of `word` is like. NULL if there is none of these. known: [n]; the
 * result is one of them. */
const char *volley_nearest(const char *word, const char *const *known, int n);

/* The word as a shell takes it: as it is, or in quotation marks if it holds anything that a shell would act on. From
 * volley_alloc(), owned by the caller. */
char *volley_shell_word(const char *word);

/* What a text has that looks like a character of a number or key but is none: a non-breaking space, a minus sign or a
 * quotation mark of typography. NULL if there is nothing like that. */
const char *volley_lookalike(const char *text);

/* Length in bytes of the character of UTF-8 that text begins with; 0 where it is no well-formed one, the end of the text,
 * or one that a terminal takes for a command: a control character, or a mark that turns the direction of writing. */
size_t volley_printable(const char *text);

/* The text as a terminal may show it, with every byte that is not printable written \xHH; as much of it as `size` bytes
 * hold. Returns out. */
char *volley_escape(const char *text, char *out, size_t size);

/* The same of a name, title or path that is shown in a line of output; what ends a title's last line is left out. */
typedef struct volley_shown {
  char text[2048];
} volley_shown;
volley_shown volley_show(const char *text);

/* A few words by value: printf("%s", volley_count(n, "neuron").text). */
typedef struct volley_words {
  char text[64];
} volley_words;

/* "1 neuron", "2 neurons", "1 entry", "0 entries": one is the noun in the singular, at most 40 bytes. */
volley_words volley_count(uint64_t n, const char *one);

/* How fast seconds of work are for milliseconds of model time, both above 0: "40 times faster than real time", "3.1 times
 * slower than real time", "as fast as real time". */
volley_words volley_speed(double seconds, double model_ms);

#endif
