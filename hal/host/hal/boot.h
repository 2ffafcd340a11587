/*
 * Booting the kernel layer.
 */
#ifndef HAL_BOOT_H
#define HAL_BOOT_H

#include <emu/machine.h>

/* A boot function (see emu_machine_add_boot()): gives the machine a kernel. context is not used. */
void hal_boot(struct emu_machine *m, void *context);

/* How many nodes the machine has, 1 to 64: told after each hal_boot, before any driver code; 1 where it is
 * not. */
enum { HAL_NODES_MAX = 64 };
void hal_set_nodes(struct emu_machine *m, uint32_t nodes);

/* By how much each processor's performance counter is ahead of the one before: told where nodes are. */
void hal_set_counter_skew(struct emu_machine *m, uint64_t skew_ns);

/* What is verified, bits of enum haldma_verify (haldma.h) as the kernel knows them: told where nodes are. */
enum { HAL_VERIFY_DMA = 1 << 0, HAL_VERIFY_IRQL = 1 << 1 };
void hal_set_verify(struct emu_machine *m, uint32_t verify);

#endif
