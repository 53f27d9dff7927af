# How every translation unit is compiled. One build folder has one flavour:
#
#   HEADGATE_FLAVOUR=plain      optimised, hardened: what is installed
#   HEADGATE_FLAVOUR=sanitize   ASan and UBSan, no recovery
#   HEADGATE_FLAVOUR=coverage   gcov; children write their counters too
#   HEADGATE_FLAVOUR=fuzz       clang's libFuzzer with ASan and UBSan

set(HEADGATE_FLAVOUR plain CACHE STRING "plain, sanitize, coverage or fuzz")
set_property(CACHE HEADGATE_FLAVOUR PROPERTY STRINGS plain sanitize coverage fuzz)

if(NOT CMAKE_BUILD_TYPE)
    set(CMAKE_BUILD_TYPE RelWithDebInfo CACHE STRING "" FORCE)
endif()
set(CMAKE_C_FLAGS_RELWITHDEBINFO "-O2 -g")   # without NDEBUG: asserts stay on

set(CMAKE_C_STANDARD 17)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
include(CheckPIESupported)
check_pie_supported()

add_library(headgate_flags INTERFACE)
target_compile_definitions(headgate_flags INTERFACE _GNU_SOURCE HEADGATE_VERSION="${PROJECT_VERSION}")
target_compile_options(headgate_flags INTERFACE
    -Wall -Wextra -Werror -Wpedantic -Wno-overlength-strings -Wshadow -Wconversion -Wsign-conversion -Wcast-qual -Wformat=2
    -Wmissing-prototypes -Wstrict-prototypes -Wundef -Wvla -Wwrite-strings -Wswitch-enum
    -fno-common -fno-omit-frame-pointer)

if(HEADGATE_FLAVOUR STREQUAL "plain")
    target_compile_options(headgate_flags INTERFACE
        -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fstack-clash-protection)
    target_link_options(headgate_flags INTERFACE -Wl,-z,relro,-z,now -Wl,-z,noexecstack -Wl,--as-needed)
elseif(HEADGATE_FLAVOUR STREQUAL "sanitize")
    target_compile_options(headgate_flags INTERFACE -fsanitize=address,undefined -fno-sanitize-recover=all)
    target_link_options(headgate_flags INTERFACE -fsanitize=address,undefined)
elseif(HEADGATE_FLAVOUR STREQUAL "coverage")
    target_compile_definitions(headgate_flags INTERFACE HEADGATE_COVERAGE)
    target_compile_options(headgate_flags INTERFACE --coverage -O0 -fprofile-update=atomic)
    target_link_options(headgate_flags INTERFACE --coverage)
elseif(HEADGATE_FLAVOUR STREQUAL "fuzz")
    target_compile_options(headgate_flags INTERFACE -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all)
    target_link_options(headgate_flags INTERFACE -fsanitize=address,undefined)
else()
    message(FATAL_ERROR "HEADGATE_FLAVOUR is \"${HEADGATE_FLAVOUR}\"; it is plain, sanitize, coverage or fuzz")
endif()
