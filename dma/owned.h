/*
 * What devices own: the memory that is mapped for them, and what was until lately.
 *
 * From the call that maps a buffer to the one that flushes it, its bytes are the device's. Each mapping is
 * written down here, piece by piece, by its own bytes and by the addresses that the device was given; a
 * common buffer by the latter alone, since it is shared. Two mistakes are told from this:
 *
 * - The driver touches bytes that a device owns: it reads what the device is to write, or writes what the
 *   device reads or writes. Seen where the driver's loads and stores are watched (emu/access.h).
 * - A device goes on with memory that it was given once and that was flushed or freed, or runs beyond the end
 *   of what was mapped. Where there is a remapping unit, that refuses it (domain.h); without one it would
 *   reach memory that is somebody else's by now.
 *
 * Nothing is told of a device that reaches memory which was never mapped for it: that works where nothing is
 * remapped, and is found where something is.
 */
#ifndef DMA_OWNED_H
#define DMA_OWNED_H

#include <emu/bus.h>
#include <emu/callers.h>
#include <wdm.h>

struct dma_adapter;
struct dma_system;

enum dma_owned_kind {
    DMA_OWNED_THROUGH_REGISTERS, /* which know of the mapping, and end it */
    DMA_OWNED_WITHOUT,           /* by a call that needed no map registers */
    DMA_OWNED_BY_LIST,           /* likewise, for a scatter/gather list */
    DMA_OWNED_COMMON,            /* a common buffer */
};

/* Where a piece stands in a line of pieces; links point to where it is pointed to from. */
struct dma_owned_place {
    struct dma_owned_place *next, **link; /* link NULL: it stands in none */
    struct dma_owned *owned;
};

/* A piece of memory that a device owns, or did. */
struct dma_owned {
    struct dma_owned *next; /* of the same call, round and round; once it is over, the next to end */
    struct dma_owned_place of_device; /* in the line of its requester */
    struct dma_owned_place of_mdl;    /* in the line of its MDL, where no registers know of it */
    struct dma_owned_place of_all;    /* in the line of all buffers */
    uint64_t device;                  /* where the device has it */
    uint64_t bytes;
    unsigned char *memory; /* the driver's bytes; NULL: shared, or none of the machine's memory */
    PMDL mdl;              /* as the driver named it; NULL: a common buffer */
    PMDL part;             /* the one of its chain that describes these bytes */
    uint64_t at;           /* where in the MDL's chain */
    emu_requester requester;
    emu_object adapter;
    uint8_t kind; /* enum dma_owned_kind */
    bool to_device;
    struct emu_birth birth; /* of the mapping (a common buffer has none); once it is over, of its end */
};

enum { DMA_OWNED_LINES = 256 };

struct dma_owners {
    struct dma_owned_place *of_device[DMA_OWNED_LINES]; /* newest first */
    struct dma_owned_place *of_mdl[DMA_OWNED_LINES];
    struct dma_owned_place *of_all;             /* common buffers apart */
    struct dma_owned *ended_first, *ended_last; /* oldest first */
    struct dma_owned *spare;
    const struct dma_owned *hit; /* where a device was last; NULL: nowhere */
    uint32_t ended_count;
};

/* Called once at boot, after dma_domains_boot(). */
void dma_owned_boot(struct dma_system *s);

/* A call that maps, piece by piece. */
struct dma_owning {
    const struct dma_adapter *adapter;
    PMDL mdl;
    PMDL part; /* of its chain: that the next piece is of */
    enum dma_owned_kind kind;
    bool to_device;
};
/* bytes from physical on (the driver's, at this place of its MDL's chain) are at device for the device.
 * last: what the call added before, NULL at first. Returns what it is to be given next time. */
struct dma_owned *dma_owned_add(const struct dma_owning *by, struct dma_owned *last, uint64_t at,
                                uint64_t physical, uint64_t device, uint64_t bytes);
/* All that the call mapped which mapped this piece is the driver's again. */
void dma_owned_end(struct dma_system *s, struct dma_owned *piece);

/* What calls of a kind mapped of a part of an MDL's chain through an adapter; not
 * DMA_OWNED_THROUGH_REGISTERS, which know that. */
struct dma_owned_part {
    struct dma_owned *piece; /* one of them; NULL: none has any of it */
    bool to_device;
    uint64_t end; /* the last byte that they have, and one */
};
struct dma_owned_part dma_owned_find(const struct dma_adapter *a, enum dma_owned_kind kind, const MDL *mdl,
                                     uint64_t start, uint64_t end);
/* How much of this MDL's chain the adapter has mapped without registers. */
uint64_t dma_owned_bytes(const struct dma_adapter *a, const MDL *mdl);
/* Has it mapped anything in that way? */
bool dma_owned_any(const struct dma_adapter *a);

/* From now on memory that is given back while a device owns it is a finding; so is its MDL. */
void dma_owned_watch_given_back(struct dma_system *s);

/* A common buffer begins and ends. */
void dma_owned_share(const struct dma_adapter *a, uint64_t device, uint64_t bytes);
void dma_owned_unshare(const struct dma_adapter *a, uint64_t device);

#endif
