/*
 * The protocol of requests, cancels and a release through AllocateAdapterChannelEx, CancelAdapterChannel and
 * FreeMapRegisters.
 */
#ifndef TESTS_SCENARIOS_KNOWN_INTERFACE_H
#define TESTS_SCENARIOS_KNOWN_INTERFACE_H

#include <haldma.h>

void known_interface_configure(struct haldma_config *config, unsigned n); /* 2n + 1 processors */
void known_interface(unsigned n);                                         /* n requests, 1 to 3 */
void known_interface_check(void);
uint64_t known_interface_outcome(void); /* who was called, who cancelled, when all is idle */

#endif
