# haldma_spellings.cmake: headers in any spelling.
#
# Windows finds <Ntddk.h> and "Public.H" whatever the case of the file's name. Here a driver's sources are
# scanned, and for each spelling that differs from a file's real name a one-line forwarding header is
# written below the build directory:
#
#   haldma_spellings(<target> SOURCES <file>... INCLUDE_DIRECTORY_OUT <variable>
#                    [HEADER_DIRECTORY <directory>])
#
#   <target>               names the folder of forwarding headers; need not exist yet
#   SOURCES                the driver's sources; quoted headers found next to them are scanned too
#   INCLUDE_DIRECTORY_OUT  gets the folder, which goes in front of the driver's include path
#   HEADER_DIRECTORY       where wdm.h is; found by itself in the source tree and in an installed
#                          package, or taken from the variable HALDMA_DRIVER_INCLUDE_DIRECTORY
#
#   haldma_header_spellings(<target>)
#
# does that for a target that exists, with the sources that it has, and sets its include path.
#
# A name that is found as it is spelled, next to the file that includes it, is left alone. Folders
# separated by "\" are understood. Scanned files are added to CMAKE_CONFIGURE_DEPENDS.

include_guard(GLOBAL)

# Where this file is, remembered for the functions below.
set(HALDMA_SPELLINGS_LIST_DIR "${CMAKE_CURRENT_LIST_DIR}" CACHE INTERNAL "folder of haldma_spellings.cmake")

# The folder of wdm.h: source tree first, then the places of an installed package.
function(_haldma_spellings_find_headers result)
    set(candidates "")
    if(HALDMA_DRIVER_INCLUDE_DIRECTORY)
        list(APPEND candidates "${HALDMA_DRIVER_INCLUDE_DIRECTORY}")
    endif()
    set(here "${HALDMA_SPELLINGS_LIST_DIR}")
    list(APPEND candidates "${here}/../../hal/include")
    foreach(up IN ITEMS "../../.." "../../../.." "../.." "..")
        foreach(down IN ITEMS include/haldma/driver include/haldma/hal include/haldma include hal/include)
            list(APPEND candidates "${here}/${up}/${down}")
        endforeach()
    endforeach()
    foreach(candidate IN LISTS candidates)
        if(EXISTS "${candidate}/wdm.h")
            get_filename_component(candidate "${candidate}" ABSOLUTE)
            set(${result} "${candidate}" PARENT_SCOPE)
            return()
        endif()
    endforeach()
    message(FATAL_ERROR "haldma_spellings: wdm.h not found; pass HEADER_DIRECTORY")
endfunction()

# The file in "directory" whose name is "name" in any case; empty when there is none.
function(_haldma_spellings_find_beside directory name result)
    set(found "")
    get_filename_component(path "${directory}/${name}" ABSOLUTE)
    get_filename_component(folder "${path}" DIRECTORY)
    get_filename_component(wanted "${path}" NAME)
    string(TOLOWER "${wanted}" wanted)
    file(GLOB entries LIST_DIRECTORIES false "${folder}/*")
    foreach(entry IN LISTS entries)
        get_filename_component(base "${entry}" NAME)
        string(TOLOWER "${base}" base)
        if(base STREQUAL wanted)
            set(found "${entry}")
            break()
        endif()
    endforeach()
    set(${result} "${found}" PARENT_SCOPE)
endfunction()

# Writes the header unless it says this already, so that nothing is rebuilt for nothing.
function(_haldma_spellings_write path text)
    if(EXISTS "${path}")
        file(READ "${path}" old)
        if(old STREQUAL text)
            return()
        endif()
    endif()
    file(WRITE "${path}" "${text}")
endfunction()

function(haldma_spellings target)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "INCLUDE_DIRECTORY_OUT;HEADER_DIRECTORY" "SOURCES")
    if(arg_UNPARSED_ARGUMENTS)
        message(FATAL_ERROR "haldma_spellings: unknown arguments ${arg_UNPARSED_ARGUMENTS}")
    endif()
    if(NOT arg_SOURCES OR NOT arg_INCLUDE_DIRECTORY_OUT)
        message(FATAL_ERROR "haldma_spellings: SOURCES and INCLUDE_DIRECTORY_OUT are required")
    endif()
    if(NOT arg_HEADER_DIRECTORY)
        _haldma_spellings_find_headers(arg_HEADER_DIRECTORY)
    endif()

    # haldma_name_<lower case> = real name, for the headers of Windows and of the kernel's C library.
    foreach(folder IN ITEMS "${arg_HEADER_DIRECTORY}" "${arg_HEADER_DIRECTORY}/crt")
        file(GLOB headers RELATIVE "${folder}" LIST_DIRECTORIES false "${folder}/*.h")
        foreach(header IN LISTS headers)
            string(TOLOWER "${header}" lower)
            set("haldma_name_${lower}" "${header}")
        endforeach()
    endforeach()

    set(out "${CMAKE_CURRENT_BINARY_DIR}/haldma_spellings/${target}")
    file(MAKE_DIRECTORY "${out}")

    set(to_scan "")
    foreach(source IN LISTS arg_SOURCES)
        get_filename_component(source "${source}" ABSOLUTE BASE_DIR "${CMAKE_CURRENT_SOURCE_DIR}")
        list(APPEND to_scan "${source}")
    endforeach()
    list(REMOVE_DUPLICATES to_scan)

    set(scanned "")
    set(written "")
    while(to_scan)
        list(POP_FRONT to_scan file)
        list(APPEND scanned "${file}")
        if(NOT EXISTS "${file}")
            continue() # a generated source: nothing to scan yet
        endif()
        set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${file}")
        get_filename_component(directory "${file}" DIRECTORY)
        file(STRINGS "${file}" lines REGEX "^[ \t]*#[ \t]*include[ \t]*[<\"][^>\"]+[>\"]")
        foreach(line IN LISTS lines)
            if(NOT line MATCHES "#[ \t]*include[ \t]*([<\"])[ \t]*([^>\" \t]+)[ \t]*[>\"]")
                continue()
            endif()
            set(quote "${CMAKE_MATCH_1}")
            set(spelled "${CMAKE_MATCH_2}")
            string(REPLACE "\\" "/" name "${spelled}")
            string(TOLOWER "${name}" lower)

            # Next to the including file? Then it has to be scanned as well, and perhaps forwarded to.
            set(beside "")
            if(EXISTS "${directory}/${name}" AND NOT IS_DIRECTORY "${directory}/${name}")
                get_filename_component(beside "${directory}/${name}" ABSOLUTE)
            elseif(quote STREQUAL "\"" OR NOT DEFINED "haldma_name_${lower}")
                _haldma_spellings_find_beside("${directory}" "${name}" beside)
            endif()
            if(beside AND NOT beside IN_LIST scanned AND NOT beside IN_LIST to_scan)
                list(APPEND to_scan "${beside}")
            endif()

            if(beside AND EXISTS "${directory}/${spelled}")
                continue()
            elseif(beside)
                set(text "#include \"${beside}\"\n")
            elseif(DEFINED "haldma_name_${lower}" AND NOT spelled STREQUAL "${haldma_name_${lower}}")
                set(text "#include <${haldma_name_${lower}}>\n")
            else()
                continue()
            endif()
            # Never a path that leaves the folder of forwarding headers.
            if(spelled MATCHES "^/|(^|/)\\.\\./")
                continue()
            endif()
            _haldma_spellings_write("${out}/${spelled}" "${text}")
            list(APPEND written "${out}/${spelled}")
        endforeach()
    endwhile()

    # Spellings that nobody uses any more.
    file(GLOB_RECURSE old LIST_DIRECTORIES false "${out}/*")
    foreach(file IN LISTS old)
        if(NOT file IN_LIST written)
            file(REMOVE "${file}")
        endif()
    endforeach()

    set(${arg_INCLUDE_DIRECTORY_OUT} "${out}" PARENT_SCOPE)
endfunction()

# The same for a target that exists: scans its sources and puts the folder in front of its include path.
function(haldma_header_spellings target)
    get_target_property(sources ${target} SOURCES)
    haldma_spellings(${target} SOURCES ${sources} INCLUDE_DIRECTORY_OUT directory)
    target_include_directories(${target} BEFORE PRIVATE "${directory}")
endfunction()
