#include "network/gid_map.h"

#include "base/memory.h"

#include <stdlib.h>

enum { START = 256 }; /* entries, of which half at most are taken */

volley_gid_map volley_gid_map_create(void) {
  return (volley_gid_map){.entries = volley_alloc(START, sizeof(volley_gid_entry), "the index of sources"),
                          .mask = START - 1};
}

void volley_gid_map_free(volley_gid_map *map) {
  free(map->entries);
  *map = (volley_gid_map){0};
}

size_t volley_gid_map_bytes(const volley_gid_map *map) {
  return map->entries ? ((size_t)map->mask + 1) * sizeof *map->entries : 0;
}

double volley_gid_map_expected_bytes(double n) {
  double entries = START;
  while (2 * n > entries) entries *= 2;
  return entries * sizeof(volley_gid_entry);
}

static void insert(volley_gid_map *map, volley_gid_entry entry) {
  uint32_t i = volley_gid_hash(entry.gid_plus_one - 1) & map->mask;
  while (map->entries[i].gid_plus_one != 0) i = (i + 1) & map->mask;
  map->entries[i] = entry;
}

static void double_size(volley_gid_map *map) {
  const size_t size = (size_t)map->mask + 1;
  volley_gid_entry *old = map->entries;
  map->entries = volley_alloc(2 * size, sizeof *old, "the index of sources");
  map->mask = (uint32_t)(2 * size - 1);
  for (size_t i = 0; i < size; i++) {
    if (old[i].gid_plus_one != 0) insert(map, old[i]);
  }
  free(old);
}

volley_gid_entry *volley_gid_map_at(volley_gid_map *map, uint32_t gid) {
  volley_gid_entry *entry = volley_gid_map_find(map, gid);
  if (entry) return entry;
  if (2 * (map->n + 1) > map->mask) double_size(map);
  insert(map, (volley_gid_entry){.gid_plus_one = gid + 1});
  map->n++;
  return volley_gid_map_find(map, gid);
}
