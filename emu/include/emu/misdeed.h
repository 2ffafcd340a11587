/*
 * Hardware that misbehaves: what a device may do wrong, as choices of kind DEVICE.
 *
 * A device model says which misdeeds it can commit, its configuration which of them it may; a machine whose
 * configuration says that hardware misbehaves allows all. Without any of them nothing is asked.
 */
#ifndef EMU_MISDEED_H
#define EMU_MISDEED_H

#include <emu/step.h>

#ifdef __cplusplus
extern "C" {
#endif

enum emu_misdeed {
    EMU_MISDEED_EARLY = 1 << 0,        /* the interrupt comes before the data is there, and not again */
    EMU_MISDEED_LATE = 1 << 1,         /* the interrupt comes long after the end */
    EMU_MISDEED_TWICE = 1 << 2,        /* the interrupt comes a second time */
    EMU_MISDEED_SPURIOUS = 1 << 3,     /* an interrupt comes that has no cause */
    EMU_MISDEED_NEVER = 1 << 4,        /* no interrupt comes */
    EMU_MISDEED_SHORT = 1 << 5,        /* only a part is moved, and no error reported */
    EMU_MISDEED_ERROR = 1 << 6,        /* an error is reported in the middle */
    EMU_MISDEED_BEYOND = 1 << 7,       /* more is written than the list says */
    EMU_MISDEED_STATUS_FIRST = 1 << 8, /* a descriptor's status is written before its data */
    EMU_MISDEED_AFTER_RESET = 1 << 9,  /* a transfer goes on after the reset or cancel that ended it */
    EMU_MISDEED_COUNT = 1 << 10,       /* the count stays behind what was moved */
};
enum { EMU_MISDEEDS = 11, EMU_MISDEEDS_ALL = (1 << EMU_MISDEEDS) - 1 };

/*
 * Which one of those that are possible here and allowed does the device commit now? One bit, or 0. allowed:
 * by the device's configuration.
 */
uint32_t emu_misdeed_choose(struct emu_machine *m, emu_object device, uint32_t possible, uint32_t allowed);

/* Could a device have done something wrong, in any run of this machine? */
bool emu_misdeed_offered(const struct emu_machine *m);

/*
 * Of a device that was removed (emu_bus_remove()) in the middle of a transfer to memory: does what was on its
 * way still arrive? No misdeed: a choice of the hostile profile, and no otherwise.
 */
bool emu_removed_goes_on(struct emu_machine *m);

#ifdef __cplusplus
}
#endif
#endif
