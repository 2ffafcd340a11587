/*
 * Booting the kernel layer.
 */
#ifndef HAL_BOOT_H
#define HAL_BOOT_H

#include <emu/machine.h>

/* A boot function (see emu_machine_add_boot()): gives the machine a kernel. context is not used. */
void hal_boot(struct emu_machine *m, void *context);

#endif
