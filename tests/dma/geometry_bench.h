/*
 * The bench on which mappings of the emulator are laid beside those of the model: chains of MDLs over pages
 * of known frames, a device that does what its list says, and every call that maps.
 *
 * All of it on a strand. What differs stops the run with a finding of rule "geometry" that names the case.
 */
#ifndef GEOMETRY_BENCH_H
#define GEOMETRY_BENCH_H

#include "model_geometry.h"
#include "world.h"

enum { GEOMETRY_ROW_PAGES = 160, GEOMETRY_CHAIN_PAGES = 144 };

enum geometry_call_kind {
    GEOMETRY_MAP_EX,
    GEOMETRY_MAP,
    GEOMETRY_GET,
    GEOMETRY_BUILD,
    GEOMETRY_GET_EX,
    GEOMETRY_BUILD_EX,
    GEOMETRY_CALLS
};

/* Where the pages of a chain are, one after the other. */
enum geometry_frames {
    GEOMETRY_RISING,  /* neighbours, in reach of every device */
    GEOMETRY_FALLING, /* the same backwards */
    GEOMETRY_FAR,     /* neighbours above 4 GiB */
    GEOMETRY_MIXED,   /* in reach and above 4 GiB by turns */
    GEOMETRY_FRAMES
};

struct geometry_shape {
    uint32_t offset; /* in the first page */
    uint32_t bytes;
};

struct geometry_bench {
    PDMA_ADAPTER adapter;
    struct model_device device;
    uint32_t width;
    bool limited;                          /* its transfers need map registers */
    uint32_t registers_max;                /* of one allocation */
    uint64_t near_row[GEOMETRY_ROW_PAGES]; /* frames, rising and consecutive */
    uint64_t far_row[GEOMETRY_ROW_PAGES];

    struct model_piece pieces[MODEL_PIECES_MAX];
    PMDL mdls[MODEL_PIECES_MAX];
    uint32_t pieces_count;
    uint32_t bytes; /* of the chain */
    uint32_t pages; /* below it */
    uint64_t frames[GEOMETRY_CHAIN_PAGES];
    unsigned char *expected; /* what is in them */

    struct model_byte *transfer; /* the bytes of a case */
    unsigned char *data;         /* what the device has */
    PSCATTER_GATHER_LIST list;   /* room of the driver's */
    ULONG list_bytes;
    uint32_t turn;   /* transfers made */
    uint32_t chains; /* for the user */
};

/* A bus master of so many address bits. */
struct geometry_bench *geometry_open(uint32_t width, bool scatter_gather);
/* The chain of the cases that follow. */
void geometry_chain(struct geometry_bench *b, const struct geometry_shape *shapes, uint32_t count,
                    enum geometry_frames frames);

struct geometry_case {
    enum geometry_call_kind call;
    uint32_t offset; /* both are within the chain; length is not 0 */
    uint32_t length;
    uint32_t registers; /* of the allocation, for the two Map calls */
    uint32_t elements;  /* room in the list, for MapTransferEx */
    bool to_device;
    bool fail_on_bounce; /* for the Ex lists */
};
/* Does the call, again and again until all of the transfer is done. Cases that the call cannot express are
 * made ones that it can: a part of the first MDL, as much as the map registers suffice for. */
void geometry_check(struct geometry_bench *b, const struct geometry_case *what);

#endif
