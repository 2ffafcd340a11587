/*
 * The programs whose number of classes is known, as scenarios for the command line.
 */
#include "known_interface.h"
#include "known_programs.h"

/* ---- The list ---- */

/* What they count does not depend on the platform. */
static const char *const known_platforms[] = {"pc", NULL};

#define KNOWN_PROGRAM(program, n)   \
    static void program##_##n(void) \
    {                               \
        known_##program(n);         \
    }

#define KNOWN_SIZE(program, n, threads)                               \
    KNOWN_PROGRAM(program, n)                                         \
    static void program##_##n##_machine(struct haldma_config *config) \
    {                                                                 \
        config->machine.processors = (threads);                       \
    }

#define KNOWN_ROW(program, n, text, checks)                                             \
    {                                                                                   \
        .name = #program "_" #n, .summary = text, .configure = program##_##n##_machine, \
        .set_up = program##_##n, .check = checks, .platforms = known_platforms          \
    }

KNOWN_SIZE(readers, 2, 3)
KNOWN_SIZE(readers, 4, 5)
KNOWN_SIZE(readers, 8, 9)
KNOWN_SIZE(readers, 12, 13)
KNOWN_SIZE(lastzero, 5, 6)
KNOWN_SIZE(lastzero, 10, 11)
KNOWN_SIZE(indexer, 12, 12)
KNOWN_SIZE(indexer, 13, 13)
KNOWN_SIZE(indexer, 14, 14)
KNOWN_SIZE(indexer, 15, 15)
KNOWN_SIZE(filesystem, 14, 14)
KNOWN_SIZE(filesystem, 16, 16)
KNOWN_SIZE(filesystem, 18, 18)
KNOWN_SIZE(filesystem, 19, 19)
KNOWN_SIZE(protocol, 1, 3)
KNOWN_SIZE(protocol, 2, 5)
KNOWN_SIZE(protocol, 3, 7)
KNOWN_SIZE(careless, 1, 3)

KNOWN_SIZE(interrupt, 1, 1)
KNOWN_SIZE(interrupt, 2, 1)
KNOWN_SIZE(interrupt, 3, 2)
KNOWN_SIZE(dpc, 1, 2)
KNOWN_SIZE(dpc, 2, 2)

#define KNOWN_INTERFACE(n)                                               \
    static void protocol_ddi_##n(void)                                   \
    {                                                                    \
        known_interface(n);                                              \
    }                                                                    \
    static void protocol_ddi_##n##_machine(struct haldma_config *config) \
    {                                                                    \
        known_interface_configure(config, n);                            \
    }

KNOWN_INTERFACE(1)
KNOWN_INTERFACE(2)

static const struct haldma_scenario scenarios[] = {
    KNOWN_ROW(readers, 2, "2 readers and a writer: 4 classes", NULL),
    KNOWN_ROW(readers, 4, "4 readers and a writer: 16 classes", NULL),
    KNOWN_ROW(readers, 8, "8 readers and a writer: 256 classes", NULL),
    KNOWN_ROW(readers, 12, "12 readers and a writer: 4,096 classes", NULL),
    KNOWN_ROW(lastzero, 5, "5 counters and a search: 64 classes", NULL),
    KNOWN_ROW(lastzero, 10, "10 counters and a search: 3,328 classes", NULL),
    KNOWN_ROW(indexer, 12, "12 threads fill a hash table: 8 classes", NULL),
    KNOWN_ROW(indexer, 13, "13 threads fill a hash table: 64 classes", NULL),
    KNOWN_ROW(indexer, 14, "14 threads fill a hash table: 512 classes", NULL),
    KNOWN_ROW(indexer, 15, "15 threads fill a hash table: 4,096 classes", NULL),
    KNOWN_ROW(filesystem, 14, "14 threads take blocks: 2 classes", NULL),
    KNOWN_ROW(filesystem, 16, "16 threads take blocks: 8 classes", NULL),
    KNOWN_ROW(filesystem, 18, "18 threads take blocks: 32 classes", NULL),
    KNOWN_ROW(filesystem, 19, "19 threads take blocks: 64 classes", NULL),
    KNOWN_ROW(protocol, 1, "request, cancel, release: 6 classes", known_protocol_check),
    KNOWN_ROW(protocol, 2, "2 requests, 2 cancels, release: 120 classes", known_protocol_check),
    KNOWN_ROW(protocol, 3, "3 requests, 3 cancels, release: 5,040 classes", known_protocol_check),
    KNOWN_ROW(careless, 1, "the protocol with a mistake in cancel", known_protocol_check),
    KNOWN_ROW(protocol_ddi, 1, "the protocol through the DMA interface: 29 classes", known_interface_check),
    KNOWN_ROW(protocol_ddi, 2, "the same with 2 requests: 12,684 classes", known_interface_check),
    KNOWN_ROW(interrupt, 1, "a thread and its interrupt: 3 classes", NULL),
    KNOWN_ROW(interrupt, 2, "interrupts of two levels: 10 classes", NULL),
    KNOWN_ROW(interrupt, 3, "an interrupt of the other processor: 8 classes", NULL),
    KNOWN_ROW(dpc, 1, "a handler's DPC, and a thread elsewhere: 8 classes", NULL),
    KNOWN_ROW(dpc, 2, "a DPC for the other processor: 8 classes", NULL),
};

HALDMA_MODULE(scenarios);
