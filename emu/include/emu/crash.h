/*
 * Crashes as findings: a wild pointer, an overflown stack, a division by zero, an invalid instruction,
 * abort() and a loop without a yield point, in code that runs on a machine.
 *
 * Signals are the process's, so who owns the process installs the handlers and asks here what a signal means.
 * Handlers must run on an alternate stack (SA_ONSTACK), since what crashed may be a strand's stack.
 */
#ifndef EMU_CRASH_H
#define EMU_CRASH_H

#include <emu/machine.h>
#include <signal.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The rules of the findings. */
#define EMU_RULE_CRASH_ACCESS      "CRASH-ACCESS"
#define EMU_RULE_CRASH_STACK       "CRASH-STACK"
#define EMU_RULE_CRASH_DIVISION    "CRASH-DIVISION"
#define EMU_RULE_CRASH_INSTRUCTION "CRASH-INSTRUCTION"
#define EMU_RULE_CRASH_ABORT       "CRASH-ABORT"
#define EMU_RULE_HANG              "HANG"

/*
 * From now on crashes on this machine can be findings. False: no memory, or not on this processor or in this
 * build (a sanitizer has its own ways); the machine is as it was.
 */
bool emu_crash_catch(struct emu_machine *m);

/*
 * In a handler of SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP or SIGABRT, with what the handler was given: true
 * when the signal came from code on the machine that runs on this thread, and that machine catches crashes.
 * The handler then returns, and the run ends with a finding.
 */
bool emu_crash_signal(int number, const siginfo_t *info, void *context);

/*
 * What memory is filled with whose contents mean nothing. A crash at an address that is made of such a byte
 * says so: "an address made of 0xDF, which fills pool that was freed". Not copied; stays until it is
 * replaced.
 */
struct emu_fill {
    unsigned char byte;
    const char *what; /* is filled with it */
};
void emu_crash_fills(struct emu_machine *m, const struct emu_fill *fills, unsigned count);

/*
 * In the handler of a timer that counts the process's time, about twice a second: true when the machine that
 * runs on this thread has made no step for EMU_HANG_TICKS such ticks. The run ends with a finding as above.
 */
enum { EMU_HANG_TICKS = 4 };
bool emu_crash_tick(void *context);

#ifdef __cplusplus
}
#endif
#endif
