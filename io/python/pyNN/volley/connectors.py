"""Connectors: those of PyNN, which draw edges one target after the other."""
from pyNN.connectors import (AllToAllConnector, ArrayConnector, CloneConnector, Connector, CSAConnector,
                             DisplacementDependentProbabilityConnector, DistanceDependentProbabilityConnector, FixedNumberPostConnector,
                             FixedNumberPreConnector, FixedProbabilityConnector, FromFileConnector, FromListConnector,
                             IndexBasedProbabilityConnector, OneToOneConnector, SmallWorldConnector)
from pyNN.connectors import FixedTotalNumberConnector as _FixedTotalNumberConnector

from . import simulator


class FixedTotalNumberConnector(_FixedTotalNumberConnector):
    __doc__ = _FixedTotalNumberConnector.__doc__

    def connect(self, projection):
        rank, simulator.state.mpi_rank = simulator.state.mpi_rank, 0  # it draws the share of one process: here of all
        try:
            super().connect(projection)
        finally:
            simulator.state.mpi_rank = rank


__all__ = ["AllToAllConnector", "ArrayConnector", "CSAConnector", "CloneConnector", "Connector",
           "DisplacementDependentProbabilityConnector", "DistanceDependentProbabilityConnector", "FixedNumberPostConnector",
           "FixedNumberPreConnector", "FixedProbabilityConnector", "FixedTotalNumberConnector", "FromFileConnector", "FromListConnector",
           "IndexBasedProbabilityConnector", "OneToOneConnector", "SmallWorldConnector"]
