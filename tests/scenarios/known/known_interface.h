/*
 * The protocol of requests, cancels and a release through AllocateAdapterChannelEx, CancelAdapterChannel and
 * FreeMapRegisters.
 */
#ifndef TESTS_SCENARIOS_KNOWN_INTERFACE_H
#define TESTS_SCENARIOS_KNOWN_INTERFACE_H

#include <haldma.h>

/* 2n + 1 processors, on a typical platform: latitude is not used. */
void known_interface_configure(struct haldma_config *config, unsigned n);
void known_interface(unsigned n); /* n requests, 1 to 3 */
void known_interface_check(void);
/* What each request ended with, when all is idle: for one request it is one of the first two. */
enum { KNOWN_CANCELLED = 1, KNOWN_CALLED = 2, KNOWN_ANSWERS = 4 };
uint64_t known_interface_outcome(void);

#endif
