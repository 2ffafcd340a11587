/*
 * Programs whose number of classes is known: each starts its threads, one on each processor from 0 on.
 */
#ifndef TESTS_SCENARIOS_KNOWN_PROGRAMS_H
#define TESTS_SCENARIOS_KNOWN_PROGRAMS_H

#include <stdint.h>

void known_readers(unsigned n);    /* n + 1 processors, 2^n classes */
void known_lastzero(unsigned n);   /* n + 1 processors; 5: 64, 10: 3,328 */
void known_indexer(unsigned n);    /* n processors; up to 11: 1, 12: 8, 13: 64, 14: 512, 15: 4,096 */
void known_filesystem(unsigned n); /* n processors; 14: 2, 16: 8, 18: 32, 19: 64 */
void known_protocol(unsigned n);   /* 2n + 1 processors, (2n + 1)! classes */
void known_careless(unsigned n);   /* the protocol with a mistake */
void known_protocol_check(void);   /* of the last two, when all is idle */

/*
 * With interrupts; brute force gives the counts. interrupt(1): one level on one processor, (2): two levels
 * that nest, (3): two processors. dpc(1): a handler's DPC against the other processor's thread, (2): a DPC
 * for the other processor.
 */
void known_interrupt(unsigned n);
void known_dpc(unsigned n);
uint64_t known_interrupt_outcome(void); /* all that was read and is left, when all is idle */

#endif
