/*
 * Who gets adapters, channels and map registers when: a model of the waiting queue, with plain arrays.
 *
 * It shares nothing with dma/. A request waits for its adapter, then for its adapter's channel, then for map
 * registers; whoever waits longest for something gets it first, and nobody overtakes. What is granted is
 * called in the order in which it was granted, one after the other.
 */
#ifndef MODEL_QUEUE_H
#define MODEL_QUEUE_H

#include <stdbool.h>
#include <stdint.h>

enum {
    MODEL_SLOTS = 12,
    MODEL_ADAPTERS = 5,
    MODEL_CALLS_MAX = MODEL_SLOTS,
    MODEL_NO_CHANNEL = -1,
    MODEL_NOBODY = -1
};

/* How far a request is; the order is that of its life. */
enum model_stage {
    MODEL_FRESH,  /* its context was initialised */
    MODEL_MARKED, /* cancelled before there was a request */
    MODEL_WAITS_ADAPTER,
    MODEL_WAITS_CHANNEL,
    MODEL_WAITS_REGISTERS,
    MODEL_GRANTED, /* its routine is still to be called */
    MODEL_OWNS,    /* adapter, channel and registers */
    MODEL_HOLDS,   /* registers alone */
    MODEL_ENDED
};

/* What becomes of what was granted. */
enum model_action {
    MODEL_KEEP,
    MODEL_FREE, /* all of it */
    MODEL_FREE_ALL_BUT_REGISTERS,
    MODEL_ACTIONS
};

struct model_request {
    enum model_stage stage;
    enum model_action action; /* that its routine returns */
    bool has_routine;
    int adapter;
    uint32_t registers;
    uint64_t since; /* when it began to wait for what it waits for */
};

struct model_adapter {
    bool needs_registers;
    uint32_t registers_max;
    int channel; /* that it shares with others; or MODEL_NO_CHANNEL */
};

struct model_queue {
    struct model_adapter adapters[MODEL_ADAPTERS];
    struct model_request requests[MODEL_SLOTS];
    uint32_t total, free; /* map registers */
    uint64_t clock;
    int calls[MODEL_CALLS_MAX]; /* routines that the last deed called, in order */
    int calls_count;
    int ready[MODEL_SLOTS]; /* granted, still to be called */
    int ready_count;
};

enum model_outcome { MODEL_SUCCESS, MODEL_INSUFFICIENT, MODEL_CANCELLED };

/* How a request is made. */
struct model_ask {
    int slot;
    int adapter;
    uint32_t registers;
    bool now;         /* or not at all */
    bool has_routine; /* without one the caller owns what it gets */
    enum model_action action;
};

/* The deeds. Each is for the stages that it names. */
void model_initialize(struct model_queue *q, int slot); /* FRESH, MARKED, ENDED */
enum model_outcome model_allocate(struct model_queue *q, const struct model_ask *ask); /* FRESH, MARKED */
bool model_cancel(struct model_queue *q, int slot);                                    /* all */
void model_release(struct model_queue *q, int slot, enum model_action action);         /* OWNS */
void model_free_registers(struct model_queue *q, int slot);                            /* HOLDS */

bool model_waits(const struct model_request *r);
/* The request that has the adapter; or MODEL_NOBODY. */
int model_owner(const struct model_queue *q, int adapter);
/* How many requests of an adapter (of all: MODEL_NOBODY) are at a stage. */
uint32_t model_count(const struct model_queue *q, int adapter, enum model_stage stage);

#endif
