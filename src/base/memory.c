#define _GNU_SOURCE /* MREMAP_FIXED */
#include "base/memory.h"

#include "base/status.h"

#include <malloc.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

enum { ALIGNMENT = 64 };
static const size_t page = 4096, huge_page = VOLLEY_HUGE_PAGE;

static _Thread_local jmp_buf *way_out; /* of what this thread tries; NULL: nothing */

/* Of several threads that find no memory the first tells. */
static _Noreturn void out_of_memory(size_t count, size_t size, const char *what) {
  static const char text[] = "no memory for %s: %zu items of %zu bytes asked for, %.1f MB left on %s";
  const double left = (double)volley_available_memory() / 1e6;
  struct utsname host;
  if (uname(&host) < 0) snprintf(host.nodename, sizeof host.nodename, "this node");
  if (!way_out) volley_die(text, what, count, size, left, host.nodename);
  if (volley_local_status() == VOLLEY_OK)
    volley_fault(VOLLEY_FAILURE, NULL, text, what, count, size, left, host.nodename);
  longjmp(*way_out, 1);
}

void volley_memory_settle(void) {
#ifdef M_MMAP_THRESHOLD
  mallopt(M_MMAP_THRESHOLD, 1 << 20);
  mallopt(M_TRIM_THRESHOLD, 2 << 20);
#endif
}

volley_status volley_memory_try(void (*work)(void *context), void *context) {
  jmp_buf here, *const outer = way_out;
  way_out = &here;
  const bool ended = setjmp(here) == 0;
  if (ended) work(context);
  way_out = outer;
  return ended ? VOLLEY_OK : VOLLEY_FAILURE;
}

/* Bytes to ask for, a multiple of the alignment. */
static size_t rounded_bytes(size_t count, size_t size, const char *what) {
  size_t bytes;
  if (__builtin_mul_overflow(count, size, &bytes) || bytes > SIZE_MAX - 2 * ALIGNMENT) out_of_memory(count, size, what);
  return (bytes + ALIGNMENT) / ALIGNMENT * ALIGNMENT;
}

void *volley_alloc_unset(size_t count, size_t size, const char *what) {
  void *memory = aligned_alloc(ALIGNMENT, rounded_bytes(count, size, what));
  if (!memory) out_of_memory(count, size, what);
  return memory;
}

void *volley_alloc(size_t count, size_t size, const char *what) {
  return memset(volley_alloc_unset(count, size, what), 0, rounded_bytes(count, size, what));
}

/* What is asked for, and got. */
typedef struct request {
  size_t count, size;
  const char *what;
  void *memory;
} request;

static void serve(void *context) {
  request *r = context;
  r->memory = volley_alloc(r->count, r->size, r->what);
}

void *volley_alloc_or_fault(size_t count, size_t size, const char *what) {
  request r = {count, size, what, NULL};
  (void)volley_memory_try(serve, &r);
  return r.memory;
}

void *volley_grow(void *memory, size_t count, size_t size, const char *what) {
  size_t bytes;
  if (__builtin_mul_overflow(count, size, &bytes)) out_of_memory(count, size, what);
  void *grown = realloc(memory, bytes ? bytes : 1);
  if (!grown) out_of_memory(count, size, what);
  return grown;
}

/* What a small table has to spare of a huge page would be memory lost. */
static size_t table_size(size_t bytes) {
  const size_t unit = bytes < huge_page ? page : huge_page;
  return (bytes / unit + 1) * unit;
}

double volley_huge_expected_bytes(double bytes) {
  return bytes < VOLLEY_HUGE_PAGE ? bytes : ceil(bytes / VOLLEY_HUGE_PAGE) * VOLLEY_HUGE_PAGE;
}

/* Maps one huge page more than needed and cuts the ends off, so that the table starts at a huge page. */
void *volley_alloc_huge(size_t bytes, const char *what) {
  const size_t size = table_size(bytes);
  if (size < huge_page) {
    void *small = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (small == MAP_FAILED) out_of_memory(1, bytes, what);
    return small;
  }
  char *raw = mmap(NULL, size + huge_page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (raw == MAP_FAILED) out_of_memory(1, bytes, what);
  const size_t before = (huge_page - (uintptr_t)raw % huge_page) % huge_page;
  if (before > 0) munmap(raw, before);
  if (huge_page - before > 0) munmap(raw + before + size, huge_page - before);
  madvise(raw + before, size, MADV_HUGEPAGE); /* a wish: without huge pages the table is slower, not wrong */
  return raw + before;
}

void volley_table_free(void *table, size_t bytes) {
  if (table) munmap(table, table_size(bytes));
}

void *volley_table_grow(void *table, size_t bytes, size_t grown, const char *what) {
  char *larger = volley_alloc_huge(grown, what);
  if (!table) return larger;
  /* Grown in the same call, so that it stays one mapping: kernels before 6.17 move no more than one. Not by mremap(), in whose
   * place UCX, which MPI may use, puts a function that does not pass the new address on. */
  if (syscall(SYS_mremap, table, table_size(bytes), table_size(grown), MREMAP_MAYMOVE | MREMAP_FIXED, larger) !=
      (long)(intptr_t)larger)
    out_of_memory(1, grown, what);
  if (table_size(bytes) >= huge_page) madvise(larger, table_size(grown), MADV_HUGEPAGE);
  return larger;
}

void *volley_table_discard(void *from, void *to) {
  const uintptr_t first = ((uintptr_t)from + huge_page - 1) / huge_page * huge_page;
  const uintptr_t end = (uintptr_t)to / huge_page * huge_page;
  if (end <= first) return from;
  madvise((void *)first, end - first, MADV_DONTNEED);
  return (void *)end;
}

/* An arena is a list of chunks; each piece is cut from the newest. */
typedef struct chunk {
  struct chunk *next;
  size_t used, size;
  _Alignas(16) char bytes[];
} chunk;

struct volley_arena {
  chunk *newest;
};

volley_arena *volley_arena_create(void) { return volley_alloc(1, sizeof(volley_arena), "an experiment"); }

void volley_arena_destroy(volley_arena *arena) {
  if (!arena) return;
  for (chunk *c = arena->newest; c;) {
    chunk *next = c->next;
    free(c);
    c = next;
  }
  free(arena);
}

void *volley_arena_alloc(volley_arena *arena, size_t count, size_t size) {
  size_t bytes;
  if (__builtin_mul_overflow(count, size, &bytes) || bytes > SIZE_MAX / 2) out_of_memory(count, size, "an experiment");
  bytes = (bytes + 15) / 16 * 16;
  chunk *c = arena->newest;
  if (!c || c->size - c->used < bytes) {
    const size_t room = bytes > 65536 ? bytes : 65536;
    c = volley_alloc(1, sizeof *c + room, "an experiment");
    c->size = room;
    c->next = arena->newest;
    arena->newest = c;
  }
  void *piece = c->bytes + c->used;
  c->used += bytes;
  return piece;
}

char *volley_arena_copy(volley_arena *arena, const char *text) {
  const size_t size = strlen(text) + 1;
  return memcpy(volley_arena_alloc(arena, size, 1), text, size);
}

char *volley_arena_format(volley_arena *arena, const char *format, ...) {
  va_list list;
  va_start(list, format);
  const int length = vsnprintf(NULL, 0, format, list);
  va_end(list);
  if (length < 0) volley_die("a text could not be formatted: %s", format);
  char *text = volley_arena_alloc(arena, (size_t)length + 1, 1);
  va_start(list, format);
  vsnprintf(text, (size_t)length + 1, format, list);
  va_end(list);
  return text;
}

/* The number behind `key` in a file of lines "key number", or `otherwise`. */
static uint64_t read_number(const char *path, const char *key, uint64_t otherwise) {
  FILE *file = fopen(path, "r");
  if (!file) return otherwise;
  char line[256];
  unsigned long long value = otherwise;
  const size_t length = strlen(key);
  while (fgets(line, sizeof line, file)) {
    if (strncmp(line, key, length) == 0 && sscanf(line + length, "%llu", &value) == 1) break;
  }
  fclose(file);
  return value;
}

uint64_t volley_peak_rss(void) { return 1024 * read_number("/proc/self/status", "VmHWM:", 0); }

uint64_t volley_present_rss(void) { return 1024 * read_number("/proc/self/status", "VmRSS:", 0); }

static uint64_t least(uint64_t a, uint64_t b) { return a < b ? a : b; }

static uint64_t rest(uint64_t limit, uint64_t used) {
  return limit == UINT64_MAX ? UINT64_MAX : limit > used ? limit - used : 0;
}

/* The two versions of control groups: how a line of /proc/self/cgroup that names this process's group goes on behind its number,
 * and what the files of a group are called. */
static const struct {
  const char *line, *folder, *limit, *used, *idle;
} versions[] = {
    {"::", "/sys/fs/cgroup", "memory.max", "memory.current", "inactive_file "},
    {":memory:", "/sys/fs/cgroup/memory", "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file "},
};

/* What a group leaves. Copies of files that the system keeps in memory as long as there is room count as free. */
static uint64_t rest_of_group(int version, const char *root, const char *group) {
  char path[8192];
  const int n = snprintf(path, sizeof path - 64, "%s%s%s/", root, versions[version].folder, group);
  strcpy(path + n, versions[version].limit);
  const uint64_t limit = read_number(path, "", UINT64_MAX);
  strcpy(path + n, versions[version].used);
  const uint64_t used = read_number(path, "", 0);
  strcpy(path + n, "memory.stat");
  return rest(limit, rest(used, read_number(path, versions[version].idle, 0)));
}

/* The group of this process in one version, "/" where none is named: in a container groups may have other names outside. */
static void find_group(int version, const char *root, char *group, size_t size) {
  char path[4096], line[4096];
  snprintf(path, sizeof path, "%s/proc/self/cgroup", root);
  snprintf(group, size, "/");
  FILE *file = fopen(path, "r");
  while (file && fgets(line, sizeof line, file)) {
    const char *behind = line + strspn(line, "0123456789");
    const size_t length = strlen(versions[version].line);
    if (strncmp(behind, versions[version].line, length) == 0)
      snprintf(group, size, "%.*s", (int)strcspn(behind + length, "\n"), behind + length);
  }
  if (file) fclose(file);
}

uint64_t volley_group_memory(const char *root) {
  uint64_t bytes = UINT64_MAX;
  char group[4000];
  for (int version = 0; version < 2; version++) {
    find_group(version, root, group, sizeof group);
    for (;;) {
      bytes = least(bytes, rest_of_group(version, root, group));
      char *slash = strrchr(group, '/');
      if (!slash) break;
      *slash = '\0';
    }
  }
  return bytes;
}

uint64_t volley_available_memory(void) {
  uint64_t bytes = 1024 * read_number("/proc/meminfo", "MemAvailable:", UINT64_MAX / 1024);
  bytes = least(bytes, volley_group_memory(""));
  struct rlimit limit;
  if (getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY) {
    bytes = least(bytes, rest(limit.rlim_cur, 1024 * read_number("/proc/self/status", "VmSize:", 0)));
  }
  return bytes;
}
