/* A network as SONATA has it: a file of each population of nodes and of edges, tables of their types, and a configuration. */
#ifndef VOLLEY_IO_SONATA_EXPORT_H
#define VOLLEY_IO_SONATA_EXPORT_H

#include "model/reader.h"

#include <mpi.h>

/* Writes neurons with their parameters and states at the beginning, and synapses with their weights and delays, into a folder,
 * which is made; nothing in it is replaced. What SONATA has no place for is told. Collective over comm, agreed status. */
volley_status volley_sonata_export(const volley_experiment *experiment, const volley_reader *reader, const char *folder,
                                   MPI_Comm comm);

#endif
