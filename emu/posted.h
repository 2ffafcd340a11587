/*
 * Posted writes: a device's line of register writes that are on their way. Private to emu.
 */
#ifndef EMU_POSTED_H
#define EMU_POSTED_H

#include "emu/machine_state.h"

enum { EMU_POSTED_MAX = 8 };

struct emu_posted_write {
    struct emu_window *window;
    uint64_t offset;
    uint64_t value;
    unsigned width; /* bytes */
};

struct emu_posted {
    struct emu_engine engine; /* started while something is on its way: its next move is an arrival */
    uint32_t first, count;
    struct emu_posted_write writes[EMU_POSTED_MAX];
};

/* A new window, which has its ops and device: gives it its device's line. */
void emu_posted_add(struct emu_machine *m, struct emu_window *w);

/* A write that was announced is on its way from now on. The window has a line. */
void emu_post(struct emu_machine *m, struct emu_window *w, struct emu_posted_write write);

/* Everything on its way to this window's device arrives now: the processor reads from it. */
void emu_posted_push(struct emu_machine *m, struct emu_window *w);

#endif
