/*
 * Generated programs of the kernel layer: drawn, printed and run.
 */
#include "ke_programs.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <emu/cpu.h>
#include <emu/step.h>

#include "rig.h"

enum { WORD_READ = EMU_OP_BASE_HOST, WORD_WRITE };
enum { MILLISECOND = 10000, AT_VALUES = 12, MIX = 31 };

#define SPREAD 0x9E3779B97F4A7C15ull

static struct ke_program *current;

static void describe(void)
{
    static const struct emu_op_info ops[] = {
        {"read", EMU_ACCESS_READ, NULL},
        {"write", EMU_ACCESS_WRITE, NULL},
    };
    emu_describe_ops(emu_current(), EMU_OP_BASE_HOST, ops, sizeof(ops) / sizeof(ops[0]));
}

/* ---- Running ---- */

static LONG *word(unsigned at)
{
    return &current->words[at % KE_PROGRAM_WORDS].value;
}

static void write_word(unsigned at, uint64_t sum)
{
    struct emu_machine *m = emu_current();
    emu_step(m, WORD_WRITE, emu_object_at(m, word(at), "word"), 0);
    *word(at) = (LONG)((uint64_t)*word(at) * MIX + sum + 1);
}

static LONG read_word(unsigned at)
{
    struct emu_machine *m = emu_current();
    emu_step(m, WORD_READ, emu_object_at(m, word(at), "word"), 0);
    return *word(at);
}

static ULONG_PTR broadcast(ULONG_PTR context)
{
    write_word((unsigned)context, KeGetCurrentProcessorNumberEx(NULL));
    return context;
}

static uint64_t try_lock(unsigned at, uint64_t sum)
{
    KSPIN_LOCK *lock = &current->locks[at % KE_PROGRAM_LOCKS];
    const KIRQL old = KeRaiseIrqlToDpcLevel();
    const BOOLEAN taken = KeTryToAcquireSpinLockAtDpcLevel(lock);
    if (taken) {
        write_word(at, sum);
        KeReleaseSpinLockFromDpcLevel(lock);
    }
    KeLowerIrql(old);
    return taken;
}

static uint64_t queue_work(unsigned at)
{
    struct emu_machine *m = emu_current();
    struct ke_word *queued = &current->work_queued[at % KE_PROGRAM_ITEMS];
    emu_step(m, WORD_WRITE, emu_object_at(m, queued, "word"), 0);
    if (queued->value != 0) {
        return 0;
    }
    queued->value = 1;
    ExQueueWorkItem(&current->work[at % KE_PROGRAM_ITEMS], DelayedWorkQueue);
    return 1;
}

static uint64_t start_timer(unsigned at)
{
    const unsigned timer = at % KE_PROGRAM_TIMERS;
    const LARGE_INTEGER due = {.QuadPart = -(LONGLONG)(1 + at / KE_PROGRAM_TIMERS % 2) * MILLISECOND};
    const unsigned dpc = current->timer_dpc[timer];
    return KeSetTimer(&current->timers[timer], due, dpc < KE_PROGRAM_DPCS ? &current->dpc_blocks[dpc] : NULL);
}

static uint64_t wait(unsigned at, LONGLONG units)
{
    LARGE_INTEGER timeout = {.QuadPart = units};
    void *object = at % 3 == 2 ? (void *)&current->timers[at / 3 % KE_PROGRAM_TIMERS]
                               : (void *)&current->events[at % KE_PROGRAM_EVENTS];
    return (uint64_t)KeWaitForSingleObject(object, Executive, KernelMode, FALSE, &timeout);
}

static void write_queued(unsigned at, uint64_t sum)
{
    KLOCK_QUEUE_HANDLE handle;
    KeAcquireInStackQueuedSpinLock(&current->queued_locks[at % KE_PROGRAM_LOCKS], &handle);
    write_word(at / 2, sum);
    KeReleaseInStackQueuedSpinLock(&handle);
}

/* Which one came: 1 + its place; 0: none. */
static uint64_t pop(void)
{
    const LIST_ENTRY *entry = ExInterlockedRemoveHeadList(&current->list, &current->list_lock);
    return entry != NULL ? 1 + (uint64_t)(entry - &current->entries[0][0]) : 0;
}

static uint64_t push(const struct ke_routine *r, unsigned i)
{
    LIST_ENTRY *entry = &current->entries[r - current->threads][i];
    return ExInterlockedInsertTailList(&current->list, entry, &current->list_lock) != NULL;
}

static uint64_t wait_for(void *object, LONGLONG units)
{
    LARGE_INTEGER timeout = {.QuadPart = units};
    return (uint64_t)KeWaitForSingleObject(object, Executive, KernelMode, FALSE,
                                           units != 0 ? &timeout : NULL);
}

static uint64_t own_mutex(unsigned at, uint64_t sum)
{
    if (wait_for(&current->mutex, -(LONGLONG)MILLISECOND) != STATUS_SUCCESS) {
        return 0;
    }
    write_word(at, sum);
    return 1 + (uint64_t)KeReleaseMutex(&current->mutex, FALSE);
}

static uint64_t perform(struct ke_code code, uint64_t sum)
{
    const unsigned at = code.at;
    KIRQL old;
    switch ((enum ke_code_kind)code.kind) {
    case KE_CODE_WRITE:
        write_word(at, sum);
        return 0;
    case KE_CODE_READ:
        return (uint64_t)read_word(at);
    case KE_CODE_INCREMENT:
        return (uint64_t)InterlockedIncrement(word(at));
    case KE_CODE_LOCKED:
        KeAcquireSpinLock(&current->locks[at % KE_PROGRAM_LOCKS], &old);
        write_word(at / 2, sum);
        KeReleaseSpinLock(&current->locks[at % KE_PROGRAM_LOCKS], old);
        return 0;
    case KE_CODE_TRY:
        return try_lock(at, sum);
    case KE_CODE_SET:
        return (uint64_t)KeSetEvent(&current->events[at % KE_PROGRAM_EVENTS], IO_NO_INCREMENT, FALSE);
    case KE_CODE_RESET:
        return (uint64_t)KeResetEvent(&current->events[at % KE_PROGRAM_EVENTS]);
    case KE_CODE_LOOK:
        return wait(at, 0);
    case KE_CODE_WAIT:
        return wait(at, -(LONGLONG)MILLISECOND);
    case KE_CODE_START_TIMER:
        return start_timer(at);
    case KE_CODE_CANCEL_TIMER:
        return KeCancelTimer(&current->timers[at % KE_PROGRAM_TIMERS]);
    case KE_CODE_INSERT:
        return KeInsertQueueDpc(&current->dpc_blocks[at % KE_PROGRAM_DPCS], NULL, NULL);
    case KE_CODE_REMOVE:
        return KeRemoveQueueDpc(&current->dpc_blocks[at % KE_PROGRAM_DPCS]);
    case KE_CODE_WORK:
        return queue_work(at);
    case KE_CODE_QUEUED:
        write_queued(at, sum);
        return 0;
    case KE_CODE_POP:
        return pop();
    case KE_CODE_FLUSH:
        KeFlushQueuedDpcs();
        return 0;
    case KE_CODE_RELEASE:
        return (uint64_t)KeReleaseSemaphore(&current->semaphore, IO_NO_INCREMENT, 1, FALSE);
    case KE_CODE_TAKE:
        return wait_for(&current->semaphore, -(LONGLONG)MILLISECOND);
    case KE_CODE_MUTEX:
        return own_mutex(at, sum);
    case KE_CODE_FOREVER:
        return wait_for(&current->events[at % KE_PROGRAM_EVENTS], 0);
    case KE_CODE_BROADCAST:
        return KeIpiGenericCall(broadcast, at);
    default:
        return 0;
    }
}

static const uint32_t at_passive = 1u << KE_CODE_WAIT | 1u << KE_CODE_FLUSH | 1u << KE_CODE_TAKE |
                                   1u << KE_CODE_MUTEX | 1u << KE_CODE_FOREVER;

static void run(const struct ke_routine *r, uint64_t *result)
{
    uint64_t sum = 0;
    KIRQL old = 0;
    bool raised = false;
    for (unsigned i = 0; i < r->length; i++) {
        if (r->codes[i].kind == KE_CODE_RAISE && !raised) {
            old = KeRaiseIrqlToDpcLevel();
            raised = true;
        } else if (r->codes[i].kind == KE_CODE_LOWER && raised) {
            KeLowerIrql(old);
            raised = false;
        } else if (r->codes[i].kind == KE_CODE_PUSH) {
            sum = sum * MIX + push(r, i);
        } else if (!(raised && (at_passive & 1u << r->codes[i].kind) != 0)) {
            sum = sum * MIX + perform(r->codes[i], sum) + i;
        }
    }
    if (raised) {
        KeLowerIrql(old);
    }
    *result += (sum + 1) * SPREAD; /* a DPC may run on two processors at a time: in any order */
}

static void thread(void *context)
{
    const struct ke_routine *r = context;
    run(r, &current->results[r - current->threads]);
}

static VOID deferred(PKDPC dpc, PVOID context, PVOID argument1, PVOID argument2)
{
    (void)context;
    (void)argument1;
    (void)argument2;
    const size_t at = (size_t)(dpc - current->dpc_blocks);
    run(&current->dpcs[at], &current->results[KE_PROGRAM_THREADS + at]);
}

static VOID work(PVOID context)
{
    const struct ke_routine *r = context;
    run(r, &current->results[KE_PROGRAM_THREADS + KE_PROGRAM_DPCS + (r - current->items)]);
}

static void set_up_dpc(struct ke_program *p, unsigned at)
{
    if (at + 1 == KE_PROGRAM_DPCS) {
        KeInitializeThreadedDpc(&p->dpc_blocks[at], deferred, NULL);
    } else {
        KeInitializeDpc(&p->dpc_blocks[at], deferred, NULL);
    }
    KeSetImportanceDpc(&p->dpc_blocks[at], (KDPC_IMPORTANCE)p->importance[at]);
    if (p->target[at] >= 0) {
        KeSetTargetProcessorDpc(&p->dpc_blocks[at], (CCHAR)p->target[at]);
    }
}

void ke_program_set_up(void *context)
{
    struct ke_program *p = context;
    struct emu_machine *m = emu_current();
    current = p;
    describe();
    memset(p->words, 0, sizeof(p->words));
    memset(p->work_queued, 0, sizeof(p->work_queued));
    memset(p->results, 0, sizeof(p->results));
    for (unsigned i = 0; i < KE_PROGRAM_WORDS; i++) {
        emu_object_at(m, word(i), "word");
    }
    for (unsigned i = 0; i < KE_PROGRAM_LOCKS; i++) {
        KeInitializeSpinLock(&p->locks[i]);
        KeInitializeSpinLock(&p->queued_locks[i]);
    }
    KeInitializeSpinLock(&p->list_lock);
    InitializeListHead(&p->list);
    emu_object_at(m, &p->list, "list");
    KeInitializeSemaphore(&p->semaphore, 0, MAXLONG);
    KeInitializeMutex(&p->mutex, 0);
    for (unsigned i = 0; i < KE_PROGRAM_EVENTS; i++) {
        KeInitializeEvent(&p->events[i], (EVENT_TYPE)p->event_type[i], FALSE);
    }
    for (unsigned i = 0; i < KE_PROGRAM_TIMERS; i++) {
        KeInitializeTimer(&p->timers[i]);
    }
    for (unsigned i = 0; i < KE_PROGRAM_DPCS; i++) {
        set_up_dpc(p, i);
    }
    for (unsigned i = 0; i < KE_PROGRAM_ITEMS; i++) {
        emu_object_at(m, &p->work_queued[i], "word");
        ExInitializeWorkItem(&p->work[i], work, &p->items[i]);
    }
    for (unsigned i = 0; i < p->thread_count; i++) {
        rig_thread("thread", p->threads[i].processor, thread, &p->threads[i]);
    }
}

uint64_t ke_program_outcome(void *context)
{
    const struct ke_program *p = context;
    uint64_t hash = 0;
    for (unsigned i = 0; i < KE_PROGRAM_WORDS; i++) {
        hash = (hash ^ (uint32_t)p->words[i].value) * 0x9E3779B97F4A7C15ull;
    }
    for (unsigned i = 0; i < KE_PROGRAM_RESULTS; i++) {
        hash = (hash ^ p->results[i]) * 0xBB67AE8584CAA73Bull + (hash >> 29);
    }
    return hash;
}

/* ---- Drawing ---- */

static unsigned draw(struct ke_family *f)
{
    uint64_t z = f->state += 0x9E3779B97F4A7C15ull;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
    z = (z ^ z >> 27) * 0x94d049bb133111ebull;
    return (unsigned)((z ^ z >> 31) >> 33);
}

static const uint32_t in_handlers = 1u << KE_CODE_WRITE | 1u << KE_CODE_READ | 1u << KE_CODE_INCREMENT |
                                    1u << KE_CODE_LOCKED | 1u << KE_CODE_TRY | 1u << KE_CODE_SET |
                                    1u << KE_CODE_RESET | 1u << KE_CODE_LOOK | 1u << KE_CODE_CANCEL_TIMER |
                                    1u << KE_CODE_REMOVE | 1u << KE_CODE_INSERT | 1u << KE_CODE_WORK |
                                    1u << KE_CODE_QUEUED | 1u << KE_CODE_POP | 1u << KE_CODE_RELEASE;

static void draw_routine(struct ke_family *f, struct ke_routine *r, unsigned most, uint32_t kinds)
{
    r->length = 1 + draw(f) % most;
    for (unsigned i = 0; i < r->length; i++) {
        unsigned kind;
        do {
            kind = draw(f) % KE_CODE_KINDS;
        } while ((kinds & 1u << kind) == 0);
        r->codes[i] = (struct ke_code){(uint8_t)kind, (uint8_t)(draw(f) % AT_VALUES)};
    }
}

/* A DPC that queues one queues a later one, so that every program ends. */
static void end_loops(struct ke_program *p, unsigned dpc)
{
    struct ke_routine *r = &p->dpcs[dpc];
    for (unsigned i = 0; i < r->length; i++) {
        if (r->codes[i].kind == KE_CODE_INSERT && r->codes[i].at % KE_PROGRAM_DPCS <= dpc) {
            r->codes[i].kind = KE_CODE_WRITE;
        }
    }
}

void ke_program_draw(struct ke_family *f, struct ke_program *p)
{
    static const uint8_t importances[] = {LowImportance, MediumImportance, HighImportance};
    const uint32_t plain = 1u << KE_CODE_WRITE | 1u << KE_CODE_READ;
    memset(p, 0, sizeof(*p));
    p->thread_count = 1 + draw(f) % f->threads;
    for (unsigned i = 0; i < p->thread_count; i++) {
        draw_routine(f, &p->threads[i], f->codes, f->kinds);
        p->threads[i].processor = f->share ? draw(f) % f->processors : i % f->processors;
    }
    for (unsigned i = 0; i < KE_PROGRAM_DPCS; i++) {
        draw_routine(f, &p->dpcs[i], 2, f->dpc_codes_few ? plain : (f->kinds & in_handlers) | plain);
        end_loops(p, i);
        p->importance[i] = importances[draw(f) % 3];
        p->target[i] = (int8_t)(draw(f) % 2 == 0 ? -1 : (int)(draw(f) % f->processors));
    }
    for (unsigned i = 0; i < KE_PROGRAM_ITEMS; i++) {
        draw_routine(f, &p->items[i], 2, plain);
    }
    for (unsigned i = 0; i < KE_PROGRAM_TIMERS; i++) {
        p->timer_dpc[i] = (uint8_t)(draw(f) % (KE_PROGRAM_DPCS + 1));
    }
    for (unsigned i = 0; i < KE_PROGRAM_EVENTS; i++) {
        p->event_type[i] = draw(f) % 2 == 0 ? NotificationEvent : SynchronizationEvent;
    }
}

static void print_routine(const char *name, unsigned number, const struct ke_routine *r)
{
    static const char *const names[KE_CODE_KINDS] = {
        "write", "read",   "increment", "locked",  "try",   "set",       "reset",   "look",  "wait",
        "start", "cancel", "insert",    "remove",  "queue", "broadcast", "raise",   "lower", "queued",
        "push",  "pop",    "flush",     "release", "take",  "mutex",     "forever",
    };
    fprintf(stderr, "  %s %u, processor %u:", name, number, r->processor);
    for (unsigned i = 0; i < r->length; i++) {
        fprintf(stderr, " %s(%u)", names[r->codes[i].kind], r->codes[i].at);
    }
    fprintf(stderr, "\n");
}

void ke_program_print(const struct ke_program *p)
{
    for (unsigned i = 0; i < p->thread_count; i++) {
        print_routine("thread", i, &p->threads[i]);
    }
    for (unsigned i = 0; i < KE_PROGRAM_DPCS; i++) {
        fprintf(stderr, "  importance %u, target %d", p->importance[i], p->target[i]);
        print_routine("DPC", i, &p->dpcs[i]);
    }
    for (unsigned i = 0; i < KE_PROGRAM_ITEMS; i++) {
        print_routine("work item", i, &p->items[i]);
    }
    for (unsigned i = 0; i < KE_PROGRAM_TIMERS; i++) {
        fprintf(stderr, "  timer %u: DPC %u\n", i, p->timer_dpc[i]);
    }
    for (unsigned i = 0; i < KE_PROGRAM_EVENTS; i++) {
        fprintf(stderr, "  event %u: type %u\n", i, p->event_type[i]);
    }
}
