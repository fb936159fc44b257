/* Spike-timing dependent plasticity of nearest neighbours: each spike pairs with the last one of the other side. */
#include "synapse/stdp.h"

const volley_synapse_model volley_synapse_stdp_nn_symm = {
    .name = "stdp_nn_symm",
    .doc = "spike-timing dependent plasticity of nearest neighbours, symmetric: stdp with the pairing nearest",
    .equations = "as stdp; each spike pairs with the last one of the other side alone: the traces K_plus of the source "
                 "and K_minus of the target are set to 1 at a spike. A source that has not spiked yet has no trace, "
                 "where NEST counts the beginning of the run as a spike",
    .reference = "Morrison, Diesmann & Gerstner 2008, figure 7A. NEST's stdp_nn_symm_synapse",
    VOLLEY_STDP_TABLES,
    VOLLEY_TRACED_STATES(volley_stdp_states),
    .nearest = true,
    .spike = volley_stdp_spike,
    .catch_up = volley_stdp_catch_up,
    .events = &volley_stdp_events,
};
