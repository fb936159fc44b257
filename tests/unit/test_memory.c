/* What control groups leave, from files as the system has them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char root[] = "/tmp/volley_groups_XXXXXX";

/* Makes root/PATH, with its folders, hold a text. */
static void put(const char *path, const char *text) {
  char place[256];
  snprintf(place, sizeof place, "%s/%s", root, path);
  for (char *slash = place + strlen(root) + 1; (slash = strchr(slash, '/')); slash++) {
    *slash = '\0';
    mkdir(place, 0700);
    *slash = '/';
  }
  FILE *file = fopen(place, "w");
  assert_non_null(file);
  fputs(text, file);
  fclose(file);
}

static int make_root(void **state) {
  (void)state;
  strcpy(root + strlen(root) - 6, "XXXXXX");
  return mkdtemp(root) ? 0 : 1;
}

static int remove_root(void **state) {
  (void)state;
  char command[256];
  snprintf(command, sizeof command, "rm -r %s", root);
  return system(command);
}

static void test_no_limit(void **state) {
  (void)state;
  assert_true(volley_group_memory(root) == UINT64_MAX);
  put("proc/self/cgroup", "0::/user.slice\n");
  put("sys/fs/cgroup/user.slice/memory.max", "max\n");
  put("sys/fs/cgroup/user.slice/memory.current", "5000\n");
  assert_true(volley_group_memory(root) == UINT64_MAX);
}

static void test_version_1(void **state) {
  (void)state;
  put("proc/self/cgroup", "12:cpuset:/slurm\n9:memory:/slurm/job_7/step_0\n0::/other\n");
  put("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
  put("sys/fs/cgroup/memory/slurm/job_7/memory.limit_in_bytes", "10000\n");
  put("sys/fs/cgroup/memory/slurm/job_7/memory.usage_in_bytes", "4000\n");
  put("sys/fs/cgroup/memory/slurm/job_7/step_0/memory.limit_in_bytes", "20000\n");
  assert_int_equal(volley_group_memory(root), 6000);
  put("sys/fs/cgroup/memory/slurm/job_7/memory.stat", "cache 3500\ninactive_file 10\ntotal_inactive_file 3000\n");
  assert_int_equal(volley_group_memory(root), 9000);
}

/* Inside a container the group has another name than the system says. */
static void test_container(void **state) {
  (void)state;
  put("proc/self/cgroup", "5:memory:/docker/0123\n");
  put("sys/fs/cgroup/memory/memory.limit_in_bytes", "7000\n");
  put("sys/fs/cgroup/memory/memory.usage_in_bytes", "8000\n");
  assert_int_equal(volley_group_memory(root), 0);
}

static void test_version_2(void **state) {
  (void)state;
  put("proc/self/cgroup", "0::/a/b\n");
  put("sys/fs/cgroup/a/memory.max", "1000\n");
  put("sys/fs/cgroup/a/memory.current", "900\n");
  put("sys/fs/cgroup/a/memory.stat", "anon 100\ninactive_file 700\n");
  put("sys/fs/cgroup/a/b/memory.max", "850\n");
  put("sys/fs/cgroup/a/b/memory.current", "100\n");
  assert_int_equal(volley_group_memory(root), 750);
  put("sys/fs/cgroup/a/memory.stat", "anon 100\n");
  assert_int_equal(volley_group_memory(root), 100);
}

/* UCX puts a function like this one in the place of the system's: the new address is lost. */
void *mremap(void *old, size_t size, size_t grown, int flags, ...);
void *mremap(void *old, size_t size, size_t grown, int flags, ...) {
  (void)old, (void)size, (void)grown, (void)flags;
  fail_msg("a table grows by way of mremap()");
  return NULL;
}

/* A table keeps what it holds while it grows, and stays one mapping: older kernels grow no other. */
static void test_growing_table(void **state) {
  (void)state;
  size_t bytes = 5000;
  unsigned char *table = volley_alloc_huge(bytes, "test");
  for (size_t i = 0; i < bytes; i++) table[i] = (unsigned char)(7 * i);
  for (int n = 0; n < 4; n++) {
    table = volley_table_grow(table, bytes, 3 * bytes, "test");
    for (size_t i = bytes; i < 3 * bytes; i++) {
      assert_int_equal(table[i], 0);
      table[i] = (unsigned char)(7 * i);
    }
    bytes *= 3;
    int mappings = 0;
    char line[512];
    FILE *maps = fopen("/proc/self/maps", "r");
    while (maps && fgets(line, sizeof line, maps)) {
      const uintptr_t begin = (uintptr_t)strtoull(line, NULL, 16), at = (uintptr_t)table;
      const uintptr_t end = (uintptr_t)strtoull(strchr(line, '-') + 1, NULL, 16);
      mappings += begin < at + bytes && end > at;
    }
    if (maps) fclose(maps);
    assert_int_equal(mappings, 1);
  }
  for (size_t i = 0; i < bytes; i++) assert_int_equal(table[i], (unsigned char)(7 * i));
  volley_table_free(table, bytes);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_no_limit, make_root, remove_root),
      cmocka_unit_test_setup_teardown(test_version_1, make_root, remove_root),
      cmocka_unit_test_setup_teardown(test_container, make_root, remove_root),
      cmocka_unit_test_setup_teardown(test_version_2, make_root, remove_root),
      cmocka_unit_test(test_growing_table),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
