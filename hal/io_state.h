/*
 * What the I/O manager keeps between two calls: drivers, devices, names, interfaces.
 *
 * Touched by io_*.c, pnp.c and ex_callback.c only. Objects that drivers hold (DRIVER_OBJECT, DEVICE_OBJECT,
 * FILE_OBJECT, IRP) lie in pool; each device has a private record here, in the machine's arena, that outlives
 * it.
 */
#ifndef HAL_IO_STATE_H
#define HAL_IO_STATE_H

#include <wdm.h>

#include <emu/step.h>

#include "hal/io_table.h"

struct hal_kernel;
struct hal_images;
struct hal_pnp_device;
struct ex_registration;

/* The private side of a device object; found through its DeviceObjectExtension. */
struct io_device {
    DEVOBJ_EXTENSION extension; /* first: a driver may look at it */
    struct io_entry entry;      /* by the device's address, until that is freed */
    PDEVICE_OBJECT device;      /* NULL once freed */
    struct io_name *name;       /* NULL: it has none */
    PDEVICE_OBJECT lower;       /* what it is attached to */
    LONG references;            /* pointers held beside the creation */
    bool deleted;               /* IoDeleteDevice was called */
    bool start_io_deferred;     /* IoSetStartIoAttributes */
    bool start_io_not_cancelable;
    bool start_io_running; /* StartIo is on a stack */
    bool start_io_owed;    /* IoStartNextPacket was called inside it */
    bool start_io_owed_cancelable;
    bool start_io_owed_by_key;
    ULONG start_io_owed_key;
    const struct hal_pnp_device *hardware; /* of a physical device object, else NULL */
    const WCHAR *pdo_name;                 /* of a physical device object, else NULL */
    ULONG pdo_name_bytes;                  /* with its terminator */
    bool started;                          /* IRP_MN_START_DEVICE reached it */
    bool gone;                             /* removed by surprise: IRP_MN_SURPRISE_REMOVAL was sent */
};

/* A driver that was loaded. */
struct io_driver {
    struct io_driver *next;
    PDRIVER_OBJECT driver; /* NULL once unloaded */
    const char *name;
    LONG references;
    struct io_client_extension *extensions;
};

/* IoAllocateDriverObjectExtension's blocks; the caller's bytes follow. */
struct io_client_extension {
    struct io_client_extension *next;
    PVOID identity;
};

/* What has a name: a device or a symbolic link. */
struct io_name {
    struct io_entry entry; /* by the name */
    UNICODE_STRING name;
    PDEVICE_OBJECT device; /* NULL for a symbolic link */
    UNICODE_STRING target; /* of a symbolic link */
};

/* A file object and how many refer to it. */
struct io_file {
    struct io_file *next;
    PFILE_OBJECT file; /* NULL once freed */
    LONG references;
};

/* IoRegisterDeviceInterface's registrations. */
struct io_interface {
    struct io_interface *next;
    PDEVICE_OBJECT pdo;
    GUID guid;
    UNICODE_STRING link;
    bool enabled;
};

/* A call of a dispatch routine that has not returned: see io_pending.c. */
struct io_call {
    struct io_call *next;
    PIRP irp;                    /* NULL once it passed this call's location, or was freed */
    PIO_STACK_LOCATION location; /* of the driver that is called */
    bool forwarded;              /* the driver called another with it */
    bool completed;              /* it passed the location, with this mark */
    bool marked;
    const IRP *passed;     /* the IRP that did; NULL once it was freed, or made anew */
    PDEVICE_OBJECT device; /* whose routine it is */
};

/* I/O errors of bug check 0xC9 (parameter 1), and room for the name of one object in a message. */
enum { IO_ERROR_NOT_MARKED = 0x23D, IO_ERROR_MARKED = 0x23E, IO_NAME_BYTES = 48 };

/* Of an IRP's AllocationFlags: its completion has passed a stack location. */
#define IO_IRP_PASSED 0x80
/* The I/O manager's own, which no driver allocated; nothing is noted about it (emu/deed.h). */
#define IO_IRP_SYSTEMS 0x40

/* The tag of IRPs: "Irp ", first character in the low byte. */
#define IO_IRP_TAG 0x20707249u

struct io_state {
    KSPIN_LOCK cancel_lock;
    struct io_driver *drivers;
    struct io_table devices;
    struct io_table names;
    struct io_interface *interfaces;
    struct io_file *files;
    PDRIVER_OBJECT bus_driver; /* owns physical device objects; made at the first */
    struct hal_images *images; /* of drivers' writable data; NULL: nothing is put back */
    struct io_call *calls;     /* in progress on any strand, newest first */
    struct io_call *calls_free;
    struct _CALLBACK_OBJECT *callbacks; /* NULL until the first is asked for */
    struct ex_registration *registrations_free;
    PDEVICE_OBJECT surprised; /* the physical device whose stack has IRP_MN_SURPRISE_REMOVAL now */
    uint32_t pdos;
    uint32_t irps; /* allocated and not freed */
};

/* Called once at each boot, before any driver code. */
void io_boot(struct hal_kernel *k);
bool io_csq_holds(const IRP *irp);          /* it is in a cancel-safe queue */
void io_waiting_boot(struct hal_kernel *k); /* io_waiting.c: IRPs that nobody completed */

/* The private record of a device, or NULL for what is none (or is gone). */
struct io_device *io_device_find(struct hal_kernel *k, const void *device);
struct io_driver *io_driver_find(struct hal_kernel *k, const void *driver);
static inline struct io_device *io_device_of(PDEVICE_OBJECT device)
{
    return (struct io_device *)device->DeviceObjectExtension;
}
/* The top of the device's stack. */
PDEVICE_OBJECT io_device_top(PDEVICE_OBJECT device);
/* Frees a device that was deleted, as soon as nobody refers to it. */
void io_device_settle(struct hal_kernel *k, struct io_device *d);

/* File objects: counted from when they are opened until the last reference goes and IRP_MJ_CLOSE is sent. */
void io_file_hold(struct hal_kernel *k, PFILE_OBJECT file);
void io_file_drop(struct hal_kernel *k, PFILE_OBJECT file);
struct io_file *io_file_find(struct hal_kernel *k, const void *file);
void io_file_close(struct hal_kernel *k, PFILE_OBJECT file);

/*
 * What ObReferenceObject (+1) and ObDereferenceObject (-1) do to devices, drivers and files; other objects
 * are left alone. The last reference deletes what was waiting for it. Dereferencing what nobody refers to is
 * a finding.
 */
void io_reference(struct hal_kernel *k, void *object, int change);

/*
 * The namespace, where case does not count. io_name_find() follows symbolic links to a device;
 * io_name_exists() does not. NULL when there is no such name; when it is another's, for io_name_add().
 */
struct io_name *io_name_find(struct hal_kernel *k, PCUNICODE_STRING name);
bool io_name_exists(struct hal_kernel *k, PCUNICODE_STRING name);
/* A symbolic link to the target, or, where that is NULL, a device's name. Both strings are copied. */
struct io_name *io_name_add(struct hal_kernel *k, PCUNICODE_STRING name, PDEVICE_OBJECT device,
                            PCUNICODE_STRING target);
void io_name_remove(struct hal_kernel *k, struct io_name *name);
/* A copy in the arena, with a terminator that is not counted. */
UNICODE_STRING io_string_copy(struct hal_kernel *k, const WCHAR *text, size_t bytes);
UNICODE_STRING io_string_from_ascii(struct hal_kernel *k, const char *prefix, const char *text);

/* Where an IRP's cancel routine is: the object on which setting it and cancelling meet. */
static inline const void *io_cancel_slot(const IRP *irp)
{
    return (const char *)irp + UFIELD_OFFSET(IRP, CancelRoutine);
}

/* IoAllocateIrp, for a driver or for the I/O manager itself. */
PIRP io_irp_allocate(struct hal_kernel *k, CCHAR stack_size, bool for_itself);
/* "irp#3", as timelines call it; returns out. For the path that ends in a finding, which is told what was
 * done to the IRP. */
const char *io_irp_tell(struct emu_machine *m, const IRP *irp, char out[IO_NAME_BYTES]);

/* Is the current stack location, by number and by pointer, one of lowest to highest? StackCount + 1: none is
 * current yet. */
bool io_irp_is_at(const IRP *irp, int lowest, int highest);
/* A finding unless it is. what: "IoCallDriver found". */
void io_irp_require_at(struct emu_machine *m, const IRP *irp, int lowest, int highest, const char *what);

/*
 * A finding where the IRP is not the running driver's any more: its completion has passed this driver's
 * stack location. what: "IoCallDriver was called for", "the driver reads". True: it is not, and the run goes
 * on.
 */
bool io_irp_is_lost_to(struct hal_kernel *k, const IRP *irp, const char *what);
static inline bool io_irp_is_lost(struct hal_kernel *k, const IRP *irp, const char *what)
{
    return (irp->AllocationFlags & IO_IRP_PASSED) != 0 && io_irp_is_lost_to(k, irp, what);
}

/* Sends an IRP and waits for it, at PASSIVE_LEVEL; location says what to ask. *information may be NULL. */
NTSTATUS io_send_and_wait(PDEVICE_OBJECT device, const IO_STACK_LOCATION *location, NTSTATUS initial,
                          ULONG_PTR *information);

/*
 * Around each call of a dispatch routine. io_call_passed(): the IRP's completion comes by this location.
 * io_call_gone(): the IRP is freed or made anew. io_call_end(): a finding where status and mark disagree, and
 * that is certain.
 */
struct io_call *io_call_begin(struct hal_kernel *k, PIRP irp, PIO_STACK_LOCATION location);
void io_call_passed(struct hal_kernel *k, PIRP irp, const IO_STACK_LOCATION *location);
void io_call_gone(struct hal_kernel *k, PIRP irp);
/* Is there a call whose location the IRP passed, and whose device fits? */
bool io_call_passed_by(struct hal_kernel *k, const IRP *irp,
                       bool (*fits)(const void *context, const DEVICE_OBJECT *device), const void *context);
void io_call_end(struct hal_kernel *k, struct io_call *call, emu_object object, NTSTATUS status, UCHAR major);

/* What unsupported major functions do, and a driver's defaults: complete with STATUS_INVALID_DEVICE_REQUEST.
 */
NTSTATUS io_invalid_request(PDEVICE_OBJECT device, PIRP irp);

#endif
