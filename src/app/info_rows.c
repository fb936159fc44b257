#include "app/info.h"

#include "app/json.h"
#include "io/output/row_reader.h"

#include <inttypes.h>
#include <stdio.h>

static void print_record(const volley_row_record *r) {
  char value[128];
  snprintf(value, sizeof value, *r->unit ? "%s (%s)" : "%s", r->value, r->unit);
  printf("%-9s %-16s %-14s %8" PRIu64 " %8" PRIu64, r->kind, r->name, value, r->columns, r->rows);
  if (r->rows > 0 && r->columns > 0)
    printf(" %11.5g %11.5g %11.5g\n", r->mean, r->least, r->greatest);
  else
    printf(" %11s %11s %11s\n", "-", "-", "-");
}

static void print_json(const volley_row_record *r, const char *before) {
  volley_json_member_text("type", r->kind, before);
  volley_json_member_text("name", r->name, ", ");
  volley_json_member_text("of", r->of, ", ");
  volley_json_member_text("value", r->value, ", ");
  volley_json_member_text("unit", r->unit, ", ");
  volley_json_member_number("interval_ms", r->interval_ms, ", ");
  volley_json_member_count("columns", r->columns, ", ");
  volley_json_member_count("rows", r->rows, ", ");
  volley_json_member_number("mean", r->mean, ", ");
  volley_json_member_number("least", r->least, ", ");
  volley_json_member_number("greatest", r->greatest, ", ");
  printf("}");
}

volley_status volley_info_rows(const char *path, double start, double stop, bool json) {
  volley_arena *arena = volley_arena_create();
  volley_row_record *records = NULL;
  int n = 0;
  const volley_status status = volley_row_records_read(path, start, stop, arena, &records, &n);
  for (int i = 0; i < n && status == VOLLEY_OK; i++) {
    if (json) {
      print_json(&records[i], i ? ",\n    {" : ",\n  \"rows\": [\n    {");
      continue;
    }
    if (i == 0)
      printf("\n%-9s %-16s %-14s %8s %8s %11s %11s %11s\n", "recorder", "name", "value", "columns", "rows", "mean",
             "least", "greatest");
    print_record(&records[i]);
  }
  if (json && n > 0) printf("]");
  volley_arena_destroy(arena);
  return status;
}
