# headgate_vendor(NAME PKG_CONFIG_SPEC)
# headgate_vendor(NAME ARCHIVE file HEADER file...)
# headgate_vendor(NAME LOADED PKG_CONFIG_SPEC)
#   A third-party library. Exactly one module names it as VENDOR, and only that module sees its header. The second form is
#   for one without a .pc file: it is linked statically, and its symbols are nobody else's. The third is for one
#   that its module loads when it is used first: only its header is seen here.
#
# headgate_module(NAME FLOOR n [VENDOR library...] [USES module...] [HEADERS noun...])
#   src/NAME/*.c becomes the library headgate_NAME. It links what it USES and its VENDOR, privately, so that nothing
#   reaches a module through another one. src/NAME/sql/*.sql becomes the private header NAME_sql.h, one
#   `struct db_statement` a file: SQL that we send is readable where it stands and runs in psql.
#   HEADERS are its contracts in include/headgate, NAME.h where none are given; scripts/check-layers reads them here.
#
# headgate_program(NAME SOURCES file... USES module...)

find_package(PkgConfig REQUIRED)
set(HEADGATE_MODULES "" CACHE INTERNAL "")

function(headgate_vendor name)
    cmake_parse_arguments(V "" "ARCHIVE;LOADED" "HEADER" ${ARGN})
    if(V_ARCHIVE)
        find_library(${name}_ARCHIVE NAMES ${V_ARCHIVE} REQUIRED)
        foreach(header IN LISTS V_HEADER)
            string(MAKE_C_IDENTIFIER "${name}_${header}" found)
            find_path(${found} NAMES ${header} REQUIRED)
        endforeach()
        add_library(headgate_vendor_${name} INTERFACE)
        target_link_libraries(headgate_vendor_${name} INTERFACE "${${name}_ARCHIVE}")
        target_link_options(headgate_vendor_${name} INTERFACE "-Wl,--exclude-libs,${V_ARCHIVE}")
    elseif(V_LOADED)
        pkg_check_modules(${name} REQUIRED ${V_LOADED})
        add_library(headgate_vendor_${name} INTERFACE)
        target_include_directories(headgate_vendor_${name} INTERFACE ${${name}_INCLUDE_DIRS})
    else()
        pkg_check_modules(${name} REQUIRED IMPORTED_TARGET ${V_UNPARSED_ARGUMENTS})
        add_library(headgate_vendor_${name} ALIAS PkgConfig::${name})
    endif()
endfunction()

function(headgate_module name)
    cmake_parse_arguments(M "" "FLOOR" "VENDOR;USES;HEADERS" ${ARGN})
    file(GLOB sources CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/src/${name}/*.c")
    add_library(headgate_${name} STATIC ${sources})
    target_include_directories(headgate_${name} PUBLIC "${CMAKE_SOURCE_DIR}/include"
                                                PRIVATE "${CMAKE_SOURCE_DIR}/src/${name}")
    target_link_libraries(headgate_${name} PRIVATE headgate_flags)
    target_compile_options(headgate_${name} PRIVATE -include "${CMAKE_SOURCE_DIR}/src/base/banned.h")
    foreach(used IN LISTS M_USES)
        get_property(floor TARGET headgate_${used} PROPERTY HEADGATE_FLOOR)
        if(NOT floor LESS M_FLOOR)
            message(FATAL_ERROR "module ${name} (floor ${M_FLOOR}) cannot use ${used} (floor ${floor})")
        endif()
        target_link_libraries(headgate_${name} PRIVATE headgate_${used})
    endforeach()
    foreach(library IN LISTS M_VENDOR)
        target_link_libraries(headgate_${name} PRIVATE headgate_vendor_${library})
    endforeach()
    set_property(TARGET headgate_${name} PROPERTY HEADGATE_FLOOR ${M_FLOOR})
    headgate_embed_sql(${name})
    set(HEADGATE_MODULES ${HEADGATE_MODULES} ${name} CACHE INTERNAL "")
endfunction()

function(headgate_embed_sql name)
    file(GLOB statements CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/src/${name}/sql/*.sql")
    if(NOT statements)
        return()
    endif()
    set(header "${CMAKE_BINARY_DIR}/sql/${name}/${name}_sql.h")
    add_custom_command(OUTPUT "${header}"
        COMMAND ${CMAKE_COMMAND} "-DHEADER=${header}" "-DSTATEMENTS=${statements}"
                -P "${CMAKE_SOURCE_DIR}/scripts/cmake/embed-sql.cmake"
        DEPENDS ${statements} "${CMAKE_SOURCE_DIR}/scripts/cmake/embed-sql.cmake" VERBATIM)
    target_sources(headgate_${name} PRIVATE "${header}")
    target_include_directories(headgate_${name} PRIVATE "${CMAKE_BINARY_DIR}/sql/${name}")
endfunction()

function(headgate_program name)
    cmake_parse_arguments(P "" "" "SOURCES;USES" ${ARGN})
    add_executable(${name} ${P_SOURCES})
    target_link_libraries(${name} PRIVATE headgate_flags)
    foreach(used IN LISTS P_USES)
        target_link_libraries(${name} PRIVATE headgate_${used})
    endforeach()
    set_property(TARGET ${name} PROPERTY POSITION_INDEPENDENT_CODE ON)
endfunction()
