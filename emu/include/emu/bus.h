/*
 * The bus: register windows, ports, and device access to memory.
 */
#ifndef EMU_BUS_H
#define EMU_BUS_H

#include <emu/mem.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Register callbacks: width is 1, 2, 4 or 8 bytes, offset is from the window's start. They never step. */
struct emu_register_ops {
    uint64_t (*read)(void *device, struct emu_machine *m, uint64_t offset, unsigned width);
    void (*write)(void *device, struct emu_machine *m, uint64_t offset, unsigned width, uint64_t value);
    void (*removed)(void *device, struct emu_machine *m); /* see emu_bus_remove(); NULL: nothing to do */
};

/* Puts a device's registers at physical addresses (page-aligned, outside RAM), or at ports. False on overlap.
 */
bool emu_bus_add_window(struct emu_machine *m, const char *name, uint64_t physical, uint64_t bytes,
                        const struct emu_register_ops *ops, void *device);
bool emu_bus_add_ports(struct emu_machine *m, const char *name, uint32_t first, uint32_t count,
                       const struct emu_register_ops *ops, void *device);

/*
 * A virtual address for registers, as MmMapIoSpace hands out: touching it directly faults, it works only with
 * emu_bus_read/write. NULL when the range is no window.
 */
void *emu_bus_map(struct emu_machine *m, uint64_t physical, uint64_t bytes);
/* False when the address is not the first of a mapping. */
bool emu_bus_unmap(struct emu_machine *m, void *address);
/* The physical address behind a mapped register address, or EMU_NO_ADDRESS. */
uint64_t emu_bus_physical(const struct emu_machine *m, const void *address);

/*
 * A processor reads or writes a register: one step. False when the address is no register. A register address
 * that is ordinary RAM is accessed as memory (drivers keep "registers" there in tests).
 */
bool emu_bus_read(struct emu_machine *m, const volatile void *address, unsigned width, uint64_t *value);
bool emu_bus_write(struct emu_machine *m, volatile void *address, unsigned width, uint64_t value);
bool emu_port_read(struct emu_machine *m, uint32_t port, unsigned width, uint64_t *value);
bool emu_port_write(struct emu_machine *m, uint32_t port, unsigned width, uint64_t value);

/*
 * The device with a window at this physical address (or, where ports, with this port) is gone: one step. From
 * now on all of its windows and ports read as all ones, and what is written there is lost, what is on its way
 * included. The device is told, so that its engines stop and its line falls. Gone already, or no device: it
 * does nothing.
 */
void emu_bus_remove(struct emu_machine *m, bool ports, uint64_t address);

/* Who asks for memory: a device, by a number. Small ones are handed out by the layers above. */
typedef uint32_t emu_requester;

/* As whom a device asks that was given no number: by the place of its registers. */
static inline emu_requester emu_requester_at(uint64_t window)
{
    enum { PLACED_SHIFT = 31 };
    return 1u << PLACED_SHIFT | (emu_requester)(window >> EMU_PAGE_SHIFT);
}

enum emu_dma_result { EMU_DMA_DONE, EMU_DMA_FAULT };

/*
 * Logical to physical, for one page at most: returns the physical address of logical and in *run how many
 * bytes from there on follow it; EMU_NO_ADDRESS when the requester was not given that address.
 */
typedef uint64_t emu_translate_fn(struct emu_machine *m, void *context, emu_requester requester,
                                  uint64_t logical, bool to_memory, size_t *run);
void emu_bus_set_translator(struct emu_machine *m, emu_translate_fn *translate,
                            void *context); /* NULL: identity */

/*
 * A processor reads or writes memory that a device reaches as well (a double buffer): for strategies that
 * reason about independence, as emu_touch(). Costs nothing elsewhere.
 */
void emu_bus_touch_memory(struct emu_machine *m, enum emu_access access);
/*
 * The same for single accesses that are steps of their own: a processor reads or writes a variable, which may
 * lie where a device does (a descriptor's mark), or these bytes are a device's, or are copied to or from a
 * double buffer. Variables commute with one another here (each has an object for that), not with the bytes of
 * their page.
 */
void emu_bus_touch_variable(struct emu_machine *m, const volatile void *address);
void emu_bus_touch_pages(struct emu_machine *m, const void *address, size_t bytes);

/*
 * What is under way moves the device to which these windows belong: a register access, and an engine whose
 * context is the device's pointer, say so by themselves. Engines that read commute with one another, not with
 * register accesses.
 */
void emu_bus_touch_device(struct emu_machine *m, const void *device, enum emu_access access);

/* A device reads memory (to_memory false) or writes it. Never steps: engines call it. */
enum emu_dma_result emu_bus_dma(struct emu_machine *m, emu_requester requester, uint64_t logical,
                                void *buffer, size_t bytes, bool to_memory);

#ifdef __cplusplus
}
#endif
#endif
