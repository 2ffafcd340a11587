# haldma_sanitize(name): compiles and links a target with the sanitizers that HALDMA_SANITIZE names ("address;undefined").
# Library, drivers, scenarios and tool have to agree on them.
function(haldma_sanitize name)
    if(HALDMA_SANITIZE)
        list(JOIN HALDMA_SANITIZE "," sanitizers)
        target_compile_options(${name} PRIVATE -fsanitize=${sanitizers} -fno-sanitize-recover=all)
        target_link_options(${name} PRIVATE -fsanitize=${sanitizers})
    endif()
endfunction()
