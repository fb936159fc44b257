/* A map from source gids to numbers, by open addressing: memory grows with the entries, never with the network. */
#ifndef VOLLEY_NETWORK_GID_MAP_H
#define VOLLEY_NETWORK_GID_MAP_H

#include <stddef.h>
#include <stdint.h>

typedef struct volley_gid_entry {
  uint64_t value;
  uint32_t gid_plus_one; /* 0: empty */
} volley_gid_entry;

typedef struct volley_gid_map {
  volley_gid_entry *entries; /* [mask + 1] */
  uint32_t n, mask;
} volley_gid_map;

volley_gid_map volley_gid_map_create(void);
void volley_gid_map_free(volley_gid_map *map);
size_t volley_gid_map_bytes(const volley_gid_map *map);

/* Bytes of a map of n entries. */
double volley_gid_map_expected_bytes(double n);

/* Entry of a gid; inserted with value 0 if it is new. Valid until the next insertion. */
volley_gid_entry *volley_gid_map_at(volley_gid_map *map, uint32_t gid);

static inline uint32_t volley_gid_hash(uint32_t gid) {
  const uint64_t product = (gid + 1) * UINT64_C(0x9E3779B97F4A7C15);
  return (uint32_t)(product >> 32);
}

/* Entry of a gid, NULL if there is none. */
static inline volley_gid_entry *volley_gid_map_find(const volley_gid_map *map, uint32_t gid) {
  for (uint32_t i = volley_gid_hash(gid) & map->mask;; i = (i + 1) & map->mask) {
    volley_gid_entry *entry = &map->entries[i];
    if (entry->gid_plus_one == gid + 1) return entry;
    if (entry->gid_plus_one == 0) return NULL;
  }
}

#endif
