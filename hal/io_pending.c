/*
 * Whether what a dispatch routine returns agrees with the mark in its stack location.
 *
 * A request may be gone when the routine returns, and its memory another request's. So each call in progress
 * has a record here, in the arena: as soon as the request passes the call's location on its way up, the
 * record takes the mark with it; when the request is freed, the record knows that there is nothing to look
 * at. Only while neither has happened is the location itself read.
 */
#include <wdm.h>

#include <emu/finding.h>
#include <emu/unseen.h>

#include "hal/kernel.h"

struct io_call *io_call_begin(struct hal_kernel *k, PIRP irp, PIO_STACK_LOCATION location)
{
    struct io_call *call = NULL;

    EMU_UNSEEN(k->machine,
               "a call's record has the mark whether the request passed it before or passes later")
    {
        call = k->io.calls_free;
        for (struct io_call *outer = k->io.calls; outer != NULL; outer = outer->next)
            if (outer->irp == irp)
                outer->forwarded = true;
        if (call != NULL)
            k->io.calls_free = call->next;
        else
            call = emu_arena_alloc(k->machine, sizeof *call);
        *call = (struct io_call){
            .next = k->io.calls, .irp = irp, .location = location, .device = location->DeviceObject};
        k->io.calls = call;
    }
    return call;
}

void io_call_passed(struct hal_kernel *k, PIRP irp, const IO_STACK_LOCATION *location)
{
    EMU_UNSEEN(k->machine, "as in io_call_begin()")
    {
        for (struct io_call *call = k->io.calls; call != NULL; call = call->next) {
            if (call->irp != irp || call->location != location)
                continue;
            call->irp = NULL;
            call->passed = irp;
            call->completed = true;
            call->marked = (location->Control & SL_PENDING_RETURNED) != 0;
        }
    }
}

void io_call_gone(struct hal_kernel *k, PIRP irp)
{
    EMU_UNSEEN(k->machine, "as in io_call_begin()")
    {
        for (struct io_call *call = k->io.calls; call != NULL; call = call->next) {
            if (call->irp == irp)
                call->irp = NULL;
            if (call->passed == irp)
                call->passed = NULL;
        }
    }
}

bool io_call_passed_by(struct hal_kernel *k, const IRP *irp,
                       bool (*fits)(const void *context, const DEVICE_OBJECT *device), const void *context)
{
    bool found = false;

    EMU_UNSEEN(k->machine, "as in io_call_begin()")
    {
        for (const struct io_call *call = k->io.calls; call != NULL && !found; call = call->next)
            found = call->passed == irp && fits(context, call->device);
    }
    return found;
}

static struct io_call *take(struct hal_kernel *k, struct io_call *call)
{
    struct io_call **link = &k->io.calls;

    while (*link != call)
        link = &(*link)->next;
    *link = call->next;
    call->next = k->io.calls_free;
    k->io.calls_free = call;
    return call;
}

void io_call_end(struct hal_kernel *k, struct io_call *call, emu_object object, NTSTATUS status, UCHAR major)
{
    bool pending = status == STATUS_PENDING;
    bool agrees = true;
    EMU_UNSEEN(k->machine, "as in io_call_begin()")
    {
        take(k, call);
        if (!call->completed && call->irp != NULL)
            call->marked = (call->location->Control & SL_PENDING_RETURNED) != 0;
        agrees = (!call->completed && call->irp == NULL) || pending == call->marked;
    }
    if (agrees)
        return;
    char name[IO_NAME_BYTES];
    uint64_t parameters[4] = {pending ? IO_ERROR_NOT_MARKED : IO_ERROR_MARKED, 0, 0, 0};
    emu_object_text(k->machine, object, name, sizeof name);
    if (!pending)
        emu_finding_report(k->machine, "IO-CALL-9", "0xC9/23E", parameters,
                           "a dispatch routine (major function %u) returned 0x%08x for %s, which is marked "
                           "pending; it must return STATUS_PENDING",
                           major, (unsigned)status, name);
    else if (call->completed || !call->forwarded)
        emu_finding_report(k->machine, "IO-CALL-8", "0xC9/23D", parameters,
                           "a dispatch routine (major function %u) returned STATUS_PENDING for %s, which is "
                           "not marked pending",
                           major, name);
}
