/*
 * The bus: register windows and ports, and devices' way to memory.
 */
#include "emu/footprint.h"
#include "emu/posted.h"

#include <string.h>

enum { PORTS = 0x10000, BITS_IN_BYTE = 8, BITS_IN_ALL = 64 };

void emu_bus_reset(struct emu_machine *m)
{
    memset(m->io_pages, 0, m->io_used * sizeof *m->io_pages);
    m->io_used = 0;
    m->window_count = 0;
    m->translate = NULL;
    m->translate_context = NULL;
    m->arriving = NULL;
}

static bool overlaps(const struct emu_machine *m, bool ports, uint64_t first, uint64_t bytes)
{
    for (uint32_t i = 0; i < m->window_count; i++) {
        const struct emu_window *w = &m->windows[i];
        if (w->ports == ports && first < w->first + w->bytes && w->first < first + bytes)
            return true;
    }
    return false;
}

static bool add(struct emu_machine *m, const char *name, bool ports, uint64_t first, uint64_t bytes,
                const struct emu_register_ops *ops, void *device)
{
    if (bytes == 0 || first + bytes < first || m->window_count == EMU_WINDOWS_MAX ||
        overlaps(m, ports, first, bytes))
        return false;
    struct emu_window *w = &m->windows[m->window_count++];
    *w = (struct emu_window){.name = name,
                             .first = first,
                             .bytes = bytes,
                             .ops = ops,
                             .device = device,
                             .object = emu_object_new(m, "registers"),
                             .ports = ports};
    emu_object_name(m, w->object, name);
    emu_posted_add(m, w);
    return true;
}

bool emu_bus_add_window(struct emu_machine *m, const char *name, uint64_t physical, uint64_t bytes,
                        const struct emu_register_ops *ops, void *device)
{
    return physical % EMU_PAGE_SIZE == 0 && bytes > 0 && physical + bytes - 1 >= physical &&
           !emu_ram_reserved(m, physical, bytes) && add(m, name, false, physical, bytes, ops, device);
}

bool emu_bus_add_ports(struct emu_machine *m, const char *name, uint32_t first, uint32_t count,
                       const struct emu_register_ops *ops, void *device)
{
    return first < PORTS && count <= PORTS - first && add(m, name, true, first, count, ops, device);
}

static struct emu_window *window_at(struct emu_machine *m, bool ports, uint64_t address, uint64_t bytes)
{
    for (uint32_t i = 0; i < m->window_count; i++) {
        struct emu_window *w = &m->windows[i];
        if (w->ports == ports && address >= w->first && address - w->first < w->bytes &&
            bytes <= w->bytes - (address - w->first))
            return w;
    }
    return NULL;
}

void *emu_bus_map(struct emu_machine *m, uint64_t physical, uint64_t bytes)
{
    struct emu_window *w = bytes == 0 ? NULL : window_at(m, false, physical, bytes);
    uint64_t within_page = physical & (EMU_PAGE_SIZE - 1);
    uint64_t pages = (within_page + bytes + EMU_PAGE_SIZE - 1) >> EMU_PAGE_SHIFT;
    if (w == NULL || pages > EMU_IO_PAGES)
        return NULL;
    uint32_t run = 0;
    for (uint32_t i = 0; i < EMU_IO_PAGES; i++) {
        run = m->io_pages[i].window == 0 ? run + 1 : 0;
        if (run < pages)
            continue;
        uint32_t first = i + 1 - run;
        for (uint32_t p = 0; p < pages; p++)
            m->io_pages[first + p] = (struct emu_io_page){
                .window = (uint16_t)(w - m->windows + 1),
                .pages = p == 0 ? (uint16_t)pages : 0,
                .offset = (uint16_t)within_page,
                .physical = physical - within_page + ((uint64_t)p << EMU_PAGE_SHIFT),
            };
        if (i + 1 > m->io_used)
            m->io_used = i + 1;
        return m->ram.io + ((size_t)first << EMU_PAGE_SHIFT) + within_page;
    }
    return NULL;
}

/* The I/O page behind an address, or NULL. */
static struct emu_io_page *io_page(const struct emu_machine *m, const volatile void *address)
{
    size_t offset = (uintptr_t)address - (uintptr_t)m->ram.io;
    if (offset >= (size_t)EMU_IO_PAGES << EMU_PAGE_SHIFT)
        return NULL;
    struct emu_io_page *p = &m->io_pages[offset >> EMU_PAGE_SHIFT];
    return p->window != 0 ? p : NULL;
}

bool emu_bus_unmap(struct emu_machine *m, void *address)
{
    struct emu_io_page *p = io_page(m, address);
    if (p == NULL || p->pages == 0 || ((uintptr_t)address & (EMU_PAGE_SIZE - 1)) != p->offset)
        return false;
    memset(p, 0, p->pages * sizeof *p);
    return true;
}

uint64_t emu_bus_physical(const struct emu_machine *m, const void *address)
{
    const struct emu_io_page *p = io_page(m, address);
    return p == NULL ? EMU_NO_ADDRESS : p->physical + ((uintptr_t)address & (EMU_PAGE_SIZE - 1));
}

/* ---- Registers
 * --------------------------------------------------------------------------------------------- */

struct place {
    struct emu_window *window;
    uint64_t offset;
};

static struct place find(struct emu_machine *m, const volatile void *address, unsigned width)
{
    struct emu_io_page *p = io_page(m, address);
    if (p == NULL)
        return (struct place){NULL, 0};
    uint64_t physical = p->physical + ((uintptr_t)address & (EMU_PAGE_SIZE - 1));
    struct emu_window *w = window_at(m, false, physical, width);
    return (struct place){w, w != NULL ? physical - w->first : 0};
}

/* A device's windows are one thing: the first of them stands for it. */
static const struct emu_window *first_of_device(const struct emu_machine *m, const void *device)
{
    for (uint32_t i = 0; i < m->window_count; i++)
        if (m->windows[i].device == device)
            return &m->windows[i];
    return NULL;
}

void emu_bus_touch_device(struct emu_machine *m, const void *device, enum emu_access access)
{
    if (EMU_LIKELY(m->footprints == NULL && m->coverage == NULL) || device == NULL)
        return;
    const struct emu_window *w = first_of_device(m, device);
    if (w != NULL)
        emu_touch_object(m, w->object, access);
}

static void read_register(struct emu_machine *m, emu_op op, struct place at, unsigned width, uint64_t *value)
{
    emu_step(m, op, at.window->object, at.offset);
    emu_bus_touch_device(m, at.window->device, EMU_ACCESS_WRITE);
    emu_posted_push(m, at.window);
    *value = at.window->gone ? UINT64_MAX >> (BITS_IN_ALL - BITS_IN_BYTE * width)
                             : at.window->ops->read(at.window->device, m, at.offset, width);
    emu_note(m, EMU_OP_REGISTER_VALUE, at.window->object, *value);
}

static void write_register(struct emu_machine *m, emu_op op, struct place at, unsigned width, uint64_t value)
{
    emu_step(m, op, at.window->object, at.offset);
    emu_bus_touch_device(m, at.window->device, EMU_ACCESS_WRITE);
    emu_posted_push(m, at.window);
    emu_note(m, EMU_OP_REGISTER_VALUE, at.window->object, value);
    if (!at.window->gone)
        at.window->ops->write(at.window->device, m, at.offset, width, value);
}

static void post(struct emu_machine *m, struct place at, unsigned width, uint64_t value)
{
    emu_step(m, EMU_OP_REGISTER_POST, at.window->object, at.offset);
    emu_note(m, EMU_OP_REGISTER_VALUE, at.window->object, value);
    emu_post(m, at.window, (struct emu_posted_write){.offset = at.offset, .value = value, .width = width});
}

bool emu_bus_read(struct emu_machine *m, const volatile void *address, unsigned width, uint64_t *value)
{
    struct place at = find(m, address, width);
    if (at.window != NULL) {
        read_register(m, EMU_OP_REGISTER_READ, at, width, value);
        return true;
    }
    if (!emu_ram_owns(m, (const void *)(uintptr_t)address))
        return false;
    *value = 0;
    memcpy(value, (const void *)(uintptr_t)address, width);
    return true;
}

bool emu_bus_write(struct emu_machine *m, volatile void *address, unsigned width, uint64_t value)
{
    struct place at = find(m, address, width);
    if (at.window != NULL) {
        if (at.window->posted != NULL && m->quiet == 0)
            post(m, at, width, value);
        else
            write_register(m, EMU_OP_REGISTER_WRITE, at, width, value);
        return true;
    }
    if (!emu_ram_owns(m, (const void *)(uintptr_t)address))
        return false;
    memcpy((void *)(uintptr_t)address, &value, width);
    return true;
}

static struct place port_place(struct emu_machine *m, uint32_t port, unsigned width)
{
    struct emu_window *w = window_at(m, true, port, width);
    return (struct place){w, w != NULL ? port - w->first : 0};
}

bool emu_port_read(struct emu_machine *m, uint32_t port, unsigned width, uint64_t *value)
{
    struct place at = port_place(m, port, width);
    if (at.window != NULL)
        read_register(m, EMU_OP_PORT_READ, at, width, value);
    return at.window != NULL;
}

bool emu_port_write(struct emu_machine *m, uint32_t port, unsigned width, uint64_t value)
{
    struct place at = port_place(m, port, width);
    if (at.window != NULL)
        write_register(m, EMU_OP_PORT_WRITE, at, width, value);
    return at.window != NULL;
}

void emu_bus_remove(struct emu_machine *m, bool ports, uint64_t address)
{
    struct emu_window *removed = window_at(m, ports, address, 1);
    if (removed == NULL || removed->gone)
        return;
    emu_step(m, EMU_OP_REMOVED, removed->object, 0);
    for (uint32_t i = 0; i < m->window_count; i++) {
        struct emu_window *w = &m->windows[i];
        if (w != removed && (w->device == NULL || w->device != removed->device))
            continue;
        emu_touch_object(m, w->object, EMU_ACCESS_WRITE);
        w->gone = true;
    }
    if (removed->ops->removed != NULL)
        removed->ops->removed(removed->device, m);
}

/* ---- Devices' access to memory
 * ----------------------------------------------------------------------------- */

void emu_bus_set_translator(struct emu_machine *m, emu_translate_fn *translate, void *context)
{
    m->translate = translate;
    m->translate_context = context;
}

static bool access_memory(struct emu_machine *m, uint64_t physical, void *buffer, size_t bytes,
                          bool to_memory)
{
    if (m->cache != NULL)
        return emu_cache_device(m, physical, buffer, bytes, to_memory);
    return to_memory ? emu_ram_write(m, physical, buffer, bytes) : emu_ram_read(m, physical, buffer, bytes);
}

void emu_bus_touch_memory(struct emu_machine *m, enum emu_access access)
{
    emu_touch_place(m, EMU_PLACE_MEMORY, access);
}

/* Where this memory meets devices. What is no memory of the machine's own (a driver's globals) is one place.
 */
static uint32_t page_place(const struct emu_machine *m, const volatile void *address)
{
    size_t offset = (uintptr_t)address - (uintptr_t)m->ram.pages;
    if (offset >= (size_t)m->ram.page_count << EMU_PAGE_SHIFT)
        return EMU_PLACE_PAGES;
    return EMU_PLACE_PAGES + 1 + (uint32_t)((offset >> EMU_PAGE_SHIFT) % (EMU_PAGE_PLACES - 1));
}

void emu_bus_touch_variable(struct emu_machine *m, const volatile void *address)
{
    emu_touch_place(m, page_place(m, address), EMU_ACCESS_READ);
}

void emu_bus_touch_pages(struct emu_machine *m, const void *address, size_t bytes)
{
    uintptr_t page = (uintptr_t)address & ~(uintptr_t)(EMU_PAGE_SIZE - 1);
    for (; page < (uintptr_t)address + bytes; page += EMU_PAGE_SIZE)
        emu_touch_place(m, page_place(m, (const void *)page), EMU_ACCESS_WRITE);
}

enum emu_dma_result emu_bus_dma(struct emu_machine *m, emu_requester requester, uint64_t logical,
                                void *buffer, size_t bytes, bool to_memory)
{
    unsigned char *at = buffer;
    emu_bus_touch_memory(m, to_memory ? EMU_ACCESS_WRITE : EMU_ACCESS_READ);
    while (bytes > 0) {
        size_t piece = EMU_PAGE_SIZE - (logical & (EMU_PAGE_SIZE - 1));
        uint64_t physical = logical;
        if (m->translate != NULL)
            physical = m->translate(m, m->translate_context, requester, logical, to_memory, &piece);
        piece = piece < bytes ? piece : bytes;
        if (physical != EMU_NO_ADDRESS)
            emu_bus_touch_pages(m, emu_ram_at(m, physical), 1);
        if (physical == EMU_NO_ADDRESS || piece == 0 || !access_memory(m, physical, at, piece, to_memory))
            return EMU_DMA_FAULT;
        logical += piece;
        at += piece;
        bytes -= piece;
    }
    return EMU_DMA_DONE;
}
