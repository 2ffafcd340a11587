/*
 * Physical memory. Every page that a driver can touch is host memory at a fixed virtual address with a page
 * frame number beside it; virtually contiguous is not physically contiguous. Three banks: low (from 1 MiB,
 * below 16 MiB), mid (below 4 GiB) and high (above 4 GiB). Which frames back an allocation is a choice.
 */
#ifndef EMU_MEM_H
#define EMU_MEM_H

#include <emu/step.h>

#ifdef __cplusplus
extern "C" {
#endif

#define EMU_NO_ADDRESS UINT64_MAX
#define EMU_4GIB       0x100000000ull
#define EMU_16MIB      0x1000000ull

struct emu_ram_request {
    uint32_t pages;
    uint64_t lowest;    /* physical byte addresses, inclusive */
    uint64_t highest;   /* 0 means no limit */
    uint64_t alignment; /* of the first byte, a power of two; 0 means a page */
    uint64_t boundary;  /* a contiguous run does not cross a multiple of it (power of two); 0: none */
    bool contiguous;
    bool explore; /* which frames is a choice of the hostile profile, even while quiet */
};

/* Virtually contiguous, page-aligned, zeroed pages; NULL when no frames fit. */
void *emu_ram_alloc(struct emu_machine *m, const struct emu_ram_request *request);
/* Gives pages back; base and count as allocated. */
void emu_ram_free(struct emu_machine *m, void *base, uint32_t pages);

/*
 * Devices reach these bytes whenever they like (a common buffer), until their pages are given back: each
 * access of watched code (access.h) to the pages is a step, and conflicts with what devices do there. Does
 * nothing for memory that is not the machine's own.
 */
void emu_ram_meet(struct emu_machine *m, const void *address, size_t bytes);

/*
 * The physical address behind a virtual one. Host memory that was never allocated here (a driver's static
 * data, a test's buffer) is adopted page by page at first sight, with frames from the mid bank's end, until
 * the next reset.
 */
uint64_t emu_ram_physical(struct emu_machine *m, const void *address);
/* The host address behind a physical one, or NULL where there is no memory. Good up to the end of that page.
 */
void *emu_ram_at(struct emu_machine *m, uint64_t physical);
/* Is the address inside the machine's own RAM (allocated or stack)? */
bool emu_ram_owns(const struct emu_machine *m, const void *address);
/* Is it on the stack of a strand? */
bool emu_ram_is_stack(const struct emu_machine *m, const void *address);

/* Copies between physical memory and a host buffer, across pages; false at the first byte that is not memory.
 */
bool emu_ram_read(struct emu_machine *m, uint64_t physical, void *to, size_t bytes);
bool emu_ram_write(struct emu_machine *m, uint64_t physical, const void *from, size_t bytes);

#ifdef __cplusplus
}
#endif
#endif
