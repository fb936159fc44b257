/* What stands where a value does: distributions, and functions of the distance. */
#include "experiment/keys.h"

#include <stddef.h>

const volley_distribution_info volley_distributions[VOLLEY_N_DISTRIBUTIONS] = {
    {"constant", VOLLEY_CONSTANT, "value", NULL, false, false, "the same value everywhere"},
    {"normal", VOLLEY_NORMAL, "mean", "std", true, false, "normal distribution"},
    {"lognormal", VOLLEY_LOGNORMAL, "mean", "std", true, true,
     "lognormal distribution; mean and std are of the value itself, not of its logarithm"},
    {"uniform", VOLLEY_UNIFORM, "low", "high", false, false, "uniform between low and high"},
    {"exponential", VOLLEY_EXPONENTIAL, "mean", NULL, false, true, "exponential distribution"},
};

const volley_profile_info volley_profiles[VOLLEY_N_PROFILES] = {
    {"gaussian", VOLLEY_PROFILE_GAUSSIAN, "sigma", true, true,
     "value * exp(-(d - mean)^2 / (2 sigma^2)) + offset; mean is 0 by default"},
    {"exponential", VOLLEY_PROFILE_EXPONENTIAL, "length", true, false, "value * exp(-d / length) + offset"},
    {"linear", VOLLEY_PROFILE_LINEAR, "slope", false, false, "value + slope * d + offset"},
    {"box", VOLLEY_PROFILE_BOX, "radius", true, false, "value + offset up to the radius, offset beyond"},
};
