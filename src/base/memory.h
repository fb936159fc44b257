/* Memory: checked allocation, arenas for descriptions, huge-page tables, and what the machine has left. */
#ifndef VOLLEY_BASE_MEMORY_H
#define VOLLEY_BASE_MEMORY_H

#include "base/codes.h"

#include <stddef.h>
#include <stdint.h>

/* Has blocks of a megabyte and more come from the system and go back to it, in a program that is ours alone. Else glibc, once one
 * was given back, puts them between small ones, where those that are written a piece at a time leave holes. Less than
 * two megabytes at the end of the heap stay, of which HDF5 takes one for each file. */
void volley_memory_settle(void);

/* Runs work(context). Where there is no memory for it, on this thread, it ends there after adding a fault, not the job; what
 * does not hang on its context by then is lost. It must not communicate. VOLLEY_OK or VOLLEY_FAILURE, of this rank. */
volley_status volley_memory_try(void (*work)(void *context), void *context);

/* Zeroed memory for count items of size bytes, aligned to 64 bytes; never NULL (count 0 gives a valid pointer). If there
 * is none, the job ends with a message naming `what`, or work that is tried. Caller owns it: free(). Callable from any thread. */
void *volley_alloc(size_t count, size_t size, const char *what) __attribute__((malloc));

/* The same, but nothing is set: a buffer that is filled before it is read takes no more memory than is used of it. */
void *volley_alloc_unset(size_t count, size_t size, const char *what) __attribute__((malloc));

/* As volley_alloc() between collective calls: NULL, after adding a fault, where there is none. */
void *volley_alloc_or_fault(size_t count, size_t size, const char *what);

/* Like realloc(), to count items of size bytes; new bytes are not zeroed, alignment is malloc's. Grow only what came
 * from it or is NULL. Ends the job if there is no memory. */
void *volley_grow(void *memory, size_t count, size_t size, const char *what);

/* A table of `bytes` zeroed bytes, in huge pages where it fills one and the system has them. Released by
 * volley_table_free(). */
void *volley_alloc_huge(size_t bytes, const char *what);
enum { VOLLEY_HUGE_PAGE = 2 << 20 };
/* What a table of about so many bytes takes where all of it is used. */
double volley_huge_expected_bytes(double bytes);
void volley_table_free(void *table, size_t bytes);
/* One of `grown` bytes in its place, with its content, which is not copied. table: of `bytes`, or NULL. */
void *volley_table_grow(void *table, size_t bytes, size_t grown, const char *what);
/* Gives the whole huge pages inside [from, to) back to the system; their content is lost. Returns where the rest begins. */
void *volley_table_discard(void *from, void *to);

/* An arena: many small pieces with one end. */
typedef struct volley_arena volley_arena;
volley_arena *volley_arena_create(void);
void volley_arena_destroy(volley_arena *arena);                           /* NULL is allowed */
void *volley_arena_alloc(volley_arena *arena, size_t count, size_t size); /* zeroed, owned by the arena */
char *volley_arena_copy(volley_arena *arena, const char *text);
char *volley_arena_format(volley_arena *arena, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Peak and present resident set of this process, in bytes. */
uint64_t volley_peak_rss(void);
uint64_t volley_present_rss(void);

/* Bytes that the control groups of this process (version 1 or 2), and those above them, still give; UINT64_MAX if they set no
 * limit. root: where /proc and /sys are, "" but in tests. */
uint64_t volley_group_memory(const char *root);

/* Bytes that processes on this node can still take: the least of the system's available memory, the control group's
 * rest and this process's address space limit. */
uint64_t volley_available_memory(void);

#endif
