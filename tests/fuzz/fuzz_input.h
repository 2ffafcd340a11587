/*
 * What the fuzz targets share: an input as a row of small numbers, and a run of a machine that an input is
 * for.
 *
 * A target is one function, LLVMFuzzerTestOneInput. With clang it is linked to libFuzzer, which changes
 * inputs for ever; with fuzz_replay.c it is a plain test that every compiler has, of the inputs in corpus/.
 */
#ifndef FUZZ_INPUT_H
#define FUZZ_INPUT_H

#include <stdio.h>
#include <stdlib.h>

#include "world.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct fuzz_input {
    const uint8_t *data;
    size_t size;
};

/* A number below count, from two bytes; 0 at the end of the input. */
static inline uint32_t fuzz_below(struct fuzz_input *in, uint32_t count)
{
    enum { BYTES = 2, BYTE_BITS = 8 };
    uint32_t number = 0;
    for (int i = 0; i < BYTES && in->size > 0; i++, in->data++, in->size--)
        number = number << BYTE_BITS | *in->data;
    return number % count;
}

/* Runs body(in) on a strand of m; a finding ends the process. */
static inline void fuzz_run(struct emu_machine *m, void (*body)(void *), struct fuzz_input *in)
{
    struct rig_outcome outcome;
    rig_run(m, body, in, &outcome);
    if (!outcome.found)
        return;
    fprintf(stderr, "%s %s: %s\n", outcome.finding.rule, outcome.finding.code, outcome.finding.message);
    abort();
}

#endif
