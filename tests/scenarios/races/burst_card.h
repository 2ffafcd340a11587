/*
 * The burst card: like the copier (docs/devices.md), but what it writes is posted. Bytes that it has sent are
 * in memory a while later, and a reset in between does not call them back.
 *
 * It has the copier's registers CONTROL, STATUS, INTERRUPT_TAKE, DOORBELL (to memory only), ADDRESS and
 * LENGTH, one piece a transfer, and one more interrupt: after a reset, when nothing is under way any more.
 */
#ifndef BURST_CARD_H
#define BURST_CARD_H

#include <haldma.h>

enum { BURST_CARD_BYTES_MAX = 4096, BURST_CARD_INTERRUPT_QUIET = 1u << 2, BURST_CARD_BYTE = 0xB5 };

/* Puts one on the machine's bus. It writes BURST_CARD_BYTE. False: the window is taken. */
bool burst_card_create(struct emu_machine *m, uint64_t window, emu_line line);

#endif
