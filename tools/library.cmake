# What others link: libxsite.so and libxsite.a, made of the objects of xsitelib, with the names of public functions alone.

# Before 1.0 a minor version may change the interface, so that each is a library of its own: libxsite.so.0.2.
set(exports ${CMAKE_SOURCE_DIR}/src/exports.map)
add_library(xsite-shared SHARED)
foreach(room ${ROOMS})
  target_sources(xsite-shared PRIVATE $<TARGET_OBJECTS:room-${room}>)
endforeach()
set_target_properties(xsite-shared PROPERTIES OUTPUT_NAME xsite VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR}
  EXPORT_NAME xsite LINK_DEPENDS ${exports} LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR})
target_link_libraries(xsite-shared PRIVATE ${libraries})
target_link_options(xsite-shared PRIVATE -Wl,--version-script=${exports} -Wl,-Bsymbolic-functions
  $<$<NOT:$<BOOL:${XSITE_SANITIZE}>>:-Wl,--no-undefined>)
target_include_directories(xsite-shared INTERFACE $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)

# One object, in which every other name is local; what several files have in common (C++'s groups, OpenMP's locks) is
# resolved in it.
set(object ${CMAKE_BINARY_DIR}/xsite.o)
set(archive ${CMAKE_BINARY_DIR}/libxsite.a)
add_custom_command(OUTPUT ${archive}
  COMMAND ${CMAKE_LINKER} -r -d --force-group-allocation -o ${object} --whole-archive $<TARGET_FILE:xsitelib>
  COMMAND ${CMAKE_OBJCOPY} --wildcard --localize-hidden --keep-global-symbol=tg_* --keep-global-symbol=xs_* ${object}
  COMMAND ${CMAKE_COMMAND} -E rm -f ${archive}
  COMMAND ${CMAKE_AR} qcs ${archive} ${object}
  COMMAND ${CMAKE_COMMAND} -E rm ${object}
  DEPENDS xsitelib VERBATIM)
add_custom_target(xsite-archive ALL DEPENDS ${archive})

# link_words(OUT LIBRARY...): of targets and files, -l and, where the linker does not look by itself, -L.
function(link_words out)
  set(words "")
  foreach(library ${ARGN})
    set(files ${library})
    if(TARGET ${library})
      get_target_property(type ${library} TYPE)
      set(where LOCATION)
      if(type STREQUAL INTERFACE_LIBRARY)
        set(where INTERFACE_LINK_LIBRARIES)
      endif()
      get_target_property(files ${library} ${where})
    endif()
    foreach(file ${files})
      get_filename_component(folder ${file} DIRECTORY)
      if(folder AND NOT folder IN_LIST CMAKE_C_IMPLICIT_LINK_DIRECTORIES)
        list(APPEND words -L${folder})
      endif()
      string(REGEX REPLACE "^.*/lib([^/]*)\\.(so|a)[.0-9]*$" "\\1" name ${file})
      list(APPEND words -l${name})
    endforeach()
  endforeach()
  set(${out} ${words} PARENT_SCOPE)
endfunction()
link_words(private ${libraries} stdc++)
list(JOIN private " " private_words)

include(CMakePackageConfigHelpers)
set(made ${CMAKE_BINARY_DIR}/package)
set(package_folder ${CMAKE_INSTALL_LIBDIR}/cmake/xsite)
file(RELATIVE_PATH up /${CMAKE_INSTALL_LIBDIR}/pkgconfig /.)
string(REGEX REPLACE "/$" "" up ${up})
configure_file(tools/xsite.pc.in ${made}/xsite.pc @ONLY)
configure_package_config_file(tools/xsiteConfig.cmake.in ${made}/xsiteConfig.cmake INSTALL_DESTINATION ${package_folder}
  PATH_VARS CMAKE_INSTALL_LIBDIR CMAKE_INSTALL_INCLUDEDIR)
# before 1.0 a minor version may change the interface
write_basic_package_version_file(${made}/xsiteConfigVersion.cmake COMPATIBILITY SameMinorVersion)

install(TARGETS xsite-shared EXPORT xsiteTargets)
install(EXPORT xsiteTargets NAMESPACE xsite:: DESTINATION ${package_folder})
install(FILES ${made}/xsiteConfig.cmake ${made}/xsiteConfigVersion.cmake DESTINATION ${package_folder})
install(FILES ${made}/xsite.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
install(FILES ${archive} DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(DIRECTORY include/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN *.h PATTERN *.def)
