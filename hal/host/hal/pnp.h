/*
 * Plug and Play for scenarios: devices that an internal bus driver reports, started and removed as the PnP
 * manager does.
 */
#ifndef HAL_PNP_H
#define HAL_PNP_H

#include <wdm.h>

#include <emu/irq.h>

struct hal_kernel;

/* What the bus knows about a device. Zero means that there is none. */
struct hal_pnp_device {
    const char *name; /* outlives the run */
    INTERFACE_TYPE bus;
    uint64_t window; /* physical address of its registers */
    uint64_t window_bytes;
    uint32_t port; /* first I/O port */
    uint32_t ports;
    emu_line line;     /* interrupt line */
    bool has_dma_line; /* a DMA descriptor (version 3) is reported */
    uint32_t dma_line; /* request line */
    uint32_t dma_channel;
    uint32_t requester; /* as whom it asks for memory; 0: as its window says (emu_requester_at) */
    uint32_t node;      /* that it is connected to; a number that no node has: unknown */
};

/* Creates the physical device object. NULL without memory. The description is copied. */
PDEVICE_OBJECT hal_pnp_add_device(const struct hal_pnp_device *device);

/* The driver's AddDevice. */
NTSTATUS hal_pnp_add(PDRIVER_OBJECT driver, PDEVICE_OBJECT pdo);

/*
 * AddDevice, then IRP_MN_START_DEVICE with the device's resources to the top of the stack, waiting for the
 * end. A device that does not start is removed again. *top (may be NULL): the top of the stack.
 */
NTSTATUS hal_pnp_start(PDRIVER_OBJECT driver, PDEVICE_OBJECT pdo, PDEVICE_OBJECT *top);

/*
 * The hardware is gone (emu_bus_remove()), then IRP_MN_SURPRISE_REMOVAL to the top of the stack. That drivers
 * answer it with a failure, or detach or delete their devices meanwhile, is a finding.
 */
void hal_pnp_surprise(PDEVICE_OBJECT pdo);

/*
 * After hal_pnp_surprise() IRP_MN_REMOVE_DEVICE alone. Else IRP_MN_QUERY_REMOVE_DEVICE, then
 * IRP_MN_REMOVE_DEVICE; a refusal is answered with IRP_MN_CANCEL_REMOVE_DEVICE and returned. The physical
 * device object stays and can be started again.
 */
NTSTATUS hal_pnp_remove(PDEVICE_OBJECT pdo);

/* The hardware at the bottom of a device's stack; NULL when no physical device object is there. */
const struct hal_pnp_device *hal_pnp_hardware(PDEVICE_OBJECT device);
/* The physical device object at the bottom of a device's stack, or NULL. */
PDEVICE_OBJECT hal_pnp_physical(PDEVICE_OBJECT device);

/* What IRP_MN_QUERY_BUS_INFORMATION answers. */
void hal_pnp_bus(const struct hal_pnp_device *hardware, PNP_BUS_INFORMATION *bus);

/* Its interrupt line, or 0 (see hal/ke_state.h). */
emu_line hal_pnp_line(struct hal_kernel *k, PDEVICE_OBJECT device);

#endif
