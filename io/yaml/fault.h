/* What stopped libyaml, in words that say what is there and how it is written. No MPI. */
#ifndef VOLLEY_IO_YAML_FAULT_H
#define VOLLEY_IO_YAML_FAULT_H

#include <stdbool.h>
#include <stddef.h>
#include <yaml.h>

/* Reports the error that a parser of these bytes has come to; with_lines: whether line numbers mean something. */
void volley_yaml_fault(const yaml_parser_t *parser, const char *file, const char *bytes, size_t length,
                       bool with_lines);

#endif
