/*
 * wdm_seh.h: structured exceptions (__try, __except, __finally, __leave) for gcc and clang.
 *
 * A __try block becomes one "for" statement that holds a frame. The frame is on the kernel's list of the
 * current thread while the body runs; ExRaiseStatus (and whatever raises through it, such as
 * MmProbeAndLockPages) takes the innermost frame off the list and jumps to it with
 * __builtin_longjmp. With gcc, values of local variables are those at the moment of the exception; with an
 * optimising clang that holds for variables which the body does not change, and for volatile ones.
 *
 * Limits:
 * - Only exceptions that the emulated kernel raises are caught. A bad pointer is a crash, as ever.
 * - The filter runs after the inner frames are gone, just before the handler. A filter's
 *   EXCEPTION_CONTINUE_EXECUTION is taken as EXCEPTION_CONTINUE_SEARCH.
 * - "return" or "goto" out of a __try body with a __finally block does not run that block.
 * - "break" and "continue" in a __try, __except or __finally block refer to that block, not to a
 *   loop around it: "break" leaves the whole statement without running __finally. __leave must not
 *   stand inside a loop inside the body.
 * - Where the compiler has no __builtin_longjmp (clang for AArch64) the handler is never entered.
 * - try, except, finally and leave (without underscores) exist in C drivers only.
 */
#ifndef HALDMA_WDM_SEH_H
#define HALDMA_WDM_SEH_H

#include "ntdef.h"

#define EXCEPTION_EXECUTE_HANDLER    1
#define EXCEPTION_CONTINUE_SEARCH    0
#define EXCEPTION_CONTINUE_EXECUTION (-1)

#define EXCEPTION_MAXIMUM_PARAMETERS 15
#define EXCEPTION_NONCONTINUABLE     0x1

typedef struct _EXCEPTION_RECORD {
    NTSTATUS ExceptionCode;
    ULONG ExceptionFlags;
    struct _EXCEPTION_RECORD *ExceptionRecord;
    PVOID ExceptionAddress;
    ULONG NumberParameters;
    ULONG_PTR ExceptionInformation[EXCEPTION_MAXIMUM_PARAMETERS];
} EXCEPTION_RECORD, *PEXCEPTION_RECORD;

typedef struct _CONTEXT *PCONTEXT;

typedef struct _EXCEPTION_POINTERS {
    PEXCEPTION_RECORD ExceptionRecord;
    PCONTEXT ContextRecord;
} EXCEPTION_POINTERS, *PEXCEPTION_POINTERS;

/* Where a frame is in its life. */
enum haldma_seh_stage {
    HALDMA_SEH_BODY,    /* the body runs, or is about to */
    HALDMA_SEH_ENDED,   /* the body came to its end or to __leave */
    HALDMA_SEH_RAISED,  /* an exception ended the body; nobody has handled it yet */
    HALDMA_SEH_HANDLED, /* the filter chose the handler */
    HALDMA_SEH_DONE     /* past the last block */
};

#define HALDMA_SEH_JUMP_WORDS 5 /* what __builtin_setjmp asks for */

struct haldma_seh_frame {
    void *jump[HALDMA_SEH_JUMP_WORDS];
    struct haldma_seh_frame *outer; /* next frame outwards, while listed */
    enum haldma_seh_stage stage;
    int listed; /* on the thread's list */
    EXCEPTION_RECORD record;
    EXCEPTION_POINTERS pointers;
};

HALDMA_DECLS_BEGIN

/* Puts the frame on the current thread's list. */
void haldma_seh_open(struct haldma_seh_frame *frame);
/* Takes the frame off the list if it is on it; also the frame's destructor. */
void haldma_seh_close(struct haldma_seh_frame *frame);
/* After a block: body -> ENDED; an unhandled exception goes on outwards; everything else -> DONE. */
void haldma_seh_next(struct haldma_seh_frame *frame);
/* The filter's answer: nonzero when the handler is to run. */
int haldma_seh_filter(struct haldma_seh_frame *frame, LONG answer);

HALDMA_DECLS_END

static __inline__ struct haldma_seh_frame haldma_seh_frame_new(void)
{
    struct haldma_seh_frame frame;
    __builtin_memset(&frame, 0, sizeof(frame));
    return frame;
}

#if HALDMA_DIALECT

#if defined(__clang__) && !defined(__x86_64__)
#define HALDMA_SEH_SETJMP(buffer) 0
#else
#define HALDMA_SEH_SETJMP(buffer) __builtin_setjmp(buffer)
#endif

#if defined(__clang__)
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wkeyword-macro"
#endif

/* clang-format takes these names for keywords and would make __except a macro without parameters. */
/* clang-format off */
#undef __try
#undef __except
#undef __finally
#undef __leave
#define __try                                                                     \
    for (struct haldma_seh_frame haldma_seh                                       \
         __attribute__((__cleanup__(haldma_seh_close))) = haldma_seh_frame_new(); \
         haldma_seh.stage != HALDMA_SEH_DONE; haldma_seh_next(&haldma_seh))       \
        if (haldma_seh.stage == HALDMA_SEH_BODY &&                                \
            (haldma_seh_open(&haldma_seh), HALDMA_SEH_SETJMP(haldma_seh.jump) == 0))
#define __except(filter)                                            \
    else if (!(haldma_seh.stage == HALDMA_SEH_RAISED &&             \
               haldma_seh_filter(&haldma_seh, (LONG)(filter)))) { } \
    else
#define __finally else
#define __leave   continue
/* clang-format on */

#if defined(__clang__)
#pragma clang diagnostic pop
#endif

#define _exception_code()       (haldma_seh.record.ExceptionCode)
#define _exception_info()       (&haldma_seh.pointers)
#define _abnormal_termination() (haldma_seh.stage == HALDMA_SEH_RAISED)
#define GetExceptionCode        _exception_code
#define exception_code          _exception_code
#define GetExceptionInformation _exception_info
#define exception_info          _exception_info
#define AbnormalTermination     _abnormal_termination
#define abnormal_termination    _abnormal_termination

#if !defined(__cplusplus)
#define try     __try
#define except  __except
#define finally __finally
#define leave   __leave
#endif

#endif /* HALDMA_DIALECT */

#endif /* HALDMA_WDM_SEH_H */
