/*
 * Tokens: what is written is read, what is not a token is refused, and nothing that is read does harm.
 */
#include <emu/token.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* A generator of the test's own (xorshift64), so that it repeats. */
static uint64_t random_state;

static uint32_t any_below(uint32_t count)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (uint32_t)(random_state >> 20) % count;
}

static void append(struct emu_record *r, enum emu_choice_kind kind, uint32_t count, uint32_t value)
{
    emu_record_append(r, (struct emu_choice){.kind = (uint8_t)kind,
                                             .free = (uint8_t)any_below(2),
                                             .site = (uint16_t)any_below(1000),
                                             .count = (uint16_t)count,
                                             .value = (uint16_t)value});
}

static void any_record(struct emu_record *r, uint32_t length, uint32_t count_max, uint32_t one_in)
{
    emu_record_init(r);
    for (uint32_t i = 0; i < length; i++) {
        uint32_t count = 2 + any_below(count_max - 1);
        uint32_t value = any_below(one_in) == 0 ? 1 + any_below(count - 1) : 0;
        append(r, (enum emu_choice_kind)any_below(EMU_CHOICE_KINDS), count, value);
    }
}

static void assert_read_as(const struct emu_token *read, const struct emu_token *written)
{
    assert_int_equal(read->program, written->program);
    assert_int_equal(read->configuration, written->configuration);
    assert_int_equal(read->hash, written->hash);
    assert_int_equal(read->profile, written->profile);
    assert_int_equal(read->faults, written->faults);
    assert_int_equal(read->record.length, written->record.length);
    for (size_t i = 0; i < read->record.length; i++) {
        const struct emu_choice *a = &read->record.choices[i], *b = &written->record.choices[i];
        bool deviates = b->value != 0;
        assert_int_equal(a->value, b->value);
        assert_int_equal(a->kind, deviates ? b->kind : 0);
        assert_int_equal(a->count, deviates ? b->count : 0);
        assert_int_equal(a->site, 0);
        assert_int_equal(a->free, 0);
    }
}

/* Writes, reads, compares, writes again, compares. */
static void round_trip(struct emu_token *token)
{
    const char *why = NULL;
    struct emu_token read;
    char *text = emu_token_write(token);
    assert_non_null(text);
    if (!emu_token_read(text, &read, &why))
        fail_msg("%s", why);
    assert_null(why);
    assert_read_as(&read, token);
    char *again = emu_token_write(&read);
    assert_string_equal(again, text);
    free(again);
    free(text);
    emu_record_free(&read.record);
}

/* rule: EMU-TOKEN-1 */
static void what_was_written_is_read(void **state)
{
    (void)state;
    random_state = 1;
    for (unsigned i = 0; i < 2000; i++) {
        struct emu_token t = {.program = any_below(UINT32_MAX),
                              .configuration = any_below(UINT32_MAX),
                              .hash = any_below(UINT32_MAX),
                              .profile = (enum emu_profile)any_below(EMU_PROFILES),
                              .faults = any_below(2) == 0};
        any_record(&t.record, any_below(300), i % 3 == 0 ? UINT16_MAX : 5, 1 + any_below(20));
        round_trip(&t);
        emu_record_free(&t.record);
    }
}

/* rule: EMU-TOKEN-1 */
static void every_pair_of_count_and_value_has_a_number_of_its_own(void **state)
{
    (void)state;
    struct emu_token t = {0};
    emu_record_init(&t.record);
    for (uint32_t count = 2; count < 40; count++)
        for (uint32_t value = 1; value < count; value++)
            append(&t.record, EMU_CHOICE_DEVICE, count, value);
    append(&t.record, EMU_CHOICE_INPUT, UINT16_MAX, 1);
    append(&t.record, EMU_CHOICE_INPUT, UINT16_MAX, UINT16_MAX - 1);
    append(&t.record, EMU_CHOICE_INPUT, UINT16_MAX - 1, UINT16_MAX - 2);
    round_trip(&t);
    emu_record_free(&t.record);
}

/* rule: EMU-TOKEN-1 */
static void the_longest_record_has_a_token_and_a_longer_one_has_none(void **state)
{
    (void)state;
    random_state = 2;
    struct emu_token t = {0};
    any_record(&t.record, EMU_TOKEN_CHOICES_MAX, 3, 1000);
    round_trip(&t);
    append(&t.record, EMU_CHOICE_DEVICE, 2, 0);
    assert_null(emu_token_write(&t));
    emu_record_free(&t.record);
}

/* rule: EMU-TOKEN-2 */
static void a_typical_token_fits_in_a_line(void **state)
{
    (void)state;
    random_state = 3;
    struct emu_token t = {.program = 0x89abcdef, .configuration = 0xfedcba98, .hash = 0x12345678};
    any_record(&t.record, 300, 4, 15);
    assert_in_range(emu_record_deviations(&t.record), 15, 25);
    char *text = emu_token_write(&t);
    assert_in_range(strlen(text), 40, 100);
    assert_int_equal(strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_."),
                     strlen(text));
    free(text);
    emu_record_free(&t.record);
}

/* rule: EMU-TOKEN-2 */
static void a_repetitive_record_is_deflated(void **state)
{
    (void)state;
    struct emu_token t = {0};
    emu_record_init(&t.record);
    for (unsigned i = 0; i < 3000; i++)
        append(&t.record, EMU_CHOICE_DEVICE, 2, i % 3 == 0);
    char *text = emu_token_write(&t);
    assert_in_range(strlen(text), 40, 100);
    free(text);
    round_trip(&t);
    emu_record_free(&t.record);
}

/* ---- Refusals
 * ---------------------------------------------------------------------------------------------- */

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
enum { HEAD = 13, FRAME_MAX = 4096 };

/* The test's own way into the format: bytes with a right checksum as a token. */
static uint32_t checksum(const uint8_t *bytes, size_t length)
{
    uint32_t crc = UINT32_MAX;
    for (size_t i = 0; i < length; i++) {
        crc ^= bytes[i];
        for (unsigned bit = 0; bit < 8; bit++)
            crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0xedb88320u : 0);
    }
    return ~crc;
}

static char *spell(const uint8_t *bytes, size_t length)
{
    uint8_t all[FRAME_MAX + 6] = {0};
    assert_true(length <= FRAME_MAX);
    memcpy(all, bytes, length);
    uint32_t crc = checksum(bytes, length);
    for (unsigned i = 0; i < 4; i++)
        all[length + i] = (uint8_t)(crc >> (8 * i));
    length += 4;
    char *text = malloc(4 + length * 2);
    assert_non_null(text);
    char *out = text + sprintf(text, "hd1.");
    for (size_t bit = 0; bit < length * 8; bit += 6) {
        uint32_t two = (uint32_t)all[bit / 8] << 8 | all[bit / 8 + 1];
        *out++ = alphabet[two >> (10 - bit % 8) & 63];
    }
    *out = '\0';
    return text;
}

static size_t unspell(const char *text, uint8_t *bytes)
{
    size_t length = strlen(text) - 4;
    memset(bytes, 0, FRAME_MAX);
    for (size_t i = 0; i < length; i++) {
        uint32_t digit = (uint32_t)(strchr(alphabet, text[4 + i]) - alphabet);
        uint32_t two = digit << (10 - i * 6 % 8);
        bytes[i * 6 / 8] |= (uint8_t)(two >> 8);
        bytes[i * 6 / 8 + 1] |= (uint8_t)two;
    }
    return length * 6 / 8 - 4;
}

static void assert_refused(const char *text, const char *reason)
{
    const char *why = NULL;
    struct emu_token t;
    if (emu_token_read(text, &t, &why))
        fail_msg("read: %s", text);
    assert_non_null(why);
    assert_null(strchr(why, '\n'));
    if (strstr(why, reason) == NULL)
        fail_msg("\"%s\" was refused with \"%s\" and not with \"%s\"", text, why, reason);
}

static char *some_token(void)
{
    random_state = 4;
    struct emu_token t = {.program = 1, .configuration = 2, .hash = 3};
    any_record(&t.record, 60, 6, 4);
    char *text = emu_token_write(&t);
    emu_record_free(&t.record);
    return text;
}

/* rule: EMU-TOKEN-3 */
static void what_is_no_token_is_refused_with_the_reason(void **state)
{
    (void)state;
    char *text = some_token();
    size_t length = strlen(text);
    assert_refused("", "not a token");
    assert_refused("hd", "not a token");
    assert_refused("hello", "not a token");
    assert_refused("hd2.AAAA", "of a version");
    assert_refused("hd17.", "of a version");
    assert_refused("hd1.", "truncated");
    assert_refused("hd1.AAAA", "truncated");

    char *changed = malloc(length + 2);
    memcpy(changed, text, length + 1);
    changed[length / 2] = '+';
    assert_refused(changed, "character that none has");
    memcpy(changed, text, length + 1);
    changed[length / 2] = changed[length / 2] == 'A' ? 'B' : 'A';
    assert_refused(changed, "checksum");
    memcpy(changed, text, length + 1);
    memcpy(changed + length, "A", 2);
    assert_refused(changed, "token");
    memcpy(changed + length, "\n", 2);
    assert_refused(changed, "character that none has");
    free(changed);
    free(text);
}

/* rule: EMU-TOKEN-3 */
static void every_truncation_is_refused(void **state)
{
    (void)state;
    char *text = some_token();
    for (size_t length = strlen(text); length-- > 0;) {
        text[length] = '\0';
        assert_refused(text, "token");
    }
    free(text);
}

/* rule: EMU-TOKEN-3 */
static void every_single_changed_character_is_refused(void **state)
{
    (void)state;
    char *text = some_token();
    for (size_t i = 0; text[i] != '\0'; i++) {
        char right = text[i];
        for (const char *c = alphabet; *c != '\0'; c++) {
            if (*c == right)
                continue;
            text[i] = *c;
            assert_refused(text, "token");
        }
        text[i] = right;
    }
    free(text);
}

static void assert_body_refused(uint8_t flags, const uint8_t *body, size_t length, const char *reason)
{
    uint8_t bytes[FRAME_MAX] = {flags};
    memcpy(bytes + HEAD, body, length);
    char *text = spell(bytes, HEAD + length);
    assert_refused(text, reason);
    free(text);
}

#define BODY_REFUSED(flags, reason, ...) \
    assert_body_refused(flags, (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}), reason)

/* rule: EMU-TOKEN-3 */
static void impossible_values_are_refused_though_the_checksum_is_right(void **state)
{
    (void)state;
    uint8_t good[HEAD + 4] = {1};
    const uint8_t body[] = {5, 1, 2 << 3 | EMU_CHOICE_FAULT, 0};
    memcpy(good + HEAD, body, sizeof body);
    char *text = spell(good, sizeof good);
    struct emu_token t;
    const char *why;
    assert_true(emu_token_read(text, &t, &why));
    assert_int_equal(t.record.length, 5);
    assert_int_equal(t.record.choices[2].kind, EMU_CHOICE_FAULT);
    assert_int_equal(t.record.choices[2].count, 2);
    assert_int_equal(t.record.choices[2].value, 1);
    emu_record_free(&t.record);
    free(text);

    BODY_REFUSED(1, "no run can have", 5);                   /* no number of deviations */
    BODY_REFUSED(1, "no run can have", 5, 6);                /* more deviations than choices */
    BODY_REFUSED(1, "no run can have", 5, 1, 5 << 3, 0);     /* beyond the last choice */
    BODY_REFUSED(1, "no run can have", 5, 1, 7, 0);          /* no such kind */
    BODY_REFUSED(1, "no run can have", 5, 1, 2 << 3);        /* ends in the middle */
    BODY_REFUSED(1, "no run can have", 0x85, 0, 0);          /* a longer spelling of 5 */
    BODY_REFUSED(1, "no run can have", 0x81, 0x80, 0x40, 0); /* 1 Mi and one choices */
    BODY_REFUSED(1, "no run can have", 5, 1, 0, 0xff, 0xff, 0xff, 0xff, 0x7f); /* a count beyond 16 bits */
    BODY_REFUSED(1, "trailing garbage", 5, 0, 0);
    BODY_REFUSED(2, "format", 5, 0);
    BODY_REFUSED(0xa1, "format", 5, 0);                /* two profiles at once */
    BODY_REFUSED(0x11, "no run can have", 5, 1, 2, 3); /* no deflate stream */
    BODY_REFUSED(0x11, "no run can have", 0xff, 0xff, 0xff, 0x7f, 1, 2,
                 3); /* claims to grow beyond all measure */
}

/* Reads it, and looks at every choice where it was good. */
static bool survives(const char *text)
{
    struct emu_token t;
    const char *why = NULL;
    if (!emu_token_read(text, &t, &why)) {
        assert_non_null(why);
        return false;
    }
    for (size_t i = 0; i < t.record.length; i++) {
        const struct emu_choice *c = &t.record.choices[i];
        assert_true(c->kind < EMU_CHOICE_KINDS && (c->count == 0 ? c->value == 0 : c->value < c->count));
    }
    emu_record_free(&t.record);
    return true;
}

static void mutate(char *text, size_t length)
{
    for (uint32_t changes = 1 + any_below(4); changes > 0; changes--)
        text[any_below((uint32_t)length)] =
            any_below(8) == 0 ? (char)(1 + any_below(255)) : alphabet[any_below(64)];
    if (any_below(4) == 0)
        text[any_below((uint32_t)length)] = '\0';
}

/* rule: EMU-TOKEN-4 */
static void mutated_tokens_do_no_harm(void **state)
{
    (void)state;
    char *text = some_token();
    size_t length = strlen(text);
    char *changed = malloc(length + 1);
    random_state = 6;
    for (unsigned i = 0; i < 50000; i++) {
        memcpy(changed, text, length + 1);
        mutate(changed, length);
        survives(changed);
    }
    free(changed);
    free(text);
}

/* rule: EMU-TOKEN-4 */
static void mutated_contents_with_a_right_checksum_do_no_harm(void **state)
{
    (void)state;
    random_state = 7;
    unsigned good = 0, bad = 0;
    struct emu_token flat = {0}, regular = {0};
    any_record(&flat.record, 60, 6, 4);
    emu_record_init(&regular.record);
    for (unsigned i = 0; i < 400; i++)
        append(&regular.record, EMU_CHOICE_DEVICE, 2 + i % 2, i % 2);
    char *texts[] = {emu_token_write(&flat), emu_token_write(&regular)}; /* plain, deflated */
    for (unsigned i = 0; i < 50000; i++) {
        uint8_t bytes[FRAME_MAX];
        size_t length = unspell(texts[i % 2], bytes);
        for (uint32_t changes = 1 + any_below(3); changes > 0; changes--)
            bytes[any_below((uint32_t)length)] = (uint8_t)any_below(256);
        if (any_below(4) == 0)
            length = any_below((uint32_t)length + 1);
        char *changed = spell(bytes, length);
        if (survives(changed))
            good++;
        else
            bad++;
        free(changed);
    }
    assert_true(good > 5000 && bad > 5000);
    for (unsigned i = 0; i < 2; i++)
        free(texts[i]);
    emu_record_free(&flat.record);
    emu_record_free(&regular.record);
}

/* ---- What a token is for
 * ----------------------------------------------------------------------------------- */

static uint32_t configuration(const struct emu_config *config)
{
    const char *error = NULL;
    struct emu_machine *m = emu_machine_create(config, &error);
    assert_non_null(m);
    uint32_t hash = emu_token_configuration(m);
    emu_machine_destroy(m);
    return hash;
}

/* rule: EMU-TOKEN-5 */
static void programs_and_configurations_are_told_apart(void **state)
{
    (void)state;
    assert_int_equal(emu_token_program(""), 0x811c9dc5);
    assert_int_equal(emu_token_program("a"), 0xe40c292c);
    assert_int_not_equal(emu_token_program("cancel_racy"), emu_token_program("cancel_mended"));

    uint32_t usual = configuration(&(struct emu_config){0});
    assert_int_equal(configuration(&(struct emu_config){.processors = 2}), usual); /* the default, said */
    assert_int_not_equal(configuration(&(struct emu_config){.processors = 3}), usual);
    assert_int_not_equal(configuration(&(struct emu_config){.step_limit = 99}), usual);
    assert_int_equal(configuration(&(struct emu_config){.profile = EMU_PROFILE_TYPICAL, .faults = true}),
                     usual);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_written_is_read),
        cmocka_unit_test(every_pair_of_count_and_value_has_a_number_of_its_own),
        cmocka_unit_test(the_longest_record_has_a_token_and_a_longer_one_has_none),
        cmocka_unit_test(a_typical_token_fits_in_a_line),
        cmocka_unit_test(a_repetitive_record_is_deflated),
        cmocka_unit_test(what_is_no_token_is_refused_with_the_reason),
        cmocka_unit_test(every_truncation_is_refused),
        cmocka_unit_test(every_single_changed_character_is_refused),
        cmocka_unit_test(impossible_values_are_refused_though_the_checksum_is_right),
        cmocka_unit_test(mutated_tokens_do_no_harm),
        cmocka_unit_test(mutated_contents_with_a_right_checksum_do_no_harm),
        cmocka_unit_test(programs_and_configurations_are_told_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
