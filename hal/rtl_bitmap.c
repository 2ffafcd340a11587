/*
 * Bit maps: RTL_BITMAP over the caller's words.
 *
 * Bit n is bit n % 32 of word n / 32. Searches go bit by bit but skip whole words of the wrong colour.
 */
#include <stdbool.h>
#include <wdm.h>

enum { WORD_BITS = 32 };

#define NOT_FOUND 0xFFFFFFFFu
#define ALL_SET   0xFFFFFFFFu

static bool bit_at(const RTL_BITMAP *map, ULONG n)
{
    return (map->Buffer[n / WORD_BITS] >> (n % WORD_BITS) & 1u) != 0;
}

static void put_bits(const RTL_BITMAP *map, ULONG start, ULONG count, bool set)
{
    ULONG end = start + count;

    while (start < end) {
        ULONG shift = start % WORD_BITS;
        ULONG in_word = WORD_BITS - shift < end - start ? WORD_BITS - shift : end - start;
        ULONG mask = (in_word == WORD_BITS ? ALL_SET : (1u << in_word) - 1) << shift;
        if (set)
            map->Buffer[start / WORD_BITS] |= mask;
        else
            map->Buffer[start / WORD_BITS] &= ~mask;
        start += in_word;
    }
}

/* The first bit of this colour at or behind from; SizeOfBitMap when there is none. */
static ULONG next_bit(const RTL_BITMAP *map, ULONG from, bool set)
{
    while (from < map->SizeOfBitMap) {
        ULONG word = map->Buffer[from / WORD_BITS];
        ULONG wanted = (set ? word : ~word) >> (from % WORD_BITS);
        if (wanted == 0) {
            from = (from / WORD_BITS + 1) * WORD_BITS;
            continue;
        }
        from += (ULONG)__builtin_ctz(wanted);
        break;
    }
    return from < map->SizeOfBitMap ? from : map->SizeOfBitMap;
}

VOID RtlInitializeBitMap(PRTL_BITMAP BitMapHeader, PULONG BitMapBuffer, ULONG SizeOfBitMap)
{
    BitMapHeader->SizeOfBitMap = SizeOfBitMap;
    BitMapHeader->Buffer = BitMapBuffer;
}

VOID RtlClearBit(PRTL_BITMAP BitMapHeader, ULONG BitNumber)
{
    put_bits(BitMapHeader, BitNumber, 1, false);
}

VOID RtlSetBit(PRTL_BITMAP BitMapHeader, ULONG BitNumber)
{
    put_bits(BitMapHeader, BitNumber, 1, true);
}

BOOLEAN RtlTestBit(PRTL_BITMAP BitMapHeader, ULONG BitNumber)
{
    return bit_at(BitMapHeader, BitNumber) ? TRUE : FALSE;
}

VOID RtlClearAllBits(PRTL_BITMAP BitMapHeader)
{
    memset(BitMapHeader->Buffer, 0, (BitMapHeader->SizeOfBitMap + WORD_BITS - 1) / WORD_BITS * sizeof(ULONG));
}

VOID RtlSetAllBits(PRTL_BITMAP BitMapHeader)
{
    memset(BitMapHeader->Buffer, 0xFF,
           (BitMapHeader->SizeOfBitMap + WORD_BITS - 1) / WORD_BITS * sizeof(ULONG));
}

VOID RtlClearBits(PRTL_BITMAP BitMapHeader, ULONG StartingIndex, ULONG NumberToClear)
{
    put_bits(BitMapHeader, StartingIndex, NumberToClear, false);
}

VOID RtlSetBits(PRTL_BITMAP BitMapHeader, ULONG StartingIndex, ULONG NumberToSet)
{
    put_bits(BitMapHeader, StartingIndex, NumberToSet, true);
}

/* A run of count bits of the colour that begins in [from, before); NOT_FOUND when there is none. */
static ULONG find_run(const RTL_BITMAP *map, ULONG count, ULONG from, ULONG before, bool set)
{
    ULONG at = next_bit(map, from, set);

    while (at < before && count <= map->SizeOfBitMap - at) {
        ULONG end = next_bit(map, at, !set);
        if (end - at >= count)
            return at;
        at = next_bit(map, end, set);
    }
    return NOT_FOUND;
}

static ULONG find(const RTL_BITMAP *map, ULONG count, ULONG hint, bool set)
{
    if (hint >= map->SizeOfBitMap)
        hint = 0;
    if (count == 0)
        return hint & ~7u;
    ULONG at = find_run(map, count, hint, map->SizeOfBitMap, set);
    return at != NOT_FOUND || hint == 0 ? at : find_run(map, count, 0, hint, set);
}

ULONG RtlFindClearBits(PRTL_BITMAP BitMapHeader, ULONG NumberToFind, ULONG HintIndex)
{
    return find(BitMapHeader, NumberToFind, HintIndex, false);
}

ULONG RtlFindSetBits(PRTL_BITMAP BitMapHeader, ULONG NumberToFind, ULONG HintIndex)
{
    return find(BitMapHeader, NumberToFind, HintIndex, true);
}

ULONG RtlFindClearBitsAndSet(PRTL_BITMAP BitMapHeader, ULONG NumberToFind, ULONG HintIndex)
{
    ULONG at = find(BitMapHeader, NumberToFind, HintIndex, false);

    if (at != NOT_FOUND)
        put_bits(BitMapHeader, at, NumberToFind, true);
    return at;
}

ULONG RtlFindSetBitsAndClear(PRTL_BITMAP BitMapHeader, ULONG NumberToFind, ULONG HintIndex)
{
    ULONG at = find(BitMapHeader, NumberToFind, HintIndex, true);

    if (at != NOT_FOUND)
        put_bits(BitMapHeader, at, NumberToFind, false);
    return at;
}

ULONG RtlFindNextForwardRunClear(PRTL_BITMAP BitMapHeader, ULONG FromIndex, PULONG StartingRunIndex)
{
    ULONG start = next_bit(BitMapHeader, FromIndex, false);

    *StartingRunIndex = start;
    return next_bit(BitMapHeader, start, true) - start;
}

ULONG RtlFindFirstRunClear(PRTL_BITMAP BitMapHeader, PULONG StartingIndex)
{
    return RtlFindNextForwardRunClear(BitMapHeader, 0, StartingIndex);
}

ULONG RtlFindLastBackwardRunClear(PRTL_BITMAP BitMapHeader, ULONG FromIndex, PULONG StartingRunIndex)
{
    ULONG end = FromIndex + 1;
    ULONG start;

    while (end > 0 && bit_at(BitMapHeader, end - 1))
        end--;
    for (start = end; start > 0 && !bit_at(BitMapHeader, start - 1); start--)
        continue;
    *StartingRunIndex = start;
    return end - start;
}

ULONG RtlFindLongestRunClear(PRTL_BITMAP BitMapHeader, PULONG StartingIndex)
{
    ULONG longest = 0;
    ULONG start = 0;

    *StartingIndex = 0;
    for (ULONG n = RtlFindNextForwardRunClear(BitMapHeader, 0, &start); n != 0;
         n = RtlFindNextForwardRunClear(BitMapHeader, start + n, &start)) {
        if (n > longest) {
            longest = n;
            *StartingIndex = start;
        }
    }
    return longest;
}

/* Puts the run where it belongs in an array that is sorted by length; the shortest falls out. */
static ULONG keep_longest(PRTL_BITMAP_RUN runs, ULONG used, ULONG size, ULONG start, ULONG length)
{
    ULONG at = used < size ? used : size - 1;

    if (used == size && runs[at].NumberOfBits >= length)
        return used;
    for (; at > 0 && runs[at - 1].NumberOfBits < length; at--)
        runs[at] = runs[at - 1];
    runs[at].StartingIndex = start;
    runs[at].NumberOfBits = length;
    return used < size ? used + 1 : used;
}

ULONG RtlFindClearRuns(PRTL_BITMAP BitMapHeader, PRTL_BITMAP_RUN RunArray, ULONG SizeOfRunArray,
                       BOOLEAN LocateLongestRuns)
{
    ULONG used = 0;
    ULONG start = 0;

    if (SizeOfRunArray == 0)
        return 0;
    for (ULONG n = RtlFindNextForwardRunClear(BitMapHeader, 0, &start); n != 0;
         n = RtlFindNextForwardRunClear(BitMapHeader, start + n, &start)) {
        if (LocateLongestRuns) {
            used = keep_longest(RunArray, used, SizeOfRunArray, start, n);
            continue;
        }
        RunArray[used].StartingIndex = start;
        RunArray[used++].NumberOfBits = n;
        if (used == SizeOfRunArray)
            break;
    }
    return used;
}

ULONG RtlNumberOfSetBits(PRTL_BITMAP BitMapHeader)
{
    ULONG whole = BitMapHeader->SizeOfBitMap / WORD_BITS;
    ULONG rest = BitMapHeader->SizeOfBitMap % WORD_BITS;
    ULONG count = 0;

    for (ULONG i = 0; i < whole; i++)
        count += (ULONG)__builtin_popcount(BitMapHeader->Buffer[i]);
    if (rest != 0)
        count += (ULONG)__builtin_popcount(BitMapHeader->Buffer[whole] & ((1u << rest) - 1));
    return count;
}

ULONG RtlNumberOfClearBits(PRTL_BITMAP BitMapHeader)
{
    return BitMapHeader->SizeOfBitMap - RtlNumberOfSetBits(BitMapHeader);
}

static BOOLEAN all_are(const RTL_BITMAP *map, ULONG start, ULONG length, bool set)
{
    if (length == 0 || start >= map->SizeOfBitMap || length > map->SizeOfBitMap - start)
        return FALSE;
    return next_bit(map, start, !set) >= start + length ? TRUE : FALSE;
}

BOOLEAN RtlAreBitsClear(PRTL_BITMAP BitMapHeader, ULONG StartingIndex, ULONG Length)
{
    return all_are(BitMapHeader, StartingIndex, Length, false);
}

BOOLEAN RtlAreBitsSet(PRTL_BITMAP BitMapHeader, ULONG StartingIndex, ULONG Length)
{
    return all_are(BitMapHeader, StartingIndex, Length, true);
}

CCHAR RtlFindMostSignificantBit(ULONGLONG Set)
{
    return Set == 0 ? (CCHAR)-1 : (CCHAR)(63 - __builtin_clzll(Set));
}

CCHAR RtlFindLeastSignificantBit(ULONGLONG Set)
{
    return Set == 0 ? (CCHAR)-1 : (CCHAR)__builtin_ctzll(Set);
}
