# haldma::driver_dialect: what the Windows compiler does by itself, and what the WDK tells it, as an interface target. Every driver
# that haldma_add_driver() builds is compiled with it; so are those of a user of the installed package.
add_library(haldma_driver_dialect INTERFACE)
add_library(haldma::driver_dialect ALIAS haldma_driver_dialect)
set_target_properties(haldma_driver_dialect PROPERTIES EXPORT_NAME driver_dialect)

target_include_directories(haldma_driver_dialect SYSTEM INTERFACE
    $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/hal/include>
    $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/hal/include/crt>
    $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}/haldma/hal>
    $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}/haldma/hal/crt>)

target_compile_definitions(haldma_driver_dialect INTERFACE HALDMA_DRIVER=1 _WIN32=1 _WIN64=1 _KERNEL_MODE=1)
if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(aarch64|arm64)$")
    target_compile_definitions(haldma_driver_dialect INTERFACE _ARM64_ ARM64 _M_ARM64=1)
else()
    target_compile_definitions(haldma_driver_dialect INTERFACE _AMD64_ AMD64 _M_AMD64=100 _M_X64=100)
endif()

# Arrays of one element at the end of a structure, also of one within another: gcc draws conclusions from the number.
set(haldma_gnu_arrays -fno-aggressive-loop-optimizations -fno-ipa-modref)
# Windows compilers know neither strict aliasing nor undefined signed overflow, and keep checks for NULL. What a driver reads
# without having written it is a pattern, the same in every run, and no address (docs/decisions/0085).
target_compile_options(haldma_driver_dialect INTERFACE
    $<$<COMPILE_LANGUAGE:C>:-std=gnu11> $<$<COMPILE_LANGUAGE:C>:-fcommon>
    $<$<COMPILE_LANGUAGE:CXX>:-std=gnu++17> $<$<COMPILE_LANGUAGE:CXX>:-fno-exceptions>
    $<$<COMPILE_LANGUAGE:CXX>:-fno-rtti> $<$<COMPILE_LANGUAGE:CXX>:-nostdinc++>
    -nostdinc -fshort-wchar -fms-extensions -fvisibility=hidden
    -fno-strict-aliasing -fwrapv -fno-delete-null-pointer-checks -fno-omit-frame-pointer
    -ftrivial-auto-var-init=pattern
    "$<$<COMPILE_LANG_AND_ID:C,GNU>:${haldma_gnu_arrays}>" "$<$<COMPILE_LANG_AND_ID:CXX,GNU>:${haldma_gnu_arrays}>"
    -Wno-unknown-pragmas -Wno-multichar -Wno-error=incompatible-pointer-types
    $<$<C_COMPILER_ID:Clang>:-Wno-ignored-pragmas> $<$<C_COMPILER_ID:Clang>:-Wno-four-char-constants>
    $<$<C_COMPILER_ID:Clang>:-Wno-microsoft> $<$<C_COMPILER_ID:Clang>:-Wno-pragma-pack>)
