/*
 * Memory that a driver gives back: a block of pool that it frees, a buffer whose pages it unlocks, an MDL
 * that is to describe something else. The layer above may ask to be told, before it is done.
 */
#ifndef HAL_GIVEN_BACK_H
#define HAL_GIVEN_BACK_H

#include <emu/machine.h>
#include <wdm.h>

struct hal_given_back {
    void (*freed)(void *context, const void *memory, size_t bytes);
    void (*unlocked)(void *context, PMDL mdl);
    void (*rebuilt)(void *context, PMDL mdl);
    void *context;
};

/* Until the next reset; at boot, after the kernel layer's. */
void hal_tell_given_back(struct emu_machine *m, const struct hal_given_back *told);

#endif
