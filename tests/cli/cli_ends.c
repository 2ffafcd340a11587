/*
 * Scenarios that end in ways that no scenario should, or are larger than most.
 */
#include <haldma.h>

#include <emu/choose.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const char *const pc[] = {"pc", NULL};

static void set_up_exit(void)
{
    exit(0);
}

static void exit_at_once(void *context)
{
    (void)context;
    _exit(0);
}

static void set_up_exit_at_once(void)
{
    haldma_thread("leaving", 1, exit_at_once, NULL);
}

static void set_up_quick_exit(void)
{
    quick_exit(0);
}

static void set_up_mute(void)
{
    fclose(stdout);
}

/* As a driver of the field does it: the log ends where the machine did. */
static void write_nowhere(void *context)
{
    volatile int *nowhere = context;
    DbgPrint("wild: writes\n");
    *nowhere = 0;
}

static void set_up_wild(void)
{
    haldma_thread("wild", 0, write_nowhere, NULL);
}

static void set_up_breakpoint(void)
{
    raise(SIGTRAP);
}

static void set_up_system_call(void)
{
    raise(SIGSYS);
}

static void set_up_failing(void)
{
    haldma_fail("property", "the set-up fails \xc3\xa4 \xff");
}

/* More choices than a token holds. */
static void choose_on_and_on(void *context)
{
    (void)context;
    struct emu_machine *m = emu_current();
    for (unsigned i = 0; i <= EMU_TOKEN_CHOICES_MAX; i++)
        emu_latitude(m, EMU_OP_BASE_HOST, 2);
    haldma_fail("property", "so many choices");
}

static void set_up_many_choices(void)
{
    haldma_thread("choosing", 0, choose_on_and_on, NULL);
}

/* Nothing but places where the other may go on. */
static void lock_on_and_on(void *context)
{
    enum { ROUNDS = 4000 };
    KSPIN_LOCK *lock = context;
    for (unsigned i = 0; i < ROUNDS; i++) {
        KIRQL irql;
        KeAcquireSpinLock(lock, &irql);
        KeReleaseSpinLock(lock, irql);
    }
}

static void set_up_many_preemptions(void)
{
    KSPIN_LOCK *locks = haldma_scratch(2 * sizeof *locks);
    KeInitializeSpinLock(&locks[0]);
    KeInitializeSpinLock(&locks[1]);
    haldma_thread("first", 0, lock_on_and_on, &locks[0]);
    haldma_thread("second", 1, lock_on_and_on, &locks[1]);
}

static void fail(void)
{
    haldma_fail("property", "after many preemptions");
}

static void set_up_at_length(void)
{
    haldma_require(FALSE,
                   "one way of telling it, then a second way of telling it, then a third way of telling it, "
                   "and the end");
}

static const struct haldma_scenario scenarios[] = {
    {"exits", "the set-up calls exit()", NULL, set_up_exit, NULL, pc, 0},
    {"exits_at_once", "a thread calls _exit()", NULL, set_up_exit_at_once, NULL, pc, 0},
    {"exits_quickly", "the set-up calls quick_exit()", NULL, set_up_quick_exit, NULL, pc, 0},
    {"mute", "the set-up closes standard output", NULL, set_up_mute, NULL, pc, 0},
    {"wild", "prints, then writes to a null pointer", NULL, set_up_wild, NULL, pc, 0},
    {"breakpoint", "the set-up meets a breakpoint", NULL, set_up_breakpoint, NULL, pc, 0},
    {"system_call", "the set-up makes a forbidden system call", NULL, set_up_system_call, NULL, pc, 0},
    {"set_up_fails", "the finding is in the set-up; this is not UTF-8: \xff", NULL, set_up_failing, NULL, pc,
     0},
    {"long_message", "a finding that is told in more than a line", NULL, set_up_at_length, NULL, pc, 0},
    {"many_choices", "a run with too many choices for a token", NULL, set_up_many_choices, NULL, pc, 0},
    {"many_preemptions", "fails after thousands of preemptions", NULL, set_up_many_preemptions, fail, pc, 0},
};

HALDMA_MODULE(scenarios);
