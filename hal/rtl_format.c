/*
 * The formatter: parse one directive, fetch its argument, lay it out, go on.
 *
 * Formats and string arguments come in two widths; both are read through a text cursor that yields 16-bit
 * characters.
 */
#include "hal/rtl_format.h"

#include <wdm.h>

enum {
    DIGITS_MAX = 64, /* of a 64-bit number in any base that there is a directive for */
    POINTER_DIGITS = 16,
    FIELD_MAX = 4096, /* widths and precisions beyond are cut: a driver's error must not run on */
    BASE_OCTAL = 8,
    BASE_DECIMAL = 10,
    BASE_HEX = 16,
    BYTE_CHARACTER_MAX = 0xFF
};

/* A string of either width; bytes behind count are not looked at. */
struct text {
    const char *narrow;
    const uint16_t *wide;
    size_t count; /* characters, or NO_COUNT for text that ends with a zero */
};

#define NO_COUNT SIZE_MAX

enum argument_size { SIZE_DEFAULT, SIZE_CHAR, SIZE_SHORT, SIZE_LONG, SIZE_64, SIZE_WIDE };

struct directive {
    bool left, plus, space, alternate, zero;
    bool has_precision;
    int width;
    int precision;
    enum argument_size size;
    uint16_t conversion;
};

struct output {
    struct rtl_sink *sink;
    size_t count;
};

static void put(struct output *o, uint16_t c)
{
    o->sink->put(o->sink, c);
    o->count++;
}

static void put_many(struct output *o, uint16_t c, int times)
{
    for (; times > 0; times--)
        put(o, c);
}

static uint16_t text_at(const struct text *t, size_t index)
{
    return t->wide != NULL ? t->wide[index] : (uint16_t)(unsigned char)t->narrow[index];
}

static struct text narrow_text(const char *s)
{
    struct text t = {s != NULL ? s : "(null)", NULL, NO_COUNT};
    return t;
}

static struct text wide_text(const WCHAR *s)
{
    struct text t = {"(null)", (const uint16_t *)s, NO_COUNT};
    return t;
}

/* Characters that will be printed: up to the precision, the count, or the terminator. */
static size_t text_length(const struct text *t, const struct directive *d)
{
    size_t most = t->count;
    size_t n = 0;

    if (d->has_precision && (size_t)d->precision < most)
        most = (size_t)d->precision;
    while (n < most && (t->count != NO_COUNT || text_at(t, n) != 0))
        n++;
    return n;
}

static void put_text(struct output *o, const struct directive *d, const struct text *t)
{
    size_t length = text_length(t, d);
    int pad = (size_t)d->width > length ? d->width - (int)length : 0;

    if (!d->left)
        put_many(o, d->zero ? '0' : ' ', pad);
    for (size_t i = 0; i < length; i++)
        put(o, text_at(t, i));
    if (d->left)
        put_many(o, ' ', pad);
}

static void put_number(struct output *o, const struct directive *d, uint64_t magnitude, bool negative,
                       unsigned base, bool upper, bool is_signed)
{
    static const char lower_digits[] = "0123456789abcdef";
    static const char upper_digits[] = "0123456789ABCDEF";
    uint16_t digits[DIGITS_MAX];
    int n = 0;
    uint16_t prefix[2];
    int prefixes = 0;
    uint64_t rest = magnitude;

    while (rest != 0) {
        digits[n++] = (uint16_t)(upper ? upper_digits : lower_digits)[rest % base];
        rest /= base;
    }
    int least = d->has_precision ? d->precision : 1;
    if (d->alternate && base == BASE_OCTAL && n >= least)
        least = n + 1;
    if (is_signed && (negative || d->plus || d->space))
        prefix[prefixes++] = negative ? '-' : d->plus ? '+' : ' ';
    if (d->alternate && base == BASE_HEX && magnitude != 0) {
        prefix[prefixes++] = '0';
        prefix[prefixes++] = upper ? 'X' : 'x';
    }
    int zeros = least > n ? least - n : 0;
    int pad = d->width - n - zeros - prefixes;
    if (d->zero && !d->left && !d->has_precision && pad > 0) {
        zeros += pad;
        pad = 0;
    }
    if (!d->left)
        put_many(o, ' ', pad);
    for (int i = 0; i < prefixes; i++)
        put(o, prefix[i]);
    put_many(o, '0', zeros);
    while (n > 0)
        put(o, digits[--n]);
    if (d->left)
        put_many(o, ' ', pad);
}

static int64_t signed_argument(enum argument_size size, struct rtl_arguments *a)
{
    switch (size) {
    case SIZE_64:
        return va_arg(a->list, LONGLONG);
    case SIZE_SHORT:
        return (SHORT)va_arg(a->list, INT);
    case SIZE_CHAR:
        return (signed char)va_arg(a->list, INT);
    case SIZE_DEFAULT:
    case SIZE_LONG:
    case SIZE_WIDE:
        break;
    }
    return va_arg(a->list, LONG);
}

static uint64_t unsigned_argument(enum argument_size size, struct rtl_arguments *a)
{
    switch (size) {
    case SIZE_64:
        return va_arg(a->list, ULONGLONG);
    case SIZE_SHORT:
        return (USHORT)va_arg(a->list, UINT);
    case SIZE_CHAR:
        return (UCHAR)va_arg(a->list, UINT);
    case SIZE_DEFAULT:
    case SIZE_LONG:
    case SIZE_WIDE:
        break;
    }
    return va_arg(a->list, ULONG);
}

/* Are the directive's characters wide? s and c have the format's width, S and C the other one, a size
 * decides. */
static bool is_wide(const struct directive *d, bool format_wide, bool other)
{
    if (d->size == SIZE_SHORT)
        return false;
    if (d->size == SIZE_LONG || d->size == SIZE_WIDE)
        return true;
    return format_wide != other;
}

static void put_counted(struct output *o, const struct directive *d, struct rtl_arguments *a)
{
    struct text t = narrow_text(NULL);

    if (d->size == SIZE_WIDE || d->size == SIZE_LONG) {
        const UNICODE_STRING *s = va_arg(a->list, const UNICODE_STRING *);
        if (s != NULL && s->Buffer != NULL) {
            t.wide = (const uint16_t *)s->Buffer;
            t.count = s->Length / sizeof(WCHAR);
        }
    } else {
        const STRING *s = va_arg(a->list, const STRING *);
        if (s != NULL && s->Buffer != NULL) {
            t.narrow = s->Buffer;
            t.count = s->Length;
        }
    }
    put_text(o, d, &t);
}

static void put_pointer(struct output *o, struct directive *d, struct rtl_arguments *a)
{
    uint64_t value = (uint64_t)(uintptr_t)va_arg(a->list, const void *);

    if (o->sink->hide_pointers) {
        struct text hidden = narrow_text(value != 0 ? "(pointer)" : "(null)");
        d->has_precision = false;
        put_text(o, d, &hidden);
        return;
    }
    d->has_precision = true;
    d->precision = POINTER_DIGITS;
    put_number(o, d, value, false, BASE_HEX, true, false);
}

/* False when there is no such conversion. */
static bool put_directive(struct output *o, struct directive *d, struct rtl_arguments *a, bool format_wide)
{
    switch (d->conversion) {
    case 'd':
    case 'i': {
        int64_t v = signed_argument(d->size, a);
        put_number(o, d, v < 0 ? 0 - (uint64_t)v : (uint64_t)v, v < 0, BASE_DECIMAL, false, true);
        return true;
    }
    case 'u':
        put_number(o, d, unsigned_argument(d->size, a), false, BASE_DECIMAL, false, false);
        return true;
    case 'x':
    case 'X':
        put_number(o, d, unsigned_argument(d->size, a), false, BASE_HEX, d->conversion == 'X', false);
        return true;
    case 'o':
        put_number(o, d, unsigned_argument(d->size, a), false, BASE_OCTAL, false, false);
        return true;
    case 'p':
        put_pointer(o, d, a);
        return true;
    case 'c':
    case 'C': {
        int value = va_arg(a->list, int);
        uint16_t c = is_wide(d, format_wide, d->conversion == 'C') ? (uint16_t)value : (uint16_t)(UCHAR)value;
        struct text t = {NULL, &c, 1};
        d->has_precision = false;
        put_text(o, d, &t);
        return true;
    }
    case 's':
    case 'S': {
        struct text t = is_wide(d, format_wide, d->conversion == 'S')
                            ? wide_text(va_arg(a->list, const WCHAR *))
                            : narrow_text(va_arg(a->list, const char *));
        put_text(o, d, &t);
        return true;
    }
    case 'Z':
        put_counted(o, d, a);
        return true;
    case '%':
        put(o, '%');
        return true;
    default:
        return false;
    }
}

static int parse_number(const struct text *f, size_t *at, struct rtl_arguments *a)
{
    int value = 0;

    if (text_at(f, *at) == '*') {
        (*at)++;
        value = va_arg(a->list, int);
    } else {
        for (; text_at(f, *at) >= '0' && text_at(f, *at) <= '9'; (*at)++)
            if (value <= FIELD_MAX)
                value = value * BASE_DECIMAL + (text_at(f, *at) - '0');
    }
    return value < -FIELD_MAX ? -FIELD_MAX : value > FIELD_MAX ? FIELD_MAX : value;
}

static void parse_flags(const struct text *f, size_t *at, struct directive *d)
{
    for (;; (*at)++) {
        switch (text_at(f, *at)) {
        case '-':
            d->left = true;
            break;
        case '+':
            d->plus = true;
            break;
        case ' ':
            d->space = true;
            break;
        case '#':
            d->alternate = true;
            break;
        case '0':
            d->zero = true;
            break;
        default:
            return;
        }
    }
}

/* I64, I32 and I (a pointer's size); text_at() never looks past the terminator. */
static enum argument_size parse_microsoft_size(const struct text *f, size_t *at)
{
    (*at)++;
    if (text_at(f, *at) == '6' && text_at(f, *at + 1) == '4') {
        *at += 2;
        return SIZE_64;
    }
    if (text_at(f, *at) == '3' && text_at(f, *at + 1) == '2') {
        *at += 2;
        return SIZE_LONG;
    }
    return SIZE_64;
}

static enum argument_size parse_size(const struct text *f, size_t *at)
{
    uint16_t first = text_at(f, *at);

    switch (first) {
    case 'I':
        return parse_microsoft_size(f, at);
    case 'h':
    case 'l':
        (*at)++;
        if (text_at(f, *at) != first)
            return first == 'h' ? SIZE_SHORT : SIZE_LONG;
        (*at)++;
        return first == 'h' ? SIZE_CHAR : SIZE_64;
    case 'w':
        (*at)++;
        return SIZE_WIDE;
    case 'z':
    case 't':
    case 'j':
        (*at)++;
        return SIZE_64;
    default:
        return SIZE_DEFAULT;
    }
}

static size_t format_text(struct rtl_sink *sink, const struct text *f, struct rtl_arguments *a)
{
    struct output o = {sink, 0};
    size_t at = 0;

    while (text_at(f, at) != 0) {
        uint16_t c = text_at(f, at++);
        if (c != '%') {
            put(&o, c);
            continue;
        }
        size_t start = at;
        struct directive d = {.size = SIZE_DEFAULT};
        parse_flags(f, &at, &d);
        d.width = parse_number(f, &at, a);
        if (d.width < 0) {
            d.left = true;
            d.width = -d.width;
        }
        if (text_at(f, at) == '.') {
            at++;
            d.precision = parse_number(f, &at, a);
            d.has_precision = d.precision >= 0;
        }
        d.size = parse_size(f, &at);
        d.conversion = text_at(f, at);
        if (d.conversion != 0)
            at++;
        if (!put_directive(&o, &d, a, f->wide != NULL))
            for (size_t i = start; i < at; i++)
                put(&o, text_at(f, i)); /* no such directive: shown as it is written */
    }
    return o.count;
}

size_t rtl_format_narrow(struct rtl_sink *sink, const char *format, struct rtl_arguments *arguments)
{
    struct text f = narrow_text(format);

    return format_text(sink, &f, arguments);
}

size_t rtl_format_wide(struct rtl_sink *sink, const uint16_t *format, struct rtl_arguments *arguments)
{
    struct text f = {NULL, format, NO_COUNT};

    return format_text(sink, &f, arguments);
}

/* ---- Into a buffer ----------------------------------------------------------------------------------------
 */

struct buffer_sink {
    struct rtl_sink sink;
    char *narrow;
    WCHAR *wide;
    size_t capacity;
    size_t used;
};

static void put_in_buffer(struct rtl_sink *sink, uint16_t character)
{
    struct buffer_sink *b = (struct buffer_sink *)sink;

    if (b->used >= b->capacity) {
        b->used++;
        return;
    }
    if (b->wide != NULL)
        b->wide[b->used++] = (WCHAR)character;
    else
        b->narrow[b->used++] = (char)(character <= BYTE_CHARACTER_MAX ? character : '?');
}

static int buffer_result(const struct buffer_sink *b)
{
    return b->used > b->capacity ? -1 : (int)b->used;
}

int haldma_vsnprintf(char *buffer, size_t capacity, const char *format, va_list arguments)
{
    struct buffer_sink b = {.sink = {.put = put_in_buffer}, .narrow = buffer, .capacity = capacity};
    struct rtl_arguments a;

    va_copy(a.list, arguments);
    rtl_format_narrow(&b.sink, format, &a);
    va_end(a.list);
    if (b.used < capacity)
        buffer[b.used] = '\0';
    return buffer_result(&b);
}

int haldma_vsnwprintf(WCHAR *buffer, size_t capacity, const WCHAR *format, va_list arguments)
{
    struct buffer_sink b = {.sink = {.put = put_in_buffer}, .wide = buffer, .capacity = capacity};
    struct rtl_arguments a;

    va_copy(a.list, arguments);
    rtl_format_wide(&b.sink, (const uint16_t *)format, &a);
    va_end(a.list);
    if (b.used < capacity)
        buffer[b.used] = 0;
    return buffer_result(&b);
}
