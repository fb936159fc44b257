/* Hands the command line to the commands and leaves with their status. */
#include "app/app.h"
#include "app/launch.h"
#include "base/memory.h"
#include "base/signals.h"

int main(int argc, char **argv) {
  volley_streams_open();
  volley_memory_settle();
  volley_signals_watch();
  return (int)volley_app_main(argc, argv);
}
