/* The one place where the exchange of an engine is chosen, by who needs which spikes and how soon. */
#ifndef VOLLEY_ENGINE_CHOICE_H
#define VOLLEY_ENGINE_CHOICE_H

#include "engine/engine.h"

/* Collective over the network's communicator. The state is owned by the caller: kind->destroy();
 * NULL on all ranks where one has a fault, which is left on its list. */
volley_exchange volley_exchange_choose(const volley_engine_setup *setup);

/* The same for messages of any numbers, each of which is sent, and got by all ranks, at once: about `usual` a rank. */
volley_exchange volley_exchange_choose_plain(const volley_engine_setup *setup, double usual);

#endif
