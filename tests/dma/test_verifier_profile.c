/*
 * Who turns verification on: the configuration, or the profile.
 */
#include "dma/world.h"

#include <stdlib.h>

static uint32_t verified_by(uint32_t verify, enum emu_profile profile)
{
    struct haldma_config config = world_config();
    config.verify = verify;
    struct emu_machine *m = world_machine(&config);
    emu_machine_set_profile(m, profile);
    uint32_t verified = haldma_verify(m);
    emu_machine_destroy(m);
    return verified;
}

/* rule: DMA-VERIFY-SET-1 */
static void verification_is_the_configurations_or_all_of_it_the_profiles(void **state)
{
    (void)state;
    assert_int_equal(verified_by(0, EMU_PROFILE_TYPICAL), 0);
    assert_int_equal(verified_by(0, EMU_PROFILE_HOSTILE), 0);
    assert_int_equal(verified_by(HALDMA_VERIFY_DMA, EMU_PROFILE_TYPICAL), HALDMA_VERIFY_DMA);
    assert_int_equal(verified_by(HALDMA_VERIFY_IRQL, EMU_PROFILE_HOSTILE), HALDMA_VERIFY_IRQL);
    assert_int_equal(verified_by(0, EMU_PROFILE_VERIFIER), HALDMA_VERIFY_ALL);
}

/* rule: DMA-VERIFY-SET-1 */
static void a_verification_that_there_is_not_is_refused(void **state)
{
    struct haldma_config config = world_config();
    const char *error = NULL;
    (void)state;
    config.verify = HALDMA_VERIFY_ALL + 1;
    assert_null(haldma_machine_create(&config, &error));
    assert_string_equal(error, "no such verification");
}

static uint32_t configuration_of(uint32_t verify)
{
    struct haldma_config config = world_config();
    config.verify = verify;
    struct emu_machine *m = world_machine(&config);
    uint32_t configuration = haldma_configuration(m);
    emu_machine_destroy(m);
    return configuration;
}

/* rule: DMA-VERIFY-SET-2 */
static void what_is_verified_is_part_of_what_a_token_is_for(void **state)
{
    (void)state;
    assert_int_not_equal(configuration_of(0), configuration_of(HALDMA_VERIFY_DMA));
    assert_int_not_equal(configuration_of(HALDMA_VERIFY_ALL), configuration_of(HALDMA_VERIFY_DMA));
}

/* rule: DMA-VERIFY-SET-2 */
static void a_token_carries_the_profile_verifier(void **state)
{
    const struct haldma_scenario scenario = {.name = "some", .summary = "some"};
    struct haldma_config config = world_config();
    struct emu_record record;
    struct emu_token token;
    const char *why = NULL;
    (void)state;
    config.machine.profile = EMU_PROFILE_VERIFIER;
    struct emu_machine *m = world_machine(&config);
    emu_record_init(&record);
    char *text = haldma_token(m, &scenario, &record, 1);
    assert_true(emu_token_read(text, &token, &why));
    assert_int_equal(token.profile, EMU_PROFILE_VERIFIER);
    emu_record_free(&token.record);
    free(text);
    emu_machine_destroy(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(verification_is_the_configurations_or_all_of_it_the_profiles),
        cmocka_unit_test(a_verification_that_there_is_not_is_refused),
        cmocka_unit_test(what_is_verified_is_part_of_what_a_token_is_for),
        cmocka_unit_test(a_token_carries_the_profile_verifier),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
