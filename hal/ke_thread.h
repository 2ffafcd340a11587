/*
 * Threads: what the rest of the kernel layer, and whoever starts threads for a scenario, knows of them.
 *
 * A thread is a strand with the face of a Windows thread: something to wait for, with a priority, a processor
 * and counts of what it must give back. A strand that was not started here becomes a thread when it is first
 * asked who it is.
 */
#ifndef HAL_KE_THREAD_H
#define HAL_KE_THREAD_H

#include <emu/event.h>
#include <emu/strand.h>
#include <wdm.h>

#include "hal/ke_state.h"

struct hal_kernel;
struct ke_wait;

/* Lives in the machine's arena: drivers know only that it begins with what they can wait for. */
struct _KTHREAD {
    DISPATCHER_HEADER Header;
    struct emu_strand *strand; /* NULL once it has ended */
    PKSTART_ROUTINE routine;
    PVOID context;
    struct ke_wait *wait;                      /* what it waits for; NULL while it does not */
    struct emu_event alarm;                    /* the end of its wait */
    struct haldma_seh_frame *exception_frames; /* __try blocks that it is in, innermost first */
    struct _KTHREAD *next_free;
    struct _KTHREAD *next_live;
    KAFFINITY affinity; /* 0: never asked for one */
    emu_object object;
    uint32_t references; /* by pointers, by handles, and one while it runs */
    uint32_t id;
    uint32_t critical; /* KeEnterCriticalRegion minus KeLeaveCriticalRegion, and mutexes held */
    uint32_t guarded;
    uint32_t mutexes; /* KMUTEX objects that it owns */
    KPRIORITY priority;
    NTSTATUS exit_status;
    uint8_t home; /* processor whose count of threads includes it */
    bool alarm_ready;
    bool system; /* PsTerminateSystemThread ends it */
};

enum { KE_ANY_PROCESSOR = -1, KE_PRIORITY_NORMAL = 8 };

struct ke_thread_config {
    const char *name; /* outlives the run */
    PKSTART_ROUTINE routine;
    PVOID context;
    int processor; /* or KE_ANY_PROCESSOR: the least loaded one, or in the hostile profile any */
    KPRIORITY priority;
    bool must_finish;
    bool held; /* see struct emu_strand_config */
};

/* The running thread. */
struct _KTHREAD *ke_thread_self(struct hal_kernel *k);
/* Starts a system thread; the caller gets a reference. NULL when the machine has no strand left. Not a yield
 * point. */
struct _KTHREAD *ke_thread_start(struct hal_kernel *k, const struct ke_thread_config *config);
/* Ends the running thread. */
__attribute__((noreturn)) void ke_thread_end(struct hal_kernel *k, NTSTATUS status);
void ke_thread_reference(struct _KTHREAD *thread);
void ke_thread_dereference(struct hal_kernel *k, struct _KTHREAD *thread);

/* A thread that runs such code and has not ended; EMU_NO_OBJECT: none. */
emu_object ke_thread_with_code(struct hal_kernel *k, ke_code_fn *is, const void *context);

#endif
