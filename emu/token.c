/*
 * Schedule tokens: the writer and the strict reader of the format that token.h describes.
 *
 * The reader trusts nothing: every length is bounded before memory is asked for, and there is one spelling of
 * each number and of the last base64 digit, so that a token that is read and written again is the same text.
 */
#include <emu/token.h>

#include <stdlib.h>
#include <string.h>

#define ZLIB_CONST /* zlib promises not to write its input */
#include <zlib.h>

static const char prefix[] = "hd1.";
enum {
    PREFIX_LENGTH = sizeof prefix - 1,
    PREFIX_FAMILY = 2, /* "hd": what every version of the format begins with */

    FORMAT = 1,
    FORMAT_MASK = 0x0f,
    FLAG_DEFLATED = 0x10,
    FLAG_TYPICAL = 0x20,
    FLAG_FAULTS = 0x40,
    FLAG_VERIFIER = 0x80,
    FLAGS_PROFILE = FLAG_TYPICAL | FLAG_VERIFIER,

    WORD = 4,
    HEAD_BYTES = 1 + 3 * WORD,
    FRAME_BYTES = HEAD_BYTES + WORD, /* with the checksum */

    KIND_BITS = 3,
    KIND_MASK = (1 << KIND_BITS) - 1,
    COUNT_MIN = 2,
    COUNT_MAX = UINT16_MAX,

    VARINT_BITS = 7,
    VARINT_MORE = 0x80,
    VARINT_BYTES_MAX = 10,

    /* A deviation has at most 5 bytes for the skip and 5 for the pair. */
    CHOICES_BYTES_MAX = 2 * VARINT_BYTES_MAX + 10 * EMU_TOKEN_CHOICES_MAX,
    TEXT_MAX = PREFIX_LENGTH + (FRAME_BYTES + CHOICES_BYTES_MAX) / 3 * 4 + 4,
    DEFLATE_RATIO_MAX = 1032, /* of the format: no stream grows by more */
    DEFLATE_WINDOW = -15,     /* raw */
    DEFLATE_MEMORY = 9,
};

_Static_assert(EMU_CHOICE_KINDS <= 1 << KIND_BITS, "a kind has three bits");

/* ---- Bytes ------------------------------------------------------------------------------------------------
 */

struct writer {
    uint8_t *bytes; /* room for all was reserved */
    size_t length;
};

static void put_word(struct writer *w, uint32_t value)
{
    for (unsigned i = 0; i < WORD; i++)
        w->bytes[w->length++] = (uint8_t)(value >> (8 * i));
}

static void put_varint(struct writer *w, uint64_t value)
{
    while (value >= VARINT_MORE) {
        w->bytes[w->length++] = (uint8_t)(value | VARINT_MORE);
        value >>= VARINT_BITS;
    }
    w->bytes[w->length++] = (uint8_t)value;
}

struct reader {
    const uint8_t *bytes;
    size_t length;
    size_t at;
};

static uint32_t get_word(struct reader *r)
{
    uint32_t value = 0;
    for (unsigned i = 0; i < WORD; i++)
        value |= (uint32_t)r->bytes[r->at++] << (8 * i);
    return value;
}

/* False at the end of the bytes, for more than 63 bits, and for a number that has a shorter spelling. */
static bool get_varint(struct reader *r, uint64_t *value)
{
    *value = 0;
    for (unsigned shift = 0; shift < (VARINT_BYTES_MAX - 1) * VARINT_BITS && r->at < r->length;
         shift += VARINT_BITS) {
        uint8_t byte = r->bytes[r->at++];
        *value |= (uint64_t)(byte & (VARINT_MORE - 1)) << shift;
        if ((byte & VARINT_MORE) == 0)
            return byte != 0 || shift == 0;
    }
    return false;
}

/* ---- Base64url without padding (RFC 4648, section 5) ------------------------------------------------------
 */

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
enum { DIGIT_BITS = 6, DIGIT_MASK = 63, DIGITS_PER_GROUP = 4, BYTES_PER_GROUP = 3 };

static void encode(const uint8_t *bytes, size_t length, char *out)
{
    uint32_t bits = 0;
    unsigned have = 0;
    for (size_t i = 0; i < length; i++) {
        bits = bits << 8 | bytes[i];
        for (have += 8; have >= DIGIT_BITS; have -= DIGIT_BITS)
            *out++ = alphabet[bits >> (have - DIGIT_BITS) & DIGIT_MASK];
    }
    if (have > 0)
        *out++ = alphabet[bits << (DIGIT_BITS - have) & DIGIT_MASK];
    *out = '\0';
}

static int digit_value(char c)
{
    const char *at = c != '\0' ? strchr(alphabet, c) : NULL;
    return at != NULL ? (int)(at - alphabet) : -1;
}

/* The number of bytes written, or 0 with *why. */
static size_t decode(const char *text, size_t length, uint8_t *out, const char **why)
{
    uint32_t bits = 0;
    unsigned have = 0;
    size_t bytes = 0;
    for (size_t i = 0; i < length; i++) {
        int digit = digit_value(text[i]);
        if (digit < 0) {
            *why = "the token has a character that none has (letters, digits, - and _ only)";
            return 0;
        }
        bits = bits << DIGIT_BITS | (uint32_t)digit;
        have += DIGIT_BITS;
        if (have >= 8) {
            have -= 8;
            out[bytes++] = (uint8_t)(bits >> have);
        }
    }
    if (have >= DIGIT_BITS || bytes < FRAME_BYTES) {
        *why = "the token is truncated";
        return 0;
    }
    if ((bits & ((1u << have) - 1)) != 0) {
        *why = "the token's last character is not one that a token ends with";
        return 0;
    }
    return bytes;
}

/* ---- Choices ----------------------------------------------------------------------------------------------
 */

/* (count, value) as one number: pairs in order of count, then value; count is at least 2, value at least 1.
 */
static uint64_t pair_number(uint32_t count, uint32_t value)
{
    uint64_t below = count - COUNT_MIN;
    return below * (below + 1) / 2 + (value - 1);
}

static bool pair_of(uint64_t number, struct emu_choice *c)
{
    if (number > pair_number(COUNT_MAX, COUNT_MAX - 1))
        return false;
    uint32_t low = COUNT_MIN, high = COUNT_MAX; /* the largest count whose first pair is not beyond number */
    while (low < high) {
        uint32_t middle = (low + high + 1) / 2;
        if (pair_number(middle, 1) <= number)
            low = middle;
        else
            high = middle - 1;
    }
    c->count = (uint16_t)low;
    c->value = (uint16_t)(number - pair_number(low, 1) + 1);
    return true;
}

static void put_choices(struct writer *w, const struct emu_record *r)
{
    put_varint(w, r->length);
    put_varint(w, emu_record_deviations(r));
    uint64_t skipped = 0;
    for (size_t i = 0; i < r->length; i++) {
        const struct emu_choice *c = &r->choices[i];
        if (c->value == 0) {
            skipped++;
            continue;
        }
        put_varint(w, skipped << KIND_BITS | c->kind);
        put_varint(w, pair_number(c->count, c->value));
        skipped = 0;
    }
}

static const uint8_t profile_flags[EMU_PROFILES] = {
    [EMU_PROFILE_HOSTILE] = 0,
    [EMU_PROFILE_TYPICAL] = FLAG_TYPICAL,
    [EMU_PROFILE_VERIFIER] = FLAG_VERIFIER,
};

static const char impossible[] = "the token holds a value that no run can have";

static bool get_deviation(struct reader *r, struct emu_record *record, size_t *at)
{
    uint64_t skip_and_kind, number;
    if (!get_varint(r, &skip_and_kind) || !get_varint(r, &number))
        return false;
    uint64_t skip = skip_and_kind >> KIND_BITS;
    struct emu_choice c = {.kind = (uint8_t)(skip_and_kind & KIND_MASK)};
    if (c.kind >= EMU_CHOICE_KINDS || skip >= record->length - *at || !pair_of(number, &c))
        return false;
    *at += (size_t)skip;
    record->choices[(*at)++] = c;
    return true;
}

static bool get_choices(struct reader *r, struct emu_record *record, const char **why)
{
    uint64_t length, deviations;
    *why = impossible;
    if (!get_varint(r, &length) || !get_varint(r, &deviations) || length > EMU_TOKEN_CHOICES_MAX ||
        deviations > length)
        return false;
    emu_record_init(record);
    if (length != 0) {
        record->choices = calloc((size_t)length, sizeof *record->choices);
        if (record->choices == NULL) {
            *why = "no memory for the token's choices";
            return false;
        }
        record->length = record->capacity = (size_t)length;
    }
    size_t at = 0;
    bool good = true;
    for (uint64_t i = 0; i < deviations && good; i++)
        good = get_deviation(r, record, &at);
    if (good && r->at != r->length) {
        *why = "the token has trailing garbage";
        good = false;
    }
    if (!good)
        emu_record_free(record);
    return good;
}

/* ---- Deflate ----------------------------------------------------------------------------------------------
 */

/* Deflates into room bytes; 0 when it does not fit there. */
static size_t deflate_choices(const uint8_t *bytes, size_t length, uint8_t *out, size_t room)
{
    z_stream z = {.next_in = bytes, .avail_in = (uInt)length, .next_out = out, .avail_out = (uInt)room};
    if (deflateInit2(&z, Z_BEST_COMPRESSION, Z_DEFLATED, DEFLATE_WINDOW, DEFLATE_MEMORY,
                     Z_DEFAULT_STRATEGY) != Z_OK)
        return 0;
    bool fits = deflate(&z, Z_FINISH) == Z_STREAM_END;
    size_t used = z.total_out;
    deflateEnd(&z);
    return fits ? used : 0;
}

static bool inflate_choices(const uint8_t *bytes, size_t length, uint8_t *out, size_t out_length)
{
    z_stream z = {.next_in = bytes, .avail_in = (uInt)length, .next_out = out, .avail_out = (uInt)out_length};
    if (inflateInit2(&z, DEFLATE_WINDOW) != Z_OK)
        return false;
    bool good = inflate(&z, Z_FINISH) == Z_STREAM_END && z.total_out == out_length && z.avail_in == 0;
    inflateEnd(&z);
    return good;
}

/* ---- Writing ----------------------------------------------------------------------------------------------
 */

/* Head, choices and checksum into w, which has the room; choices are raw. */
static void put_frame(struct writer *w, const struct emu_token *token, const struct writer *choices)
{
    uint8_t flags = FORMAT | profile_flags[token->profile];
    if (token->faults)
        flags |= FLAG_FAULTS;
    w->bytes[w->length++] = flags;
    put_word(w, token->program);
    put_word(w, token->configuration);
    put_word(w, token->hash);

    struct writer packed = {w->bytes + w->length, 0};
    put_varint(&packed, choices->length);
    size_t stream = 0;
    if (choices->length > packed.length)
        stream = deflate_choices(choices->bytes, choices->length, packed.bytes + packed.length,
                                 choices->length - packed.length);
    if (stream != 0 && packed.length + stream < choices->length) {
        w->bytes[0] |= FLAG_DEFLATED;
        w->length += packed.length + stream;
    } else {
        memcpy(w->bytes + w->length, choices->bytes, choices->length);
        w->length += choices->length;
    }
    put_word(w, (uint32_t)crc32(0, w->bytes, (uInt)w->length));
}

char *emu_token_write(const struct emu_token *token)
{
    const struct emu_record *r = &token->record;
    if (r->length > EMU_TOKEN_CHOICES_MAX)
        return NULL;
    size_t room = VARINT_BYTES_MAX * (2 + 2 * emu_record_deviations(r));
    struct writer choices = {malloc(room), 0};
    struct writer frame = {malloc(FRAME_BYTES + VARINT_BYTES_MAX + room), 0};
    char *text = NULL;
    if (choices.bytes != NULL && frame.bytes != NULL) {
        put_choices(&choices, r);
        put_frame(&frame, token, &choices);
        text =
            malloc(PREFIX_LENGTH + frame.length / BYTES_PER_GROUP * DIGITS_PER_GROUP + DIGITS_PER_GROUP + 1);
    }
    if (text != NULL) {
        memcpy(text, prefix, PREFIX_LENGTH);
        encode(frame.bytes, frame.length, text + PREFIX_LENGTH);
    }
    free(frame.bytes);
    free(choices.bytes);
    return text;
}

/* ---- Reading ----------------------------------------------------------------------------------------------
 */

static bool read_deflated(struct reader *r, struct emu_record *record, const char **why)
{
    uint64_t length;
    size_t stream = 0;
    *why = impossible;
    bool good = get_varint(r, &length) && length <= CHOICES_BYTES_MAX;
    if (good) {
        stream = r->length - r->at;
        good = length <= DEFLATE_RATIO_MAX * stream;
    }
    if (!good)
        return false;
    uint8_t *bytes = malloc((size_t)length + 1);
    if (bytes == NULL) {
        *why = "no memory for the token's choices";
        return false;
    }
    struct reader inner = {bytes, (size_t)length, 0};
    if (inflate_choices(r->bytes + r->at, stream, bytes, (size_t)length))
        good = get_choices(&inner, record, why);
    else
        good = false;
    free(bytes);
    return good;
}

static bool read_frame(const uint8_t *bytes, size_t length, struct emu_token *token, const char **why)
{
    struct reader r = {bytes, length - WORD, 0};
    struct reader checksum = {bytes, length, length - WORD};
    if (get_word(&checksum) != (uint32_t)crc32(0, bytes, (uInt)(length - WORD))) {
        *why = "the token's checksum does not match: it was mistyped or cut";
        return false;
    }
    uint8_t flags = r.bytes[r.at++];
    if ((flags & FORMAT_MASK) != FORMAT || (flags & FLAGS_PROFILE) == FLAGS_PROFILE) {
        *why = "the token is of a format that this version does not read";
        return false;
    }
    token->profile = (flags & FLAG_TYPICAL) != 0    ? EMU_PROFILE_TYPICAL
                     : (flags & FLAG_VERIFIER) != 0 ? EMU_PROFILE_VERIFIER
                                                    : EMU_PROFILE_HOSTILE;
    token->faults = (flags & FLAG_FAULTS) != 0;
    token->program = get_word(&r);
    token->configuration = get_word(&r);
    token->hash = get_word(&r);
    if ((flags & FLAG_DEFLATED) != 0)
        return read_deflated(&r, &token->record, why);
    return get_choices(&r, &token->record, why);
}

/* "hd", digits, a point, but not ours. */
static bool is_other_version(const char *text)
{
    if (strncmp(text, prefix, PREFIX_FAMILY) != 0)
        return false;
    size_t digits = strspn(text + PREFIX_FAMILY, "0123456789");
    return digits > 0 && text[PREFIX_FAMILY + digits] == '.';
}

bool emu_token_read(const char *text, struct emu_token *token, const char **why)
{
    *token = (struct emu_token){0};
    *why = NULL;
    if (strncmp(text, prefix, PREFIX_LENGTH) != 0) {
        *why = is_other_version(text) ? "the token is of a version that this one does not read"
                                      : "not a token: it does not begin with \"hd1.\"";
        return false;
    }
    size_t length = strlen(text);
    if (length > TEXT_MAX) {
        *why = "the text is longer than any token";
        return false;
    }
    uint8_t *bytes = malloc(length);
    if (bytes == NULL) {
        *why = "no memory for the token";
        return false;
    }
    size_t decoded = decode(text + PREFIX_LENGTH, length - PREFIX_LENGTH, bytes, why);
    bool good = decoded != 0 && read_frame(bytes, decoded, token, why);
    free(bytes);
    if (good)
        *why = NULL;
    return good;
}

/* ---- What a token is for ----------------------------------------------------------------------------------
 */

#define FNV_BASIS 2166136261u
enum { FOLD_INCOHERENT = 'C', FOLD_MISBEHAVING = 'M' };
#define FNV_PRIME 16777619u

static uint32_t fnv_byte(uint32_t hash, uint8_t byte)
{
    return (hash ^ byte) * FNV_PRIME;
}

uint32_t emu_token_fold(uint32_t hash, uint64_t number)
{
    for (unsigned i = 0; i < sizeof number; i++)
        hash = fnv_byte(hash, (uint8_t)(number >> (8 * i)));
    return hash;
}

uint32_t emu_token_program(const char *name)
{
    uint32_t hash = FNV_BASIS;
    for (; *name != '\0'; name++)
        hash = fnv_byte(hash, (uint8_t)*name);
    return hash;
}

uint32_t emu_token_configuration(const struct emu_machine *m)
{
    const struct emu_config *c = emu_machine_config(m);
    uint32_t hash = FNV_BASIS;
    hash = emu_token_fold(hash, c->processors);
    hash = emu_token_fold(hash, c->ram_low_pages);
    hash = emu_token_fold(hash, c->ram_mid_pages);
    hash = emu_token_fold(hash, c->ram_high_pages);
    hash = emu_token_fold(hash, c->strands_max);
    hash = emu_token_fold(hash, c->stack_bytes);
    hash = emu_token_fold(hash, c->step_limit);
    hash = c->misbehaving ? emu_token_fold(hash, FOLD_MISBEHAVING) : hash;
    return c->incoherent ? emu_token_fold(hash, FOLD_INCOHERENT) : hash;
}
