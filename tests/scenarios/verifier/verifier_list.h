/*
 * The drivers of tests/drivers/bad, one line each, as verification tells them:
 *
 *     X(name, mended, rule, code, parameters 2 to 4, on which platforms, on which machine)
 *
 * The names are those of two scenarios; of the two drivers they are NAME and NAME_mended. ANY is an address,
 * or a number that depends on the platform: what it is exactly is seen by tests/dma/test_verifier_*.c, which
 * commit the same mistakes without a driver.
 */
#ifndef VERIFIER_LIST_H
#define VERIFIER_LIST_H

#define ANY UINT64_MAX

#define VERIFIER_LIST(X)                                                                                     \
    X(e6_00_flush_past_registers, e6_00_mended, "DMA-VERIFY-00", "0xE6/00", 1, 3 * PAGE_SIZE - 100, 50, ALL, \
      PLAIN)                                                                                                 \
    X(e6_00_out_of_registers, e6_00_out_of_registers_mended, "DMA-VERIFY-00", "0xE6/00", 2, 3, 2, ALL,       \
      PLAIN)                                                                                                 \
    X(e6_01_counter_went_back, e6_01_mended, "DMA-VERIFY-01", "0xE6/01", ANY, ANY, 0, ALL, SKEWED)           \
    X(e6_02_counter_too_fast, e6_02_mended, "DMA-VERIFY-02", "0xE6/02", 0, ANY, 0, ALL, SKEWED)              \
    X(e6_03_common_buffer_freed_twice, e6_03_mended, "DMA-VERIFY-03", "0xE6/03", 1, 0, 0, ALL, PLAIN)        \
    X(e6_04_channel_freed_twice, e6_04_mended, "DMA-VERIFY-04", "0xE6/04", 1, 0, 0, ALL, PLAIN)              \
    X(e6_05_registers_freed_twice, e6_05_mended, "DMA-VERIFY-05", "0xE6/05", 3, 0, 0, ALL, PLAIN)            \
    X(e6_06_list_freed_twice, e6_06_mended, "DMA-VERIFY-06", "0xE6/06", 1, 2, 0, ALL, PLAIN)                 \
    X(e6_07_common_buffer_left, e6_07_mended, "DMA-VERIFY-07", "0xE6/07", ANY, 1, ANY, ALL, PLAIN)           \
    X(e6_08_channel_left, e6_08_mended, "DMA-VERIFY-08", "0xE6/08", ANY, 1, ANY, ALL, PLAIN)                 \
    X(e6_09_registers_left, e6_09_mended, "DMA-VERIFY-09", "0xE6/09", ANY, 2, ANY, ALL, PLAIN)               \
    X(e6_0a_list_left, e6_0a_mended, "DMA-VERIFY-0A", "0xE6/0A", ANY, 1, ANY, ALL, PLAIN)                    \
    X(e6_0b_two_channels, e6_0b_mended, "DMA-VERIFY-0B", "0xE6/0B", 2, 0, 0, ALL, PLAIN)                     \
    X(e6_0c_too_many_at_once, e6_0c_mended, "DMA-VERIFY-0C", "0xE6/0C", ANY, ANY, 0, ALL, PLAIN)             \
    X(e6_0d_not_flushed, e6_0d_mended, "DMA-VERIFY-0D", "0xE6/0D", PAGE_SIZE, PAGE_SIZE, 0, ALL, PLAIN)      \
    X(e6_0e_not_locked, e6_0e_mended, "DMA-VERIFY-0E", "0xE6/0E", ANY, 0, 0, ALL, PLAIN)                     \
    X(e6_0f_tag_before, e6_0f_mended, "DMA-VERIFY-0F", "0xE6/0F", 1, 100, ANY, ALL, PLAIN)                   \
    X(e6_0f_tag_after, e6_0f_tag_after_mended, "DMA-VERIFY-0F", "0xE6/0F", 2, 100, ANY, ALL, PLAIN)          \
    X(e6_0f_free_register, e6_0f_free_register_mended, "DMA-VERIFY-0F", "0xE6/0F", 3, ANY, 0, PHYSICAL,      \
      PLAIN)                                                                                                 \
    X(e6_0f_padding_before, e6_0f_padding_before_mended, "DMA-VERIFY-0F", "0xE6/0F", 4, ANY, ANY, ALL,       \
      PLAIN)                                                                                                 \
    X(e6_0f_padding_after, e6_0f_padding_after_mended, "DMA-VERIFY-0F", "0xE6/0F", 5, ANY, ANY, ALL, PLAIN)  \
    X(e6_0f_card_writes_on, e6_0f_card_writes_on_mended, "DMA-VERIFY-0F", "0xE6/0F", 5, ANY, ANY, ALL,       \
      PLAIN)                                                                                                 \
    X(e6_10_freed_while_mapped, e6_10_mended, "DMA-VERIFY-10", "0xE6/10", 2, 0, 0, ALL, PLAIN)               \
    X(e6_11_released_while_requests_wait, e6_11_mended, "DMA-VERIFY-11", "0xE6/11", 2, ANY, ANY, ALL, PLAIN) \
    X(e6_11_adapter_left, e6_11_adapter_left_mended, "DMA-VERIFY-11", "0xE6/11", 1, ANY, ANY, ALL, PLAIN)    \
    X(e6_13_level_differs, e6_13_mended, "DMA-VERIFY-13", "0xE6/13", 1, DISPATCH_LEVEL, PASSIVE_LEVEL, ALL,  \
      PLAIN)                                                                                                 \
    X(e6_13_level_too_high, e6_13_level_too_high_mended, "DMA-VERIFY-13", "0xE6/13", 2, PASSIVE_LEVEL,       \
      DISPATCH_LEVEL, ALL, PLAIN)                                                                            \
    X(e6_14_adapter_at_wrong_level, e6_14_mended, "DMA-VERIFY-14", "0xE6/14", 0, 0, 0, ALL, PLAIN)           \
    X(e6_15_too_many_for_a_list, e6_15_mended, "DMA-VERIFY-15", "0xE6/15", 3, ANY, 0, ALL, PLAIN)            \
    X(e6_16_flush_of_another_buffer, e6_16_mended, "DMA-VERIFY-16", "0xE6/16", ANY, ANY, 0, ALL, PLAIN)      \
    X(e6_18_released_adapter, e6_18_mended, "DMA-VERIFY-18", "0xE6/18", ANY, ANY, 0, ALL, PLAIN)             \
    X(e6_19_null_adapter, e6_19_mended, "DMA-VERIFY-19", "0xE6/19", 0, 0, 0, ALL, PLAIN)                     \
    X(e6_1b_address_outside, e6_1b_mended, "DMA-VERIFY-1B", "0xE6/1B", ANY, ANY, 0, ALL, PLAIN)              \
    X(e6_1d_mapped_twice, e6_1d_mended, "DMA-VERIFY-1D", "0xE6/1D", ANY, ANY, ANY, ALL, PLAIN)               \
    X(e6_1e_hal_get_adapter, e6_1e_mended, "DMA-VERIFY-1E", "0xE6/1E", 0, 0, 0, ALL, PLAIN)                  \
    X(e6_1f_before_first, e6_1f_mended, "DMA-VERIFY-1F", "0xE6/1F", 1, ANY, ANY, ALL, PLAIN)                 \
    X(e6_1f_behind_first, e6_1f_behind_first_mended, "DMA-VERIFY-1F", "0xE6/1F", 2, ANY, ANY, ALL, PLAIN)    \
    X(e6_1f_crosses_page, e6_1f_crosses_page_mended, "DMA-VERIFY-1F", "0xE6/1F", 3, ANY, 2 * PAGE_SIZE, ALL, \
      PLAIN)                                                                                                 \
    X(e6_1f_address_unaligned, e6_1f_address_unaligned_mended, "DMA-VERIFY-1F", "0xE6/1F", 4, ANY, ANY,      \
      INCOHERENT, PLAIN)                                                                                     \
    X(e6_1f_length_unaligned, e6_1f_length_unaligned_mended, "DMA-VERIFY-1F", "0xE6/1F", 5, 100, ANY,        \
      INCOHERENT, PLAIN)                                                                                     \
    X(e6_20_flush_of_nothing, e6_20_mended, "DMA-VERIFY-20", "0xE6/20", ANY, ANY, ANY, ALL, PLAIN)           \
    X(e6_21_zero_bytes, e6_21_mended, "DMA-VERIFY-21", "0xE6/21", ANY, 0, 0, ALL, PLAIN)                     \
    X(e6_22_no_address, e6_22_mended, "DMA-VERIFY-22", "0xE6/22", ANY, 0, 0, ALL, PLAIN)                     \
    X(e6_23_flush_before_the_end, e6_23_mended, "DMA-VERIFY-23", "0xE6/23", 0, ANY, 0, ALL, CONTROLLED)      \
    X(e6_24_too_short, e6_24_mended, "DMA-VERIFY-24", "0xE6/24", 7, 0, 0, ALL, PLAIN)                        \
    X(e6_25_unknown_version, e6_25_mended, "DMA-VERIFY-25", "0xE6/25", 0, 0, 0, ALL, PLAIN)                  \
    X(e6_26_physical_address, e6_26_mended, "DMA-REMAP-3", "0xE6/26", ANY, ANY, ANY, REMAPPED, PLAIN)        \
    X(dc_01_wrong_level, dc_01_mended, "DMA-VECTOR-9", "0x1DC/01", DISPATCH_LEVEL, 0, 0, ALL, PLAIN)         \
    X(dc_02_vector_not_empty, dc_02_mended, "DMA-VECTOR-7", "0x1DC/02", 0, ANY, ANY, ALL, PLAIN)             \
    X(dc_03_index_out_of_bounds, dc_03_mended, "DMA-VECTOR-5", "0x1DC/03", 3, 3, 0, ALL, PLAIN)              \
    X(dc_04_index_freed, dc_04_mended, "DMA-VECTOR-6", "0x1DC/04", 1, 0, 0, ALL, PLAIN)                      \
    X(dc_05_vector_left, dc_05_mended, "DMA-VECTOR-10", "0x1DC/05", ANY, ANY, ANY, ALL, PLAIN)

#endif
