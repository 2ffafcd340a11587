/*
 * The geometry of a mapping, said byte by byte: which address the device uses for which byte, and where a
 * call stops.
 *
 * It shares nothing with dma/: no walk, no list, no registers. A transfer is an array of bytes, each of which
 * knows where it lies and in which page of the transfer; everything else follows from a few sentences:
 *
 *  1. A map register maps a page of the transfer, or less. Without map registers none are counted.
 *  2. With scatter/gather a byte that the device reaches is where it lies; another one, and behind a
 * remapping unit every one, is at the same place of its page in a row of pages, one for each map register.
 *  3. Without scatter/gather all bytes of a call are one piece: where they lie if that is one piece in reach,
 *     otherwise in that row of pages, from the first byte's place in its page on.
 *  4. An element is a longest run of consecutive addresses.
 *  5. A call maps bytes in order until there are no more, or the next one needs a map register or an element
 * too many.
 *
 * Where the row of pages begins is the platform's business: the model is told.
 */
#ifndef MODEL_GEOMETRY_H
#define MODEL_GEOMETRY_H

#include <stdbool.h>
#include <stdint.h>

enum { MODEL_PAGE = 4096, MODEL_PIECES_MAX = 8, MODEL_PIECE_PAGES_MAX = 18 };

/* What an MDL describes: bytes of them from offset in the first page on. */
struct model_piece {
    uint32_t offset;
    uint32_t bytes;
    uint64_t frames[MODEL_PIECE_PAGES_MAX]; /* physical address of each page */
};

struct model_byte {
    uint64_t physical;
    uint32_t page; /* of the transfer, from 0 on */
};

/* Bytes offset .. offset + length - 1 of the chain; returns how many of these it has. */
uint32_t model_bytes(const struct model_piece *pieces, uint32_t count, uint32_t offset, uint32_t length,
                     struct model_byte *bytes);

struct model_device {
    bool scatter_gather;
    bool remapped;
    uint64_t highest; /* address that it reaches */
};

#define MODEL_UNLIMITED UINT32_MAX

/* A call for count bytes. */
struct model_call {
    struct model_device device;
    const struct model_byte *bytes;
    uint32_t count;
    uint32_t registers; /* that are left; MODEL_UNLIMITED: none are needed */
    uint32_t elements;  /* that the list has room for */
};

/* How a call will be made. */
struct model_plan {
    uint32_t covered;    /* bytes that the registers suffice for */
    bool one_piece_here; /* they are one piece in reach, where they lie */
};
struct model_plan model_plan(const struct model_call *call);
/* Is a byte in the row of pages? */
bool model_is_moved(const struct model_call *call, struct model_plan plan, uint32_t byte);
/* Its address, the row of pages being at row. */
uint64_t model_address(const struct model_call *call, struct model_plan plan, uint32_t byte, uint64_t row);
/* Must some byte be copied for the device to have it? Behind a remapping unit whole pages need not. */
bool model_copies(const struct model_call *call, struct model_plan plan);

/* What the call maps: bytes, and elements. */
struct model_answer {
    uint32_t bytes;
    uint32_t elements;
};
struct model_answer model_map(const struct model_call *call, struct model_plan plan, uint64_t row);

#endif
