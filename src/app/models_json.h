#ifndef VOLLEY_APP_MODELS_JSON_H
#define VOLLEY_APP_MODELS_JSON_H

/* Prints the tables of all models of neurons and synapses, and of stimuli, as one JSON object: by sort and name their parameters,
 * states and receptors with units, defaults and bounds (null where there is none). */
void volley_models_print_json(void);

#endif
