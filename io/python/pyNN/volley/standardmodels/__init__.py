"""Standard models of cells, synapses and current sources by Volley's."""
