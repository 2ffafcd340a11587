/*
 * The bench on which the waiting queue of the emulator is laid beside the model: every deed is done on both,
 * and afterwards what it returned, which routines it called in which order, who owns and who waits, and the
 * pool's counters are the same.
 *
 * On a strand. What differs stops the run with a finding of rule "queue" that names the deed.
 */
#ifndef QUEUE_BENCH_H
#define QUEUE_BENCH_H

#include "model_queue.h"
#include "world.h"

enum { QUEUE_REGISTERS = 5, QUEUE_ADAPTER_REGISTERS = 4 };

struct queue_bench;
struct queue_slot {
    UCHAR context[DMA_TRANSFER_CONTEXT_SIZE_V1];
    struct queue_bench *bench;
    PVOID base;
    ULONG asked; /* registers */
};

struct queue_bench {
    struct model_queue model;
    PDMA_ADAPTER adapters[MODEL_ADAPTERS];
    struct queue_slot slots[MODEL_SLOTS];
    int calls[MODEL_CALLS_MAX];
    int calls_count;
    int slots_count; /* that deeds may name */
    uint64_t deeds;
};

/* A machine with QUEUE_REGISTERS map registers, QUEUE_ADAPTER_REGISTERS for an adapter. */
struct haldma_config queue_config(void);

/*
 * Adapters 0 and 1: bus masters of 32 address bits; 2: one that needs no map registers; 3 and 4: subordinate
 * devices that share a channel.
 */
struct queue_bench *queue_open(int slots);

enum queue_deed_kind {
    QUEUE_ALLOCATE,
    QUEUE_CANCEL,
    QUEUE_RELEASE,
    QUEUE_FREE_REGISTERS,
    QUEUE_INITIALIZE,
    QUEUE_DEEDS
};
struct queue_deed {
    enum queue_deed_kind kind;
    struct model_ask ask; /* ALLOCATE; of the others its slot, and of RELEASE its action */
};

/* May a driver do that now? ALLOCATE initialises the context of an ended request first. */
bool queue_is_legal(const struct model_queue *q, const struct queue_deed *deed);
/* What a deed comes to on the model alone. */
void queue_imagine(struct model_queue *q, const struct queue_deed *deed);
/* Does a legal one on both. */
void queue_do(struct queue_bench *b, const struct queue_deed *deed);
/* Cancels, releases and frees until nobody has or wants anything. */
void queue_drain(struct queue_bench *b);

#endif
