/*
 * What the memory services keep between two calls: the pool, and who holds which pages.
 *
 * Touched by mm_*.c and ex_pool.c only; the functions below are for the layers above. Everything lies in the
 * machine's arena, the blocks themselves lie in simulated RAM, so that devices can reach them.
 */
#ifndef HAL_MM_STATE_H
#define HAL_MM_STATE_H

#include <emu/callers.h>
#include <emu/mem.h>
#include <hal/given_back.h>
#include <hal/pool.h>
#include <wdm.h>

struct hal_kernel;

enum {
    POOL_FINE_STEP = 32, /* slots up to POOL_FINE_MAX bytes grow in steps of this */
    POOL_FINE_MAX = 512,
    POOL_FINE_CLASSES = POOL_FINE_MAX / POOL_FINE_STEP,
    POOL_COARSE_CLASSES = 6, /* slots of 640 bytes to a page */
    POOL_CLASSES = POOL_FINE_CLASSES + POOL_COARSE_CLASSES,
    MM_PAGE_BUCKETS = 64,
    MM_HOST_PAGES = 16 /* that were found to be memory and are remembered */
};

/* One slot of the pool, or one run of whole pages. Lives in the arena as long as the run. */
enum { POOL_TAG_BYTES = 4 };

struct pool_block {
    struct pool_block *next; /* of those made, in order */
    struct pool_block *next_free;
    struct pool_block *next_large;
    uint8_t *slot;  /* first byte of the slot */
    uint8_t *user;  /* what the caller got */
    uint64_t birth; /* step of the allocation */
    size_t bytes;   /* that the caller asked for */
    uint32_t tag;
    uint32_t slot_bytes;
    uint8_t class_index;
    bool live;
    bool paged;
    bool drivers; /* a driver asked for it, or for what it is part of */
    bool watched; /* allocated, and freed, are those of this life */
    struct emu_birth allocated, freed;
};

struct pool_class {
    struct pool_block *free_first; /* first freed, first used again: a stale pointer stays visible longest */
    struct pool_block *free_last;
    uint8_t *fresh; /* the part of the newest page that was never handed out */
    uint32_t fresh_slots;
};

/* A run of whole pages that somebody holds: large pool blocks, pages cut into slots, contiguous memory, pages
 * of an MDL, mappings.
 */
enum mm_pages_kind {
    MM_PAGES_POOL,
    MM_PAGES_SLOTS,
    MM_PAGES_CONTIGUOUS,
    MM_PAGES_NONCACHED,
    MM_PAGES_MDL,
    MM_PAGES_IO
};
struct mm_pages {
    struct mm_pages *next; /* in its bucket, or among the spare ones */
    uint8_t *base;
    struct pool_block *block; /* MM_PAGES_POOL; of MM_PAGES_SLOTS the first one */
    uint64_t bytes;           /* as asked for */
    uint64_t birth;
    uint32_t pages;
    enum mm_pages_kind kind;
    bool drivers; /* a driver asked for it */
};

struct mm_state {
    struct pool_class classes[POOL_CLASSES];
    struct pool_block *blocks;
    struct pool_block *last_block;
    struct pool_block *large;        /* blocks of whole pages that are live */
    struct pool_block *spare_blocks; /* records of large blocks that were freed */
    struct mm_pages *pages[MM_PAGE_BUCKETS];
    struct mm_pages *spare_pages;
    uint32_t locked_mdls; /* MmProbeAndLockPages minus MmUnlockPages */
    uint32_t io_mappings; /* MmMapIoSpace minus MmUnmapIoSpace */
    uint32_t live_pages[MM_PAGES_IO + 1];
    struct hal_given_back given_back;    /* all NULL: nobody asked */
    uintptr_t host_pages[MM_HOST_PAGES]; /* by the low bits of the page's number; 0: none */
};

/* What the caller of an allocation asked for. */
struct pool_request {
    size_t bytes;
    uint32_t tag;
    uint32_t type; /* as a bug check shows it */
    uint32_t site; /* whose failure it would be (emu_fault); 0: it does not fail by choice */
    bool paged;
    bool zero;
    bool cache_aligned;
};

/* The block, live or freed, in whose slot or pages the address lies; NULL: none. */
struct pool_block *pool_block_at(struct hal_kernel *k, const void *address);
const char *pool_tag_text(uint32_t tag, char out[POOL_TAG_BYTES + 1]);

void pool_boot(struct hal_kernel *k);

/* ex_pool_watch.c */
void pool_watch_boot(struct hal_kernel *k);

/* NULL without memory. Misuse is a finding: a wrong level, a tag of 0. */
void *pool_allocate(const struct pool_request *r);
/* tag 0: whatever it was allocated with. Misuse is a finding: not allocated, another tag, a wrong level,
 * overwritten. */
void pool_release(void *address, uint32_t tag);

/* "mdl#2", as timelines would call it; returns out. For the path that ends in a finding, which is told what
 * was done to the MDL. */
enum { MM_NAME_BYTES = 48 };
const char *mm_mdl_tell(struct emu_machine *m, const MDL *mdl, char out[MM_NAME_BYTES]);

/* Whether a page that is not the machine's own is memory of the host's (a driver's static data, say). */
bool mm_host_has(struct hal_kernel *k, const void *page);

/* Called once at each boot, before any driver code. */
void mm_boot(struct hal_kernel *k);

/* Whole pages and who holds them. mm_pages_take() returns NULL for what is not held with this kind. */
struct mm_pages *mm_pages_hold(struct hal_kernel *k, void *base, uint32_t pages, uint64_t bytes,
                               enum mm_pages_kind kind);
struct mm_pages *mm_pages_find(struct hal_kernel *k, const void *base, enum mm_pages_kind kind);
/* What a driver has held longest of this kind; NULL: nothing. */
const struct mm_pages *mm_pages_oldest(const struct hal_kernel *k, enum mm_pages_kind kind);
/* Forgets the holding; the record may be read until the next mm_pages_hold(). */
struct mm_pages *mm_pages_take(struct hal_kernel *k, const void *base, enum mm_pages_kind kind);

#endif
