/*
 * Structured exceptions: the frames of __try blocks, and raising.
 *
 * A thread keeps the list of its open frames, innermost first; the frames lie on its stack. Raising takes the
 * innermost one off and jumps to it; when its filter declines, the exception goes on outwards as the frame is
 * left. What nobody handles stops the machine. An interrupt or DPC runs on the stack of whoever it
 * interrupts, whose frames are not its own.
 */
#include <wdm.h>

#include "hal/ke_check.h"
#include "hal/ke_exception.h"
#include "hal/ke_thread.h"

void haldma_seh_open(struct haldma_seh_frame *frame)
{
    struct _KTHREAD *thread = ke_thread_self(hal_kernel());
    frame->outer = thread->exception_frames;
    frame->listed = 1;
    thread->exception_frames = frame;
}

/* Frames are left innermost first, but for those that a jump passed over. */
void haldma_seh_close(struct haldma_seh_frame *frame)
{
    if (!frame->listed) {
        return;
    }
    struct _KTHREAD *thread = ke_thread_self(hal_kernel());
    while (thread->exception_frames != frame) {
        EMU_ASSERT(thread->exception_frames != NULL);
        thread->exception_frames = thread->exception_frames->outer;
    }
    thread->exception_frames = frame->outer;
    frame->listed = 0;
}

int haldma_seh_filter(struct haldma_seh_frame *frame, LONG answer)
{
    if (answer != EXCEPTION_EXECUTE_HANDLER) {
        return 0;
    }
    frame->stage = HALDMA_SEH_HANDLED;
    return 1;
}

void haldma_seh_next(struct haldma_seh_frame *frame)
{
    if (frame->stage == HALDMA_SEH_RAISED) {
        ke_raise(frame->record.ExceptionCode);
    }
    haldma_seh_close(frame);
    frame->stage = frame->stage == HALDMA_SEH_BODY ? HALDMA_SEH_ENDED : HALDMA_SEH_DONE;
}

static bool is_own_frame(struct emu_machine *m, const struct haldma_seh_frame *frame)
{
    return !emu_cpu_in_interrupt(m) || (uintptr_t)frame < ke_processor(hal_kernel())->handler_stack;
}

DECLSPEC_NORETURN void ke_raise(NTSTATUS status)
{
    struct hal_kernel *k = hal_kernel();
    struct haldma_seh_frame *frame = ke_thread_self(k)->exception_frames;
    if (frame == NULL || !is_own_frame(k->machine, frame)) {
        const uint64_t parameters[4] = {(ULONG)status, 0, 0, 0};
        emu_finding_raise(k->machine, "KE-EXC-1", "0x1E", parameters,
                          "exception 0x%08X is raised and nobody handles it", (ULONG)status);
    }
    haldma_seh_close(frame);
    frame->stage = HALDMA_SEH_RAISED;
    frame->record = (EXCEPTION_RECORD){.ExceptionCode = status, .ExceptionFlags = EXCEPTION_NONCONTINUABLE};
    frame->pointers = (EXCEPTION_POINTERS){.ExceptionRecord = &frame->record};
#if defined(__clang__) && !defined(__x86_64__)
    EMU_ASSERT(!"a compiler that can jump to a frame");
    __builtin_unreachable();
#else
    __builtin_longjmp(frame->jump, 1);
#endif
}

DECLSPEC_NORETURN VOID ExRaiseStatus(NTSTATUS Status)
{
    ke_called_at_most(APC_LEVEL, KE_CODE_IRQL_EX_PASSIVE, __func__);
    ke_raise(Status);
}

DECLSPEC_NORETURN VOID ExRaiseAccessViolation(VOID)
{
    ke_called_at_most(PASSIVE_LEVEL, KE_CODE_IRQL_EX_PASSIVE, __func__);
    ke_raise(STATUS_ACCESS_VIOLATION);
}

DECLSPEC_NORETURN VOID ExRaiseDatatypeMisalignment(VOID)
{
    ke_called_at_most(PASSIVE_LEVEL, KE_CODE_IRQL_EX_PASSIVE, __func__);
    ke_raise(STATUS_DATATYPE_MISALIGNMENT);
}
