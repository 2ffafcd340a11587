/*
 * The kernel of one machine: what the services in this folder keep between two calls.
 *
 * Allocated from the machine's arena at each boot, found through its KERNEL slot. Each family of services has
 * its own part, declared in its own header and touched by its own files only.
 */
#ifndef HAL_KERNEL_H
#define HAL_KERNEL_H

#include <emu/machine.h>

#include "hal/io_state.h"
#include "hal/ke_state.h"
#include "hal/mm_state.h"

struct hal_kernel {
    struct emu_machine *machine;
    uint32_t verify;    /* HAL_VERIFY_ bits (hal/boot.h) */
    struct ke_state ke; /* processors, threads, DPCs, dispatcher objects */
    struct io_state io; /* drivers, devices, IRPs, the object namespace */
    struct mm_state mm; /* pool, MDLs, I/O space */
};

/* The kernel of the machine that runs on this thread. */
static inline struct hal_kernel *hal_kernel(void)
{
    return (struct hal_kernel *)emu_slot(emu_current(), EMU_SLOT_KERNEL);
}

#endif
