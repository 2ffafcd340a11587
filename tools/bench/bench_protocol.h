/*
 * The protocol of one requester, one canceller and one releaser, twice.
 */
#ifndef BENCH_PROTOCOL_H
#define BENCH_PROTOCOL_H

#include "bench.h"

extern const struct haldma_scenario bench_protocol_locks;     /* over a spin lock */
extern const struct haldma_scenario bench_protocol_interface; /* through the DMA interface */

#endif
