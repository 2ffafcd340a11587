/*
 * The PC's pair of 8237: see controller_i8237.c.
 */
#ifndef DMA_CONTROLLER_I8237_H
#define DMA_CONTROLLER_I8237_H

#include <emu/bus.h>

struct dma_system;
struct emu_i8237;

/* Puts the hardware on the bus. */
struct emu_i8237 *dma_i8237_boot(struct emu_machine *m, emu_requester requester);
/* Makes the controller for it. */
void dma_i8237_load(struct dma_system *s, emu_requester requester);

#endif
