/*
 * What the Ke family keeps between two calls.
 *
 * Touched by ke_*.c, ex_workitem.c and ex_interlocked.c only; other families use the functions of the ke_*.h
 * headers. Objects that drivers own (events, timers, DPCs, locks) live in the driver's memory in Windows'
 * layout; here lies what has no place there: who runs where, queues, handles, and what the machine needs for
 * a timer.
 */
#ifndef HAL_KE_STATE_H
#define HAL_KE_STATE_H

#include <emu/callers.h>
#include <emu/irq.h>
#include <emu/step.h>
#include <wdm.h>

struct hal_kernel;
struct ke_event;
struct ke_handle;
struct ke_ipi;
struct ke_holder;
struct ke_line;
struct ke_resource;
struct ke_timer;
struct ke_worker;
struct _DEVICE_OBJECT;
struct _EX_TIMER;
struct _IO_WORKITEM;
struct _KBUGCHECK_CALLBACK_RECORD;
struct _KDPC;
struct _KINTERRUPT;
struct _KTHREAD;
struct _LIST_ENTRY;

/* A queue of DPCs, linked through their DpcListEntry. */
struct ke_dpc_queue {
    struct _KDPC *first;
    struct _KDPC *last;
    emu_object object;
};

enum { KE_LOCKS_NAMED = 16 };

struct ke_processor {
    struct ke_dpc_queue dpcs;           /* run at DISPATCH_LEVEL */
    struct ke_dpc_queue threaded;       /* run by dpc_thread, at PASSIVE_LEVEL */
    struct _KTHREAD *dpc_thread;        /* NULL until the first threaded DPC */
    DISPATCHER_HEADER threaded_flushed; /* signalled when the threaded queue is empty */
    uint32_t dpcs_running;
    uint32_t threads;                  /* system threads that live here */
    uint32_t locks_held;               /* spin locks */
    KSPIN_LOCK *locks[KE_LOCKS_NAMED]; /* the first ones, in the order in which they were taken */
    uintptr_t handler_stack;           /* where the stack of the innermost handler begins */
    uint8_t floor;                     /* level of the innermost handler: code in it must not go below */
    bool dpc_thread_idle;
};

/* Is this code of a certain module? */
typedef bool ke_code_fn(const void *context, const void *code);

/* The line of a device, as whoever assigned its resources knows it; 0: none. */
typedef emu_line ke_device_line_fn(struct hal_kernel *k, struct _DEVICE_OBJECT *physical_device);
/* One more (1) or one fewer (-1) reference to an object whose kind begins with an IO_TYPE number. */
typedef void ke_io_reference_fn(struct hal_kernel *k, void *object, int change);

/* What was read last of the performance counter, under verification. */
struct ke_counter {
    uint64_t skew; /* units by which each processor's is ahead of the one before */
    uint64_t clock, value;
    bool was_read;
    struct emu_birth birth;
};

struct ke_state {
    struct ke_processor *processors;
    uint32_t processor_count;
    uint32_t node_count;
    emu_object clock;
    struct ke_counter counter;
    ke_device_line_fn *device_line;   /* set by the family that owns devices; NULL: no device has one */
    ke_io_reference_fn *io_reference; /* likewise; NULL: not counted */

    struct ke_ipi *ipi;      /* NULL until the first broadcast */
    uint32_t clock_interval; /* ExSetTimerResolution; 0: the default */
    uint32_t clock_requests; /* set and not taken back */

    struct ke_timer *timers_free;
    struct ke_timer *timers_running; /* newest first */
    uint32_t dpcs_queued;            /* on all processors */
    struct _EX_TIMER *ex_timers_free;
    struct _KBUGCHECK_CALLBACK_RECORD *bug_check_callbacks; /* newest first, linked through Entry.Flink */
    struct _KTHREAD *threads_free;
    struct _KTHREAD *threads_live; /* system threads, newest first */
    struct ke_line *lines;
    struct _KINTERRUPT *interrupts; /* all that were made, newest first */
    struct _KINTERRUPT *interrupts_free;
    struct ke_resource *resources_free;
    struct ke_holder *holders_free;
    struct ke_handle *handles; /* NULL until the first one */
    struct ke_event *events;   /* that the kernel made */
    uint32_t handles_used;     /* ever */
    uint32_t thread_ids;       /* given out */
    uint32_t handles_free;     /* 1 + index of the first free one; 0: none */

    struct _LIST_ENTRY *work_queue; /* NULL until the first item */
    emu_object work_object;
    struct ke_worker *workers;
    struct ke_worker *workers_idle;
    uint32_t worker_count;
    struct _IO_WORKITEM *work_items_free;
    uint32_t work_items_live; /* IoAllocateWorkItem minus IoFreeWorkItem */
};

/* Called once at each boot, before any driver code. */
void ke_boot(struct hal_kernel *k);

#endif
